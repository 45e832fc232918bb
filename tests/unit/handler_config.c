/* handler_config.c - tests: options of every type, from a manifest's JSON to the handler's struct */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handler/config.h"

struct fields {
	mcast_bool_ on;
	int64_t count, format, bytes, wait;
	double ratio;
	const char *to, *rule, *token;
	const char *const *peers;
};

static const char *const formats[] = { "text", "json", "hex", NULL };

static const struct mcast_option options[] = {
	MCAST_BOOL(struct fields, on, "true", "whether"),
	MCAST_INT(struct fields, count, "5", "1", "8", "how many"),
	MCAST_DOUBLE(struct fields, ratio, "0.5", "0", NULL, "how much"),
	MCAST_STRING(struct fields, to, "-", "where to"),
	MCAST_ENUM(struct fields, format, "json", formats, "how it is written"),
	MCAST_SIZE(struct fields, bytes, "4k", NULL, "1M", "bytes kept"),
	MCAST_DURATION(struct fields, wait, "250ms", "1ms", "1h", "how long"),
	MCAST_STRINGS(struct fields, peers, "who"),
	MCAST_JSON(struct fields, rule, NULL, "what"),
	MCAST_SECRET(struct fields, token, "who we are"),
	MCAST_END,
};

static struct mcast_handler handler;
static struct faults faults;
static struct config *config;

static void setup(void)
{
	handler = (struct mcast_handler){
		.name = "forward",
		.config_size = sizeof(struct fields),
		.options = options,
	};
}

static void teardown(void)
{
	config_destroy(config);
	faults_finish(&faults);
}

TestSuite(config, .init = setup, .fini = teardown);

static int create(const char *text)
{
	json_error_t error;
	json_t *given = text ? json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error) : NULL;
	int err;

	cr_assert(given || !text, "%s: %s", text, error.text);
	config_destroy(config);
	config = NULL;
	faults_finish(&faults);
	err = config_create(&config, &handler, given, "/chain/2/options", &faults);
	json_decref(given);	/* the config borrows nothing of it */
	return err;
}

static const struct fields *made(const char *text)
{
	cr_assert_eq(create(text), 0, "%s: %s", text, faults.n ? faults.list[0].text : "");
	cr_assert_eq(faults.n, 0);
	return config_data(config);
}

/* One fault, at that pointer, with exactly these words. */
static void assert_fault(const char *text, const char *pointer, const char *words)
{
	cr_expect_eq(create(text), -EINVAL, "%s", text);
	cr_expect_null(config, "%s: made", text);
	cr_assert_eq(faults.n, 1, "%s: %zu faults", text, faults.n);
	cr_expect_str_eq(faults.list[0].text, words, "%s: said \"%s\", expected \"%s\"", text, faults.list[0].text,
			 words);
	cr_expect_str_eq(faults.list[0].pointer, pointer, "%s: at %s", text, faults.list[0].pointer);
	cr_expect_eq(faults.list[0].status, FAULT_CONFIG);
}

static void assert_defaults(const struct fields *f)
{
	cr_assert_eq(f->on, true);
	cr_assert_eq(f->count, 5);
	cr_assert_eq(f->ratio, 0.5);
	cr_assert_str_eq(f->to, "-");
	cr_assert_eq(f->format, 1);
	cr_assert_eq(f->bytes, 4096);
	cr_assert_eq(f->wait, 250000000);
	cr_assert_null(f->peers);
	cr_assert_null(f->rule);
	cr_assert_null(f->token);
}

Test(config, has_the_defaults_of_what_is_not_given)
{
	assert_defaults(made(NULL));
	assert_defaults(made("{}"));
}

Test(config, takes_every_type)
{
	const struct fields *f = made("{ \"on\": false, \"count\": 8, \"ratio\": 1.25, \"to\": \"udp://[::1]:9\","
				      "  \"format\": \"hex\", \"bytes\": \"64k\", \"wait\": \"1.5s\","
				      "  \"peers\": [\"a\", \"\", \"c\"], \"rule\": { \"b\": [1, null] },"
				      "  \"token\": \"x\" }");

	cr_assert_eq(f->on, false);
	cr_assert_eq(f->count, 8);
	cr_assert_eq(f->ratio, 1.25);
	cr_assert_str_eq(f->to, "udp://[::1]:9");
	cr_assert_eq(f->format, 2);
	cr_assert_eq(f->bytes, 65536);
	cr_assert_eq(f->wait, 1500000000);
	cr_assert_str_eq(f->peers[0], "a");
	cr_assert_str_eq(f->peers[1], "");
	cr_assert_str_eq(f->peers[2], "c");
	cr_assert_null(f->peers[3]);
	cr_assert_str_eq(f->rule, "{\"b\":[1,null]}");
	cr_assert_str_eq(f->token, "x");
}

Test(config, takes_the_other_forms_of_a_value)
{
	cr_assert_eq(made("{ \"bytes\": 0 }")->bytes, 0);
	cr_assert_eq(made("{ \"bytes\": 1048576 }")->bytes, 1048576);
	cr_assert_eq(made("{ \"ratio\": 3 }")->ratio, 3.0);
	cr_assert_eq(made("{ \"wait\": \"1h\" }")->wait, 3600000000000);
	cr_assert_str_eq(made("{ \"peers\": \"one\" }")->peers[0], "one");
	cr_assert_null(made("{ \"peers\": \"one\" }")->peers[1]);
	cr_assert_null(made("{ \"peers\": [] }")->peers[0]);
	cr_assert_str_eq(made("{ \"rule\": null }")->rule, "null");
	cr_assert_str_eq(made("{ \"rule\": \"a\\\"b\" }")->rule, "\"a\\\"b\"");
	cr_assert_str_eq(made("{ \"to\": \"\\u00e9\\u2028\" }")->to, "\u00e9\u2028");
}

Test(config, tells_what_was_found_and_what_was_expected)
{
	static const struct {
		const char *text, *key, *words;
	} table[] = {
		{ "{\"on\":1}", "on", "found 1, expected true or false" },
		{ "{\"on\":\"yes\"}", "on", "found \"yes\", expected true or false" },
		{ "{\"on\":null}", "on", "found null, expected true or false" },
		{ "{\"count\":9}", "count", "found 9, expected 1 to 8" },
		{ "{\"count\":0}", "count", "found 0, expected 1 to 8" },
		{ "{\"count\":-9223372036854775808}", "count", "found -9223372036854775808, expected 1 to 8" },
		{ "{\"count\":\"5\"}", "count", "found \"5\", expected a whole number, 1 to 8" },
		{ "{\"count\":5.0}", "count", "found 5.0, expected a whole number, 1 to 8" },
		{ "{\"count\":[5]}", "count", "found a list, expected a whole number, 1 to 8" },
		{ "{\"ratio\":-0.5}", "ratio", "found -0.5, expected at least 0" },
		{ "{\"ratio\":\"0.5\"}", "ratio", "found \"0.5\", expected a number, at least 0" },
		{ "{\"to\":5}", "to", "found 5, expected a string" },
		{ "{\"to\":[\"a\"]}", "to", "found a list, expected a string" },
		{ "{\"to\":{\"file\":\"/etc/passwd\"}}", "to", "found an object, expected a string" },
		{ "{\"to\":\"a\\u0000b\"}", "to", "found \"a\\u0000b\", expected a string" },
		{ "{\"format\":\"jsno\"}", "format",
		  "found \"jsno\", expected one of \"text\", \"json\", \"hex\"; did you mean \"json\"?" },
		{ "{\"format\":\"zzzzzz\"}", "format",
		  "found \"zzzzzz\", expected one of \"text\", \"json\", \"hex\"" },
		{ "{\"format\":1}", "format", "found 1, expected one of \"text\", \"json\", \"hex\"" },
		{ "{\"bytes\":-1}", "bytes", "found -1, expected a size (4096, \"64k\", \"1M\"), at most 1M" },
		{ "{\"bytes\":\"64q\"}", "bytes",
		  "found \"64q\", expected a size (4096, \"64k\", \"1M\"), at most 1M" },
		{ "{\"bytes\":\"2M\"}", "bytes", "found \"2M\", expected at most 1M" },
		{ "{\"bytes\":\"99999999999G\"}", "bytes",
		  "found \"99999999999G\", expected a size (4096, \"64k\", \"1M\"), at most 1M" },
		{ "{\"wait\":10}", "wait",
		  "found 10, expected a duration (\"250ms\", \"10s\", \"1h\"), 1ms to 1h: a number needs its unit" },
		{ "{\"wait\":\"10\"}", "wait",
		  "found \"10\", expected a duration (\"250ms\", \"10s\", \"1h\"), 1ms to 1h" },
		{ "{\"wait\":\"2h\"}", "wait", "found \"2h\", expected 1ms to 1h" },
		{ "{\"peers\":[\"a\",5]}", "peers", "found a list, expected a string or a list of strings" },
		{ "{\"peers\":5}", "peers", "found 5, expected a string or a list of strings" },
		{ "{\"too\":\"a\"}", "too", "forward has no option \"too\"; did you mean \"to\"?" },
		{ "{\"qqqqqqqq\":1}", "qqqqqqqq", "forward has no option \"qqqqqqqq\"" },
		{ "{\"\":1}", "", "forward has no option \"\"" },
		{ "{\"a/b~c\":1}", "a~1b~0c", "forward has no option \"a/b~c\"" },
		{ "{\"\\u001b[2J\":1}", "\033[2J", "forward has no option \"\\x1B[2J\"" },
	};
	char pointer[64];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		snprintf(pointer, sizeof(pointer), "/chain/2/options/%s", table[i].key);
		assert_fault(table[i].text, pointer, table[i].words);
	}
}

Test(config, cuts_a_long_value_in_its_words)
{
	char value[201] = "", text[300];

	memset(value, 'x', sizeof(value) - 1);
	snprintf(text, sizeof(text), "{\"count\":\"%s\"}", value);
	cr_assert_eq(create(text), -EINVAL);
	cr_assert_not_null(strstr(faults.list[0].text, "xxx..., expected a whole number"), "%s", faults.list[0].text);
	cr_assert_lt(strlen(faults.list[0].text), 120);
}

Test(config, tells_all_mistakes_at_once)
{
	cr_assert_eq(create("{ \"count\": 9, \"to\": 1, \"wait\": \"10s\", \"nope\": 1 }"), -EINVAL);
	cr_assert_eq(faults.n, 3);
	cr_assert_str_eq(faults.list[0].pointer, "/chain/2/options/count");
	cr_assert_str_eq(faults.list[1].pointer, "/chain/2/options/to");
	cr_assert_str_eq(faults.list[2].pointer, "/chain/2/options/nope");
}

Test(config, is_an_object)
{
	const char *words = "found something else than an object, expected forward's options in one: "
			    "{ \"name\": value }";

	assert_fault("[]", "/chain/2/options", words);
	assert_fault("\"to\"", "/chain/2/options", words);
	assert_fault("null", "/chain/2/options", words);
}

Test(config, needs_what_is_required)
{
	static const struct mcast_option required[] = {
		{ .name = "to", .type = MCAST_OPT_STRING, .flags = MCAST_OPT_REQUIRED, .help = "where to" },
		{ .name = "key",
		  .type = MCAST_OPT_STRING,
		  .flags = MCAST_OPT_REQUIRED | MCAST_OPT_SECRET,
		  .offset = sizeof(char *) },
		MCAST_END,
	};

	handler.options = required;
	cr_assert_eq(create("{ }"), -EINVAL);
	cr_assert_eq(faults.n, 2);
	cr_assert_str_eq(faults.list[0].text, "forward needs the option \"to\": a string; where to");
	cr_assert_str_eq(faults.list[0].pointer, "/chain/2/options");
	cr_assert_str_eq(faults.list[1].text,
			 "forward needs the option \"key\": a string, { \"file\": PATH } or { \"env\": NAME }");
	cr_assert_eq(create("{ \"to\": \"\", \"key\": \"k\" }"), 0);
}

Test(config, of_a_handler_without_options_is_nothing)
{
	handler = (struct mcast_handler){ .name = "hello" };
	cr_assert_null(made(NULL));
	cr_assert_null(made("{}"));
	assert_fault("{\"to\":1}", "/chain/2/options/to", "hello has no option \"to\"; it has none at all");
}

static int refuse_in_words(const void *data, char *why, size_t size)
{
	const struct fields *f = data;

	if (f->count > 6 && f->on)
		return snprintf(why, size, "\"on\" goes with at most 6, not %d", (int)f->count), -EINVAL;
	return 0;
}

static int refuse_silently(const void *data, char *why, size_t size)
{
	(void)data;
	memset(why, 0, size);
	return -ENOTSUP;
}

static int fill_the_words(const void *data, char *why, size_t size)
{
	(void)data;
	memset(why, 'x', size);
	return -EINVAL;
}

Test(config, is_shown_to_the_handler_once_it_is_sound)
{
	handler.check = refuse_in_words;
	cr_assert_eq(made("{\"count\":7,\"on\":false}")->count, 7);
	assert_fault("{\"count\":7}", "/chain/2/options", "forward: \"on\" goes with at most 6, not 7");
	assert_fault("{\"count\":9}", "/chain/2/options/count", "found 9, expected 1 to 8");
	handler.check = refuse_silently;
	assert_fault("{}", "/chain/2/options", "forward: Operation not supported");
	handler.check = fill_the_words;
	cr_assert_eq(create("{}"), -EINVAL);
	cr_assert_eq(strspn(faults.list[0].text + strlen("forward: "), "x"), strlen(faults.list[0].text) - 9);
}

Test(config, help_has_a_line_for_each_option)
{
	static const struct mcast_option some[] = {
		MCAST_INT(struct fields, count, "5", "1", "8", "how many"),
		MCAST_ENUM(struct fields, format, "json", formats, "how it is written"),
		MCAST_STRING(struct fields, to, "", "where to"),
		MCAST_SECRET(struct fields, token, "who we are"),
		{ .name = "peers", .type = MCAST_OPT_STRINGS, .flags = MCAST_OPT_REQUIRED, .offset = 8, .help = "who" },
		MCAST_END,
	};
	char *help;

	handler.options = some;
	help = config_help(&handler);
	cr_assert_str_eq(help, "  count   whole number, 1 to 8; default 5  how many\n"
			       "  format  text, json, hex; default json    how it is written\n"
			       "  to      string; default \"\"               where to\n"
			       "  token   secret string                    who we are\n"
			       "  peers   strings; required                who\n");
	free(help);
	handler.options = NULL;
	help = config_help(&handler);
	cr_assert_str_eq(help, "");
	free(help);
}
