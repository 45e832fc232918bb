/* forward_stream.c - tests: streams are framed, buffered and connected again; slow and absent peers stall nothing */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/peer.h"
#include "support/stand.h"

#define MS 1000000ull

extern const struct mcast_handler mcast_handler;

static struct stand stand;
static struct peer peer = { .fd = -1, .conn = -1 };
static char directory[] = "/tmp/forward-XXXXXX", path[64];

static void finish(void)
{
	stand_close(&stand);
	peer_free(&peer);
	unlink(path);
	rmdir(directory);
}

TestSuite(forward_stream, .fini = finish, .timeout = 60);

static void open_to(const char *more, uint16_t port)
{
	char options[256];

	snprintf(options, sizeof(options), "{ \"to\": [\"tcp://127.0.0.1:%u\"]%s }", port, more);
	stand_open(&stand, &mcast_handler, options);
}

static uint64_t count(const char *name)
{
	return stand_counter(&stand, name);
}

static void assert_adds_up(void)
{
	cr_assert_eq(count("offered"), count("sent") + count("dropped") + count("buffered"),
		     "offered %lu, sent %lu, dropped %lu, buffered %lu", count("offered"), count("sent"),
		     count("dropped"), count("buffered"));
}

static bool peer_has(struct stand *at, const void *arg)
{
	(void)at;
	peer_collect(&peer);
	return peer.n >= *(const size_t *)arg;
}

static void until_peer_has(size_t bytes)
{
	stand_until(&stand, peer_has, &bytes);
}

static bool said_so(struct stand *at, const void *arg)
{
	peer_collect(&peer);
	return strstr(at->said, arg) != NULL;
}

static bool counted(struct stand *at, const void *arg)
{
	(void)arg;
	return stand_counter(at, "errors") > 0;
}

static void assert_got(const char *bytes, size_t n)
{
	until_peer_has(n);
	cr_assert_eq(peer.n, n, "got %zu bytes, not %zu: %s", peer.n, n, peer.got);
	cr_assert_eq(memcmp(peer.got, bytes, n), 0, "got %s, not %s", peer.got, bytes);
}

/* Moves the time to the tick that was asked for, and takes it. */
static void next_try(void)
{
	cr_assert_neq(stand.at_ns, 0, "no tick was asked for");
	stand.now_ns = stand.at_ns;
	stand_tick(&stand);
}

static unsigned open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

Test(forward_stream, a_line_each_with_spaces_for_line_breaks)
{
	peer_tcp(&peer, "127.0.0.1", 0);
	open_to("", peer.port);
	stand_feed_text(&stand, "one");
	stand_feed_text(&stand, "t\nw\r\no");
	stand_feed_text(&stand, "");
	stand_feed_text(&stand, "four\n");
	assert_got("one\nt w  o\n\nfour \n", 18);
	cr_assert_eq(count("replaced"), 4);
	cr_assert_eq(count("sent"), 4);
	cr_assert_eq(count("bytes"), 18);
	cr_assert_eq(count("buffered"), 0);
	assert_adds_up();
}

Test(forward_stream, octet_counting_leaves_the_bytes_alone_and_cannot_say_empty)
{
	const void *data[] = { "one", "t\nw\r\no", "", "a\0b" };
	const size_t len[] = { 3, 6, 0, 3 };

	peer_tcp(&peer, "127.0.0.1", 0);
	open_to(", \"framing\": \"octet-count\"", peer.port);
	stand_feed(&stand, data, len, 4);
	assert_got("3 one6 t\nw\r\no3 a\0b", 18);
	cr_assert_eq(count("replaced"), 0);
	cr_assert_eq(count("offered"), 4);
	cr_assert_eq(count("sent"), 3);
	cr_assert_eq(count("dropped"), 1);
	assert_adds_up();
}

Test(forward_stream, a_full_batch_arrives_in_order_with_and_without_waiting)
{
	static char text[256][16], expected[2 * 256 * 16];
	const void *data[256];
	size_t len[256], n = 0;

	for (unsigned i = 0; i < 256; i++) {
		len[i] = (size_t)snprintf(text[i], sizeof(text[i]), "message %u", i);
		data[i] = text[i];
		n += (size_t)sprintf(expected + n, "%s\n", text[i]);
	}
	memcpy(expected + n, expected, n);
	peer_tcp(&peer, "127.0.0.1", 0);
	open_to("", peer.port);
	stand_feed(&stand, data, len, 256);	/* waits for the connection */
	until_peer_has(n);
	cr_assert_eq(count("buffered"), 0);
	stand_feed(&stand, data, len, 256);	/* goes straight on */
	cr_assert_eq(count("sent"), 512);
	assert_got(expected, 2 * n);
}

Test(forward_stream, sends_to_a_unix_socket_once_it_is_there)
{
	char options[128];

	cr_assert_not_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/peer", directory);
	snprintf(options, sizeof(options), "{ \"to\": [\"unix://%s\"] }", path);
	stand_open(&stand, &mcast_handler, options);
	stand_feed_text(&stand, "early");
	cr_assert_eq(count("errors"), 1);
	cr_assert(strstr(stand.said, "No such file or directory"), "%s", stand.said);
	peer_unix(&peer, path);
	stand.now_ns += CLOCK_SECOND;
	stand_feed_text(&stand, "late");
	assert_got("early\nlate\n", 11);
	assert_adds_up();
}

Test(forward_stream, waits_longer_and_longer_for_a_peer_that_is_away)
{
	static const uint64_t ms[] = { 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000 };
	const char *first;

	open_to("", peer_free_port(SOCK_STREAM));
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

Test(forward_stream, keeps_what_comes_while_the_peer_is_away)
{
	uint16_t port = peer_free_port(SOCK_STREAM);

	open_to("", port);
	stand_feed_text(&stand, "one");
	stand_until(&stand, counted, NULL);
	stand_feed_text(&stand, "two");
	cr_assert_eq(count("buffered"), 2);
	assert_adds_up();
	peer_tcp(&peer, "127.0.0.1", port);
	next_try();
	assert_got("one\ntwo\n", 8);
	cr_assert_eq(count("sent"), 2);
	cr_assert_eq(count("reconnects"), 0, "it is the first connection");
	assert_adds_up();
}

Test(forward_stream, notices_that_an_idle_peer_closed_and_finds_it_again)
{
	uint16_t port;

	peer_tcp(&peer, "127.0.0.1", 0);
	port = peer.port;
	open_to("", port);
	stand_feed_text(&stand, "one");
	assert_got("one\n", 4);
	peer_close(&peer);
	stand_until(&stand, said_so, "closed the connection");
	cr_assert_eq(count("errors"), 1);
	stand_feed_text(&stand, "two");
	stand_feed_text(&stand, "three");
	cr_assert_eq(count("buffered"), 2);
	peer_free(&peer);
	peer_tcp(&peer, "127.0.0.1", port);
	next_try();
	assert_got("two\nthree\n", 10);
	cr_assert_eq(count("reconnects"), 1);
	cr_assert_eq(count("sent"), 3);
	cr_assert(strstr(stand.said, "connected again"), "%s", stand.said);
	assert_adds_up();
}

Test(forward_stream, a_connection_that_held_is_tried_again_soon_and_one_that_did_not_later)
{
	static const struct {
		uint64_t held, least, most;	/* ms */
	} rows[] = {
		{ 10, 50, 100 }, { 10, 100, 200 }, { 10, 200, 400 }, { 60000, 50, 100 }, { 10, 100, 200 },
	};

	peer_tcp(&peer, "127.0.0.1", 0);
	open_to("", peer.port);
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

/* Feeds lines of 1,000 bytes, "00000001 xxx...", until the peer, which does not read, takes no more. */
static unsigned fill(unsigned from, unsigned at_least)
{
	char line[1001];
	unsigned i = from;

	memset(line, 'x', sizeof(line));
	line[1000] = '\0';
	for (; i < from + at_least || !count("buffered"); i++) {
		snprintf(line, 9, "%08u", i);
		line[8] = ' ';
		stand_feed_text(&stand, line);
	}
	return i;
}

/* All lines of the peer are whole and their numbers grow; returns how many. */
static unsigned assert_whole_lines(const char *got, size_t n)
{
	unsigned last = 0, lines = 0;

	cr_assert_eq(n % 1001, 0, "%zu bytes are no number of lines", n);
	for (size_t at = 0; at < n; at += 1001, lines++) {
		unsigned number = (unsigned)strtoul(got + at, NULL, 10);

		cr_assert_gt(number, last, "line %u is number %u, after %u", lines, number, last);
		cr_assert_eq(strspn(got + at + 9, "x"), 991, "line %u is not whole", lines);
		cr_assert_eq(got[at + 1000], '\n');
		last = number;
	}
	return lines;
}

static bool nothing_waits(struct stand *at, const void *arg)
{
	(void)arg;
	peer_collect(&peer);
	return !stand_counter(at, "buffered");
}

static void connect_peer(const char *more)
{
	peer_tcp(&peer, "127.0.0.1", 0);
	open_to(more, peer.port);
	stand_until(&stand, said_so, "connected");
}

static void assert_all_that_was_sent(void)
{
	stand_until(&stand, nothing_waits, NULL);
	until_peer_has(count("sent") * 1001);
	cr_assert_eq(assert_whole_lines(peer.got, peer.n), count("sent"));
	cr_assert_eq(count("bytes"), peer.n);
	assert_adds_up();
}

Test(forward_stream, a_slow_reader_stalls_nothing_and_loses_the_oldest_whole)
{
	unsigned end;

	connect_peer(", \"buffer\": \"64k\"");
	end = fill(1, 30000);		/* 30 MB into a peer that does not read */
	cr_assert_gt(count("dropped"), 0);
	assert_adds_up();
	assert_all_that_was_sent();
	cr_assert_eq(strtoul(peer.got + peer.n - 1001, NULL, 10), end - 1, "the newest one is kept");
	cr_assert_eq(count("errors"), 0);
}

Test(forward_stream, drop_newest_keeps_the_oldest)
{
	connect_peer(", \"buffer\": \"64k\", \"on_full\": \"drop-newest\"");
	fill(1, 30000);
	cr_assert_gt(count("dropped"), 0);
	assert_adds_up();
	assert_all_that_was_sent();
	cr_assert_eq(strtoul(peer.got + peer.n - 1001, NULL, 10), count("sent"), "there is no gap");
}

Test(forward_stream, a_message_larger_than_the_buffer_drops_itself_alone)
{
	static char large[5000];

	open_to(", \"buffer\": \"4k\"", peer_free_port(SOCK_STREAM));
	memset(large, 'x', sizeof(large) - 1);
	stand_feed_text(&stand, "small");
	stand_feed_text(&stand, large);
	cr_assert_eq(count("buffered"), 1);
	cr_assert_eq(count("dropped"), 1);
	assert_adds_up();
}

Test(forward_stream, a_message_sent_in_part_is_sent_again_whole_on_the_next_connection)
{
	unsigned end;
	uint64_t before;

	connect_peer("");
	end = fill(1, 1);
	peer_hang_up(&peer);		/* with bytes unread: a reset */
	stand_until(&stand, counted, NULL);
	before = count("sent");
	cr_assert_gt(count("buffered"), 0);
	next_try();
	assert_adds_up();
	stand_until(&stand, nothing_waits, NULL);
	until_peer_has((count("sent") - before) * 1001);
	cr_assert_eq(assert_whole_lines(peer.got, peer.n), count("sent") - before);
	cr_assert_eq(strtoul(peer.got, NULL, 10), before + 1, "the first one that was not sent whole");
	cr_assert_eq(count("sent"), end - 1);
	assert_adds_up();
}

Test(forward_stream, flush_waits_for_a_peer_that_is_there_and_gives_up_one_that_is_not)
{
	connect_peer("");
	fill(1, 1);
	cr_assert_eq(stand_flush(&stand), -EAGAIN);
	while (stand_flush(&stand) == -EAGAIN)
		peer_collect(&peer);
	cr_assert_eq(count("buffered"), 0);
	peer_close(&peer);
	stand_until(&stand, counted, NULL);
	stand_feed_text(&stand, "nobody takes this");
	cr_assert_eq(stand_flush(&stand), 0);
	cr_assert_eq(count("buffered"), 1);
	stand_close(&stand);
	cr_assert_eq(count("buffered"), 0);
	cr_assert_eq(count("dropped"), 1);
	assert_adds_up();
}

Test(forward_stream, flush_waits_for_a_connection_that_is_being_made)
{
	unsigned calls = 0;

	peer_tcp(&peer, "127.0.0.1", 0);
	open_to("", peer.port);
	stand_feed_text(&stand, "the only one");
	while (stand_flush(&stand) == -EAGAIN)
		cr_assert_lt(++calls, 100000);
	cr_assert_eq(count("sent"), 1);
	assert_got("the only one\n", 13);
}

Test(forward_stream, gives_up_a_connection_that_nobody_answers)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int filler[3];

	peer_tcp(&peer, "127.0.0.1", 0);
	cr_assert_eq(listen(peer.fd, 0), 0);	/* the queue of a peer that is stuck */
	sa.sin_port = htons(peer.port);
	for (unsigned i = 0; i < 3; i++) {
		filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(filler[i], (struct sockaddr *)&sa, sizeof(sa));
	}
	open_to("", peer.port);
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

Test(forward_stream, feeds_several_peers_each_at_its_own_pace)
{
	struct peer other = { .fd = -1, .conn = -1 };
	char options[256];

	peer_tcp(&peer, "127.0.0.1", 0);
	peer_tcp(&other, "::1", 0);
	snprintf(options, sizeof(options), "{ \"to\": [\"tcp://127.0.0.1:%u\", \"tcp://[::1]:%u\", "
		 "\"tcp://127.0.0.1:%u\"] }", peer.port, other.port, peer_free_port(SOCK_STREAM));
	stand_open(&stand, &mcast_handler, options);
	stand_feed_text(&stand, "for all");
	assert_got("for all\n", 8);
	while (other.n < 8) {
		stand_tick(&stand);
		peer_collect(&other);
	}
	cr_assert_str_eq(other.got, "for all\n");
	cr_assert_eq(count("offered"), 3);
	cr_assert_eq(count("sent"), 2);
	cr_assert_eq(count("buffered"), 1, "for the one that is away");
	peer_free(&other);
}

Test(forward_stream, what_a_peer_sends_is_read_away)
{
	static const char chatter[100000];

	connect_peer("");
	for (size_t sent = 0; sent < 50 * sizeof(chatter);) {
		ssize_t n = send(peer.conn, chatter, sizeof(chatter), MSG_DONTWAIT | MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
		stand_tick(&stand);
	}
	stand_feed_text(&stand, "one");
	assert_got("one\n", 4);
	cr_assert_eq(count("errors"), 0);
}

Test(forward_stream, leaves_no_descriptor_open)
{
	unsigned before = open_files();

	for (unsigned i = 0; i < 3; i++) {
		peer_tcp(&peer, "127.0.0.1", 0);
		open_to("", peer.port);
		stand_feed_text(&stand, "one");
		until_peer_has(4);
		stand_feed_text(&stand, "two");
		stand_close(&stand);
		memset(stand.said, 0, sizeof(stand.said));
		peer_free(&peer);
	}
	cr_assert_eq(open_files(), before);
}
