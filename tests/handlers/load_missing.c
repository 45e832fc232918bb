/* load_missing.c - tests: a handler that calls what no library has: ld.so refuses it */
#include <mcast/handler.h>

extern int mcast_test_nobody_has_this(void);

static int pass(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)ctx;
	(void)msg;
	return mcast_test_nobody_has_this();
}

MCAST_SIMPLE_HANDLER("load_missing", "1.0", pass);
