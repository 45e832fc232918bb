/* resolve.h - forward: a host name's addresses, without waiting for them
 *
 * getaddrinfo(3) runs on a thread of its own, which owns what it needs: whoever has asked may forget
 * the question at any time, even when the answer never comes. */
#ifndef FORWARD_RESOLVE_H
#define FORWARD_RESOLVE_H

#include <stdint.h>
#include "mcast/handler.h"

#define RESOLVE_MAX 8		/* addresses of one name that are kept */

struct resolved {
	struct mcast_addr addr;	/* port 0 */
	uint32_t scope;		/* interface index of a link-local IPv6 address, else 0 */
};

struct resolve;			/* one question */

int resolve_start(struct resolve **out, const char *host);	/* 0 or -errno */
int resolve_fd(const struct resolve *resolve);	/* becomes ready for POLLIN once there is an answer */
/* How many addresses are in out (1 to RESOLVE_MAX), best first; -EAGAIN: no answer yet; -ENOENT: it has none, with
 * words in *why that live for ever. */
int resolve_take(struct resolve *resolve, struct resolved out[RESOLVE_MAX], const char **why);
void resolve_drop(struct resolve *resolve);	/* forgets the question; NULL is fine */

#endif
