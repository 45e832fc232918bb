/* encode_escape.c - tests: payload bytes as text that is safe to print, and back */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "encode/escape.h"

struct row {
	const char *in;
	size_t n;
	const char *out;
};
#define ROW(in, out) { in, sizeof(in) - 1, out }

static void assert_writes(size_t (*escape)(char *, const uint8_t *, size_t), const struct row *row, size_t rows)
{
	for (; rows; rows--, row++) {
		char out[256];
		size_t n = escape(out, (const uint8_t *)row->in, row->n);

		out[n] = '\0';
		cr_assert_str_eq(out, row->out);
	}
}
#define ASSERT_WRITES(escape, rows) assert_writes(escape, rows, sizeof(rows) / sizeof((rows)[0]))

Test(escape, writes_text_that_people_can_read_and_programs_decode)
{
	static const struct row rows[] = {
		ROW("", ""), ROW("hello", "hello"), ROW("a\tb\nc\rd", "a\\tb\\nc\\rd"), ROW("C:\\new", "C:\\\\new"),
		ROW("\0\x1b\x7f", "\\x00\\x1B\\x7F"), ROW("\xFF\xFE", "\\xFF\\xFE"), ROW("\xC3", "\\xC3"),
		ROW("\xC2\x85", "\\u{0085}"), ROW("\xE2\x80\xA8\xE2\x80\xAE", "\\u{2028}\\u{202E}"),
		ROW("gr\xC3\xBC\xC3\x9F", "gr\xC3\xBC\xC3\x9F"), ROW("\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"),
		ROW("\\x41", "\\\\x41"),
	};

	ASSERT_WRITES(escape_text, rows);
}

Test(escape, gives_the_bytes_back_for_every_pair_of_bytes)
{
	for (unsigned pair = 0; pair < 65536; pair++) {
		uint8_t in[4] = { (uint8_t)(pair >> 8), (uint8_t)pair, 'x', (uint8_t)(pair >> 8) }, back[4 * 4 + 1];
		char text[4 * 4 + 1];
		size_t n = escape_text(text, in, sizeof(in));

		cr_assert_leq(n, sizeof(text));
		cr_assert_eq(unescape_text(back, text, n), (long)sizeof(in), "%04X", pair);
		cr_assert_arr_eq(back, in, sizeof(in), "%04X", pair);
	}
}

Test(escape, refuses_to_decode_what_it_never_writes)
{
	static const char *const bad[] = {
		"\\", "a\\", "\\x", "\\x1", "\\xg0", "\\u{}", "\\u{85}", "\\u{00085}", "\\u{008", "\\u{D800}", "\\u{DFFF}",
		"\\u0085", "\\q", "\\u{00g5}", "\\0", "\\N",
	};
	uint8_t out[32];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(unescape_text(out, bad[i], strlen(bad[i])), -EINVAL, "%s", bad[i]);
	cr_assert_eq(unescape_text(out, "\\x1b", 4), 1, "either case of digits");
	cr_assert_eq(out[0], 0x1B);
}

Test(escape, writes_the_inside_of_a_json_string)
{
	static const struct row rows[] = {
		ROW("", ""), ROW("say \"hi\" \\o/", "say \\\"hi\\\" \\\\o/"), ROW("a\tb\nc\rd", "a\\tb\\nc\\rd"),
		ROW("\0\x1b\x7f", "\\u0000\\u001b\\u007f"), ROW("\xC2\x9B", "\\u009b"),
		ROW("\xE2\x80\xA9\xE2\x81\xA6\xD8\x9C", "\\u2029\\u2066\\u061c"), ROW("\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"),
		ROW("\xFF", "\\ufffd"),
	};

	ASSERT_WRITES(escape_json, rows);
}

Test(escape, gives_every_character_back_through_a_json_parser)
{
	for (uint32_t cp = 0; cp <= 0x10FFFF; cp += cp < 0x3000 ? 1 : 0x101) {
		uint8_t in[4];
		char text[64] = "[\"";
		size_t n;
		json_t *back;

		if (cp >= 0xD800 && cp <= 0xDFFF)
			continue;
		n = 2 + escape_json(text + 2, in, text_encode(in, cp));
		memcpy(text + n, "\"]", 3);
		back = json_loads(text, JSON_ALLOW_NUL, NULL);
		cr_assert_not_null(back, "U+%04X: %s", cp, text);
		cr_assert_eq(json_string_length(json_array_get(back, 0)), text_encode(in, cp));
		cr_assert_arr_eq(json_string_value(json_array_get(back, 0)), in, text_encode(in, cp));
		json_decref(back);
	}
}

Test(escape, puts_a_json_document_on_one_safe_line)
{
	static const struct row rows[] = {
		ROW("{\r\n\t\"a\": 1\n}", "{   \"a\": 1 }"), ROW("\"\\n\\u001b\"", "\"\\n\\u001b\""),
		ROW("\"\x7f\xC2\x9B\xE2\x80\xA8\xE2\x80\xAE\"", "\"\\u007f\\u009b\\u2028\\u202e\""),
		ROW("[1,2.50,\"\xC3\xBC\",1e400]", "[1,2.50,\"\xC3\xBC\",1e400]"),
	};

	ASSERT_WRITES(escape_json_document, rows);
}

Test(escape, writes_base64_as_rfc_4648_has_it)
{
	static const struct row rows[] = {
		ROW("", ""), ROW("f", "Zg=="), ROW("fo", "Zm8="), ROW("foo", "Zm9v"), ROW("foob", "Zm9vYg=="),
		ROW("fooba", "Zm9vYmE="), ROW("foobar", "Zm9vYmFy"), ROW("\xFB\xFF\xBF\0", "+/+/AA=="),
	};

	ASSERT_WRITES(escape_base64, rows);
}

/* Memory of just the promised size, so that a byte too many is seen by those who watch memory, and by us. */
static void assert_stays_within(size_t (*escape)(char *, const uint8_t *, size_t), size_t bound, const char *unit,
				size_t unit_size)
{
	uint8_t in[600];
	char *out = malloc(bound + 8);

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)unit[i % unit_size];
	memset(out, 0x5A, bound + 8);
	cr_assert_leq(escape(out, in, sizeof(in)), bound);
	for (size_t i = 0; i < 8; i++)
		cr_assert_eq(out[bound + i], 0x5A);
	free(out);
}

Test(escape, stays_within_its_bound_at_the_worst)
{
	static const char *const worst[] = { "\x1b", "\xFF", "\xC2\x9B", "\xE2\x80\xAE", "\\", "\"", "\xF0", "\x7f", "\n" };

	for (size_t i = 0; i < sizeof(worst) / sizeof(worst[0]); i++) {
		assert_stays_within(escape_text, 4 * 600 + 1, worst[i], strlen(worst[i]));
		assert_stays_within(escape_json, 6 * 600, worst[i], strlen(worst[i]));
		assert_stays_within(escape_json_document, 6 * 600, worst[i], strlen(worst[i]));
		assert_stays_within(escape_base64, 4 * 200, worst[i], strlen(worst[i]));
	}
}
