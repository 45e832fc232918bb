/* sanitize_reasons.c - tests: each reason for which a datagram is dropped, and which of several is told */
#include <criterion/criterion.h>
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

TestSuite(sanitize_reasons, .init = setup, .fini = teardown);

/* ---- each reason alone ---------------------------------------------------------------- */

Test(sanitize_reasons, truncated)
{
	datagrams_add_text(&test.all, "hello")->flags |= DATAGRAM_TRUNCATED;
	assert_dropped(&test, DROP_TRUNCATED);
}

Test(sanitize_reasons, group_another_one)
{
	datagrams_add_text(&test.all, "hello")->to = datagrams_address("239.255.0.2:59259");
	assert_dropped(&test, DROP_GROUP);
}

Test(sanitize_reasons, group_another_port)
{
	datagrams_add_text(&test.all, "hello")->to.port = 59260;
	assert_dropped(&test, DROP_GROUP);
}

Test(sanitize_reasons, group_not_known_because_the_control_data_were_cut)
{
	struct datagram *dg = datagrams_add_text(&test.all, "hello");

	dg->flags = DATAGRAM_CUT_CONTROL;
	assert_dropped(&test, DROP_GROUP);
	cr_assert_eq(sanitize_counted(test.san)->cut_control, 1);
}

Test(sanitize_reasons, cut_control_data_are_counted_even_if_nothing_needed_is_missing)
{
	datagrams_add_text(&test.all, "hello")->flags |= DATAGRAM_CUT_CONTROL;
	assert_untouched(&test);
	cr_assert_eq(sanitize_counted(test.san)->cut_control, 1);
}

Test(sanitize_reasons, interface)
{
	datagrams_add_text(&test.all, "hello")->ifindex = 2;
	assert_dropped(&test, DROP_INTERFACE);
}

static struct cidr cidr_of(const char *text)
{
	struct cidr cidr;

	cr_assert_eq(cidr_parse(text, &cidr), 0);
	return cidr;
}

Test(sanitize_reasons, source_by_allow_and_deny)
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

	datagrams_add_text(&test.all, "hello");
	for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct cidr allow = cidr_of(table[i].allow ? table[i].allow : "::");
		struct cidr deny = cidr_of(table[i].deny ? table[i].deny : "::");

		test.options.allow = &allow;
		test.options.allows = !!table[i].allow;
		test.options.deny = &deny;
		test.options.denies = !!table[i].deny;
		test.all.dg[0].from = datagrams_address(table[i].from);
		sanitizing_start(&test);
		memset(&allow, 0, sizeof(allow));	/* they were copied */
		memset(&deny, 0, sizeof(deny));
		cr_expect_eq(sanitizing_run(&test), table[i].passes, "row %u", i);
		cr_expect_eq(sanitize_counted(test.san)->dropped[DROP_SOURCE], !table[i].passes);
		assert_law(&test);
		sanitize_destroy(test.san);
	}
	test.san = NULL;
}

Test(sanitize_reasons, source_any_of_several)
{
	struct cidr allow[] = { cidr_of("10.0.0.0/8"), cidr_of("192.0.2.0/24") };
	struct cidr deny[] = { cidr_of("192.0.2.9"), cidr_of("192.0.2.10") };

	test.options.allow = allow;
	test.options.allows = 2;
	test.options.deny = deny;
	test.options.denies = 2;
	datagrams_add_text(&test.all, "hello");
	datagrams_add_text(&test.all, "hello")->from = datagrams_address("192.0.2.10:4242");
	assert_dropped(&test, DROP_SOURCE);
}

Test(sanitize_reasons, ttl_below_the_least)
{
	test.options.min_ttl = 255;
	datagrams_add_text(&test.all, "hello")->ttl = 254;
	datagrams_add_text(&test.all, "hello")->ttl = 255;
	assert_dropped(&test, DROP_TTL);
}

Test(sanitize_reasons, ttl_not_known)
{
	test.options.min_ttl = 1;
	datagrams_add_text(&test.all, "hello")->flags &= ~DATAGRAM_TTL;
	assert_dropped(&test, DROP_TTL);
}

Test(sanitize_reasons, ttl_of_0_is_real_and_passes_where_nobody_asks)
{
	datagrams_add_text(&test.all, "hello")->ttl = 0;
	assert_untouched(&test);
	cr_assert(test.all.msg[0].flags & MCAST_MSG_TTL);
}

Test(sanitize_reasons, rate_per_source_address_not_per_port)
{
	test.options.rate = 1;
	datagrams_add_text(&test.all, "one");
	datagrams_add_text(&test.all, "two")->from.port = 4243;
	datagrams_add_text(&test.all, "three")->from = datagrams_address("192.0.2.2:4242");
	assert_dropped(&test, DROP_RATE);
	cr_assert_eq(test.all.msg[1].data, test.all.dg[2].data);
}

Test(sanitize_reasons, burst)
{
	test.options.rate = 1;
	test.options.burst = 3;
	for (int i = 0; i < 4; i++)
		datagrams_add_text(&test.all, "hello");
	assert_dropped(&test, DROP_RATE);
}

Test(sanitize_reasons, length_at_and_beyond_both_limits)
{
	test.options.min_bytes = 2;
	test.options.max_bytes = 4;
	datagrams_add_text(&test.all, "12");
	datagrams_add_text(&test.all, "1234");
	datagrams_add_text(&test.all, "1");
	assert_dropped(&test, DROP_SHORT);
	test.all.dg[2].len = 0;
	cr_assert_eq(sanitizing_run(&test), 2);
	cr_assert_eq(sanitize_counted(test.san)->dropped[DROP_SHORT], 2);
	datagrams_add_text(&test.all, "12345");
	cr_assert_eq(sanitizing_run(&test), 2);
	cr_assert_eq(sanitize_counted(test.san)->dropped[DROP_LONG], 1);
	assert_law(&test);
}

Test(sanitize_reasons, encoding)
{
	datagrams_add_text(&test.all, "overlong \xC0\xAF");
	assert_dropped(&test, DROP_ENCODING);
}

Test(sanitize_reasons, control_becomes_its_picture)
{
	datagrams_add_text(&test.all, "\x1B[31mred");
	assert_repaired(&test, "\xE2\x90\x9B[31mred");
}

Test(sanitize_reasons, control_drop)
{
	test.options.on_control = ON_CONTROL_DROP;
	datagrams_add_text(&test.all, "tab\tand line\r\n");
	datagrams_add_text(&test.all, "escape \x1B");
	assert_dropped(&test, DROP_CONTROL);
}

Test(sanitize_reasons, control_keep)
{
	test.options.on_control = ON_CONTROL_KEEP;
	datagrams_add_text(&test.all, "\x1B\x7F\xC2\x9B");
	assert_untouched(&test);
}

Test(sanitize_reasons, bidi_stays_by_default)
{
	datagrams_add_text(&test.all, "a\xE2\x80\xAE\xE2\x80\xA8");
	assert_untouched(&test);
}

Test(sanitize_reasons, bidi_replace)
{
	test.options.on_bidi = ON_BIDI_REPLACE;
	datagrams_add_text(&test.all, "a\xE2\x80\xAE\xD8\x9C");
	assert_repaired(&test, "a\xEF\xBF\xBD\xEF\xBF\xBD");
}

Test(sanitize_reasons, bidi_drop)
{
	test.options.on_bidi = ON_BIDI_DROP;
	datagrams_add_text(&test.all, "a\xE2\x80\xA9");
	assert_dropped(&test, DROP_BIDI);
}

Test(sanitize_reasons, grown_above_max_bytes)
{
	test.options.max_bytes = 5;
	datagrams_add_text(&test.all, "123\x01");
	datagrams_add_text(&test.all, "12\x01");
	assert_dropped(&test, DROP_GROWN);
	cr_assert_eq(test.all.msg[0].len, 5);
}

Test(sanitize_reasons, binary_looks_at_no_byte_but_at_all_else)
{
	test.options.profile = PROFILE_BINARY;
	test.options.on_control = ON_CONTROL_DROP;
	test.options.on_bidi = ON_BIDI_DROP;
	test.options.max_bytes = 6;
	datagrams_add(&test.all, "\xFF\0\x1B\xE2\x80\xAE", 6);
	datagrams_add(&test.all, "\xFF\0\x1B\xE2\x80\xAE.", 7);
	assert_dropped(&test, DROP_LONG);
	cr_assert_eq(test.all.msg[0].data, test.all.dg[0].data);
	cr_assert_eq(test.all.msg[0].flags, MCAST_MSG_BINARY | MCAST_MSG_TTL | MCAST_MSG_KERNEL_TIME);
}

/* ---- the order ------------------------------------------------------------------------ */

static void mend(struct datagram *dg, enum drop fault)
{
	switch (fault) {
	case DROP_TRUNCATED:
		dg->flags &= ~DATAGRAM_TRUNCATED;
		break;
	case DROP_GROUP:
		dg->to.port--;
		break;
	case DROP_INTERFACE:
		dg->ifindex--;
		break;
	case DROP_SOURCE:
		dg->from = datagrams_address("192.0.2.1:1");
		break;
	default:
		dg->ttl = 2;
		break;
	}
}

/* One datagram with every fault; they are mended one by one in the order of enum drop, and each
 * time the next one must be what is told. */
Test(sanitize_reasons, a_datagram_with_several_faults_counts_under_the_first)
{
	struct cidr deny = cidr_of("192.0.2.66");
	struct datagram *dg = datagrams_add_text(&test.all, "\x01\xE2\x80\xAE\xFF");

	test.options.deny = &deny;
	test.options.denies = 1;
	test.options.min_ttl = 2;
	test.options.rate = 1;
	test.options.min_bytes = test.options.max_bytes = 6;
	test.options.on_control = ON_CONTROL_DROP;
	test.options.on_bidi = ON_BIDI_DROP;
	dg->ttl = 2;
	assert_dropped(&test, DROP_SHORT);	/* took the only token */

	dg->flags |= DATAGRAM_TRUNCATED;
	dg->to.port++;
	dg->ifindex++;
	dg->from = datagrams_address("192.0.2.66:1");
	dg->ttl = 1;
	for (enum drop drop = DROP_TRUNCATED; drop <= DROP_RATE; drop++) {
		uint64_t before = sanitize_counted(test.san)->dropped[drop];

		cr_assert_eq(sanitizing_run(&test), 0);
		cr_assert_eq(sanitize_counted(test.san)->dropped[drop], before + 1, "%s",
			     drop_name(drop));
		mend(dg, drop);
	}
	assert_law(&test);
}

Test(sanitize_reasons, length_comes_before_text_and_encoding_before_control_before_bidi_before_grown)
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

	test.options.min_bytes = 2;
	test.options.max_bytes = 8;
	datagrams_add_text(&test.all, "in between");
	for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
		datagrams_finish(&test.all);
		datagrams_add_text(&test.all, table[i].text);
		test.options.on_control = table[i].on_control;
		test.options.on_bidi = table[i].on_bidi;
		sanitizing_start(&test);
		assert_dropped(&test, table[i].want);
		sanitize_destroy(test.san);
	}
	test.san = NULL;
}

Test(sanitize_reasons, what_was_dropped_for_another_reason_takes_no_token)
{
	test.options.rate = 1;
	datagrams_add_text(&test.all, "hello")->flags |= DATAGRAM_TRUNCATED;
	datagrams_add_text(&test.all, "hello");
	assert_dropped(&test, DROP_TRUNCATED);
}
