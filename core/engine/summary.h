/* engine/summary.h - the map: the accounts at the end */
#ifndef CORE_ENGINE_SUMMARY_H
#define CORE_ENGINE_SUMMARY_H

#include <stdbool.h>
#include "engine/pipeline.h"

/* Tells what became of every datagram, each handler with its own counters, and whether the law holds:
 *     received + emitted = sanitizer's drops + ended by the handlers + passed to the end
 * Returns whether it does; where not, it says so as an error, even if all else is quiet. */
bool summary_tell(const struct pipeline *p);

#endif
