/* handler_rig.c - tests: real handlers, loaded from their files, in C and in C++; the rig that other tests use */
#include <criterion/criterion.h>
#include <string.h>

#include "support/rig.h"

static const struct rig_handler probe = { .handler = "rig_probe" };

Test(rig, feeds_and_counts)
{
	static const char *const texts[] = { "a", "drop", "" };
	const struct mcast_addr listen[2] = { { .port = 1 }, { .port = 2 } };
	const struct rig_handler chain[] = {
		{ .handler = "rig_probe", .options = "{ \"number\": 3 }" }, { .handler = "nothing" },
	};
	struct rig *rig = rig_open(chain, 2, listen, 2);

	rig_feed_text(rig, "one");
	rig_feed_many(rig, texts, 3);
	cr_assert_eq(rig_counter(rig, 0, "heard"), 4);
	cr_assert_eq(rig_counter(rig, 0, "listens"), 2);
	cr_assert_eq(rig_counter(rig, 0, "number"), 3);
	cr_assert_eq(rig_counts(rig, 0)->dropped, 1);
	cr_assert_eq(rig_counts(rig, 1)->offered, 3);
	cr_assert_null(rig_finished(rig));
	rig_close(rig);
}

static bool is_ready(struct rig *rig, void *arg)
{
	(void)arg;
	return rig_counter(rig, 0, "ready") == 1;
}

static bool is_due(struct rig *rig, void *arg)
{
	(void)arg;
	return rig_counter(rig, 0, "timers") == 1;
}

Test(rig, serves_descriptors_timers_and_events)
{
	struct rig *rig = rig_open(&probe, 1, NULL, 0);

	rig_pause(rig);
	cr_assert_eq(rig_counter(rig, 0, "ready"), 0);
	rig_feed_text(rig, "pipe");
	rig_until(rig, is_ready, NULL);
	rig_feed_text(rig, "timer");
	rig_pause(rig);
	cr_assert_eq(rig_counter(rig, 0, "timers"), 0);
	rig_advance(rig, 5000000);
	rig_pause(rig);
	cr_assert_eq(rig_counter(rig, 0, "timers"), 1);
	rig_event(rig, MCAST_EVENT_REOPEN);
	cr_assert_eq(rig_counter(rig, 0, "events"), 1);
	rig_close(rig);
}

Test(rig, lets_time_pass_while_it_waits)
{
	struct rig *rig = rig_open(&probe, 1, NULL, 0);

	rig_feed_text(rig, "timer");
	rig_until(rig, is_due, NULL);
	rig_close(rig);
}

Test(rig, says_why_a_chain_is_refused)
{
	static const struct {
		struct rig_handler handler;
		const char *words;
	} table[] = {
		{ { .handler = "there-is-none" }, "there-is-none" },
		{ { .handler = "rig_probe", .options = "{ \"number\": 10 }" }, "number" },
		{ { .handler = "rig_probe", .options = "{ \"fail_create\": true }" }, "rig_probe: told to fail\n" },
		{ { .handler = "rig_probe", .options = "{ \"fail_create\": true }" },
		  "rig_probe could not be created: Permission denied" },
		{ { .handler = "rig_probe", .options = "{ \"fail_start\": true }" },
		  "rig_probe could not start: No such file or directory" },
	};

	for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const char *words = rig_refuses(&table[i].handler, 1, NULL, 0);

		cr_assert_not_null(strstr(words, table[i].words), "row %u: %s", i, words);
	}
}

Test(rig, a_throwing_cxx_handler_fails_on_that_message_alone)
{
	static const char *const texts[] = { "a", "throw", "drop", "b" };
	const struct rig_handler throws = { "throws", NULL, ON_ERROR_DROP };
	struct rig *rig = rig_open(&throws, 1, NULL, 0);

	rig_feed_many(rig, texts, 4);
	cr_assert_eq(rig_counts(rig, 0)->failed_ended, 1);
	cr_assert_eq(rig_counts(rig, 0)->dropped, 1);
	cr_assert_eq(rig_counts(rig, 0)->passed, 2);
	rig_close(rig);
}
