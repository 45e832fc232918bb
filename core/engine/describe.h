/* engine/describe.h - the map: what is built, in words for people */
#ifndef CORE_ENGINE_DESCRIBE_H
#define CORE_ENGINE_DESCRIBE_H

#include "engine/pipeline.h"

/* The one line that says that datagrams are heard from now on: what was joined where, and the chain. */
void describe_ready(const struct pipeline *p);
/* --check: the whole chain as it would run, on stdout; with -v
 * the options that each handler knows, too. */
void describe_check(const struct pipeline *p);

#endif
