/* chain/turn.c - stage 3 of 4: socket > sanitize > [chain] > handler: calls of handlers without a batch
 *
 * What a handler emits in one goes on before the next is called. */
#include "chain/inside.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "handler/attrs.h"

static void begin(struct chain *chain, struct stage *st, uint64_t now_ns)
{
	chain->now_ns = now_ns;
	st->in->emitted_in_call = 0;
	host_runs(chain->host, st->in);
}

static void end(struct chain *chain)
{
	host_runs(chain->host, NULL);
	attrs_end_all(chain->host);
	written_go_on(chain);
}

/* The first failure of a handler is told, then again each time that their number has doubled. */
static void complain(struct stage *st, const char *callback, int rc)
{
	st->complaints++;
	if (!(st->complaints & (st->complaints - 1)))
		log_error("%s: %s() failed: %s (failure %llu of such calls)", st->in->name, callback,
			  rc < 0 ? strerror(-rc) : "it returned a positive number",
			  (unsigned long long)st->complaints);
}

static void tick(struct chain *chain, struct stage *st, uint64_t now_ns)
{
	int rc;

	if (!st->in->handler->tick)
		return;
	begin(chain, st, now_ns);
	rc = st->in->handler->tick(&st->in->worker, now_ns);
	end(chain);
	if (rc)
		complain(st, "tick", rc);
}

void chain_tick(struct chain *chain, uint64_t now_ns)
{
	for (unsigned i = 0; i < chain->n; i++)
		tick(chain, &chain->stage[i], now_ns);
}

void chain_ready(struct chain *chain, unsigned stage, uint64_t now_ns)
{
	tick(chain, &chain->stage[stage], now_ns);
}

uint64_t chain_due(struct chain *chain, uint64_t now_ns)
{
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < chain->n; i++) {
		struct instance *in = chain->stage[i].in;

		if (in->at_ns && in->at_ns <= now_ns) {
			in->at_ns = 0;	/* before the call, which may ask again */
			tick(chain, &chain->stage[i], now_ns);
		}
	}
	for (unsigned i = 0; i < chain->n; i++) {
		uint64_t at_ns = chain->stage[i].in->at_ns;

		if (at_ns && at_ns < next)
			next = at_ns;
	}
	return next;
}

void chain_event(struct chain *chain, uint32_t event, uint64_t now_ns)
{
	for (unsigned i = 0; i < chain->n; i++) {
		struct stage *st = &chain->stage[i];
		int rc;

		if (!st->in->handler->event)
			continue;
		begin(chain, st, now_ns);
		rc = st->in->handler->event(&st->in->worker, event);
		end(chain);
		if (rc)
			complain(st, "event", rc);
	}
}

int chain_flush(struct chain *chain, uint64_t now_ns)
{
	for (; chain->flushed < chain->n; chain->flushed++) {
		struct stage *st = &chain->stage[chain->flushed];
		int rc;

		if (!st->in->handler->flush)
			continue;
		begin(chain, st, now_ns);
		rc = st->in->handler->flush(&st->in->worker);
		end(chain);
		if (rc == -EAGAIN)
			return rc;
		if (rc)
			complain(st, "flush", rc);
	}
	chain->flushed = 0;
	return 0;
}

const char *chain_give_up(struct chain *chain)
{
	return chain->stage[chain->flushed++].in->name;
}
