/* rig.h - tests: a chain of real handlers (.so) without a socket
 *
 * Loads handlers as the listener does, feeds them messages, polls what they watch, and proves the
 * accounting law when it closes. Every failure is a failed assertion with words. */
#ifndef TESTS_SUPPORT_RIG_H
#define TESTS_SUPPORT_RIG_H

#include <stdbool.h>
#include "chain/chain.h"

struct rig;

struct rig_handler {
	const char *handler;	/* "logger": looked for in build/handlers, then build/tests/handlers */
	const char *options;	/* JSON text; NULL: none */
	enum on_error on_error;
};

/* Loads, creates and starts n handlers. listen: what they are told that is heard (listens of them, borrowed until
 * rig_close(); may be 0). */
struct rig *rig_open(const struct rig_handler *handlers, unsigned n, const struct mcast_addr *listen,
		     unsigned listens);
/* What is logged and said when making (config, create or start) fails, as it should; asserts that it does. The
 * words are good until called again. */
const char *rig_refuses(const struct rig_handler *handlers, unsigned n, const struct mcast_addr *listen,
			unsigned listens);

/* One batch of one message, or of n: from 192.0.2.1:4242 to 239.255.0.1:59259, by lo (index 1), TTL 1, with seq 1,
 * 2, ..., arrived at 2026-01-31T12:00:00.123456Z and a microsecond more for each. */
void rig_feed(struct rig *rig, const void *data, size_t len);
void rig_feed_text(struct rig *rig, const char *text);
void rig_feed_many(struct rig *rig, const char *const *texts, unsigned n);

void rig_pause(struct rig *rig);	/* the input pauses: what is ready and due, then a tick for all */
/* Pauses again and again, waiting in poll(2) for what is watched, until done(arg); fails after 20 seconds. The
 * chain's clock goes on by the time that was waited, and stands still otherwise. */
void rig_until(struct rig *rig, bool (*done)(struct rig *rig, void *arg), void *arg);
void rig_event(struct rig *rig, uint32_t event);
void rig_advance(struct rig *rig, uint64_t ns);	/* moves the chain's clock */

uint64_t rig_counter(const struct rig *rig, unsigned stage, const char *name);	/* the handler's own */
const struct chain_counts *rig_counts(const struct rig *rig, unsigned stage);
const struct chain_finish *rig_finished(const struct rig *rig);
void rig_close(struct rig *rig);	/* flush (until done, 20 seconds at most), stop, destroy; the law */

#endif
