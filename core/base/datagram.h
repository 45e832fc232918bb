/* datagram.h - base: what the socket hands to the sanitizer: [socket] > sanitize > chain > handler
 *
 * Bytes and addresses belong to the batch and are overwritten by the next receive into it. Nothing
 * here has been checked. */
#ifndef CORE_BASE_DATAGRAM_H
#define CORE_BASE_DATAGRAM_H

#include <stdint.h>
#include "mcast/handler.h"

#define BATCH_MAX 64		/* datagrams; more fall out of the first-level cache */
#define DATAGRAM_MAX 65507	/* bytes of payload: 65535 less the IPv4 and UDP headers (RFC 791, RFC 768) */

enum {				/* struct datagram, flags */
	DATAGRAM_TRUNCATED = 1u << 0,	/* MSG_TRUNC: longer than the buffer */
	DATAGRAM_CUT_CONTROL = 1u << 1,	/* MSG_CTRUNC: some of what follows is not known */
	DATAGRAM_KERNEL_TIME = 1u << 2,	/* rx_ns is the kernel's */
	DATAGRAM_TTL = 1u << 3,		/* ttl is known */
	DATAGRAM_TO = 1u << 4,		/* to's address and ifindex are known */
};

struct datagram {
	uint8_t *data;		/* 64 bytes behind data[len] can be read */
	uint32_t len;		/* bytes */
	uint32_t flags;		/* DATAGRAM_* */
	uint64_t rx_ns;		/* arrival, ns since 1970 UTC */
	struct mcast_addr from;
	struct mcast_addr to;	/* destination address, and the port of the socket */
	uint32_t ifindex;	/* it came in by */
	uint8_t ttl;
};

/* What one receive gave: all from one socket. */
struct batch {
	struct datagram *dg;	/* n of them */
	unsigned n;		/* 0 to BATCH_MAX */
	const struct mcast_addr *joined;	/* the group and port that the socket is for */
	uint32_t joined_if;	/* the interface that it joined on */
	uint64_t lost;		/* dropped by the kernel just before, as far as it says */
};

#endif
