/* target.c - forward: one peer that messages are sent to: found, connected, tried again, fed */
#include "target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/address.h"
#include "base/clock.h"
#include "stream.h"
#include "udp.h"

#define CONNECT_TIME (10 * CLOCK_SECOND)	/* for one address */
#define STEADY_TIME (5 * CLOCK_SECOND)		/* a connection that held so long was a good one */
#define LOOKUP_AGAIN (30 * CLOCK_SECOND)	/* a name whose addresses all refuse datagrams */
#define FRAMES 64				/* taken from the buffer for one call */
#define ROUNDS 16				/* such calls before the chain goes on */

bool target_heard(const struct mcast_ctx *ctx, const struct mcast_addr *addr)
{
	for (uint32_t i = 0; i < ctx->listens; i++)
		if (address_same(&ctx->listen[i], addr))
			return true;
	return false;
}

void target_count(struct target *target, unsigned counter, uint64_t n)
{
	target->place->ctx->counter[counter] += n;
}

static void say(struct target *target, int level, const char *what)
{
	struct mcast_ctx *ctx = target->place->ctx;

	ctx->host->log(ctx, level, "%s: %s", target->url.text, what);
}

void target_trouble(struct target *target, const char *what)
{
	target_count(target, COUNT_ERRORS, 1);
	if (!target->told)
		say(target, MCAST_LOG_WARNING, what);
	target->told = true;
}

int target_init(struct target *target, struct target_place *place, const struct url *url)
{
	memset(target, 0, sizeof(*target));
	target->place = place;
	target->url = *url;
	target->fd = -1;
	return ring_init(&target->ring, place->buffer);
}

/* ---- what epoll watches ---- */

static void watch(struct target *target, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = target };

	if (target->watched != events && !epoll_ctl(target->place->epoll, EPOLL_CTL_MOD, target->fd, &event))
		target->watched = events;
}

static int watch_new(struct target *target, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = target };

	target->watched = events;
	return epoll_ctl(target->place->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static bool holds(const struct target *target)
{
	return target->ring.count || target->partial;
}

/* The peer's words and its end are always of interest, room for more bytes only while some wait. */
static void watch_up(struct target *target)
{
	uint32_t events = target->url.kind == URL_UDP ? 0 : EPOLLIN | EPOLLRDHUP;

	watch(target, holds(target) ? events | EPOLLOUT : events);
}

/* ---- away: closing, trying again ---- */

static void close_all(struct target *target)
{
	if (target->fd >= 0)
		close(target->fd);	/* epoll forgets it by itself */
	target->fd = -1;
	if (target->lookup)
		epoll_ctl(target->place->epoll, EPOLL_CTL_DEL, resolve_fd(target->lookup), NULL);
	resolve_drop(target->lookup);
	target->lookup = NULL;
	target->partial_sent = 0;
}

static void retry_later(struct target *target)
{
	uint32_t chance = (uint32_t)target->place->now_ns;

	(void)!getrandom(&chance, sizeof(chance), GRND_NONBLOCK);
	close_all(target);
	target->state = TARGET_WAITING;
	target->due = target->place->now_ns + backoff_next(&target->backoff, chance);
}

static void lost(struct target *target, int error)
{
	target_trouble(target, error == EPIPE ? "the peer closed the connection; trying again" : strerror(error));
	if (target->place->now_ns - target->since >= STEADY_TIME)
		backoff_reset(&target->backoff);
	retry_later(target);
}

/* ---- there: sending ---- */

static int open_address(struct target *target)
{
	const struct resolved *address = &target->address[target->at];

	if (target->url.kind != URL_UDP)
		return stream_open(&target->url, address);
	if (target_heard(target->place->ctx, &address->addr))
		return -ELOOP;
	return udp_open(&target->url, address);
}

/* Goes back to where the target was begun. */
static void begin_again(struct target *target)
{
	close_all(target);
	target->state = TARGET_WAITING;
	target->due = target->place->now_ns;
}

/* A host refuses datagrams. Where it has a name, another of its addresses may take them, or one that the name has
 * by now: localhost is often ::1 first, while the peer listens on 127.0.0.1. A socket keeps the address and the
 * interface of ours that it was connected by: where these have gone, a new one may find its way. */
static void try_elsewhere(struct target *target, int error)
{
	uint64_t now = target->place->now_ns;
	bool all = target->at + 1 == target->addresses;

	if (target->url.literal) {
		if ((error == ENETUNREACH || error == ENODEV) && now - target->since >= STEADY_TIME)
			begin_again(target);
		return;
	}
	if (all && now - target->looked_up >= LOOKUP_AGAIN) {
		begin_again(target);
		return;
	}
	if (all && target->addresses == 1)
		return;
	close_all(target);
	target->at = all ? 0 : target->at + 1;
	target->fd = open_address(target);
	if (target->fd < 0 || watch_new(target, target->fd, 0))
		retry_later(target);
}

/* Sends frames to a peer that is up: how many are out of the caller's hands. The target may be down afterwards. */
static unsigned send_frames(struct target *target, const struct frame *frames, unsigned n)
{
	int done, refused = 0;

	if (target->url.kind == URL_UDP) {
		n = udp_send(target, frames, n, &refused);
		if (refused)
			try_elsewhere(target, refused);
		return n;
	}
	done = stream_send(target, frames, n);
	if (done >= 0)
		return (unsigned)done;
	lost(target, -done);
	return 0;
}

/* Sends what is buffered, as far as the peer takes it and the chain can be kept waiting. */
static void send_buffered(struct target *target)
{
	struct frame frames[FRAMES];
	int rc = target->partial ? stream_send_rest(target) : 0;

	if (rc)
		lost(target, -rc);
	for (unsigned round = 0; round < ROUNDS && target->state == TARGET_UP; round++) {
		unsigned n, done;

		if (target->partial || !target->ring.count)
			break;
		n = ring_peek(&target->ring, frames, FRAMES);
		done = send_frames(target, frames, n);
		target_count(target, COUNT_BUFFERED, -(uint64_t)done);
		for (unsigned i = 0; i < done; i++)
			ring_pop(&target->ring);
		if (done < n)
			break;
	}
	if (target->state == TARGET_UP)
		watch_up(target);
}

/* Buffers a frame, or drops what on_full says. */
static void buffer_frame(struct target *target, const struct frame *frame)
{
	while (!ring_push(&target->ring, frame)) {
		target_count(target, COUNT_DROPPED, 1);
		if (!target->place->drop_oldest || !ring_fits(&target->ring, frame))
			return;
		ring_pop(&target->ring);
		target_count(target, COUNT_BUFFERED, (uint64_t)-1);
	}
	target_count(target, COUNT_BUFFERED, 1);
}

void target_offer(struct target *target, const struct frame *frames, unsigned n)
{
	unsigned done = 0;

	target_count(target, COUNT_OFFERED, n);
	if (target->state == TARGET_UP && holds(target))
		send_buffered(target);
	if (target->state == TARGET_UP && !holds(target) && n)
		done = send_frames(target, frames, n);
	for (unsigned i = done; i < n; i++)
		buffer_frame(target, &frames[i]);
	if (target->state == TARGET_UP)
		watch_up(target);
}

/* ---- on the way there ---- */

static void up(struct target *target)
{
	target->state = TARGET_UP;
	target->due = TARGET_NEVER;
	target->since = target->place->now_ns;
	if (target->was_up)
		target_count(target, COUNT_RECONNECTS, 1);
	if (target->url.kind != URL_UDP)
		say(target, MCAST_LOG_INFO, target->was_up ? "connected again" : "connected");
	target->was_up = true;
	target->told = false;
	send_buffered(target);
}

/* Opens the address in hand, or the first of those behind it that can be opened. */
static void open_next(struct target *target)
{
	bool udp = target->url.kind == URL_UDP;
	int rc;

	for (; target->at < target->addresses; target->at++) {
		target->fd = open_address(target);
		rc = target->fd < 0 ? target->fd : watch_new(target, target->fd, udp ? 0 : EPOLLOUT);
		if (!rc && udp) {
			up(target);
			return;
		}
		if (!rc) {
			target->state = TARGET_CONNECTING;
			target->due = target->place->now_ns + CONNECT_TIME;
			return;
		}
		target_trouble(target, rc == -ELOOP ? "is a group that the listener hears itself" : strerror(-rc));
		close_all(target);
	}
	retry_later(target);
}

/* The address in hand is none. */
static void connect_failed(struct target *target, int error)
{
	target_trouble(target, strerror(error));
	close_all(target);
	target->at++;
	open_next(target);
}

static void look_up(struct target *target)
{
	int rc = resolve_start(&target->lookup, target->url.host);

	if (!rc)
		rc = watch_new(target, resolve_fd(target->lookup), EPOLLIN);
	if (rc) {
		target_trouble(target, strerror(-rc));
		retry_later(target);
		return;
	}
	target->looked_up = target->place->now_ns;
	target->state = TARGET_LOOKUP;
	target->due = TARGET_NEVER;
}

static void looked_up(struct target *target)
{
	const char *why;
	int n = resolve_take(target->lookup, target->address, &why);

	if (n == -EAGAIN)
		return;
	if (n < 0) {
		target_trouble(target, why);
		retry_later(target);
		return;
	}
	close_all(target);
	for (int i = 0; i < n; i++)
		target->address[i].addr.port = target->url.addr.port;
	target->addresses = (unsigned)n;
	open_next(target);
}

static void begin(struct target *target)
{
	target->at = 0;
	target->addresses = 1;
	target->address[0].addr = target->url.addr;
	if (target->url.kind == URL_UNIX || target->url.literal)
		open_next(target);
	else
		look_up(target);
}

void target_tick(struct target *target)
{
	if (target->due > target->place->now_ns)
		return;
	if (target->state == TARGET_WAITING)
		begin(target);
	else if (target->state == TARGET_CONNECTING)
		connect_failed(target, ETIMEDOUT);
}

static void event_up(struct target *target, uint32_t events)
{
	int error = 0;

	if (target->url.kind == URL_UDP) {
		if (events & EPOLLERR)
			error = stream_error(target->fd);
		if (error)
			target_trouble(target, strerror(error));
		if (error && target->state == TARGET_UP)
			try_elsewhere(target, error);
	} else if (events & ~(uint32_t)EPOLLOUT) {
		error = -stream_drain(target->fd);
		if (error)
			lost(target, error);
	}
	if (target->state == TARGET_UP && holds(target))
		send_buffered(target);
}

void target_event(struct target *target, uint32_t events)
{
	int error;

	if (target->state == TARGET_LOOKUP) {
		looked_up(target);
	} else if (target->state == TARGET_CONNECTING) {
		error = stream_connected(target->fd);
		if (error)
			connect_failed(target, error);
		else
			up(target);
	} else if (target->state == TARGET_UP) {
		event_up(target, events);
	}
}

bool target_pending(const struct target *target)
{
	return target->state != TARGET_WAITING && holds(target);
}

void target_finish(struct target *target)
{
	uint64_t left = target->ring.count + (target->partial ? 1 : 0);

	if (!target->place)
		return;
	close_all(target);
	target_count(target, COUNT_DROPPED, left);
	target_count(target, COUNT_BUFFERED, -left);
	free(target->partial);
	ring_finish(&target->ring);
}
