/* handler/plugin.c - stage 4 of 4: socket > sanitize > chain > [handler]: from a file to code
 *
 * directory.c opens and checks the file, sealed.c copies it, elf*.c look at the copy, ld.so loads the copy,
 * descriptor.c checks what it has become. What was loaded stays for ever: there is no safe moment to unmap
 * code that may have started a thread or left a destructor behind. */
#include "handler/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "handler/loading.h"

#define LOADED_MAX 4096		/* versions in one process: each costs descriptors, mappings, perhaps static TLS */

struct loaded {
	struct plugin plugin;
	int refused;		/* -errno: its code is loaded, but its descriptor is none that we can use */
	struct why why;		/* then the words for that */
	struct loaded *next;
};

static struct loaded *all_loaded;
static unsigned loaded_count;

/* What has these bytes, under this path if it was asked for under several. */
static const struct loaded *find_loaded(const char *sha256, const char *path)
{
	const struct loaded *found = NULL;

	for (const struct loaded *l = all_loaded; l; l = l->next) {
		if (strcmp(l->plugin.sha256, sha256) != 0)
			continue;
		found = l;
		if (strcmp(l->plugin.path, path) == 0)
			break;
	}
	return found;
}

/* The same code, told of by the path that it was asked for under. */
static const struct loaded *under_path(const struct loaded *loaded, const char *path)
{
	struct loaded *alias;

	if (strcmp(loaded->plugin.path, path) == 0)
		return loaded;
	alias = malloc(sizeof(*alias));
	if (!alias)
		return loaded;
	*alias = *loaded;
	memcpy(alias->plugin.path, path, strlen(path) + 1);
	alias->next = all_loaded;
	all_loaded = alias;
	return alias;
}

static int give(const struct plugin **out, const struct loaded *loaded, struct why *why)
{
	if (loaded->refused) {
		why_set(why, "%s", loaded->why.text);
		return loaded->refused;
	}
	*out = &loaded->plugin;
	return 0;
}

/* The loader's words, with the file's own name in place of the copy's. */
static int cannot_load(const char *copy, const char *path, struct why *why)
{
	const char *words = dlerror();
	const char *mend = "";
	size_t n = strlen(copy);

	if (!words)
		words = "for a reason that the loader doesn't say";
	if (strncmp(words, copy, n) == 0 && strncmp(words + n, ": ", 2) == 0)
		words += n + 2;
	if (strstr(words, "static TLS")) {
		why_set(why, "%s: can't be loaded: %s: restart the listener, which frees that of older versions", path,
			words);
		return -EMFILE;
	}
	if (strstr(words, "undefined symbol"))
		mend = ": link it with the library that has it";
	else if (strstr(words, "cannot open shared object file"))
		mend = ": install that library";
	why_set(why, "%s: can't be loaded: %s%s", path, words, mend);
	return -ENOEXEC;
}

static bool leads_to(const char *path, int fd)
{
	struct stat there, here;

	return stat(path, &there) == 0 && fstat(fd, &here) == 0 && there.st_dev == here.st_dev &&
	       there.st_ino == here.st_ino;
}

/* A name of the copy for the loader: of this process by its number, as a debugger looks at it from another one. In a
 * PID namespace without a /proc of its own that number is nobody's, or somebody else's. */
static int name_copy(char *out, size_t size, const struct sealed *sealed, const char *path, struct why *why)
{
	snprintf(out, size, "/proc/%d/fd/%d", (int)getpid(), sealed->fd);
	if (leads_to(out, sealed->fd))
		return 0;
	snprintf(out, size, "/proc/self/fd/%d", sealed->fd);
	if (leads_to(out, sealed->fd))
		return 0;
	why_set(why, "%s: its copy in memory can't be reached by %s: mount /proc", path, out);
	return -ENOEXEC;
}

/* Runs the file's constructors. From here on its copy stays mapped and its fd open, for loaders and debuggers
 * know the code by that name. */
static int load_code(struct loaded *loaded, const struct sealed *sealed, const struct mcast_note *note, bool *runs,
		     struct why *why)
{
	const char *path = loaded->plugin.path;
	char copy[64];
	void *so, *found;
	int err;

	err = name_copy(copy, sizeof(copy), sealed, path, why);
	if (err)
		return err;
	so = dlopen(copy, RTLD_NOW | RTLD_LOCAL);
	if (!so)
		return cannot_load(copy, path, why);
	*runs = true;
	found = dlsym(so, "mcast_handler");
	if (!found)
		return cannot_load(copy, path, why);
	return descriptor_copy(&loaded->plugin.handler, found, note, path, why);
}

static int check_sha256(const char *found, const char *expected, const char *path, struct why *why)
{
	if (!expected || strcmp(found, expected) == 0)
		return 0;
	why_set(why, "%s: its sha256 is %s, expected %s: is it the file that was meant?", path, found, expected);
	return -EBADMSG;
}

/* Loads a copy whose bytes were not seen before. */
static int load_new(const struct plugin **out, const struct sealed *sealed, const char *path, const char *sha256,
		    bool *runs, struct why *why)
{
	struct mcast_note note;
	struct loaded *loaded;
	int err;

	err = plugin_read_elf(sealed->data, sealed->size, path, &note, why);
	if (err)
		return err;
	if (loaded_count == LOADED_MAX) {
		why_set(why,
			"%s: %d versions of handlers are loaded, and none can be unloaded: restart the listener",
			path, LOADED_MAX);
		return -EMFILE;
	}
	loaded = calloc(1, sizeof(*loaded));
	if (!loaded) {
		why_set(why, "%s: no memory", path);
		return -ENOMEM;
	}
	memcpy(loaded->plugin.path, path, strlen(path) + 1);
	memcpy(loaded->plugin.sha256, sha256, SHA256_TEXT);
	loaded->refused = load_code(loaded, sealed, &note, runs, &loaded->why);
	err = give(out, loaded, why);
	if (!*runs) {		/* what is missing may be there the next time */
		free(loaded);
		return err;
	}
	loaded->next = all_loaded;
	all_loaded = loaded;
	loaded_count++;
	return err;
}

static int load_sealed(const struct plugin **out, const struct sealed *sealed, const char *path,
		       const char *expected, bool *runs, struct why *why)
{
	const struct loaded *loaded;
	uint8_t digest[SHA256_SIZE];
	char text[SHA256_TEXT];
	int err;

	sha256(digest, sealed->data, sealed->size);
	sha256_text(text, digest);
	err = check_sha256(text, expected, path, why);
	if (err)
		return err;
	loaded = find_loaded(text, path);
	return loaded ? give(out, under_path(loaded, path), why) : load_new(out, sealed, path, text, runs, why);
}

int plugin_load(const struct plugin **out, const struct plugin_dir *dir, const char *name, const char *sha256,
		struct why *why)
{
	char path[sizeof((*out)->path)];
	struct sealed sealed;
	bool runs = false;
	int file, err;

	if (snprintf(path, sizeof(path), "%s/%s", plugin_dir_path(dir), name) >= (int)sizeof(path)) {
		why_set(why, "%.60s: its path is longer than %zu bytes", name, sizeof(path) - 1);
		return -ENAMETOOLONG;
	}
	file = plugin_dir_file(dir, name, path, why);
	if (file < 0)
		return file;
	err = sealed_copy(&sealed, file, path, why);
	close(file);
	if (err)
		return err;
	err = load_sealed(out, &sealed, path, sha256, &runs, why);
	sealed_finish(&sealed, runs);
	return err;
}
