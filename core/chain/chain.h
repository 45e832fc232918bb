/* chain/chain.h - stage 3 of 4: socket > sanitize > [chain] > handler
 *
 * Runs a batch through one handler after the other, applies the verdicts, compacts, counts. Knows no
 * sockets and no files. Everything here is the worker's, but chain_create and chain_destroy.
 *
 * The law, at any time between two calls (see chain_law() for a check):
 *     in + emitted = again_dropped + sum over the stages of (dropped + consumed + failed_ended) + passed
 * and for each stage: offered = passed + dropped + consumed + failed. */
#ifndef CORE_CHAIN_CHAIN_H
#define CORE_CHAIN_CHAIN_H

#include <stdbool.h>
#include <stdint.h>
#include "handler/host.h"
#include "handler/options.h"

#define CHAIN_BATCH 256		/* messages, as mcast/handler.h says */

struct chain;

struct chain_stage {		/* one place in the chain */
	struct instance *instance;
	enum on_error on_error;
	const struct mcast_addr *groups;	/* only messages to these; port 0: any; borrowed */
	unsigned group_count;			/* 0: all */
};

/* How bytes that handlers wrote are checked, and how the loop is asked to watch something; set by engine/. */
struct chain_outside {
	void *arg;
	/* 0: may go on; *repaired as sanitize_again() says. Anything else: dropped, and counted there. */
	int (*check)(void *arg, const uint8_t *data, size_t len, size_t *repaired);
	void (*repair)(void *arg, const uint8_t *data, size_t len, uint8_t *out);
	int (*watch)(void *arg, unsigned stage, int fd, uint32_t events);	/* 0: forget; 0 or -errno */
	int (*stopping)(void *arg);
	bool binary;		/* the profile is: what handlers emit is marked MCAST_MSG_BINARY */
};

struct chain_counts {		/* of one stage, in messages */
	uint64_t offered;	/* to process() */
	uint64_t passed;
	uint64_t dropped;
	uint64_t consumed;
	uint64_t failed;	/* all MCAST_FAIL */
	uint64_t failed_ended;	/* of these, ended by on_error drop */
	uint64_t passed_by;	/* to other groups than its own */
	uint64_t passed_over;	/* while suspended */
	uint64_t emitted;
	uint64_t changed;	/* writable() was called */
	uint64_t suspensions;
};

struct chain_totals {
	uint64_t in;		/* messages from the sanitizer */
	uint64_t emitted;
	uint64_t again_dropped;	/* what handlers wrote and the check refused */
	uint64_t passed;	/* came to the end */
};

struct chain_finish {
	int status;		/* exit status */
	char why[256];		/* one line */
	const char *who;	/* the instance's name */
};

/* Takes over nothing; instances, their groups, messages and outside's arg must outlive it. Fills host, which the
 * instances were made with, and points it at messages. To be called after attrs_resolve() and before
 * instance_start(): a start() may call wake(). 0 or -ENOMEM. */
int chain_create(struct chain **out, const struct chain_stage *stages, unsigned n, struct host *host,
		 struct messages *messages, const struct chain_outside *outside);
void chain_destroy(struct chain *chain);	/* NULL is fine */

/* Runs n (1 to CHAIN_BATCH) messages of messages_take() through, ends each, then what was emitted. lost: as in
 * struct mcast_batch. */
void chain_run(struct chain *chain, struct mcast_msg *const *msg, unsigned n, uint64_t now_ns, uint64_t lost);

/* Ticks all handlers: when the input pauses, and once a second. */
void chain_tick(struct chain *chain, uint64_t now_ns);
/* Ticks the one whose file descriptor is ready. */
void chain_ready(struct chain *chain, unsigned stage, uint64_t now_ns);
/* Ticks those whose wake() time has come. The next such time, or UINT64_MAX. */
uint64_t chain_due(struct chain *chain, uint64_t now_ns);
void chain_event(struct chain *chain, uint32_t event, uint64_t now_ns);
/* Asks the handlers front to back to hand out what they hold, until the first that needs to be called again:
 * -EAGAIN then; 0 once all are done. A failure is logged and counts as done. */
int chain_flush(struct chain *chain, uint64_t now_ns);
/* After -EAGAIN: the next chain_flush() goes on behind the one that asked for it, whose name this is. */
const char *chain_give_up(struct chain *chain);

const struct chain_finish *chain_finished(const struct chain *chain);	/* NULL: nobody called finish() */
const struct chain_counts *chain_counted(const struct chain *chain, unsigned stage);
const struct chain_totals *chain_total(const struct chain *chain);
bool chain_law(const struct chain *chain);	/* the law holds; for tests, and asserted at exit */

#endif
