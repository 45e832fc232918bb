/* load_other.c - tests: the handler load_plain in a newer version: the same name, other bytes */
#include <mcast/handler.h>

static int drop(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)ctx;
	(void)msg;
	return MCAST_DROP;
}

MCAST_SIMPLE_HANDLER("load_plain", "2.0", drop);
