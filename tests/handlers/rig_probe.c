/* rig_probe - does what its messages say, so that the rig itself can be tested */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <mcast/handler.h>

struct config {
	int64_t number;
	bool fail_create, fail_start;
};

static const struct mcast_option options[] = {
	MCAST_INT(struct config, number, "7", "0", "9", "a digit"),
	MCAST_BOOL(struct config, fail_create, "false", "create() fails"),
	MCAST_BOOL(struct config, fail_start, "false", "start() fails"),
	MCAST_END,
};

enum { HEARD, READY, TIMERS, EVENTS, HEARD_TO, NUMBER };

static const struct mcast_counter counters[] = {
	{ "heard", "messages" }, { "ready", "times that its pipe could be read" }, { "timers", "wakes" },
	{ "events", "events" }, { "listens", "groups it was told of" }, { "number", "its option" }, { 0 },
};

static int ends[2] = { -1, -1 };	/* a test has one of these handlers */
static uint64_t due_ns;
static int flushes = 3;

static int create(struct mcast_ctx *ctx)
{
	const struct config *config = ctx->config;

	if (config->fail_create)
		ctx->host->log(ctx, MCAST_LOG_ERROR, "told to fail");
	return config->fail_create ? -EACCES : 0;
}

static int start(struct mcast_ctx *ctx)
{
	const struct config *config = ctx->config;

	ctx->counter[NUMBER] = (uint64_t)config->number;
	ctx->counter[HEARD_TO] = ctx->listens;
	if (config->fail_start)
		return -ENOENT;
	if (pipe(ends))
		return -errno;
	return ctx->host->wake(ctx, ends[0], POLLIN, 0);
}

static void stop(struct mcast_ctx *ctx)
{
	ctx->host->wake(ctx, ends[0], 0, 0);
	close(ends[0]);
	close(ends[1]);
}

static int probe(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		const struct mcast_msg *msg = batch->msg[i];
		bool is_pipe = msg->len == 4 && !memcmp(msg->data, "pipe", 4);
		bool is_timer = msg->len == 5 && !memcmp(msg->data, "timer", 5);

		ctx->counter[HEARD]++;
		batch->verdict[i] = msg->len == 4 && !memcmp(msg->data, "drop", 4) ? MCAST_DROP : MCAST_PASS;
		if (is_pipe && write(ends[1], "x", 1) != 1)
			return -EIO;
		if (is_timer) {
			due_ns = batch->now_ns + 5000000;
			ctx->host->wake(ctx, -1, 0, due_ns);
		}
	}
	return 0;
}

static int tick(struct mcast_ctx *ctx, uint64_t now_ns)
{
	struct pollfd in = { .fd = ends[0], .events = POLLIN };
	char byte;

	if (poll(&in, 1, 0) == 1 && read(ends[0], &byte, 1) == 1)
		ctx->counter[READY]++;
	if (due_ns && now_ns >= due_ns) {
		ctx->counter[TIMERS]++;
		due_ns = 0;
	}
	return 0;
}

static int event(struct mcast_ctx *ctx, uint32_t what)
{
	ctx->counter[EVENTS] += what == MCAST_EVENT_REOPEN;
	return 0;
}

static int flush(struct mcast_ctx *ctx)
{
	(void)ctx;
	return flushes-- > 0 ? -EAGAIN : 0;
}

MCAST_HANDLER("rig_probe", "1.0", .config_size = sizeof(struct config), .options = options, .counters = counters,
	      .create = create, .start = start, .process = probe, .tick = tick, .event = event, .flush = flush,
	      .stop = stop);
