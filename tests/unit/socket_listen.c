/* socket_listen.c - tests: every interface at once, and what is refused, in which words */
#include "socket/receiver.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>
#include "../support/netns.h"
#include "../support/wire.h"

#define GROUP "239.255.0.1:5000"

TestSuite(listen, .init = netns_enter);

static unsigned open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	cr_assert_not_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void say_once(const struct wire_sender *sender, const char *text)
{
	int fd = wire_open(sender);

	wire_say(fd, text);
	close(fd);
}

static struct mcast_addr address(const char *text)
{
	struct mcast_addr addr;

	cr_assert_eq(address_parse(text, &addr, NULL, 0), 0);
	return addr;
}

/* Fails to listen, tells why in words that have this in them, and leaves nothing open. */
static void assert_refused(struct receiver *rx, const struct listen_options *options, int err, const char *words)
{
	unsigned before = open_files(), sockets = receiver_sockets(rx);
	struct why why = { "" };

	cr_expect_eq(receiver_listen(rx, options, &why), err, "%s", why.text);
	cr_expect(strstr(why.text, words), "\"%s\" lacks \"%s\"", why.text, words);
	cr_expect_eq(receiver_sockets(rx), sockets);
	cr_expect_eq(open_files(), before);
}

static unsigned socket_on(const struct receiver *rx, const char *interface, const struct listen_options *options)
{
	unsigned i;

	for (i = 0; i < receiver_sockets(rx); i++) {
		if (strcmp(receiver_socket(rx, i)->interface.name, interface) == 0 &&
		    receiver_socket(rx, i)->options == options)
			return i;
	}
	cr_assert_fail("no socket on %s", interface);
	return 0;
}

Test(listen, all_is_each_interface_that_is_up)
{
	struct listen_options ipv4 = wire_listen(GROUP, "all"), ipv6 = wire_listen("[ff05::5]:5000", "all");
	struct receiver *rx;
	struct why why;

	netns_veth("a0", "a1");
	netns_veth("bare0", "bare1");
	netns_veth("down0", "down1");
	netns_ip("addr flush dev bare0");
	netns_ip("addr flush dev bare1");
	netns_ip("link set down0 down");
	netns_ip("link set down1 down");
	netns_ip("link set lo multicast off");
	rx = wire_receiver(&ipv4);

	cr_assert_eq(receiver_sockets(rx), 5, "lo, a0, a1, bare0, bare1");
	cr_assert_not(receiver_socket(rx, 0)->chosen);
	say_once(&(struct wire_sender){ GROUP, "lo", NULL, 1, false }, "on-lo");
	say_once(&(struct wire_sender){ GROUP, "lo", NULL, 1, false }, "end");
	cr_assert_str_eq(wire_hear(rx, socket_on(rx, "lo", &ipv4)), "on-lo ");

	cr_assert_eq(receiver_listen(rx, &ipv6, &why), 0, "%s", why.text);
	cr_assert_eq(receiver_sockets(rx), 5 + 3, "lo, a0 and a1 have an IPv6 address");
	say_once(&(struct wire_sender){ "[ff05::5]:5000", "a0", NULL, 1, true }, "on-a1");
	say_once(&(struct wire_sender){ "[ff05::5]:5000", "a0", NULL, 1, true }, "end");
	cr_assert_str_eq(wire_hear(rx, socket_on(rx, "a1", &ipv6)), "on-a1 ");
	receiver_destroy(rx);
}

Test(listen, all_passes_over_an_interface_that_refuses)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(5000) };
	struct listen_options options = wire_listen("[ff05::5]:5000", "all");
	int selfish = socket(AF_INET6, SOCK_DGRAM, 0);
	struct receiver *rx;

	netns_veth("a0", "a1");
	cr_assert_eq(setsockopt(selfish, SOL_SOCKET, SO_BINDTODEVICE, "a0", 2), 0);
	cr_assert_eq(bind(selfish, (struct sockaddr *)&any, sizeof(any)), 0);
	rx = wire_receiver(&options);
	cr_assert_eq(receiver_sockets(rx), 2);
	socket_on(rx, "lo", &options);
	socket_on(rx, "a1", &options);
	receiver_destroy(rx);
	close(selfish);
}

Test(listen, all_without_any_interface_is_refused)
{
	struct listen_options options = wire_listen(GROUP, "all");
	struct receiver *rx;

	netns_ip("link set lo down");
	cr_assert_eq(receiver_create(&rx), 0);
	assert_refused(rx, &options, -ENODEV, "no interface is up");
	receiver_destroy(rx);
}

Test(listen, all_that_refuse_are_told_by_the_first_ones_words)
{
	struct mcast_addr sources[11];
	struct listen_options options = wire_listen(GROUP, "all");
	struct receiver *rx;
	unsigned i;

	for (i = 0; i < 11; i++) {
		sources[i] = address("127.0.0.1");
		sources[i].ip[15] = i + 1;
	}
	options.sources = sources;
	options.source_count = 11;
	netns_veth("a0", "a1");
	cr_assert_eq(receiver_create(&rx), 0);
	assert_refused(rx, &options, -ENOBUFS, "239.255.0.1 from the source 127.0.0.11 on lo");
	receiver_destroy(rx);
}

Test(listen, no_route_and_no_such_interface_are_refused)
{
	struct listen_options nowhere = wire_listen(GROUP, ""), missing = wire_listen(GROUP, "eth9");
	struct receiver *rx;

	netns_ip("route del 224.0.0.0/4 dev lo");
	cr_assert_eq(receiver_create(&rx), 0);
	assert_refused(rx, &nowhere, -ENETUNREACH, "no route to 239.255.0.1: name an interface");
	assert_refused(rx, &missing, -ENODEV, "\"eth9\"; there are: lo");
	receiver_destroy(rx);
}

Test(listen, the_same_twice_is_refused)
{
	struct listen_options by_name = wire_listen(GROUP, "lo"), by_route = wire_listen(GROUP, "");
	struct receiver *rx = wire_receiver(&by_name);

	assert_refused(rx, &by_name, -EEXIST, "239.255.0.1:5000 on lo is listened to twice");
	assert_refused(rx, &by_route, -EEXIST, "239.255.0.1:5000 on lo is listened to twice");
	receiver_destroy(rx);
}

Test(listen, another_port_or_another_interface_is_not_the_same)
{
	struct listen_options options = wire_listen(GROUP, "lo"), port = wire_listen("239.255.0.1:5001", "lo");
	struct listen_options interface = wire_listen(GROUP, "a0");
	struct receiver *rx = wire_receiver(&options);
	struct why why;

	netns_veth("a0", "a1");
	cr_assert_eq(receiver_listen(rx, &port, &why), 0, "%s", why.text);
	cr_assert_eq(receiver_listen(rx, &interface, &why), 0, "%s", why.text);
	receiver_destroy(rx);
}

Test(listen, all_over_one_that_is_open_is_refused_and_leaves_nothing)
{
	struct listen_options last = wire_listen(GROUP, "a0"), all = wire_listen(GROUP, "all");
	struct receiver *rx;

	netns_veth("a0", "a1");		/* lo is first of the list, and joined before a0 refuses */
	rx = wire_receiver(&last);
	assert_refused(rx, &all, -EEXIST, "239.255.0.1:5000 on a0 is listened to twice");
	receiver_destroy(rx);
}

Test(listen, what_is_no_group_is_refused)
{
	struct listen_options unicast = wire_listen("10.0.0.1:5000", "lo"), ipv6 = wire_listen("[fe80::1]:5000", "lo"),
			      port = wire_listen("239.255.0.1", "lo"), family = wire_listen(GROUP, "lo");
	struct mcast_addr source = address("fd00::1");
	struct receiver *rx;

	family.sources = &source;
	family.source_count = 1;
	cr_assert_eq(receiver_create(&rx), 0);
	assert_refused(rx, &unicast, -EINVAL, "10.0.0.1 is no multicast group");
	assert_refused(rx, &ipv6, -EINVAL, "fe80::1 is no multicast group");
	assert_refused(rx, &port, -EINVAL, "needs a port");
	assert_refused(rx, &family, -EINVAL, "of the other family: both are IPv4 or both IPv6");
	receiver_destroy(rx);
}

Test(listen, limits_of_the_kernel_are_told_with_their_sysctl)
{
	struct listen_options group = wire_listen(GROUP, "lo"), sources = group;
	struct listen_options ipv6 = wire_listen("[ff35::1]:5000", "lo"), twice = group;
	struct mcast_addr many4[11], many6[65], same[2] = { address("127.0.0.1"), address("127.0.0.1") };
	struct receiver *rx;
	unsigned i;

	for (i = 0; i < 65; i++) {
		many6[i] = address("fd00::1");
		many6[i].ip[15] = i + 1;
	}
	for (i = 0; i < 11; i++) {
		many4[i] = address("127.0.0.1");
		many4[i].ip[15] = i + 1;
	}
	sources.sources = many4;
	sources.source_count = 11;
	ipv6.sources = many6;
	ipv6.source_count = 65;
	twice.sources = same;
	twice.source_count = 2;

	cr_assert_eq(receiver_create(&rx), 0);
	assert_refused(rx, &sources, -ENOBUFS, "raise the sysctl net.ipv4.igmp_max_msf");
	assert_refused(rx, &ipv6, -ENOBUFS, "raise the sysctl net.ipv6.mld_max_msf");
	assert_refused(rx, &twice, -EADDRNOTAVAIL, "from the source 127.0.0.1 on lo: Cannot assign "
		       "requested address: is it named twice?");
	receiver_destroy(rx);
}

Test(listen, a_port_that_another_program_does_not_share_is_told)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(5000) };
	struct listen_options options = wire_listen(GROUP, "lo");
	int selfish = socket(AF_INET, SOCK_DGRAM, 0);
	struct receiver *rx;

	cr_assert_eq(bind(selfish, (struct sockaddr *)&any, sizeof(any)), 0);
	cr_assert_eq(receiver_create(&rx), 0);
	assert_refused(rx, &options, -EADDRINUSE, "cannot bind to " GROUP " on lo: Address already in use: a program");
	receiver_destroy(rx);
	close(selfish);
}
