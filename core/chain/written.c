/* chain/written.c - stage 3 of 4: socket > sanitize > [chain] > handler: bytes that handlers wrote
 *
 * Changed or emitted, they are checked like received ones before the next handler sees them. What was
 * emitted waits behind its maker. The deepest in the chain goes on first: so when a batch is
 * on its way, nothing waits behind the stages before it, and no stage ever has more than HOST_EMIT_MAX
 * waiting, whatever handlers do. */
#include "chain/inside.h"

#include <string.h>

#include "handler/attrs.h"

/* Whether m may go on; *at is another one with the same message where a handler keeps what must be repaired. */
static bool passes(struct chain *chain, struct mcast_msg **at)
{
	const struct chain_outside *outside = &chain->outside;
	struct message *m = message_of(*at);
	size_t len = m->msg.len, repaired = 0;
	uint8_t *bytes;

	m->touched = false;
	attrs_end(chain->host, m);
	if (!outside->check)
		return true;
	if (outside->check(outside->arg, m->msg.data, len, &repaired))
		return false;
	if (!repaired)
		return true;

	if (repaired > DATAGRAM_MAX)
		return false;
	if (message_shared(m)) {
		m = message_copy(m, m->msg.len);
		if (!m)
			return false;
		messages_end(at, 1);
		*at = &m->msg;
	}
	memcpy(chain->scratch, m->msg.data, len);
	bytes = message_own(m, (uint32_t)repaired);
	if (!bytes)
		return false;
	outside->repair(outside->arg, chain->scratch, len, bytes);
	m->msg.flags |= MCAST_MSG_REPAIRED;
	return true;
}

unsigned written_check(struct chain *chain, unsigned n)
{
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		struct mcast_msg *msg = chain->live[i];

		if (!message_of(msg)->touched || passes(chain, &msg)) {
			chain->live[left++] = msg;
		} else {
			chain->totals.again_dropped++;
			stage_end(chain, msg);
		}
	}
	return left;
}

/* The next part of what came of seq; 0 is for what was received. Exact as long as the sequence numbers that
 * handlers emit from by turns are less than PARTS apart. */
static uint16_t next_part(struct chain *chain, uint64_t seq)
{
	unsigned i = seq % PARTS;
	uint16_t *part = seq ? &chain->parts[i].part : &chain->no_origin;

	if (seq && chain->parts[i].seq != seq) {
		chain->parts[i].seq = seq;
		*part = 0;
	}
	*part = *part == UINT16_MAX ? 1 : *part + 1;
	return *part;
}

void written_emitted(void *owner, struct instance *in, struct message *m)
{
	struct chain *chain = owner;
	struct stage *st = &chain->stage[in->place];

	m->msg.part = next_part(chain, m->msg.seq);
	if (chain->outside.binary)
		m->msg.flags |= MCAST_MSG_BINARY;
	m->next = NULL;
	if (st->first)
		st->last->next = m;
	else
		st->first = m;
	st->last = m;
	st->counts.emitted++;
	chain->totals.emitted++;
	chain->waiting++;
}

/* Moves up to a batch of what waits behind st to live; those that the check refuses end. */
static unsigned fetch(struct chain *chain, struct stage *st)
{
	struct mcast_msg *msg;
	unsigned n = 0;

	while (st->first && n < BATCH_MAX) {
		msg = &st->first->msg;
		st->first = st->first->next;
		chain->waiting--;
		if (passes(chain, &msg)) {
			chain->live[n++] = msg;
		} else {
			chain->totals.again_dropped++;
			messages_end(&msg, 1);
		}
	}
	return n;
}

void written_go_on(struct chain *chain)
{
	unsigned i, n;

	while (chain->waiting) {
		/* All that the next batch makes waits behind later stages than this one. */
		i = chain->n;
		while (!chain->stage[i - 1].first)
			i--;
		n = fetch(chain, &chain->stage[i - 1]);
		if (n)
			chain_through(chain, i, n);
	}
}
