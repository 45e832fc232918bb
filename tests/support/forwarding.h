/* forwarding.h - tests: a forwarder, linked into the test, and one peer that it sends to over tcp */
#ifndef TESTS_SUPPORT_FORWARDING_H
#define TESTS_SUPPORT_FORWARDING_H

#include "support/peer.h"
#include "support/stand.h"

#define LINE 1001	/* bytes of each line of forward_fill() */

extern const struct mcast_handler mcast_handler;	/* plugins/forward */
extern struct stand stand;
extern struct peer peer;

/* more: options behind "to", each with a comma before it: ", \"buffer\": \"4k\"". */
void forward_to_peer(const char *more);	/* the peer listens */
void forward_to_nobody(const char *more);	/* it has left, and may return */
void forward_connected(const char *more);	/* it listens, and the forwarder has found it */
void forward_finish(void);

uint64_t count(const char *name);	/* a counter of the forwarder */
void assert_adds_up(void);		/* offered = sent + dropped + buffered */

void until_peer_has(size_t bytes);
void assert_peer_got(const char *bytes, size_t n);	/* once it has so many: these and no others */
void until_error(void);			/* one is counted */
void until_said(const char *words);	/* the log has them */
void next_try(void);			/* moves the time to the tick that was asked for, and takes it */

/* Feeds lines "00000001 xxx..." to "NNNNNNNN xxx...", n at least, and on until the peer takes no more; returns NNNNNNNN. */
unsigned forward_fill(unsigned n);
/* What the peer has is whole lines of forward_fill() with growing numbers; returns how many. */
unsigned assert_whole_lines(void);
unsigned line_number(size_t at);	/* of the line at this byte of what the peer has */
/* Reads until nothing is buffered: the peer has what was counted as sent, and nothing else. */
void assert_all_that_was_sent(void);

#endif
