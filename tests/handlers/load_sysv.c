/* load_sysv.c - tests: a handler with the older hash table of symbols alone (DT_HASH; see the Makefile) */
#include <mcast/handler.h>

static int pass(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)ctx;
	(void)msg;
	return MCAST_PASS;
}

MCAST_SIMPLE_HANDLER("load_sysv", "1.0", pass);
