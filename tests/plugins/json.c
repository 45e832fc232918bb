/* json.c - tests: the handler json, with one behind it that needs what it provides */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "support/rig.h"

#define JSON 0			/* places in the chain */
#define WANTS 1
#define OUTCOMES 8

static const char *const outcomes[OUTCOMES] = { "valid",	 "bad_syntax", "bad_encoding",
						"too_deep",	 "duplicate_key", "nul_in_key",
						"number_range", "no_memory" };

static struct rig *open_with(const char *options)
{
	const struct rig_handler handlers[] = {
		{ "json", options, ON_ERROR_PASS },
		{ "wants_json", NULL, ON_ERROR_PASS },
	};

	return rig_open(handlers, 2, NULL, 0);
}

/* Each message has one outcome, and what is handed on is as many as were valid. */
static void assert_all_counted(const struct rig *rig)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < OUTCOMES; i++)
		sum += rig_counter(rig, JSON, outcomes[i]);
	cr_assert_eq(sum, rig_counts(rig, JSON)->offered);
	cr_assert_eq(rig_counts(rig, WANTS)->failed, 0, "wants_json saw two documents of one message");
}

#define TEXT(literal) literal, sizeof(literal) - 1

/* What RFC 8259 says of a text, and the reason where it is refused. Those marked with (*) the RFC leaves to the one
 * who decodes. */
static const struct {
	const char *text;
	size_t len;
	const char *outcome;
	const char *type;	/* that wants_json saw, where valid */
} table[] = {
	/* any value stands alone */
	{ TEXT("{}"), "valid", "object" },
	{ TEXT("[]"), "valid", "array" },
	{ TEXT("\"\""), "valid", "string" },
	{ TEXT("0"), "valid", "integer" },
	{ TEXT("0.5"), "valid", "real" },
	{ TEXT("true"), "valid", "true" },
	{ TEXT("false"), "valid", "false" },
	{ TEXT("null"), "valid", "null" },
	{ TEXT(" \t\r\n{\n\t\"a\" : [ 1 , 2 ]\r\n}\r\n"), "valid", "object" },
	{ TEXT(""), "bad_syntax", NULL },
	{ TEXT(" "), "bad_syntax", NULL },
	{ TEXT("1 2"), "bad_syntax", NULL },
	{ TEXT("{}{}"), "bad_syntax", NULL },
	{ TEXT("{} x"), "bad_syntax", NULL },
	{ TEXT("TRUE"), "bad_syntax", NULL },
	{ TEXT("nul"), "bad_syntax", NULL },
	{ TEXT("nulll"), "bad_syntax", NULL },
	{ TEXT("hello"), "bad_syntax", NULL },
	{ TEXT("// comment\n1"), "bad_syntax", NULL },
	{ TEXT("'a'"), "bad_syntax", NULL },
	{ TEXT("\v1"), "bad_syntax", NULL },
	{ TEXT("1\f"), "bad_syntax", NULL },
	{ TEXT("\xC2\xA0" "1"), "bad_syntax", NULL },

	/* structure */
	{ TEXT("[1,]"), "bad_syntax", NULL },
	{ TEXT("[,1]"), "bad_syntax", NULL },
	{ TEXT("[1"), "bad_syntax", NULL },
	{ TEXT("[1}"), "bad_syntax", NULL },
	{ TEXT("]"), "bad_syntax", NULL },
	{ TEXT("{\"a\":1,}"), "bad_syntax", NULL },
	{ TEXT("{\"a\":1 \"b\":2}"), "bad_syntax", NULL },
	{ TEXT("{\"a\"}"), "bad_syntax", NULL },
	{ TEXT("{1:2}"), "bad_syntax", NULL },
	{ TEXT("{a:2}"), "bad_syntax", NULL },
	{ TEXT("{\"\":0}"), "valid", "object" },

	/* numbers */
	{ TEXT("-0"), "valid", "integer" },
	{ TEXT("-0.0"), "valid", "real" },
	{ TEXT("1e5"), "valid", "real" },
	{ TEXT("1E+5"), "valid", "real" },
	{ TEXT("-1.25e-3"), "valid", "real" },
	{ TEXT("9223372036854775807"), "valid", "integer" },
	{ TEXT("-9223372036854775808"), "valid", "integer" },
	{ TEXT("9223372036854775808"), "number_range", NULL },		/* (*) */
	{ TEXT("[-9223372036854775809]"), "number_range", NULL },	/* (*) */
	{ TEXT("9223372036854775808.0"), "valid", "real" },
	{ TEXT("1e308"), "valid", "real" },
	{ TEXT("1e309"), "number_range", NULL },	/* (*) */
	{ TEXT("1e-400"), "valid", "real" },		/* (*) 0 is the nearest */
	{ TEXT("01"), "bad_syntax", NULL },
	{ TEXT("+1"), "bad_syntax", NULL },
	{ TEXT("-"), "bad_syntax", NULL },
	{ TEXT(".5"), "bad_syntax", NULL },
	{ TEXT("1."), "bad_syntax", NULL },
	{ TEXT("1e"), "bad_syntax", NULL },
	{ TEXT("0x10"), "bad_syntax", NULL },
	{ TEXT("NaN"), "bad_syntax", NULL },
	{ TEXT("Infinity"), "bad_syntax", NULL },
	{ TEXT("-Infinity"), "bad_syntax", NULL },

	/* strings */
	{ TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\""), "valid", "string" },
	{ TEXT("\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\""), "valid", "string" },
	{ TEXT("\"\xE2\x80\xA8\x7F\""), "valid", "string" },
	{ TEXT("\"\\uD83D\\uDE00\""), "valid", "string" },
	{ TEXT("\"\\ud83d\""), "bad_syntax", NULL },		/* (*) half a pair */
	{ TEXT("\"\\ude00\""), "bad_syntax", NULL },		/* (*) */
	{ TEXT("\"\\ud83d\\u0041\""), "bad_syntax", NULL },	/* (*) */
	{ TEXT("\"\\u0000\""), "valid", "string" },
	{ TEXT("\"\\u12\""), "bad_syntax", NULL },
	{ TEXT("\"\\u12g4\""), "bad_syntax", NULL },
	{ TEXT("\"\\x41\""), "bad_syntax", NULL },
	{ TEXT("\"\t\""), "bad_syntax", NULL },
	{ TEXT("\"line\nbreak\""), "bad_syntax", NULL },
	{ TEXT("\"abc"), "bad_syntax", NULL },
	{ TEXT("\"abc\\\""), "bad_syntax", NULL },
	{ TEXT("\"\xC3\""), "bad_encoding", NULL },
	{ TEXT("\"\xED\xA0\x80\""), "bad_encoding", NULL },
	{ TEXT("\xFF"), "bad_encoding", NULL },
	{ TEXT("\xFE\xFF\x30\x31"), "bad_encoding", NULL },
	{ TEXT("\xEF\xBB\xBF{}"), "bad_syntax", NULL },		/* (*) a byte order mark */

	/* NUL, also where jansson's reader steps over it */
	{ TEXT("\0"), "bad_syntax", NULL },
	{ TEXT("{}\0"), "bad_syntax", NULL },
	{ TEXT("1\0"), "bad_syntax", NULL },
	{ TEXT("[1\0]"), "bad_syntax", NULL },
	{ TEXT("[true\0]"), "bad_syntax", NULL },
	{ TEXT("\"a\0b\""), "bad_syntax", NULL },

	/* keys */
	{ TEXT("{\"a\":1,\"b\":{\"a\":2}}"), "valid", "object" },
	{ TEXT("{\"a\":1,\"A\":2}"), "valid", "object" },
	{ TEXT("{\"a\":1,\"a\":1}"), "duplicate_key", NULL },	/* (*) */
	{ TEXT("{\"a\":1,\"\\u0061\":2}"), "duplicate_key", NULL },
	{ TEXT("[{\"b\":{\"\":1,\"\":2}}]"), "duplicate_key", NULL },
	{ TEXT("{\"a\\u0000\":1}"), "nul_in_key", NULL },	/* (*) */

	/* brackets that are closed, or in strings, are no depth */
	{ TEXT("[[],{},[],{},[],{},[],{},[],{},[],{},[],{},[],{},[],{},[],{},"
	       "[],{},[],{},[],{},[],{},[],{},[],{},[],{},[],{},[],{},[],{}]"),
	  "valid", "array" },
	{ TEXT("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\""), "valid", "string" },
	{ TEXT("[\"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\",\"\\\\\"]"), "valid", "array" },
	{ TEXT("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["), "too_deep", NULL },
	{ TEXT("[\"\\\\\",[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["), "too_deep", NULL },
	{ TEXT("[{\"\":[{\"\":[{\"\":[{\"\":[{\"\":[{\"\":[{\"\":[{\"\":[{\"\":[{\"\":["
	       "{\"\":[{\"\":[{\"\":[{\"\":[{\"\":[{\"\":[1"),
	  "too_deep", NULL },
};

Test(json, every_text_has_the_outcome_that_RFC_8259_asks_for)
{
	struct rig *rig = open_with(NULL);

	for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
		bool valid = !strcmp(table[i].outcome, "valid");
		uint64_t outcome = rig_counter(rig, JSON, table[i].outcome);
		uint64_t dropped = rig_counts(rig, JSON)->dropped;
		uint64_t type = valid ? rig_counter(rig, WANTS, table[i].type) : 0;
		char shown[512];

		text_clean(shown, sizeof(shown), table[i].text, table[i].len);
		rig_feed(rig, table[i].text, table[i].len);
		cr_expect_eq(rig_counter(rig, JSON, table[i].outcome), outcome + 1,
			     "%s: not %s", shown, table[i].outcome);
		cr_expect_eq(rig_counts(rig, JSON)->dropped, dropped + !valid, "%s", shown);
		if (valid)
			cr_expect_eq(rig_counter(rig, WANTS, table[i].type), type + 1,
				     "%s: seen as another type than %s", shown, table[i].type);
	}
	cr_assert_eq(rig_counter(rig, JSON, "late"), 0, "all were decoded as they came by");
	cr_assert_eq(rig_counter(rig, WANTS, "without"), 0);
	assert_all_counted(rig);
	rig_close(rig);
}

Test(json, hands_on_the_values_that_were_sent)
{
	struct rig *rig = open_with(NULL);

	rig_feed_text(rig, "{\"value\": 40, \"other\": [1, 2, 3]}");
	cr_assert_eq(rig_counter(rig, WANTS, "sum"), 40);
	cr_assert_eq(rig_counter(rig, WANTS, "members"), 2);
	rig_feed_text(rig, "2");
	cr_assert_eq(rig_counter(rig, WANTS, "sum"), 42);
	rig_feed_text(rig, "\"a\\u0000\xC3\xA4\"");
	cr_assert_eq(rig_counter(rig, WANTS, "bytes"), 4);
	rig_feed_text(rig, "[1, [2, 3], {}]");
	cr_assert_eq(rig_counter(rig, WANTS, "members"), 2 + 3);
	rig_close(rig);
}

Test(json, each_message_of_a_batch_has_its_own_document)
{
	const char *const texts[] = { "1", "broken", "20", "[", "300" };
	struct rig *rig = open_with(NULL);

	rig_feed_many(rig, texts, 5);
	cr_assert_eq(rig_counter(rig, WANTS, "sum"), 321);
	cr_assert_eq(rig_counts(rig, WANTS)->offered, 3);
	cr_assert_eq(rig_counts(rig, JSON)->dropped, 2);
	assert_all_counted(rig);
	rig_close(rig);
}

Test(json, on_invalid_pass_lets_by_what_is_no_JSON_without_a_document)
{
	struct rig *rig = open_with("{\"on_invalid\": \"pass\"}");

	rig_feed_text(rig, "{\"value\": 7}");
	rig_feed_text(rig, "hello");
	rig_feed_text(rig, "{\"a\":1,\"a\":2}");
	cr_assert_eq(rig_counts(rig, JSON)->passed, 3);
	cr_assert_eq(rig_counts(rig, JSON)->dropped, 0);
	cr_assert_eq(rig_counter(rig, WANTS, "without"), 2);
	cr_assert_eq(rig_counter(rig, WANTS, "sum"), 7);
	cr_assert_eq(rig_counter(rig, JSON, "bad_syntax"), 1, "counted once, however often it is asked for");
	cr_assert_eq(rig_counter(rig, JSON, "duplicate_key"), 1);
	assert_all_counted(rig);
	rig_close(rig);
}

static void feed_nested(struct rig *rig, unsigned depth, const char *inside)
{
	char *text = malloc(2 * (size_t)depth + strlen(inside) + 1);
	char *end;

	cr_assert_not_null(text);
	memset(text, '[', depth);
	end = stpcpy(text + depth, inside);
	memset(end, ']', depth);
	rig_feed(rig, text, (size_t)(end - text) + depth);
	free(text);
}

Test(json, max_depth_is_what_just_passes)
{
	static const struct {
		const char *options;
		unsigned depth;
	} limits[] = {
		{ NULL, 32 },
		{ "{\"max_depth\": 1}", 1 },
		{ "{\"max_depth\": 200}", 200 },
		{ "{\"max_depth\": 2048}", 2048 },
	};

	for (unsigned i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct rig *rig = open_with(limits[i].options);

		feed_nested(rig, limits[i].depth, "");
		cr_assert_eq(rig_counter(rig, JSON, "valid"), 1, "%u", limits[i].depth);
		feed_nested(rig, limits[i].depth + 1, "");
		cr_assert_eq(rig_counter(rig, JSON, "too_deep"), 1, "%u", limits[i].depth);
		feed_nested(rig, 30000, "");
		cr_assert_eq(rig_counter(rig, JSON, "too_deep"), 2, "%u", limits[i].depth);
		assert_all_counted(rig);
		rig_close(rig);
	}
}

/* jansson counts a value in the innermost array as a level of its own. */
Test(json, at_2048_a_value_in_the_innermost_array_is_too_deep)
{
	struct rig *rig = open_with("{\"max_depth\": 2048}");

	feed_nested(rig, 2047, "1");
	cr_assert_eq(rig_counter(rig, JSON, "valid"), 1);
	feed_nested(rig, 2048, "1");
	cr_assert_eq(rig_counter(rig, JSON, "too_deep"), 1);
	rig_close(rig);
}

Test(json, options_out_of_range_are_refused)
{
	static const char *const bad[] = { "{\"max_depth\": 0}", "{\"max_depth\": 2049}",
					   "{\"on_invalid\": \"keep\"}", "{\"depth\": 3}" };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const struct rig_handler handler = { "json", bad[i], ON_ERROR_PASS };

		cr_assert_neq(rig_refuses(&handler, 1, NULL, 0)[0], 0, "%s: without a word", bad[i]);
	}
}

Test(json, who_needs_json_is_refused_where_nobody_before_provides_it)
{
	const struct rig_handler handlers[] = {
		{ "wants_json", NULL, ON_ERROR_PASS },
		{ "json", NULL, ON_ERROR_PASS },
	};

	cr_assert_not_null(strstr(rig_refuses(handlers, 2, NULL, 0), "json"));
}

Test(json, a_message_changed_in_between_is_decoded_once_more)
{
	const struct rig_handler handlers[] = {
		{ "json", NULL, ON_ERROR_PASS },
		{ "rewrites", NULL, ON_ERROR_PASS },
		{ "wants_json", NULL, ON_ERROR_PASS },
	};
	struct rig *rig = rig_open(handlers, 3, NULL, 0);

	rig_feed_text(rig, "{\"value\": 1}");
	cr_assert_eq(rig_counter(rig, 2, "sum"), 99);
	cr_assert_eq(rig_counter(rig, 0, "late"), 1);
	cr_assert_eq(rig_counter(rig, 0, "valid"), 1);
	rig_close(rig);
}

Test(json, what_is_known_to_be_invalid_is_not_decoded_again)
{
	const struct rig_handler handlers[] = {
		{ "json", "{\"on_invalid\": \"pass\"}", ON_ERROR_PASS },
		{ "wants_json", NULL, ON_ERROR_PASS },
	};
	struct rig *rig = rig_open(handlers, 2, NULL, 0);

	rig_feed_text(rig, "{\"value\":");
	cr_assert_eq(rig_counter(rig, 0, "bad_syntax"), 1);
	cr_assert_eq(rig_counter(rig, 0, "late"), 0);
	rig_close(rig);
}

Test(json, two_of_them_do_not_quarrel)
{
	const struct rig_handler handlers[] = {
		{ "json", NULL, ON_ERROR_PASS },
		{ "json", "{\"on_invalid\": \"pass\"}", ON_ERROR_PASS },
		{ "wants_json", NULL, ON_ERROR_PASS },
	};
	struct rig *rig = rig_open(handlers, 3, NULL, 0);

	rig_feed_text(rig, "{\"value\": 5}");
	cr_assert_eq(rig_counter(rig, 2, "sum"), 5);
	rig_close(rig);
}

static unsigned until_failure;	/* allocations */

static void *failing_malloc(size_t n)
{
	return until_failure && !--until_failure ? NULL : malloc(n);
}

Test(json, each_allocation_that_fails_is_no_fault_of_the_message)
{
	static const char text[] = "{ \"key\": [1, 2.5, \"text\", null, true, {}] }";
	struct rig *rig = open_with("{ \"on_invalid\": \"pass\" }");
	unsigned n = 0;

	do {
		json_set_alloc_funcs(failing_malloc, free);
		until_failure = ++n;
		rig_feed_text(rig, text);
		json_set_alloc_funcs(malloc, free);
	} while (rig_counter(rig, JSON, "valid") == 0);
	cr_assert_gt(n, 10);
	/* But for the bytes of the two strings: jansson's lexer calls that an invalid token. */
	cr_assert_eq(rig_counter(rig, JSON, "bad_syntax"), 2);
	cr_assert_eq(rig_counter(rig, JSON, "no_memory"), n - 3, "%lu", rig_counter(rig, JSON, "no_memory"));
	assert_all_counted(rig);
	rig_close(rig);
}
