/* udp.h - forward: datagrams to a host or a group */
#ifndef FORWARD_UDP_H
#define FORWARD_UDP_H

#include "target.h"

/* A socket that sends to address with the URL's port, interface and ttl. The descriptor, or -errno. */
int udp_open(const struct url *url, const struct resolved *address);

/* Sends each frame as a datagram. Returns how many are done with, sent or dropped: fewer than n means that the
 * socket is full. *refused: errno, where ICMP said that the peer does not take them or no way leads there; else as
 * it was. */
unsigned udp_send(struct target *target, const struct frame *frames, unsigned n, int *refused);

#endif
