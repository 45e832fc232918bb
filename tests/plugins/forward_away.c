/* forward_away.c - tests: peers that are away, slow, stuck or dying stall nothing, and the numbers add up */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/forwarding.h"

#define MS 1000000ull

TestSuite(forward_away, .fini = forward_finish, .timeout = 60);

Test(forward_away, waits_longer_and_longer_for_a_peer_that_is_away)
{
	static const uint64_t ms[] = { 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000 };
	const char *first;

	forward_to_nobody("");
	for (size_t i = 0; i < sizeof(ms) / sizeof(ms[0]); i++) {
		uint64_t errors = i;

		next_try();
		while (count("errors") == errors)
			stand_tick(&stand);
		cr_assert_geq(stand.at_ns - stand.now_ns, ms[i] * MS / 2, "try %zu", i);
		cr_assert_leq(stand.at_ns - stand.now_ns, ms[i] * MS, "try %zu", i);
	}
	first = strstr(stand.said, "Connection refused");
	cr_assert(first, "%s", stand.said);
	cr_assert_null(strstr(first + 1, "Connection refused"), "told more than once:\n%s", stand.said);
}

Test(forward_away, keeps_what_comes_while_the_peer_is_away)
{
	forward_to_nobody("");
	stand_feed_text(&stand, "one");
	until_error();
	stand_feed_text(&stand, "two");
	cr_assert_eq(count("buffered"), 2);
	assert_adds_up();
	peer_return(&peer);
	next_try();
	assert_peer_got("one\ntwo\n", 8);
	cr_assert_eq(count("sent"), 2);
	cr_assert_eq(count("reconnects"), 0, "it is the first connection");
	assert_adds_up();
}

Test(forward_away, notices_that_an_idle_peer_closed_and_finds_it_again)
{
	forward_to_peer("");
	stand_feed_text(&stand, "one");
	assert_peer_got("one\n", 4);
	peer_leave(&peer);
	until_said("closed the connection");
	cr_assert_eq(count("errors"), 1);
	stand_feed_text(&stand, "two");
	stand_feed_text(&stand, "three");
	cr_assert_eq(count("buffered"), 2);
	peer_return(&peer);
	next_try();
	assert_peer_got("one\ntwo\nthree\n", 14);
	cr_assert_eq(count("reconnects"), 1);
	cr_assert_eq(count("sent"), 3);
	cr_assert(strstr(stand.said, "connected again"), "%s", stand.said);
	assert_adds_up();
}

Test(forward_away, a_connection_that_held_is_tried_again_soon_and_one_that_did_not_later)
{
	static const struct {
		uint64_t held, least, most;	/* ms */
	} rows[] = {
		{ 10, 50, 100 }, { 10, 100, 200 }, { 10, 200, 400 }, { 60000, 50, 100 }, { 10, 100, 200 },
	};

	forward_to_peer("");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t errors = count("errors");
		unsigned connections = peer.connections;

		next_try();
		while (peer.connections == connections) {
			stand_tick(&stand);
			peer_collect(&peer);
		}
		stand.now_ns += rows[i].held * MS;
		peer_hang_up(&peer);
		while (count("errors") == errors)
			stand_tick(&stand);
		cr_assert_geq(stand.at_ns - stand.now_ns, rows[i].least * MS, "row %zu", i);
		cr_assert_leq(stand.at_ns - stand.now_ns, rows[i].most * MS, "row %zu", i);
	}
}

Test(forward_away, a_slow_reader_stalls_nothing_and_loses_the_oldest_whole)
{
	unsigned end;

	forward_connected(", \"buffer\": \"64k\"");
	end = forward_fill(30000);		/* 30 MB into a peer that does not read */
	cr_assert_gt(count("dropped"), 0);
	assert_adds_up();
	assert_all_that_was_sent();
	cr_assert_eq(line_number(peer.n - LINE), end, "the newest one is kept");
	cr_assert_eq(count("errors"), 0);
}

/* 100 lines of 1,001 bytes into a buffer of 64 KB, while the peer is away: 65 of them fit. */
static void overfill(const char *on_full)
{
	char more[64];

	snprintf(more, sizeof(more), ", \"buffer\": \"64k\", \"on_full\": \"%s\"", on_full);
	forward_to_nobody(more);
	until_error();
	forward_fill(100);
	cr_assert_eq(count("buffered"), 65);
	cr_assert_eq(count("dropped"), 35);
	peer_return(&peer);
	next_try();
	assert_all_that_was_sent();
	cr_assert_eq(count("sent"), 65);
}

Test(forward_away, drop_oldest_keeps_the_newest)
{
	overfill("drop-oldest");
	cr_assert_eq(line_number(0), 36);
	cr_assert_eq(line_number(peer.n - LINE), 100);
}

Test(forward_away, drop_newest_keeps_the_oldest)
{
	overfill("drop-newest");
	cr_assert_eq(line_number(0), 1);
	cr_assert_eq(line_number(peer.n - LINE), 65);
}

Test(forward_away, a_message_larger_than_the_buffer_drops_itself_alone)
{
	static char large[5000];

	forward_to_nobody(", \"buffer\": \"4k\"");
	memset(large, 'x', sizeof(large) - 1);
	stand_feed_text(&stand, "small");
	stand_feed_text(&stand, large);
	cr_assert_eq(count("buffered"), 1);
	cr_assert_eq(count("dropped"), 1);
	assert_adds_up();
}

Test(forward_away, a_message_sent_in_part_is_sent_again_whole_on_the_next_connection)
{
	unsigned end;
	uint64_t before;

	forward_connected("");
	end = forward_fill(1);
	peer_hang_up(&peer);		/* with bytes unread: a reset */
	until_error();
	before = count("sent");
	cr_assert_eq(count("buffered"), end - before);
	next_try();
	until_peer_has((end - before) * LINE);
	cr_assert_eq(assert_whole_lines(), end - before);
	cr_assert_eq(line_number(0), before + 1, "the first one that was not sent whole");
	cr_assert_eq(count("sent"), end);
	cr_assert_eq(count("reconnects"), 1);
	assert_adds_up();
}

Test(forward_away, flush_waits_for_a_peer_that_is_there_and_gives_up_one_that_is_not)
{
	forward_connected("");
	forward_fill(1);
	cr_assert_eq(stand_flush(&stand), -EAGAIN);
	while (stand_flush(&stand) == -EAGAIN)
		peer_collect(&peer);
	cr_assert_eq(count("buffered"), 0);
	peer_leave(&peer);
	until_error();
	stand_feed_text(&stand, "nobody takes this");
	cr_assert_eq(stand_flush(&stand), 0);
	cr_assert_eq(count("buffered"), 1);
	stand_close(&stand);
	cr_assert_eq(count("buffered"), 0);
	cr_assert_eq(count("dropped"), 1);
	assert_adds_up();
}

Test(forward_away, flush_waits_for_a_connection_that_is_being_made)
{
	unsigned calls = 0;

	forward_to_peer("");
	stand_feed_text(&stand, "the only one");
	while (stand_flush(&stand) == -EAGAIN)
		cr_assert_lt(++calls, 100000);
	cr_assert_eq(count("sent"), 1);
	assert_peer_got("the only one\n", 13);
}

Test(forward_away, flush_waits_for_a_name_that_is_looked_up)
{
	char options[64];

	peer_tcp(&peer, "127.0.0.1");
	snprintf(options, sizeof(options), "{ \"to\": [\"tcp://localhost:%u\"] }", peer.port);
	stand_open(&stand, &mcast_handler, options);
	stand_feed_text(&stand, "the only one");
	while (stand_flush(&stand) == -EAGAIN)
		;
	cr_assert_eq(count("sent"), 1, "%s", stand.said);
	assert_peer_got("the only one\n", 13);
}

/* More than is sent at one go, so that something still waits when the next message comes. */
Test(forward_away, what_comes_later_never_overtakes_what_waits)
{
	char line[16];

	forward_to_nobody("");
	for (unsigned i = 1; i < 3000; i++) {
		snprintf(line, sizeof(line), "%u", i);
		stand_feed_text(&stand, line);
	}
	until_error();
	peer_return(&peer);
	next_try();
	while (!count("sent"))
		stand_tick(&stand);
	cr_assert_gt(count("buffered"), 1500);
	stand_feed_text(&stand, "3000");
	while (count("buffered"))
		stand_tick(&stand);
	until_peer_has(count("bytes"));
	for (unsigned i = 1, at = 0; i <= 3000; i++) {
		cr_assert_eq(strtoul(peer.got + at, NULL, 10), i);
		at += (unsigned)strcspn(peer.got + at, "\n") + 1;
	}
}

Test(forward_away, gives_up_a_connection_that_nobody_answers)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int filler[3];

	forward_to_peer("");
	cr_assert_eq(listen(peer.fd, 0), 0);	/* the queue of a peer that is stuck */
	sa.sin_port = htons(peer.port);
	for (unsigned i = 0; i < 3; i++) {
		filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		cr_assert_eq(connect(filler[i], (struct sockaddr *)&sa, sizeof(sa)), -1);
	}
	stand_tick(&stand);
	stand_feed_text(&stand, "one");
	cr_assert_eq(stand.at_ns, stand.now_ns + 10 * CLOCK_SECOND);
	cr_assert_eq(count("errors"), 0);
	next_try();
	cr_assert_eq(count("errors"), 1);
	cr_assert(strstr(stand.said, "timed out"), "%s", stand.said);
	cr_assert_leq(stand.at_ns, stand.now_ns + 100 * MS);
	for (unsigned i = 0; i < 3; i++)
		close(filler[i]);
	assert_adds_up();
}
