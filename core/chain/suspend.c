/* chain/suspend.c - stage 3 of 4: socket > sanitize > [chain] > handler: on_error suspend
 *
 * A handler that fails is passed over for a second; then one batch is let through as a probe. If it fails on
 * that too, the pause doubles, up to PAUSE_MAX. What it failed on goes on to the next handler. */
#include "chain/inside.h"

#include "base/clock.h"
#include "base/log.h"

#define PAUSE_FIRST CLOCK_SECOND
#define PAUSE_MAX (30 * CLOCK_SECOND)

bool suspend_passes_over(const struct chain *chain, const struct stage *st)
{
	return st->suspended && chain->now_ns < st->retry_ns;
}

void suspend_failed(struct chain *chain, struct stage *st)
{
	if (st->on_error != ON_ERROR_SUSPEND)
		return;
	if (st->suspended) {
		st->pause_ns = st->pause_ns * 2 < PAUSE_MAX ? st->pause_ns * 2 : PAUSE_MAX;
	} else {
		st->suspended = true;
		st->suspended_ns = chain->now_ns;
		st->pause_ns = PAUSE_FIRST;
		st->passed_over = st->counts.passed_over;
		st->counts.suspensions++;
		log_warning("%s fails and is suspended: messages go past it; next try in 1 s, then 2, 4, ... 30 s",
			    st->in->name);
	}
	st->retry_ns = chain->now_ns + st->pause_ns;
}

void suspend_worked(struct chain *chain, struct stage *st)
{
	if (!st->suspended)
		return;
	st->suspended = false;
	log_warning("%s works again after %llu s; %llu messages went past it", st->in->name,
		    (unsigned long long)((chain->now_ns - st->suspended_ns) / CLOCK_SECOND),
		    (unsigned long long)(st->counts.passed_over - st->passed_over));
}
