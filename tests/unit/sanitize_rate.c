/* sanitize_rate.c - tests: so many datagrams a second from one source, in fixed memory */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "sanitize/rate.h"

#define SECOND 1000000000ull

static uint64_t keys[RATE_KEYS];
static struct rate *rate;

static void setup(void)
{
	cr_assert_eq(getrandom(keys, sizeof(keys), 0), sizeof(keys));
	for (int i = 0; i < RATE_KEYS; i++)
		fprintf(stderr, "key %d: %#llx\n", i, (unsigned long long)keys[i]);
}

static void teardown(void)
{
	rate_destroy(rate);
	rate = NULL;
}

TestSuite(sanitize_rate, .init = setup, .fini = teardown);

static struct mcast_addr source(uint32_t n)
{
	struct mcast_addr addr = { .ip = { [10] = 0xFF, [11] = 0xFF, [12] = 10 }, .port = 4242 };

	addr.ip[13] = (uint8_t)(n >> 16);
	addr.ip[14] = (uint8_t)(n >> 8);
	addr.ip[15] = (uint8_t)n;
	return addr;
}

/* How many of tries datagrams from n pass at now. */
static unsigned passing(uint32_t n, unsigned tries, uint64_t now)
{
	struct mcast_addr from = source(n);
	unsigned passed = 0;

	while (tries--)
		passed += rate_take(rate, &from, now);
	return passed;
}

Test(sanitize_rate, a_burst_and_then_the_rate)
{
	uint64_t now = 5 * SECOND;

	cr_assert_eq(rate_create(&rate, 10, 4, keys), 0);
	cr_assert_eq(passing(1, 100, now), 4);
	cr_assert_eq(passing(1, 100, now + SECOND / 10 - 1), 0);
	cr_assert_eq(passing(1, 100, now + SECOND / 10), 1);
	cr_assert_eq(passing(1, 100, now + SECOND / 10 * 3), 2);
	cr_assert_eq(passing(1, 100, now + 100 * SECOND), 4, "never more than the burst at once");
}

Test(sanitize_rate, over_a_long_time_exactly_the_rate)
{
	unsigned passed = 0;

	cr_assert_eq(rate_create(&rate, 1000, 1, keys), 0);
	for (uint64_t now = SECOND; now < 11 * SECOND; now += SECOND / 5000)
		passed += passing(1, 1, now);
	cr_assert_eq(passed, 10 * 1000);
}

Test(sanitize_rate, what_was_refused_takes_no_token)
{
	cr_assert_eq(rate_create(&rate, 1, 1, keys), 0);
	for (uint64_t now = 0; now < SECOND; now += SECOND / 10)
		cr_assert_eq(passing(1, 100, now), now == 0);
	cr_assert_eq(passing(1, 1, SECOND), 1);
}

Test(sanitize_rate, each_source_has_its_own_bucket)
{
	cr_assert_eq(rate_create(&rate, 1, 1, keys), 0);
	for (uint32_t n = 0; n < 500; n++)
		cr_assert_eq(passing(n, 2, SECOND), 1, "source %u", n);
}

Test(sanitize_rate, the_unspecified_address_is_a_source_like_others)
{
	struct mcast_addr from = { .port = 1 };

	cr_assert_eq(rate_create(&rate, 1, 1, keys), 0);
	cr_assert(rate_take(rate, &from, SECOND));
	cr_assert_not(rate_take(rate, &from, SECOND));
}

/* Ten times as many sources as there are buckets, each once: the busy one is the last that is forgotten. */
Test(sanitize_rate, a_flood_of_sources_does_not_free_who_is_over_the_rate)
{
	cr_assert_eq(rate_create(&rate, 10, 10, keys), 0);
	cr_assert_eq(passing(0, 100, SECOND), 10);
	for (uint32_t n = 1; n < 10 * RATE_SETS * RATE_WAYS; n++)
		cr_assert_eq(passing(n, 1, SECOND), 1);
	cr_assert_eq(passing(0, 100, SECOND), 0);
}

Test(sanitize_rate, the_highest_rate_and_burst_do_not_overflow)
{
	cr_assert_eq(rate_create(&rate, 1, UINT32_MAX, keys), 0);
	cr_assert_eq(passing(1, 1000, UINT64_MAX / 4), 1000);
	rate_destroy(rate);
	cr_assert_eq(rate_create(&rate, UINT32_MAX, UINT32_MAX, keys), 0);
	cr_assert_eq(passing(1, 1000, SECOND), 1000);
}

/* With these keys the sum of the products alone puts sources in a row into few sets. */
Test(sanitize_rate, no_key_is_unlucky_for_sources_in_a_row)
{
	static const uint64_t steps[] = { 1, 2, 3, 5, 7, 100 };	/* between two sums: about a circle's 1/step */
	const uint32_t sources = RATE_SETS * RATE_WAYS / 4;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		unsigned forgotten = 0;

		keys[4] = UINT64_MAX / steps[i] + 12345;
		cr_assert_eq(rate_create(&rate, 1, 1, keys), 0);
		for (uint32_t n = 0; n < sources; n++)
			passing(n << 8, 1, SECOND);
		for (uint32_t n = 0; n < sources; n++)
			forgotten += passing(n << 8, 1, SECOND);
		cr_expect_leq(forgotten, sources / 50, "1/%lu: %u of %u", steps[i], forgotten, sources);
		rate_destroy(rate);
		rate = NULL;
	}
}

/* Neighbours in one subnet, and addresses that differ in their upper bytes alone, spread over the sets: if they
 * did not, the sources that come first would be forgotten and get a second token. */
Test(sanitize_rate, neighbours_are_spread_over_the_sets)
{
	const uint32_t sources = RATE_SETS * RATE_WAYS / 4;
	unsigned forgotten = 0;

	cr_assert_eq(rate_create(&rate, 1, 1, keys), 0);
	for (uint32_t n = 0; n < sources; n++)
		passing(n << 8, 1, SECOND);
	for (uint32_t n = 0; n < sources; n++)
		forgotten += passing(n << 8, 1, SECOND);
	cr_assert_leq(forgotten, sources / 50, "%u of %u", forgotten, sources);
}
