/* handler_attrs.c - tests: attributes: who provides for whom, made when asked for, ended once */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "handler/attrs.h"
#include "support/scene.h"

static struct scene scene;
static unsigned made, ended;

static unsigned place(const struct mcast_ctx *ctx)
{
	return ((const struct instance *)ctx->engine)->place;
}

/* A value is a malloc'ed "PLACE=TEXT"; of a text that begins with '-' none can be made. Leaks and double frees
 * are the sanitizers' to find, the counts are ours. */
static void *make(struct mcast_ctx *provider, const struct mcast_msg *msg)
{
	char *value;

	note("make%u", place(provider));
	if (msg->data[0] == '-')
		return NULL;
	value = malloc(msg->len + 16);
	cr_assert_not_null(value);
	sprintf(value, "%u=%.*s", place(provider), (int)msg->len, (const char *)msg->data);
	made++;
	return value;
}

static void fini(struct mcast_ctx *provider, void *value)
{
	cr_assert_eq(strtoul(value, NULL, 10), place(provider), "ended by another than its maker");
	free(value);
	ended++;
}

static int process_nothing(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	(void)ctx;
	(void)batch;
	return 0;
}

/* Notes the values of needs[0] of all messages, each asked for twice. */
static int process_use(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		const char *value = ctx->host->attr(ctx, batch->msg[i], 0);

		cr_assert_eq(ctx->host->attr(ctx, batch->msg[i], 0), value);
		note("%u:%s", place(ctx), value ? value : "none");
	}
	return 0;
}

static const struct mcast_attr x[] = { { "x", make, fini }, { 0 } };
static const struct mcast_attr y_x[] = { { "y", make, fini }, { "x", make, fini }, { 0 } };
static const char *const needs_x[] = { "x", NULL };
static const char *const needs_z[] = { "z", NULL };
static const char *const wants_z_x[] = { "z", "x", NULL };

static const struct mcast_handler provider = { .name = "provider", .provides = x, .process = process_nothing };
static const struct mcast_handler provider2 = { .name = "provider2", .provides = y_x, .process = process_nothing };
static const struct mcast_handler user = { .name = "user", .needs = needs_x, .process = process_use };
static const struct mcast_handler plain = { .name = "plain", .process = process_nothing };

static void open_chain(const struct mcast_handler *const *handlers, unsigned n)
{
	struct scene_handler chain[SCENE_HANDLERS] = { { 0 } };

	for (unsigned i = 0; i < n; i++)
		chain[i].handler = handlers[i];
	scene_open(&scene, chain, n, 1 << 20);
}

#define OPEN(...)                                                                    \
	do {                                                                         \
		const struct mcast_handler *const chain_[] = { __VA_ARGS__ };        \
		open_chain(chain_, sizeof(chain_) / sizeof(*chain_));                \
	} while (0)

Test(attrs, are_made_when_first_asked_for_and_ended_once)
{
	static const char *const texts[] = { "a", "b" };

	OPEN(&provider, &user, &user);
	scene_feed(&scene, texts, 2);
	cr_assert_str_eq(noted(), "make0 1:0=a make0 1:0=b 2:0=a 2:0=b");
	cr_assert_eq(made, 2);
	cr_assert_eq(ended, 2);
	scene_close(&scene);
	cr_assert_eq(ended, 2);
}

Test(attrs, are_not_made_where_nobody_asks)
{
	OPEN(&provider, &plain);
	scene_say(&scene, "a");
	cr_assert_str_eq(noted(), "");
	scene_close(&scene);
}

Test(attrs, that_cant_be_made_are_tried_once)
{
	OPEN(&provider, &user, &user);
	scene_say(&scene, "-");
	cr_assert_str_eq(noted(), "make0 1:none 2:none");
	scene_say(&scene, "a");		/* the record is the same one */
	cr_assert_str_eq(noted(), "make0 1:none 2:none make0 1:0=a 2:0=a");
	cr_assert_eq(ended, made);
	scene_close(&scene);
}

Test(attrs, come_from_the_nearest_provider_before)
{
	OPEN(&provider, &user, &provider2, &user, &provider, &user);
	scene_say(&scene, "a");
	cr_assert_str_eq(noted(), "make0 1:0=a make2 3:2=a make4 5:4=a");
	cr_assert_eq(ended, 3);
	scene_close(&scene);
}

static int process_want(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	const char *z = ctx->host->attr(ctx, batch->msg[0], 0);
	const char *have = ctx->host->attr(ctx, batch->msg[0], 1);

	note("z=%s x=%s", z ? z : "none", have ? have : "none");
	return 0;
}

Test(attrs, that_are_wanted_may_be_missing)
{
	static const struct mcast_handler wants = { .name = "wants", .wants = wants_z_x, .process = process_want };

	capture_start();
	OPEN(&wants, &provider, &wants);
	scene_say(&scene, "a");
	cr_assert_str_eq(noted(), "z=none x=none make1 z=none x=1=a");
	cr_assert_str_eq(captured(), "", "and that is no mistake");
	scene_close(&scene);
}

/* ---- provide() --------------------------------------------------------------------------- */

static int process_provide(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		char *value = strdup("1=provided");

		made++;
		cr_assert_eq(ctx->host->provide(ctx, batch->msg[i], 0, value), 0);
		value = strdup("1=again");
		cr_assert_eq(ctx->host->provide(ctx, batch->msg[i], 0, value), -EEXIST);
		free(value);	/* it stays the caller's */
	}
	return 0;
}

Test(attrs, a_provided_value_is_not_made_and_ended_once)
{
	static const struct mcast_handler provides = {
		.name = "provides", .provides = x, .process = process_provide,
	};
	static const char *const texts[] = { "a", "-" };

	OPEN(&provider2, &provides, &user);
	scene_feed(&scene, texts, 2);
	cr_assert_str_eq(noted(), "2:1=provided 2:1=provided");
	cr_assert_eq(made, 2);
	cr_assert_eq(ended, 2);
	scene_close(&scene);
}

static int process_provide_nothing(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++)
		cr_assert_eq(ctx->host->provide(ctx, batch->msg[i], 0, NULL), 0);
	return 0;
}

Test(attrs, provided_as_impossible_are_not_made)
{
	static const struct mcast_handler provides = {
		.name = "provides", .provides = x, .process = process_provide_nothing,
	};

	OPEN(&provides, &user);
	scene_say(&scene, "a");
	cr_assert_null(strstr(noted(), "make"), "%s", noted());
	cr_assert_eq(made, 0);
	cr_assert_eq(ended, 0);
	scene_close(&scene);
}

/* ---- how long they live ------------------------------------------------------------------ */

static struct mcast_msg *kept;

static int process_change(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	unsigned before = ended;
	uint8_t *bytes;

	cr_assert_not_null(ctx->host->attr(ctx, batch->msg[0], 0));
	cr_assert_not_null(ctx->host->writable(ctx, batch->msg[0], 3, &bytes));
	cr_assert_eq(ended, before + !kept, "the value is ended before the bytes change");
	put_text(bytes, "new");
	note("changed:%s", (char *)ctx->host->attr(ctx, batch->msg[0], 0));
	put_text(bytes, "wen");
	return 0;
}

static const struct mcast_handler changes = {
	.name = "changes", .needs = needs_x, .process = process_change, .caps = MCAST_CAP_MODIFY,
};

Test(attrs, end_when_the_bytes_change)
{
	OPEN(&provider, &user, &changes, &user);
	scene_say(&scene, "old");
	cr_assert_str_eq(noted(), "make0 1:0=old make0 changed:0=new make0 3:0=wen");
	cr_assert_eq(made, 3);
	cr_assert_eq(ended, 3);
	scene_close(&scene);
}

static int process_keep(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	kept = batch->msg[0];
	return ctx->host->keep(ctx, kept);
}

Test(attrs, of_a_kept_message_stay_when_the_batch_goes_on_with_a_copy)
{
	static const struct mcast_handler keeps = { .name = "keeps", .process = process_keep };

	OPEN(&provider, &user, &keeps, &changes);
	scene_say(&scene, "old");
	cr_assert_eq(ended, made, "all of the batch are ended with it");
	cr_assert_eq(message_of(kept)->made, 0);
	host_functions.release(&scene.in[2]->worker, kept);
	scene_close(&scene);
}

static int tick_use(struct mcast_ctx *ctx, uint64_t now_ns)
{
	(void)now_ns;
	note("tick:%s", (char *)ctx->host->attr(ctx, kept, 0));
	ctx->host->release(ctx, kept);		/* before the value has ended */
	return 0;
}

Test(attrs, of_a_kept_message_end_with_the_callback_that_asked)
{
	static const struct mcast_handler later = {
		.name = "later", .needs = needs_x, .process = process_keep, .tick = tick_use,
	};

	OPEN(&provider, &later);
	scene_say(&scene, "a");
	chain_tick(scene.chain, 5);
	cr_assert_str_eq(noted(), "make0 tick:0=a");
	cr_assert_eq(ended, 1);
	cr_assert_eq(messages_out(scene.messages), 0);
	scene_close(&scene);
}

static int process_drop(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	(void)ctx;
	memset(batch->verdict, MCAST_DROP, batch->n);
	return 0;
}

Test(attrs, of_a_dropped_message_are_ended_too)
{
	static const struct mcast_handler drops = { .name = "drops", .process = process_drop };

	OPEN(&provider, &user, &drops);
	scene_say(&scene, "a");
	cr_assert_eq(ended, 1);
	scene_close(&scene);
}

static int process_emit(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	return ctx->host->emit(ctx, batch->msg[0], "child", 5);
}

Test(attrs, are_made_of_emitted_messages_too)
{
	static const struct mcast_handler emits = { .name = "emits", .process = process_emit };

	OPEN(&provider, &emits, &user);
	scene_say(&scene, "a");
	cr_assert_str_eq(noted(), "make0 2:0=a make0 2:0=child");
	cr_assert_eq(ended, 2);
	scene_close(&scene);
}

static int process_late(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	if (!kept) {
		kept = batch->msg[0];
		return 0;
	}
	cr_assert_neq(kept, batch->msg[0]);
	cr_assert_null(ctx->host->attr(ctx, kept, 0));
	cr_assert_eq(ctx->host->provide(ctx, kept, 0, ctx), -EINVAL);
	return 0;
}

Test(attrs, are_not_made_of_a_message_that_has_ended)
{
	static const struct mcast_handler late = {
		.name = "late", .needs = needs_x, .provides = x, .process = process_late,
	};
	static const char *const texts[] = { "a", "b" };

	capture_start();
	OPEN(&provider, &late);
	scene_feed(&scene, texts, 2);
	scene_say(&scene, "c");		/* in the other record */
	cr_assert_str_eq(noted(), "");
	scene_close(&scene);
}

/* A provider that needs an attribute itself. */
static void *make_of_x(struct mcast_ctx *ctx, const struct mcast_msg *msg)
{
	char *value = malloc(64);

	made++;
	sprintf(value, "%u=of(%s)", place(ctx), (char *)ctx->host->attr(ctx, msg, 0));
	return value;
}

Test(attrs, may_be_made_of_others)
{
	static const struct mcast_attr derived[] = { { "z", make_of_x, fini }, { 0 } };
	static const struct mcast_handler second = {
		.name = "second", .needs = needs_x, .provides = derived, .process = process_nothing,
	};
	static const struct mcast_handler third = { .name = "third", .needs = needs_z, .process = process_use };

	OPEN(&provider, &second, &third);
	scene_say(&scene, "a");
	cr_assert_str_eq(noted(), "make0 2:1=of(0=a)");
	cr_assert_eq(ended, 2);
	scene_close(&scene);
}
