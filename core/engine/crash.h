/* engine/crash.h - the map: a handler that crashes is named before it takes the process with it
 *
 * A handler runs in this process, so its fault ends all of it; but whoever looks at the log learns whose it
 * was. Debuggers, core dumps and sanitizers see the fault as if nobody had looked. */
#ifndef CORE_ENGINE_CRASH_H
#define CORE_ENGINE_CRASH_H

#include <signal.h>
#include "handler/host.h"

/* Takes the signals that a fault raises out of set: blocked, they would kill without a word. */
void crash_spare(sigset_t *set);
/* From now on, for the process. host: whose callback the worker is in; borrowed until this is called with NULL. */
void crash_watch(const struct host *host);
/* Whose callback the main thread is in; NULL: none. name is borrowed until the next call. */
void crash_about(const char *name);
/* Gives the calling thread a stack for this, for its own may be what overflowed. */
void crash_thread(void);

#endif
