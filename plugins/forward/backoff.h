/* backoff.h - forward: how long to wait before a peer is tried again
 *
 * Doubles from 100 ms to 30 s. Half of each delay is left to chance, so that many forwarders do
 * not return to one peer all at once. */
#ifndef FORWARD_BACKOFF_H
#define FORWARD_BACKOFF_H

#include <stdint.h>

#define BACKOFF_FIRST 100000000ull	/* ns */
#define BACKOFF_LAST 30000000000ull	/* ns */

struct backoff {		/* zero-initialised: nothing has failed yet */
	unsigned failures;
};

/* One more failure: the delay in ns, between half of the full one and all of it, as chance says. */
uint64_t backoff_next(struct backoff *backoff, uint32_t chance);
void backoff_reset(struct backoff *backoff);	/* all is well */

#endif
