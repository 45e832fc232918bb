/* handler_descriptor.c - tests: descriptors that ask for what isn't there, or contradict themselves, are refused */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handler/loading.h"

static int process(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	(void)ctx;
	(void)batch;
	return 0;
}

static void *make(struct mcast_ctx *provider, const struct mcast_msg *msg)
{
	(void)provider;
	(void)msg;
	return NULL;
}

struct config {
	int64_t first, second;
};

static const struct mcast_option options[] = {
	MCAST_INT(struct config, first, "1", "0", "9", "the first"),
	MCAST_INT(struct config, second, "2", "0", "9", "the second"),
	MCAST_END,
};
static const struct mcast_counter counters[] = { { "sent", "datagrams" }, { "lost", "datagrams" }, { NULL, NULL } };
static const struct mcast_attr provides[] = { { "json", make, NULL }, { NULL, NULL, NULL } };
static const char *const names[] = { "json", NULL };

/* What a sound file has; each test bends its own. Some room behind the handler, as in a longer struct. */
static struct {
	struct mcast_handler handler;
	uint8_t tail[32];
} file;
static struct mcast_note note;

static void setup(void)
{
	memset(&file, 0, sizeof(file));
	file.handler = (struct mcast_handler){
		.size = sizeof(struct mcast_handler),
		.abi_major = MCAST_ABI_MAJOR,
		.abi_minor = MCAST_ABI_MINOR,
		.option_size = sizeof(struct mcast_option),
		.counter_size = sizeof(struct mcast_counter),
		.attr_size = sizeof(struct mcast_attr),
		.name = "sound",
		.version = "1.0",
		.config_size = sizeof(struct config),
		.options = options,
		.counters = counters,
		.provides = provides,
		.needs = names,
		.wants = names,
		.process = process,
	};
	note = (struct mcast_note){
		.abi_major = MCAST_ABI_MAJOR,
		.abi_minor = MCAST_ABI_MINOR,
		.handler_size = sizeof(struct mcast_handler),
		.option_size = sizeof(struct mcast_option),
		.name = "sound",
		.version = "1.0",
	};
}

TestSuite(descriptor, .init = setup);

static void assert_accepted(struct mcast_handler *out)
{
	struct why why = { "" };

	cr_assert_eq(descriptor_copy(out, &file.handler, &note, "x.so", &why), 0, "%s", why.text);
}

static void forget(struct mcast_handler *copy)
{
	free((void *)copy->options);
	free((void *)copy->counters);
	free((void *)copy->provides);
}

static void assert_refused(int err, const char *words)
{
	struct mcast_handler out;
	struct why why = { "" };

	cr_expect_eq(descriptor_copy(&out, &file.handler, &note, "x.so", &why), err, "%s: %s", words, why.text);
	cr_expect_eq(strncmp(why.text, "x.so: ", 6), 0, "names no file: %s", why.text);
	cr_expect_not_null(strstr(why.text, words), "said \"%s\", expected \"%s\"", why.text, words);
}

Test(descriptor, is_copied)
{
	struct mcast_handler out;

	assert_accepted(&out);
	cr_assert_str_eq(out.name, "sound");
	cr_assert_eq(out.process, process);
	cr_assert_neq(out.options, options, "the engine's own array");
	cr_assert_str_eq(out.options[1].name, "second");
	cr_assert_null(out.options[2].name);
	cr_assert_neq(out.counters, counters);
	cr_assert_str_eq(out.counters[1].name, "lost");
	cr_assert_neq(out.provides, provides);
	cr_assert_eq(out.provides[0].make, make);
	forget(&out);
}

Test(descriptor, agrees_with_its_note)
{
	static char other_name[] = "other", long_version[] = "1.0.1";
	const struct {
		void *field;
		size_t size;
		const void *value;
	} table[] = {
		{ &file.handler.size, 4, &(uint32_t){ 8 } },
		{ &file.handler.abi_major, 2, &(uint16_t){ 7 } },
		{ &file.handler.abi_minor, 2, &(uint16_t){ 1 } },
		{ &file.handler.option_size, 4, &(uint32_t){ 8 } },
		{ &file.handler.name, sizeof(char *), &(const char *){ other_name } },
		{ &file.handler.name, sizeof(char *), &(const char *){ NULL } },
		{ &file.handler.version, sizeof(char *), &(const char *){ long_version } },
		{ &file.handler.version, sizeof(char *), &(const char *){ NULL } },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		setup();
		memcpy(table[i].field, table[i].value, table[i].size);
		assert_refused(-ENOEXEC, "its mcast_handler and its note disagree");
	}
}

Test(descriptor, may_be_longer_than_ours_if_the_rest_is_zero)
{
	struct mcast_handler out;

	file.handler.size = note.handler_size = sizeof(file);
	assert_accepted(&out);
	forget(&out);
	file.tail[31] = 1;
	assert_refused(-ENOEXEC, "uses fields of its descriptor that this engine doesn't know");
}

/* As in a later minor version: the fields that it adds come behind ours, in each element. */
Test(descriptor, may_have_longer_options_if_the_rest_is_zero)
{
	struct {
		struct mcast_option option;
		uint64_t more;
	} longer[3] = { { options[0], 0 }, { options[1], 0 } };
	struct mcast_handler out;

	file.handler.options = &longer[0].option;
	file.handler.option_size = note.option_size = sizeof(longer[0]);
	assert_accepted(&out);
	cr_assert_str_eq(out.options[1].name, "second");
	cr_assert_eq(out.options[1].offset, offsetof(struct config, second));
	cr_assert_null(out.options[2].name);
	forget(&out);
	longer[1].more = 1;
	assert_refused(-ENOEXEC, "has options with fields that this engine doesn't know");
}

Test(descriptor, may_have_longer_counters_and_attributes_if_the_rest_is_zero)
{
	struct {
		struct mcast_counter counter;
		uint64_t more;
	} longer[3] = { { counters[0], 0 }, { counters[1], 0 } };
	struct {
		struct mcast_attr attr;
		uint64_t more;
	} attrs[2] = { { provides[0], 0 } };
	struct mcast_handler out;

	file.handler.counters = &longer[0].counter;
	file.handler.counter_size = sizeof(longer[0]);
	file.handler.provides = &attrs[0].attr;
	file.handler.attr_size = sizeof(attrs[0]);
	assert_accepted(&out);
	cr_assert_str_eq(out.counters[1].name, "lost");
	cr_assert_null(out.counters[2].name);
	cr_assert_eq(out.provides[0].make, make);
	cr_assert_null(out.provides[1].name);
	forget(&out);
	attrs[0].more = 1;
	assert_refused(-ENOEXEC, "has attrs with fields that this engine doesn't know");
	longer[1].more = 1;
	assert_refused(-ENOEXEC, "has counters with fields that this engine doesn't know");
}

Test(descriptor, says_the_sizes_of_its_rows)
{
	file.handler.counter_size = 8;
	assert_refused(-ENOEXEC, "says that its struct mcast_counter has 8 bytes, expected 16 or more");
	setup();
	file.handler.attr_size = 25;
	assert_refused(-ENOEXEC, "says that its struct mcast_attr has 25 bytes, expected 24 or more");
}

Test(descriptor, written_by_hand_may_leave_out_the_sizes_of_its_rows)
{
	struct mcast_handler out;

	file.handler.counter_size = 0;
	file.handler.attr_size = 0;
	assert_accepted(&out);
	cr_assert_str_eq(out.counters[1].name, "lost");
	cr_assert_null(out.counters[2].name);
	cr_assert_eq(out.provides[0].make, make);
	forget(&out);
}

Test(descriptor, leaves_zero_what_is_reserved)
{
	file.handler.reserved = 1;
	assert_refused(-ENOEXEC, "has a reserved field that is not zero");
}

Test(descriptor, has_a_process)
{
	file.handler.process = NULL;
	assert_refused(-ENOEXEC, "has no process()");
}

Test(descriptor, asks_for_caps_that_go_together)
{
	static const struct {
		uint32_t caps;
		bool provides;
		int err;
		const char *words;
	} table[] = {
		{ 1u << 4, false, -ENOEXEC, "has unknown caps (0x10): update the engine" },
		{ 1u << 31 | MCAST_CAP_MODIFY, false, -ENOEXEC, "has unknown caps (0x80000000)" },
		{ MCAST_CAP_BLOCKING, false, -ENOTSUP, "(MCAST_CAP_BLOCKING), which is not supported yet" },
		{ MCAST_CAP_BLOCKING | MCAST_CAP_EFFECTS, false, -ENOTSUP, "not supported yet" },
		{ MCAST_CAP_BLOCKING | MCAST_CAP_MODIFY, false, -ENOEXEC, "stands beside the chain and can't change" },
		{ MCAST_CAP_BLOCKING, true, -ENOEXEC, "or provide attributes" },
	};
	struct mcast_handler out;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		file.handler.caps = table[i].caps;
		file.handler.provides = table[i].provides ? provides : NULL;
		assert_refused(table[i].err, table[i].words);
	}
	file.handler.caps = MCAST_CAP_MODIFY | MCAST_CAP_EFFECTS | MCAST_CAP_FINISH;
	assert_accepted(&out);
	forget(&out);
}

Test(descriptor, names_its_counters_and_attributes_well)
{
	static const struct mcast_counter capital[] = { { "Sent", "" }, { NULL, NULL } };
	static const struct mcast_counter dash[] = { { "sent-bytes", "" }, { NULL, NULL } };
	static const struct mcast_counter empty[] = { { "", "" }, { NULL, NULL } };
	static const struct mcast_counter twice[] = { { "sent", "" }, { "lost", "" }, { "sent", "" }, { NULL, NULL } };
	static const struct mcast_attr no_make[] = { { "json", NULL, NULL }, { NULL, NULL, NULL } };
	static const struct mcast_attr odd[] = { { "js on", make, NULL }, { NULL, NULL, NULL } };
	static const char *const needs_twice[] = { "json", "json", NULL };
	static const char *const escape[] = { "a\033[2J", NULL };
	const struct {
		void *field;
		const void *list;
		const char *words;
	} table[] = {
		{ &file.handler.counters, capital, "has a counter called \"Sent\", expected [a-z]" },
		{ &file.handler.counters, dash, "has a counter called \"sent-bytes\"" },
		{ &file.handler.counters, empty, "has a counter called \"\"" },
		{ &file.handler.counters, twice, "has two counters called \"sent\"" },
		{ &file.handler.provides, no_make, "provides \"json\" without a make()" },
		{ &file.handler.provides, odd, "has a provided attribute called \"js on\"" },
		{ &file.handler.needs, needs_twice, "has two needed attributes called \"json\"" },
		{ &file.handler.wants, escape, "has a wanted attribute called \"a\\x1B[2J\"" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		setup();
		memcpy(table[i].field, &table[i].list, sizeof(table[i].list));
		assert_refused(-ENOEXEC, table[i].words);
	}
}

Test(descriptor, has_lists_that_end)
{
	static struct mcast_counter many[300];
	static struct mcast_option many_options[300];
	static char text[300][8];

	for (unsigned i = 0; i < 300; i++) {
		snprintf(text[i], sizeof(text[i]), "n%u", i);
		many[i].name = text[i];
		many_options[i].name = text[i];
	}
	file.handler.counters = many;
	assert_refused(-ENOEXEC, "has more than 256 counters");
	setup();
	file.handler.options = many_options;
	assert_refused(-ENOEXEC, "has more than 256 options");
}

Test(descriptor, has_options_that_fit_its_config)
{
	file.handler.config_size = 8;
	assert_refused(-ENOEXEC, "its option \"second\" lies outside of the config struct");
}
