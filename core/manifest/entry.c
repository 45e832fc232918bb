/* entry.c - manifest: one entry of "chain": a handler, or the place of the drop-ins */
#include <stdio.h>
#include <string.h>

#include "manifest/parts.h"

#define NAME_SIZE 64 /* bytes of an instance's name, with its NUL */
#define FILE_SIZE                                                                                  \
	252 /* bytes of a handler's name, with its NUL: with ".so" it is a file's (NAME_MAX) */
#define SHA256_DIGITS 64

#define A_HANDLER                                                                                  \
	"a handler's name like \"logger\": letters, digits, \"_\", \"-\", \"+\" and \".\", "       \
	"without \".so\""
#define A_NAME "a name of 1 to 63 letters, digits, \"_\", \"-\" and \".\""
#define A_GROUP                                                                                    \
	"a multicast group like \"239.255.0.1\", \"239.255.0.1:59259\" or \"[ff02::1]:59259\""

const char *const manifest_entry_keys[] = { "handler",  "name",     "options", "groups", "on_error",
					    "isolate",  "queue",    "sha256",  "path",   "enabled",
					    "required", "drop_ins", NULL };

static const char *const on_errors[] = {
	[ON_ERROR_PASS] = "pass", [ON_ERROR_DROP] = "drop", [ON_ERROR_SUSPEND] = "suspend", NULL
};

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

/* Whether text is short enough, starts with a letter, digit or "_", and goes on with those and with more. */
static bool is_name(const char *text, size_t size, const char *more)
{
	const char *p = text + strspn(text, letters);

	if (p == text || strlen(text) >= size)
		return false;
	while (*p && (strchr(letters, *p) || strchr(more, *p)))
		p++;
	return !*p;
}

static bool is_handler(const char *text)
{
	size_t n = strlen(text);

	return is_name(text, FILE_SIZE, "-+.") && !(n >= 3 && !strcmp(text + n - 3, ".so"));
}

static void read_names(struct reader *r, const struct place *entry, struct handler_options *out)
{
	struct place at;

	out->handler = value_string(r, entry, "handler", true, A_HANDLER);
	if (out->handler && !is_handler(out->handler)) {
		place_member(entry, "handler", &at);
		value_wrong(r, &at, A_HANDLER);
	}
	out->name = value_string(r, entry, "name", false, A_NAME);
	if (out->name && !is_name(out->name, NAME_SIZE, "-.")) {
		place_member(entry, "name", &at);
		value_wrong(r, &at, A_NAME);
	}
}

static void read_groups(struct reader *r, const struct place *entry, struct handler_options *out)
{
	struct mcast_addr *groups;
	struct place list, at;
	const char *text;
	size_t n;

	if (!place_member(entry, "groups", &list))
		return;
	n = value_list(r, &list, "a list of groups like [ \"239.255.0.1\" ]; leave it out for all");
	groups = n ? reader_alloc(r, n, sizeof(*groups)) : NULL;
	if (!groups)
		return;

	for (size_t i = 0; i < n; i++) {
		place_item(&list, i, &at);
		text = value_text(r, &at, A_GROUP);
		if (text &&
		    (address_parse_port(text, &groups[i]) || !value_is_group(text, &groups[i])))
			value_wrong(r, &at, A_GROUP);
	}
	out->groups = groups;
	out->group_count = (unsigned)n;
}

static void read_sha256(struct reader *r, const struct place *entry, struct handler_options *out)
{
	static const char expected[] = "64 hexadecimal digits, as sha256sum prints them";
	const char *text = value_string(r, entry, "sha256", false, expected);
	struct place at;
	char *digits;

	if (!text)
		return;
	if (strlen(text) != SHA256_DIGITS ||
	    strspn(text, "0123456789abcdefABCDEF") != SHA256_DIGITS) {
		place_member(entry, "sha256", &at);
		value_wrong(r, &at, expected);
		return;
	}
	out->sha256 = digits = reader_copy(r, text);
	for (; digits && *digits; digits++)
		if (*digits >= 'A' && *digits <= 'F')
			*digits += 'a' - 'A';
}

/* A relative path starts where the manifest is. */
static void read_path(struct reader *r, const struct place *entry, struct handler_options *out)
{
	const char *text = value_string(r, entry, "path", false,
					"a file, absolute or relative to the manifest");
	const char *slash = r->m->path ? strrchr(r->m->path, '/') : NULL;
	int n = slash ? (int)(slash - r->m->path) : 1;
	size_t size;
	char *path;

	if (!text)
		return;
	if (*text == '/') {
		out->path = text;
		return;
	}
	size = (size_t)n + strlen(text) + 2;
	path = reader_alloc(r, size, 1);
	if (path)
		snprintf(path, size, "%.*s/%s", n, slash ? r->m->path : ".", text);
	out->path = path;
}

static void read_options(struct reader *r, const struct place *entry, struct handler_options *out)
{
	struct place at;

	if (!place_member(entry, "options", &at))
		return;
	if (json_is_object(at.value))
		out->options = at.value;
	else
		value_wrong(r, &at, "an object with the handler's options");
}

/* What is promised for later must not be taken for granted now. */
static void refuse_later_keys(struct reader *r, const struct place *entry)
{
	struct place at;

	if (place_member(entry, "isolate", &at) && !json_is_false(at.value))
		faults_add(r->faults, FAULT_CONFIG, at.pointer,
			   "\"isolate\" is not supported yet: leave it out, or write false");
	if (place_member(entry, "queue", &at))
		faults_add(r->faults, FAULT_CONFIG, at.pointer,
			   "\"queue\" is not supported yet, nor are handlers that stand beside the "
			   "chain: leave it out");
}

static void read_handler(struct reader *r, const struct place *entry, struct handler_options *out)
{
	read_names(r, entry, out);
	read_options(r, entry, out);
	read_groups(r, entry, out);
	out->on_error = value_enum(r, entry, "on_error", on_errors, out->on_error);
	read_sha256(r, entry, out);
	read_path(r, entry, out);
	out->enabled = value_bool(r, entry, "enabled", out->enabled);
	out->required = value_bool(r, entry, "required", out->required);
	refuse_later_keys(r, entry);
}

/* { "drop_ins": true } and nothing beside it. */
static void read_drop_ins(struct reader *r, const struct place *entry, struct handler_options *out)
{
	struct place at;

	out->drop_ins = true;
	out->enabled = out->required = false;
	place_member(entry, "drop_ins", &at);
	if (!json_is_true(at.value))
		value_wrong(r, &at,
			    "true: here stand the drop-ins; to have none, write \"drop_ins\": "
			    "false at the top");
	for (const char *const *key = manifest_entry_keys; *key; key++)
		if (strcmp(*key, "drop_ins") && place_member(entry, *key, &at))
			faults_add(r->faults, FAULT_CONFIG, at.pointer,
				   "\"%s\" stands beside \"drop_ins\", which stands alone: make "
				   "two entries of them",
				   *key);
}

void entry_read(struct reader *r, const struct place *at, struct handler_options *out)
{
	const size_t before = r->faults->n;

	out->enabled = out->required = true;
	out->pointer = reader_copy(r, at->pointer);
	out->brief = json_is_string(at->value);
	if (out->brief) {
		out->handler = json_string_value(at->value);
		if (!is_handler(out->handler))
			value_wrong(r, at, A_HANDLER);
	} else if (value_object(r, at, manifest_entry_keys,
				"an object like { \"handler\": \"logger\" }, or a handler's name")) {
		if (json_object_get(at->value, "drop_ins"))
			read_drop_ins(r, at, out);
		else
			read_handler(r, at, out);
	}
	out->wrong = r->faults->n > before;
}
