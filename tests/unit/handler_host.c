/* handler_host.c - tests: a handler that breaks the contract gets an error and a line, and nothing breaks */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "support/scene.h"

static struct scene scene;

/* ---- each mistake ------------------------------------------------------------------------ */

static uint8_t *bytes;
static struct mcast_msg *old;	/* of an earlier batch */

static int null_of(const void *p)
{
	return p ? 0 : -EINVAL;
}

static int writes(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	return null_of(ctx->host->writable(ctx, msg, 1, &bytes));
}

static int writes_old(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)msg;
	return null_of(ctx->host->writable(ctx, old, 1, &bytes));
}

static int writes_null(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)msg;
	return null_of(ctx->host->writable(ctx, NULL, 1, &bytes));
}

static int writes_nowhere(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	return null_of(ctx->host->writable(ctx, msg, 1, NULL));
}

static int keeps_old(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)msg;
	return ctx->host->keep(ctx, old);
}

static int keeps_null(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)msg;
	return ctx->host->keep(ctx, NULL);
}

static int releases(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	ctx->host->release(ctx, msg);
	return -EINVAL;
}

static int releases_null(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)msg;
	ctx->host->release(ctx, NULL);
	return -EINVAL;
}

static int emits(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	return ctx->host->emit(ctx, msg, "x", 1);
}

static int emits_null(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	return ctx->host->emit(ctx, msg, NULL, 1);
}

static int emits_as_another(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)ctx;
	return scene.in[1]->worker.host->emit(&scene.in[1]->worker, msg, "x", 1);
}

static int wakes_another(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)msg;
	return ctx->host->wake(&scene.in[1]->worker, -1, 0, 5);
}

static int asks(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	return null_of(ctx->host->attr(ctx, msg, 0));
}

static int asks_null(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)msg;
	return null_of(ctx->host->attr(ctx, NULL, 0));
}

static int provides(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	return ctx->host->provide(ctx, msg, 0, ctx);
}

static int finishes(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)msg;
	ctx->host->finish(ctx, 1, "not allowed to");
	return -EINVAL;
}

static int finishes_oddly(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)msg;
	ctx->host->finish(ctx, 256, "would be a success");
	return -EINVAL;
}

static int (*mistake)(struct mcast_ctx *ctx, struct mcast_msg *msg);
static int result;

static int process(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	old = old ? old : batch->msg[0];
	if (mistake)
		result = mistake(ctx, batch->msg[0]);
	return 0;
}

static void open_with(uint32_t caps)
{
	const struct mcast_handler handler = { .name = "clumsy", .caps = caps, .process = process };
	const struct scene_handler chain[] = { { &handler, 0, NULL, 0 }, { &scene_sink, 0, NULL, 0 } };
	static const char *const texts[] = { "first", "second" };

	mistake = NULL;
	old = NULL;
	scene_open(&scene, chain, 2, 1 << 20);
	scene_feed(&scene, texts, 2);		/* old is the first of two: the next batch has the other record */
	note_clear();
}

Test(host, a_mistake_is_an_error_and_one_line)
{
	static const struct {
		const char *what;
		int (*mistake)(struct mcast_ctx *ctx, struct mcast_msg *msg);
		uint32_t caps;
		int result;
		const char *words;
	} table[] = {
		{ "writable without the cap", writes, 0, -EINVAL, "writable() without MCAST_CAP_MODIFY" },
		{ "writable of an old message", writes_old, MCAST_CAP_MODIFY, -EINVAL, "not in its batch" },
		{ "writable of NULL", writes_null, MCAST_CAP_MODIFY, -EINVAL, "not in its batch" },
		{ "writable without bytes", writes_nowhere, MCAST_CAP_MODIFY, -EINVAL, "not in its batch" },
		{ "keep of an old message", keeps_old, 0, -EINVAL, "keep() of a message that has ended" },
		{ "keep of NULL", keeps_null, 0, -EINVAL, "keep() of a message that has ended" },
		{ "release without keep", releases, 0, -EINVAL, "release() of a message that is not kept" },
		{ "release of NULL", releases_null, 0, -EINVAL, "release() of a message that is not kept" },
		{ "emit beside the chain", emits, MCAST_CAP_BLOCKING, -EPERM, "MCAST_CAP_BLOCKING" },
		{ "emit of NULL", emits_null, 0, -EINVAL, "emit() without data" },
		{ "emit as another", emits_as_another, 0, -EPERM, "emit() outside" },
		{ "wake as another", wakes_another, 0, -EPERM, "wake() while another" },
		{ "attr of what it doesn't need", asks, 0, -EINVAL, "neither needs nor wants" },
		{ "attr of NULL", asks_null, 0, -EINVAL, "neither needs nor wants" },
		{ "provide of what it doesn't", provides, 0, -EINVAL, "does not declare" },
		{ "finish without the cap", finishes, 0, -EINVAL, "finish() without MCAST_CAP_FINISH" },
	};

	capture_start();
	for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const char *log;

		open_with(table[i].caps);
		mistake = table[i].mistake;
		captured();
		scene_say(&scene, "message");
		log = captured();
		cr_assert_eq(result, table[i].result, "%s: %d", table[i].what, result);
		cr_assert_not_null(strstr(log, table[i].words), "%s: %s", table[i].what, log);
		cr_assert_eq(count_of(log, "\n"), 1, "%s: %s", table[i].what, log);
		cr_assert_str_eq(noted(), "1:message", "%s", table[i].what);
		cr_assert_null(chain_finished(scene.chain));
		scene_close(&scene);
	}
}

Test(host, outside_of_callbacks_nothing_goes_on_the_way)
{
	struct mcast_ctx *ctx;

	capture_start();
	open_with(MCAST_CAP_MODIFY);
	ctx = &scene.in[0]->worker;
	cr_assert_eq(emits(ctx, NULL), -EPERM);
	cr_assert_null(ctx->host->attr(ctx, old, 0));
	cr_assert_null(ctx->host->writable(ctx, old, 1, &bytes));
	cr_assert_eq(ctx->host->provide(ctx, old, 0, ctx), -EINVAL);
	scene_close(&scene);
}

static int writes_as_another(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	if (ctx != &scene.in[0]->worker)
		return result;
	ctx = &scene.in[1]->worker;
	return writes(ctx, msg);
}

Test(host, nobody_writes_in_the_batch_of_another)
{
	const struct mcast_handler handler = { .name = "clumsy", .caps = MCAST_CAP_MODIFY, .process = process };
	const struct scene_handler chain[] = { { &handler, 0, NULL, 0 }, { &handler, 0, NULL, 0 } };

	capture_start();
	mistake = writes_as_another;
	scene_open(&scene, chain, 2, 1 << 20);
	scene_say(&scene, "m");
	cr_assert_eq(result, -EINVAL);
	cr_assert_eq(count_of(captured(), "not in its batch"), 1);
	scene_close(&scene);
}

Test(host, a_mistake_made_again_and_again_does_not_fill_the_log)
{
	const char *log;

	capture_start();
	open_with(0);
	mistake = writes;
	captured();
	for (unsigned i = 0; i < 1000; i++)
		scene_say(&scene, "m");
	log = captured();
	cr_assert_eq(count_of(log, "\n"), 10, "%s", log);	/* 1, 2, 4, ... 512 */
	cr_assert_eq(count_of(log, "(mistake 512 of this handler)"), 1);
	scene_close(&scene);
}

static int keeps(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	old = msg;
	return ctx->host->keep(ctx, msg);
}

Test(host, keep_says_when_the_bound_is_reached_and_that_is_no_mistake)
{
	const struct mcast_handler handler = { .name = "keeper", .process = process };
	const struct scene_handler chain[] = { { &handler, 0, NULL, 0 } };

	capture_start();
	mistake = keeps;
	scene_open(&scene, chain, 1, 100);
	scene_say(&scene, "m");
	cr_assert_eq(result, -ENOBUFS);
	cr_assert_str_eq(captured(), "");
	scene_close(&scene);
}

Test(host, log_speaks_under_the_instances_name)
{
	struct mcast_ctx *ctx;

	capture_start();
	open_with(0);
	ctx = &scene.in[0]->worker;
	ctx->host->log(ctx, MCAST_LOG_WARNING, "one %s\n%d", "two\033", 3);
	cr_assert_str_eq(captured(), "mcast: clumsy: one two\\x1B\\n3\n");
	scene_close(&scene);
}

Test(host, says_what_it_can_do)
{
	cr_assert_eq(host_functions.size, sizeof(struct mcast_host));
	cr_assert_eq(host_functions.abi_major, MCAST_ABI_MAJOR);
	cr_assert_eq(host_functions.abi_minor, MCAST_ABI_MINOR);
	cr_assert(MCAST_HAS(&host_functions, log));
	cr_assert(MCAST_HAS(&host_functions, provide));
}

Test(host, a_status_that_is_none_does_not_become_a_success)
{
	capture_start();
	open_with(MCAST_CAP_FINISH);
	mistake = finishes_oddly;
	scene_say(&scene, "m");
	cr_assert_eq(chain_finished(scene.chain)->status, 1);
	cr_assert_eq(count_of(captured(), "finish() with a status that is none"), 1);
	scene_close(&scene);
}
