/* load_minor.c - tests: a handler that asks for what a later minor version of the ABI has */
#define MCAST_HANDLER_MINOR 3
#include <mcast/handler.h>

static int pass(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)ctx;
	(void)msg;
	return MCAST_PASS;
}

MCAST_SIMPLE_HANDLER("load_minor", "1.0", pass);
