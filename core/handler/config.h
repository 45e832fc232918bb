/* handler/config.h - stage 4 of 4: a handler's options, checked, in the struct that it declared
 *
 * Knows types, ranges, choices, sizes, durations, secrets; knows no file. */
#ifndef CORE_HANDLER_CONFIG_H
#define CORE_HANDLER_CONFIG_H

#include <jansson.h>
#include "base/faults.h"
#include "base/why.h"
#include "mcast/handler.h"

struct config;			/* one instance's */

/* Fills a config from given (an object or NULL: all defaults) and then asks handler->check. Each mistake goes to
 * faults under pointer ("/chain/2/options"). 0, -EINVAL with faults added, or -ENOMEM. *out only on success. */
int config_create(struct config **out, const struct mcast_handler *handler, json_t *given,
		  const char *pointer, struct faults *faults);
void config_destroy(struct config *config);	/* NULL is fine; overwrites secrets */
const void *config_data(const struct config *config);	/* what ctx->config points to; NULL without options */

/* Checks a handler's own table: types known, offsets in range, aligned, no overlap, names well-formed, defaults
 * that parse. 0, or -ENOEXEC with words. plugin_load() calls it. */
int config_check_table(const struct mcast_handler *handler, struct why *why);

/* Options as help, one line each, malloc'ed: name, type, default, range, help. NULL: no memory. */
char *config_help(const struct mcast_handler *handler);

#endif
