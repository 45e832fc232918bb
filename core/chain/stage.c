/* chain/stage.c - stage 3 of 4: socket > sanitize > [chain] > handler: one batch through one handler
 *
 * Where all messages pass, which is nearly always, the bookkeeping is the same for a full batch as for
 * one message: verdicts are looked at eight at a time, and nothing is moved. */
#include "chain/inside.h"

#include <string.h>

#include "base/address.h"
#include "base/log.h"

static bool all_pass(const uint8_t *verdict, unsigned n)
{
	uint64_t any = 0, eight;

	for (unsigned i = 0; i < n; i += 8) {
		memcpy(&eight, verdict + i, 8);
		any |= eight;
	}
	return !any;
}

static bool is_for(const struct stage *st, const struct mcast_msg *msg)
{
	for (unsigned i = 0; i < st->group_count; i++) {
		const struct mcast_addr *group = &st->groups[i];

		if (address_same_ip(group, msg->group) && (!group->port || group->port == msg->group->port))
			return true;
	}
	return false;
}

/* Gathers those of live[0..n) that go to st's groups, in order. */
static unsigned pick(struct chain *chain, const struct stage *st, unsigned n)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++) {
		if (is_for(st, chain->live[i])) {
			chain->picked[count] = chain->live[i];
			chain->at[count++] = (uint16_t)i;
		}
	}
	return count;
}

void stage_end(struct chain *chain, struct mcast_msg *m)
{
	chain->ended[chain->ended_count++] = m;
}

/* Counts one verdict; whether the message ends here. */
static bool ends(struct stage *st, uint8_t verdict)
{
	switch (verdict) {
	case MCAST_PASS:
		st->counts.passed++;
		return false;
	case MCAST_DROP:
		st->counts.dropped++;
		return true;
	case MCAST_CONSUME:
		st->counts.consumed++;
		return true;
	default:
		st->counts.failed++;
		if (st->on_error != ON_ERROR_DROP)
			return false;
		st->counts.failed_ended++;
		return true;
	}
}

/* The first failure is told, then again each time that their number has doubled; suspension speaks for itself. */
static void tell_failures(const struct stage *st, uint64_t before)
{
	uint64_t now = st->counts.failed;

	const char *then = st->on_error == ON_ERROR_DROP ? "ended there" : "passed all the same";

	if (st->on_error != ON_ERROR_SUSPEND && (now ^ before) > before)
		log_warning("%s: failed on %llu message%s so far, which %s (on_error)", st->in->name,
			    (unsigned long long)now, now == 1 ? "" : "s", then);
}

/* Applies the verdicts on the count messages that the handler had in hand to live[0..n). */
static unsigned settle(struct chain *chain, struct stage *st, unsigned n, unsigned count)
{
	bool all = chain->host->in_hand == chain->live;
	uint64_t failed = st->counts.failed;
	unsigned left = 0, k = 0;

	for (unsigned i = 0; i < n; i++) {
		bool had = all || (k < count && chain->at[k] == i);

		if (had && ends(st, chain->verdict[k++]))
			stage_end(chain, chain->live[i]);
		else
			chain->live[left++] = chain->live[i];
	}
	memset(chain->verdict, MCAST_PASS, sizeof(chain->verdict));
	if (st->counts.failed == failed) {
		suspend_worked(chain, st);
		return left;
	}
	tell_failures(st, failed);
	suspend_failed(chain, st);
	return left;
}

/* Gives the handler the count messages in hand; 0, or what process() returned. */
static int call(struct chain *chain, struct stage *st, unsigned count)
{
	struct host *host = chain->host;
	struct instance *in = st->in;
	struct mcast_batch batch = {
		.size = sizeof(batch),
		.n = count,
		.msg = host->in_hand,
		.verdict = chain->verdict,
		.now_ns = chain->now_ns,
		.lost = st->lost,
		.at = MCAST_AT_UNKNOWN,
	};
	int rc;

	if (in->handler->caps & MCAST_CAP_MODIFY) {
		for (unsigned i = 0; i < count; i++)
			message_of(host->in_hand[i])->place = i;
	}
	st->lost = 0;
	st->counts.offered += count;
	in->emitted_in_call = 0;
	host->in_hand_n = count;
	host->written = 0;
	host_runs(host, in);
	rc = in->handler->process(&in->worker, &batch);
	host_runs(host, NULL);
	host->in_hand_n = 0;
	return rc;
}

unsigned stage_run(struct chain *chain, struct stage *st, unsigned n)
{
	struct host *host = chain->host;
	unsigned count = n;

	if (suspend_passes_over(chain, st)) {
		st->counts.passed_over += n;
		return n;
	}
	if (st->group_count) {
		count = pick(chain, st, n);
		st->counts.passed_by += n - count;
		if (!count)
			return n;
	}
	host->in_hand = count == n ? chain->live : chain->picked;

	if (call(chain, st, count))
		memset(chain->verdict, MCAST_FAIL, count);
	if (host->written) {
		st->counts.changed += host->written;
		for (unsigned i = 0; count < n && i < count; i++)
			chain->live[chain->at[i]] = chain->picked[i];	/* writable() may have replaced them */
	}
	if (all_pass(chain->verdict, count)) {
		st->counts.passed += count;
		if (st->suspended)
			suspend_worked(chain, st);
	} else {
		n = settle(chain, st, n, count);
	}
	return host->written ? written_check(chain, n) : n;
}
