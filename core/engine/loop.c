/* engine/loop.c - the map: the worker: from the socket to the end of the chain, batch after batch */
#include "engine/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define ROUNDS_PER_LOOK 16	/* under load, of a batch from each socket: between two looks at what else is ready */
#define FLUSH_SECONDS 5		/* what handlers hold and can't hand out in that time is given up */
#define EVENTS_MAX 64

/* What an epoll event is about, in the high half of its data; the low half says which. */
enum { ABOUT_SOCKET, ABOUT_STAGE, ABOUT_POKE };

/* epoll_event data */
static uint64_t about(uint32_t what, uint32_t which)
{
	return (uint64_t)what << 32 | which;
}

/* ---- what the chain asks of the loop ---------------------------------------------------------- */

static int check_again(void *arg, const uint8_t *data, size_t len, size_t *repaired)
{
	struct loop *loop = arg;

	return sanitize_again(loop->p->sanitize, data, len, repaired) != DROP_NONE;
}

static void repair_again(void *arg, const uint8_t *data, size_t len, uint8_t *out)
{
	struct loop *loop = arg;

	sanitize_repair(loop->p->sanitize, data, len, out);
}

static int watch(void *arg, unsigned stage, int fd, uint32_t events)
{
	struct loop *loop = arg;
	struct epoll_event event = { .events = events, .data.u64 = about(ABOUT_STAGE, stage) };

	events &= POLLIN | POLLPRI | POLLOUT | POLLRDHUP;	/* no EPOLLET and the like: the promise is poll(2)'s */
	if (!events) {
		if (epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL) == 0 || errno == ENOENT || errno == EBADF)
			return 0;
		return -errno;
	}
	/* A closed descriptor leaves the set by itself and its number comes back: ask the kernel which it is. */
	if (epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event) == 0)
		return 0;
	if (errno == ENOENT && epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	return -errno;
}

static int is_stopping(void *arg)
{
	struct loop *loop = arg;

	return atomic_load(&loop->stop) != LOOP_GO;
}

/* ---- life ------------------------------------------------------------------------------------- */

int loop_init(struct loop *loop, struct pipeline *p, uint64_t count, int64_t timeout_ns)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = about(ABOUT_POKE, 0) };

	*loop = (struct loop){
		.p = p,
		.outside = {
			.arg = loop,
			.check = check_again,
			.repair = repair_again,
			.watch = watch,
			.stopping = is_stopping,
			.binary = p->manifest.sanitize.profile == PROFILE_BINARY,
		},
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.poke = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.count = count ? count : UINT64_MAX,
		.timeout_ns = timeout_ns ? (uint64_t)timeout_ns : UINT64_MAX,
	};
	if (loop->epoll < 0 || loop->poke < 0 || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->poke, &event) < 0) {
		int error = -errno;

		loop_finish(loop);
		return error;
	}
	return 0;
}

void loop_finish(struct loop *loop)
{
	messages_end(loop->fresh, loop->fresh_count);
	loop->fresh_count = 0;
	free(loop->fresh);
	free(loop->ready);
	if (loop->epoll >= 0)
		close(loop->epoll);
	if (loop->poke >= 0)
		close(loop->poke);
	loop->fresh = NULL;
	loop->ready = NULL;
	loop->epoll = -1;
	loop->poke = -1;
}

static void poke(struct loop *loop)
{
	const uint64_t one = 1;

	(void)!write(loop->poke, &one, sizeof(one));
}

void loop_stop(struct loop *loop, enum loop_stop how)
{
	if (atomic_load(&loop->stop) < (int)how)
		atomic_store(&loop->stop, (int)how);
	poke(loop);
}

void loop_reopen(struct loop *loop)
{
	atomic_store(&loop->reopen, true);
	poke(loop);
}

/* ---- datagrams -------------------------------------------------------------------------------- */

static bool is_over(const struct loop *loop)
{
	return loop->broken || loop->count == 0 || atomic_load(&loop->stop) != LOOP_GO ||
	       chain_finished(loop->p->chain);
}

/* An error of the socket itself, such as an interface that went down: told once a second at most. */
static void tell_trouble(struct loop *loop, unsigned socket, int error, uint64_t now)
{
	const struct receiver_socket *s = receiver_socket(loop->p->receiver, socket);
	char group[ADDRESS_TEXT];

	if (loop->trouble_ns && now - loop->trouble_ns < CLOCK_SECOND)
		return;
	loop->trouble_ns = now;
	address_port_text(group, &s->group);
	log_warning("receiving from %s on %s: %s", group, s->interface.name, strerror(error));
}

/* Takes what one socket has and passes it through sanitizer and chain. */
static void carry(struct loop *loop, unsigned socket, uint64_t now)
{
	unsigned limit = loop->count < BATCH_MAX ? (unsigned)loop->count : BATCH_MAX;
	struct batch batch;
	unsigned passed;
	int n;

	n = receiver_receive(loop->p->receiver, socket, limit, &batch);
	if (n < (int)limit)
		loop->ready[socket] = false;
	if (n < 0)
		tell_trouble(loop, socket, -n, now);
	if (n <= 0)
		return;

	if (loop->count != UINT64_MAX)
		loop->count -= (unsigned)n;
	loop->heard_ns = now;
	loop->paused = false;
	loop->lost += batch.lost;

	passed = sanitize_batch(loop->p->sanitize, &batch, now, loop->fresh);
	if (!passed)
		return;
	chain_run(loop->p->chain, loop->fresh, passed, now, loop->lost);
	loop->lost = 0;

	/* The chain has ended the first ones; those behind them were not used. */
	memmove(loop->fresh, loop->fresh + passed, (loop->fresh_count - passed) * sizeof(*loop->fresh));
	loop->fresh_count -= passed;
	if (messages_take(loop->p->messages, loop->fresh + loop->fresh_count, passed) == 0)
		loop->fresh_count += passed;
	else
		loop->broken = true;
}

/* ---- time ------------------------------------------------------------------------------------- */

static void tell_losses(struct loop *loop)
{
	uint64_t lost = 0;

	for (unsigned i = 0; i < loop->sockets; i++)
		lost += receiver_socket(loop->p->receiver, i)->lost;
	if (lost == loop->lost_told)
		return;
	log_warning("the kernel dropped %llu datagrams, %llu since the start: the receive buffer was full",
		    (unsigned long long)(lost - loop->lost_told), (unsigned long long)lost);
	loop->lost_told = lost;
}

static void work_of_a_second(struct loop *loop, uint64_t now)
{
	if (now < loop->second_ns)
		return;
	loop->second_ns = now + CLOCK_SECOND;
	loop->lost += receiver_ask_lost(loop->p->receiver);
	tell_losses(loop);
	chain_tick(loop->p->chain, now);
}

/* Milliseconds until something is due, for epoll_wait(2): rounded up, or the loop would spin the last one. */
static int wait_ms(uint64_t now, uint64_t due)
{
	if (due <= now)
		return 0;
	return (int)((due - now + 999999) / 1000000);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Asks what is ready, waiting at most until due, and serves what isn't a socket. */
static void look(struct loop *loop, uint64_t now, uint64_t due)
{
	struct epoll_event event[EVENTS_MAX];
	int n = epoll_wait(loop->epoll, event, EVENTS_MAX, wait_ms(now, due));
	uint64_t count;

	now = clock_mono_ns();
	for (int i = 0; i < n; i++) {
		uint32_t which = (uint32_t)event[i].data.u64;

		switch (event[i].data.u64 >> 32) {
		case ABOUT_SOCKET:
			loop->ready[which] = true;
			break;
		case ABOUT_STAGE:
			chain_ready(loop->p->chain, which, now);
			break;
		default:
			(void)!read(loop->poke, &count, sizeof(count));
			if (atomic_exchange(&loop->reopen, false))
				chain_event(loop->p->chain, MCAST_EVENT_REOPEN, now);
		}
	}
}

/* The input does not pause: what handlers asked to be woken by gets its turn all the same. */
static void look_aside(struct loop *loop, uint64_t now)
{
	chain_due(loop->p->chain, now);
	look(loop, now, 0);
}

/* Whether no datagram came for as long as was asked for: those that came while handlers worked still wait in the
 * sockets. */
static bool was_silent(struct loop *loop, uint64_t now)
{
	if (loop->timeout_ns == UINT64_MAX || now - loop->heard_ns < loop->timeout_ns)
		return false;
	look(loop, now, 0);
	for (unsigned i = 0; i < loop->sockets; i++)
		if (loop->ready[i])
			return false;
	return true;
}

/* Everything that was there is through: handlers may flush, and then the worker sleeps. */
static void pause_input(struct loop *loop)
{
	uint64_t now = clock_mono_ns();
	uint64_t due;

	if (!loop->paused)
		chain_tick(loop->p->chain, now);
	loop->paused = true;
	due = earlier(chain_due(loop->p->chain, now), loop->second_ns);
	if (loop->timeout_ns != UINT64_MAX)
		due = earlier(due, loop->heard_ns + loop->timeout_ns);
	if (is_over(loop))
		return;
	look(loop, now, due);
}

/* ---- the loop --------------------------------------------------------------------------------- */

/* One batch from each socket that may have something. Returns whether any still may. */
static bool run_round(struct loop *loop)
{
	bool more = false;

	for (unsigned i = 0; i < loop->sockets && !is_over(loop); i++) {
		if (!loop->ready[i])
			continue;
		carry(loop, i, clock_mono_ns());
		more |= loop->ready[i];
	}
	return more;
}

static int prepare(struct loop *loop)
{
	struct receiver *receiver = loop->p->receiver;

	loop->sockets = receiver_sockets(receiver);
	loop->ready = calloc(loop->sockets, sizeof(*loop->ready));
	loop->fresh = calloc(BATCH_MAX, sizeof(*loop->fresh));
	if (!loop->ready || !loop->fresh)
		return -ENOMEM;
	if (messages_take(loop->p->messages, loop->fresh, BATCH_MAX) != 0)
		return -ENOMEM;
	loop->fresh_count = BATCH_MAX;

	for (unsigned i = 0; i < loop->sockets; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u64 = about(ABOUT_SOCKET, i) };

		if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, receiver_fd(receiver, i), &event) < 0)
			return -errno;
	}
	loop->heard_ns = clock_mono_ns();
	loop->second_ns = loop->heard_ns + CLOCK_SECOND;
	return 0;
}

/* Lets the handlers hand out what they hold, front to back, as long as that takes and is allowed to take. Each is asked
 * once at least: one that is never done takes nothing from those behind it. */
static void flush(struct loop *loop)
{
	uint64_t now = clock_mono_ns();
	uint64_t end = now + FLUSH_SECONDS * CLOCK_SECOND;

	for (unsigned i = 0; i < loop->sockets; i++)
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, receiver_fd(loop->p->receiver, i), NULL);
	while (chain_flush(loop->p->chain, now) == -EAGAIN) {
		if (now >= end || atomic_load(&loop->stop) == LOOP_AT_ONCE) {
			log_warning("%s still holds what nobody takes from it: given up",
				    chain_give_up(loop->p->chain));
			continue;
		}
		look(loop, now, earlier(earlier(chain_due(loop->p->chain, now), end), now + CLOCK_SECOND / 20));
		now = clock_mono_ns();
	}
}

int loop_run(struct loop *loop)
{
	unsigned rounds = 0;
	int error;

	error = prepare(loop);
	if (error)
		return error;

	while (!is_over(loop)) {
		bool more = run_round(loop);
		uint64_t now = clock_mono_ns();

		work_of_a_second(loop, now);
		if (!more && was_silent(loop, now))
			break;
		if (!more)
			pause_input(loop);
		else if (++rounds % ROUNDS_PER_LOOK == 0)
			look_aside(loop, now);
	}
	loop->lost += receiver_ask_lost(loop->p->receiver);
	tell_losses(loop);
	flush(loop);
	return loop->broken ? -ENOMEM : 0;
}
