/* socket/control.h - stage 1 of 4: [socket] > sanitize > chain > handler: what came beside the bytes */
#ifndef CORE_SOCKET_CONTROL_H
#define CORE_SOCKET_CONTROL_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>
#include "base/datagram.h"

/* Bytes that hold the control messages of one datagram of either family: SO_TIMESTAMPNS, SO_RXQ_OVFL,
 * TTL or hop limit, destination and interface. */
#define CONTROL_SIZE \
	(CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(uint32_t)) + CMSG_SPACE(sizeof(int)) + \
	 CMSG_SPACE(sizeof(struct in6_pktinfo)))

/* Reads flags and control messages of a received hdr into dg: flags (all of them), rx_ns, ttl, ifindex, to's
 * address; what is not known is 0. *dropped is set if the kernel told its counter of drops. */
void control_read(struct datagram *dg, struct msghdr *hdr, uint32_t *dropped);

#endif
