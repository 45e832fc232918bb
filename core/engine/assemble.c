/* engine/assemble.c - the map: from the entries of a manifest to handlers in a row */
#include "engine/assemble.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/text.h"
#include "handler/attrs.h"

struct assembly {
	struct pipeline *p;
	struct faults *faults;
	struct instance_place place;
	unsigned room;		/* of p->stages and the like */
};

int assemble_status(int error)
{
	return error == -EPERM ? FAULT_PERMISSION : FAULT_CONFIG;
}

static bool is_taken(const struct pipeline *p, const char *name)
{
	for (unsigned i = 0; i < p->n; i++)
		if (strcmp(p->instances[i]->name, name) == 0)
			return true;
	for (unsigned i = 0; i < p->manifest.entries; i++)
		if (p->manifest.chain[i].name && strcmp(p->manifest.chain[i].name, name) == 0)
			return true;
	return false;
}

/* The entry's name, or the handler's with a number if somebody has it already. */
static void choose_name(const struct pipeline *p, char *out, size_t size,
			const struct handler_options *entry, const char *handler)
{
	snprintf(out, size, "%s", entry->name ? entry->name : handler);
	for (unsigned k = 2; !entry->name && is_taken(p, out); k++)
		snprintf(out, size, "%s-%u", handler, k);
}

static int grow(struct assembly *as)
{
	struct pipeline *p = as->p;
	unsigned room = as->room ? 2 * as->room : 8;
	void *new;

	if (p->n < as->room)
		return 0;
	new = realloc(p->stages, room * sizeof(*p->stages));
	if (!new)
		return -ENOMEM;
	p->stages = new;
	new = realloc(p->instances, room * sizeof(*p->instances));
	if (!new)
		return -ENOMEM;
	p->instances = new;
	new = realloc(p->pointers, room * sizeof(*p->pointers));
	if (!new)
		return -ENOMEM;
	p->pointers = new;
	as->room = room;
	return 0;
}

/* Puts one more handler at the end of the chain. */
static int append(struct assembly *as, const struct plugin *plugin, const struct handler_options *entry)
{
	struct pipeline *p = as->p;
	struct config *config;
	struct instance *in;
	char pointer[256];
	char name[96];
	int error;

	pointer_join(pointer, sizeof(pointer), entry->pointer ? entry->pointer : "", "options");
	error = config_create(&config, &plugin->handler, entry->options, pointer, as->faults);
	if (error)
		return error;

	choose_name(p, name, sizeof(name), entry, plugin->handler.name);
	error = grow(as);
	if (!error)
		error = instance_new(&in, plugin, name, config, &as->place);
	if (error) {
		config_destroy(config);
		return error;
	}
	p->instances[p->n] = in;
	p->pointers[p->n] = entry->pointer;
	p->stages[p->n++] = (struct chain_stage){
		.instance = in,
		.on_error = entry->on_error,
		.groups = entry->groups,
		.group_count = entry->group_count,
	};
	return 0;
}

/* Loads the file that entry gives by its path; the directory that it lies in has the same checks. */
static int load_path(const struct plugin **out, const struct handler_options *entry, struct why *why)
{
	const char *slash = strrchr(entry->path, '/');
	const char *file = slash ? slash + 1 : entry->path;
	struct plugin_dir *dir;
	char *folder;
	int error;

	folder = slash ? strndup(entry->path, slash == entry->path ? 1 : (size_t)(slash - entry->path)) : strdup(".");
	if (!folder)
		return -ENOMEM;
	error = plugin_dir_open(&dir, folder, why);
	free(folder);
	if (error)
		return error;
	error = plugin_load(out, dir, file, entry->sha256, why);
	plugin_dir_close(dir);
	return error;
}

static void say_missing(const struct pipeline *p, const char *file, struct why *why)
{
	const struct plugin_dir *dirs[] = { p->site, p->standard };
	char near[300] = "";

	for (unsigned i = 0; i < 2 && !*near; i++) {
		char **files = dirs[i] ? plugin_dir_list(dirs[i]) : NULL;
		const char *found;
		size_t n = 0;

		while (files && files[n])
			n++;
		found = text_nearest(file, (const char *const *)files, n);
		if (found)
			snprintf(near, sizeof(near), "; did you mean \"%.*s\"?", (int)(strlen(found) - strlen(".so")),
				 found);
		free(files);
	}
	why_set(why, "found no %s in %s%s%s%s", file, p->site ? plugin_dir_path(p->site) : "",
		p->site && p->standard ? " nor in " : "", p->standard ? plugin_dir_path(p->standard) : "", near);
}

/* The site's own file of that name wins over the standard one. */
static int load_named(const struct plugin **out, const struct pipeline *p,
		      const struct handler_options *entry, struct why *why)
{
	char file[300];
	int error = -ENOENT;

	snprintf(file, sizeof(file), "%s.so", entry->handler);
	if (p->site)
		error = plugin_load(out, p->site, file, entry->sha256, why);
	if (error == -ENOENT && p->standard)
		error = plugin_load(out, p->standard, file, entry->sha256, why);
	if (error == -ENOENT)
		say_missing(p, file, why);
	return error;
}

/* Whether the path, if there is one, looks like that of a handler: "path" is an option of some handlers, too. */
static bool is_shared_object(const char *path)
{
	const size_t n = path ? strlen(path) : 0;

	return !path || (n > 3 && strcmp(path + n - 3, ".so") == 0);
}

static const char not_its_option[] =
	"; \"path\" is the handler's .so: its own option of that name stands in \"options\"";

static int add_entry(struct assembly *as, const struct handler_options *entry)
{
	const struct plugin *plugin;
	struct why why = { "" };
	char pointer[256];
	int error;

	error = entry->path ? load_path(&plugin, entry, &why) : load_named(&plugin, as->p, entry, &why);
	if (error == -ENOENT && !entry->required) {
		log_info("%s: left out, for it is not required: %s", entry->handler, why.text);
		return 0;
	}
	if (error == -ENOMEM)
		return error;
	if (error) {
		pointer_join(pointer, sizeof(pointer), entry->pointer,
			     error == -EBADMSG ? "sha256" : entry->path ? "path" : "handler");
		faults_add(as->faults, assemble_status(error), entry->brief ? entry->pointer : pointer, "%s%s",
			   why.text, is_shared_object(entry->path) ? "" : not_its_option);
		return -EINVAL;
	}
	return append(as, plugin, entry);
}

/* Is what path leads to this file of the site's directory? */
static bool is_same_file(const struct pipeline *p, const char *path, const char *file)
{
	struct stat one, other;
	char own[PATH_MAX];

	snprintf(own, sizeof(own), "%s/%s", plugin_dir_path(p->site), file);
	return stat(path, &one) == 0 && stat(own, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

/* Does an entry stand for this file of the site's directory, be it switched off? */
static bool is_named(const struct pipeline *p, const char *file)
{
	const size_t stem = strlen(file) - strlen(".so");

	for (unsigned i = 0; i < p->manifest.entries; i++) {
		const struct handler_options *entry = &p->manifest.chain[i];

		if (entry->drop_ins)
			continue;
		if (entry->path && is_same_file(p, entry->path, file))
			return true;
		if (!entry->path && strlen(entry->handler) == stem && !strncmp(entry->handler, file, stem))
			return true;
	}
	return false;
}

/* A drop-in stands in no manifest: what is wrong with it is told with its file instead of a place. */
static void retell(struct faults *to, struct faults *from, const struct plugin *plugin)
{
	for (size_t i = 0; i < from->n; i++)
		faults_add(to, from->list[i].status, NULL,
			   "%s: dropped in, it runs with default options: %s; set them in an entry of \"chain\"",
			   plugin->path, from->list[i].text);
	faults_finish(from);
}

static int add_drop_in(struct assembly *as, const char *file)
{
	const struct handler_options entry = { .handler = file, .enabled = true };
	struct faults *faults = as->faults;
	struct faults own = { 0 };
	const struct plugin *plugin;
	struct why why = { "" };
	int error;

	error = plugin_load(&plugin, as->p->site, file, NULL, &why);
	if (error == -ENOMEM)
		return error;
	if (error) {
		faults_add(faults, assemble_status(error), NULL, "%s", why.text);
		return -EINVAL;
	}
	as->faults = &own;
	error = append(as, plugin, &entry);
	as->faults = faults;
	retell(faults, &own, plugin);
	return error;
}

static int add_drop_ins(struct assembly *as)
{
	char **files;
	int worst = 0;

	if (!as->p->site)
		return 0;
	files = plugin_dir_list(as->p->site);
	if (!files)
		return -ENOMEM;
	for (char **file = files; *file && worst != -ENOMEM; file++) {
		int error = is_named(as->p, *file) ? 0 : add_drop_in(as, *file);

		if (error)
			worst = error;
	}
	free(files);
	return worst;
}

int assemble(struct pipeline *p, uint32_t run_flags, struct faults *faults)
{
	struct assembly as = {
		.p = p,
		.faults = faults,
		.place = { run_flags, p->heard, p->listens, &p->host },
	};
	const bool whole = !faults_any(faults);
	int worst = 0;
	int error;

	/* All mistakes of all entries are told together, so a bad one ends nothing yet. Which files are drop-ins
	 * is known only where all entries could be read. */
	for (unsigned i = 0; i < p->manifest.entries && worst != -ENOMEM; i++) {
		const struct handler_options *entry = &p->manifest.chain[i];

		if (entry->drop_ins)
			error = whole ? add_drop_ins(&as) : 0;
		else
			error = entry->enabled && !entry->wrong ? add_entry(&as, entry) : 0;
		if (error)
			worst = error;
	}
	if (worst || !whole)
		return worst ? worst : -EINVAL;
	if (p->n == 0) {
		faults_add(faults, FAULT_CONFIG, "", "no handler at all: name one in \"chain\"%s%s",
			   p->site ? ", or put a .so into " : "", p->site ? plugin_dir_path(p->site) : "");
		return -EINVAL;
	}
	error = attrs_resolve(p->instances, p->n, p->pointers, faults);
	if (error < 0)
		return error;
	p->host.n = p->n;
	p->host.chain = p->instances;
	return messages_create(&p->messages, (unsigned)error, (uint64_t)p->manifest.kept);
}
