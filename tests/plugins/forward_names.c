/* forward_names.c - tests: a name's addresses are tried in turn, and looked up again
 *
 * Each test has a file of its own for /etc/hosts, in a mount namespace, and a network without a name server. Of two addresses 127.0.0.1 comes first
 * (RFC 6724, rule 9). */
#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/forwarding.h"
#include "support/netns.h"

static char hosts[] = "/tmp/forward-hosts-XXXXXX";

static void hosts_are(const char *text)
{
	FILE *file = fopen(hosts, "w");

	cr_assert_not_null(file);
	fputs(text, file);
	fclose(file);
}

static void enter(void)
{
	int fd = mkstemp(hosts);

	cr_assert_geq(fd, 0);
	close(fd);
	netns_enter();
	if (unshare(CLONE_NEWNS) || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) ||
	    mount(hosts, "/etc/hosts", "none", MS_BIND, NULL))
		cr_skip_test("needs a mount namespace, which is not permitted here: run as root");
}

static void leave(void)
{
	forward_finish();
	umount("/etc/hosts");
	unlink(hosts);
}

TestSuite(forward_names, .init = enter, .fini = leave, .timeout = 60);

static void open_peer(const char *url)
{
	char options[64];

	snprintf(options, sizeof(options), "{ \"to\": [\"%s:%u\"] }", url, peer.port);
	stand_open(&stand, &mcast_handler, options);
}

Test(forward_names, tcp_takes_the_next_address_without_a_delay)
{
	hosts_are("127.0.0.1 pair.test\n127.0.0.2 pair.test\n127.0.0.3 pair.test\n");
	peer_tcp(&peer, "127.0.0.3");
	open_peer("tcp://pair.test");
	stand_feed_text(&stand, "one");
	assert_peer_got("one\n", 4);
	cr_assert_eq(count("errors"), 2);
	assert_adds_up();
}

Test(forward_names, tcp_looks_the_name_up_again_for_each_new_connection)
{
	hosts_are("127.0.0.9 moves.test\n");
	peer_tcp(&peer, "127.0.0.3");
	open_peer("tcp://moves.test");
	stand_feed_text(&stand, "one");
	until_error();
	hosts_are("127.0.0.3 moves.test\n");
	next_try();
	assert_peer_got("one\n", 4);
}

static bool is_sent(struct stand *at, const void *arg)
{
	(void)arg;
	return stand_counter(at, "sent") > 0;
}

Test(forward_names, udp_takes_the_next_address_when_one_refuses)
{
	hosts_are("127.0.0.1 pair.test\n127.0.0.3 pair.test\n");
	peer_udp(&peer, "127.0.0.3");
	open_peer("udp://pair.test");
	stand_feed_text(&stand, "refused");
	stand_until(&stand, is_sent, NULL);
	stand_feed_text(&stand, "may be late");	/* without a tick in between */
	stand_feed_text(&stand, "in time");
	peer_collect(&peer);
	cr_assert(peer.n && strstr(peer.got, "in time|"), "got %s", peer.n ? peer.got : "nothing");
	cr_assert_eq(count("errors"), 1);
	assert_adds_up();
}

Test(forward_names, udp_notices_a_refusal_when_nothing_more_is_sent)
{
	hosts_are("127.0.0.1 pair.test\n127.0.0.3 pair.test\n");
	peer_udp(&peer, "127.0.0.3");
	open_peer("udp://pair.test");
	stand_feed_text(&stand, "refused");
	until_error();
	stand_feed_text(&stand, "in time");
	peer_collect(&peer);
	cr_assert(peer.n && !strcmp(peer.got, "in time|"), "got %s", peer.n ? peer.got : "nothing");
}

Test(forward_names, udp_looks_the_name_up_again_when_all_addresses_refuse_for_long)
{
	hosts_are("127.0.0.9 moves.test\n");
	peer_udp(&peer, "127.0.0.3");
	open_peer("udp://moves.test");
	stand_feed_text(&stand, "refused");
	until_error();
	hosts_are("127.0.0.3 moves.test\n");
	stand_feed_text(&stand, "refused too");
	stand_tick(&stand);
	cr_assert_eq(count("sent"), 2, "it was looked up just now");
	stand.now_ns += 30 * CLOCK_SECOND;
	stand_feed_text(&stand, "the last one to be refused");
	stand_tick(&stand);
	stand_feed_text(&stand, "there");
	until_peer_has(6);
	cr_assert_str_eq(peer.got, "there|");
	assert_adds_up();
}
