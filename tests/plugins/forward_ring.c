/* forward_ring.c - tests: messages that wait stay whole and in order, in bounded room; delays double, with chance */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/forward/backoff.h"
#include "../../plugins/forward/ring.h"

static struct ring ring;

static struct frame frame_of(const char *first, const char *second)
{
	return (struct frame){ { { (void *)first, strlen(first) }, { (void *)second, strlen(second) } } };
}

static bool push(const char *first, const char *second)
{
	struct frame frame = frame_of(first, second);

	return ring_push(&ring, &frame);
}

static void assert_front(const char *text)
{
	struct frame frame;

	cr_assert_eq(ring_peek(&ring, &frame, 1), 1, "nothing there, not %s", text);
	cr_assert_eq(frame_size(&frame), strlen(text));
	cr_assert_eq(memcmp(frame.part[0].iov_base, text, strlen(text)), 0, "%.*s, not %s",
		     (int)frame.part[0].iov_len, (const char *)frame.part[0].iov_base, text);
}

static void finish(void)
{
	ring_finish(&ring);
}

TestSuite(forward_ring, .fini = finish);

Test(forward_ring, gives_messages_back_whole_and_in_order)
{
	struct frame frames[3];

	cr_assert_eq(ring_init(&ring, 100), 0);
	cr_assert(push("5 ", "first"));
	cr_assert(push("", ""));
	cr_assert(push("third", ""));
	cr_assert_eq(ring_peek(&ring, frames, 3), 3);
	cr_assert_eq(frame_size(&frames[1]), 0);
	assert_front("5 first");
	ring_pop(&ring);
	ring_pop(&ring);
	assert_front("third");
	ring_pop(&ring);
	cr_assert_eq(ring_peek(&ring, frames, 3), 0);
}

Test(forward_ring, refuses_what_does_not_fit_now_and_says_what_never_will)
{
	struct frame exact, over;

	cr_assert_eq(ring_init(&ring, 4 + 8), 0);
	exact = frame_of("1234", "5678");
	over = frame_of("1234", "56789");
	cr_assert(ring_fits(&ring, &exact));
	cr_assert_not(ring_fits(&ring, &over));
	cr_assert(ring_push(&ring, &exact));
	cr_assert_not(push("", ""));
	ring_pop(&ring);
	cr_assert(ring_push(&ring, &exact));
	assert_front("12345678");
}

Test(forward_ring, uses_the_front_again_without_cutting_a_message)
{
	cr_assert_eq(ring_init(&ring, 30), 0);
	cr_assert(push("aaaaaa", ""));		/* 0 to 10 */
	cr_assert(push("bbbbbb", ""));		/* 10 to 20 */
	cr_assert_not(push("cccccccccc", ""));	/* 14: neither behind nor before */
	ring_pop(&ring);
	cr_assert_not(push("ccccccc", ""));	/* 11: one too many */
	cr_assert(push("cccccc", ""));		/* 20 to 30 */
	cr_assert(push("dddddd", ""));		/* 0 to 10 */
	cr_assert_not(push("", ""));
	assert_front("bbbbbb");
	ring_pop(&ring);
	assert_front("cccccc");
	ring_pop(&ring);
	assert_front("dddddd");
	ring_pop(&ring);
	cr_assert_eq(ring.count, 0);
}

/* Length and bytes of a message follow from its number. */
static size_t length_of(uint64_t number)
{
	return (uint32_t)(number * 2654435761u) % 61;
}

/* Against a queue that can't be wrong: two numbers. */
Test(forward_ring, agrees_with_a_plain_queue_over_many_random_steps)
{
	uint64_t pushed = 0, popped = 0;
	unsigned seed = 20260131;
	uint8_t bytes[64];

	cr_assert_eq(ring_init(&ring, 301), 0);
	for (unsigned step = 0; step < 200000; step++) {
		struct frame frame;

		if (rand_r(&seed) % 2) {
			size_t len = length_of(pushed);

			memset(bytes, (int)(pushed & 0xff), len);
			frame = (struct frame){ { { bytes, len / 3 }, { bytes + len / 3, len - len / 3 } } };
			if (ring_push(&ring, &frame))
				pushed++;
			else
				cr_assert_gt(ring.count, 0, "no room in an empty one at step %u", step);
		} else if (ring.count) {
			cr_assert_eq(ring_peek(&ring, &frame, 1), 1);
			cr_assert_eq(frame_size(&frame), length_of(popped), "step %u", step);
			memset(bytes, (int)(popped & 0xff), sizeof(bytes));
			cr_assert_eq(memcmp(frame.part[0].iov_base, bytes, length_of(popped)), 0, "step %u", step);
			ring_pop(&ring);
			popped++;
		}
		cr_assert_eq(ring.count, pushed - popped);
	}
	cr_assert_gt(popped, 50000);
}

Test(forward_backoff, doubles_from_100_ms_to_30_s)
{
	static const uint64_t ms[] = { 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000, 30000 };
	struct backoff most = { 0 }, least = { 0 };

	for (size_t i = 0; i < sizeof(ms) / sizeof(ms[0]); i++) {
		cr_assert_eq(backoff_next(&most, UINT32_MAX), ms[i] * 1000000, "delay %zu", i);
		cr_assert_eq(backoff_next(&least, 0), ms[i] * 500000, "delay %zu", i);
	}
	backoff_reset(&most);
	cr_assert_eq(backoff_next(&most, UINT32_MAX), BACKOFF_FIRST);
}

Test(forward_backoff, lets_chance_choose_in_between_for_ever)
{
	struct backoff backoff = { 0 };

	for (unsigned i = 0; i < 1000; i++) {
		uint64_t delay = backoff_next(&backoff, UINT32_MAX / 2);

		cr_assert_leq(delay, BACKOFF_LAST);
		cr_assert_geq(delay, BACKOFF_FIRST / 2);
	}
	cr_assert_eq(backoff_next(&backoff, UINT32_MAX / 2) / 1000000, 22499);
}
