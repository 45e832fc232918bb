/* chain_emitted.c - tests: messages that handlers emit: what they have from their origin, order, limits, the law */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/datagram.h"
#include "support/scene.h"

static struct scene scene;

static unsigned place(const struct mcast_ctx *ctx)
{
	return ((const struct instance *)ctx->engine)->place;
}

static void open_chain(const struct mcast_handler *const *handlers, unsigned n)
{
	struct scene_handler chain[SCENE_HANDLERS] = { { 0 } };

	for (unsigned i = 0; i < n; i++)
		chain[i].handler = handlers[i];
	scene_open(&scene, chain, n, 1 << 20);
}

/* Emits two children of each message: "a" > "a0", "a1". */
static int process_double(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		for (unsigned k = 0; k < 2; k++) {
			char child[64];
			uint32_t len = batch->msg[i]->len;

			memcpy(child, batch->msg[i]->data, len);
			child[len] = k ? '1' : '0';
			cr_assert_eq(ctx->host->emit(ctx, batch->msg[i], child, len + 1), 0);
			memset(child, '#', sizeof(child));	/* emit() has copied it */
		}
	}
	return 0;
}

static const struct mcast_handler doubles = { .name = "doubles", .process = process_double };

Test(emitted, goes_on_behind_its_maker_after_the_batch_in_order)
{
	static const struct mcast_handler *const chain[] = { &scene_sink, &doubles, &scene_sink };
	static const char *const texts[] = { "a", "b" };

	open_chain(chain, 3);
	scene_feed(&scene, texts, 2);
	cr_assert_str_eq(noted(), "0:a 0:b 2:a 2:b 2:a0 2:a1 2:b0 2:b1");
	cr_assert_eq(scene_counts(&scene, 1)->emitted, 4);
	cr_assert_eq(chain_total(scene.chain)->emitted, 4);
	cr_assert_eq(chain_total(scene.chain)->passed, 6);
	scene_close(&scene);
}

Test(emitted, handlers_behind_may_emit_in_turn)
{
	static const struct mcast_handler *const chain[] = { &doubles, &doubles, &scene_sink };

	open_chain(chain, 3);
	scene_say(&scene, "a");
	cr_assert_str_eq(noted(), "2:a 2:a0 2:a1 2:a0 2:a1 2:a00 2:a01 2:a10 2:a11");
	cr_assert_eq(chain_total(scene.chain)->emitted, 2 + 6);
	scene_close(&scene);
}

Test(emitted, the_last_handlers_come_to_the_end)
{
	static const struct mcast_handler *const chain[] = { &doubles };

	open_chain(chain, 1);
	scene_say(&scene, "a");
	cr_assert_eq(chain_total(scene.chain)->passed, 3);
	scene_close(&scene);
}

static int process_tell(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	char src[ADDRESS_TEXT], group[ADDRESS_TEXT];

	(void)ctx;
	for (uint32_t i = 0; i < batch->n; i++) {
		const struct mcast_msg *msg = batch->msg[i];

		address_port_text(src, msg->src);
		address_port_text(group, msg->group);
		note("%.*s/%llu.%u/%s/%s/%u/%u/%llu/%x", (int)msg->len, (const char *)msg->data,
		     (unsigned long long)msg->seq, msg->part, src, group, msg->ifindex, msg->ttl,
		     (unsigned long long)msg->rx_ns, msg->flags);
	}
	return 0;
}

static const struct mcast_handler tell = { .name = "tell", .process = process_tell };

Test(emitted, has_from_its_origin_all_but_the_bytes)
{
	static const struct mcast_handler *const chain[] = { &doubles, &tell };

	cr_assert_eq(MCAST_MSG_TTL | MCAST_MSG_DERIVED, 0x28);
	open_chain(chain, 2);
	scene_say(&scene, "a");
	cr_assert_str_eq(noted(), "a/1.0/192.0.2.1:4242/239.255.0.1:59259/1/7/1001/20 "
				  "a0/1.1/192.0.2.1:4242/239.255.0.1:59259/1/7/1001/28 "
				  "a1/1.2/192.0.2.1:4242/239.255.0.1:59259/1/7/1001/28");
	scene_close(&scene);
}

/* Keeps a message, and emits like it in tick(), after it has released it. */
static struct mcast_msg *kept;

static int process_keep(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	kept = batch->msg[0];
	return ctx->host->keep(ctx, kept);
}

static int tick_release(struct mcast_ctx *ctx, uint64_t now_ns)
{
	(void)now_ns;
	cr_assert_eq(ctx->host->emit(ctx, kept, "late", 4), 0);
	ctx->host->release(ctx, kept);
	return ctx->host->emit(ctx, NULL, "", 0);	/* in the record that is free now */
}

Test(emitted, does_not_need_its_origin_any_more)
{
	static const struct mcast_handler later = { .name = "later", .process = process_keep, .tick = tick_release };
	static const struct mcast_handler *const chain[] = { &later, &tell };

	open_chain(chain, 2);
	scene_say(&scene, "a");
	note_clear();
	chain_tick(scene.chain, 5);
	cr_assert_eq(strncmp(noted(), "late/1.1/192.0.2.1:4242/239.255.0.1:59259/1/7/1001/28 /0.1/", 59), 0, "%s",
		     noted());
	scene_close(&scene);
}

/* Emits "tick" and the like, without an origin. */
static int emit_text(struct mcast_ctx *ctx, const char *text)
{
	return ctx->host->emit(ctx, NULL, text, (uint32_t)strlen(text));
}

static int tick_emit(struct mcast_ctx *ctx, uint64_t now_ns)
{
	(void)now_ns;
	return emit_text(ctx, "tick");
}

static int event_emit(struct mcast_ctx *ctx, uint32_t event)
{
	(void)event;
	return emit_text(ctx, "event");
}

static int flush_emit(struct mcast_ctx *ctx)
{
	static unsigned calls;

	emit_text(ctx, "flush");
	return calls++ ? 0 : -EAGAIN;
}

static int flush_note(struct mcast_ctx *ctx)
{
	note("flush%u", place(ctx));
	return 0;
}

static int process_note(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	return scene_sink.process(ctx, batch);
}

Test(emitted, also_without_a_batch_and_before_the_next_handler_is_called)
{
	static const struct mcast_handler source = {
		.name = "source", .process = process_note, .tick = tick_emit, .event = event_emit, .flush = flush_emit,
	};
	static const struct mcast_handler end = { .name = "end", .process = process_note, .flush = flush_note };
	static const struct mcast_handler *const chain[] = { &source, &end };

	open_chain(chain, 2);
	chain_tick(scene.chain, 1);
	chain_event(scene.chain, MCAST_EVENT_REOPEN, 2);
	cr_assert_eq(chain_flush(scene.chain, 3), -EAGAIN);
	cr_assert_eq(chain_flush(scene.chain, 4), 0);
	cr_assert_str_eq(noted(), "1:tick 1:event 1:flush 1:flush flush1");
	scene_close(&scene);
}

static int tick_emit_many(struct mcast_ctx *ctx, uint64_t now_ns)
{
	(void)now_ns;
	for (unsigned i = 0; i < HOST_EMIT_MAX; i++)
		cr_assert_eq(ctx->host->emit(ctx, NULL, "x", 1), 0);
	return 0;
}

Test(emitted, each_call_may_emit_256)
{
	static const struct mcast_handler many = { .name = "many", .process = process_note, .tick = tick_emit_many };
	static const struct mcast_handler *const chain[] = { &many };

	open_chain(chain, 1);
	chain_tick(scene.chain, 1);
	chain_tick(scene.chain, 2);
	cr_assert_eq(chain_total(scene.chain)->passed, 512);
	scene_close(&scene);
}

static int process_origin(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	(void)ctx;
	for (uint32_t i = 0; i < batch->n; i++) {
		const struct mcast_msg *msg = batch->msg[i];

		cr_assert_eq(msg->src->port, 0);
		cr_assert_eq(msg->group->port, 0);
		cr_assert_leq(msg->rx_ns, clock_real_ns());
		note("%llu.%u/%x", (unsigned long long)msg->seq, msg->part, msg->flags);
	}
	return 0;
}

Test(emitted, without_an_origin_it_has_seq_0_and_parts_count_on)
{
	static const struct mcast_handler source = { .name = "source", .process = process_note, .tick = tick_emit };
	static const struct mcast_handler origin = { .name = "origin", .process = process_origin };
	static const struct mcast_handler *const chain[] = { &source, &origin };

	open_chain(chain, 2);
	chain_tick(scene.chain, 1);
	chain_tick(scene.chain, 2);
	cr_assert_str_eq(noted(), "0.1/8 0.2/8");
	scene_close(&scene);
}

static unsigned received_like, last_part;

static int process_parts(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	(void)ctx;
	for (uint32_t i = 0; i < batch->n; i++) {
		received_like += !batch->msg[i]->part;
		last_part = batch->msg[i]->part;
	}
	return 0;
}

Test(emitted, part_0_is_for_what_was_received_however_long_it_runs)
{
	static const struct mcast_handler many = { .name = "many", .process = process_note, .tick = tick_emit_many };
	static const struct mcast_handler parts = { .name = "parts", .process = process_parts };
	static const struct mcast_handler *const chain[] = { &many, &parts };

	open_chain(chain, 2);
	for (unsigned i = 0; i < 65536 / 256; i++)
		chain_tick(scene.chain, i);
	cr_assert_eq(received_like, 0);
	cr_assert_eq(last_part, 1, "behind 65535");
	scene_close(&scene);
}

Test(emitted, parts_of_one_seq_are_unique_whoever_emits_them)
{
	static const struct mcast_handler *const chain[] = { &doubles, &doubles, &doubles, &tell };
	static const char *const texts[] = { "a", "b", "c" };
	char part[32];

	open_chain(chain, 4);
	scene_feed(&scene, texts, 3);
	for (unsigned seq = 1; seq <= 3; seq++) {
		for (unsigned i = 0; i < 27; i++) {
			snprintf(part, sizeof(part), "/%u.%u/", seq, i);
			cr_assert_eq(count_of(noted(), part), 1, "%s", part);
		}
	}
	scene_close(&scene);
}

static int process_texts(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	static const char *const texts[] = { "good", "bad!", "so?", "" };

	for (unsigned i = 0; i < 4; i++)
		ctx->host->emit(ctx, batch->msg[0], texts[i], (uint32_t)strlen(texts[i]));
	return 0;
}

Test(emitted, is_checked_like_what_was_received)
{
	static const struct mcast_handler source = { .name = "source", .process = process_texts };
	static const struct mcast_handler *const chain[] = { &source, &scene_sink };

	open_chain(chain, 2);
	scene_say(&scene, "a");
	cr_assert_str_eq(noted(), "1:a 1:good 1:so<?> 1:");
	cr_assert_eq(chain_total(scene.chain)->emitted, 4);
	cr_assert_eq(chain_total(scene.chain)->again_dropped, 1);
	scene_close(&scene);
}

static uint8_t big[DATAGRAM_MAX + 1];

static int process_limits(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	cr_assert_eq(ctx->host->emit(ctx, batch->msg[0], big, DATAGRAM_MAX + 1), -EMSGSIZE);
	cr_assert_eq(ctx->host->emit(ctx, batch->msg[0], big, DATAGRAM_MAX), 0);
	for (unsigned i = 1; i < HOST_EMIT_MAX; i++)
		cr_assert_eq(ctx->host->emit(ctx, batch->msg[0], "x", 1), 0);
	cr_assert_eq(ctx->host->emit(ctx, batch->msg[0], "x", 1), -ENOBUFS);
	return 0;
}

Test(emitted, one_call_may_emit_256_of_at_most_65507_bytes)
{
	static const struct mcast_handler source = { .name = "source", .process = process_limits };
	static const struct mcast_handler *const chain[] = { &source, &source };

	open_chain(chain, 2);
	scene_say(&scene, "a");
	/* The first emits 256, which are 4 batches; the second for each of these and for "a". */
	cr_assert_eq(chain_total(scene.chain)->emitted, 256 * 6);
	scene_close(&scene);
}

Test(emitted, memory_stays_bounded_whatever_handlers_multiply)
{
	static const struct mcast_handler *chain[9];

	for (unsigned i = 0; i < 9; i++)
		chain[i] = &doubles;
	open_chain(chain, 9);
	scene_say(&scene, "a");
	cr_assert_eq(chain_total(scene.chain)->passed, 19683);	/* 3^9 */
	cr_assert_leq(messages_records(scene.messages), 9 * HOST_EMIT_MAX + 2 * 64);
	scene_close(&scene);
}

Test(emitted, comes_by_groups_and_verdicts_like_others)
{
	struct mcast_addr other = { .port = 1 };
	const struct scene_handler chain[] = {
		{ &doubles, 0, NULL, 0 }, { &doubles, 0, &other, 1 }, { &scene_sink, 0, NULL, 0 },
	};

	scene_open(&scene, chain, 3, 1 << 20);
	scene_say(&scene, "a");
	cr_assert_eq(scene_counts(&scene, 1)->passed_by, 3);
	cr_assert_str_eq(noted(), "2:a 2:a0 2:a1");
	scene_close(&scene);
}
