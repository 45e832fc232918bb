/* obeys - a handler for tests: does with each message what its words say, and passes on what says nothing to it
 *
 *	drop, consume, fail	the verdict
 *	write HEX		becomes these bytes
 *	emit HEX		these bytes are a new message behind it
 *	keep, release		takes messages out of the chain, fails if it may not; emits them again and lets them go
 *	timer, pipe		emits "woken" when it is woken, by the clock or by a descriptor
 *	finish N		ends the listener with this status */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <mcast/handler.h>

#define KEPT_MAX 4096
#define SOON 20000000		/* ns */

struct config {
	bool refuse;
};

struct state {
	struct mcast_msg *kept[KEPT_MAX];
	unsigned n;
	int pipe[2];
	uint64_t now_ns, due_ns;
};

static const struct mcast_option options[] = {
	MCAST_BOOL(struct config, refuse, "false", "fails to start"),
	MCAST_END,
};

static int start(struct mcast_ctx *ctx)
{
	const struct config *config = ctx->config;
	struct state *state;

	if (config->refuse)
		return -EACCES;
	state = calloc(1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	if (pipe2(state->pipe, O_CLOEXEC)) {
		free(state);
		return -EMFILE;
	}
	ctx->state = state;
	return 0;
}

static void stop(struct mcast_ctx *ctx)
{
	struct state *state = ctx->state;

	close(state->pipe[0]);
	close(state->pipe[1]);
	free(state);
}

static unsigned nibble(uint8_t c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* The bytes that hex says, for the caller to free. */
static uint8_t *bytes_of(const uint8_t *hex, uint32_t digits)
{
	uint8_t *bytes = malloc(digits / 2 + 1);

	for (uint32_t i = 0; bytes && i + 1 < digits; i += 2)
		bytes[i / 2] = (uint8_t)(nibble(hex[i]) << 4 | nibble(hex[i + 1]));
	return bytes;
}

static int write_it(struct mcast_ctx *ctx, struct mcast_msg *msg, const uint8_t *hex, uint32_t digits)
{
	uint8_t *bytes = bytes_of(hex, digits), *room;
	bool well = bytes && ctx->host->writable(ctx, msg, digits / 2, &room);

	if (well)
		memcpy(room, bytes, digits / 2);
	free(bytes);
	return well ? MCAST_PASS : MCAST_FAIL;
}

static int emit_it(struct mcast_ctx *ctx, const struct mcast_msg *msg, const uint8_t *hex, uint32_t digits)
{
	uint8_t *bytes = bytes_of(hex, digits);
	bool well = bytes && !ctx->host->emit(ctx, msg, bytes, digits / 2);

	free(bytes);
	return well ? MCAST_PASS : MCAST_FAIL;
}

static int keep(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	struct state *state = ctx->state;

	if (state->n == KEPT_MAX || ctx->host->keep(ctx, msg))
		return MCAST_FAIL;
	state->kept[state->n++] = msg;
	return MCAST_CONSUME;
}

static int let_go(struct mcast_ctx *ctx)
{
	struct state *state = ctx->state;
	unsigned done = 0;

	for (; done < state->n; done++) {
		struct mcast_msg *msg = state->kept[done];

		if (ctx->host->emit(ctx, msg, msg->data, msg->len))
			break;
		ctx->host->release(ctx, msg);
	}
	memmove(state->kept, state->kept + done, (state->n - done) * sizeof(*state->kept));
	state->n -= done;
	return state->n ? -EAGAIN : 0;
}

static int ask_pipe(struct mcast_ctx *ctx)
{
	struct state *state = ctx->state;

	if (write(state->pipe[1], "x", 1) != 1)
		return MCAST_FAIL;
	return ctx->host->wake(ctx, state->pipe[0], POLLIN, 0) ? MCAST_FAIL : MCAST_PASS;
}

static int ask_timer(struct mcast_ctx *ctx)
{
	struct state *state = ctx->state;

	state->due_ns = state->now_ns + SOON;
	return ctx->host->wake(ctx, -1, 0, state->due_ns) ? MCAST_FAIL : MCAST_PASS;
}

static int tick(struct mcast_ctx *ctx, uint64_t now_ns)
{
	struct state *state = ctx->state;
	struct pollfd fd = { .fd = state->pipe[0], .events = POLLIN };
	char byte;

	if (state->due_ns && now_ns >= state->due_ns) {
		state->due_ns = 0;
		ctx->host->emit(ctx, NULL, "woken by the clock", 18);
	}
	if (poll(&fd, 1, 0) == 1 && read(fd.fd, &byte, 1) == 1) {
		ctx->host->wake(ctx, fd.fd, 0, 0);
		ctx->host->emit(ctx, NULL, "woken by a pipe", 15);
	}
	return 0;
}

static int finish(struct mcast_ctx *ctx, const uint8_t *digits, uint32_t n)
{
	int status = 0;

	for (uint32_t i = 0; i < n; i++)
		status = status * 10 + (int)nibble(digits[i]);
	ctx->host->finish(ctx, status, "it was told to");
	return MCAST_PASS;
}

/* Whether the message begins with word; *rest is what stands behind it. */
static bool says(const struct mcast_msg *msg, const char *word, const uint8_t **rest, uint32_t *n)
{
	uint32_t len = (uint32_t)strlen(word);

	if (msg->len < len || memcmp(msg->data, word, len))
		return false;
	*rest = msg->data + len;
	*n = msg->len - len;
	return true;
}

static int obey(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	const uint8_t *rest;
	uint32_t n;

	if (says(msg, "drop", &rest, &n))
		return MCAST_DROP;
	if (says(msg, "consume", &rest, &n))
		return MCAST_CONSUME;
	if (says(msg, "fail", &rest, &n))
		return MCAST_FAIL;
	if (says(msg, "write ", &rest, &n))
		return write_it(ctx, msg, rest, n);
	if (says(msg, "emit ", &rest, &n))
		return emit_it(ctx, msg, rest, n);
	if (says(msg, "keep", &rest, &n))
		return keep(ctx, msg);
	if (says(msg, "release", &rest, &n))
		return let_go(ctx) ? MCAST_FAIL : MCAST_PASS;
	if (says(msg, "timer", &rest, &n))
		return ask_timer(ctx);
	if (says(msg, "pipe", &rest, &n))
		return ask_pipe(ctx);
	if (says(msg, "finish ", &rest, &n))
		return finish(ctx, rest, n);
	return MCAST_PASS;
}
MCAST_EACH(obey)

static int process(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	struct state *state = ctx->state;

	state->now_ns = batch->now_ns;
	return obey_batch(ctx, batch);
}

MCAST_HANDLER("obeys", "1.0", .summary = "does what each message says",
	      .caps = MCAST_CAP_MODIFY | MCAST_CAP_FINISH, .config_size = sizeof(struct config), .options = options,
	      .start = start, .process = process, .tick = tick, .flush = let_go, .stop = stop);
