/* forward - sends every message on, to udp, tcp and unix peers
 *
 * A message passes on whatever becomes of it here: peers that refuse, are away or are too slow are
 * counted, not felt. One batch is made into datagrams and frames once (payload.c) and then offered to each
 * target (target.c), which sends it at once, buffers it, or drops it. For each target, at any time:
 *     offered = sent + dropped + buffered */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <mcast/handler.h>

#include "base/address.h"
#include "payload.h"
#include "target.h"
#include "url.h"

#define EVENTS 16		/* taken from epoll at once; what is more waits for the next tick */

struct config {
	const char *const *to;
	int64_t payload;	/* enum payload_form */
	int64_t framing;	/* enum payload_framing */
	int64_t buffer;		/* bytes */
	int64_t on_full;	/* enum on_full */
};

enum on_full { DROP_OLDEST, DROP_NEWEST };

static const char *const payload_choices[] = { "raw", "record", NULL };
static const char *const framing_choices[] = { "newline", "octet-count", NULL };
static const char *const on_full_choices[] = { "drop-oldest", "drop-newest", NULL };

static const struct mcast_option options[] = {
	MCAST_OPTION(struct config, to, const char *const *, MCAST_OPT_STRINGS, MCAST_OPT_REQUIRED, NULL, NULL, NULL,
		     "where to: udp://host:port[?ttl=N][&interface=NAME], tcp://host:port, unix:///path", NULL),
	MCAST_ENUM(struct config, payload, "raw", payload_choices, "the bytes as they are, or a JSON record"),
	MCAST_ENUM(struct config, framing, "newline", framing_choices,
		   "in streams: a line each (CR and LF inside become spaces), or RFC 6587 octet counting"),
	MCAST_SIZE(struct config, buffer, "8M", "4k", "1G", "bytes that wait for a peer, at most, for each target"),
	MCAST_ENUM(struct config, on_full, "drop-oldest", on_full_choices, "what goes when the buffer is full"),
	MCAST_END,
};

static const struct mcast_counter counters[] = {
	[COUNT_OFFERED] = { "offered", "messages, once for each target" },
	[COUNT_SENT] = { "sent", "messages handed to the kernel whole" },
	[COUNT_DROPPED] = { "dropped", "messages lost here: buffer full, too long, left at the end" },
	[COUNT_BUFFERED] = { "buffered", "messages that wait for a peer now" },
	[COUNT_ERRORS] = { "errors", "refused, unreachable and lost peers, failed lookups and sends" },
	[COUNT_RECONNECTS] = { "reconnects", "connections made again" },
	[COUNT_BYTES] = { "bytes", "bytes handed to the kernel, framing included" },
	[COUNT_REPLACED] = { "replaced", "CR and LF that became spaces" },
	{ NULL, NULL },
};

static const char *const wants[] = { "json", NULL };

struct forward {		/* one for each worker */
	struct target_place place;
	struct payload payload;
	bool streams;		/* at least one target is a stream */
	unsigned targets;
	struct target target[];
};

/* ---- options ---- */

static int check_one(const char *const *to, unsigned i, struct why *why)
{
	struct url url;

	for (unsigned k = 0; k < i; k++) {
		if (strcmp(to[k], to[i]))
			continue;
		why_set(why, "\"%s\" is to[%u] too: it would get each message twice", to[i], k);
		return -EINVAL;
	}
	return url_parse(&url, to[i], why);
}

static int forward_check(const void *config_, char *text, size_t size)
{
	const struct config *config = config_;
	struct why why = { "" };

	if (!config->to[0]) {
		snprintf(text, size, "to: names no target; give at least one URL");
		return -EINVAL;
	}
	for (unsigned i = 0; config->to[i]; i++) {
		if (!check_one(config->to, i, &why))
			continue;
		snprintf(text, size, "to[%u]: %s", i, why.text);
		return -EINVAL;
	}
	return 0;
}

/* Refuses what would come back for ever; on which interface it is heard does not matter, for the network may
 * carry it there. Names are looked at once they have been looked up. */
static int forward_create(struct mcast_ctx *ctx)
{
	const struct config *config = ctx->config;

	for (unsigned i = 0; config->to[i]; i++) {
		char group[ADDRESS_TEXT];
		struct why why;
		struct url url;
		int rc = url_parse(&url, config->to[i], &why);

		if (rc)
			return rc;
		if (url.kind != URL_UDP || !url.literal || !target_heard(ctx, &url.addr))
			continue;
		address_port_text(group, &url.addr);
		ctx->host->log(ctx, MCAST_LOG_ERROR,
			       "to[%u]: \"%s\": the listener hears %s itself, so that each message would "
			       "come back for ever; choose another group or port",
			       i, url.text, group);
		return -EINVAL;
	}
	return 0;
}

/* ---- life ---- */

static int start_targets(struct forward *forward, const struct config *config)
{
	struct why why;
	struct url url;
	int rc;

	for (unsigned i = 0; config->to[i]; i++) {
		rc = url_parse(&url, config->to[i], &why);
		if (rc)
			return rc;
		rc = target_init(&forward->target[i], &forward->place, &url);
		forward->targets++;
		if (rc)
			return rc;
		forward->streams |= url.kind != URL_UDP;
	}
	return 0;
}

static void forward_stop(struct mcast_ctx *ctx)
{
	struct forward *forward = ctx->state;

	if (!forward)
		return;
	for (unsigned i = 0; i < forward->targets; i++)
		target_finish(&forward->target[i]);
	payload_finish(&forward->payload);
	if (forward->place.epoll >= 0) {
		ctx->host->wake(ctx, forward->place.epoll, 0, 0);
		close(forward->place.epoll);
	}
	free(forward);
	ctx->state = NULL;
}

/* Reaches out to nobody yet: the first tick does, which knows the time. */
static int forward_start(struct mcast_ctx *ctx)
{
	const struct config *config = ctx->config;
	struct forward *forward;
	unsigned n = 0;
	int rc;

	if (ctx->flags & MCAST_RUN_REPLAY)	/* nothing leaves the process */
		return 0;
	while (config->to[n])
		n++;
	forward = calloc(1, sizeof(*forward) + n * sizeof(forward->target[0]));
	if (!forward)
		return -ENOMEM;
	ctx->state = forward;
	forward->place.ctx = ctx;
	forward->place.buffer = (size_t)config->buffer;
	forward->place.drop_oldest = config->on_full == DROP_OLDEST;
	forward->place.epoll = epoll_create1(EPOLL_CLOEXEC);
	rc = forward->place.epoll < 0 ? -errno : 0;
	if (!rc)
		rc = payload_init(&forward->payload, (enum payload_form)config->payload,
				  (enum payload_framing)config->framing);
	if (!rc)
		rc = start_targets(forward, config);
	if (!rc)
		rc = ctx->host->wake(ctx, forward->place.epoll, EPOLLIN, 0);
	if (!rc)
		rc = ctx->host->wake(ctx, -1, 0, 1);
	if (rc)
		forward_stop(ctx);
	return rc;
}

/* ---- work ---- */

static uint64_t earliest_due(const struct forward *forward)
{
	uint64_t due = TARGET_NEVER;

	for (unsigned i = 0; i < forward->targets; i++)
		if (forward->target[i].due < due)
			due = forward->target[i].due;
	return due;
}

/* What the peers have to say, and whose time has come. */
static void attend(struct forward *forward, bool timers)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(forward->place.epoll, events, EVENTS, 0);

	for (int i = 0; i < n; i++)
		target_event(events[i].data.ptr, events[i].events);
	for (unsigned i = 0; timers && i < forward->targets; i++)
		target_tick(&forward->target[i]);
}

static void ask_for_tick(struct mcast_ctx *ctx, struct forward *forward)
{
	uint64_t due = earliest_due(forward);

	if (due != TARGET_NEVER)
		ctx->host->wake(ctx, -1, 0, due);
}

static int forward_tick(struct mcast_ctx *ctx, uint64_t now_ns)
{
	struct forward *forward = ctx->state;

	if (!forward)
		return 0;
	forward->place.now_ns = now_ns;
	attend(forward, true);
	ask_for_tick(ctx, forward);
	return 0;
}

static int forward_batch(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	struct forward *forward = ctx->state;
	struct payload *payload;
	int rc;

	if (!forward)
		return 0;
	payload = &forward->payload;
	rc = payload_make(payload, ctx, batch, forward->streams);
	if (rc)
		return rc;
	forward->place.now_ns = batch->now_ns;
	ctx->counter[COUNT_REPLACED] += payload->replaced;
	if (earliest_due(forward) <= batch->now_ns)	/* input without a pause must not keep peers away */
		attend(forward, true);

	for (unsigned i = 0; i < forward->targets; i++) {
		struct target *target = &forward->target[i];

		if (target->url.kind == URL_UDP) {
			target_offer(target, payload->datagram, payload->datagrams);
			continue;
		}
		target_offer(target, payload->stream, payload->streams);
		ctx->counter[COUNT_OFFERED] += payload->datagrams - payload->streams;	/* empty ones, see payload.h */
		ctx->counter[COUNT_DROPPED] += payload->datagrams - payload->streams;
	}
	ask_for_tick(ctx, forward);
	return 0;
}

/* Goes on while a peer is there, or may be in a moment; what waits for one that is away is given up. */
static int forward_flush(struct mcast_ctx *ctx)
{
	struct forward *forward = ctx->state;

	if (!forward)
		return 0;
	attend(forward, false);
	for (unsigned i = 0; i < forward->targets; i++)
		if (target_pending(&forward->target[i]))
			return -EAGAIN;
	return 0;
}

MCAST_HANDLER("forward", "1.0", .summary = "sends every message on, to udp, tcp and unix peers",
	      .caps = MCAST_CAP_EFFECTS, .config_size = sizeof(struct config), .options = options,
	      .counters = counters, .wants = wants, .check = forward_check, .create = forward_create,
	      .start = forward_start, .process = forward_batch, .tick = forward_tick,
	      .flush = forward_flush, .stop = forward_stop);
