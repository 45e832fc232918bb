/* load_major.c - tests: a handler for an ABI of the future, which an engine of today must refuse */
#include <mcast/handler.h>

#undef MCAST_ABI_MAJOR
#define MCAST_ABI_MAJOR 2

static int pass(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)ctx;
	(void)msg;
	return MCAST_PASS;
}

MCAST_SIMPLE_HANDLER("load_major", "1.0", pass);
