/* chain_run.c - tests: a batch's way through the handlers: verdicts, order, groups, what a batch says */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "support/scene.h"

static struct scene scene;

static const struct {
	uint8_t letter;
	uint8_t verdict;
} meanings[] = {
	{ 'p', MCAST_PASS }, { 'd', MCAST_DROP }, { 'c', MCAST_CONSUME }, { '3', 3 }, { 'f', MCAST_FAIL }, { 'x', 255 },
};

/* Gives each message the verdict that its first letter says. */
static int by_letter(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	(void)ctx;
	for (uint32_t i = 0; i < batch->n; i++) {
		uint8_t letter = batch->msg[i]->data[0];

		for (unsigned k = 0; k < sizeof(meanings) / sizeof(*meanings); k++) {
			if (meanings[k].letter == letter)
				batch->verdict[i] = meanings[k].verdict;
		}
		if (letter == 'e')
			return -EIO;
	}
	return 0;
}

static const struct mcast_handler letters = { .name = "letters", .process = by_letter };

static void open_with(const struct mcast_handler *first, enum on_error on_error)
{
	const struct scene_handler chain[] = { { first, on_error, NULL, 0 }, { &scene_sink, ON_ERROR_PASS, NULL, 0 } };

	scene_open(&scene, chain, 2, 1 << 20);
}

Test(run, passes_all_messages_of_a_full_batch_in_order)
{
	const char *texts[CHAIN_BATCH];
	char text[CHAIN_BATCH][8], expected[CHAIN_BATCH * 12] = "";

	for (unsigned i = 0; i < CHAIN_BATCH; i++) {
		snprintf(text[i], sizeof(text[i]), "p%u", i);
		texts[i] = text[i];
		sprintf(expected + strlen(expected), "%s1:p%u", i ? " " : "", i);
	}
	open_with(&letters, ON_ERROR_PASS);
	scene_feed(&scene, texts, CHAIN_BATCH);
	cr_assert_str_eq(noted(), expected);
	cr_assert_eq(chain_total(scene.chain)->passed, CHAIN_BATCH);
	scene_close(&scene);
}

Test(run, applies_each_verdict)
{
	static const struct {
		const char *text;
		enum on_error on_error;
		struct chain_counts counts;	/* of the handler that gave it */
		bool goes_on;
	} table[] = {
		{ "p", ON_ERROR_DROP, { .passed = 1 }, true },
		{ "d", ON_ERROR_PASS, { .dropped = 1 }, false },
		{ "c", ON_ERROR_PASS, { .consumed = 1 }, false },
		{ "f", ON_ERROR_PASS, { .failed = 1 }, true },
		{ "f", ON_ERROR_DROP, { .failed = 1, .failed_ended = 1 }, false },
		{ "f", ON_ERROR_SUSPEND, { .failed = 1, .suspensions = 1 }, true },
		{ "3", ON_ERROR_PASS, { .failed = 1 }, true },
		{ "3", ON_ERROR_DROP, { .failed = 1, .failed_ended = 1 }, false },
		{ "x", ON_ERROR_DROP, { .failed = 1, .failed_ended = 1 }, false },
		{ "e", ON_ERROR_PASS, { .failed = 1 }, true },
		{ "e", ON_ERROR_DROP, { .failed = 1, .failed_ended = 1 }, false },
	};

	capture_start();
	for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct chain_counts expected = table[i].counts;

		expected.offered = 1;
		note_clear();
		open_with(&letters, table[i].on_error);
		scene_say(&scene, table[i].text);
		cr_assert_eq(memcmp(scene_counts(&scene, 0), &expected, sizeof(expected)), 0, "row %u", i);
		cr_assert_eq(*noted() != '\0', table[i].goes_on, "row %u: %s", i, noted());
		cr_assert_eq(chain_total(scene.chain)->passed, table[i].goes_on, "row %u", i);
		scene_close(&scene);
	}
}

Test(run, compacts_what_is_left_in_order)
{
	static const char *const texts[] = { "p0", "d1", "p2", "c3", "f4", "x5", "p6", "d7", "d8", "p9" };

	open_with(&letters, ON_ERROR_PASS);
	scene_feed(&scene, texts, 10);
	cr_assert_str_eq(noted(), "1:p0 1:p2 1:f4 1:x5 1:p6 1:p9");
	scene_close(&scene);
}

Test(run, one_bad_verdict_is_seen_wherever_it_stands)
{
	const char *texts[64];

	open_with(&letters, ON_ERROR_PASS);
	for (unsigned n = 1; n <= 64; n++) {
		for (unsigned bad = 0; bad < n; bad++) {
			for (unsigned i = 0; i < n; i++)
				texts[i] = i == bad ? "d" : "p";
			note_clear();
			scene_feed(&scene, texts, n);
			cr_assert_eq(count_of(noted(), "1:p"), n - 1, "%u of %u", bad, n);
		}
	}
	scene_close(&scene);
}

Test(run, verdicts_are_pass_again_for_the_next_handler_and_batch)
{
	static const char *const texts[] = { "d", "d", "d" };
	const struct scene_handler chain[] = { { &letters, 0, NULL, 0 }, { &letters, 0, NULL, 0 } };

	scene_open(&scene, chain, 2, 1 << 20);
	scene_feed(&scene, texts, 3);
	scene_say(&scene, "?");		/* neither handler sets its verdict */
	cr_assert_eq(chain_total(scene.chain)->passed, 1);
	scene_close(&scene);
}

static int process_fails(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	(void)ctx;
	batch->verdict[0] = MCAST_DROP;
	return -EIO;
}

Test(run, an_error_of_process_fails_the_whole_batch)
{
	static const struct mcast_handler fails = { .name = "fails", .process = process_fails };
	static const char *const texts[] = { "a", "b", "c" };

	open_with(&fails, ON_ERROR_DROP);
	scene_feed(&scene, texts, 3);
	cr_assert_eq(scene_counts(&scene, 0)->failed_ended, 3);
	cr_assert_str_eq(noted(), "");
	scene_close(&scene);
}

static int note_batch(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	const struct instance *in = ctx->engine;

	note("%u: n=%u now=%llu lost=%llu", in->place, batch->n, (unsigned long long)batch->now_ns,
	     (unsigned long long)batch->lost);
	cr_assert_eq(batch->size, sizeof(*batch));
	cr_assert_eq(batch->at, MCAST_AT_UNKNOWN);
	batch->at = 0;
	for (uint32_t i = 0; i < batch->n; i++)
		cr_assert_eq(batch->verdict[i], MCAST_PASS);
	return 0;
}

static const struct mcast_handler batches = { .name = "batches", .process = note_batch };

Test(run, a_batch_says_time_and_losses_once)
{
	static const char *const texts[] = { "a", "b" };
	const struct scene_handler chain[] = { { &batches, 0, NULL, 0 }, { &batches, 0, NULL, 0 } };

	scene_open(&scene, chain, 2, 1 << 20);
	scene.now_ns = 5;
	scene.lost = 3;
	scene_feed(&scene, texts, 2);
	scene.now_ns = 6;
	scene_say(&scene, "c");
	cr_assert_str_eq(noted(), "0: n=2 now=5 lost=3 1: n=2 now=5 lost=3 0: n=1 now=6 lost=0 1: n=1 now=6 lost=0");
	scene_close(&scene);
}

Test(run, losses_are_told_with_the_next_batch_that_a_handler_gets)
{
	const struct scene_handler chain[] = { { &letters, 0, NULL, 0 }, { &batches, 0, NULL, 0 } };

	scene_open(&scene, chain, 2, 1 << 20);
	scene.lost = 3;
	scene_say(&scene, "d");
	scene.lost = 4;
	scene.now_ns = 1;
	scene_say(&scene, "p");
	cr_assert_str_eq(noted(), "1: n=1 now=1 lost=7");
	scene_close(&scene);
}

Test(run, a_handler_with_groups_gets_those_alone_and_order_stays)
{
	struct mcast_addr groups[2];
	const struct scene_handler chain[] = {
		{ &letters, ON_ERROR_PASS, groups, 2 }, { &scene_sink, ON_ERROR_PASS, NULL, 0 },
	};
	static const char *const to[] = {
		"239.1.1.1:5", "239.1.1.1:6", "239.2.2.2:7", "239.2.2.2:8", "239.3.3.3:5", "[ff02::1]:5",
	};
	static const bool mine[] = { true, true, true, false, false, false };

	cr_assert_eq(address_parse_port("239.1.1.1", &groups[0]), 0);	/* any port */
	cr_assert_eq(address_parse_port("239.2.2.2:7", &groups[1]), 0);
	scene_open(&scene, chain, 2, 1 << 20);
	for (unsigned i = 0; i < 6; i++) {
		uint64_t offered = scene_counts(&scene, 0)->offered;

		cr_assert_eq(address_parse_port(to[i], &scene.group), 0);
		scene_say(&scene, "d");
		cr_assert_eq(scene_counts(&scene, 0)->offered - offered, mine[i], "%s", to[i]);
	}
	cr_assert_eq(scene_counts(&scene, 0)->passed_by, 3);
	cr_assert_eq(scene_counts(&scene, 0)->dropped, 3);
	scene_close(&scene);
}

/* Puts every other message of the batch into another group, which the test's second handler is for. */
static int process_scatter(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	static struct mcast_addr other;

	(void)ctx;
	other.port = 1;
	for (uint32_t i = 1; i < batch->n; i += 2)
		batch->msg[i]->group = &other;
	return 0;
}

Test(run, a_part_of_a_batch_is_put_back_where_it_was)
{
	static const struct mcast_handler scatter = { .name = "scatter", .process = process_scatter };
	static const char *const texts[] = { "d0", "d1", "p2", "p3", "p4", "d5", "f6", "f7", "p8" };
	struct mcast_addr group = { .port = 1 };
	const struct scene_handler chain[] = {
		{ &scatter, ON_ERROR_PASS, NULL, 0 }, { &letters, ON_ERROR_DROP, &group, 1 },
		{ &scene_sink, ON_ERROR_PASS, NULL, 0 },
	};

	scene_open(&scene, chain, 3, 1 << 20);
	scene_feed(&scene, texts, 9);
	cr_assert_str_eq(noted(), "2:d0 2:p2 2:p3 2:p4 2:f6 2:p8");
	cr_assert_eq(scene_counts(&scene, 1)->offered, 4);
	cr_assert_eq(scene_counts(&scene, 1)->passed_by, 5);
	scene_close(&scene);
}

Test(run, nobody_is_called_with_no_messages)
{
	static const char *const texts[] = { "d", "c" };

	open_with(&letters, ON_ERROR_PASS);
	scene_feed(&scene, texts, 2);
	cr_assert_eq(scene_counts(&scene, 1)->offered, 0);
	cr_assert_str_eq(noted(), "");
	scene_close(&scene);
}

Test(run, a_chain_without_handlers_passes_all)
{
	scene_open(&scene, NULL, 0, 0);
	scene_say(&scene, "a");
	chain_tick(scene.chain, 1);
	cr_assert_eq(chain_due(scene.chain, 1), UINT64_MAX);
	cr_assert_eq(chain_flush(scene.chain, 1), 0);
	cr_assert_eq(chain_total(scene.chain)->passed, 1);
	scene_close(&scene);
	chain_destroy(NULL);
}
