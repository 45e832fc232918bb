/* socket/open.c - stage 1 of 4: [socket] > sanitize > chain > handler: opens, joins and binds a socket
 *
 * ip(7), ipv6(7), socket(7). */
#include "socket/join.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/address.h"

struct setting {
	int level;
	int name;
	int value;
	const char *text;
};

#define SETTING(level, name, value) { level, name, value, #name }

static const struct setting common[] = {
	SETTING(SOL_SOCKET, SO_REUSEADDR, 1),	/* every listener of the group on this host hears all */
	SETTING(SOL_SOCKET, SO_TIMESTAMPNS, 1),
	SETTING(SOL_SOCKET, SO_RXQ_OVFL, 1),
	{ 0, 0, 0, NULL }
};

/* Without *_MULTICAST_ALL = 0 a socket also hears what others have joined. */
static const struct setting ipv4[] = {
	SETTING(IPPROTO_IP, IP_MULTICAST_ALL, 0),
	SETTING(IPPROTO_IP, IP_PKTINFO, 1),
	SETTING(IPPROTO_IP, IP_RECVTTL, 1),
	{ 0, 0, 0, NULL }
};

static const struct setting ipv6[] = {
	SETTING(IPPROTO_IPV6, IPV6_V6ONLY, 1),
	SETTING(IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0),
	SETTING(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1),
	SETTING(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1),
	{ 0, 0, 0, NULL }
};

static int apply(int fd, const struct setting *set, struct why *why)
{
	int err;

	for (; set->text; set++) {
		if (setsockopt(fd, set->level, set->name, &set->value, sizeof(set->value)) == 0)
			continue;
		err = -errno;
		why_set(why, "cannot set %s: %s", set->text, strerror(-err));
		return err;
	}
	return 0;
}

/* Forced where that is allowed, else as much as the kernel grants. It doubles what it is told, for its
 * bookkeeping, and tells the double. */
static int64_t ask_rcvbuf(int fd, int64_t bytes)
{
	int value = bytes > INT_MAX / 2 ? INT_MAX / 2 : (int)bytes;
	socklen_t len = sizeof(value);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &value, sizeof(value)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value));
	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &len))
		return 0;
	return value / 2;
}

/* IPv4 keeps apart two sockets of one group on two interfaces by their memberships. IPv6 does not. */
static int pin_to_interface(int fd, const struct interface *interface, struct why *why)
{
	int err;

	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface->name, strlen(interface->name)) == 0)
		return 0;
	err = -errno;
	why_set(why, "cannot bind to the interface %s (SO_BINDTODEVICE): %s%s", interface->name, strerror(-err),
		err == -EPERM ? "; Linux before 5.7 asks for CAP_NET_RAW" : "");
	return err;
}

static int bind_to_group(int fd, const struct mcast_addr *group, const struct interface *interface,
			 struct why *why)
{
	struct sockaddr_storage sa;
	char text[ADDRESS_TEXT];
	const char *hint = "";
	socklen_t len;
	int err;

	len = address_to_sockaddr(&sa, group, interface->index);
	if (bind(fd, (struct sockaddr *)&sa, len) == 0)
		return 0;

	err = -errno;
	if (err == -EADDRINUSE)
		hint = ": a program that does not share (SO_REUSEADDR) has this port; ss -ulnp names it";
	else if (err == -EACCES)
		hint = ": ports below 1024 need root or CAP_NET_BIND_SERVICE";
	address_port_text(text, group);
	why_set(why, "cannot bind to %s on %s: %s%s", text, interface->name, strerror(-err), hint);
	return err;
}

/* Binds last: without a port nothing arrives, so nothing is heard before every option and source counts. */
static int prepare(int fd, const struct listen_options *options, const struct interface *interface,
		   struct why *why)
{
	bool is_ipv4 = address_is_ipv4(&options->group);
	int err;

	err = apply(fd, common, why);
	if (!err)
		err = apply(fd, is_ipv4 ? ipv4 : ipv6, why);
	if (!err && !is_ipv4)
		err = pin_to_interface(fd, interface, why);
	if (!err)
		err = join_sources(fd, options, interface, why);
	if (!err)
		err = bind_to_group(fd, &options->group, interface, why);
	return err;
}

int join_open(const struct listen_options *options, const struct interface *interface, int64_t *granted,
	      struct why *why)
{
	int family = address_is_ipv4(&options->group) ? AF_INET : AF_INET6;
	int err, fd;

	fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		err = -errno;
		why_set(why, "cannot open an IPv%c socket: %s", family == AF_INET ? '4' : '6', strerror(-err));
		return err;
	}

	*granted = ask_rcvbuf(fd, options->rcvbuf);
	err = prepare(fd, options, interface, why);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}
