/* sanitize/rate.h - stage 2 of 4: socket > [sanitize] > chain > handler: so many a second from one source
 *
 * A token bucket for each source address (not port: a port costs a flooder nothing), in memory of a
 * fixed size: RATE_SETS sets of RATE_WAYS buckets, where an address hashes to one set. A newcomer to
 * a full set takes the place of the bucket that is nearest to full again: what is forgotten that way is
 * least, and whoever is over the rate stays known. A source comes away with more than its share only
 * if RATE_WAYS others of its set were busier in between; and the hash is keyed, so that nobody
 * on the network can tell which addresses share a set. */
#ifndef CORE_SANITIZE_RATE_H
#define CORE_SANITIZE_RATE_H

#include <stdbool.h>
#include <stdint.h>
#include "mcast/handler.h"

#define RATE_SETS 1024		/* a power of 2 */
#define RATE_WAYS 8
#define RATE_KEYS 5		/* random numbers that key the hash */

struct rate;

/* per_second: tokens, at least 1; burst: what a bucket holds, at least 1. Intervals are whole
 * nanoseconds: exact enough below a million a second. 0 or -ENOMEM. */
int rate_create(struct rate **out, uint32_t per_second, uint32_t burst,
		const uint64_t keys[RATE_KEYS]);
void rate_destroy(struct rate *rate);	/* NULL is fine */

/* Takes a token from the bucket of from; false if there is none. now_ns must not go back. */
bool rate_take(struct rate *rate, const struct mcast_addr *from, uint64_t now_ns);

#endif
