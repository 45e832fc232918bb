/* handler/message.c - stage 4 of 4: socket > sanitize > chain > [handler]: who holds a message, and its own bytes
 *
 * The worker takes records from a stack of pointers and puts them back there. The one thing that other
 * threads do is give back keeps: a record whose last hold goes that way is pushed on a lock-free
 * list, which the worker takes as a whole before it takes records. Push and take-all need no
 * protection against ABA, for nothing is ever popped singly. */
#include "handler/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/datagram.h"

#define CHUNK 64		/* records that are made at once: a batch */
#define BEHIND 64		/* bytes that may be read behind the payload */
#define SMALLEST 128		/* bytes of the first step of sizes; each further one holds twice as much */
#define STEPS 10		/* the last: DATAGRAM_MAX */
#define IDLE_MAX (8 << 20)	/* bytes that lie in free lists; what is more goes back to malloc */
#define CACHE_LINE 64

struct message_bytes {
	struct message_bytes *next;	/* in its step's free list */
	uint32_t step;
	uint8_t data[];			/* step_size(step) + BEHIND */
};

struct chunk {
	struct chunk *next;
	unsigned char *records;		/* CHUNK of them, home->stride apart */
};

struct messages {
	struct message **free;		/* free_n of them; has room for all records */
	size_t free_n;
	size_t records;
	size_t stride;			/* bytes from one record to the next */
	struct chunk *chunks;
	struct message_bytes *bytes[STEPS];	/* free ones */
	size_t idle;			/* bytes in them */
	uint64_t kept_limit;
	/* What other threads write stands on a line of its own. */
	_Alignas(CACHE_LINE) struct message *_Atomic released;
	_Atomic uint64_t kept;
};

int messages_create(struct messages **out, unsigned attrs, uint64_t kept_limit)
{
	struct messages *home;

	if (attrs > MESSAGE_ATTRS)
		return -EINVAL;
	home = aligned_alloc(CACHE_LINE, sizeof(*home));
	if (!home)
		return -ENOMEM;
	memset(home, 0, sizeof(*home));
	home->kept_limit = kept_limit;
	home->stride = sizeof(struct message) + attrs * sizeof(void *);
	home->stride = (home->stride + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	*out = home;
	return 0;
}

static struct message *record(const struct messages *home, const struct chunk *chunk, unsigned i)
{
	return (struct message *)(void *)(chunk->records + i * home->stride);
}

static void free_chunk(struct messages *home, struct chunk *chunk)
{
	for (unsigned i = 0; i < CHUNK; i++)
		free(record(home, chunk, i)->own);
	free(chunk->records);
	free(chunk);
}

void messages_destroy(struct messages *home)
{
	struct message_bytes *bytes;
	struct chunk *chunk;

	if (!home)
		return;
	while ((chunk = home->chunks)) {
		home->chunks = chunk->next;
		free_chunk(home, chunk);
	}
	for (unsigned i = 0; i < STEPS; i++) {
		while ((bytes = home->bytes[i])) {
			home->bytes[i] = bytes->next;
			free(bytes);
		}
	}
	free(home->free);
	free(home);
}

static int add_chunk(struct messages *home)
{
	struct message **grown;
	struct chunk *chunk;

	grown = realloc(home->free, (home->records + CHUNK) * sizeof(struct message *));
	if (!grown)
		return -ENOMEM;
	home->free = grown;
	chunk = malloc(sizeof(*chunk));
	if (!chunk)
		return -ENOMEM;
	chunk->records = aligned_alloc(CACHE_LINE, CHUNK * home->stride);
	if (!chunk->records) {
		free(chunk);
		return -ENOMEM;
	}
	memset(chunk->records, 0, CHUNK * home->stride);
	for (unsigned i = 0; i < CHUNK; i++) {
		struct message *m = record(home, chunk, i);

		m->home = home;
		m->msg.engine = m;
		home->free[home->free_n++] = m;
	}
	home->records += CHUNK;
	chunk->next = home->chunks;
	home->chunks = chunk;
	return 0;
}

/* ---- bytes ------------------------------------------------------------------------------ */

static size_t step_size(unsigned step)
{
	return step == STEPS - 1 ? DATAGRAM_MAX : (size_t)SMALLEST << step;
}

static unsigned step_for(uint32_t len)
{
	unsigned step = 0;

	while (step_size(step) < len)
		step++;
	return step;
}

/* What bytes of this step take in memory. */
static size_t footprint(unsigned step)
{
	return sizeof(struct message_bytes) + step_size(step) + BEHIND;
}

static struct message_bytes *bytes_take(struct messages *home, uint32_t len)
{
	unsigned step = step_for(len);
	struct message_bytes *bytes = home->bytes[step];

	if (bytes) {
		home->bytes[step] = bytes->next;
		home->idle -= footprint(step);
		return bytes;
	}
	bytes = malloc(footprint(step));
	if (bytes)
		bytes->step = step;
	return bytes;
}

static void bytes_give(struct messages *home, struct message_bytes *bytes)
{
	if (home->idle + footprint(bytes->step) > IDLE_MAX) {
		free(bytes);
		return;
	}
	home->idle += footprint(bytes->step);
	bytes->next = home->bytes[bytes->step];
	home->bytes[bytes->step] = bytes;
}

/* Makes the bytes m's own; len: how many there will be, of which the old ones are copied. */
static int own_bytes(struct message *m, uint32_t len)
{
	struct message_bytes *bytes = bytes_take(m->home, len);
	uint32_t old = len < m->msg.len ? len : m->msg.len;

	if (!bytes)
		return -ENOMEM;
	if (old)
		memcpy(bytes->data, m->msg.data, old);
	if (m->own)
		bytes_give(m->home, m->own);
	m->own = bytes;
	m->msg.data = bytes->data;
	return 0;
}

static void own_addresses(struct message *m)
{
	const struct mcast_msg *msg = &m->msg;

	if (msg->src != &m->address[0]) {
		m->address[0] = *msg->src;
		m->msg.src = &m->address[0];
	}
	if (msg->group != &m->address[1]) {
		m->address[1] = *msg->group;
		m->msg.group = &m->address[1];
	}
}

uint8_t *message_own(struct message *m, uint32_t len)
{
	if (len > DATAGRAM_MAX)
		return NULL;
	if (!m->own || step_size(m->own->step) < len) {
		if (own_bytes(m, len))
			return NULL;
	}
	if (len > m->msg.len)
		memset(m->own->data + m->msg.len, 0, len - m->msg.len);
	m->msg.len = len;
	return m->own->data;
}

/* ---- records ---------------------------------------------------------------------------- */

/* Puts a record that nobody holds back on the stack. */
static void put_back(struct messages *home, struct message *m)
{
	if (m->own) {
		bytes_give(home, m->own);
		m->own = NULL;
		m->touched = false;
	}
	home->free[home->free_n++] = m;
}

/* Takes in what other threads have released. */
static void gather(struct messages *home)
{
	struct message *m, *next;

	if (!atomic_load_explicit(&home->released, memory_order_relaxed))
		return;
	m = atomic_exchange_explicit(&home->released, NULL, memory_order_acquire);
	for (; m; m = next) {
		next = m->next;
		put_back(home, m);
	}
}

int messages_take(struct messages *home, struct mcast_msg **out, unsigned n)
{
	gather(home);
	while (home->free_n < n) {
		if (add_chunk(home))
			return -ENOMEM;
	}
	home->free_n -= n;
	for (unsigned i = 0; i < n; i++) {
		struct message *m = home->free[home->free_n + i];

		atomic_store_explicit(&m->holds, MESSAGE_HOLD, memory_order_relaxed);
		out[i] = &m->msg;
	}
	return 0;
}

/* Nobody else can add a hold to a record that one holds alone: so there the dear atomic subtraction is spared. */
static bool give_up(struct message *m, uint32_t hold)
{
	if (atomic_load_explicit(&m->holds, memory_order_acquire) == hold) {
		atomic_store_explicit(&m->holds, 0, memory_order_relaxed);
		return true;
	}
	return atomic_fetch_sub_explicit(&m->holds, hold, memory_order_acq_rel) == hold;
}

/* Bytes count as kept until the record is free, whoever holds it last. */
static void uncount(struct message *m)
{
	if (m->kept) {
		atomic_fetch_sub_explicit(&m->home->kept, m->kept, memory_order_relaxed);
		m->kept = 0;
	}
}

void messages_end(struct mcast_msg *const *msg, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct message *m = (struct message *)msg[i];

		if (give_up(m, MESSAGE_HOLD)) {
			uncount(m);
			put_back(m->home, m);
		}
	}
}

int message_keep(struct message *m)
{
	uint32_t holds = atomic_load_explicit(&m->holds, memory_order_relaxed);
	struct messages *home = m->home;
	size_t cost;

	if (!holds)
		return -EINVAL;
	if ((holds & (MESSAGE_HOLD - 1)) == MESSAGE_HOLD - 1)
		return -ENOBUFS;
	if (!m->kept) {
		cost = home->stride + footprint(m->own ? m->own->step : step_for(m->msg.len));
		/* Others only make it less, so what fits now fits. */
		if (atomic_load_explicit(&home->kept, memory_order_relaxed) + cost > home->kept_limit)
			return -ENOBUFS;
		if (!m->own && own_bytes(m, m->msg.len))
			return -ENOMEM;
		own_addresses(m);
		m->kept = (uint32_t)cost;
		atomic_fetch_add_explicit(&home->kept, cost, memory_order_relaxed);
	}
	atomic_fetch_add_explicit(&m->holds, 1, memory_order_relaxed);
	return 0;
}

int message_release(struct message *m)
{
	uint32_t holds = atomic_load_explicit(&m->holds, memory_order_relaxed);
	struct messages *home = m->home;
	struct message *head;

	do {
		if (!(holds & (MESSAGE_HOLD - 1)))
			return -EINVAL;
	} while (!atomic_compare_exchange_weak_explicit(&m->holds, &holds, holds - 1, memory_order_acq_rel,
							memory_order_relaxed));
	if (holds != 1)
		return 0;

	uncount(m);
	head = atomic_load_explicit(&home->released, memory_order_relaxed);
	do {
		m->next = head;
	} while (!atomic_compare_exchange_weak_explicit(&home->released, &head, m, memory_order_release,
							memory_order_relaxed));
	return 0;
}

struct message *message_copy(const struct message *m, uint32_t len)
{
	struct mcast_msg *msg;
	struct message *copy;

	if (messages_take(m->home, &msg, 1))
		return NULL;
	copy = message_of(msg);
	*msg = m->msg;
	msg->engine = copy;
	if (!message_own(copy, len)) {
		messages_end(&msg, 1);
		return NULL;
	}
	own_addresses(copy);
	return copy;
}

/* ---- figures ---------------------------------------------------------------------------- */

uint64_t messages_kept(const struct messages *home)
{
	return atomic_load_explicit(&home->kept, memory_order_relaxed);
}

uint64_t messages_records(const struct messages *home)
{
	return home->records;
}

uint64_t messages_out(struct messages *home)
{
	gather(home);
	return home->records - home->free_n;
}
