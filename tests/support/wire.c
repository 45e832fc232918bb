/* wire.c - tests: sends to groups, and hears what a receiver takes, in a namespace of the test's own */
#include "wire.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/address.h"

#define PATIENCE 5000	/* ms */

static void set(int fd, int level, int name, const void *value, socklen_t len)
{
	cr_assert_eq(setsockopt(fd, level, name, value, len), 0, "setsockopt %d: %s", name, strerror(errno));
}

static void bind_to(int fd, const char *source, uint32_t scope)
{
	struct sockaddr_storage sa;
	struct mcast_addr addr;
	socklen_t len;

	cr_assert_eq(address_parse(source, &addr, NULL, 0), 0);
	len = address_to_sockaddr(&sa, &addr, scope);
	cr_assert_eq(bind(fd, (struct sockaddr *)&sa, len), 0, "bind to %s: %s", source, strerror(errno));
}

int wire_open(const struct wire_sender *sender)
{
	struct ip_mreqn by = { .imr_ifindex = if_nametoindex(sender->interface) };
	int fd, loop = !sender->alone;
	struct sockaddr_storage sa;
	struct mcast_addr group;
	socklen_t len;

	cr_assert_eq(address_parse_port(sender->group, &group), 0);
	len = address_to_sockaddr(&sa, &group, by.imr_ifindex);
	fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sa.ss_family == AF_INET) {
		set(fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof(by));
		set(fd, IPPROTO_IP, IP_MULTICAST_TTL, &sender->ttl, sizeof(sender->ttl));
		set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &loop, sizeof(loop));
	} else {
		set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &by.imr_ifindex, sizeof(by.imr_ifindex));
		set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &sender->ttl, sizeof(sender->ttl));
		set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &loop, sizeof(loop));
	}
	if (sender->source)
		bind_to(fd, sender->source, by.imr_ifindex);
	cr_assert_eq(connect(fd, (struct sockaddr *)&sa, len), 0, "connect to %s: %s", sender->group,
		     strerror(errno));
	return fd;
}

void wire_send(int fd, const void *data, size_t len)
{
	cr_assert_eq(send(fd, data, len, 0), (ssize_t)len, "send: %s", strerror(errno));
}

void wire_say(int fd, const char *text)
{
	wire_send(fd, text, strlen(text));
}

struct listen_options wire_listen(const char *group, const char *interface)
{
	struct listen_options options = { .rcvbuf = LISTEN_RCVBUF };

	cr_assert_eq(address_parse_port(group, &options.group), 0, "%s", group);
	snprintf(options.interface, sizeof(options.interface), "%s", interface);
	return options;
}

struct receiver *wire_receiver(const struct listen_options *options)
{
	struct receiver *rx;
	struct why why;

	cr_assert_eq(receiver_create(&rx), 0);
	cr_assert_eq(receiver_listen(rx, options, &why), 0, "%s", why.text);
	return rx;
}

struct datagram wire_take(struct receiver *rx, unsigned socket)
{
	struct pollfd ready = { .fd = receiver_fd(rx, socket), .events = POLLIN };
	struct batch batch;

	cr_assert_eq(poll(&ready, 1, PATIENCE), 1, "nothing came in %d ms", PATIENCE);
	cr_assert_eq(receiver_receive(rx, socket, 1, &batch), 1);
	return batch.dg[0];
}

const char *wire_hear(struct receiver *rx, unsigned socket)
{
	static char heard[4096];
	struct datagram dg;
	size_t used = 0;

	heard[0] = '\0';
	for (;;) {
		dg = wire_take(rx, socket);
		if (dg.len == 3 && memcmp(dg.data, "end", 3) == 0)
			return heard;
		used += snprintf(heard + used, sizeof(heard) - used, "%.*s ", (int)dg.len, (char *)dg.data);
		cr_assert_lt(used, sizeof(heard));
	}
}
