/* crashes - a handler for tests: dies where its option says, or in process() of what the datagram says */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <mcast/handler.h>

#define FOR_REAL __attribute__((no_sanitize("address", "undefined")))	/* the fault itself, not a report of it */

enum { IN_CREATE, IN_START, IN_STOP, IN_PROCESS };
static const char *const places[] = { "create", "start", "stop", "process", NULL };

struct config {
	int64_t in;
};

static const struct mcast_option options[] = {
	MCAST_ENUM(struct config, in, "process", places, "where it dies"),
	MCAST_END,
};

static int die_in(struct mcast_ctx *ctx, int64_t place)
{
	if (((const struct config *)ctx->config)->in == place)
		raise(SIGSEGV);
	return 0;
}

static int create(struct mcast_ctx *ctx)
{
	return die_in(ctx, IN_CREATE);
}

static int start(struct mcast_ctx *ctx)
{
	return die_in(ctx, IN_START);
}

static void stop(struct mcast_ctx *ctx)
{
	die_in(ctx, IN_STOP);
}

/* Deeper than any stack; what it returns keeps a compiler from making a loop of it. */
FOR_REAL static size_t fall(volatile char *above)
{
	volatile char frame[4096];

	frame[0] = above ? *above : 1;
	return frame[0] ? fall(frame) + (size_t)frame[0] : 0;
}

static int read_forbidden(void)
{
	const volatile int *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return *page;
}

FOR_REAL static int process(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)ctx;
	if (msg->len >= 5 && memcmp(msg->data, "fault", 5) == 0)
		return read_forbidden();
	if (msg->len >= 5 && memcmp(msg->data, "stack", 5) == 0)
		return fall(NULL) != 0;
	if (msg->len >= 5 && memcmp(msg->data, "abort", 5) == 0)
		abort();
	return MCAST_PASS;
}
MCAST_EACH(process)

MCAST_HANDLER("crashes", "1.0", .summary = "dies", .config_size = sizeof(struct config), .options = options,
	      .create = create, .start = start, .process = process_batch, .stop = stop);
