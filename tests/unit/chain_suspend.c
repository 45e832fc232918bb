/* chain_suspend.c - tests: on_error suspend, under a clock of the test's own */
#include <criterion/criterion.h>
#include <string.h>

#include "support/scene.h"

#define SECOND 1000000000ull

static struct scene scene;
static bool broken;

static int process(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	(void)ctx;
	for (uint32_t i = 0; i < batch->n; i++)
		batch->verdict[i] = broken && i == batch->n - 1 ? MCAST_FAIL : MCAST_PASS;
	return 0;
}

static int tick(struct mcast_ctx *ctx, uint64_t now_ns)
{
	(void)ctx;
	(void)now_ns;
	note("tick");
	return 0;
}

static const struct mcast_handler shaky = { .name = "shaky", .process = process, .tick = tick };

static void setup(void)
{
	const struct scene_handler chain[] = { { &shaky, ON_ERROR_SUSPEND, NULL, 0 }, { &scene_sink, 0, NULL, 0 } };

	scene_open(&scene, chain, 2, 1 << 20);
	capture_start();
	broken = true;
}

/* Whether a message sent after so many ns was offered to the handler. Each comes to the end, whatever is wrong. */
static bool offered_after(uint64_t ns)
{
	uint64_t offered = scene_counts(&scene, 0)->offered;
	uint64_t passed = chain_total(scene.chain)->passed;

	scene.now_ns += ns;
	scene_say(&scene, "m");
	cr_assert_eq(chain_total(scene.chain)->passed, passed + 1);
	return scene_counts(&scene, 0)->offered != offered;
}

TestSuite(suspend, .init = setup);

Test(suspend, tries_again_after_1_2_4_8_16_30_and_30_seconds)
{
	static const unsigned pauses[] = { 1, 2, 4, 8, 16, 30, 30, 30 };

	cr_assert(offered_after(0));
	for (unsigned i = 0; i < sizeof(pauses) / sizeof(*pauses); i++) {
		cr_assert_not(offered_after(0), "%u", i);
		cr_assert_not(offered_after(pauses[i] * SECOND - 1), "%u", i);
		cr_assert(offered_after(1), "%u", i);
	}
	cr_assert_eq(scene_counts(&scene, 0)->failed, 9);
	cr_assert_eq(scene_counts(&scene, 0)->passed_over, 16);
	cr_assert_eq(scene_counts(&scene, 0)->suspensions, 1);
	scene_close(&scene);
}

Test(suspend, one_batch_is_the_probe)
{
	static const char *const texts[] = { "a", "b", "c" };

	cr_assert(offered_after(0));
	scene.now_ns += SECOND;
	scene_feed(&scene, texts, 3);
	cr_assert_eq(scene_counts(&scene, 0)->offered, 4);
	cr_assert_eq(scene_counts(&scene, 0)->passed, 2);
	cr_assert_eq(scene_counts(&scene, 0)->failed, 2);
	cr_assert_not(offered_after(0));
	scene_close(&scene);
}

Test(suspend, a_probe_without_failure_ends_it_and_the_pauses_begin_anew)
{
	cr_assert(offered_after(0));
	cr_assert(offered_after(SECOND));
	broken = false;
	cr_assert(offered_after(2 * SECOND));
	cr_assert(offered_after(0));
	broken = true;
	cr_assert(offered_after(0));
	cr_assert_not(offered_after(SECOND - 1));
	cr_assert(offered_after(1));
	cr_assert_eq(scene_counts(&scene, 0)->suspensions, 2);
	scene_close(&scene);
}

Test(suspend, is_said_once_when_it_begins_and_once_when_it_ends)
{
	offered_after(0);
	cr_assert_eq(count_of(captured(), "shaky fails and is suspended"), 1);
	for (unsigned i = 0; i < 100; i++)
		offered_after(SECOND);
	cr_assert_str_eq(captured(), "");
	broken = false;
	offered_after(30 * SECOND);
	cr_assert_not_null(strstr(captured(), "shaky works again after 130 s"));
	offered_after(0);
	cr_assert_str_eq(captured(), "");
	scene_close(&scene);
}

Test(suspend, a_suspended_handler_is_still_ticked)
{
	offered_after(0);
	note_clear();
	chain_tick(scene.chain, scene.now_ns);
	cr_assert_str_eq(noted(), "tick");
	scene_close(&scene);
}
