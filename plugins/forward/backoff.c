/* backoff.c - forward: how long to wait before a peer is tried again */
#include "backoff.h"

uint64_t backoff_next(struct backoff *backoff, uint32_t chance)
{
	uint64_t full = BACKOFF_FIRST << backoff->failures;

	if (full >= BACKOFF_LAST)
		full = BACKOFF_LAST;
	else
		backoff->failures++;
	return full / 2 + full / 2 * (chance >> 16) / UINT16_MAX;	/* 16 bits: the product fits */
}

void backoff_reset(struct backoff *backoff)
{
	backoff->failures = 0;
}
