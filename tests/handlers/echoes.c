/* echoes - a handler for tests: sends to the group that it hears, so that the listener does not come to rest
 *
 *	load		sends itself so many datagrams that each batch is full, for ever; asks to be woken each
 *			millisecond, and after ten times ends the listener: with 0 if they took less than 5 s, else 3
 *	late		sends "in time" to the group, then takes 300 ms, as no handler should
 *	stuck		flush() has never done
 *	finish		flush() ends the listener with 3
 *	other words	nothing */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <mcast/handler.h>

#define IN_FLIGHT 200		/* more than two full batches, less than the smallest receive buffer holds */
#define WAKES 10
#define WAKE_NS 1000000u
#define LONGEST_NS 5000000000u

enum { FLUSHED };

struct state {
	int fd;
	bool load, stuck, finish;
	unsigned wakes;
	uint64_t now_ns, first_ns, due_ns;
};

static const struct mcast_counter counters[] = {
	[FLUSHED] = { "flushed", "calls of flush()" },
	{ NULL, NULL },
};

static int start(struct mcast_ctx *ctx)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(ctx->listen[0].port) };
	const struct in_addr lo = { htonl(INADDR_LOOPBACK) };
	struct state *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	memcpy(&to.sin_addr, ctx->listen[0].ip + 12, sizeof(to.sin_addr));
	state->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (setsockopt(state->fd, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof(lo)) ||
	    connect(state->fd, (struct sockaddr *)&to, sizeof(to))) {
		close(state->fd);
		free(state);
		return -EIO;
	}
	ctx->state = state;
	return 0;
}

static void stop(struct mcast_ctx *ctx)
{
	struct state *state = ctx->state;

	close(state->fd);
	free(state);
}

static void say(const struct state *state, const char *text, unsigned times)
{
	while (times--)
		(void)!send(state->fd, text, strlen(text), 0);
}

static void ask(struct mcast_ctx *ctx, struct state *state)
{
	state->due_ns = state->now_ns + WAKE_NS;
	ctx->host->wake(ctx, -1, 0, state->due_ns);
}

static void obey(struct mcast_ctx *ctx, struct state *state, const struct mcast_msg *msg)
{
	if (msg->len == 4 && !memcmp(msg->data, "load", 4)) {
		state->load = true;
		state->first_ns = state->now_ns;
		say(state, "x", IN_FLIGHT);
		ask(ctx, state);
	} else if (msg->len == 4 && !memcmp(msg->data, "late", 4)) {
		say(state, "in time", 1);
		poll(NULL, 0, 300);
	} else if (msg->len == 5 && !memcmp(msg->data, "stuck", 5)) {
		state->stuck = true;
	} else if (msg->len == 6 && !memcmp(msg->data, "finish", 6)) {
		state->finish = true;
	}
}

static int process(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	struct state *state = ctx->state;

	state->now_ns = batch->now_ns;
	if (state->load)
		say(state, "x", batch->n);
	for (uint32_t i = 0; i < batch->n; i++)
		obey(ctx, state, batch->msg[i]);
	return 0;
}

static int tick(struct mcast_ctx *ctx, uint64_t now_ns)
{
	struct state *state = ctx->state;

	if (!state->due_ns || now_ns < state->due_ns)
		return 0;
	state->now_ns = now_ns;
	ask(ctx, state);
	if (++state->wakes == WAKES)
		ctx->host->finish(ctx, now_ns - state->first_ns < LONGEST_NS ? 0 : 3, "it was woken too late");
	return 0;
}

static int flush(struct mcast_ctx *ctx)
{
	const struct state *state = ctx->state;

	ctx->counter[FLUSHED]++;
	if (state->finish)
		ctx->host->finish(ctx, 3, "in flush()");
	return state->stuck ? -EAGAIN : 0;
}

MCAST_HANDLER("echoes", "1.0", .summary = "sends to the group that it hears", .caps = MCAST_CAP_FINISH,
	      .counters = counters, .start = start, .process = process, .tick = tick, .flush = flush, .stop = stop);
