/* base_text.c - tests: UTF-8, dangerous characters, plain runs, cleaning, near names */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define BYTES(literal) (const uint8_t *)(literal), sizeof(literal) - 1

static unsigned decode(const char *text, size_t n, uint32_t *cp)
{
	return text_decode((const uint8_t *)text, n, cp);
}

Test(text, decodes_what_it_encodes_for_every_code_point)
{
	uint8_t out[4];
	uint32_t back;

	for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
		unsigned len;

		if (cp >= 0xD800 && cp <= 0xDFFF)
			continue;
		len = text_encode(out, cp);
		cr_assert_eq(text_decode(out, len, &back), len, "U+%04X", cp);
		cr_assert_eq(back, cp);
		cr_assert(text_is_utf8(out, len));
		if (len > 1)
			cr_assert_eq(text_decode(out, len - 1, &back), 0, "U+%04X cut", cp);
	}
}

Test(text, knows_the_lengths_of_rfc_3629)
{
	uint8_t out[4];

	cr_assert_eq(text_encode(out, 0x7F), 1);
	cr_assert_eq(text_encode(out, 0x80), 2);
	cr_assert_arr_eq(out, "\xC2\x80", 2);
	cr_assert_eq(text_encode(out, 0x800), 3);
	cr_assert_arr_eq(out, "\xE0\xA0\x80", 3);
	cr_assert_eq(text_encode(out, 0x10000), 4);
	cr_assert_arr_eq(out, "\xF0\x90\x80\x80", 4);
}

Test(text, refuses_what_is_no_utf8)
{
	static const struct {
		const char *bytes, *what;
	} bad[] = {
		{ "\x80", "continuation alone" },
		{ "\xC0\xAF", "overlong slash" },
		{ "\xC1\xBF", "overlong DEL" },
		{ "\xE0\x9F\xBF", "overlong, three bytes" },
		{ "\xF0\x8F\xBF\xBF", "overlong, four bytes" },
		{ "\xED\xA0\x80", "first surrogate" },
		{ "\xED\xBF\xBF", "last surrogate" },
		{ "\xF4\x90\x80\x80", "beyond U+10FFFF" },
		{ "\xF5\x80\x80\x80", "F5" },
		{ "\xFF", "FF" },
		{ "\xC3", "cut after one" },
		{ "\xE2\x82", "cut after two" },
		{ "\xE2\x28\xA1", "ASCII inside" },
		{ "\xF0\x9F\x98\x28", "ASCII at the end" },
	};
	char late[64];
	uint32_t cp;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t n = strlen(bad[i].bytes);

		cr_assert_eq(decode(bad[i].bytes, n, &cp), 0, "%s", bad[i].what);
		for (size_t at = 0; at < 40; at++) {
			memset(late, 'a', sizeof(late));
			memcpy(late + at, bad[i].bytes, n);
			cr_assert_not(text_is_utf8((uint8_t *)late, at + n), "%s at %zu", bad[i].what, at);
			cr_assert_not(text_is_utf8((uint8_t *)late, 64), "%s at %zu of 64", bad[i].what, at);
		}
	}
	cr_assert(text_is_utf8(BYTES("")));
	cr_assert(text_is_utf8(BYTES("plain ASCII that is longer than a word, then \xE2\x82\xAC, then more of it")));
}

Test(text, names_every_dangerous_character_and_no_other)
{
	for (uint32_t cp = 0; cp <= 0x3000; cp++) {
		bool control = cp <= 0x1F || (cp >= 0x7F && cp <= 0x9F);
		bool separator = cp == 0x2028 || cp == 0x2029;
		bool bidi = cp == 0x61C || cp == 0x200E || cp == 0x200F ||
			    (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069);

		cr_assert_eq(text_is_control(cp), control, "U+%04X", cp);
		cr_assert_eq(text_is_separator(cp), separator, "U+%04X", cp);
		cr_assert_eq(text_is_bidi(cp), bidi, "U+%04X", cp);
		cr_assert_eq(text_is_unsafe(cp), control || separator || bidi, "U+%04X", cp);
	}
}

/* The promise of text_plain(), byte by byte. */
static size_t plain_reference(const uint8_t *p, size_t n, uint8_t a, uint8_t b)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x20 || p[i] > 0x7E || (p[i] != ' ' && (p[i] == a || p[i] == b)))
			return i;
	return n;
}

Test(text, finds_the_plain_prefix_for_every_byte_at_every_place)
{
	for (size_t n = 0; n <= 70; n++) {
		uint8_t *p = malloc(n ? n : 1);	/* of just this size: a read beyond it is seen */

		for (size_t at = 0; at < n; at++) {
			for (unsigned byte = 0; byte < 256; byte++) {
				memset(p, 'x', n);
				p[at] = (uint8_t)byte;
				cr_assert_eq(text_plain(p, n, '"', '\\'), plain_reference(p, n, '"', '\\'),
					     "%02X at %zu of %zu", byte, at, n);
				cr_assert_eq(text_plain(p, n, ' ', ' '), plain_reference(p, n, ' ', ' '),
					     "%02X at %zu of %zu, none refused", byte, at, n);
			}
		}
		memset(p, ' ', n);
		cr_assert_eq(text_plain(p, n, ' ', ' '), n, "spaces");
		free(p);
	}
}

Test(text, cleans_for_a_persons_eyes)
{
	static const struct {
		const char *in, *out;
	} table[] = {
		{ "plain \\ stays", "plain \\ stays" },
		{ "a\tb\nc\rd", "a\\tb\\nc\\rd" },
		{ "\x1b[31m\x7f", "\\x1B[31m\\x7F" },
		{ "\xC2\x9B", "\\u{009B}" },
		{ "\xE2\x80\xAE\xE2\x80\xA8", "\\u{202E}\\u{2028}" },
		{ "gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80", "gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80" },
		{ "\xFF\xC3", "\\xFF\\xC3" },
		{ "\x0b\x0c", "\\x0B\\x0C" },
	};
	char out[64];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		cr_assert_str_eq(text_clean(out, sizeof(out), table[i].in, strlen(table[i].in)), table[i].out);
	cr_assert_str_eq(text_clean(out, sizeof(out), "a\0b", 3), "a\\x00b");
}

Test(text, cuts_between_characters)
{
	char out[8];

	cr_assert_str_eq(text_clean(out, 4, "abcdef", 6), "abc");
	cr_assert_str_eq(text_clean(out, 4, "ab\xC3\xBC", 4), "ab");
	cr_assert_str_eq(text_clean(out, 5, "ab\xC3\xBC", 4), "ab\xC3\xBC");
	cr_assert_str_eq(text_clean(out, 5, "a\x1b", 2), "a");
	cr_assert_str_eq(text_clean(out, 1, "a", 1), "");
	out[0] = 'k';
	text_clean(out, 0, "a", 1);
	cr_assert_eq(out[0], 'k', "no room: nothing is written");
}

Test(text, guesses_the_name_that_was_meant)
{
	static const char *const names[] = { "to", "payload", "framing", "buffer", "on_full", "handler", "enabled", "tcp" };
	static const struct {
		const char *word, *meant;
	} table[] = {
		{ "too", "to" }, { "t", "to" }, { "ot", "to" }, { "payloda", "payload" },
		{ "PAYLOAD", "payload" }, { "Paylaod", "payload" }, { "onfull", "on_full" }, { "framng", "framing" },
		{ "handlr", "handler" }, { "enable", "enabled" },
		{ "udp", NULL }, { "xyz", NULL }, { "", NULL }, { "colour", NULL }, { "frame", NULL },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *found = text_nearest(table[i].word, names, sizeof(names) / sizeof(names[0]));

		if (table[i].meant)
			cr_assert(found && !strcmp(found, table[i].meant), "%s: %s", table[i].word, found);
		else
			cr_assert_null(found, "%s: %s", table[i].word, found);
	}
	cr_assert_null(text_nearest("a", names, 0));
}

Test(text, does_not_choke_on_a_long_word)
{
	static const char *const names[] = { "to" };
	char word[10000];

	memset(word, 'o', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	cr_assert_null(text_nearest(word, names, 1));
}
