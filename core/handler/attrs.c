/* handler/attrs.c - stage 4 of 4: socket > sanitize > chain > [handler]: attributes, made on demand
 *
 * Which provider a use means is settled once, before the first message. At run time an attribute
 * is a slot in the record and a bit that says whether it is made. Every message with values is on
 * the host's list, which holds it: so each value is ended once, even if its message is released by
 * another thread meanwhile. Messages without values cost one look at an empty list for each batch. */
#include "handler/attrs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static unsigned count_names(const char *const *names)
{
	unsigned n = 0;

	while (names && names[n])
		n++;
	return n;
}

static bool find_provided(const struct instance *in, const char *name, unsigned *index)
{
	for (unsigned i = 0; i < in->provide_count; i++) {
		if (!strcmp(in->handler->provides[i].name, name)) {
			*index = i;
			return true;
		}
	}
	return false;
}

/* Points use at the nearest of chain[0..n) that provides name. */
static bool find_use(struct attr_use *use, struct instance *const *chain, unsigned n, const char *name)
{
	while (n-- > 0) {
		if (find_provided(chain[n], name, &use->index)) {
			use->provider = chain[n];
			use->slot = chain[n]->first_slot + use->index;
			return true;
		}
	}
	return false;
}

/* A drop-in stands nowhere in the manifest: its file says where it is. */
static void say_unmet(struct instance *const *chain, unsigned n, unsigned who, const char *name,
		      const char *pointer, struct faults *faults)
{
	const char *file = pointer ? "" : chain[who]->plugin->path;
	const char *colon = pointer ? "" : ": ";
	const char *me = chain[who]->name;
	unsigned index;

	for (unsigned i = who + 1; i < n; i++) {
		if (find_provided(chain[i], name, &index)) {
			faults_add(faults, FAULT_CONFIG, pointer,
				   "%s%s%s needs the attribute \"%s\", which %s provides further down the "
				   "chain; put %s before %s",
				   file, colon, me, name, chain[i]->name, chain[i]->name, me);
			return;
		}
	}
	faults_add(faults, FAULT_CONFIG, pointer,
		   "%s%s%s needs the attribute \"%s\", which no handler before it provides", file, colon, me, name);
}

static int resolve_one(struct instance *const *chain, unsigned n, unsigned who, const char *pointer,
		       struct faults *faults)
{
	struct instance *in = chain[who];
	const struct mcast_handler *h = in->handler;
	unsigned needs = count_names(h->needs);
	unsigned wants = count_names(h->wants);
	int rc = 0;

	free(in->uses);
	in->use_count = 0;
	in->uses = calloc(needs + wants + 1, sizeof(*in->uses));
	if (!in->uses)
		return -ENOMEM;
	in->use_count = needs + wants;
	for (unsigned i = 0; i < needs; i++) {
		if (!find_use(&in->uses[i], chain, who, h->needs[i])) {
			say_unmet(chain, n, who, h->needs[i], pointer, faults);
			rc = -EINVAL;
		}
	}
	for (unsigned i = 0; i < wants; i++)
		find_use(&in->uses[needs + i], chain, who, h->wants[i]);
	return rc;
}

int attrs_resolve(struct instance *const *chain, unsigned n, const char *const *pointers,
		  struct faults *faults)
{
	unsigned slots = 0;
	int rc = 0, one;

	for (unsigned i = 0; i < n; i++) {
		const struct mcast_attr *provides = chain[i]->handler->provides;

		chain[i]->first_slot = slots;
		chain[i]->provide_count = 0;
		while (provides && provides[chain[i]->provide_count].name)
			chain[i]->provide_count++;
		slots += chain[i]->provide_count;
		if (slots > MESSAGE_ATTRS) {
			faults_add(faults, FAULT_CONFIG, pointers[i],
				   "with %s the handlers of this chain provide %u attributes; %d are possible: "
				   "leave handlers out",
				   chain[i]->name, slots, MESSAGE_ATTRS);
			return -EINVAL;
		}
	}
	for (unsigned i = 0; i < n; i++) {
		one = resolve_one(chain, n, i, pointers[i], faults);
		if (one == -ENOMEM)
			return one;
		if (one)
			rc = one;
	}
	return rc ? rc : (int)slots;
}

/* ---- at run time ------------------------------------------------------------------------ */

static void list(struct host *host, struct message *m)
{
	if (m->valued)
		return;
	message_hold(m);
	m->valued = true;
	m->next_valued = host->valued;
	host->valued = m;
}

void *attrs_get(struct instance *in, struct message *m, unsigned index)
{
	const struct mcast_attr *attr;
	const struct attr_use *use;
	struct instance *provider;
	uint32_t bit;
	void *value;

	if (index >= in->use_count || !in->uses[index].provider)
		return NULL;
	use = &in->uses[index];
	bit = 1u << use->slot;
	if (m->made & bit)
		return m->value[use->slot];
	if (m->cannot & bit)
		return NULL;

	provider = use->provider;
	list(in->host, m);
	attr = &provider->handler->provides[use->index];
	value = attr->make ? attr->make(&provider->worker, &m->msg) : NULL;
	if (!value) {
		m->cannot |= bit;
		return NULL;
	}
	m->made |= bit;
	m->value[use->slot] = value;
	return value;
}

int attrs_provide(struct instance *in, struct message *m, unsigned index, void *value)
{
	unsigned slot = in->first_slot + index;

	if (index >= in->provide_count)
		return -EINVAL;
	if (m->made & 1u << slot)
		return -EEXIST;
	list(in->host, m);
	if (!value) {
		m->cannot |= 1u << slot;
		return 0;
	}
	m->cannot &= ~(1u << slot);
	m->made |= 1u << slot;
	m->value[slot] = value;
	return 0;
}

static void end_value(struct host *host, unsigned slot, void *value)
{
	for (unsigned i = 0; i < host->n; i++) {
		struct instance *in = host->chain[i];
		unsigned index = slot - in->first_slot;

		if (slot >= in->first_slot && index < in->provide_count) {
			if (in->handler->provides[index].fini)
				in->handler->provides[index].fini(&in->worker, value);
			return;
		}
	}
}

void attrs_end(struct host *host, struct message *m)
{
	uint32_t made = m->made;

	m->made = 0;
	m->cannot = 0;
	for (unsigned slot = 0; made; slot++, made >>= 1) {
		if (made & 1)
			end_value(host, slot, m->value[slot]);
	}
}

void attrs_end_all(struct host *host)
{
	struct mcast_msg *msg;
	struct message *m;

	while ((m = host->valued)) {
		host->valued = m->next_valued;
		attrs_end(host, m);
		m->valued = false;
		msg = &m->msg;
		messages_end(&msg, 1);
	}
}
