/* hangs - a handler for tests: its process() never returns */
#include <unistd.h>
#include <mcast/handler.h>

static int process(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	(void)batch;
	ctx->host->log(ctx, MCAST_LOG_INFO, "process() hangs");
	while (1)
		pause();
	return 0;
}

MCAST_HANDLER("hangs", "1.0", .summary = "never returns", .process = process);
