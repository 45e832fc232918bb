/* nothing - passes everything: what is left is the engine's own cost */
#include <mcast/handler.h>

static int nothing(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)ctx;
	(void)msg;
	return MCAST_PASS;
}

MCAST_SIMPLE_HANDLER("nothing", "1.0", nothing);
