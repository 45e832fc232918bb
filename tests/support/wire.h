/* wire.h - tests: sends to groups, and hears what a receiver takes, in a namespace of the test's own */
#ifndef TESTS_SUPPORT_WIRE_H
#define TESTS_SUPPORT_WIRE_H

#include "socket/receiver.h"

/* A socket for send(2), connected to group ("239.255.0.1:5000", "[ff05::1]:5000") by this interface. source:
 * one of this host's addresses, or NULL. Its own host hears it too on that interface unless alone is set. */
struct wire_sender {
	const char *group, *interface, *source;
	int ttl;
	bool alone;
};
int wire_open(const struct wire_sender *sender);
void wire_say(int fd, const char *text);
void wire_send(int fd, const void *data, size_t len);

/* The options of group on interface, with the buffer that is the default. */
struct listen_options wire_listen(const char *group, const char *interface);
/* A receiver of this group on this interface alone; must succeed. options stay the caller's. */
struct receiver *wire_receiver(const struct listen_options *options);

/* Takes one datagram from the socket, waiting for it up to 5 seconds. */
struct datagram wire_take(struct receiver *rx, unsigned socket);
/* Takes what comes until the payload "end"; returns the payloads, in order, with a space behind each, but without
 * the end. Good until the next call. */
const char *wire_hear(struct receiver *rx, unsigned socket);

#endif
