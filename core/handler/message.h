/* handler/message.h - stage 4 of 4: the engine's side of a message: who holds it, its own bytes, its attributes
 *
 * A message in a batch borrows its bytes from the receive buffers. keep() and writable() give it bytes of its
 * own; so a kept message never holds a receive buffer. Records come from a free list and go back to
 * it: a datagram that nobody keeps or changes allocates nothing. */
#ifndef CORE_HANDLER_MESSAGE_H
#define CORE_HANDLER_MESSAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "mcast/handler.h"

#define MESSAGE_ATTRS 32	/* attributes that all handlers of a chain may provide together */

struct messages;		/* the records of one worker */
struct message_bytes;		/* owned bytes: private to message.c */

struct message {
	struct mcast_msg msg;		/* first: a handler's pointer is ours; msg.engine points here */
	struct messages *home;
	struct message *next;		/* in a chain's queue, or in the list of those released elsewhere */
	struct message *next_valued;	/* in the list of those with attribute values; see struct host */
	struct message_bytes *own;	/* NULL: borrowed */
	_Atomic uint32_t holds;		/* MESSAGE_HOLD for each of the engine's, 1 for each keep(); 0: free */
	uint32_t kept;			/* bytes counted against the limit */
	uint32_t place;			/* where it may stand in the batch in hand: to be looked up there */
	uint32_t made;			/* attributes, a bit each: value[] is set */
	uint32_t cannot;		/* attributes, a bit each: make() said that it can't be */
	bool valued;			/* in the list of those with attribute values, which holds it */
	bool touched;			/* writable() was called and the bytes are not checked yet */
	struct mcast_addr address[2];	/* src and group, where it does not borrow them */
	void *value[];			/* one for each attribute of the chain */
};

#define MESSAGE_HOLD (1u << 20)	/* a batch, a queue, the list of those with values: more keeps than that are refused */

/* attrs: how many value[] each has, at most MESSAGE_ATTRS. kept_limit: bytes of memory that kept messages may
 * take at once: at most twice their payloads, and some 400 bytes each. */
int messages_create(struct messages **out, unsigned attrs, uint64_t kept_limit);
void messages_destroy(struct messages *home);	/* frees those still out, too; NULL is fine */

/* Takes n records, held once each by the engine; but msg.engine, their msg is what it was. 0 or -ENOMEM (none
 * taken). Worker only, as all below but message_release(). */
int messages_take(struct messages *home, struct mcast_msg **out, unsigned n);
/* Gives up one of the engine's holds on each; the last hold of any kind returns the record. */
void messages_end(struct mcast_msg *const *msg, unsigned n);

/* One keep; its bytes and addresses become its own. 0, -ENOBUFS above the limit, -ENOMEM, -EINVAL: it is free. */
int message_keep(struct message *m);
/* Takes one keep back. Any thread. 0, or -EINVAL: nobody keeps it. */
int message_release(struct message *m);

/* Gives m len bytes of its own, old ones kept, new ones 0, and returns them. NULL: no memory, len > DATAGRAM_MAX.
 * Nobody else may hold m. */
uint8_t *message_own(struct message *m, uint32_t len);
/* Another record, held once, with the same msg but for its len bytes, which are a copy as message_own() says, and a
 * copy of the addresses. NULL: no memory, len > DATAGRAM_MAX. */
struct message *message_copy(const struct message *m, uint32_t len);

uint64_t messages_kept(const struct messages *home);	/* bytes of memory that kept messages take now, all told */
uint64_t messages_records(const struct messages *home);	/* ever made: does not grow under steady load */
uint64_t messages_out(struct messages *home);	/* records taken or kept, and not back yet */

static inline struct message *message_of(const struct mcast_msg *msg)
{
	return (struct message *)msg->engine;
}

/* One more of the engine's holds, for whom already may use it. */
static inline void message_hold(struct message *m)
{
	atomic_fetch_add_explicit(&m->holds, MESSAGE_HOLD, memory_order_relaxed);
}

/* Whether somebody besides the batch in hand holds it, so that its bytes must stay as they are. */
static inline bool message_shared(const struct message *m)
{
	uint32_t ours = m->valued ? 2 * MESSAGE_HOLD : MESSAGE_HOLD;

	return atomic_load_explicit(&m->holds, memory_order_acquire) != ours;
}

#endif
