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
	struct message *next;		/* in a free list, a chain's queue, or the list of those released elsewhere */
	struct message_bytes *own;	/* NULL: borrowed */
	_Atomic uint32_t holders;	/* the batch or queue it is in, and each keep() */
	uint32_t place;			/* index in the batch that a handler has in hand, or MESSAGE_NOWHERE */
	uint32_t made;			/* attributes, a bit each: value[] is set */
	uint32_t cannot;		/* attributes, a bit each: make() said that it can't be */
	bool touched;			/* writable() was called and the bytes are not checked yet */
	struct mcast_addr address[2];	/* src and group, once it has outlived its batch */
	void *value[];			/* one for each attribute of the chain */
};

#define MESSAGE_NOWHERE UINT32_MAX

/* attrs: how many value[] each has, at most MESSAGE_ATTRS. kept_limit: bytes that may be kept at once. */
int messages_create(struct messages **out, unsigned attrs, uint64_t kept_limit);
/* All messages must have been ended; those still kept are counted as leaked and freed. NULL is fine. */
void messages_destroy(struct messages *home);

/* Takes n records, held once each, attributes unmade. 0 or -ENOMEM (none taken). Worker only, as all below
 * but message_release(). */
int messages_take(struct messages *home, struct message **out, unsigned n);
/* Gives back one hold; the last one returns the record. Any thread. Attribute values must be gone by then:
 * see attrs_end() in handler/attrs.h. */
void message_release(struct message *m);
/* One more hold; its bytes and addresses become its own. 0, -ENOBUFS above the limit, -ENOMEM. */
int message_keep(struct message *m);
/* Gives m len bytes of its own, old ones kept, new ones 0, and returns them. NULL: no memory, len > DATAGRAM_MAX. */
uint8_t *message_own(struct message *m, uint32_t len);
/* Another record with the same msg and a copy of the bytes, held once; NULL: no memory. */
struct message *message_copy(struct message *m);

uint64_t messages_kept(const struct messages *home);	/* bytes kept now */
uint64_t messages_records(const struct messages *home);	/* records ever made: does not grow under steady load */

static inline struct message *message_of(const struct mcast_msg *msg)
{
	return (struct message *)msg->engine;
}

#endif
