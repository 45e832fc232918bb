/* handling.c - tests of the whole: what handlers may do: fail, write, emit, keep, wake, end the listener */
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/netns.h"
#include "support/program.h"
#include "support/site.h"
#include "support/wire.h"

/* tests/handlers/obeys.c says what it does with which words. */
static void enter(void)
{
	site_enter();
	netns_enter();
	site_drop("obeys", "obeys");
}

TestSuite(handling, .init = enter, .fini = site_leave);

static struct program *obeying(const char *more, const char *count)
{
	struct program *p;

	site_manifest("{'version': 1, 'chain': ['obeys', 'logger']%s}", more);
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", count);
	program_says(p, "hearing");
	return p;
}

static int sender(void)
{
	return wire_open(&(struct wire_sender){ .group = "224.0.0.1:59259", .interface = "lo",
						.source = "127.0.0.1", .ttl = 1 });
}

Test(handling, each_verdict_is_obeyed_and_counted)
{
	struct program *p = obeying("", "5");
	int fd = sender();

	wire_say(fd, "one");
	wire_say(fd, "drop");
	wire_say(fd, "consume");
	wire_say(fd, "fail");
	wire_say(fd, "two");
	cr_assert_eq(program_ends(p), 0);
	cr_assert_str_eq(program_heard(p), "224.0.0.1:59259 3 one\n224.0.0.1:59259 4 fail\n224.0.0.1:59259 3 two\n");
	cr_assert_eq(program_count(p, "obeys", "passed"), 2);
	cr_assert_eq(program_count(p, "obeys", "dropped"), 1);
	cr_assert_eq(program_count(p, "obeys", "consumed"), 1);
	cr_assert_eq(program_count(p, "obeys", "failed"), 1);
	cr_assert_eq(program_count(p, "obeys", "failed and ended"), 0);
	cr_assert(strstr(program_err(p), "obeys: failed on 1 message so far, which passed all the same (on_error)\n"));
	program_law(p);
	program_free(p);
	close(fd);
}

Test(handling, on_error_drop_ends_what_failed)
{
	struct program *p;
	int fd;

	site_manifest("{'version': 1, 'chain': [{'handler': 'obeys', 'on_error': 'drop'}, 'logger']}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "3");
	program_says(p, "hearing");
	fd = sender();
	wire_say(fd, "one");
	wire_say(fd, "fail");
	wire_say(fd, "two");
	cr_assert_eq(program_ends(p), 0);
	cr_assert_str_eq(program_heard(p), "224.0.0.1:59259 3 one\n224.0.0.1:59259 3 two\n");
	cr_assert_eq(program_count(p, "obeys", "failed"), 1);
	cr_assert_eq(program_count(p, "obeys", "failed and ended"), 1);
	cr_assert(strstr(program_err(p), "obeys: failed on 1 message so far, which ended there (on_error)\n"));
	program_law(p);
	program_free(p);
	close(fd);
}

Test(handling, on_error_suspend_passes_messages_over_until_it_works_again)
{
	struct program *p;
	uint64_t over;
	int fd;

	site_manifest("{'version': 1, 'chain': [{'handler': 'obeys', 'on_error': 'suspend'}, 'logger']}");
	p = program("mcast-hear", "--plugins", "-i", "lo");
	program_says(p, "hearing");
	fd = sender();
	wire_say(fd, "fail");
	program_says(p, "obeys fails and is suspended");
	wire_say(fd, "drop: nobody is there to do it");
	program_gives(p, "nobody is there to do it\n");
	while (!strstr(program_err(p), "obeys works again")) {
		wire_say(fd, "x");
		poll(NULL, 0, 50);
	}
	wire_say(fd, "drop it now");
	wire_say(fd, "last");
	program_gives(p, " last\n");
	program_signal(p, SIGTERM);
	cr_assert_eq(program_ends(p), 143);

	cr_assert(!strstr(program_out(p), "drop it now"));
	over = program_count(p, "obeys", "passed over");
	cr_assert_geq(over, 1);
	cr_assert_eq(program_count(p, "obeys", "suspended"), 1);
	cr_assert_eq(program_count(p, "obeys", "failed"), 1);
	cr_assert_eq(program_count(p, "obeys", "dropped"), 1);
	cr_assert_eq(program_count(p, "obeys", "offered") + over, program_count(p, NULL, "received"));
	cr_assert_eq(program_counter(p, "logger", "lines"), program_count(p, NULL, "received") - 1);
	program_law(p);
	program_free(p);
	close(fd);
}

/* What obeys writes, in hex, and the line that the logger behind it makes of that; NULL: it gets nothing. */
static const struct {
	const char *hex, *line;
} writes[] = {
	{ "776f7264", "4 word" },
	{ "", NULL },				/* shorter than min_bytes */
	{ "ff", NULL },
	{ "c0af", NULL },
	{ "eda080", NULL },			/* a surrogate */
	{ "1b5b324a", "6 \xE2\x90\x9B[2J" },	/* an escape sequence */
	{ "00", "3 \xE2\x90\x80" },
	{ "610a62", "3 a\\nb" },			/* lawful, so the logger escapes it */
	{ "e282ac", "3 \xE2\x82\xAC" },
	{ "01010101010101010101010101010101010101", NULL },	/* 57 bytes as pictures */
};

#define WRITES (sizeof(writes) / sizeof(*writes))

/* Tells obeys verb with each of these; returns the program at its end. */
static struct program *write_all(const char *verb, int fd)
{
	char text[64];
	struct program *p;

	site_manifest("{'version': 1, 'sanitize': {'min_bytes': 1, 'max_bytes': 50}, 'chain': ['logger', 'obeys',"
		      " {'handler': 'logger', 'options': {'path': 'behind'}}]}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "10");
	program_says(p, "hearing");
	for (size_t i = 0; i < WRITES; i++) {
		snprintf(text, sizeof(text), "%s %s", verb, writes[i].hex);
		wire_say(fd, text);
		/* Else this batch and the next could be one, and what is emitted comes behind both. */
		snprintf(text, sizeof(text), "%s %s\n", verb, writes[i].hex);
		program_gives(p, text);
	}
	cr_assert_eq(program_ends(p), 0);
	cr_assert_eq(program_count(p, NULL, "received"), WRITES);
	program_law(p);
	return p;
}

static void expect_again(struct program *p)
{
	const char *again = strstr(program_err(p), "of what handlers wrote: ");

	cr_assert(again, "%s", program_err(p));
	again += strlen("of what handlers wrote: ");
	cr_assert_str_eq(strndupa(again, strcspn(again, "\n")),
			 "passed 5, repaired 2, dropped 5: short 1, encoding 3, grown 1");
}

Test(handling, what_a_handler_makes_of_a_message_is_checked_like_a_received_one)
{
	int fd = sender();
	struct program *p = write_all("write", fd);
	char expected[1024], *behind;
	size_t used = 0;

	for (size_t i = 0; i < WRITES; i++)
		if (writes[i].line)
			used += (size_t)snprintf(expected + used, sizeof(expected) - used, "224.0.0.1:59259 %s\n",
						 writes[i].line);
	behind = site_read("behind", NULL);
	cr_assert_str_eq(lines_heard(behind), expected);
	free(behind);
	cr_assert_eq(program_count(p, "obeys", "changed"), WRITES);
	cr_assert_eq(program_count(p, "obeys", "passed"), WRITES);
	cr_assert_eq(program_count(p, "logger-2", "offered"), 5);
	expect_again(p);
	program_free(p);
	close(fd);
}

Test(handling, what_a_handler_emits_is_checked_and_comes_behind_its_origin)
{
	int fd = sender();
	struct program *p = write_all("emit", fd);
	char expected[2048], *behind;
	size_t used = 0;

	for (size_t i = 0; i < WRITES; i++) {
		used += (size_t)snprintf(expected + used, sizeof(expected) - used, "224.0.0.1:59259 %zu emit %s\n",
					 5 + strlen(writes[i].hex), writes[i].hex);
		if (writes[i].line)
			used += (size_t)snprintf(expected + used, sizeof(expected) - used, "224.0.0.1:59259 %s\n",
						 writes[i].line);
	}
	behind = site_read("behind", NULL);
	cr_assert_str_eq(lines_heard(behind), expected);
	free(behind);
	cr_assert_eq(program_count(p, "obeys", "emitted"), WRITES);
	cr_assert_eq(program_count(p, "logger", "offered"), WRITES, "it stands before");
	cr_assert_eq(program_count(p, "logger-2", "offered"), WRITES + 5);
	expect_again(p);
	program_free(p);
	close(fd);
}

Test(handling, kept_messages_come_back_whole_and_in_order)
{
	struct program *p = obeying("", "5");
	int fd = sender();

	wire_say(fd, "keep 1");
	wire_say(fd, "keep 2");
	wire_say(fd, "passes");
	program_gives(p, "passes\n");
	wire_say(fd, "release");
	program_gives(p, "keep 2\n");
	wire_say(fd, "keep 3 until the end");
	cr_assert_eq(program_ends(p), 0);
	cr_assert_str_eq(program_heard(p), "224.0.0.1:59259 6 passes\n"
					   "224.0.0.1:59259 7 release\n"
					   "224.0.0.1:59259 6 keep 1\n"
					   "224.0.0.1:59259 6 keep 2\n"
					   "224.0.0.1:59259 20 keep 3 until the end\n");
	cr_assert_eq(program_count(p, "obeys", "consumed"), 3);
	cr_assert_eq(program_count(p, "obeys", "emitted"), 3);
	program_law(p);
	program_free(p);
	close(fd);
}

Test(handling, more_than_limits_kept_allows_fails_and_later_there_is_room_again)
{
	enum { COUNT = 100, SIZE = 1000 };
	struct program *p = obeying(", 'limits': {'kept': '32k'}", "102");
	uint64_t kept, failed;
	char text[SIZE + 1];
	int fd = sender();

	memset(text, 'k', SIZE);
	text[SIZE] = '\0';
	memcpy(text, "keep ", 5);
	for (int i = 0; i < COUNT; i++)
		wire_say(fd, text);
	wire_say(fd, "release");
	program_gives(p, "release\n");
	wire_say(fd, "keep one more");
	cr_assert_eq(program_ends(p), 0);

	failed = program_count(p, "obeys", "failed");
	kept = program_count(p, "obeys", "consumed");
	cr_assert_geq(kept, 32 * 1024 / (SIZE + 500) + 1, "%lu", kept);
	cr_assert_leq(kept, 32 * 1024 / SIZE + 1, "%lu", kept);
	cr_assert_eq(kept + failed, COUNT + 1);
	cr_assert_eq(program_count(p, "obeys", "emitted"), kept);
	cr_assert(strstr(program_heard(p), " 13 keep one more\n"));
	program_law(p);
	program_free(p);
	close(fd);
}

Test(handling, the_clock_and_descriptors_wake_a_handler_while_nothing_comes)
{
	static const char *const table[][2] = {
		{ "timer", "woken by the clock\n" },
		{ "pipe", "woken by a pipe\n" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct program *p = obeying("", "1000");
		int fd = sender();

		wire_say(fd, table[i][0]);
		program_gives(p, table[i][1]);
		program_signal(p, SIGINT);
		cr_assert_eq(program_ends(p), 130);
		cr_assert_eq(program_count(p, "obeys", "emitted"), 1);
		cr_assert_eq(program_counter(p, "logger", "lines"), 2);
		program_law(p);
		program_free(p);
		close(fd);
	}
}

Test(handling, finish_ends_the_listener_with_its_status_after_the_batch)
{
	static const struct {
		const char *say;
		int status;
	} table[] = { { "finish 0", 0 }, { "finish 3", 3 }, { "finish 99", 99 } };

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct program *p = obeying("", "1000");
		int fd = sender();

		wire_say(fd, "keep this");
		wire_say(fd, table[i].say);
		cr_assert_eq(program_ends(p), table[i].status);
		cr_assert(strstr(program_heard(p), table[i].say));
		cr_assert(strstr(program_heard(p), " 9 keep this\n"), "flushed before the end");
		cr_assert_eq(!strstr(program_err(p), "obeys ended it: it was told to"), table[i].status == 0, "%s",
			     program_err(p));
		program_law(p);
		program_free(p);
		close(fd);
	}
}

Test(handling, a_handler_that_fails_to_start_is_a_mistake_of_the_manifest)
{
	struct program *p;

	site_manifest("{'version': 1,\n'chain': ['logger',\n{'handler': 'obeys', 'options': {'refuse': true}}]}");
	p = program("mcast-hear", "--plugins", "-i", "lo");
	cr_assert_eq(program_ends(p), 78);
	cr_assert(strstr(program_err(p), "handlers.d/manifest.json:3: /chain/1: "), "%s", program_err(p));
	cr_assert(strstr(program_err(p), "obeys"), "%s", program_err(p));
	cr_assert(strstr(program_err(p), "Permission denied"), "%s", program_err(p));
	cr_assert_str_eq(program_out(p), "");
	program_free(p);
}
