/* sanitize_batch.c - tests: the reasons and their order, what a message says, and that every datagram is accounted for */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "support/datagrams.h"
#include "sanitize/sanitize.h"

static struct sanitize_options options;
static struct sanitize *san;
static struct datagrams all;

static void setup(void)
{
	sanitize_defaults(&options);
	datagrams_init(&all, 0xFF);
}

static void start(void)
{
	cr_assert_eq(sanitize_create(&san, &options), 0);
}

static void teardown(void)
{
	sanitize_destroy(san);
	san = NULL;
	datagrams_finish(&all);
}

TestSuite(sanitize_batch, .init = setup, .fini = teardown);

static unsigned run(void)
{
	if (!san)
		start();
	return sanitize_batch(san, &all.batch, 1000000000, all.out);
}

static void assert_law(void)
{
	const struct sanitize_counts *counts = sanitize_counted(san);
	uint64_t ended = counts->passed, again = counts->again_passed;

	for (int i = 0; i < DROP_REASONS; i++) {
		ended += counts->dropped[i];
		again += counts->again_dropped[i];
	}
	cr_assert_eq(counts->received, ended);
	cr_assert_eq(counts->again_checked, again);
	cr_assert_eq(counts->dropped[DROP_NONE] + counts->again_dropped[DROP_NONE], 0);
}

/* Runs the batch, of which one datagram is to be dropped, for this reason. */
static void assert_dropped(enum drop want)
{
	cr_assert_eq(run(), all.batch.n - 1);
	for (enum drop drop = DROP_NONE; drop < DROP_REASONS; drop++)
		cr_assert_eq(sanitize_counted(san)->dropped[drop], drop == want, "%s: %d, wanted %s",
			     drop_name(drop), (int)sanitize_counted(san)->dropped[drop],
			     drop_name(want));
	assert_law();
}

static void assert_repaired(const char *want)
{
	cr_assert_eq(run(), 1);
	cr_assert_eq(all.msg[0].len, strlen(want));
	cr_assert_arr_eq(all.msg[0].data, want, strlen(want));
	cr_assert(all.msg[0].flags & MCAST_MSG_REPAIRED);
	cr_assert_eq(sanitize_counted(san)->repaired, 1);
	assert_law();
}

static void assert_untouched(void)
{
	cr_assert_eq(run(), 1);
	cr_assert_eq(all.msg[0].data, all.dg[0].data);
	cr_assert_eq(all.msg[0].len, all.dg[0].len);
	cr_assert_not(all.msg[0].flags & MCAST_MSG_REPAIRED);
	cr_assert_eq(sanitize_counted(san)->repaired, 0);
	assert_law();
}

Test(sanitize_batch, lends_the_bytes_and_says_all_that_is_known)
{
	struct datagram *dg = datagrams_add_text(&all, "hello");
	struct mcast_msg *msg = &all.msg[0];

	msg->engine = &all;
	msg->part = 7;
	assert_untouched();
	cr_assert_eq(msg->flags, MCAST_MSG_TTL | MCAST_MSG_KERNEL_TIME);
	cr_assert_eq(msg->seq, 1);
	cr_assert_eq(msg->rx_ns, dg->rx_ns);
	cr_assert_eq(msg->src, &dg->from);
	cr_assert_eq(msg->group, &dg->to);
	cr_assert_eq(msg->ifindex, 1);
	cr_assert_eq(msg->ttl, 1);
	cr_assert_eq(msg->part, 0);
	cr_assert_eq(msg->engine, &all, "the engine's member is not ours");
}

Test(sanitize_batch, does_not_claim_a_ttl_or_a_kernel_time_it_does_not_have)
{
	datagrams_add_text(&all, "hello")->flags = DATAGRAM_TO;
	assert_untouched();
	cr_assert_eq(all.msg[0].flags, 0);
}

Test(sanitize_batch, numbers_each_datagram_dropped_or_not)
{
	datagrams_add_text(&all, "one");
	datagrams_add_text(&all, "\xFF");
	datagrams_add_text(&all, "three");
	cr_assert_eq(run(), 2);
	cr_assert_eq(all.msg[0].seq, 1);
	cr_assert_eq(all.msg[1].seq, 3);
	cr_assert_eq(all.msg[1].data, all.dg[2].data);
	cr_assert_eq(run(), 2);
	cr_assert_eq(all.msg[0].seq, 4);
	cr_assert_eq(sanitize_counted(san)->received, 6);
	cr_assert_eq(sanitize_counted(san)->bytes, 2 * 9);
	assert_law();
}

Test(sanitize_batch, an_empty_batch_and_an_empty_datagram_are_fine)
{
	cr_assert_eq(run(), 0);
	datagrams_add_text(&all, "");
	assert_untouched();
}

/* ---- each reason alone ---------------------------------------------------------------- */

Test(sanitize_batch, truncated)
{
	datagrams_add_text(&all, "hello")->flags |= DATAGRAM_TRUNCATED;
	assert_dropped(DROP_TRUNCATED);
}

Test(sanitize_batch, group_another_one)
{
	datagrams_add_text(&all, "hello")->to = datagrams_address("239.255.0.2:59259");
	assert_dropped(DROP_GROUP);
}

Test(sanitize_batch, group_another_port)
{
	datagrams_add_text(&all, "hello")->to.port = 59260;
	assert_dropped(DROP_GROUP);
}

Test(sanitize_batch, group_not_known_because_the_control_data_were_cut)
{
	struct datagram *dg = datagrams_add_text(&all, "hello");

	dg->flags = DATAGRAM_CUT_CONTROL;
	assert_dropped(DROP_GROUP);
	cr_assert_eq(sanitize_counted(san)->cut_control, 1);
}

Test(sanitize_batch, cut_control_data_are_counted_even_if_nothing_needed_is_missing)
{
	datagrams_add_text(&all, "hello")->flags |= DATAGRAM_CUT_CONTROL;
	assert_untouched();
	cr_assert_eq(sanitize_counted(san)->cut_control, 1);
}

Test(sanitize_batch, interface)
{
	datagrams_add_text(&all, "hello")->ifindex = 2;
	assert_dropped(DROP_INTERFACE);
}

static struct cidr cidr_of(const char *text)
{
	struct cidr cidr;

	cr_assert_eq(cidr_parse(text, &cidr), 0);
	return cidr;
}

Test(sanitize_batch, source_by_allow_and_deny)
{
	static const struct {
		const char *allow, *deny, *from;
		bool passes;
	} table[] = {
		{ NULL, NULL, "192.0.2.1:1", true },
		{ "192.0.2.0/24", NULL, "192.0.2.1:1", true },
		{ "192.0.2.0/24", NULL, "192.0.3.1:1", false },
		{ NULL, "192.0.2.1", "192.0.2.1:1", false },
		{ NULL, "192.0.2.1", "192.0.2.2:1", true },
		{ "192.0.2.0/24", "192.0.2.1", "192.0.2.1:1", false },	/* deny wins */
		{ "192.0.2.0/24", "192.0.2.1", "192.0.2.2:1", true },
		{ "2001:db8::/32", NULL, "[2001:db8::5]:1", true },
		{ "2001:db8::/32", NULL, "192.0.2.1:1", false },
		{ NULL, "0.0.0.0/0", "[2001:db8::5]:1", true },
		{ NULL, "::/0", "192.0.2.1:1", true },		/* IPv6 alone */
	};

	datagrams_add_text(&all, "hello");
	for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct cidr allow = cidr_of(table[i].allow ? table[i].allow : "::");
		struct cidr deny = cidr_of(table[i].deny ? table[i].deny : "::");

		options.allow = &allow;
		options.allows = !!table[i].allow;
		options.deny = &deny;
		options.denies = !!table[i].deny;
		all.dg[0].from = datagrams_address(table[i].from);
		start();
		memset(&allow, 0, sizeof(allow));	/* they were copied */
		memset(&deny, 0, sizeof(deny));
		cr_expect_eq(run(), table[i].passes, "row %u", i);
		cr_expect_eq(sanitize_counted(san)->dropped[DROP_SOURCE], !table[i].passes);
		assert_law();
		sanitize_destroy(san);
	}
	san = NULL;
}

Test(sanitize_batch, source_any_of_several)
{
	struct cidr allow[] = { cidr_of("10.0.0.0/8"), cidr_of("192.0.2.0/24") };
	struct cidr deny[] = { cidr_of("192.0.2.9"), cidr_of("192.0.2.10") };

	options.allow = allow;
	options.allows = 2;
	options.deny = deny;
	options.denies = 2;
	datagrams_add_text(&all, "hello");
	datagrams_add_text(&all, "hello")->from = datagrams_address("192.0.2.10:4242");
	assert_dropped(DROP_SOURCE);
}

Test(sanitize_batch, ttl_below_the_least)
{
	options.min_ttl = 255;
	datagrams_add_text(&all, "hello")->ttl = 254;
	datagrams_add_text(&all, "hello")->ttl = 255;
	assert_dropped(DROP_TTL);
}

Test(sanitize_batch, ttl_not_known)
{
	options.min_ttl = 1;
	datagrams_add_text(&all, "hello")->flags &= ~DATAGRAM_TTL;
	assert_dropped(DROP_TTL);
}

Test(sanitize_batch, ttl_of_0_is_real_and_passes_where_nobody_asks)
{
	datagrams_add_text(&all, "hello")->ttl = 0;
	assert_untouched();
	cr_assert(all.msg[0].flags & MCAST_MSG_TTL);
}

Test(sanitize_batch, rate_per_source_address_not_per_port)
{
	options.rate = 1;
	datagrams_add_text(&all, "one");
	datagrams_add_text(&all, "two")->from.port = 4243;
	datagrams_add_text(&all, "three")->from = datagrams_address("192.0.2.2:4242");
	assert_dropped(DROP_RATE);
	cr_assert_eq(all.msg[1].data, all.dg[2].data);
}

Test(sanitize_batch, burst)
{
	options.rate = 1;
	options.burst = 3;
	for (int i = 0; i < 4; i++)
		datagrams_add_text(&all, "hello");
	assert_dropped(DROP_RATE);
}

Test(sanitize_batch, length_at_and_beyond_both_limits)
{
	options.min_bytes = 2;
	options.max_bytes = 4;
	datagrams_add_text(&all, "12");
	datagrams_add_text(&all, "1234");
	datagrams_add_text(&all, "1");
	assert_dropped(DROP_SHORT);
	all.dg[2].len = 0;
	cr_assert_eq(run(), 2);
	cr_assert_eq(sanitize_counted(san)->dropped[DROP_SHORT], 2);
	datagrams_add_text(&all, "12345");
	cr_assert_eq(run(), 2);
	cr_assert_eq(sanitize_counted(san)->dropped[DROP_LONG], 1);
	assert_law();
}

Test(sanitize_batch, encoding)
{
	datagrams_add_text(&all, "overlong \xC0\xAF");
	assert_dropped(DROP_ENCODING);
}

Test(sanitize_batch, control_becomes_its_picture)
{
	datagrams_add_text(&all, "\x1B[31mred");
	assert_repaired("\xE2\x90\x9B[31mred");
}

Test(sanitize_batch, control_drop)
{
	options.on_control = ON_CONTROL_DROP;
	datagrams_add_text(&all, "tab\tand line\r\n");
	datagrams_add_text(&all, "escape \x1B");
	assert_dropped(DROP_CONTROL);
}

Test(sanitize_batch, control_keep)
{
	options.on_control = ON_CONTROL_KEEP;
	datagrams_add_text(&all, "\x1B\x7F\xC2\x9B");
	assert_untouched();
}

Test(sanitize_batch, bidi_stays_by_default)
{
	datagrams_add_text(&all, "a\xE2\x80\xAE\xE2\x80\xA8");
	assert_untouched();
}

Test(sanitize_batch, bidi_replace)
{
	options.on_bidi = ON_BIDI_REPLACE;
	datagrams_add_text(&all, "a\xE2\x80\xAE\xD8\x9C");
	assert_repaired("a\xEF\xBF\xBD\xEF\xBF\xBD");
}

Test(sanitize_batch, bidi_drop)
{
	options.on_bidi = ON_BIDI_DROP;
	datagrams_add_text(&all, "a\xE2\x80\xA9");
	assert_dropped(DROP_BIDI);
}

Test(sanitize_batch, grown_above_max_bytes)
{
	options.max_bytes = 5;
	datagrams_add_text(&all, "123\x01");
	datagrams_add_text(&all, "12\x01");
	assert_dropped(DROP_GROWN);
	cr_assert_eq(all.msg[0].len, 5);
}

Test(sanitize_batch, binary_looks_at_no_byte_but_at_all_else)
{
	options.profile = PROFILE_BINARY;
	options.on_control = ON_CONTROL_DROP;
	options.on_bidi = ON_BIDI_DROP;
	options.max_bytes = 6;
	datagrams_add(&all, "\xFF\0\x1B\xE2\x80\xAE", 6);
	datagrams_add(&all, "\xFF\0\x1B\xE2\x80\xAE.", 7);
	assert_dropped(DROP_LONG);
	cr_assert_eq(all.msg[0].data, all.dg[0].data);
	cr_assert_eq(all.msg[0].flags, MCAST_MSG_BINARY | MCAST_MSG_TTL | MCAST_MSG_KERNEL_TIME);
}

/* ---- the order ------------------------------------------------------------------------ */

/* One datagram with every fault; they are mended one by one in the order of enum drop, and each
 * time the next one must be what is told. */
Test(sanitize_batch, a_datagram_with_several_faults_counts_under_the_first)
{
	struct cidr deny = cidr_of("192.0.2.66");
	struct datagram *dg = datagrams_add_text(&all, "\x01\xE2\x80\xAE\xFF");
	enum drop drop;

	options.deny = &deny;
	options.denies = 1;
	options.min_ttl = 2;
	options.rate = 1;
	options.min_bytes = options.max_bytes = 6;
	options.on_control = ON_CONTROL_DROP;
	options.on_bidi = ON_BIDI_DROP;
	dg->ttl = 2;
	assert_dropped(DROP_SHORT);	/* took the only token */

	dg->flags |= DATAGRAM_TRUNCATED;
	dg->to.port++;
	dg->ifindex++;
	dg->from = datagrams_address("192.0.2.66:1");
	dg->ttl = 1;
	for (drop = DROP_TRUNCATED; drop <= DROP_RATE; drop++) {
		uint64_t before = sanitize_counted(san)->dropped[drop];

		cr_assert_eq(run(), 0);
		cr_assert_eq(sanitize_counted(san)->dropped[drop], before + 1, "%s", drop_name(drop));
		switch (drop) {
		case DROP_TRUNCATED: dg->flags &= ~DATAGRAM_TRUNCATED; break;
		case DROP_GROUP: dg->to.port--; break;
		case DROP_INTERFACE: dg->ifindex--; break;
		case DROP_SOURCE: dg->from = datagrams_address("192.0.2.1:1"); break;
		default: dg->ttl = 2;
		}
	}
	assert_law();
}

Test(sanitize_batch, length_comes_before_text_and_encoding_before_control_before_bidi_before_grown)
{
	static const struct {
		const char *text;
		enum on_control on_control;
		enum on_bidi on_bidi;
		enum drop want;
	} table[] = {
		{ "\xFF", ON_CONTROL_DROP, ON_BIDI_DROP, DROP_SHORT },
		{ "12345678\xFF", ON_CONTROL_DROP, ON_BIDI_DROP, DROP_LONG },
		{ "\xE2\x80\xAE\x01\xFF", ON_CONTROL_DROP, ON_BIDI_DROP, DROP_ENCODING },
		{ "\x01\x01\x01\xFF", ON_CONTROL_PICTURE, ON_BIDI_DROP, DROP_ENCODING },
		{ "\xE2\x80\xAE\x01", ON_CONTROL_DROP, ON_BIDI_DROP, DROP_CONTROL },
		{ "\x01\x01\x01\xE2\x80\xAE", ON_CONTROL_PICTURE, ON_BIDI_DROP, DROP_BIDI },
		{ "\x01\x01\x01\xE2\x80\xAE", ON_CONTROL_PICTURE, ON_BIDI_KEEP, DROP_GROWN },
		{ "\x01\xD8\x9C\x01", ON_CONTROL_PICTURE, ON_BIDI_REPLACE, DROP_GROWN },
	};

	options.min_bytes = 2;
	options.max_bytes = 8;
	datagrams_add_text(&all, "in between");
	for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
		datagrams_finish(&all);
		datagrams_add_text(&all, table[i].text);
		options.on_control = table[i].on_control;
		options.on_bidi = table[i].on_bidi;
		start();
		assert_dropped(table[i].want);
		sanitize_destroy(san);
	}
	san = NULL;
}

Test(sanitize_batch, what_was_dropped_for_another_reason_takes_no_token)
{
	options.rate = 1;
	datagrams_add_text(&all, "hello")->flags |= DATAGRAM_TRUNCATED;
	datagrams_add_text(&all, "hello");
	assert_dropped(DROP_TRUNCATED);
}

/* ---- repaired text -------------------------------------------------------------------- */

Test(sanitize_batch, repaired_texts_of_one_batch_do_not_overlap)
{
	char text[200];

	for (int i = 0; i < BATCH_MAX; i++) {
		memset(text, 'a' + i % 26, sizeof(text));
		text[0] = 1;
		datagrams_add(&all, text, 1 + (size_t)i * 3);
	}
	cr_assert_eq(run(), BATCH_MAX);
	for (int i = 0; i < BATCH_MAX; i++) {
		cr_assert_eq(all.msg[i].len, 3 + i * 3);
		cr_assert_arr_eq(all.msg[i].data, "\xE2\x90\x81", 3);
		for (uint32_t k = 3; k < all.msg[i].len; k++)
			cr_assert_eq(all.msg[i].data[k], 'a' + i % 26);
	}
}

Test(sanitize_batch, a_batch_of_the_longest_repaired_texts_fits)
{
	static char text[DATAGRAM_MAX];
	volatile uint8_t behind;

	memset(text, 'x', sizeof(text));
	memset(text, 0, sizeof(text) / 3);
	for (int i = 0; i < BATCH_MAX; i++)
		datagrams_add(&all, text, DATAGRAM_MAX - DATAGRAM_MAX / 3 * 2);
	cr_assert_eq(run(), BATCH_MAX);
	for (int i = 0; i < BATCH_MAX; i++) {
		cr_assert_eq(all.msg[i].len, DATAGRAM_MAX);
		cr_assert_eq(all.msg[i].data[DATAGRAM_MAX - 1], 'x');
		behind = all.msg[i].data[DATAGRAM_MAX + 63];	/* can be read */
		(void)behind;
	}
}

/* ---- what handlers wrote -------------------------------------------------------------- */

Test(sanitize_batch, again_says_the_same_as_for_a_received_one)
{
	uint8_t out[64];
	size_t repaired = 99;

	options.min_bytes = 2;
	options.max_bytes = 12;
	options.on_bidi = ON_BIDI_DROP;
	start();
	datagrams_add_text(&all, "fine");
	cr_assert_eq(sanitize_again(san, all.dg[0].data, 4, &repaired), DROP_NONE);
	cr_assert_eq(repaired, 0);
	cr_assert_eq(sanitize_again(san, all.dg[0].data, 1, &repaired), DROP_SHORT);
	datagrams_add_text(&all, "a\x1B[0mb");
	cr_assert_eq(sanitize_again(san, all.dg[1].data, 6, &repaired), DROP_NONE);
	cr_assert_eq(repaired, 8);
	sanitize_repair(san, all.dg[1].data, 6, out);
	cr_assert_arr_eq(out, "a\xE2\x90\x9B[0mb", 8);
	datagrams_add_text(&all, "\xFF\xFF");
	cr_assert_eq(sanitize_again(san, all.dg[2].data, 2, &repaired), DROP_ENCODING);
	datagrams_add_text(&all, "\xE2\x80\xAE");
	cr_assert_eq(sanitize_again(san, all.dg[3].data, 3, &repaired), DROP_BIDI);
	datagrams_add_text(&all, "1234567890123");
	cr_assert_eq(sanitize_again(san, all.dg[4].data, 13, &repaired), DROP_LONG);

	cr_assert_eq(sanitize_counted(san)->again_checked, 6);
	cr_assert_eq(sanitize_counted(san)->again_passed, 2);
	cr_assert_eq(sanitize_counted(san)->again_repaired, 1);
	cr_assert_eq(sanitize_counted(san)->again_dropped[DROP_SHORT], 1);
	cr_assert_eq(sanitize_counted(san)->again_dropped[DROP_LONG], 1);
	cr_assert_eq(sanitize_counted(san)->again_dropped[DROP_BIDI], 1);
	cr_assert_eq(sanitize_counted(san)->again_dropped[DROP_ENCODING], 1);
	cr_assert_eq(sanitize_counted(san)->received, 0, "counted apart from what was received");
	assert_law();
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
		cr_expect_eq(sanitize_create(&san, &bad[i]), -EINVAL, "row %u", i);
	cr_assert_null(san, "set only on success");
}

Test(sanitize_batch, defaults)
{
	cr_assert_eq(options.profile, PROFILE_TEXT);
	cr_assert_eq(options.on_control, ON_CONTROL_PICTURE);
	cr_assert_eq(options.on_bidi, ON_BIDI_KEEP);
	cr_assert_eq(options.min_bytes, 0);
	cr_assert_eq(options.max_bytes, 65507);
	cr_assert_eq(options.min_ttl + options.rate + options.burst, 0);
	cr_assert_eq(options.allows + options.denies, 0);
}

Test(sanitize_batch, every_reason_has_a_name_of_its_own)
{
	for (enum drop a = DROP_NONE; a < DROP_REASONS; a++)
		for (enum drop b = DROP_NONE; b < a; b++)
			cr_assert_str_neq(drop_name(a), drop_name(b));
	cr_assert_str_eq(drop_name(DROP_TRUNCATED), "truncated");
	cr_assert_str_eq(drop_name(DROP_GROWN), "grown");
}
