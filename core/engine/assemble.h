/* engine/assemble.h - the map: from the entries of a manifest to handlers in a row */
#ifndef CORE_ENGINE_ASSEMBLE_H
#define CORE_ENGINE_ASSEMBLE_H

#include "engine/pipeline.h"

/* Loads what p->manifest names from p->site and p->standard, in order, drop-ins where they stand; fills
 * options and resolves attributes. Fills stages, instances, pointers and n. 0; -EINVAL with faults added;
 * -ENOMEM. Calls nothing of the handlers but check(). Where faults holds mistakes of the manifest already, it
 * looks for more in the entries that have none, and ends with -EINVAL. */
int assemble(struct pipeline *p, uint32_t run_flags, struct faults *faults);

/* The word for a failure to open or load, as an exit status: 77 or 78. */
int assemble_status(int error);

#endif
