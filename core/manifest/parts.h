/* manifest/parts.h - manifest: how the files of this folder hang together
 *
 *     manifest.c (file > bytes > document) > top.c > listen.c, policy.c, entry.c, with value.c's getters
 *
 * Each part reads its own piece of the document into r->m and adds faults; none of them stops at the first. */
#ifndef CORE_MANIFEST_PARTS_H
#define CORE_MANIFEST_PARTS_H

#include <stddef.h>
#include "manifest/value.h"

struct manifest_text {
	unsigned line; /* of what is no JSON, counted from 1; 0: not known */
	unsigned column; /* in characters, from 1 */
	size_t n; /* bytes */
	char bytes[];
};

struct manifest_block { /* of manifest.memory */
	struct manifest_block *next;
	max_align_t bytes[];
};

/* The keys that each object knows; they end at NULL. */
extern const char *const manifest_top_keys[];
extern const char *const manifest_limits_keys[];
extern const char *const manifest_listen_keys[];
extern const char *const manifest_sanitize_keys[];
extern const char *const manifest_entry_keys[];

void top_read(struct reader *r, const struct place *document);
void listen_read(struct reader *r, const struct place *listen);
void policy_read(struct reader *r, const struct place *sanitize);
void entry_read(struct reader *r, const struct place *at, struct handler_options *out);

#endif
