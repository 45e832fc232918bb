/* forward_udp.c - tests: datagrams reach hosts, groups and names unchanged; refusals are counted; no loop is begun */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/address.h"
#include "base/clock.h"
#include "support/forwarding.h"
#include "support/netns.h"

TestSuite(forward_udp, .fini = forward_finish, .timeout = 60);

__attribute__((format(printf, 1, 2)))
static void open_with(const char *format, ...)
{
	char options[512];
	va_list args;

	va_start(args, format);
	vsnprintf(options, sizeof(options), format, args);
	va_end(args);
	stand_open(&stand, &mcast_handler, options);
	stand_tick(&stand);
}

static void assert_got(struct peer *at, const char *text)
{
	peer_collect(at);
	cr_assert_eq(at->n, strlen(text), "got %s", at->got ? at->got : "nothing");
	if (at->got)
		cr_assert_eq(memcmp(at->got, text, at->n), 0, "got %s, not %s", at->got, text);
}

Test(forward_udp, sends_the_bytes_as_they_are_to_all_targets)
{
	const void *data[] = { "one", "t\nw\r\no", "", "a\0b" };
	const size_t len[] = { 3, 6, 0, 3 };
	struct peer six, group;

	peer_udp(&peer, "127.0.0.1");
	peer_udp(&six, "::1");
	peer_group(&group, "239.255.77.1");
	open_with("{ \"to\": [\"udp://127.0.0.1:%u\", \"udp://[::1]:%u\", \"udp://239.255.77.1:%u?interface=lo\"] }",
		  peer.port, six.port, group.port);
	stand_feed(&stand, data, len, 4);
	peer_collect(&peer);
	cr_assert_eq(peer.n, 16);
	cr_assert_eq(memcmp(peer.got, "one|t\nw\r\no||a\0b|", 16), 0);
	peer_collect(&six);
	cr_assert_eq(six.n, 16);
	cr_assert_eq(memcmp(six.got, peer.got, 16), 0);
	peer_collect(&group);
	cr_assert_eq(group.n, 16);
	cr_assert_eq(memcmp(group.got, peer.got, 16), 0);
	cr_assert_eq(count("offered"), 12);
	cr_assert_eq(count("sent"), 12);
	cr_assert_eq(count("bytes"), 36);
	cr_assert_eq(count("replaced"), 0);
	cr_assert_eq(count("errors"), 0);
	peer_free(&six);
	peer_free(&group);
}

Test(forward_udp, sends_full_batches_in_order)
{
	static char text[256][8], expected[256 * 8];
	const void *data[256];
	size_t len[256], n = 0;

	for (unsigned i = 0; i < 256; i++) {
		len[i] = (size_t)snprintf(text[i], sizeof(text[i]), "%u", i);
		data[i] = text[i];
		n += (size_t)snprintf(expected + n, sizeof(expected) - n, "%s|", text[i]);
	}
	peer_udp(&peer, "127.0.0.1");
	open_with("{ \"to\": [\"udp://127.0.0.1:%u\"] }", peer.port);
	stand_feed(&stand, data, len, 256);
	assert_got(&peer, expected);
	cr_assert_eq(count("sent"), 256);
}

/* Where the next datagram comes from, and with which TTL. */
static void look_at_next(struct peer *at, char source[ADDRESS_TEXT], int *ttl)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char data[64];
	struct iovec iov = { data, sizeof(data) };
	struct sockaddr_storage from;
	struct msghdr header = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct mcast_addr addr;

	cr_assert_gt(recvmsg(at->fd, &header, MSG_PEEK), 0);
	cr_assert(address_from_sockaddr(&addr, (struct sockaddr *)&from));
	address_text(source, &addr);
	cr_assert_not_null(CMSG_FIRSTHDR(&header));
	memcpy(ttl, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof(*ttl));
}

Test(forward_udp, a_group_gets_the_ttl_and_the_source_of_the_interface)
{
	static const struct {
		const char *query;
		int ttl;
	} rows[] = {
		{ "interface=lo", 1 }, { "interface=1&ttl=7", 7 }, { "interface=127.0.0.1&ttl=255", 255 },
		{ "ttl=0&interface=lo", 0 },
	};
	char source[ADDRESS_TEXT];
	int ttl, on = 1;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		peer_group(&peer, "239.255.77.1");
		setsockopt(peer.fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on));
		open_with("{ \"to\": [\"udp://239.255.77.1:%u?%s\"] }", peer.port, rows[i].query);
		stand_feed_text(&stand, "x");
		look_at_next(&peer, source, &ttl);
		cr_assert_str_eq(source, "127.0.0.1", "%s", rows[i].query);
		cr_assert_eq(ttl, rows[i].ttl, "%s: %d", rows[i].query, ttl);
		stand_close(&stand);
		peer_free(&peer);
	}
}

Test(forward_udp, a_host_gets_the_ttl_by_the_interface)
{
	char source[ADDRESS_TEXT];
	int ttl, on = 1;

	peer_udp(&peer, "127.0.0.1");
	setsockopt(peer.fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof(on));
	open_with("{ \"to\": [\"udp://127.0.0.1:%u?ttl=9&interface=lo\"] }", peer.port);
	stand_feed_text(&stand, "x");
	look_at_next(&peer, source, &ttl);
	cr_assert_eq(ttl, 9);
}

Test(forward_udp, a_refusal_costs_no_later_datagram)
{
	peer_udp(&peer, "127.0.0.1");
	open_with("{ \"to\": [\"udp://127.0.0.1:%u\"] }", peer.port);
	peer_leave(&peer);
	stand_feed_text(&stand, "nobody is there");
	cr_assert_eq(count("sent"), 1, "that the peer refuses is known only later");
	peer_return(&peer);
	stand_feed_text(&stand, "somebody is");
	assert_got(&peer, "somebody is|");
	cr_assert_eq(count("errors"), 1);
	cr_assert_eq(count("sent"), 2);
	cr_assert_eq(count("dropped"), 0);
	cr_assert(strstr(stand.said, "Connection refused"), "%s", stand.said);
}

Test(forward_udp, each_refusal_is_counted_and_told_once)
{
	const void *data[64];
	size_t len[64];
	const char *first;

	for (unsigned i = 0; i < 64; i++) {
		data[i] = "x";
		len[i] = 1;
	}
	peer_udp(&peer, "127.0.0.1");
	peer_leave(&peer);
	open_with("{ \"to\": [\"udp://127.0.0.1:%u\"] }", peer.port);
	stand_feed(&stand, data, len, 64);
	cr_assert_eq(count("errors"), 63, "%lu", count("errors"));
	stand_tick(&stand);
	cr_assert_eq(count("errors"), 64, "the last one too, though nothing is sent any more");
	cr_assert_eq(count("sent"), 64);
	assert_adds_up();
	first = strstr(stand.said, "Connection refused");
	cr_assert(first && !strstr(first + 1, "Connection refused"), "%s", stand.said);
}

Test(forward_udp, what_no_datagram_can_carry_is_dropped_alone)
{
	static char large[40000];
	const void *data[] = { "one", large, "three" };
	size_t len[] = { 3, sizeof(large), 5 };

	memset(large, '\\', sizeof(large));	/* two bytes each, in a record */
	peer_udp(&peer, "127.0.0.1");
	open_with("{ \"to\": [\"udp://127.0.0.1:%u\"], \"payload\": \"record\" }", peer.port);
	stand_feed(&stand, data, len, 3);
	peer_collect(&peer);
	cr_assert_eq(peer.datagrams, 2);
	cr_assert(strstr(peer.got, "\"one\"") && strstr(peer.got, "\"three\""), "%s", peer.got);
	cr_assert_eq(count("sent"), 2);
	cr_assert_eq(count("dropped"), 1);
	cr_assert_eq(count("errors"), 1);
	cr_assert(strstr(stand.said, "too long"), "%s", stand.said);
	assert_adds_up();
}

static json_t *only_record(void)
{
	json_t *record;

	peer_collect(&peer);
	cr_assert_gt(peer.n, 1);
	record = json_loadb(peer.got, peer.n - 1, 0, NULL);	/* without our '|' */
	cr_assert_not_null(record, "no JSON: %s", peer.got);
	peer.n = 0;
	return record;
}

Test(forward_udp, a_record_is_json_with_the_document_where_it_is_known)
{
	json_t *record;

	peer_udp(&peer, "127.0.0.1");
	open_with("{ \"to\": [\"udp://127.0.0.1:%u\"], \"payload\": \"record\" }", peer.port);
	stand_feed_text(&stand, "{ \"a\":\n1 }");
	record = only_record();
	cr_assert_str_eq(json_string_value(json_object_get(record, "text")), "{ \"a\":\n1 }");
	cr_assert_str_eq(json_string_value(json_object_get(record, "source")), "192.0.2.1");
	cr_assert_eq(json_integer_value(json_object_get(record, "port")), 59259);
	cr_assert_null(json_object_get(record, "json"));
	json_decref(record);

	stand.attr = true;
	stand_feed_text(&stand, "{ \"a\":\n1 }");
	record = only_record();
	cr_assert_eq(json_integer_value(json_object_get(json_object_get(record, "json"), "a")), 1);
	json_decref(record);
}

static bool has_something(struct stand *at, const void *arg)
{
	(void)arg;
	stand_feed_text(at, "x");
	peer_collect(&peer);
	return peer.n > 0;
}

static bool is_sent(struct stand *at, const void *arg)
{
	(void)arg;
	return stand_counter(at, "sent") > 0;
}

Test(forward_udp, what_waits_for_a_name_is_sent_once_it_is_known)
{
	peer_udp(&peer, "127.0.0.1");
	open_with("{ \"to\": [\"udp://localhost:%u\"] }", peer.port);
	stand_feed_text(&stand, "x");
	cr_assert_eq(count("sent") + count("buffered"), 1);
	stand_until(&stand, is_sent, NULL);
	assert_adds_up();
}

Test(forward_udp, finds_the_address_of_a_name_that_takes_datagrams)
{
	peer_udp(&peer, "127.0.0.1");	/* localhost may be ::1 first */
	open_with("{ \"to\": [\"udp://localhost:%u\"] }", peer.port);
	stand_until(&stand, has_something, NULL);
	cr_assert_eq(peer.got[0], 'x');
}

Test(forward_udp, finds_it_also_while_the_input_never_pauses)
{
	peer_udp(&peer, "127.0.0.1");
	open_with("{ \"to\": [\"udp://localhost:%u\"] }", peer.port);
	stand_feed_text(&stand, "x");
	stand_until(&stand, is_sent, NULL);
	for (unsigned i = 0; i < 4; i++)
		stand_feed_text(&stand, "x");
	peer_collect(&peer);
	cr_assert_gt(peer.n, 0);
}

static bool failed(struct stand *at, const void *arg)
{
	(void)arg;
	return stand_counter(at, "errors") > 0;
}

Test(forward_udp, tries_a_name_that_is_unknown_again_later)
{
	netns_enter();
	open_with("{ \"to\": [\"udp://nobody.invalid:5\"] }");
	stand_feed_text(&stand, "x");
	stand_until(&stand, failed, NULL);
	cr_assert_gt(stand.at_ns, stand.now_ns);
	cr_assert_leq(stand.at_ns, stand.now_ns + CLOCK_SECOND / 10);
	cr_assert_eq(count("buffered"), 1);
	cr_assert(strstr(stand.said, "udp://nobody.invalid:5: "), "%s", stand.said);
}

Test(forward_udp, may_be_stopped_while_a_name_is_looked_up)
{
	for (unsigned i = 0; i < 50; i++) {
		open_with("{ \"to\": [\"tcp://localhost:5\", \"udp://localhost:5\"] }");
		stand_close(&stand);
	}
}

Test(forward_udp, waits_for_an_interface_that_is_not_there)
{
	open_with("{ \"to\": [\"udp://239.255.77.1:5?interface=nowhere0\"] }");
	stand_feed_text(&stand, "x");
	cr_assert_eq(count("errors"), 1);
	cr_assert_eq(count("buffered"), 1);
	cr_assert_gt(stand.at_ns, stand.now_ns);
	cr_assert(strstr(stand.said, "No such device"), "%s", stand.said);
}

Test(forward_udp, sends_nothing_in_a_replay)
{
	char options[128];

	peer_udp(&peer, "127.0.0.1");
	snprintf(options, sizeof(options), "{ \"to\": [\"udp://127.0.0.1:%u\"] }", peer.port);
	cr_assert_eq(stand_create(&stand, &mcast_handler, options, NULL, 0, MCAST_RUN_REPLAY), 0);
	stand_start(&stand);
	stand_feed_text(&stand, "x");
	stand_tick(&stand);
	cr_assert_eq(stand_flush(&stand), 0);
	assert_got(&peer, "");
	cr_assert_eq(stand.fd, -1);
}

static struct mcast_addr address(const char *text)
{
	struct mcast_addr addr;

	cr_assert_eq(address_parse_port(text, &addr), 0);
	return addr;
}

Test(forward_udp, refuses_a_group_that_the_listener_hears)
{
	struct mcast_addr listen[2] = { address("239.255.0.1:59259"), address("[ff15::1]:7000") };
	static const struct {
		const char *to;
		const char *words;	/* NULL: fine */
	} rows[] = {
		{ "udp://239.255.0.1:59259", "to[0]: \"udp://239.255.0.1:59259\": the listener hears 239.255.0" },
		{ "udp://239.255.0.1:59259?interface=lo&ttl=0", "hears 239.255.0.1:59259 itself" },
		{ "udp://[ff15::1]:7000", "hears [ff15::1]:7000 itself" },
		{ "udp://[::ffff:239.255.0.1]:59259", "hears 239.255.0.1:59259 itself" },
		{ "udp://239.255.0.1:59258", NULL },
		{ "udp://239.255.0.2:59259", NULL },
		{ "udp://[ff15::1]:59259", NULL },
		{ "tcp://127.0.0.1:59259", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char options[128];
		int rc;

		snprintf(options, sizeof(options), "{ \"to\": [\"%s\"] }", rows[i].to);
		rc = stand_create(&stand, &mcast_handler, options, listen, 2, MCAST_RUN_CHECK);
		cr_assert_eq(rc, rows[i].words ? -EINVAL : 0, "%s: %d", rows[i].to, rc);
		if (rows[i].words)
			cr_assert(strstr(stand.said, rows[i].words), "%s", stand.said);
		stand_close(&stand);
	}
}

Test(forward_udp, sends_nothing_to_a_name_of_a_group_that_the_listener_hears)
{
	struct mcast_addr listen = address("239.255.0.1:59259");

	/* an old way to write a number (inet_aton(3)): a name for us, 239.255.0.1 for getaddrinfo(3) */
	cr_assert_eq(stand_create(&stand, &mcast_handler,
				  "{ \"to\": [\"udp://239.255.0.0x1:59259?interface=lo\"] }", &listen, 1, 0), 0);
	stand_start(&stand);
	stand_feed_text(&stand, "x");
	stand_until(&stand, failed, NULL);
	cr_assert(strstr(stand.said, "is a group that the listener hears itself"), "%s", stand.said);
	cr_assert_eq(count("sent"), 0);
	cr_assert_eq(count("buffered"), 1);
}

Test(forward_udp, refuses_options_that_make_no_sense)
{
	static const struct {
		const char *options, *words;
	} rows[] = {
		{ "{ }", "to" },
		{ "{ \"to\": [] }", "names no target" },
		{ "{ \"to\": [\"udp://127.0.0.1:5\", \"udp://host\"] }", "to[1]: \"udp://host\": no port; write" },
		{ "{ \"to\": [\"tcp://h:1\", \"tcp://h:2\", \"tcp://h:1\"] }", "to[2]: \"tcp://h:1\" is to[0] too" },
		{ "{ \"to\": [\"tcp://h:1\"], \"buffer\": \"1k\" }", "4k" },
		{ "{ \"to\": [\"tcp://h:1\"], \"framing\": \"lines\" }", "octet-count" },
		{ "{ \"to\": [\"tcp://h:1\"], \"on_full\": \"block\" }", "drop-oldest" },
		{ "{ \"to\": [\"tcp://h:1\"], \"payload\": \"json\" }", "record" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cr_assert_eq(stand_create(&stand, &mcast_handler, rows[i].options, NULL, 0, 0), -EINVAL, "%s",
			     rows[i].options);
		cr_assert(strstr(stand.said, rows[i].words), "%s: said %s", rows[i].options, stand.said);
	}
}
