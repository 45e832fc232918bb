/* chain_turn.c - tests: ticks, wakes, events, flushing, finishing */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "support/scene.h"

static struct scene scene;
static uint64_t ask_again;	/* tick() calls wake() for this time; 0: not */
static int flush_rc, flushes_left, tick_rc;

static unsigned place(const struct mcast_ctx *ctx)
{
	return ((const struct instance *)ctx->engine)->place;
}

static int process(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	const uint8_t *text = batch->msg[0]->data;

	if (place(ctx) == 0 && !memcmp(text, "wake", 4))
		ctx->host->wake(ctx, -1, 0, 500);
	if (place(ctx) == 0 && !memcmp(text, "forget", 6))
		ctx->host->wake(ctx, -1, 0, 0);
	if (place(ctx) == 0 && !memcmp(text, "finish", 6))
		ctx->host->finish(ctx, 3, "enough\033");
	return 0;
}

static int tick(struct mcast_ctx *ctx, uint64_t now_ns)
{
	note("tick%u@%llu", place(ctx), (unsigned long long)now_ns);
	if (ask_again)
		ctx->host->wake(ctx, -1, 0, ask_again);
	return tick_rc;
}

static int event(struct mcast_ctx *ctx, uint32_t what)
{
	note("event%u:%u", place(ctx), what);
	return 0;
}

static int flush(struct mcast_ctx *ctx)
{
	note("flush%u", place(ctx));
	if (place(ctx) == 1 && flushes_left-- > 0)
		return -EAGAIN;
	return flush_rc;
}

static const struct mcast_handler full = {
	.name = "full", .caps = MCAST_CAP_FINISH, .process = process, .tick = tick, .event = event, .flush = flush,
};

static void setup(void)
{
	/* The one in the middle has no optional callback at all. */
	const struct scene_handler chain[] = {
		{ &full, 0, NULL, 0 }, { &full, 0, NULL, 0 }, { &scene_sink, 0, NULL, 0 }, { &full, 0, NULL, 0 },
	};

	scene_open(&scene, chain, 4, 1 << 20);
}

TestSuite(turn, .init = setup);

Test(turn, ticks_those_that_have_one_in_order)
{
	chain_tick(scene.chain, 7);
	chain_ready(scene.chain, 3, 8);
	chain_ready(scene.chain, 2, 9);
	cr_assert_str_eq(noted(), "tick0@7 tick1@7 tick3@7 tick3@8");
	scene_close(&scene);
}

Test(turn, events_go_to_all)
{
	chain_event(scene.chain, MCAST_EVENT_REOPEN, 1);
	cr_assert_str_eq(noted(), "event0:1 event1:1 event3:1");
	scene_close(&scene);
}

Test(turn, a_wake_is_due_once_and_not_before)
{
	cr_assert_eq(chain_due(scene.chain, 100), UINT64_MAX);
	scene_say(&scene, "wake");
	note_clear();
	cr_assert_eq(chain_due(scene.chain, 100), 500);
	chain_tick(scene.chain, 200);	/* a tick for another reason does not forget it */
	note_clear();
	cr_assert_eq(chain_due(scene.chain, 499), 500);
	cr_assert_str_eq(noted(), "");
	cr_assert_eq(chain_due(scene.chain, 500), UINT64_MAX);
	cr_assert_str_eq(noted(), "tick0@500");
	cr_assert_eq(chain_due(scene.chain, 501), UINT64_MAX);
	cr_assert_str_eq(noted(), "tick0@500");
	scene_close(&scene);
}

Test(turn, a_wake_can_be_forgotten)
{
	scene_say(&scene, "wake");
	scene_say(&scene, "forget");
	cr_assert_eq(chain_due(scene.chain, 1000), UINT64_MAX);
	scene_close(&scene);
}

Test(turn, a_tick_may_ask_for_the_next_one)
{
	scene_say(&scene, "wake");
	ask_again = 700;
	cr_assert_eq(chain_due(scene.chain, 600), 700);
	scene_close(&scene);
}

static unsigned watched_stage, watched_events;
static int watched_fd;

static int watch(unsigned stage, int fd, uint32_t events)
{
	watched_stage = stage;
	watched_fd = fd;
	watched_events = events;
	return -EBADF;
}

Test(turn, a_watched_descriptor_is_the_loops_affair)
{
	scene.watch = watch;
	cr_assert_eq(host_functions.wake(&scene.in[1]->worker, 9, 4, 0), -EBADF, "in start(), too");
	cr_assert_eq(watched_stage, 1);
	cr_assert_eq(watched_fd, 9);
	cr_assert_eq(watched_events, 4);
	cr_assert_eq(host_functions.wake(&scene.in[1]->worker, -2, 4, 0), -EBADF);
	cr_assert_eq(watched_fd, 9);
	scene_close(&scene);
}

Test(turn, flush_goes_on_with_the_one_that_asked_to_be_called_again)
{
	flushes_left = 2;
	cr_assert_eq(chain_flush(scene.chain, 1), -EAGAIN);
	cr_assert_eq(chain_flush(scene.chain, 1), -EAGAIN);
	cr_assert_eq(chain_flush(scene.chain, 1), 0);
	cr_assert_str_eq(noted(), "flush0 flush1 flush1 flush1 flush3");
	note_clear();
	cr_assert_eq(chain_flush(scene.chain, 2), 0);
	cr_assert_str_eq(noted(), "flush0 flush1 flush3", "a new flush begins at the front");
	scene_close(&scene);
}

Test(turn, flush_goes_on_behind_the_one_that_was_given_up)
{
	flushes_left = 9;
	cr_assert_eq(chain_flush(scene.chain, 1), -EAGAIN);
	cr_assert_str_eq(chain_give_up(scene.chain), scene.in[1]->name);
	cr_assert_eq(chain_flush(scene.chain, 1), 0);
	cr_assert_str_eq(noted(), "flush0 flush1 flush3");
	scene_close(&scene);
}

Test(turn, a_flush_that_fails_is_said_and_counts_as_done)
{
	capture_start();
	flush_rc = -ENOSPC;
	cr_assert_eq(chain_flush(scene.chain, 1), 0);
	cr_assert_eq(count_of(captured(), "flush() failed: No space left on device"), 3);
	scene_close(&scene);
}

Test(turn, a_tick_that_fails_each_second_does_not_fill_the_log)
{
	capture_start();
	tick_rc = -EIO;
	for (unsigned i = 0; i < 1000; i++)
		chain_ready(scene.chain, 0, i);
	cr_assert_eq(count_of(captured(), "full: tick() failed"), 10);	/* 1, 2, 4, ... 512 */
	scene_close(&scene);
}

Test(turn, finish_is_remembered_with_who_and_why)
{
	cr_assert_null(chain_finished(scene.chain));
	scene_say(&scene, "finish");
	scene_say(&scene, "more");
	cr_assert_eq(chain_finished(scene.chain)->status, 3);
	cr_assert_str_eq(chain_finished(scene.chain)->who, "full");
	cr_assert_not_null(strstr(chain_finished(scene.chain)->why, "enough"));
	cr_assert_eq(chain_total(scene.chain)->passed, 2, "the batch comes to its end");
	host_functions.finish(&scene.in[1]->worker, 4, "later");
	cr_assert_eq(chain_finished(scene.chain)->status, 3, "the first one counts");
	scene_close(&scene);
}

Test(turn, finish_has_nothing_to_end_where_the_end_has_begun)
{
	scene.stopping = 1;
	scene_say(&scene, "finish");
	cr_assert_null(chain_finished(scene.chain));
	scene_close(&scene);
}

Test(turn, stopping_is_what_the_loop_says)
{
	cr_assert_eq(host_functions.stopping(&scene.in[0]->worker), 0);
	scene.stopping = 1;
	cr_assert_eq(host_functions.stopping(&scene.in[0]->worker), 1);
	scene_close(&scene);
}
