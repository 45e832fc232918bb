/* socket/interface.h - stage 1 of 4: [socket] > sanitize > chain > handler: the interfaces of this host */
#ifndef CORE_SOCKET_INTERFACE_H
#define CORE_SOCKET_INTERFACE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/why.h"

struct interface {
	uint32_t index;
	char name[IF_NAMESIZE];
	unsigned flags;		/* IFF_*, netdevice(7) */
};

/* The interface of that name, index or address. 0, or -ENODEV with words that list what there is. */
int interface_find(struct interface *out, const char *word, struct why *why);

/* The one that the kernel's route to group would use (rtnetlink(7), RTM_GETROUTE), as a join without an
 * interface does. 0, or -ENETUNREACH with words that say how to name one. */
int interface_for_group(struct interface *out, const struct mcast_addr *group, struct why *why);

/* All that are up and take multicast, lo among them: malloc'ed in *out. Returns how many, or -errno. */
int interface_list(struct interface **out);
/* Their names for people, "lo, eth0", cut to fit; returns out. */
char *interface_names(char *out, size_t size);
bool interface_has_ipv6(uint32_t index);	/* an IPv6 address */

#endif
