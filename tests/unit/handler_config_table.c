/* handler_config_table.c - tests: mistakes in a handler's own table of options are found before it is used */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "handler/config.h"

struct fields {
	int64_t number;
	int64_t other;
	mcast_bool_ flag;
	const char *text;
};

static const char *const choices[] = { "raw", "record", NULL };
static const char *const no_choices[] = { NULL };
static const char *const empty_choice[] = { "raw", "", NULL };
static const char *const same_choices[] = { "raw", "raw", NULL };

#define AT(field) .offset = offsetof(struct fields, field)
#define NUMBER .name = "number", .type = MCAST_OPT_INT, AT(number)
#define TEXT .name = "text", .type = MCAST_OPT_STRING, AT(text)

static int check(const struct mcast_option *options, struct why *why)
{
	const struct mcast_handler handler = { .name = "h", .options = options, .config_size = sizeof(struct fields) };

	*why = (struct why){ "" };
	return config_check_table(&handler, why);
}

Test(config_table, accepts_what_the_macros_write)
{
	struct all {
		mcast_bool_ flag;
		int64_t number, choice, size, duration;
		double real;
		const char *text, *secret, *json;
		const char *const *list;
	};
	static const struct mcast_option options[] = {
		MCAST_BOOL(struct all, flag, "true", "a flag"),
		MCAST_INT(struct all, number, "-5", "-10", "10", "a number"),
		MCAST_DOUBLE(struct all, real, "0.5", "0", "1e3", "a number"),
		MCAST_STRING(struct all, text, "", "a text"),
		MCAST_ENUM(struct all, choice, "record", choices, "a choice"),
		MCAST_SIZE(struct all, size, "64k", "1k", "1M", "bytes"),
		MCAST_DURATION(struct all, duration, "250ms", "1ms", "1h", "a time"),
		MCAST_STRINGS(struct all, list, "texts"),
		MCAST_JSON(struct all, json, "{ \"a\": [1] }", "anything"),
		MCAST_SECRET(struct all, secret, "a secret"),
		MCAST_END,
	};
	const struct mcast_handler handler = { .name = "h", .options = options, .config_size = sizeof(struct all) };
	struct why why = { "" };

	cr_assert_eq(config_check_table(&handler, &why), 0, "%s", why.text);
}

Test(config_table, accepts_a_handler_without_options)
{
	const struct mcast_handler handler = { .name = "h" };

	cr_assert_eq(config_check_table(&handler, NULL), 0);
}

Test(config_table, finds_every_mistake_of_an_author)
{
	static const struct {
		struct mcast_option options[3];
		const char *words;
	} table[] = {
		{ { { .name = "", .type = MCAST_OPT_INT } }, "option \"\" has another name than [a-z]" },
		{ { { .name = "Number", .type = MCAST_OPT_INT } }, "option \"Number\" has another name" },
		{ { { .name = "a-b", .type = MCAST_OPT_INT } }, "option \"a-b\" has another name" },
		{ { { .name = "n", .type = 0 } }, "option \"n\" has a type that this engine doesn't know" },
		{ { { .name = "n", .type = 10 } }, "has a type that this engine doesn't know: update the engine" },
		{ { { NUMBER, .flags = 1u << 2 } }, "has flags or fields that this engine doesn't know" },
		{ { { NUMBER, .reserved = { 0, 1 } } }, "has flags or fields that this engine doesn't know" },
		{ { { NUMBER, .flags = MCAST_OPT_SECRET } }, "is secret and no string" },
		{ { { TEXT, .flags = MCAST_OPT_REQUIRED, .initial = "x" } }, "is required and has a default" },
		{ { { NUMBER, .choices = choices } }, "has choices without MCAST_OPT_ENUM" },
		{ { { .name = "n", .type = MCAST_OPT_ENUM } }, "has choices without MCAST_OPT_ENUM, or that without" },
		{ { { .name = "n", .type = MCAST_OPT_ENUM, .choices = no_choices } }, "has no choices" },
		{ { { .name = "n", .type = MCAST_OPT_ENUM, .choices = empty_choice } }, "has an empty choice" },
		{ { { .name = "n", .type = MCAST_OPT_ENUM, .choices = same_choices } }, "has the same choice twice" },
		{ { { TEXT, .min = "1" } }, "has bounds, but is no number, size or duration" },
		{ { { NUMBER, .min = "one" } }, "has a bound that is not written as its values are" },
		{ { { NUMBER, .max = "1k" } }, "has a bound that is not written as its values are" },
		{ { { .name = "n", .type = MCAST_OPT_DURATION, .max = "10" } }, "has a bound that is not written" },
		{ { { .name = "n", .type = MCAST_OPT_DOUBLE, .max = "nan" } }, "has a bound that is not written" },
		{ { { NUMBER, .min = "9", .max = "1" } }, "has a min above its max" },
		{ { { .name = "n", .type = MCAST_OPT_SIZE, .min = "1M", .max = "64k" } }, "has a min above its max" },
		{ { { .name = "n", .type = MCAST_OPT_DOUBLE, .min = "2", .max = "1.5" } }, "has a min above its max" },
		{ { { .name = "n", .type = MCAST_OPT_INT, .offset = sizeof(struct fields) } }, "lies outside of the" },
		{ { { .name = "n", .type = MCAST_OPT_INT, .offset = sizeof(struct fields) - 7 } }, "lies outside" },
		{ { { .name = "n", .type = MCAST_OPT_INT, .offset = UINT64_MAX - 3 } }, "lies outside of the config" },
		{ { { .name = "n", .type = MCAST_OPT_INT, .offset = 4 } }, "is not aligned for its type" },
		{ { { .name = "n", .type = MCAST_OPT_STRING, .offset = 1 } }, "is not aligned for its type" },
		{ { { NUMBER }, { NUMBER } }, "option \"number\" is there twice" },
		{ { { NUMBER }, { .name = "n", .type = MCAST_OPT_DOUBLE, AT(number) } }, "shares its field with" },
		{ { { NUMBER }, { .name = "n", .type = MCAST_OPT_BOOL, .offset = 7 } }, "shares its field with" },
		{ { { .name = "n", .type = MCAST_OPT_BOOL, .offset = 7 }, { NUMBER } }, "shares its field with" },
		{ { { NUMBER, .initial = "many" } }, "has a default that is not written as its values are" },
		{ { { NUMBER, .initial = "10", .max = "9" } }, "that can't be: found 10, expected at most 9" },
		{ { { .name = "flag", .type = MCAST_OPT_BOOL, AT(flag), .initial = "yes" } }, "has a default that is" },
		{ { { .name = "flag", .type = MCAST_OPT_BOOL, AT(flag), .initial = "1" } }, "expected true or false" },
		{ { { .name = "n", .type = MCAST_OPT_ENUM, .choices = choices, .initial = "rw" } }, "mean \"raw\"?" },
		{ { { .name = "n", .type = MCAST_OPT_SIZE, .initial = "1x" } }, "found \"1x\", expected a size" },
		{ { { .name = "n", .type = MCAST_OPT_DURATION, .initial = "10" } }, "found \"10\", expected a" },
		{ { { .name = "text", .type = MCAST_OPT_JSON, AT(text), .initial = "{" } }, "has a default that is" },
		{ { { .name = "text", .type = MCAST_OPT_STRINGS, AT(text), .initial = "[1]" } }, "a list of strings" },
	};
	struct why why;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		cr_expect_eq(check(table[i].options, &why), -ENOEXEC, "row %zu (%s)", i, table[i].words);
		cr_expect_not_null(strstr(why.text, table[i].words), "said \"%s\", expected \"%s\"", why.text,
				   table[i].words);
		cr_expect_eq(strncmp(why.text, "its option \"", 12), 0, "%s", why.text);
	}
}

Test(config_table, bounds_the_config_itself)
{
	static const struct mcast_option options[] = { { NUMBER }, MCAST_END };
	const struct mcast_handler handler = { .name = "h", .options = options, .config_size = UINT32_MAX };
	struct why why = { "" };

	cr_assert_eq(config_check_table(&handler, &why), -ENOEXEC);
	cr_assert_str_eq(why.text, "its config struct has 4294967295 bytes, expected at most 1048576");
}
