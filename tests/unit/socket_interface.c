/* socket_interface.c - tests: interfaces are found as people name them, and what is missing is told */
#include "socket/interface.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../support/netns.h"
#include "base/address.h"

TestSuite(interface, .init = netns_enter);

static struct mcast_addr address(const char *text)
{
	struct mcast_addr addr;

	cr_assert_eq(address_parse(text, &addr, NULL, 0), 0);
	return addr;
}

Test(interface, is_found_by_name_index_and_address)
{
	static const char *const words[] = { "a0", "10.9.8.7", "fd00::9", "fe80::1%a0" };
	struct interface found;
	char index[16];
	struct why why;
	unsigned i;

	netns_veth("a0", "a1");
	netns_ip("addr add 10.9.8.7/24 dev a0");
	netns_ip("addr add fd00::9/64 dev a0 nodad");
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		cr_assert_eq(interface_find(&found, words[i], &why), 0, "%s: %s", words[i], why.text);
		cr_expect_str_eq(found.name, "a0", "%s", words[i]);
		cr_expect_eq(found.index, if_nametoindex("a0"), "%s", words[i]);
		cr_expect(found.flags & IFF_UP, "%s", words[i]);
	}

	snprintf(index, sizeof(index), "%u", if_nametoindex("a1"));
	cr_assert_eq(interface_find(&found, index, &why), 0, "%s", why.text);
	cr_assert_str_eq(found.name, "a1");
}

Test(interface, the_scope_of_an_address_tells_interfaces_apart)
{
	struct interface found;

	netns_veth("a0", "a1");
	netns_veth("b0", "b1");
	cr_assert_eq(interface_find(&found, "fe80::2%a1", NULL), 0);
	cr_assert_str_eq(found.name, "a1");
	cr_assert_eq(interface_find(&found, "fe80::2%b1", NULL), 0);
	cr_assert_str_eq(found.name, "b1");
	cr_assert_eq(interface_find(&found, "fe80::2%b0", NULL), -ENODEV);
}

Test(interface, one_that_is_missing_is_told_with_those_that_are_there)
{
	static const char *const words[] = { "eth9", "99", "10.1.2.3", "fe80::1%nope", "", "-1", "lo\n" };
	struct interface found;
	struct why why;
	unsigned i;

	netns_veth("a0", "a1");
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		cr_expect_eq(interface_find(&found, words[i], &why), -ENODEV, "%s", words[i]);
		cr_expect(strstr(why.text, "; there are: lo, "), "%s: %s", words[i], why.text);
		cr_expect(strstr(why.text, "a0"), "%s: %s", words[i], why.text);
	}
	cr_assert_eq(interface_find(&found, "eth9", &why), -ENODEV);
	cr_assert(strstr(why.text, "\"eth9\""), "%s", why.text);
}

Test(interface, those_that_are_up_and_take_multicast_are_listed)
{
	struct interface *list;
	char names[64];
	int n;

	netns_veth("a0", "a1");
	netns_veth("deaf0", "deaf1");
	netns_ip("link set deaf0 multicast off");
	netns_ip("link set deaf1 down");
	netns_ip("link set lo multicast off");

	n = interface_list(&list);
	cr_assert_eq(n, 3, "lo, a0 and a1: %s", interface_names(names, sizeof(names)));
	cr_assert_str_eq(list[0].name, "lo", "which delivers, whatever its flag says");
	cr_assert_eq(list[0].index, if_nametoindex("lo"));
	free(list);
}

Test(interface, the_kernels_route_chooses)
{
	struct mcast_addr wide = address("239.255.0.1"), other = address("239.1.1.1");
	struct mcast_addr ipv6 = address("ff05::1");
	struct interface found;
	struct why why;

	netns_veth("a0", "a1");
	netns_ip("route add 239.1.0.0/16 dev a1");
	cr_assert_eq(interface_for_group(&found, &wide, &why), 0, "%s", why.text);
	cr_assert_str_eq(found.name, "lo");
	cr_assert_eq(interface_for_group(&found, &other, &why), 0, "%s", why.text);
	cr_assert_str_eq(found.name, "a1");

	netns_ip("-6 route add multicast ff05::/16 dev a1 table local metric 1");
	cr_assert_eq(interface_for_group(&found, &ipv6, &why), 0, "%s", why.text);
	cr_assert_str_eq(found.name, "a1");
}

Test(interface, no_route_tells_how_to_name_one)
{
	static const char *const groups[] = { "239.255.0.1", "ff05::1" };
	struct mcast_addr group;
	struct interface found;
	struct why why;
	unsigned i;

	netns_ip("route del 224.0.0.0/4 dev lo");
	for (i = 0; i < 2; i++) {
		char want[128];

		snprintf(want, sizeof(want),
			 "no route to %s: name an interface with --interface or \"interface\"; there are: lo",
			 groups[i]);
		group = address(groups[i]);
		cr_expect_eq(interface_for_group(&found, &group, &why), -ENETUNREACH, "%s", groups[i]);
		cr_expect_str_eq(why.text, want);
	}
}

Test(interface, a_route_that_forbids_is_none)
{
	static const char *const kinds[] = { "unreachable", "prohibit", "blackhole" };
	struct mcast_addr ipv4 = address("239.1.1.1"), ipv6 = address("ff05::1");
	struct interface found;
	unsigned i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		netns_ip("route replace %s 239.1.0.0/16", kinds[i]);
		netns_ip("-6 route add %s ff05::/16 table local metric 1", kinds[i]);
		cr_expect_eq(interface_for_group(&found, &ipv4, NULL), -ENETUNREACH, "%s", kinds[i]);
		cr_expect_eq(interface_for_group(&found, &ipv6, NULL), -ENETUNREACH, "%s", kinds[i]);
		netns_ip("-6 route del %s ff05::/16 table local metric 1", kinds[i]);
	}
}

Test(interface, an_ipv6_address_is_seen)
{
	netns_ip("link add a0 type veth peer name a1");
	netns_ip("link set a0 addrgenmode none up");
	cr_assert(interface_has_ipv6(if_nametoindex("lo")));
	cr_assert_not(interface_has_ipv6(if_nametoindex("a0")));
	netns_ip("addr add fd00::1/64 dev a0 nodad");
	cr_assert(interface_has_ipv6(if_nametoindex("a0")));
}
