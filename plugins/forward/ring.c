/* ring.c - forward: the messages that wait for a peer */
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

size_t frame_size(const struct frame *frame)
{
	return frame->part[0].iov_len + frame->part[1].iov_len;
}

int ring_init(struct ring *ring, size_t size)
{
	memset(ring, 0, sizeof(*ring));
	ring->bytes = malloc(size);
	if (!ring->bytes)
		return -ENOMEM;
	ring->size = size;
	return 0;
}

void ring_finish(struct ring *ring)
{
	free(ring->bytes);
	memset(ring, 0, sizeof(*ring));
}

bool ring_fits(const struct ring *ring, const struct frame *frame)
{
	return RING_HEAD + frame_size(frame) <= ring->size;
}

/* Where need bytes in one piece are free, or NULL. Wraps where the end is too short. */
static uint8_t *ring_room(struct ring *ring, size_t need)
{
	if (ring->wrapped)
		return ring->head - ring->tail >= need ? ring->bytes + ring->tail : NULL;
	if (ring->size - ring->tail >= need)
		return ring->bytes + ring->tail;
	if (ring->head < need)
		return NULL;
	ring->wrap = ring->tail;
	ring->wrapped = true;
	ring->tail = 0;
	return ring->bytes;
}

static uint8_t *append(uint8_t *to, const struct iovec *part)
{
	if (part->iov_len)
		memcpy(to, part->iov_base, part->iov_len);
	return to + part->iov_len;
}

bool ring_push(struct ring *ring, const struct frame *frame)
{
	uint32_t len = (uint32_t)frame_size(frame);
	uint8_t *to = ring_room(ring, RING_HEAD + len);

	if (!to)
		return false;
	memcpy(to, &len, RING_HEAD);
	append(append(to + RING_HEAD, &frame->part[0]), &frame->part[1]);
	ring->tail += RING_HEAD + len;
	ring->count++;
	return true;
}

static uint32_t length_at(const struct ring *ring, size_t at)
{
	uint32_t len;

	memcpy(&len, ring->bytes + at, RING_HEAD);
	return len;
}

unsigned ring_peek(const struct ring *ring, struct frame *out, unsigned max)
{
	unsigned n = ring->count < max ? ring->count : max;
	size_t at = ring->head;

	for (unsigned i = 0; i < n; i++) {
		uint32_t len = length_at(ring, at);

		out[i] = (struct frame){ { { ring->bytes + at + RING_HEAD, len }, { NULL, 0 } } };
		at += RING_HEAD + len;
		if (ring->wrapped && at == ring->wrap)
			at = 0;
	}
	return n;
}

void ring_pop(struct ring *ring)
{
	ring->head += RING_HEAD + length_at(ring, ring->head);
	if (--ring->count == 0) {	/* start at the front again: the pages behind stay untouched */
		ring->head = ring->tail = 0;
		ring->wrapped = false;
	} else if (ring->wrapped && ring->head == ring->wrap) {
		ring->head = 0;
		ring->wrapped = false;
	}
}
