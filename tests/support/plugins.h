/* plugins.h - tests: the chain of the site's handlers.d, heard on lo, and what keeps it from starting
 *
 * In the working directory of support/site.h and the namespace of support/netns.h. */
#ifndef TESTS_SUPPORT_PLUGINS_H
#define TESTS_SUPPORT_PLUGINS_H

#include "support/program.h"

#define PLUGINS_GROUP "224.0.0.1:59259"

/* mcast-hear --plugins on lo, until it has heard two datagrams. */
struct program *plugins_run(void);
void plugins_say(const char *one, const char *two);	/* sends them */

/* Runs it with two datagrams: the chain is "json > logger", and both pass each of it. */
void plugins_chain(const char *chain);

/* Runs it: it ends with status and has said the words, having heard nothing and run no code of leaves_trace.
 * Returns all that it said, malloc'ed. what: of the case, for the failure's words. */
char *plugins_refused(const char *what, int status, const char *words);

#endif
