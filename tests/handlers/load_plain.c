/* load_plain.c - tests: a handler without anything but what it must have, which betrays when its code runs
 *
 * The loader's tests patch its bytes. Where a file is refused, its constructor must not have run. */
#include <stdlib.h>
#include <mcast/handler.h>

__attribute__((constructor)) static void betray(void)
{
	setenv("LOAD_PLAIN_RAN", "1", 1);
}

static int pass(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)ctx;
	(void)msg;
	return MCAST_PASS;
}

MCAST_SIMPLE_HANDLER("load_plain", "1.0", pass);
