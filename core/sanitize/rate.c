/* sanitize/rate.c - stage 2 of 4: socket > [sanitize] > chain > handler: token buckets in fixed memory
 *
 * A bucket is kept as the moment at which it will be full again (the generic cell rate algorithm, ITU-T
 * I.371): one number says both level and age, nothing has to be refilled, and one in the past means
 * "full", just like no bucket at all. */
#include "sanitize/rate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct bucket {
	uint8_t ip[16];
	uint64_t full_ns;	/* it is full then, if nothing comes before */
};

struct rate {
	uint64_t interval_ns;	/* between two tokens */
	uint64_t depth_ns;	/* the time that all tokens but one take to come back */
	uint64_t keys[RATE_KEYS];
	struct bucket set[RATE_SETS][RATE_WAYS];
};

int rate_create(struct rate **out, uint32_t per_second, uint32_t burst,
		const uint64_t keys[RATE_KEYS])
{
	struct rate *rate;

	rate = calloc(1, sizeof(*rate));
	if (!rate)
		return -ENOMEM;
	rate->interval_ns = 1000000000 / per_second;
	rate->depth_ns = rate->interval_ns * (burst - 1);
	memcpy(rate->keys, keys, sizeof(rate->keys));
	*out = rate;
	return 0;
}

void rate_destroy(struct rate *rate)
{
	free(rate);
}

/* Multilinear hashing: its upper 32 bits are strongly universal for random keys (Dietzfelbinger,
 * STACS 1996), so without the keys no two addresses collide more often than by chance. But addresses in a row
 * make a row of sums, which one key in some dozens puts into few sets: so the sum is mixed, by a function
 * that is one to one (the last steps of MurmurHash3). */
static struct bucket *set_of(struct rate *rate, const uint8_t ip[16])
{
	uint64_t hash = rate->keys[0];
	uint32_t word[4];

	memcpy(word, ip, sizeof(word));
	for (int i = 0; i < 4; i++)
		hash += rate->keys[i + 1] * word[i];
	hash = (hash ^ hash >> 33) * 0xFF51AFD7ED558CCDu;
	hash = (hash ^ hash >> 33) * 0xC4CEB9FE1A85EC53u;
	return rate->set[(hash >> 32) % RATE_SETS];
}

static struct bucket *bucket_of(struct rate *rate, const uint8_t ip[16])
{
	struct bucket *set = set_of(rate, ip);
	struct bucket *fullest = set;

	for (struct bucket *bucket = set; bucket < set + RATE_WAYS; bucket++) {
		if (!memcmp(bucket->ip, ip, sizeof(bucket->ip)))
			return bucket;
		if (bucket->full_ns < fullest->full_ns)
			fullest = bucket;
	}

	memcpy(fullest->ip, ip, sizeof(fullest->ip));
	fullest->full_ns = 0;
	return fullest;
}

bool rate_take(struct rate *rate, const struct mcast_addr *from, uint64_t now_ns)
{
	struct bucket *bucket = bucket_of(rate, from->ip);

	if (bucket->full_ns < now_ns)
		bucket->full_ns = now_ns;
	if (bucket->full_ns - now_ns > rate->depth_ns)
		return false;
	bucket->full_ns += rate->interval_ns;
	return true;
}
