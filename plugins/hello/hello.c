/* hello - greets each message in the log: the smallest handler there is */
#include <mcast/handler.h>

static int hello(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	ctx->host->log(ctx, MCAST_LOG_INFO, "hello, %u bytes: %.*s", msg->len, (int)msg->len,
		       (const char *)msg->data);
	return MCAST_PASS;
}

MCAST_SIMPLE_HANDLER("hello", "1.0", hello);
