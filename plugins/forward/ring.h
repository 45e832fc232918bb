/* ring.h - forward: the messages that wait for a peer, whole, in order, in a bounded piece of memory
 *
 * Each lies in one piece, so that it can be sent from where it is. What is written or dropped is always
 * a whole message. */
#ifndef FORWARD_RING_H
#define FORWARD_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define RING_HEAD sizeof(uint32_t)	/* bytes that each message takes beside its own: its length */

/* What is sent as one message: two pieces, one of which may be empty. */
struct frame {
	struct iovec part[2];
};

size_t frame_size(const struct frame *frame);	/* bytes */

struct ring {
	uint8_t *bytes;
	size_t size;
	size_t head;		/* of the oldest message */
	size_t tail;		/* behind the newest one */
	size_t wrap;		/* behind the last message before the end, where wrapped is set */
	bool wrapped;		/* the newest ones lie below head */
	unsigned count;		/* messages */
};

/* Memory for size bytes, touched only as it is used. 0 or -ENOMEM. */
int ring_init(struct ring *ring, size_t size);
void ring_finish(struct ring *ring);	/* zero-initialised is fine */

bool ring_fits(const struct ring *ring, const struct frame *frame);	/* into an empty one */
bool ring_push(struct ring *ring, const struct frame *frame);	/* copies it; false: no room now */
/* The oldest messages, up to max of them, each in part[0]; good until the next push or pop. Returns how many. */
unsigned ring_peek(const struct ring *ring, struct frame *out, unsigned max);
void ring_pop(struct ring *ring);	/* forgets the oldest one, which there must be */

#endif
