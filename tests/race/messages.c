/* messages.c - tests, for the thread sanitizer: messages are kept on the worker and given back by other threads,
 * which read them meanwhile, while batches run, others write, and records are used again
 *
 * No Criterion: it knows nothing of threads. Exit status 0, or 1 with words. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/chain.h"
#include "handler/attrs.h"

#define BATCHES 4000
#define BATCH 64
#define THREADS 3
#define ROOM 256		/* messages on their way to one thread; a power of two */
#define LENGTH 200		/* bytes of each message, all of them its sequence number's lowest byte */

/* From the worker to one thread. */
struct pipe {
	pthread_t thread;
	struct mcast_msg *slot[ROOM];
	_Atomic unsigned head, tail;
	_Atomic unsigned over;
	struct mcast_ctx *ctx;
	uint64_t read;
};

static struct pipe pipes[THREADS];
static _Atomic unsigned wrong;

static void *reader(void *arg)
{
	struct pipe *pipe = arg;

	for (;;) {
		unsigned over = atomic_load(&pipe->over);
		unsigned tail = atomic_load(&pipe->tail);
		struct mcast_msg *msg;

		if (tail == atomic_load(&pipe->head)) {
			if (over)
				return NULL;
			sched_yield();
			continue;
		}
		msg = pipe->slot[tail % ROOM];
		for (uint32_t i = 0; i < msg->len; i++)
			wrong += msg->data[i] != (uint8_t)msg->seq;
		wrong += msg->len != LENGTH || msg->src->port != 4242;
		atomic_store(&pipe->tail, tail + 1);
		pipe->read++;
		pipe->ctx->host->release(pipe->ctx, msg);
	}
}

static int process_keep(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		for (unsigned k = 0; k < THREADS; k++) {
			unsigned head = atomic_load(&pipes[k].head);

			/* Some go to one thread, some to several, some to none. */
			if ((batch->msg[i]->seq >> k) % 2 || head - atomic_load(&pipes[k].tail) == ROOM)
				continue;
			if (ctx->host->keep(ctx, batch->msg[i]))
				return -1;
			pipes[k].slot[head % ROOM] = batch->msg[i];
			atomic_store(&pipes[k].head, head + 1);
		}
	}
	return 0;
}

/* Writes to all of them: in a copy where a thread still reads. */
static int process_write(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	uint8_t *bytes;

	for (uint32_t i = 0; i < batch->n; i++) {
		if (!ctx->host->writable(ctx, batch->msg[i], LENGTH / 2, &bytes))
			return -1;
		memset(bytes, 'w', LENGTH / 2);
	}
	return 0;
}

static int process_ask(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		if (!ctx->host->attr(ctx, batch->msg[i], 0))
			return -1;
	}
	return 0;
}

static _Atomic unsigned values;

static void *make(struct mcast_ctx *ctx, const struct mcast_msg *msg)
{
	(void)ctx;
	(void)msg;
	values++;
	return &values;
}

static void fini(struct mcast_ctx *ctx, void *value)
{
	(void)ctx;
	(void)value;
	values--;
}

static const struct mcast_attr x[] = { { "x", make, fini }, { 0 } };
static const char *const needs[] = { "x", NULL };

static const struct plugin plugins[] = {
	{ .handler = { .name = "keep", .process = process_keep, .provides = x } },
	{ .handler = { .name = "ask", .process = process_ask, .needs = needs } },
	{ .handler = { .name = "write", .process = process_write, .caps = MCAST_CAP_MODIFY } },
};
#define HANDLERS (sizeof(plugins) / sizeof(*plugins))

static struct host host;
static struct instance *in[HANDLERS];
static struct messages *messages;
static struct chain *chain;

static bool build(void)
{
	static const char *const pointers[HANDLERS];
	const struct instance_place place = { .host = &host };
	const struct chain_outside outside = { 0 };
	struct chain_stage stages[HANDLERS] = { { 0 } };
	struct faults faults = { 0 };
	int slots;

	for (unsigned i = 0; i < HANDLERS; i++) {
		if (instance_new(&in[i], &plugins[i], plugins[i].handler.name, NULL, &place))
			return false;
		stages[i].instance = in[i];
		stages[i].on_error = ON_ERROR_DROP;
	}
	slots = attrs_resolve(in, HANDLERS, pointers, &faults);
	return slots == 1 && messages_create(&messages, 1, 1 << 20) == 0 &&
	       chain_create(&chain, stages, HANDLERS, &host, messages, &outside) == 0;
}

static bool run(void)
{
	static uint8_t lent[BATCH][LENGTH + 64];
	static const struct mcast_addr addr = { .port = 4242 };
	struct mcast_msg *msg[BATCH];
	uint64_t seq = 0;

	for (unsigned b = 0; b < BATCHES; b++) {
		if (messages_take(messages, msg, BATCH))
			return false;
		for (unsigned i = 0; i < BATCH; i++) {
			memset(lent[i], (uint8_t)++seq, LENGTH);
			*msg[i] = (struct mcast_msg){
				.data = lent[i], .len = LENGTH, .seq = seq, .src = &addr, .group = &addr,
				.engine = msg[i]->engine,
			};
		}
		chain_run(chain, msg, BATCH, b, 0);
	}
	return chain_law(chain);
}

int main(void)
{
	uint64_t read = 0;
	bool good = build();

	for (unsigned i = 0; i < THREADS; i++) {
		pipes[i].ctx = &in[0]->worker;
		good = good && pthread_create(&pipes[i].thread, NULL, reader, &pipes[i]) == 0;
	}
	if (!good || !run()) {
		fputs("messages: could not run\n", stderr);
		return 1;
	}
	for (unsigned i = 0; i < THREADS; i++) {
		atomic_store(&pipes[i].over, 1);
		pthread_join(pipes[i].thread, NULL);
		read += pipes[i].read;
	}
	if (wrong || values || messages_out(messages) || messages_kept(messages) || !read ||
	    chain_counted(chain, 2)->passed != (uint64_t)BATCHES * BATCH) {
		fprintf(stderr, "messages: %u bytes wrong, %u values not ended, %llu out, %llu bytes kept, %llu read, "
			"%llu passed\n", wrong, values, (unsigned long long)messages_out(messages),
			(unsigned long long)messages_kept(messages), (unsigned long long)read,
			(unsigned long long)chain_counted(chain, 2)->passed);
		return 1;
	}
	for (unsigned i = 0; i < HANDLERS; i++)
		instance_destroy(in[i]);
	chain_destroy(chain);
	messages_destroy(messages);
	printf("messages: %llu read by other threads\n", (unsigned long long)read);
	return 0;
}
