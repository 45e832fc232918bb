/* socket_join.c - tests: what is joined is heard, from where and whom it was asked for, and nothing else */
#include "socket/receiver.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>
#include "../support/netns.h"
#include "../support/wire.h"

#define GROUP "239.255.0.1:5000"

TestSuite(join, .init = netns_enter);

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
