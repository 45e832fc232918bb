/* forward_stream.c - tests: messages reach tcp and unix peers framed, in order, as they are */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "support/forwarding.h"

TestSuite(forward_stream, .fini = forward_finish, .timeout = 60);

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
	forward_to_peer("");
	stand_feed_text(&stand, "one");
	stand_feed_text(&stand, "t\nw\r\no");
	stand_feed_text(&stand, "");
	stand_feed_text(&stand, "four\n");
	assert_peer_got("one\nt w  o\n\nfour \n", 18);
	cr_assert_eq(count("replaced"), 4);
	cr_assert_eq(count("sent"), 4);
	cr_assert_eq(count("bytes"), 18);
	cr_assert_eq(count("buffered"), 0);
	assert_adds_up();
}

Test(forward_stream, replaces_line_breaks_in_each_message_of_a_batch)
{
	const void *data[] = { "o\ne", "t\nw\no", "three", "fo\rr" };
	const size_t len[] = { 3, 5, 5, 4 };

	forward_to_peer("");
	stand_feed(&stand, data, len, 4);
	assert_peer_got("o e\nt w o\nthree\nfo r\n", 21);
	cr_assert_eq(count("replaced"), 4);
}

Test(forward_stream, octet_counting_leaves_the_bytes_alone_and_cannot_say_empty)
{
	const void *data[] = { "one", "t\nw\r\no", "", "a\0b" };
	const size_t len[] = { 3, 6, 0, 3 };

	forward_to_peer(", \"framing\": \"octet-count\"");
	stand_feed(&stand, data, len, 4);
	assert_peer_got("3 one6 t\nw\r\no3 a\0b", 18);
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
		n += (size_t)snprintf(expected + n, sizeof(expected) - n, "%s\n", text[i]);
	}
	memcpy(expected + n, expected, n);
	forward_to_peer("");
	stand_feed(&stand, data, len, 256);	/* waits for the connection */
	until_peer_has(n);
	cr_assert_eq(count("buffered"), 0);
	stand_feed(&stand, data, len, 256);	/* goes straight on */
	cr_assert_eq(count("sent"), 512);
	assert_peer_got(expected, 2 * n);
}

Test(forward_stream, sends_to_a_unix_socket_once_it_is_there)
{
	char directory[] = "/tmp/forward-XXXXXX", path[64], options[128];

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
	assert_peer_got("early\nlate\n", 11);
	assert_adds_up();
	unlink(path);
	rmdir(directory);
}

Test(forward_stream, feeds_several_peers_each_at_its_own_pace)
{
	struct peer other, away;
	char options[128];

	peer_tcp(&peer, "127.0.0.1");
	peer_tcp(&other, "::1");
	peer_tcp(&away, "127.0.0.1");
	peer_leave(&away);
	snprintf(options, sizeof(options),
		 "{ \"to\": [\"tcp://127.0.0.1:%u\", \"tcp://[::1]:%u\", \"tcp://127.0.0.1:%u\"] }", peer.port,
		 other.port, away.port);
	stand_open(&stand, &mcast_handler, options);
	stand_feed_text(&stand, "for all");
	assert_peer_got("for all\n", 8);
	while (other.n < 8) {
		stand_tick(&stand);
		peer_collect(&other);
	}
	cr_assert_str_eq(other.got, "for all\n");
	cr_assert_eq(count("offered"), 3);
	cr_assert_eq(count("sent"), 2);
	cr_assert_eq(count("buffered"), 1, "for the one that is away");
	peer_free(&other);
	peer_free(&away);
}

Test(forward_stream, what_a_peer_sends_is_read_away)
{
	static const char chatter[100000];

	forward_connected("");
	for (size_t sent = 0; sent < 50 * sizeof(chatter);) {
		ssize_t n = send(peer.conn, chatter, sizeof(chatter), MSG_DONTWAIT | MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
		stand_tick(&stand);
	}
	stand_feed_text(&stand, "one");
	assert_peer_got("one\n", 4);
	cr_assert_eq(count("errors"), 0);
}

Test(forward_stream, leaves_no_descriptor_open)
{
	unsigned before = open_files();

	for (unsigned i = 0; i < 3; i++) {
		forward_to_peer("");
		stand_feed_text(&stand, "one");
		until_peer_has(4);
		stand_feed_text(&stand, "two");
		stand_close(&stand);
		memset(stand.said, 0, sizeof(stand.said));
		peer_free(&peer);
	}
	cr_assert_eq(open_files(), before);
}
