/* chain_steady.c - tests: under steady load nothing is allocated, whatever handlers do with messages */
#include <criterion/criterion.h>
#include <string.h>

#include "base/datagram.h"
#include "support/scene.h"

#ifdef __has_feature
#define CLANG_SANITIZES (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define CLANG_SANITIZES 0
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || CLANG_SANITIZES
#define COUNTING false		/* the allocator is the sanitizer's */
static unsigned long allocated;
#else
#define COUNTING true
static unsigned long allocated;

/* All allocations of this process come through here; glibc's own names lead on. */
#define OURS __attribute__((visibility("default")))
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t nmemb, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

OURS void *malloc(size_t size)
{
	allocated++;
	return __libc_malloc(size);
}

OURS void *calloc(size_t nmemb, size_t size)
{
	allocated++;
	return __libc_calloc(nmemb, size);
}

OURS void *realloc(void *ptr, size_t size)
{
	allocated++;
	return __libc_realloc(ptr, size);
}

OURS void *aligned_alloc(size_t alignment, size_t size)
{
	allocated++;
	return __libc_memalign(alignment, size);
}
#endif

static int value;

static void *make(struct mcast_ctx *ctx, const struct mcast_msg *msg)
{
	(void)ctx;
	(void)msg;
	return &value;
}

static int process_nothing(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	(void)ctx;
	(void)batch;
	return 0;
}

static int process_ask(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		if (ctx->host->attr(ctx, batch->msg[i], 0) != &value)
			return -1;
	}
	return 0;
}

/* Keeps each message until 100 more have come. */
static int process_keep(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	static struct mcast_msg *window[100];
	static unsigned next;

	for (uint32_t i = 0; i < batch->n; i++) {
		if (window[next])
			ctx->host->release(ctx, window[next]);
		if (ctx->host->keep(ctx, batch->msg[i]))
			return -1;
		window[next] = batch->msg[i];
		next = (next + 1) % 100;
	}
	return 0;
}

/* Each batch makes the messages another length, so that they wander through the classes of sizes. */
static int process_write(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	static uint32_t len;
	uint8_t *bytes;

	len = (len + 337) % 20000;
	for (uint32_t i = 0; i < batch->n; i++) {
		if (!ctx->host->writable(ctx, batch->msg[i], len, &bytes))
			return -1;
	}
	return 0;
}

static int process_emit(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		if (ctx->host->emit(ctx, batch->msg[i], "child", 5))
			return -1;
	}
	return 0;
}

static int process_drop(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	(void)ctx;
	for (uint32_t i = 0; i < batch->n; i += 3)
		batch->verdict[i] = MCAST_DROP;
	return 0;
}

Test(steady, nothing_is_allocated_in_10000_batches)
{
	static const struct mcast_attr x[] = { { "x", make, NULL }, { 0 } };
	static const char *const needs[] = { "x", NULL };
	static const struct mcast_handler provider = {
		.name = "provider", .provides = x, .process = process_nothing,
	};
	static const struct mcast_handler asker = { .name = "asker", .needs = needs, .process = process_ask };
	static const struct mcast_handler keeper = { .name = "keeper", .process = process_keep };
	static const struct mcast_handler writer = {
		.name = "writer", .caps = MCAST_CAP_MODIFY, .process = process_write,
	};
	static const struct mcast_handler emitter = { .name = "emitter", .process = process_emit };
	static const struct mcast_handler dropper = { .name = "dropper", .process = process_drop };
	static const struct scene_handler chain[] = {
		{ &provider, ON_ERROR_DROP, NULL, 0 }, { &asker, ON_ERROR_DROP, NULL, 0 },
		{ &keeper, ON_ERROR_DROP, NULL, 0 }, { &writer, ON_ERROR_DROP, NULL, 0 },
		{ &emitter, ON_ERROR_DROP, NULL, 0 }, { &dropper, ON_ERROR_DROP, NULL, 0 },
	};
	static struct scene scene;
	const char *texts[BATCH_MAX];
	unsigned long before;
	uint64_t records;

	for (unsigned i = 0; i < BATCH_MAX; i++)
		texts[i] = "a message of some length";
	scene_open(&scene, chain, 6, 16 << 20);
	for (unsigned i = 0; i < 200; i++)
		scene_feed(&scene, texts, BATCH_MAX);

	before = allocated;
	if (COUNTING && !before)
		cr_skip_test("another allocator stands before ours");
	records = messages_records(scene.messages);
	for (unsigned i = 0; i < 10000; i++)
		scene_feed(&scene, texts, 1 + i % BATCH_MAX);
	cr_assert_eq(allocated, before, "%lu allocations", allocated - before);
	cr_assert_eq(messages_records(scene.messages), records);
	cr_assert_eq(scene_counts(&scene, 4)->failed, 0);
	cr_assert_gt(scene_counts(&scene, 5)->dropped, 0);
}
