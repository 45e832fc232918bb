/* manifest/manifest.h - handlers.d/manifest.json, checked, as the options of each part
 *
 * Reads, checks the grammar and every value that needs no handler's code, and fills what socket/, sanitize/ and
 * handler/ declare as their options. Finds all mistakes before it returns, each with its JSON pointer. */
#ifndef CORE_MANIFEST_MANIFEST_H
#define CORE_MANIFEST_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>
#include "base/faults.h"
#include "handler/options.h"
#include "sanitize/options.h"
#include "socket/options.h"

#define MANIFEST_NAME "manifest.json"
#define MANIFEST_KEPT (16 << 20)	/* bytes, limits.kept */

struct manifest_text;		/* the file's text, for line numbers: private */

struct manifest {
	char *path;			/* of the file, as shown to people; NULL: none, built by a program */
	struct listen_options *listen;	/* listens of them; 0: "listen" stands nowhere */
	unsigned listens;
	struct sanitize_options sanitize;
	struct handler_options *chain;	/* entries of them, in order, with a drop_ins entry where drop-ins stand */
	unsigned entries;
	int64_t kept;			/* bytes that handlers may keep */
	struct manifest_text *text;
	json_t *root;
	void *memory;			/* what the options above borrow */
};

/* The manifest of a directory without one: the drop-ins alone. 0 or -ENOMEM. */
int manifest_default(struct manifest *m);
/* Reads directory/manifest.json, or, where path is given, that file; relative "path"s of entries start at its
 * directory. 0; -EINVAL with faults added; -EPERM likewise: others than root and us can write it; -ENOENT: no
 * such file (no fault added); other -errno with a fault.
 * m is to be finished in every case. */
int manifest_read(struct manifest *m, const char *path, struct faults *faults);
/* The same from memory, for tests, fuzzers and programs. path need not exist: it is shown, and relative "path"s
 * start at its directory; NULL: people know of no manifest, so faults are told without a place, and relative
 * "path"s start at the working directory. */
int manifest_parse(struct manifest *m, const char *path, const char *text, size_t n, struct faults *faults);
void manifest_finish(struct manifest *m);

/* "handlers.d/manifest.json:9: /chain/2/options/too: " + text: writes it to out (NUL-ended, cut to fit). */
void manifest_describe(const struct manifest *m, const struct fault *fault, char *out, size_t size);
/* The line, from 1, of what a JSON pointer names: of the key in an object, of the value in a list; 0: not found.
 * Reads any bytes safely; the line is right where text is JSON. */
unsigned manifest_line(const char *text, size_t n, const char *pointer);

#endif
