/* stand.h - tests: one handler, linked into the test, on a host whose time the test moves
 *
 * For what the rig can't show: exact times, what the handler asks of its host, a replay. */
#ifndef TESTS_SUPPORT_STAND_H
#define TESTS_SUPPORT_STAND_H

#include <stdbool.h>
#include "handler/config.h"

struct stand {
	const struct mcast_handler *handler;
	struct mcast_host host;
	struct mcast_ctx instance, ctx;
	struct config *config;
	uint64_t counter[32];
	uint64_t now_ns;	/* moved by the test alone */
	uint64_t at_ns;		/* when the handler asked to be ticked; 0: never */
	int fd;			/* what it asked to be polled; -1: nothing */
	bool attr;		/* what attr() finds on every message */
	bool started;
	char said[8192];	/* its log */
};

/* Makes one with options (JSON text), and creates it; flags: MCAST_RUN_*. 0; -EINVAL: the options are refused, with the
 * words in said; or what create() said. stand_close() in every case. */
int stand_create(struct stand *stand, const struct mcast_handler *handler, const char *options,
		 const struct mcast_addr *listen, uint32_t listens, uint32_t flags);
/* The same, started, nothing heard; a failure fails the test. */
void stand_open(struct stand *stand, const struct mcast_handler *handler, const char *options);
void stand_start(struct stand *stand);
int stand_flush(struct stand *stand);	/* once */
void stand_close(struct stand *stand);	/* without a flush */

/* One batch of n (1 to 256) messages from 192.0.2.1:4242 to 239.255.0.1:59259; asserts that all pass. */
void stand_feed(struct stand *stand, const void *const *data, const size_t *len, unsigned n);
void stand_feed_text(struct stand *stand, const char *text);
void stand_tick(struct stand *stand);	/* one tick now */
/* Ticks whenever what is watched is ready, until done(arg); time stands still. Fails after 20 seconds. */
void stand_until(struct stand *stand, bool (*done)(struct stand *stand, const void *arg), const void *arg);
uint64_t stand_counter(const struct stand *stand, const char *name);

#endif
