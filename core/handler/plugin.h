/* handler/plugin.h - stage 4 of 4: socket > sanitize > chain > [handler]: from a file to code
 *
 * Before any code of a file runs: its directory and the file belong to root or to us and nobody else can
 * write them, no symlink leads out of the directory, the ELF file is whole and for this machine, its
 * note says an ABI that we speak, and its bytes are those that the manifest's sha256 names. The very
 * bytes that were checked are copied to a sealed memfd and mapped from there.
 *
 * The same bytes are loaded once in a process and never unloaded: plugins live for ever. Main thread only. */
#ifndef CORE_HANDLER_PLUGIN_H
#define CORE_HANDLER_PLUGIN_H

#include "base/faults.h"
#include "base/sha256.h"
#include "base/why.h"
#include "mcast/handler.h"

struct plugin {			/* for ever; read only */
	struct mcast_handler handler;	/* our copy: what the file's struct is too short for is zero */
	char path[512];			/* where it was found */
	char sha256[SHA256_TEXT];
};

/* A directory of handlers whose owner and mode have been checked. */
struct plugin_dir;
/* 0; -ENOENT, -ENOTDIR...; -EPERM where owner or mode are wrong. Words say which chmod or chown mends it. */
int plugin_dir_open(struct plugin_dir **out, const char *path, struct why *why);
void plugin_dir_close(struct plugin_dir *dir);	/* NULL is fine */
const char *plugin_dir_path(const struct plugin_dir *dir);
/* The names of all *.so in it, in name order (strcmp), ends at NULL; one block, ended by one
 * free(). Or NULL: no memory. */
char **plugin_dir_list(const struct plugin_dir *dir);

/* Checks and loads the file called name ("logger.so", no slash) in dir; calls none of its callbacks. sha256: as
 * in the manifest, or NULL. *out is not the caller's to free. 0; -ENOENT: no such file; -EPERM: owner, mode,
 * symlink; -ENOEXEC, -EBADMSG (sha256), -ENOTSUP (MCAST_CAP_BLOCKING), -EMFILE (descriptors, the loader's room, 4096
 * versions), -ENOMEM...: words say what was found and what mends it. */
int plugin_load(const struct plugin **out, const struct plugin_dir *dir, const char *name,
		const char *sha256, struct why *why);

/* What is in the file's note, read without running anything: for tests and fuzzers too. data[0..n) is the whole
 * file. 0 or -ENOEXEC with words; path is only for them. */
int plugin_read_elf(const void *data, size_t n, const char *path, struct mcast_note *note, struct why *why);

#endif
