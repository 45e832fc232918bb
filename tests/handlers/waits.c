/* waits - a handler for tests: its create() gives up only when the listener ends, or after 20 s */
#include <errno.h>
#include <poll.h>
#include <mcast/handler.h>

static int create(struct mcast_ctx *ctx)
{
	ctx->host->log(ctx, MCAST_LOG_INFO, "create() waits");
	for (int i = 0; i < 2000 && !ctx->host->stopping(ctx); i++)
		poll(NULL, 0, 10);
	return ctx->host->stopping(ctx) ? -EINTR : -ETIMEDOUT;
}

static int process(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	(void)ctx;
	(void)batch;
	return 0;
}

MCAST_HANDLER("waits", "1.0", .summary = "waits in create()", .create = create, .process = process);
