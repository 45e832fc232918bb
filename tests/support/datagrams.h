/* datagrams.h - tests: batches of datagrams as the socket would hand them over
 *
 * Each datagram's bytes lie in memory of exactly len + 64 bytes, so that the address sanitizer sees whoever
 * reads further; the 64 hold `behind`, which nothing may depend on. */
#ifndef TESTS_SUPPORT_DATAGRAMS_H
#define TESTS_SUPPORT_DATAGRAMS_H

#include <stddef.h>
#include "base/datagram.h"

struct datagrams {
	struct batch batch;	/* joined: 239.255.0.1:59259 on interface 1 */
	struct datagram dg[BATCH_MAX];
	struct mcast_msg msg[BATCH_MAX];
	struct mcast_msg *out[BATCH_MAX];	/* of msg[] */
	uint8_t behind;
};

void datagrams_init(struct datagrams *all, uint8_t behind);
void datagrams_finish(struct datagrams *all);

/* Adds a copy of the bytes, arrived by interface 1 from 192.0.2.1:4242 at what was joined, with TTL 1 and the kernel's
 * time. The caller may change what it returns. */
struct datagram *datagrams_add(struct datagrams *all, const void *data, size_t len);
struct datagram *datagrams_add_text(struct datagrams *all, const char *text);

struct mcast_addr datagrams_address(const char *text);	/* "192.0.2.1:4242"; fails the test if it is none */

#endif
