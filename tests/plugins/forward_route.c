/* forward_route.c - tests: what this host itself does to peers: addresses that change, a full socket, a port of our own
 *
 * What is sent to a neighbour that does not answer waits in the kernel and fills the socket: no packet arrives. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/forwarding.h"
#include "support/netns.h"

#define NEIGHBOUR "10.99.0.2"	/* who is not there */

static unsigned calls;		/* of sendmmsg(2) that are to be cut short */

/* Stands before libc's. Cut short, it sends one datagram and leaves the socket full; the next finds it with room again. */
int sendmmsg(int fd, struct mmsghdr *header, unsigned n, int flags)
{
	int cut = calls && calls-- == 2, room = cut ? 1 : 1 << 20;
	int sent;

	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)), 0);
	sent = (int)syscall(SYS_sendmmsg, fd, header, cut ? 1 : n, flags);
	return sent;
}

static void make_link(const char *address)
{
	netns_veth("va", "vb");
	netns_ip("addr add %s/24 dev va", address);
	netns_ip("route replace 224.0.0.0/4 dev va");
}

static void enter(void)
{
	netns_enter();
	make_link("10.99.0.1");
}

TestSuite(forward_route, .init = enter, .fini = forward_finish, .timeout = 60);

static void open_target(const char *url)
{
	char options[128];

	snprintf(options, sizeof(options), "{ \"to\": [\"%s\"] }", url);
	stand_open(&stand, &mcast_handler, options);
	stand_tick(&stand);
	stand_feed_text(&stand, "before");
	cr_assert_eq(count("sent"), 1, "%s: %s", url, stand.said);
}

/* The next datagram finds that there is no way any more; the ones behind it have a new one. */
static void assert_goes_on(const char *url)
{
	stand.now_ns += 10 * CLOCK_SECOND;
	stand_feed_text(&stand, "in between");
	cr_assert_gt(count("errors"), 0, "%s", url);
	stand_tick(&stand);
	stand_feed_text(&stand, "after");
	cr_assert_eq(count("sent") + count("dropped"), 3, "%s: %s", url, stand.said);
	cr_assert_geq(count("sent"), 2, "%s: %s", url, stand.said);
	assert_adds_up();
	stand_close(&stand);
}

Test(forward_route, another_address_of_the_host_takes_the_place_of_one_that_has_gone)
{
	static const char *const urls[] = { "udp://239.255.77.1:5", "udp://239.255.77.1:5?interface=va",
					    "udp://" NEIGHBOUR ":5" };

	for (unsigned i = 0; i < 3; i++) {
		open_target(urls[i]);
		netns_ip("addr flush dev va scope global");
		netns_ip("addr add 10.99.0.%u/24 dev va", 10 + i);
		netns_ip("route replace 224.0.0.0/4 dev va");
		assert_goes_on(urls[i]);
	}
}

Test(forward_route, an_interface_that_was_made_again_is_found)
{
	static const char *const urls[] = { "udp://239.255.77.1:5?interface=va", "udp://" NEIGHBOUR ":5?interface=va" };

	for (unsigned i = 0; i < 2; i++) {
		open_target(urls[i]);
		netns_ip("link del va");
		make_link("10.99.0.1");
		assert_goes_on(urls[i]);
	}
}

Test(forward_route, nothing_is_tried_anew_at_each_datagram)
{
	open_target("udp://" NEIGHBOUR ":5");
	netns_ip("addr flush dev va scope global");
	for (unsigned i = 0; i < 10; i++)
		stand_feed_text(&stand, "nowhere to go");
	cr_assert_eq(count("reconnects"), 0);
	cr_assert_eq(count("dropped"), 10);
	assert_adds_up();
}

Test(forward_route, a_socket_that_is_full_for_a_moment_is_no_refusal)
{
	static char large[3000];
	const void *data[] = { large, large, large };
	const size_t len[] = { sizeof(large), sizeof(large), sizeof(large) };

	netns_ip("link set va mtu 9000");
	netns_ip("link set vb mtu 9000");
	open_target("udp://" NEIGHBOUR ":5");
	calls = 2;
	stand_feed(&stand, data, len, 3);
	cr_assert_eq(calls, 0);
	cr_assert_eq(count("sent"), 4);
	cr_assert_eq(count("errors"), 0, "%s", stand.said);
}

Test(forward_route, a_connection_to_oneself_is_none)
{
	int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "40000 40000", 11) < 0)
		cr_skip_test("may not set the range of local ports: %s", strerror(errno));
	close(fd);
	stand_open(&stand, &mcast_handler, "{ \"to\": [\"tcp://127.0.0.1:40000\"] }");
	stand_feed_text(&stand, "nobody is there");
	until_error();
	cr_assert(strstr(stand.said, "Connection refused"), "%s", stand.said);
	cr_assert_eq(count("sent"), 0);
	cr_assert_eq(count("buffered"), 1);
}
