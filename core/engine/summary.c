/* engine/summary.c - the map: the accounts at the end */
#include "engine/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

#define LINE_FULL 700		/* bytes; the log cuts a line at 1024, with names of 63 and numbers of 20 in it */

/* One line of the summary, put together in memory and logged whole. */
struct line {
	FILE *out;
	char *text;
	size_t size;
};

static bool line_begin(struct line *line)
{
	line->text = NULL;
	line->out = open_memstream(&line->text, &line->size);
	return line->out;
}

static void line_end(struct line *line)
{
	if (fclose(line->out) == 0)
		log_info("%s", line->text);
	free(line->text);
}

static uint64_t sum(const uint64_t *dropped)
{
	uint64_t total = 0;

	for (int reason = DROP_NONE + 1; reason < DROP_REASONS; reason++)
		total += dropped[reason];
	return total;
}

static void tell_reasons(FILE *out, const uint64_t *dropped)
{
	const char *before = ": ";

	for (int reason = DROP_NONE + 1; reason < DROP_REASONS; reason++) {
		if (!dropped[reason])
			continue;
		fprintf(out, "%s%s %" PRIu64, before, drop_name((enum drop)reason), dropped[reason]);
		before = ", ";
	}
}

static void tell_reception(const struct pipeline *p, const struct sanitize_counts *c)
{
	uint64_t lost = 0;
	struct line line;

	for (unsigned i = 0; i < receiver_sockets(p->receiver); i++)
		lost += receiver_socket(p->receiver, i)->lost;
	log_info("received %" PRIu64 " datagrams, %" PRIu64 " bytes; the kernel dropped %" PRIu64, c->received,
		 c->bytes, lost);

	if (!line_begin(&line))
		return;
	fprintf(line.out, "sanitizer: passed %" PRIu64 ", repaired %" PRIu64 ", dropped %" PRIu64, c->passed,
		c->repaired, sum(c->dropped));
	tell_reasons(line.out, c->dropped);
	if (c->again_checked) {
		fprintf(line.out,
			"; of what handlers wrote: passed %" PRIu64 ", repaired %" PRIu64 ", dropped %" PRIu64,
			c->again_passed, c->again_repaired, sum(c->again_dropped));
		tell_reasons(line.out, c->again_dropped);
	}
	line_end(&line);
}

/* The handler's own counters that are not 0, on as many lines as they need; line has begun. */
static void tell_counters(const struct instance *in, struct line *line)
{
	const char *before = "; ";

	for (unsigned k = 0; k < in->counters; k++) {
		uint64_t value = instance_counter(in, k);

		if (!value)
			continue;
		if (ftell(line->out) > LINE_FULL) {
			line_end(line);
			if (!line_begin(line))
				return;
			fprintf(line->out, "%s, more of it", in->name);
			before = ": ";
		}
		fprintf(line->out, "%s%s %" PRIu64, before, in->handler->counters[k].name, value);
		before = ", ";
	}
	line_end(line);
}

/* The verdicts always, what is rare if it isn't 0. */
static void tell_stage(const struct pipeline *p, unsigned i)
{
	const struct chain_counts *c = chain_counted(p->chain, i);
	const struct instance *in = p->instances[i];
	const struct {
		const char *name;
		uint64_t value;
	} rare[] = {
		{ "failed and ended", c->failed_ended }, { "emitted", c->emitted },
		{ "changed", c->changed },		 { "passed by", c->passed_by },
		{ "passed over", c->passed_over },	 { "suspended", c->suspensions },
	};
	struct line line;

	if (!line_begin(&line))
		return;
	fprintf(line.out,
		"%s: offered %" PRIu64 ", passed %" PRIu64 ", dropped %" PRIu64 ", consumed %" PRIu64
		", failed %" PRIu64, in->name, c->offered, c->passed, c->dropped, c->consumed, c->failed);
	for (size_t k = 0; k < sizeof(rare) / sizeof(*rare); k++)
		if (rare[k].value)
			fprintf(line.out, ", %s %" PRIu64, rare[k].name, rare[k].value);
	tell_counters(in, &line);
}

bool summary_tell(const struct pipeline *p)
{
	const struct sanitize_counts *c = sanitize_counted(p->sanitize);
	const struct chain_totals *t = chain_total(p->chain);
	uint64_t dropped = sum(c->dropped) + t->again_dropped;
	uint64_t ended = 0;
	bool holds;

	for (unsigned i = 0; i < p->n; i++) {
		const struct chain_counts *s = chain_counted(p->chain, i);

		ended += s->dropped + s->consumed + s->failed_ended;
	}
	holds = chain_law(p->chain) && c->received + t->emitted == dropped + ended + t->passed;

	tell_reception(p, c);
	for (unsigned i = 0; i < p->n; i++)
		tell_stage(p, i);
	if (holds)
		log_info("accounted for: %" PRIu64 " received + %" PRIu64 " emitted = %" PRIu64
			 " dropped by the sanitizer + %" PRIu64 " ended by handlers + %" PRIu64
			 " passed to the end", c->received, t->emitted, dropped, ended, t->passed);
	else
		log_error("the accounts do not add up, which is a fault of this program: %" PRIu64
			  " received + %" PRIu64 " emitted, but %" PRIu64 " dropped by the sanitizer, %" PRIu64
			  " ended by handlers, %" PRIu64 " passed to the end", c->received, t->emitted, dropped,
			  ended, t->passed);
	return holds;
}
