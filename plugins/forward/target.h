/* target.h - forward: one peer that messages are sent to: found, connected, tried again, fed
 *
 * Every message offered is in the end sent, dropped or still buffered, and counted as such. Nothing waits:
 * what has to happen later is asked for by epoll(7) and by due. */
#ifndef FORWARD_TARGET_H
#define FORWARD_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include "backoff.h"
#include "resolve.h"
#include "ring.h"
#include "url.h"

#define TARGET_NEVER UINT64_MAX

enum {				/* counters, of all targets together */
	COUNT_OFFERED,
	COUNT_SENT,
	COUNT_DROPPED,
	COUNT_BUFFERED,
	COUNT_ERRORS,
	COUNT_RECONNECTS,
	COUNT_BYTES,
	COUNT_REPLACED,
};

enum target_state {
	TARGET_WAITING,		/* for due, to be tried (again) */
	TARGET_LOOKUP,		/* for the addresses of its name */
	TARGET_CONNECTING,	/* for the peer, until due */
	TARGET_UP,
};

/* What all targets of a worker share. */
struct target_place {
	struct mcast_ctx *ctx;	/* counters, log, what the listener hears */
	int epoll;		/* its events carry the target */
	uint64_t now_ns;	/* as last told by the engine */
	size_t buffer;		/* bytes, for each target */
	bool drop_oldest;	/* else the newest, when the buffer is full */
};

struct target {
	struct target_place *place;
	struct url url;
	enum target_state state;
	uint64_t due;		/* ns; when to be ticked, or TARGET_NEVER */
	struct backoff backoff;

	struct resolve *lookup;
	uint64_t looked_up;	/* ns, the last time */
	struct resolved address[RESOLVE_MAX];
	unsigned addresses, at;	/* of them; the one in use */

	int fd;			/* -1: none */
	uint32_t watched;	/* events asked of epoll */
	uint64_t since;		/* ns; up since then */
	bool was_up;
	bool told;		/* the log knows of the trouble */

	struct ring ring;
	uint8_t *partial;	/* stream: the message that the peer has a part of; NULL: none */
	size_t partial_len, partial_sent;
};

/* Whether the listener hears what is sent to addr, so that it would come back for ever. */
bool target_heard(const struct mcast_ctx *ctx, const struct mcast_addr *addr);

/* Takes a copy of url. Reaches out to nobody yet: it is due at once. 0 or -ENOMEM; target_finish() in any case. */
int target_init(struct target *target, struct target_place *place, const struct url *url);
void target_finish(struct target *target);	/* what is still buffered is counted as dropped */

void target_offer(struct target *target, const struct frame *frames, unsigned n);
void target_tick(struct target *target);	/* once due */
void target_event(struct target *target, uint32_t events);
bool target_pending(const struct target *target);	/* holds messages that a peer may still take */

/* For udp.c and stream.c. */
void target_count(struct target *target, unsigned counter, uint64_t n);
void target_trouble(struct target *target, const char *what);	/* an error, counted; told once until all is well */

#endif
