/* chain_written.c - tests: what handlers change and emit: whose bytes, checked again, in order, bounded */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/datagram.h"
#include "support/scene.h"

static struct scene scene;

/* ---- writable() -------------------------------------------------------------------------- */

/* Turns "abc" into "abc" + suffix. */
static const char *suffix = "+";
static const struct mcast_msg *first_seen;

static int process_append(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	uint32_t more = (uint32_t)strlen(suffix);

	for (uint32_t i = 0; i < batch->n; i++) {
		uint32_t len = batch->msg[i]->len;
		struct mcast_msg *msg;
		uint8_t *bytes;

		msg = ctx->host->writable(ctx, batch->msg[i], len + more, &bytes);
		cr_assert_not_null(msg);
		cr_assert_eq(msg, batch->msg[i], "it stands in the batch");
		cr_assert_eq(msg->data, bytes);
		cr_assert_eq(msg->len, len + more);
		for (uint32_t k = len; k < len + more; k++)
			cr_assert_eq(bytes[k], 0);
		put_text(bytes + len, suffix);
	}
	return 0;
}

static const struct mcast_handler append = {
	.name = "append", .caps = MCAST_CAP_MODIFY, .process = process_append,
};

static int process_flags(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	(void)ctx;
	for (uint32_t i = 0; i < batch->n; i++)
		note("%s%s%s", batch->msg[i]->flags & MCAST_MSG_CHANGED ? "changed" : "-",
		     batch->msg[i]->flags & MCAST_MSG_REPAIRED ? ",repaired" : "",
		     batch->msg[i]->flags & MCAST_MSG_DERIVED ? ",derived" : "");
	return 0;
}

static const struct mcast_handler flags = { .name = "flags", .process = process_flags };

static void open_three(const struct mcast_handler *a, const struct mcast_handler *b, const struct mcast_handler *c)
{
	const struct scene_handler chain[] = { { a, 0, NULL, 0 }, { b, 0, NULL, 0 }, { c, 0, NULL, 0 } };

	scene_open(&scene, chain, 3, 1 << 20);
}

Test(written, changed_bytes_reach_the_next_handler_and_are_marked)
{
	static const char *const texts[] = { "a", "", "ccc" };

	open_three(&append, &scene_sink, &flags);
	scene_feed(&scene, texts, 3);
	cr_assert_str_eq(noted(), "1:a+ 1:+ 1:ccc+ changed changed changed");
	cr_assert_eq(scene_counts(&scene, 0)->changed, 3);
	cr_assert_eq(scene_counts(&scene, 1)->changed, 0);
	scene_close(&scene);
}

Test(written, bytes_are_reused_where_nobody_else_holds_them)
{
	uint64_t records;

	open_three(&append, &append, &append);
	scene_say(&scene, "a");
	records = messages_records(scene.messages);
	for (unsigned i = 0; i < 1000; i++)
		scene_say(&scene, "a");
	cr_assert_eq(messages_records(scene.messages), records);
	scene_close(&scene);
}

Test(written, text_is_checked_again_once_before_the_next_handler)
{
	static const char *const texts[] = { "a", "b!", "c?", "d" };

	suffix = "";
	open_three(&append, &scene_sink, &flags);
	scene_feed(&scene, texts, 4);
	cr_assert_str_eq(noted(), "1:a 1:c<?> 1:d changed changed,repaired changed");
	cr_assert_eq(scene.checked, 4);
	cr_assert_eq(chain_total(scene.chain)->again_dropped, 1);
	cr_assert_eq(scene_counts(&scene, 0)->passed, 4, "the handler passed it, the check did not");
	scene_close(&scene);
}

Test(written, each_writer_is_counted_and_checked_anew)
{
	open_three(&append, &append, &scene_sink);
	scene_say(&scene, "a");
	cr_assert_str_eq(noted(), "2:a++");
	cr_assert_eq(scene_counts(&scene, 1)->changed, 1);
	cr_assert_eq(scene.checked, 2);
	scene_close(&scene);
}

Test(written, nothing_is_checked_that_nobody_wrote)
{
	static const char *const texts[] = { "a!", "b?" };

	open_three(&scene_sink, &flags, &flags);
	scene_feed(&scene, texts, 2);
	cr_assert_eq(scene.checked, 0);
	scene_close(&scene);
}

/* Keeps the first message it sees; the test looks at it later. */
static struct mcast_msg *kept;

static int process_keep(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	if (!kept) {
		kept = batch->msg[0];
		cr_assert_eq(ctx->host->keep(ctx, kept), 0);
	}
	return 0;
}

static const struct mcast_handler keeper = { .name = "keeper", .process = process_keep };

static bool reads(const struct mcast_msg *msg, const char *text)
{
	return msg->len == strlen(text) && !memcmp(msg->data, text, msg->len);
}

Test(written, a_kept_message_stays_as_it_was_when_a_later_handler_writes)
{
	open_three(&keeper, &append, &scene_sink);
	scene_say(&scene, "a");
	cr_assert_str_eq(noted(), "2:a+");
	cr_assert(reads(kept, "a"));
	cr_assert_not(kept->flags & MCAST_MSG_CHANGED);
	host_functions.release(&scene.in[0]->worker, kept);
	scene_close(&scene);
}

static int process_write_and_keep(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	uint8_t *bytes;

	kept = ctx->host->writable(ctx, batch->msg[0], 2, &bytes);
	put_text(bytes, "k?");
	cr_assert_eq(ctx->host->keep(ctx, kept), 0);
	return 0;
}

Test(written, repairing_does_not_touch_what_is_kept)
{
	static const struct mcast_handler write_and_keep = {
		.name = "write-and-keep", .caps = MCAST_CAP_MODIFY, .process = process_write_and_keep,
	};

	open_three(&write_and_keep, &scene_sink, &flags);
	scene_say(&scene, "abc");
	cr_assert_str_eq(noted(), "1:k<?> changed,repaired");
	cr_assert(reads(kept, "k?"));
	host_functions.release(&scene.in[0]->worker, kept);
	scene_close(&scene);
}

static int process_write_then_drop(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	uint8_t *bytes;

	for (uint32_t i = 0; i < batch->n; i++) {
		cr_assert_not_null(ctx->host->writable(ctx, batch->msg[i], 1, &bytes));
		bytes[0] = '!';
		batch->verdict[i] = scene.seq == 1 ? MCAST_DROP : MCAST_PASS;
	}
	return 0;
}

Test(written, what_ends_is_not_checked)
{
	static const struct mcast_handler writes_and_drops = {
		.name = "writes-and-drops", .caps = MCAST_CAP_MODIFY, .process = process_write_then_drop,
	};

	open_three(&writes_and_drops, &scene_sink, &flags);
	scene_say(&scene, "abc");
	cr_assert_eq(scene.checked, 0);
	cr_assert_eq(scene_counts(&scene, 0)->dropped, 1);

	scene_say(&scene, "abc");	/* in the same record, which has forgotten that it was written */
	cr_assert_eq(scene.checked, 1);
	cr_assert_eq(chain_total(scene.chain)->again_dropped, 1);
	scene_close(&scene);
}

static int process_twice(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	struct mcast_msg *msg = batch->msg[0];
	uint8_t *bytes;

	first_seen = msg;
	cr_assert_eq(ctx->host->keep(ctx, msg), 0);
	kept = msg;
	msg = ctx->host->writable(ctx, msg, 4, &bytes);
	put_text(bytes, "copy");
	cr_assert_neq(msg, first_seen);
	cr_assert_null(ctx->host->writable(ctx, kept, 4, &bytes), "it stands in the batch no more");
	msg = ctx->host->writable(ctx, msg, 6, &bytes);
	cr_assert_eq(msg, batch->msg[0]);
	put_text(bytes + 4, "++");
	return 0;
}

Test(written, writable_twice_keeps_what_was_written_first)
{
	static const struct mcast_handler twice = {
		.name = "twice", .caps = MCAST_CAP_MODIFY, .process = process_twice,
	};

	capture_start();
	open_three(&twice, &scene_sink, &flags);
	scene_say(&scene, "a");
	cr_assert_str_eq(noted(), "1:copy++ changed");
	cr_assert(reads(kept, "a"));
	cr_assert_eq(scene_counts(&scene, 0)->changed, 1);
	host_functions.release(&scene.in[0]->worker, kept);
	scene_close(&scene);
}

static int process_group_other(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	static struct mcast_addr other = { .port = 1 };

	(void)ctx;
	batch->msg[1]->group = &other;
	return 0;
}

Test(written, a_copy_stands_in_the_right_place_of_a_batch_that_is_taken_apart)
{
	static const struct mcast_handler regroup = { .name = "regroup", .process = process_group_other };
	static const char *const texts[] = { "a", "b", "c" };
	struct mcast_addr group;
	const struct scene_handler chain[] = {
		{ &keeper, 0, NULL, 0 }, { &regroup, 0, NULL, 0 }, { &append, 0, &group, 1 },
		{ &scene_sink, 0, NULL, 0 },
	};

	cr_assert_eq(address_parse_port(SCENE_GROUP, &group), 0);
	scene_open(&scene, chain, 4, 1 << 20);
	scene_feed(&scene, texts, 3);
	cr_assert_str_eq(noted(), "3:a+ 3:b 3:c+");
	cr_assert(reads(kept, "a"));
	host_functions.release(&scene.in[0]->worker, kept);
	scene_close(&scene);
}

Test(written, no_message_grows_beyond_a_datagram)
{
	static char big[DATAGRAM_MAX + 1];
	uint8_t *bytes;

	memset(big, 'b', DATAGRAM_MAX - 1);
	suffix = big;
	open_three(&append, &flags, &flags);
	scene_say(&scene, "a");
	cr_assert_eq(chain_total(scene.chain)->passed, 1);

	/* As a callback would, with a message in hand. */
	cr_assert_eq(messages_take(scene.messages, &kept, 1), 0);
	kept->len = 0;
	message_of(kept)->place = 0;
	scene.host.running = scene.in[0];
	scene.host.in_hand = &kept;
	scene.host.in_hand_n = 1;
	cr_assert_null(host_functions.writable(&scene.in[0]->worker, kept, DATAGRAM_MAX + 1, &bytes));
	cr_assert_not_null(host_functions.writable(&scene.in[0]->worker, kept, DATAGRAM_MAX, &bytes));
	scene.host.in_hand_n = 0;
	scene.host.running = NULL;
	messages_end(&kept, 1);
	scene_close(&scene);
}
