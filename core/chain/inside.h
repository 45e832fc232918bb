/* chain/inside.h - stage 3 of 4: socket > sanitize > [chain] > handler: what the files of this room share */
#ifndef CORE_CHAIN_INSIDE_H
#define CORE_CHAIN_INSIDE_H

#include "base/datagram.h"
#include "chain/chain.h"

#define PARTS 1024		/* sequence numbers whose parts are remembered; a power of two */

struct stage {
	struct instance *in;
	enum on_error on_error;
	const struct mcast_addr *groups;
	unsigned group_count;
	struct chain_counts counts;
	uint64_t lost;			/* lost before the next batch that it gets */

	bool suspended;
	uint64_t suspended_ns;		/* since when */
	uint64_t retry_ns;		/* when a batch is let through as a probe */
	uint64_t pause_ns;		/* between the last try and that */
	uint64_t passed_over;		/* counts.passed_over when it began */

	struct message *first;		/* emitted by it, waiting to go on */
	struct message *last;
	uint64_t complaints;		/* callbacks but process() that failed */
};

struct chain {
	struct stage *stage;		/* n of them */
	struct instance **instances;	/* the same, for the host functions */
	unsigned n;
	struct host *host;
	struct chain_outside outside;
	struct chain_totals totals;
	struct chain_finish finish;	/* set once who is */
	uint64_t now_ns;
	unsigned flushed;		/* handlers that have handed out all, in a flush that was begun */

	/* The batch on its way. */
	struct mcast_msg *live[CHAIN_BATCH];
	struct mcast_msg *ended[CHAIN_BATCH];
	unsigned ended_count;
	struct mcast_msg *picked[CHAIN_BATCH];	/* those of live that a stage with groups gets */
	uint16_t at[CHAIN_BATCH];		/* where in live each of them stands */
	_Alignas(8) uint8_t verdict[CHAIN_BATCH];	/* all MCAST_PASS between two calls */

	unsigned waiting;		/* emitted messages of all stages */
	struct {
		uint64_t seq;
		uint16_t part;
	} parts[PARTS];
	uint16_t no_origin;		/* parts with seq 0 */
	uint8_t scratch[DATAGRAM_MAX + 64];	/* bytes while they are repaired */
};

/* stage.c: runs live[0..n) through one handler; how many are left. */
unsigned stage_run(struct chain *chain, struct stage *st, unsigned n);
/* Ends what a handler did not let go on: m leaves the batch. */
void stage_end(struct chain *chain, struct mcast_msg *m);

/* suspend.c: on_error suspend. */
bool suspend_passes_over(const struct chain *chain, const struct stage *st);
void suspend_failed(struct chain *chain, struct stage *st);	/* in a batch that it got */
void suspend_worked(struct chain *chain, struct stage *st);

/* written.c: what handlers wrote. */
unsigned written_check(struct chain *chain, unsigned n);	/* checks those of live[0..n) that were written */
void written_emitted(void *owner, struct instance *in, struct message *m);	/* struct host, emit */
void written_go_on(struct chain *chain);	/* runs all that was emitted through the stages behind */

/* chain.c: runs live[0..n) through the stages from that one on, and ends all. */
void chain_through(struct chain *chain, unsigned from, unsigned n);

#endif
