/* engine/directory.h - where handlers are looked for */
#ifndef CORE_ENGINE_DIRECTORY_H
#define CORE_ENGINE_DIRECTORY_H

#include "base/why.h"

/* The site's: given, else $MCAST_HANDLERS_DIR, else ./handlers.d, else <sysconfdir>/mcast/handlers.d; malloc'ed.
 * NULL with words if none of the last two is there. */
char *directory_of_site(const char *given, struct why *why);
/* The standard handlers': the build tree's when run from there, else <libdir>/mcast/handlers; malloc'ed. NULL: no memory. */
char *directory_of_standard(void);

#endif
