/* logger - write each message as a line, to stdout or a file; passes all of them
 *
 * Formats a batch into one buffer and writes it at once. A message that can't be written fails; the log says so
 * once when that begins and once when it ends. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mcast/handler.h>
#include "encode/escape.h"
#include "encode/record.h"
#include "rotate.h"
#include "sink.h"

#define BUFFER SINK_HELD		/* bytes */
#define BATCH 256		/* messages, as mcast/handler.h promises */
#define EXIT_PIPE 141		/* 128 + SIGPIPE, as a shell would say it */

_Static_assert(RECORD_BOUND(65507) <= BUFFER, "any record fits, and what a slow reader leaves of it");

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_HEX, FORMAT_RAW };
enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };
enum counter { LINES, BYTES, FAILED, ROTATIONS, REOPENED, UNREAD };

static const char *const formats[] = { "text", "json", "hex", "raw", NULL };
static const char *const colours[] = { "auto", "always", "never", NULL };
static const char *const wants[] = { "json", NULL };

struct config {
	const char *path;
	int64_t format;
	int64_t colour;
	int64_t max_size;
	int64_t keep;
};

struct state {
	struct sink sink;
	struct rotation rotation;
	struct recorder *recorder;
	bool failing;			/* since it was said in the log */
	bool gone;			/* nobody reads stdout any more */
	bool watched;			/* tick() is asked for when sink.fd takes more */
	bool rotation_failing;
	uint64_t failed_before;		/* counter when failing began */
	size_t at[BATCH + 1];		/* where the records in buffer begin, and where the last one ends */
	char buffer[BUFFER];
};

static const struct mcast_option options[] = {
	MCAST_STRING(struct config, path, "-", "a file to append to; - for stdout, stderr for that"),
	MCAST_ENUM(struct config, format, "text", formats, "json: an object a line; raw: payloads alone"),
	MCAST_ENUM(struct config, colour, "auto", colours, "auto: on a terminal; NO_COLOR, TERM=dumb: never"),
	MCAST_SIZE(struct config, max_size, "0", "0", NULL, "bytes after which a new file is begun; 0: never"),
	MCAST_INT(struct config, keep, "5", "1", "1000", "old files to keep: FILE.1 is the newest"),
	MCAST_END,
};

static const struct mcast_counter counters[] = {
	[LINES] = { "lines", "records written" },
	[BYTES] = { "bytes", "bytes written" },
	[FAILED] = { "failed", "messages that could not be written" },
	[ROTATIONS] = { "rotations", "new files begun because of max_size" },
	[REOPENED] = { "reopened", "times that the file was opened again" },
	[UNREAD] = { "unread", "bytes that no reader had taken at the end" },
	{ NULL, NULL },
};

static bool is_file(const struct config *config)
{
	return strcmp(config->path, "-") && strcmp(config->path, "stderr");
}

static const char *place(const struct config *config)
{
	return strcmp(config->path, "-") ? config->path : "stdout";
}

static int logger_check(const void *data, char *why, size_t why_size)
{
	const struct config *config = data;

	if (!*config->path) {
		snprintf(why, why_size, "path is empty; give a file, or \"-\" for stdout");
		return -EINVAL;
	}
	if (config->max_size && !is_file(config)) {
		snprintf(why, why_size, "max_size is for a file, and %s can't be rotated; give a path or leave it out",
			 place(config));
		return -EINVAL;
	}
	return 0;
}

/* ---- start and stop ------------------------------------------------------------------- */

static const char *remedy(int err)
{
	switch (err) {
	case -ENOENT:
		return "make its directory first";
	case -EISDIR:
		return "give the path of a file";
	case -ENXIO:
		return "a FIFO needs its reader first";
	default:
		return "give a path that this user may write to";
	}
}

static int open_sink(struct mcast_ctx *ctx, struct sink *sink)
{
	const struct config *config = ctx->config;
	int err;

	if (is_file(config))
		err = sink_open(sink, config->path);
	else
		err = sink_share(sink, strcmp(config->path, "-") ? STDERR_FILENO : STDOUT_FILENO);
	if (err)
		ctx->host->log(ctx, MCAST_LOG_ERROR, "cannot open %s: %s; %s", place(config), strerror(-err),
			       remedy(err));
	return err;
}

static bool want_colour(const struct config *config, const struct sink *sink)
{
	const char *no = getenv("NO_COLOR");	/* https://no-color.org: set and not empty */
	const char *term = getenv("TERM");

	if (config->colour == COLOUR_AUTO)
		return sink->terminal && !(no && *no) && !(term && !strcmp(term, "dumb"));
	return config->colour == COLOUR_ALWAYS;
}

static void logger_stop(struct mcast_ctx *ctx)
{
	struct state *state = ctx->state;

	if (!state)
		return;
	if (state->sink.held_len) {
		ctx->counter[UNREAD] += state->sink.held_len;
		ctx->host->log(ctx, MCAST_LOG_WARNING, "%s: the last %zu bytes were never read", place(ctx->config),
			       state->sink.held_len);
	}
	sink_close(&state->sink);
	recorder_destroy(state->recorder);
	free(state);
	ctx->state = NULL;
}

static int logger_start(struct mcast_ctx *ctx)
{
	const struct config *config = ctx->config;
	struct state *state = malloc(sizeof(*state));
	int err;

	if (!state)
		return -ENOMEM;
	memset(state, 0, offsetof(struct state, buffer));	/* not the buffer: its pages are touched as needed */
	ctx->state = state;
	state->sink.fd = -1;

	err = ctx->flags & MCAST_RUN_REPLAY ? 0 : open_sink(ctx, &state->sink);
	if (!err)
		err = recorder_create(&state->recorder, want_colour(config, &state->sink));
	if (err) {
		logger_stop(ctx);
		return err;
	}
	state->sink.lines = config->format != FORMAT_RAW;
	state->rotation = (struct rotation){ .path = config->path, .max_size = config->max_size, .keep = config->keep };
	return 0;
}

/* ---- work ----------------------------------------------------------------------------- */

static size_t format_raw(const struct state *state, char *out, const struct mcast_msg *msg)
{
	size_t n;

	if (state->sink.terminal) {	/* which nothing raw may drive */
		n = escape_text(out, msg->data, msg->len);
		out[n] = '\n';
		return n + 1;
	}
	memcpy(out, msg->data, msg->len);
	return msg->len;
}

static size_t format(struct mcast_ctx *ctx, char *out, const struct mcast_msg *msg)
{
	const struct config *config = ctx->config;
	const struct state *state = ctx->state;

	switch (config->format) {
	case FORMAT_TEXT:
		return record_text(state->recorder, out, msg);
	case FORMAT_JSON:
		return record_json(state->recorder, out, msg, ctx->host->attr(ctx, msg, 0));
	case FORMAT_HEX:
		return record_hex(state->recorder, out, msg);
	default:
		return format_raw(state, out, msg);
	}
}

/* Says once that writing has begun to fail, and once that it goes again. */
static void tell(struct mcast_ctx *ctx, bool well)
{
	struct state *state = ctx->state;

	if (!well && !state->failing) {
		state->failed_before = ctx->counter[FAILED];
		ctx->host->log(ctx, MCAST_LOG_ERROR, "cannot write to %s: %s; messages fail until it goes again",
			       place(ctx->config),
			       state->sink.error ? strerror(state->sink.error) : "its reader is too slow");
	} else if (well && state->failing) {
		ctx->host->log(ctx, MCAST_LOG_INFO, "%s goes again; %" PRIu64 " messages were not written",
			       place(ctx->config), ctx->counter[FAILED] - state->failed_before);
	}
	state->failing = !well;
}

/* Whether nobody will ever read the standard stream: it is closed, its reader has gone, its terminal was hung up. */
static bool is_gone(const struct sink *sink)
{
	return sink->error == EPIPE || sink->error == ECONNRESET || sink->error == EBADF ||
	       (sink->error == EIO && sink->terminal);
}

/* After each try to write: what it says about the reader. */
static void look_at_reader(struct mcast_ctx *ctx)
{
	struct state *state = ctx->state;
	struct sink *sink = &state->sink;
	bool watch;

	if (is_gone(sink) && !is_file(ctx->config)) {
		state->gone = true;
		ctx->counter[UNREAD] += sink->held_len;
		sink->held_len = 0;
		ctx->host->finish(ctx, EXIT_PIPE, "nobody reads its output any more");
	}
	watch = sink->held_len && !sink->error;
	if (watch != state->watched && !ctx->host->wake(ctx, sink->fd, watch ? POLLOUT : 0, 0))
		state->watched = watch;
}

/* Writes the n records in the buffer; those of them that were not taken fail. */
static void write_out(struct mcast_ctx *ctx, unsigned n, uint8_t *verdict)
{
	struct state *state = ctx->state;
	struct rotation *rot = &state->rotation;
	const char *words;
	unsigned taken = 0;

	if (!n)
		return;
	if (!state->gone)
		taken = rotate_write(rot, &state->sink, state->buffer, state->at, n);
	memset(verdict + taken, MCAST_FAIL, n - taken);
	if (state->gone) {
		ctx->counter[FAILED] += n;
		return;
	}

	ctx->counter[ROTATIONS] = rot->done;
	if (rot->error && !state->rotation_failing) {
		words = strerror(rot->error);
		if (rot->error == ELOOP)
			words = "it is a symlink, so give the path that it leads to";
		ctx->host->log(ctx, MCAST_LOG_ERROR, "cannot rotate %s: %s; it grows on", rot->path, words);
	}
	state->rotation_failing = rot->error;

	/* A reader that was too slow has caught up only when nothing waits, else this would be said again and again. */
	look_at_reader(ctx);
	if (!state->gone && (taken < n || !state->sink.held_len))
		tell(ctx, taken == n);
	ctx->counter[LINES] += taken;
	ctx->counter[BYTES] += state->at[taken];
	ctx->counter[FAILED] += n - taken;
}

static int logger_process(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	struct state *state = ctx->state;
	uint32_t first = 0;		/* message whose record is the first in the buffer */
	size_t used = 0;

	if (ctx->flags & MCAST_RUN_REPLAY)
		return 0;
	for (uint32_t i = 0; i < batch->n; i++) {
		const struct mcast_msg *msg = batch->msg[i];

		batch->at = i;
		if (RECORD_BOUND(msg->len) > BUFFER - used) {
			write_out(ctx, i - first, batch->verdict + first);
			first = i;
			used = 0;
		}
		used += format(ctx, state->buffer + used, msg);
		state->at[i - first + 1] = used;
	}
	write_out(ctx, batch->n - first, batch->verdict + first);
	return 0;
}

static int logger_tick(struct mcast_ctx *ctx, uint64_t now_ns)
{
	struct state *state = ctx->state;

	(void)now_ns;
	if (!state->sink.held_len)
		return 0;
	sink_drain(&state->sink);
	look_at_reader(ctx);
	if (!state->gone && !state->sink.held_len)
		tell(ctx, true);
	return 0;
}

static int logger_flush(struct mcast_ctx *ctx)
{
	struct state *state = ctx->state;

	logger_tick(ctx, 0);
	return state->sink.held_len && !state->sink.error ? -EAGAIN : 0;
}

static int logger_event(struct mcast_ctx *ctx, uint32_t event)
{
	struct state *state = ctx->state;
	struct sink fresh;

	if (event != MCAST_EVENT_REOPEN || !is_file(ctx->config) || state->sink.kind == SINK_NONE)
		return 0;
	if (open_sink(ctx, &fresh))
		return 0;		/* the old one goes on */
	if (state->watched)
		ctx->host->wake(ctx, state->sink.fd, 0, 0);
	state->watched = false;
	sink_swap_files(&state->sink, &fresh);
	sink_close(&fresh);
	ctx->counter[REOPENED]++;
	sink_drain(&state->sink);
	look_at_reader(ctx);
	return 0;
}

MCAST_HANDLER("logger", "1.0", .summary = "writes each message as a line: text, JSON, hex or raw",
	      .caps = MCAST_CAP_EFFECTS | MCAST_CAP_FINISH, .config_size = sizeof(struct config), .options = options,
	      .counters = counters, .wants = wants, .check = logger_check, .start = logger_start,
	      .process = logger_process, .tick = logger_tick, .event = logger_event, .flush = logger_flush,
	      .stop = logger_stop);
