/* load_refused.c - tests: a handler whose file is sound and whose descriptor is not: it has no process() */
#include <mcast/handler.h>

MCAST_HANDLER("load_refused", "1.0", .summary = "refused once it is loaded");
