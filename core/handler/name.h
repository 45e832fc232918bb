/* handler/name.h - stage 4 of 4: how handlers, options, counters and attributes may be called */
#ifndef CORE_HANDLER_NAME_H
#define CORE_HANDLER_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_LONGEST 63		/* bytes of an option's, a counter's, an attribute's name */

/* [a-z][a-z0-9_]*, and with extra also that character behind the first; at most longest bytes. */
bool name_is_good(const char *name, size_t longest, char extra);

#endif
