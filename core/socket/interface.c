/* socket/interface.c - stage 1 of 4: [socket] > sanitize > chain > handler: finds and lists interfaces */
#include "socket/interface.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/number.h"

#define NAMES 256	/* bytes of a list of names in a message */

static int describe(struct interface *out, uint32_t index)
{
	struct ifreq req = { 0 };
	int fd, err = 0;

	if (!if_indextoname(index, req.ifr_name))
		return -ENODEV;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCGIFFLAGS, &req))
		err = -errno;
	close(fd);
	if (err)
		return err;

	out->index = index;
	memcpy(out->name, req.ifr_name, sizeof(out->name));
	out->flags = (unsigned short)req.ifr_flags;
	return 0;
}

static uint32_t index_by_number(const char *word)
{
	int64_t n;

	return number_int(word, &n) == 0 && n > 0 && n <= INT32_MAX ? (uint32_t)n : 0;
}

static bool has_address(const struct ifaddrs *entry, const struct mcast_addr *addr)
{
	struct mcast_addr own;

	return entry->ifa_addr && address_from_sockaddr(&own, entry->ifa_addr) &&
	       address_same_ip(&own, addr);
}

/* The scope of "fe80::1%eth0" counts too: a link-local address may stand on several interfaces. */
static uint32_t index_by_address(const char *word)
{
	struct ifaddrs *list, *entry;
	struct mcast_addr addr;
	char scope[IF_NAMESIZE];
	uint32_t index = 0, wanted = 0;

	if (address_parse(word, &addr, scope, sizeof(scope)))
		return 0;
	if (scope[0]) {
		wanted = if_nametoindex(scope);
		if (!wanted)
			wanted = index_by_number(scope);
		if (!wanted)
			return 0;
	}

	if (getifaddrs(&list))
		return 0;
	for (entry = list; entry && !index; entry = entry->ifa_next) {
		if (has_address(entry, &addr))
			index = if_nametoindex(entry->ifa_name);
		if (wanted && index != wanted)
			index = 0;
	}
	freeifaddrs(list);
	return index;
}

int interface_find(struct interface *out, const char *word, struct why *why)
{
	char names[NAMES];
	uint32_t index;

	index = if_nametoindex(word);
	if (!index)
		index = index_by_number(word);
	if (!index)
		index = index_by_address(word);
	if (index && describe(out, index) == 0)
		return 0;

	why_set(why, "no interface has the name, index or address \"%s\"; there are: %s", word,
		interface_names(names, sizeof(names)));
	return -ENODEV;
}

/* The loopback interface delivers multicast, although it does not say IFF_MULTICAST. */
static bool takes_multicast(const struct interface *interface)
{
	return (interface->flags & IFF_UP) && (interface->flags & (IFF_MULTICAST | IFF_LOOPBACK));
}

int interface_list(struct interface **out)
{
	struct if_nameindex *all, *entry;
	struct interface *list;
	int n = 0;

	all = if_nameindex();
	if (!all)
		return -errno;
	for (entry = all; entry->if_index; entry++)
		n++;
	list = calloc(n + 1, sizeof(*list));
	if (!list) {
		if_freenameindex(all);
		return -ENOMEM;
	}

	n = 0;
	for (entry = all; entry->if_index; entry++) {
		/* one that is gone meanwhile is none of them */
		if (describe(&list[n], entry->if_index) == 0 && takes_multicast(&list[n]))
			n++;
	}
	if_freenameindex(all);
	*out = list;
	return n;
}

char *interface_names(char *out, size_t size)
{
	struct interface *list = NULL;
	size_t used = 0;
	int i, n;

	snprintf(out, size, "none that is up and takes multicast");
	n = interface_list(&list);
	if (n < 0)
		return out;
	for (i = 0; i < n && used < size; i++)
		used += snprintf(out + used, size - used, "%s%s", i ? ", " : "", list[i].name);
	free(list);
	return out;
}

bool interface_has_ipv6(uint32_t index)
{
	struct ifaddrs *list, *entry;
	bool has = false;

	if (getifaddrs(&list))
		return false;
	for (entry = list; entry && !has; entry = entry->ifa_next)
		has = entry->ifa_addr && entry->ifa_addr->sa_family == AF_INET6 &&
		      if_nametoindex(entry->ifa_name) == index;
	freeifaddrs(list);
	return has;
}
