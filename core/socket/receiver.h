/* socket/receiver.h - stage 1 of 4: [socket] > sanitize > chain > handler
 *
 * Joins groups and receives datagrams in batches. There is one socket for each (group, port,
 * interface), bound to the group, so that nothing else is heard. All of them receive into one fixed
 * pool of BATCH_MAX buffers of 64 KB, whose pages are touched before the first datagram.
 *
 * Facts relied on: ip(7), ipv6(7), socket(7), RFC 3678. */
#ifndef CORE_SOCKET_RECEIVER_H
#define CORE_SOCKET_RECEIVER_H

#include <stdint.h>
#include "base/datagram.h"
#include "base/why.h"
#include "socket/interface.h"
#include "socket/options.h"

struct receiver;		/* one for each worker; not to be shared by threads */

struct receiver_socket {	/* what was joined where */
	struct mcast_addr group;	/* with the port */
	struct interface interface;
	bool chosen;			/* the kernel's route chose the interface */
	const struct listen_options *options;	/* as given, borrowed */
	int64_t granted;		/* bytes of receive buffer, in the unit of options->rcvbuf */
	uint64_t received;		/* datagrams */
	uint64_t lost;			/* datagrams dropped by the kernel, as far as is known */
};

int receiver_create(struct receiver **out);	/* 0 or -ENOMEM */
void receiver_destroy(struct receiver *rx);	/* leaves and closes; NULL is fine */

/* Opens, binds and joins what options ask for: one socket, or one for each interface with "all". options
 * must live as long as rx. 0, or -errno with words; nothing of it is left open then. -EEXIST: the same
 * group, port and interface twice, which would take each datagram twice. */
int receiver_listen(struct receiver *rx, const struct listen_options *options, struct why *why);

unsigned receiver_sockets(const struct receiver *rx);
int receiver_fd(const struct receiver *rx, unsigned socket);	/* to be polled for POLLIN; stays rx's */
const struct receiver_socket *receiver_socket(const struct receiver *rx, unsigned socket);

/* Takes what the socket has, up to limit (1 to BATCH_MAX) datagrams, never waits. Returns batch->n: fewer than
 * limit means that the socket is empty; or -errno (a socket error that belongs to no datagram). The batch is
 * rx's and good until the next receive. */
int receiver_receive(struct receiver *rx, unsigned socket, unsigned limit, struct batch *batch);

/* Asks the kernel (SO_MEMINFO) what it has dropped: SO_RXQ_OVFL says so only with the next datagram. For when
 * the input pauses and at the end. Returns the growth since last asked or received, already added to lost. */
uint64_t receiver_ask_lost(struct receiver *rx);

#endif
