/* handler/descriptor.c - stage 4 of 4: struct mcast_handler as found in a loaded file, to our own, checked copy
 *
 * The file may know longer or shorter structs than we do. What it has beyond ours must be zero, or it asks
 * for something that this engine can't do; what it lacks is zero in our copy. */
#include "handler/loading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "handler/config.h"
#include "handler/name.h"

#define LIST_MAX 256		/* options, counters, attributes of one handler */
#define CAPS_KNOWN (MCAST_CAP_MODIFY | MCAST_CAP_BLOCKING | MCAST_CAP_EFFECTS | MCAST_CAP_FINISH)

static int refuse(struct why *why, const char *path, const char *what)
{
	why_set(why, "%s: %s", path, what);
	return -ENOEXEC;
}

/* Copies a struct of theirs bytes to ours bytes. false: the part that we don't know is in use. */
static bool copy_struct(void *out, size_t ours, const void *in, size_t theirs)
{
	const uint8_t *bytes = in;

	memset(out, 0, ours);
	memcpy(out, in, ours < theirs ? ours : theirs);
	for (size_t i = ours; i < theirs; i++)
		if (bytes[i])
			return false;
	return true;
}

static bool agrees(const struct mcast_handler *handler, const struct mcast_note *note)
{
	return handler->size == note->handler_size && handler->abi_major == note->abi_major &&
	       handler->abi_minor == note->abi_minor && handler->option_size == note->option_size &&
	       handler->name && strncmp(handler->name, note->name, sizeof(note->name)) == 0 &&
	       handler->version && strncmp(handler->version, note->version, sizeof(note->version)) == 0;
}

static int check_caps(const struct mcast_handler *handler, const char *path, struct why *why)
{
	uint32_t caps = handler->caps;

	if (caps & ~CAPS_KNOWN) {
		why_set(why, "%s: has unknown caps (%#x): update the engine", path, caps & ~CAPS_KNOWN);
		return -ENOEXEC;
	}
	if (!(caps & MCAST_CAP_BLOCKING))
		return 0;
	if (caps & MCAST_CAP_MODIFY || (handler->provides && handler->provides[0].name))
		return refuse(why, path,
			      "waits (MCAST_CAP_BLOCKING), so it stands beside the chain and can't change messages "
			      "(MCAST_CAP_MODIFY) or provide attributes: drop one of the two");
	why_set(why, "%s: waits in process() (MCAST_CAP_BLOCKING), which is not supported yet", path);
	return -ENOTSUP;
}

/* A table of structs that begin with their name and end at one without. */
static int check_names(const void *table, size_t stride, const char *what, char extra, const char *path,
		       struct why *why)
{
	const char *names[LIST_MAX];
	size_t n = 0;

	for (const char *row = table; row; row += stride, n++) {
		const char *name = *(const char *const *)row;

		if (!name)
			break;
		if (n == LIST_MAX) {
			why_set(why, "%s: has more than %d %ss: does the list end at a NULL name?", path, LIST_MAX,
				what);
			return -ENOEXEC;
		}
		if (!name_is_good(name, NAME_LONGEST, extra)) {
			why_set(why, "%s: has a %s called \"%.64s\", expected [a-z][a-z0-9_]*, at most %d", path, what,
				name, NAME_LONGEST);
			return -ENOEXEC;
		}
		for (size_t i = 0; i < n; i++) {
			if (strcmp(names[i], name) != 0)
				continue;
			why_set(why, "%s: has two %ss called \"%s\"", path, what, name);
			return -ENOEXEC;
		}
		names[n] = name;
	}
	return 0;
}

static int check_lists(const struct mcast_handler *handler, const char *path, struct why *why)
{
	int err;

	err = check_names(handler->counters, sizeof(struct mcast_counter), "counter", '_', path, why);
	if (!err)
		err = check_names(handler->provides, sizeof(struct mcast_attr), "provided attribute", '-', path, why);
	if (!err)
		err = check_names(handler->needs, sizeof(char *), "needed attribute", '-', path, why);
	if (!err)
		err = check_names(handler->wants, sizeof(char *), "wanted attribute", '-', path, why);
	if (err)
		return err;
	for (const struct mcast_attr *attr = handler->provides; attr && attr->name; attr++) {
		if (attr->make)
			continue;
		why_set(why, "%s: provides \"%s\" without a make()", path, attr->name);
		return -ENOEXEC;
	}
	return 0;
}

struct table {
	const char *what;		/* "option" */
	const char *end;		/* what its last row is */
	const void *rows;		/* NULL: none */
	size_t theirs, ours, least;	/* bytes of a row; least: ABI 1.0's, and theirs where they say 0 */
};

/* Their array of structs of their size, each of which begins with its name, to one of ours in *out; both end
 * at a NULL name. */
static int copy_table(const void **out, const struct table *table, const char *path, struct why *why)
{
	const char *row = table->rows;
	size_t theirs = table->theirs;
	char *copy;
	size_t n = 0;

	if (!row)
		return 0;
	if (!theirs)
		theirs = table->least;
	if (theirs < table->least || theirs % sizeof(char *)) {
		why_set(why,
			"%s: says that its struct mcast_%s has %zu bytes, expected %zu or more: rebuild it with an "
			"unchanged mcast/handler.h", path, table->what, theirs, table->least);
		return -ENOEXEC;
	}
	while (*(const char *const *)(const void *)(row + n * theirs)) {
		if (++n <= LIST_MAX)
			continue;
		why_set(why, "%s: has more than %d %ss: does the list end at %s?", path, LIST_MAX, table->what,
			table->end);
		return -ENOEXEC;
	}
	copy = calloc(n + 1, table->ours);
	if (!copy) {
		why_set(why, "%s: no memory for its %ss", path, table->what);
		return -ENOMEM;
	}
	*out = copy;
	for (size_t i = 0; i < n; i++) {
		if (copy_struct(copy + i * table->ours, table->ours, row + i * theirs, theirs))
			continue;
		why_set(why, "%s: has %ss with fields that this engine doesn't know: update the engine", path,
			table->what);
		return -ENOEXEC;
	}
	return 0;
}

/* Whatever is returned, the tables of handler are ours afterwards, or NULL. */
static int copy_tables(struct mcast_handler *handler, const char *path, struct why *why)
{
	const struct table tables[] = {
		{ "option", "MCAST_END", handler->options, handler->option_size, sizeof(struct mcast_option),
		  END_OF(mcast_option, reserved) },
		{ "counter", "a NULL name", handler->counters, handler->counter_size, sizeof(struct mcast_counter),
		  END_OF(mcast_counter, help) },
		{ "attr", "a NULL name", handler->provides, handler->attr_size, sizeof(struct mcast_attr),
		  END_OF(mcast_attr, fini) },
	};
	const void *copies[] = { NULL, NULL, NULL };
	int err = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && !err; i++)
		err = copy_table(&copies[i], &tables[i], path, why);
	handler->options = copies[0];
	handler->counters = copies[1];
	handler->provides = copies[2];
	return err;
}

static int check(const struct mcast_handler *handler, const char *path, struct why *why)
{
	struct why words = { "" };
	int err;

	err = check_caps(handler, path, why);
	if (!err)
		err = check_lists(handler, path, why);
	if (err)
		return err;
	err = config_check_table(handler, &words);
	if (err)
		why_set(why, "%s: %s", path, words.text);
	return err;
}

int descriptor_copy(struct mcast_handler *out, const struct mcast_handler *found,
		    const struct mcast_note *note, const char *path, struct why *why)
{
	struct mcast_handler handler;
	int err;

	/* the symbol has as many bytes as the note says: elf_check_dynamic() */
	if (!copy_struct(&handler, sizeof(handler), found, note->handler_size))
		return refuse(why, path,
			      "uses fields of its descriptor that this engine doesn't know: update the engine");
	if (!agrees(&handler, note))
		return refuse(why, path, "its mcast_handler and its note disagree: write both with MCAST_HANDLER(...)");
	if (handler.reserved)
		return refuse(why, path, "has a reserved field that is not zero: update the engine");
	if (!handler.process)
		return refuse(why, path, "has no process(): name one with .process = ...");
	err = copy_tables(&handler, path, why);
	if (!err)
		err = check(&handler, path, why);
	if (err) {
		free((void *)handler.options);
		free((void *)handler.counters);
		free((void *)handler.provides);
		return err;
	}
	*out = handler;
	return 0;
}
