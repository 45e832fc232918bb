/* peer.h - tests: sockets that something is sent to, on this host alone
 *
 * Ports are the kernel's choice. Reading collects what has come by now and never waits. */
#ifndef TESTS_SUPPORT_PEER_H
#define TESTS_SUPPORT_PEER_H

#include <stddef.h>
#include <stdint.h>

struct peer {
	int fd;			/* bound; for streams: listens; -1: closed */
	int conn;		/* a stream that was accepted; -1: none */
	uint16_t port;
	char *got;		/* all bytes so far, NUL behind them; of datagrams, each with a '|' behind it */
	size_t n, room;
	unsigned datagrams, connections, ends;	/* so far; ends: connections that the other side closed */
};

/* address: "127.0.0.1", "::1". A failure fails the test. */
void peer_udp(struct peer *peer, const char *address);
void peer_group(struct peer *peer, const char *group);	/* an IPv4 one, joined on lo */
void peer_tcp(struct peer *peer, const char *address);
void peer_unix(struct peer *peer, const char *path);
void peer_collect(struct peer *peer);	/* accepts if it has no connection, and reads */
void peer_hang_up(struct peer *peer);	/* closes the connection */
/* Refuses all that comes from now on, and holds the port, so that nobody else takes it; and comes back. */
void peer_leave(struct peer *peer);
void peer_return(struct peer *peer);
void peer_close(struct peer *peer);	/* all of it; what it got stays */
void peer_free(struct peer *peer);	/* and that too */

#endif
