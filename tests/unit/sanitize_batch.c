/* sanitize_batch.c - tests: what a message says of its datagram, what is repaired, and what options cannot be */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "support/sanitizing.h"

static struct sanitizing test;

static void setup(void)
{
	sanitizing_init(&test);
}

static void teardown(void)
{
	sanitizing_finish(&test);
}

TestSuite(sanitize_batch, .init = setup, .fini = teardown);

Test(sanitize_batch, lends_the_bytes_and_says_all_that_is_known)
{
	struct datagram *dg = datagrams_add_text(&test.all, "hello");
	struct mcast_msg *msg = &test.all.msg[0];

	msg->engine = &test.all;
	msg->part = 7;
	assert_untouched(&test);
	cr_assert_eq(msg->flags, MCAST_MSG_TTL | MCAST_MSG_KERNEL_TIME);
	cr_assert_eq(msg->seq, 1);
	cr_assert_eq(msg->rx_ns, dg->rx_ns);
	cr_assert_eq(msg->src, &dg->from);
	cr_assert_eq(msg->group, &dg->to);
	cr_assert_eq(msg->ifindex, 1);
	cr_assert_eq(msg->ttl, 1);
	cr_assert_eq(msg->part, 0);
	cr_assert_eq(msg->engine, &test.all, "the engine's member is not ours");
}

Test(sanitize_batch, does_not_claim_a_ttl_or_a_kernel_time_it_does_not_have)
{
	datagrams_add_text(&test.all, "hello")->flags = DATAGRAM_TO;
	assert_untouched(&test);
	cr_assert_eq(test.all.msg[0].flags, 0);
}

Test(sanitize_batch, numbers_each_datagram_dropped_or_not)
{
	datagrams_add_text(&test.all, "one");
	datagrams_add_text(&test.all, "\xFF");
	datagrams_add_text(&test.all, "three");
	cr_assert_eq(sanitizing_run(&test), 2);
	cr_assert_eq(test.all.msg[0].seq, 1);
	cr_assert_eq(test.all.msg[1].seq, 3);
	cr_assert_eq(test.all.msg[1].data, test.all.dg[2].data);
	cr_assert_eq(sanitizing_run(&test), 2);
	cr_assert_eq(test.all.msg[0].seq, 4);
	cr_assert_eq(sanitize_counted(test.san)->received, 6);
	cr_assert_eq(sanitize_counted(test.san)->bytes, 2 * 9);
	assert_law(&test);
}

Test(sanitize_batch, an_empty_batch_and_an_empty_datagram_are_fine)
{
	cr_assert_eq(sanitizing_run(&test), 0);
	datagrams_add_text(&test.all, "");
	assert_untouched(&test);
}

/* ---- repaired text -------------------------------------------------------------------- */

Test(sanitize_batch, repaired_texts_of_one_batch_do_not_overlap)
{
	char text[200];

	for (unsigned i = 0; i < BATCH_MAX; i++) {
		memset(text, 'a' + (int)(i % 26), sizeof(text));
		text[0] = 1;
		datagrams_add(&test.all, text, 1 + 3 * i);
	}
	cr_assert_eq(sanitizing_run(&test), BATCH_MAX);
	for (unsigned i = 0; i < BATCH_MAX; i++) {
		cr_assert_eq(test.all.msg[i].len, 3 + i * 3);
		cr_assert_arr_eq(test.all.msg[i].data, "\xE2\x90\x81", 3);
		for (uint32_t k = 3; k < test.all.msg[i].len; k++)
			cr_assert_eq(test.all.msg[i].data[k], 'a' + i % 26);
	}
}

Test(sanitize_batch, a_batch_of_the_longest_repaired_texts_fits)
{
	static char text[DATAGRAM_MAX];
	volatile uint8_t behind;

	memset(text, 'x', sizeof(text));
	memset(text, 0, sizeof(text) / 3);
	for (int i = 0; i < BATCH_MAX; i++)
		datagrams_add(&test.all, text, DATAGRAM_MAX - DATAGRAM_MAX / 3 * 2);
	cr_assert_eq(sanitizing_run(&test), BATCH_MAX);
	for (int i = 0; i < BATCH_MAX; i++) {
		cr_assert_eq(test.all.msg[i].len, DATAGRAM_MAX);
		cr_assert_eq(test.all.msg[i].data[DATAGRAM_MAX - 1], 'x');
		behind = test.all.msg[i].data[DATAGRAM_MAX + 63];	/* can be read */
		(void)behind;
	}
}

/* ---- what handlers wrote -------------------------------------------------------------- */

Test(sanitize_batch, again_says_the_same_as_for_a_received_one)
{
	uint8_t out[64];
	size_t repaired = 99;

	test.options.min_bytes = 2;
	test.options.max_bytes = 12;
	test.options.on_bidi = ON_BIDI_DROP;
	sanitizing_start(&test);
	datagrams_add_text(&test.all, "fine");
	cr_assert_eq(sanitize_again(test.san, test.all.dg[0].data, 4, &repaired), DROP_NONE);
	cr_assert_eq(repaired, 0);
	cr_assert_eq(sanitize_again(test.san, test.all.dg[0].data, 1, &repaired), DROP_SHORT);
	datagrams_add_text(&test.all, "a\x1B[0mb");
	cr_assert_eq(sanitize_again(test.san, test.all.dg[1].data, 6, &repaired), DROP_NONE);
	cr_assert_eq(repaired, 8);
	sanitize_repair(test.san, test.all.dg[1].data, 6, out);
	cr_assert_arr_eq(out, "a\xE2\x90\x9B[0mb", 8);
	datagrams_add_text(&test.all, "\xFF\xFF");
	cr_assert_eq(sanitize_again(test.san, test.all.dg[2].data, 2, &repaired), DROP_ENCODING);
	datagrams_add_text(&test.all, "\xE2\x80\xAE");
	cr_assert_eq(sanitize_again(test.san, test.all.dg[3].data, 3, &repaired), DROP_BIDI);
	datagrams_add_text(&test.all, "1234567890123");
	cr_assert_eq(sanitize_again(test.san, test.all.dg[4].data, 13, &repaired), DROP_LONG);

	cr_assert_eq(sanitize_counted(test.san)->again_checked, 6);
	cr_assert_eq(sanitize_counted(test.san)->again_passed, 2);
	cr_assert_eq(sanitize_counted(test.san)->again_repaired, 1);
	cr_assert_eq(sanitize_counted(test.san)->again_dropped[DROP_SHORT], 1);
	cr_assert_eq(sanitize_counted(test.san)->again_dropped[DROP_LONG], 1);
	cr_assert_eq(sanitize_counted(test.san)->again_dropped[DROP_BIDI], 1);
	cr_assert_eq(sanitize_counted(test.san)->again_dropped[DROP_ENCODING], 1);
	cr_assert_eq(sanitize_counted(test.san)->received, 0, "counted apart from what was received");
	assert_law(&test);
}

/* ---- options -------------------------------------------------------------------------- */

Test(sanitize_batch, options_that_cannot_be_are_refused)
{
	struct cidr cidr = { .bits = 129 };
	const struct sanitize_options bad[] = {
		{ .max_bytes = DATAGRAM_MAX + 1 },
		{ .max_bytes = 10, .min_bytes = 11 },
		{ .max_bytes = 10, .min_ttl = 256 },
		{ .max_bytes = 10, .burst = 5 },
		{ .max_bytes = 10, .profile = PROFILE_BINARY + 1 },
		{ .max_bytes = 10, .on_control = ON_CONTROL_KEEP + 1 },
		{ .max_bytes = 10, .on_bidi = ON_BIDI_DROP + 1 },
		{ .max_bytes = 10, .allow = &cidr, .allows = 1 },
		{ .max_bytes = 10, .deny = &cidr, .denies = 1 },
	};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_expect_eq(sanitize_create(&test.san, &bad[i]), -EINVAL, "row %u", i);
	cr_assert_null(test.san, "set only on success");
}

Test(sanitize_batch, defaults)
{
	cr_assert_eq(test.options.profile, PROFILE_TEXT);
	cr_assert_eq(test.options.on_control, ON_CONTROL_PICTURE);
	cr_assert_eq(test.options.on_bidi, ON_BIDI_KEEP);
	cr_assert_eq(test.options.min_bytes, 0);
	cr_assert_eq(test.options.max_bytes, 65507);
	cr_assert_eq(test.options.min_ttl + test.options.rate + test.options.burst, 0);
	cr_assert_eq(test.options.allows + test.options.denies, 0);
}

Test(sanitize_batch, every_reason_has_a_name_of_its_own)
{
	for (enum drop a = DROP_NONE; a < DROP_REASONS; a++)
		for (enum drop b = DROP_NONE; b < a; b++)
			cr_assert_str_neq(drop_name(a), drop_name(b));
	cr_assert_str_eq(drop_name(DROP_TRUNCATED), "truncated");
	cr_assert_str_eq(drop_name(DROP_GROWN), "grown");
}
