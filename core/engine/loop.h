/* engine/loop.h - the map: the worker: from the socket to the end of the chain, batch after batch
 *
 * loop_run() is the worker thread's; loop_stop() and loop_reopen() may be called from any other. */
#ifndef CORE_ENGINE_LOOP_H
#define CORE_ENGINE_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "engine/pipeline.h"

enum loop_stop { LOOP_GO, LOOP_FLUSH, LOOP_AT_ONCE };	/* at once: what handlers still hold is given up */

struct loop {
	struct pipeline *p;
	struct chain_outside outside;	/* what the chain is given to reach this loop */
	int epoll;			/* sockets, what handlers watch, and poke */
	int poke;			/* eventfd(2): somebody wants the worker's attention */
	_Atomic int stop;		/* enum loop_stop */
	_Atomic bool reopen;

	bool *ready;			/* for each socket: it may have more */
	unsigned sockets;
	struct mcast_msg **fresh;		/* BATCH_MAX records for what the sanitizer will let pass */
	unsigned fresh_count;
	uint64_t count;			/* datagrams still to be received; UINT64_MAX: no end */
	uint64_t timeout_ns;		/* without a datagram; UINT64_MAX: no end */
	uint64_t heard_ns;		/* when the last one came */
	uint64_t second_ns;		/* when the next once-a-second work is due */
	uint64_t lost;			/* not yet told to the handlers */
	uint64_t lost_told;		/* already told to people */
	uint64_t trouble_ns;		/* when a socket's error was last told */
	bool paused;			/* the handlers know that the input pauses */
	bool broken;			/* no memory: loop_run ended early */
};

/* Before pipeline_open(), which is given loop->outside. 0 or -errno. */
int loop_init(struct loop *loop, struct pipeline *p, uint64_t count, int64_t timeout_ns);
/* After it. Runs until stopped, finished, counted or timed out; then flushes. 0 or -ENOMEM. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, enum loop_stop how);
void loop_reopen(struct loop *loop);
void loop_finish(struct loop *loop);

#endif
