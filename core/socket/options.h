/* socket/options.h - what is listened to; manifest/ fills it from "listen", command/ from options */
#ifndef CORE_SOCKET_OPTIONS_H
#define CORE_SOCKET_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/address.h"

#define LISTEN_PORT 59259		/* the default port */
#define LISTEN_GROUP "224.0.0.1"	/* the default group: all systems on this subnet (RFC 1112) */
#define LISTEN_RCVBUF (64 << 20)	/* bytes asked for */
#define LISTEN_INTERFACE 64		/* bytes of an interface's name, index or address */

struct listen_options {
	struct mcast_addr group;	/* with the port */
	char interface[LISTEN_INTERFACE];	/* name, index, address, "all"; "": the kernel's route decides */
	const struct mcast_addr *sources;	/* n of them, borrowed; none: any source */
	unsigned source_count;
	bool exclude;			/* any source but these, instead of these alone */
	int64_t rcvbuf;			/* bytes */
	const char *pointer;		/* where it stands in the manifest, borrowed, for errors; NULL: nowhere */
};

#endif
