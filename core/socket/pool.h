/* socket/pool.h - stage 1 of 4: [socket] > sanitize > chain > handler: the fixed buffers that all is received into */
#ifndef CORE_SOCKET_POOL_H
#define CORE_SOCKET_POOL_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include "base/datagram.h"
#include "socket/control.h"

union pool_name {
	struct sockaddr sa;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

union pool_control {
	struct cmsghdr align;
	uint8_t bytes[CONTROL_SIZE];
};

struct pool {
	uint8_t *bytes;		/* one mapping for all buffers */
	struct datagram dg[BATCH_MAX];
	struct mmsghdr msg[BATCH_MAX];
	struct iovec iov[BATCH_MAX];
	union pool_name name[BATCH_MAX];
	union pool_control control[BATCH_MAX];
};

int pool_init(struct pool *pool);	/* 0 or -ENOMEM; the pages are touched */
void pool_finish(struct pool *pool);	/* zero-initialised is fine */

/* Takes up to limit datagrams of fd into dg[]; port is where they were sent to. Never waits. Returns how
 * many, or -errno; *dropped is set if the kernel told its counter of drops. */
int pool_receive(struct pool *pool, int fd, unsigned limit, uint16_t port, uint32_t *dropped);

#endif
