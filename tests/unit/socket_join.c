/* socket_join.c - tests: what is joined is heard, from where and whom it was asked for, and nothing else */
#include "socket/receiver.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../support/netns.h"
#include "../support/wire.h"

#define GROUP "239.255.0.1:5000"

TestSuite(join, .init = netns_enter);

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

/* One datagram from each of two sources, then the end from the one that is heard. */
static void say_from(const char *group, const char *interface, const char *a, const char *b, const char *heard)
{
	say_once(&(struct wire_sender){ group, interface, a, 1, false }, a);
	say_once(&(struct wire_sender){ group, interface, b, 1, false }, b);
	say_once(&(struct wire_sender){ group, interface, heard, 1, false }, "end");
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

Test(join, ipv4_sources_alone_or_any_but_these)
{
	struct mcast_addr source = address("127.0.0.2");
	struct listen_options only = wire_listen(GROUP, "lo"), but = only;
	struct receiver *heard_only, *heard_but;

	only.sources = but.sources = &source;
	only.source_count = but.source_count = 1;
	but.exclude = true;
	heard_only = wire_receiver(&only);
	heard_but = wire_receiver(&but);

	say_from(GROUP, "lo", "127.0.0.1", "127.0.0.2", "127.0.0.2");
	cr_assert_str_eq(wire_hear(heard_only, 0), "127.0.0.2 ");
	say_once(&(struct wire_sender){ GROUP, "lo", "127.0.0.1", 1, false }, "end");
	cr_assert_str_eq(wire_hear(heard_but, 0), "127.0.0.1 ");
	receiver_destroy(heard_only);
	receiver_destroy(heard_but);
}

Test(join, several_sources)
{
	struct mcast_addr sources[] = { address("127.0.0.2"), address("127.0.0.4") };
	struct listen_options options = wire_listen(GROUP, "lo");
	struct receiver *rx;
	unsigned i;

	options.sources = sources;
	options.source_count = 2;
	rx = wire_receiver(&options);
	for (i = 1; i <= 5; i++) {
		char from[16];

		snprintf(from, sizeof(from), "127.0.0.%u", i);
		say_once(&(struct wire_sender){ GROUP, "lo", from, 1, false }, from);
	}
	say_once(&(struct wire_sender){ GROUP, "lo", "127.0.0.2", 1, false }, "end");
	cr_assert_str_eq(wire_hear(rx, 0), "127.0.0.2 127.0.0.4 ");
	receiver_destroy(rx);
}

Test(join, ipv6_sources_alone_or_any_but_these)
{
	struct mcast_addr source = address("fd00::2");
	struct listen_options only, but;
	struct receiver *heard_only, *heard_but;

	netns_veth("a0", "a1");
	netns_ip("addr add fd00::1/64 dev a0 nodad");
	netns_ip("addr add fd00::2/64 dev a0 nodad");
	only = but = wire_listen("[ff35::1]:5000", "a1");
	only.sources = but.sources = &source;
	only.source_count = but.source_count = 1;
	but.exclude = true;
	heard_only = wire_receiver(&only);
	heard_but = wire_receiver(&but);

	say_from("[ff35::1]:5000", "a0", "fd00::1", "fd00::2", "fd00::2");
	cr_assert_str_eq(wire_hear(heard_only, 0), "fd00::2 ");
	say_once(&(struct wire_sender){ "[ff35::1]:5000", "a0", "fd00::1", 1, false }, "end");
	cr_assert_str_eq(wire_hear(heard_but, 0), "fd00::1 ");
	receiver_destroy(heard_only);
	receiver_destroy(heard_but);
}

/* One receiver on a1 and b1; what is sent by a0 and b0 comes to each alone. */
static void assert_kept_apart(const char *group)
{
	struct listen_options on_a = wire_listen(group, "a1"), on_b = wire_listen(group, "b1");
	struct receiver *rx = wire_receiver(&on_a);
	const char *const by[] = { "a0", "b0" };
	struct datagram dg;
	struct why why;
	unsigned i;

	cr_assert_eq(receiver_listen(rx, &on_b, &why), 0, "%s", why.text);
	for (i = 0; i < 2; i++)
		say_once(&(struct wire_sender){ group, by[i], NULL, 1, true }, by[i]);
	for (i = 0; i < 2; i++)
		say_once(&(struct wire_sender){ group, by[i], NULL, 1, true }, "end");

	cr_expect_str_eq(wire_hear(rx, 0), "a0 ", "%s on a1", group);
	cr_expect_str_eq(wire_hear(rx, 1), "b0 ", "%s on b1", group);
	say_once(&(struct wire_sender){ group, "b0", NULL, 9, true }, "more");
	dg = wire_take(rx, 1);
	cr_expect_eq(dg.ifindex, if_nametoindex("b1"));
	cr_expect_eq(dg.ttl, 9);
	cr_expect(address_same(&dg.to, &on_b.group));
	receiver_destroy(rx);
}

Test(join, groups_on_two_interfaces_hear_only_their_own)
{
	netns_veth("a0", "a1");
	netns_veth("b0", "b1");
	assert_kept_apart("[ff02::5]:5000");
	assert_kept_apart("[ff05::5]:5000");
	assert_kept_apart("[ff0e::5]:5000");
}

Test(join, ipv4_groups_on_two_interfaces_hear_only_their_own)
{
	struct listen_options on_lo = wire_listen(GROUP, "lo"), on_a = wire_listen(GROUP, "a0");
	struct receiver *rx = wire_receiver(&on_lo);
	struct why why;

	netns_veth("a0", "a1");
	netns_ip("addr add 10.0.0.1/24 dev a0");
	cr_assert_eq(receiver_listen(rx, &on_a, &why), 0, "%s", why.text);

	/* heard on the interface that it is sent by, for the kernel loops it back there */
	say_once(&(struct wire_sender){ GROUP, "a0", NULL, 1, false }, "a0");
	say_once(&(struct wire_sender){ GROUP, "lo", NULL, 1, false }, "lo");
	say_once(&(struct wire_sender){ GROUP, "a0", NULL, 1, false }, "end");
	say_once(&(struct wire_sender){ GROUP, "lo", NULL, 1, false }, "end");
	cr_assert_str_eq(wire_hear(rx, 0), "lo ");
	cr_assert_str_eq(wire_hear(rx, 1), "a0 ");
	receiver_destroy(rx);
}

Test(join, both_families_share_a_receiver)
{
	struct listen_options ipv4 = wire_listen(GROUP, "lo"), ipv6 = wire_listen("[ff05::5]:5000", "a1");
	struct mcast_addr source = address("fd00::1:2:3:4");
	struct receiver *rx;
	struct datagram dg;
	struct why why;

	netns_veth("a0", "a1");
	netns_ip("addr add fd00::1:2:3:4/64 dev a0 nodad");
	rx = wire_receiver(&ipv4);
	cr_assert_eq(receiver_listen(rx, &ipv6, &why), 0, "%s", why.text);
	say_once(&(struct wire_sender){ GROUP, "lo", NULL, 1, false }, "short address");
	wire_take(rx, 0);
	say_once(&(struct wire_sender){ "[ff05::5]:5000", "a0", "fd00::1:2:3:4", 1, true }, "long address");
	dg = wire_take(rx, 1);
	cr_assert(address_same_ip(&dg.from, &source), "what IPv4 left of the buffers is enough for IPv6");
	cr_assert_eq(dg.flags, DATAGRAM_KERNEL_TIME | DATAGRAM_TTL | DATAGRAM_TO);
	receiver_destroy(rx);
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

Test(join, all_is_each_interface_that_is_up)
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

Test(join, all_passes_over_an_interface_that_refuses)
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

Test(join, all_without_any_interface_is_refused)
{
	struct listen_options options = wire_listen(GROUP, "all");
	struct receiver *rx;

	netns_ip("link set lo down");
	cr_assert_eq(receiver_create(&rx), 0);
	assert_refused(rx, &options, -ENODEV, "no interface is up");
	receiver_destroy(rx);
}

Test(join, all_that_refuse_are_told_by_the_first_ones_words)
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

Test(join, the_kernels_choice_is_told)
{
	struct listen_options options = wire_listen(GROUP, "");
	struct receiver *rx = wire_receiver(&options);

	cr_assert(receiver_socket(rx, 0)->chosen);
	cr_assert_str_eq(receiver_socket(rx, 0)->interface.name, "lo");
	say_once(&(struct wire_sender){ GROUP, "lo", NULL, 1, false }, "hello");
	say_once(&(struct wire_sender){ GROUP, "lo", NULL, 1, false }, "end");
	cr_assert_str_eq(wire_hear(rx, 0), "hello ");
	receiver_destroy(rx);
}

Test(join, no_route_and_no_such_interface_are_refused)
{
	struct listen_options nowhere = wire_listen(GROUP, ""), missing = wire_listen(GROUP, "eth9");
	struct receiver *rx;

	netns_ip("route del 224.0.0.0/4 dev lo");
	cr_assert_eq(receiver_create(&rx), 0);
	assert_refused(rx, &nowhere, -ENETUNREACH, "no route to 239.255.0.1: name an interface");
	assert_refused(rx, &missing, -ENODEV, "\"eth9\"; there are: lo");
	receiver_destroy(rx);
}

Test(join, the_same_twice_is_refused)
{
	struct listen_options by_name = wire_listen(GROUP, "lo"), by_route = wire_listen(GROUP, "");
	struct receiver *rx = wire_receiver(&by_name);

	assert_refused(rx, &by_name, -EEXIST, "239.255.0.1:5000 on lo is listened to twice");
	assert_refused(rx, &by_route, -EEXIST, "239.255.0.1:5000 on lo is listened to twice");
	receiver_destroy(rx);
}

Test(join, another_port_or_another_interface_is_not_the_same)
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

Test(join, all_over_one_that_is_open_is_refused_and_leaves_nothing)
{
	struct listen_options last = wire_listen(GROUP, "a0"), all = wire_listen(GROUP, "all");
	struct receiver *rx;

	netns_veth("a0", "a1");		/* lo is first of the list, and joined before a0 refuses */
	rx = wire_receiver(&last);
	assert_refused(rx, &all, -EEXIST, "239.255.0.1:5000 on a0 is listened to twice");
	receiver_destroy(rx);
}

Test(join, what_is_no_group_is_refused)
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

Test(join, limits_of_the_kernel_are_told_with_their_sysctl)
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

Test(join, a_port_that_another_program_does_not_share_is_told)
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

Test(join, the_buffer_granted_is_told_in_the_unit_of_the_one_asked_for)
{
	struct listen_options options = wire_listen(GROUP, "lo");
	int value;
	socklen_t len = sizeof(value);
	struct receiver *rx;

	options.rcvbuf = 100000;	/* below any system's net.core.rmem_max */
	rx = wire_receiver(&options);
	cr_assert_eq(receiver_socket(rx, 0)->granted, 100000);
	cr_assert_eq(getsockopt(receiver_fd(rx, 0), SOL_SOCKET, SO_RCVBUF, &value, &len), 0);
	cr_assert_eq(value, 200000, "the kernel tells the double");
	receiver_destroy(rx);
}

Test(join, a_buffer_beyond_what_the_kernel_can_is_cut)
{
	struct listen_options options = wire_listen(GROUP, "lo");
	struct receiver *rx;

	options.rcvbuf = INT64_MAX;
	rx = wire_receiver(&options);
	cr_assert_gt(receiver_socket(rx, 0)->granted, 4096);
	cr_assert_leq(receiver_socket(rx, 0)->granted, INT32_MAX / 2);
	receiver_destroy(rx);
}
