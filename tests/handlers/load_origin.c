/* load_origin.c - tests: a handler that is linked to look for libraries beside itself ($ORIGIN; see the Makefile) */
#include <mcast/handler.h>

static int pass(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)ctx;
	(void)msg;
	return MCAST_PASS;
}

MCAST_SIMPLE_HANDLER("load_origin", "1.0", pass);
