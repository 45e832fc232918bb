/* sanitize_text.c - tests: what is text and how it is repaired, against a reference that reads byte by byte */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sanitize/policy.h"

#define BEHIND 64
#define ALIGNMENTS 32

/* The grammar of RFC 3629, section 4, to the letter: ranges of the four bytes. */
static const struct sequence {
	unsigned size;
	uint8_t from[4], to[4];
} grammar[] = {
	{ 1, { 0x00 }, { 0x7F } },
	{ 2, { 0xC2, 0x80 }, { 0xDF, 0xBF } },
	{ 3, { 0xE0, 0xA0, 0x80 }, { 0xE0, 0xBF, 0xBF } },
	{ 3, { 0xE1, 0x80, 0x80 }, { 0xEC, 0xBF, 0xBF } },
	{ 3, { 0xED, 0x80, 0x80 }, { 0xED, 0x9F, 0xBF } },
	{ 3, { 0xEE, 0x80, 0x80 }, { 0xEF, 0xBF, 0xBF } },
	{ 4, { 0xF0, 0x90, 0x80, 0x80 }, { 0xF0, 0xBF, 0xBF, 0xBF } },
	{ 4, { 0xF1, 0x80, 0x80, 0x80 }, { 0xF3, 0xBF, 0xBF, 0xBF } },
	{ 4, { 0xF4, 0x80, 0x80, 0x80 }, { 0xF4, 0x8F, 0xBF, 0xBF } },
};

static unsigned reference_size(const uint8_t *p, size_t n)
{
	for (size_t g = 0; g < sizeof(grammar) / sizeof(*grammar); g++) {
		unsigned i = 0;

		while (i < grammar[g].size && i < n && p[i] >= grammar[g].from[i] &&
		       p[i] <= grammar[g].to[i])
			i++;
		if (i == grammar[g].size)
			return i;
	}
	return 0;
}

static bool is_one_of(const uint8_t *p, unsigned size, const char *const *list)
{
	for (; *list; list++)
		if (strlen(*list) == size && !memcmp(p, *list, size))
			return true;
	return false;
}

static bool reference_control(const uint8_t *p, unsigned size)
{
	if (size == 1)
		return (p[0] < 0x20 && p[0] != '\t' && p[0] != '\n' && p[0] != '\r') || p[0] == 0x7F;
	return size == 2 && p[0] == 0xC2 && p[1] < 0xA0;
}

static bool reference_bidi(const uint8_t *p, unsigned size)
{
	static const char *const list[] = {
		"\xD8\x9C",				/* U+061C */
		"\xE2\x80\x8E", "\xE2\x80\x8F",		/* U+200E-F */
		"\xE2\x80\xA8", "\xE2\x80\xA9",		/* U+2028-9 */
		"\xE2\x80\xAA", "\xE2\x80\xAB", "\xE2\x80\xAC", "\xE2\x80\xAD", "\xE2\x80\xAE",
		"\xE2\x81\xA6", "\xE2\x81\xA7", "\xE2\x81\xA8", "\xE2\x81\xA9",	/* U+2066-9 */
		NULL
	};

	return is_one_of(p, size, list);
}

static size_t reference_picture(uint8_t *out, const uint8_t *p, unsigned size)
{
	static const uint8_t replacement[] = { 0xEF, 0xBF, 0xBD };	/* U+FFFD */

	memcpy(out, replacement, 3);
	if (size == 1) {
		out[0] = 0xE2;
		out[1] = 0x90;
		out[2] = p[0] == 0x7F ? 0xA1 : 0x80 + p[0];
	}
	return 3;
}

struct verdict {
	enum drop drop;
	size_t len;
	uint8_t text[1024];
};

/* Repairs whatever may be repaired; *len is 0 where nothing was. */
static void reference(struct verdict *v, const struct sanitize_options *o, const uint8_t *p, size_t n)
{
	bool control = false, bidi = false, replaced = false;
	size_t i = 0;

	v->drop = DROP_NONE;
	v->len = 0;
	while (i < n) {
		unsigned size = reference_size(p + i, n - i);
		bool is_control, is_bidi;

		if (!size) {
			v->drop = DROP_ENCODING;
			return;
		}
		is_control = reference_control(p + i, size);
		is_bidi = reference_bidi(p + i, size);
		control |= is_control;
		bidi |= is_bidi;
		if ((is_control && o->on_control == ON_CONTROL_PICTURE) ||
		    (is_bidi && o->on_bidi == ON_BIDI_REPLACE)) {
			v->len += reference_picture(v->text + v->len, p + i, size);
			replaced = true;
		} else {
			memcpy(v->text + v->len, p + i, size);
			v->len += size;
		}
		i += size;
	}
	if (control && o->on_control == ON_CONTROL_DROP)
		v->drop = DROP_CONTROL;
	else if (bidi && o->on_bidi == ON_BIDI_DROP)
		v->drop = DROP_BIDI;
	else if (v->len > o->max_bytes)
		v->drop = DROP_GROWN;
	if (!replaced)
		v->len = 0;
}

static char *hex(const uint8_t *p, size_t n)
{
	static char text[64];

	text[0] = 0;
	for (size_t i = 0; i < n && i < 20; i++)
		sprintf(text + 3 * i, "%02X ", p[i]);
	return text;
}

static void assert_agrees(const struct sanitize_options *o, const uint8_t *p, size_t n)
{
	struct verdict want;
	uint8_t out[1024];
	size_t len = 0;
	enum drop got = policy_check(o, p, n, &len);

	reference(&want, o, p, n);
	if (got != want.drop)
		cr_assert_fail("%s: %s, not %s", hex(p, n), drop_name(got), drop_name(want.drop));
	if (got)
		return;
	if (len != want.len)
		cr_assert_fail("%s: repaired to %zu bytes, not %zu", hex(p, n), len, want.len);
	if (!len)
		return;
	policy_repair(o, p, n, out);
	if (memcmp(out, want.text, len))
		cr_assert_fail("%s: repaired to %s", hex(p, n), hex(out, len));
}

static const struct sanitize_options repair_all = {
	.on_control = ON_CONTROL_PICTURE,
	.on_bidi = ON_BIDI_REPLACE,
	.max_bytes = DATAGRAM_MAX,
};
static const struct sanitize_options drop_all = {
	.on_control = ON_CONTROL_DROP,
	.on_bidi = ON_BIDI_DROP,
	.max_bytes = DATAGRAM_MAX,
};
static const struct sanitize_options keep_all = {
	.on_control = ON_CONTROL_KEEP,
	.on_bidi = ON_BIDI_KEEP,
	.max_bytes = DATAGRAM_MAX,
};
static const struct sanitize_options usual = {
	.on_control = ON_CONTROL_PICTURE,
	.on_bidi = ON_BIDI_KEEP,
	.max_bytes = DATAGRAM_MAX,
};
static const struct sanitize_options *const policies[] = { &repair_all, &drop_all, &keep_all, &usual };

static void assert_agrees_on_all(const uint8_t *p, size_t n)
{
	for (unsigned i = 0; i < sizeof(policies) / sizeof(*policies); i++)
		assert_agrees(policies[i], p, n);
}

/* Memory aligned to 32; the tests begin at each of the 32 places that follow. */
static _Alignas(32) uint8_t memory[1024];

Test(sanitize_text, every_sequence_of_1_and_2_bytes_at_every_alignment)
{
	for (unsigned at = 0; at < ALIGNMENTS; at++) {
		for (unsigned bytes = 0; bytes < 0x10000; bytes++) {
			memory[at] = (uint8_t)bytes;
			memory[at + 1] = (uint8_t)(bytes >> 8);
			if (bytes < 0x100)
				assert_agrees_on_all(memory + at, 1);
			assert_agrees(&repair_all, memory + at, 2);
			assert_agrees(&drop_all, memory + at, 2);
		}
	}
}

Test(sanitize_text, every_sequence_of_3_bytes)
{
	for (unsigned bytes = 0; bytes < 0x1000000; bytes++) {
		uint8_t *p = memory + bytes % ALIGNMENTS;

		p[0] = (uint8_t)(bytes >> 16);
		p[1] = (uint8_t)(bytes >> 8);
		p[2] = (uint8_t)bytes;
		assert_agrees(&drop_all, p, 3);
	}
}

Test(sanitize_text, sequences_of_4_bytes_around_each_limit)
{
	static const uint8_t tail[] = { 0x00, 0x41, 0x7F, 0x80, 0x81, 0x8F, 0x90, 0x9F,
					0xA0, 0xBE, 0xBF, 0xC0, 0xC2, 0xE0, 0xF0, 0xFF };
	const unsigned n = sizeof(tail);

	for (unsigned first = 0; first < 0x100; first++) {
		for (unsigned i = 0; i < n * n * n; i++) {
			uint8_t *p = memory + (first + i) % ALIGNMENTS;

			p[0] = (uint8_t)first;
			p[1] = tail[i % n];
			p[2] = tail[i / n % n];
			p[3] = tail[i / n / n];
			assert_agrees(&repair_all, p, 4);
		}
	}
}

static const char *const samples[] = {
	"\x01", "\x1B[31m", "\x1F", " ", "~", "\x7F", "\t", "\n", "\r", "\v", "\r\n\t",
	"\xC2\x80", "\xC2\x9B", "\xC2\x9F", "\xC2\xA0", "\xC3\xA4", "\xD8\x9C", "\xE2\x80\x8D",
	"\xE2\x80\x8E", "\xE2\x80\xA8", "\xE2\x80\xAE", "\xE2\x80\xAF", "\xE2\x81\xA6", "\xEF\xBB\xBF",
	"\xEF\xBF\xBD", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF",
	"\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
	"\x80", "\xBF", "\xFE", "\xFF", "\xC3", "\xE2\x80", "\xF0\x9F\x98", "\xC3(", "\xE2\x80(",
	"\xC2\x80\xE2\x80\xAE\x7F", "\xC3\xA4\xC3\xB6\x01\xC3\xBC",
};

/* Long enough that a sample lies in the first block of 64, across blocks, and in the last, partial one. */
Test(sanitize_text, a_sample_anywhere_in_a_long_text)
{
	for (unsigned s = 0; s < sizeof(samples) / sizeof(*samples); s++) {
		size_t size = strlen(samples[s]);

		for (unsigned place = 0; place <= 140; place++) {
			uint8_t *p = memory + place * 7 % ALIGNMENTS;

			memset(p, 'a', 200);
			memcpy(p + place, samples[s], size);
			assert_agrees_on_all(p, 140 + size);	/* plain text follows */
			assert_agrees_on_all(p, place + size);	/* it ends the text */
		}
	}
}

Test(sanitize_text, nothing_depends_on_what_lies_behind_the_text)
{
	static const uint8_t behind[] = { 0x00, 'a', 0x80, 0xBF, 0xFF, '\n', 0xC2 };

	for (unsigned len = 0; len < 200; len++) {
		for (unsigned b = 0; b < sizeof(behind); b++) {
			uint8_t *exact = malloc(len + BEHIND);

			memset(exact, 'x', len);
			memset(exact + len, behind[b], BEHIND);
			assert_agrees_on_all(exact, len);
			if (len > 1) {		/* cut in a character */
				exact[len - 1] = 0xC3;
				assert_agrees_on_all(exact, len);
			}
			free(exact);
		}
	}
}

Test(sanitize_text, repaired_text_needs_no_second_repair)
{
	for (unsigned s = 0; s < sizeof(samples) / sizeof(*samples); s++) {
		uint8_t once[64 + BEHIND] = { 0 };
		size_t len, again;

		memcpy(memory, samples[s], strlen(samples[s]));
		if (policy_check(&repair_all, memory, strlen(samples[s]), &len) || !len)
			continue;
		policy_repair(&repair_all, memory, strlen(samples[s]), once);
		cr_assert_eq(policy_check(&repair_all, once, len, &again), DROP_NONE);
		cr_assert_eq(again, 0, "%s", hex(once, len));
	}
}

Test(sanitize_text, what_a_repair_looks_like)
{
	static const struct {
		const char *text, *want;
	} table[] = {
		{ "\x1B[2J", "\xE2\x90\x9B[2J" },		/* ESC is U+241B */
		{ "a\x7F", "a\xE2\x90\xA1" },			/* DEL is U+2421 */
		{ "\xC2\x9B[m", "\xEF\xBF\xBD[m" },	/* CSI in C1 is U+FFFD */
		{ "\x01\t\r\n", "\xE2\x90\x81\t\r\n" },
		{ "1\xE2\x80\xAE" "2", "1\xEF\xBF\xBD" "2" },
		{ "1\xE2\x80\xA8" "2", "1\xEF\xBF\xBD" "2" },
	};

	for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
		size_t n = strlen(table[i].text), len;
		uint8_t out[64];

		memcpy(memory, table[i].text, n);
		cr_assert_eq(policy_check(&repair_all, memory, n, &len), DROP_NONE);
		cr_assert_eq(len, strlen(table[i].want));
		policy_repair(&repair_all, memory, n, out);
		cr_assert_arr_eq(out, table[i].want, len, "%s", hex(out, len));
	}
}

Test(sanitize_text, NUL_gets_its_picture_too)
{
	static const uint8_t text[] = { 'a', 0, 'b' };
	uint8_t out[16];
	size_t len;

	memcpy(memory, text, sizeof(text));
	cr_assert_eq(policy_check(&usual, memory, 3, &len), DROP_NONE);
	cr_assert_eq(len, 5);
	policy_repair(&usual, memory, 3, out);
	cr_assert_arr_eq(out, "a\xE2\x90\x80\x62", 5);
}

Test(sanitize_text, grown_is_above_max_bytes_and_not_at_it)
{
	struct sanitize_options options = usual;
	static const uint8_t text[] = { 'a', 'b', 1 };
	size_t len;

	memcpy(memory, text, sizeof(text));
	options.max_bytes = 5;
	cr_assert_eq(policy_check(&options, memory, 3, &len), DROP_NONE);
	cr_assert_eq(len, 5);
	options.max_bytes = 4;
	cr_assert_eq(policy_check(&options, memory, 3, &len), DROP_GROWN);
	options.on_control = ON_CONTROL_KEEP;
	cr_assert_eq(policy_check(&options, memory, 3, &len), DROP_NONE, "what stays does not grow");
}
