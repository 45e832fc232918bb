/* handler/config_option.h - stage 4 of 4: one option of a handler: from its JSON value to its field, in words */
#ifndef CORE_HANDLER_CONFIG_OPTION_H
#define CORE_HANDLER_CONFIG_OPTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/why.h"
#include "mcast/handler.h"

#define CHOICES_MAX 256
#define EXPECTS_WORDS 256	/* bytes for option_expects() and option_range() */

struct config_bytes {		/* what the fields point to */
	struct config_bytes *next;
	size_t size;
	uint64_t at[];		/* aligned for pointers */
};

struct config {
	void *data;		/* the handler's struct, size bytes */
	size_t size;
	struct config_bytes *bytes;
};

/* Zeroed data of the size that the handler says. 0 or -ENOMEM. */
int config_init(struct config *config, const struct mcast_handler *handler);
void config_finish(struct config *config);	/* overwrites, then frees */
void *config_allocate(struct config *config, size_t size);	/* lives as long as config; NULL: no memory */

/* Writes value to the option's field. 0; -EINVAL, or -EPERM for a secret's file, with words ("found ..., expected
 * ...") that never hold a secret; -ENOMEM. */
int option_set(struct config *config, const struct mcast_option *option, json_t *value, struct why *why);
/* The option's default as JSON, a new reference; NULL: it is none, or no memory. */
json_t *option_initial(const struct mcast_option *option);
/* Whether min (or max) can be read as the option's type; *below: whether it is less than the other text. */
bool option_bound(const struct mcast_option *option, const char *text);
bool option_bounds_order(const struct mcast_option *option);	/* min <= max, where both are given */
size_t option_size(uint32_t type);	/* bytes of the field, which are its alignment too; 0: unknown type */

/* For people; out: EXPECTS_WORDS. Both return out. */
char *option_expects(char *out, size_t size, const struct mcast_option *option);	/* "a whole number, 1 to 8" */
char *option_range(char *out, size_t size, const struct mcast_option *option);	/* "1 to 8"; "" without bounds */

/* The text of a secret given as { "file": PATH } or { "env": NAME }, malloc'ed; overwrite it before it is freed.
 * 0, -EINVAL, -EPERM (the file's mode) with words, -ENOMEM. */
int secret_read(char **out, json_t *value, struct why *why);

#endif
