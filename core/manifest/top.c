/* top.c - manifest: the document as a whole, its limits, and the chain as a list */
#include <string.h>

#include "manifest/parts.h"

#define KEPT_MAX ((int64_t)1 << 40) /* bytes */

const char *const manifest_top_keys[] = { "$schema",  "version", "listen",     "sanitize", "chain",
					  "drop_ins", "limits",  "quarantine", NULL };
const char *const manifest_limits_keys[] = { "kept", NULL };

static void read_version(struct reader *r, const struct place *top)
{
	struct place at;

	if (!place_member(top, "version", &at))
		faults_add(r->faults, FAULT_CONFIG, top->pointer,
			   "\"version\" is missing: write \"version\": 1");
	else if (!json_is_integer(at.value) || json_integer_value(at.value) != 1)
		value_wrong(r, &at, "1, the only version of the format so far");
}

static void read_limits(struct reader *r, const struct place *at)
{
	if (value_object(r, at, manifest_limits_keys, "an object like { \"kept\": \"16M\" }"))
		r->m->kept = value_size(r, at, "kept", 0, KEPT_MAX, r->m->kept);
}

/* What the last entry that was read may not have in common with one before it. */
static void check_entry(struct reader *r, const struct place *at)
{
	const struct handler_options *last = &r->m->chain[r->m->entries - 1];
	struct place name;

	for (const struct handler_options *other = r->m->chain; other < last; other++) {
		if (last->drop_ins && other->drop_ins) {
			faults_add(r->faults, FAULT_CONFIG, at->pointer,
				   "the drop-ins stand at %s already, and in one place only",
				   other->pointer);
			return;
		}
		if (last->name && other->name && !strcmp(last->name, other->name)) {
			place_member(at, "name", &name);
			faults_add(r->faults, FAULT_CONFIG, name.pointer,
				   "\"%s\" is the name of %s already: give another one", last->name,
				   other->pointer);
			return;
		}
	}
}

static bool has_drop_ins(const struct manifest *m)
{
	for (unsigned i = 0; i < m->entries; i++)
		if (m->chain[i].drop_ins)
			return true;
	return false;
}

static bool has_handler(const struct manifest *m)
{
	for (unsigned i = 0; i < m->entries; i++)
		if (m->chain[i].enabled)
			return true;
	return false;
}

/* Settles where the drop-ins stand. */
static void place_drop_ins(struct reader *r, const struct place *top, bool wanted)
{
	bool placed = has_drop_ins(r->m);
	struct place at;

	if (wanted && !placed) {
		r->m->chain[r->m->entries++] =
			(struct handler_options){ .drop_ins = true, .pointer = "" };
		return;
	}
	place_member(top, "drop_ins", &at);
	if (!wanted && placed)
		faults_add(
			r->faults, FAULT_CONFIG, at.pointer,
			"false, but the chain has a place for the drop-ins: remove one of the two");
	else if (!wanted && !has_handler(r->m))
		faults_add(r->faults, FAULT_CONFIG, at.pointer,
			   "false, and the chain names no handler that is enabled: nothing would "
			   "hear a datagram");
}

static void read_chain(struct reader *r, const struct place *top)
{
	bool drop_ins = value_bool(r, top, "drop_ins", true);
	struct place list, at;
	size_t n = 0;

	/* An empty list is lawful here, and the same as none. */
	if (place_member(top, "chain", &list) &&
	    !(json_is_array(list.value) && !json_array_size(list.value))) {
		n = value_list(r, &list,
			       "a list of handlers like [ \"logger\", { \"drop_ins\": true } ]");
		if (!n)
			return;
	}
	r->m->chain =
		reader_alloc(r, n + 1, sizeof(*r->m->chain)); /* and the drop-ins at the end */
	if (!r->m->chain)
		return;

	for (size_t i = 0; i < n; i++) {
		place_item(&list, i, &at);
		entry_read(r, &at, &r->m->chain[r->m->entries++]);
		check_entry(r, &at);
	}
	place_drop_ins(r, top, drop_ins);
}

void top_read(struct reader *r, const struct place *document)
{
	struct place at;

	r->m->kept = MANIFEST_KEPT;
	sanitize_defaults(&r->m->sanitize);
	if (!value_object(r, document, manifest_top_keys,
			  "an object like { \"version\": 1, \"chain\": [ \"logger\" ] }"))
		return;

	value_string(r, document, "$schema", false, "the address of a schema");
	read_version(r, document);
	if (place_member(document, "listen", &at))
		listen_read(r, &at);
	if (place_member(document, "sanitize", &at))
		policy_read(r, &at);
	if (place_member(document, "limits", &at))
		read_limits(r, &at);
	if (place_member(document, "quarantine", &at))
		faults_add(r->faults, FAULT_CONFIG, at.pointer,
			   "\"quarantine\" is not supported yet: leave it out");
	read_chain(r, document);
}
