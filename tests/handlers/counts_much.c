/* counts_much - a handler for tests: counter cNNN... is NNN, for all of 200 long names */
#include <stdio.h>
#include <mcast/handler.h>

enum { COUNTERS = 200 };

static struct mcast_counter counters[COUNTERS + 1];
static char names[COUNTERS][64];

__attribute__((constructor)) static void name_them(void)
{
	for (unsigned i = 0; i < COUNTERS; i++) {
		snprintf(names[i], sizeof(names[i]), "c%03u_this_name_is_as_long_as_one_may_be_which_is_63_characters", i);
		counters[i] = (struct mcast_counter){ names[i], "nothing" };
	}
}

static int start(struct mcast_ctx *ctx)
{
	for (unsigned i = 0; i < COUNTERS; i++)
		ctx->counter[i] = i;
	return 0;
}

static int process(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	(void)ctx;
	(void)batch;
	return 0;
}

MCAST_HANDLER("counts_much", "1.0", .summary = "has more counters than a line holds", .counters = counters,
	      .start = start, .process = process);
