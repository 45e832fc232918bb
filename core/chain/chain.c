/* chain/chain.c - stage 3 of 4: socket > sanitize > [chain] > handler: a chain's life, a batch's way, the figures */
#include "chain/chain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain/inside.h"
#include "handler/attrs.h"

/* ---- what the host functions ask for ----------------------------------------------------- */

static int watch(void *owner, struct instance *in, int fd, uint32_t events)
{
	struct chain *chain = owner;

	if (!chain->outside.watch)
		return -ENOTSUP;
	return chain->outside.watch(chain->outside.arg, in->place, fd, events);
}

static int stopping(void *owner)
{
	struct chain *chain = owner;

	return chain->outside.stopping ? chain->outside.stopping(chain->outside.arg) : 0;
}

/* The first reason to end is the one that counts: whoever was told to stop has nothing left to end. */
static void finish(void *owner, struct instance *in, int status, const char *why)
{
	struct chain *chain = owner;

	if (chain->finish.who || stopping(owner))
		return;
	chain->finish.who = in->name;
	chain->finish.status = status;
	snprintf(chain->finish.why, sizeof(chain->finish.why), "%s", why);
}

/* ---- life -------------------------------------------------------------------------------- */

int chain_create(struct chain **out, const struct chain_stage *stages, unsigned n, struct host *host,
		 struct messages *messages, const struct chain_outside *outside)
{
	struct chain *chain = calloc(1, sizeof(*chain));

	if (!chain)
		return -ENOMEM;
	chain->stage = calloc(n + 1, sizeof(*chain->stage));
	chain->instances = calloc(n + 1, sizeof(struct instance *));
	if (!chain->stage || !chain->instances) {
		chain_destroy(chain);
		return -ENOMEM;
	}
	chain->n = n;
	chain->host = host;
	chain->outside = *outside;
	for (unsigned i = 0; i < n; i++) {
		chain->stage[i].in = stages[i].instance;
		chain->stage[i].on_error = stages[i].on_error;
		chain->stage[i].groups = stages[i].groups;
		chain->stage[i].group_count = stages[i].group_count;
		chain->instances[i] = stages[i].instance;
		stages[i].instance->place = i;
	}
	*host = (struct host){
		.owner = chain,
		.emit = written_emitted,
		.watch = watch,
		.finish = finish,
		.stopping = stopping,
		.messages = messages,
		.chain = chain->instances,
		.n = n,
	};
	*out = chain;
	return 0;
}

void chain_destroy(struct chain *chain)
{
	if (!chain)
		return;
	free(chain->instances);
	free(chain->stage);
	free(chain);
}

/* ---- a batch's way ----------------------------------------------------------------------- */

void chain_through(struct chain *chain, unsigned from, unsigned n)
{
	for (unsigned i = from; i < chain->n && n; i++)
		n = stage_run(chain, &chain->stage[i], n);
	chain->totals.passed += n;

	if (chain->host->valued)
		attrs_end_all(chain->host);
	messages_end(chain->live, n);
	messages_end(chain->ended, chain->ended_count);
	chain->ended_count = 0;
}

void chain_run(struct chain *chain, struct mcast_msg *const *msg, unsigned n, uint64_t now_ns, uint64_t lost)
{
	for (unsigned i = 0; lost && i < chain->n; i++)
		chain->stage[i].lost += lost;
	chain->now_ns = now_ns;
	chain->totals.in += n;
	memcpy(chain->live, msg, n * sizeof(*msg));
	chain_through(chain, 0, n);
	if (chain->waiting)
		written_go_on(chain);
}

/* ---- figures ----------------------------------------------------------------------------- */

const struct chain_finish *chain_finished(const struct chain *chain)
{
	return chain->finish.who ? &chain->finish : NULL;
}

const struct chain_counts *chain_counted(const struct chain *chain, unsigned stage)
{
	return &chain->stage[stage].counts;
}

const struct chain_totals *chain_total(const struct chain *chain)
{
	return &chain->totals;
}

bool chain_law(const struct chain *chain)
{
	const struct chain_totals *t = &chain->totals;
	uint64_t ended = 0;

	for (unsigned i = 0; i < chain->n; i++) {
		const struct chain_counts *c = &chain->stage[i].counts;

		if (c->offered != c->passed + c->dropped + c->consumed + c->failed)
			return false;
		ended += c->dropped + c->consumed + c->failed_ended;
	}
	return t->in + t->emitted == t->again_dropped + ended + t->passed;
}
