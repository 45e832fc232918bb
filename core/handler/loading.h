/* handler/loading.h - stage 4 of 4: the steps of plugin_load(): directory > sealed copy > ELF > code > descriptor */
#ifndef CORE_HANDLER_LOADING_H
#define CORE_HANDLER_LOADING_H

#include <stddef.h>
#include "base/why.h"
#include "handler/plugin.h"

/* Where a struct of mcast/handler.h ends that has nothing behind member: as ABI 1.0 has it, every later one is at
 * least that long. */
#define END_OF(Struct, member) (offsetof(struct Struct, member) + sizeof(((struct Struct *)0)->member))

/* Opens the file called name in dir for reading and checks its owner, mode and kind. Returns the descriptor,
 * the caller's to close; or -ENOENT, -EPERM, or another -errno; with words that begin with path. */
int plugin_dir_file(const struct plugin_dir *dir, const char *name, const char *path, struct why *why);

struct sealed {			/* a copy of a file that nobody can change any more */
	int fd;
	const void *data;	/* size bytes, read only */
	size_t size;
};

/* Copies what file holds. 0; -ENOEXEC: too large; -EMFILE, -ENOMEM...: with words. */
int sealed_copy(struct sealed *out, int file, const char *path, struct why *why);
/* Forgets the bytes; closes fd too unless it is to stay: the path of loaded code must not be used again. */
void sealed_finish(struct sealed *sealed, int keep_fd);

/* Copies the descriptor that was found in loaded code to *out, as far as both know it, and checks it against
 * the note and by itself. What *out borrows then lives for ever. 0, -ENOEXEC, -ENOTSUP, -ENOMEM; with words. */
int descriptor_copy(struct mcast_handler *out, const struct mcast_handler *found,
		    const struct mcast_note *note, const char *path, struct why *why);

#endif
