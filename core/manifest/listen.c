/* listen.c - manifest: "listen": groups, ports, interfaces and sources */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "manifest/parts.h"

#define RCVBUF_MIN (4 << 10) /* bytes */
#define RCVBUF_MAX (1 << 30) /* bytes; the kernel keeps twice as much in an int */
#define A_GROUP "a multicast group, 224.0.0.0 to 239.255.255.255 or ff00::/8"
#define AN_INTERFACE "an interface's name, index or address, or \"all\""
#define A_SOURCE "a sender's address like \"10.0.0.5\", or \"!10.0.0.5\" to exclude it"

const char *const manifest_listen_keys[] = {
	"group", "port", "interface", "source", "rcvbuf", NULL
};

/* Reads the group, and what stands behind its % into scope ("": nothing). */
static void read_group(struct reader *r, const struct place *entry, struct mcast_addr *group,
		       char scope[LISTEN_INTERFACE])
{
	const char *text = value_string(r, entry, "group", true, A_GROUP);
	struct mcast_addr with_port;
	struct place at;

	if (!text)
		return;
	place_member(entry, "group", &at);
	if (address_parse(text, group, scope, LISTEN_INTERFACE)) {
		if (!address_parse_port(text, &with_port) && with_port.port)
			value_wrong(r, &at, "the group alone; write \"port\": %u beside it",
				    with_port.port);
		else
			value_wrong(r, &at, A_GROUP);
	} else if (!value_is_group(text, group)) {
		value_wrong(r, &at, A_GROUP);
	}
}

/* Reads the interface, where scope is what the group says of it. */
static void read_interface(struct reader *r, const struct place *entry, const char *scope,
			   char out[LISTEN_INTERFACE])
{
	const char *text;
	struct place at;

	snprintf(out, LISTEN_INTERFACE, "%s", scope);
	if (!place_member(entry, "interface", &at))
		return;
	if (json_is_integer(at.value)) {
		snprintf(out, LISTEN_INTERFACE, "%" PRId64,
			 value_int(r, entry, "interface", "an interface's index", 1, INT32_MAX, 0));
	} else {
		text = value_text(r, &at, AN_INTERFACE);
		if (!text)
			return;
		if (snprintf(out, LISTEN_INTERFACE, "%s", text) >= LISTEN_INTERFACE)
			value_wrong(r, &at, AN_INTERFACE);
	}
	if (*scope && strcmp(scope, out))
		value_wrong(r, &at, "\"%s\", as the group's scope says, or no scope there", scope);
}

static bool is_unspecified(const struct mcast_addr *addr)
{
	static const uint8_t zero[sizeof(addr->ip)];
	size_t at = address_is_ipv4(addr) ? 12 : 0;

	return !memcmp(addr->ip + at, zero, sizeof(zero) - at);
}

/* Reads one source into out->sources[out->source_count]; the first decides for all whether they are excluded. */
static void read_source(struct reader *r, const struct place *at, struct listen_options *out,
			struct mcast_addr *sources)
{
	const char *text = value_text(r, at, A_SOURCE);
	struct mcast_addr *addr = &sources[out->source_count];
	bool exclude = text && *text == '!';

	if (!text)
		return;
	if (address_parse(text + exclude, addr, NULL, 0) || address_is_multicast(addr) ||
	    is_unspecified(addr)) {
		value_wrong(r, at, A_SOURCE);
		return;
	}
	if (address_is_multicast(&out->group) &&
	    address_is_ipv4(&out->group) != address_is_ipv4(addr)) {
		value_wrong(r, at, "an IPv%d address, as the group is one",
			    address_is_ipv4(addr) ? 6 : 4);
		return;
	}
	if (!out->source_count)
		out->exclude = exclude;
	else if (out->exclude != exclude)
		value_wrong(r, at,
			    "all sources with \"!\" or none: the ones that are heard, or the ones "
			    "that are not");
	for (unsigned i = 0; i < out->source_count; i++) {
		if (address_same_ip(&sources[i], addr)) {
			value_wrong(r, at, "each source once");
			return;
		}
	}
	out->source_count++;
}

static void read_sources(struct reader *r, const struct place *entry, struct listen_options *out)
{
	struct mcast_addr *sources;
	struct place list, at;
	bool one;
	size_t n;

	if (!place_member(entry, "source", &list))
		return;
	one = json_is_string(list.value);
	n = one ? 1 : value_list(r, &list, A_SOURCE ", or a list of such");
	sources = n ? reader_alloc(r, n, sizeof(*sources)) : NULL;
	if (!sources)
		return;

	out->sources = sources;
	for (size_t i = 0; i < n; i++) {
		if (one)
			at = list;
		else
			place_item(&list, i, &at);
		read_source(r, &at, out, sources);
	}
}

static void read_entry(struct reader *r, const struct place *entry, struct listen_options *out)
{
	char scope[LISTEN_INTERFACE] = "";

	if (!value_object(r, entry, manifest_listen_keys,
			  "an object like { \"group\": \"239.255.0.1\" }"))
		return;
	read_group(r, entry, &out->group, scope);
	out->group.port =
		(uint16_t)value_int(r, entry, "port", "a port", 1, UINT16_MAX, LISTEN_PORT);
	read_interface(r, entry, scope, out->interface);
	read_sources(r, entry, out);
	out->rcvbuf = value_size(r, entry, "rcvbuf", RCVBUF_MIN, RCVBUF_MAX, LISTEN_RCVBUF);
	out->pointer = reader_copy(r, entry->pointer);
}

/* What would take each datagram twice. */
static void check_twice(struct reader *r, const struct place *entry)
{
	const struct listen_options *last = &r->m->listen[r->m->listens - 1];

	if (!address_is_multicast(&last->group))
		return; /* has a fault already */
	for (const struct listen_options *other = r->m->listen; other < last; other++) {
		if (!address_same(&other->group, &last->group) ||
		    strcmp(other->interface, last->interface))
			continue;
		faults_add(r->faults, FAULT_CONFIG, entry->pointer,
			   "the same group, port and interface as %s; several sources go into one "
			   "list",
			   other->pointer);
		return;
	}
}

void listen_read(struct reader *r, const struct place *listen)
{
	size_t n = value_list(
		r, listen,
		"a list like [ { \"group\": \"239.255.0.1\" } ]; leave it out for the default");
	struct place entry;

	r->m->listen = n ? reader_alloc(r, n, sizeof(*r->m->listen)) : NULL;
	if (!r->m->listen)
		return;
	for (size_t i = 0; i < n; i++) {
		place_item(listen, i, &entry);
		read_entry(r, &entry, &r->m->listen[r->m->listens++]);
		check_twice(r, &entry);
	}
}
