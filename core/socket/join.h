/* socket/join.h - stage 1 of 4: [socket] > sanitize > chain > handler: one socket for (group, port, interface) */
#ifndef CORE_SOCKET_JOIN_H
#define CORE_SOCKET_JOIN_H

#include <stdint.h>
#include "base/why.h"
#include "socket/interface.h"
#include "socket/options.h"

/* A socket that hears the group and port of options on interface, from the sources that options allow, and
 * nothing else. *granted: bytes of receive buffer in the unit of options->rcvbuf. Returns the descriptor,
 * or -errno with words. */
int join_open(const struct listen_options *options, const struct interface *interface, int64_t *granted,
	      struct why *why);

/* Of join_open(): joins, with the sources. 0 or -errno with words. */
int join_sources(int fd, const struct listen_options *options, const struct interface *interface,
		 struct why *why);

#endif
