/* forward.c - tests: the handler forward in a chain of real handlers; everything passes on, whatever its peers do */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "support/peer.h"
#include "support/rig.h"

#define FORWARD 1		/* place in the chain, behind json */

static struct peer peer = { .fd = -1, .conn = -1 };

static void finish(void)
{
	peer_free(&peer);
}

TestSuite(forward, .fini = finish, .timeout = 60);

__attribute__((format(printf, 1, 2)))
static struct rig *open_with(const char *format, ...)
{
	char options[256];
	const struct rig_handler handlers[] = {
		{ "json", "{ \"on_invalid\": \"pass\" }", ON_ERROR_PASS },
		{ "forward", options, ON_ERROR_DROP },
	};
	va_list args;

	va_start(args, format);
	vsnprintf(options, sizeof(options), format, args);
	va_end(args);
	return rig_open(handlers, 2, NULL, 0);
}

static bool peer_has(struct rig *rig, void *arg)
{
	(void)rig;
	peer_collect(&peer);
	return peer.n >= *(size_t *)arg;
}

static void until_peer_has(struct rig *rig, size_t bytes)
{
	rig_until(rig, peer_has, &bytes);
	cr_assert_eq(peer.n, bytes, "got %s", peer.got);
}

static bool has_error(struct rig *rig, void *arg)
{
	(void)arg;
	return rig_counter(rig, FORWARD, "errors") > 0;
}

static void assert_passed(const struct rig *rig, uint64_t n)
{
	const struct chain_counts *counts = rig_counts(rig, FORWARD);

	cr_assert_eq(counts->offered, n);
	cr_assert_eq(counts->passed, n);
	cr_assert_eq(counts->failed, 0);
}

Test(forward, passes_on_what_it_sends)
{
	const char *const texts[] = { "one", "two", "three" };
	struct rig *rig;

	peer_tcp(&peer, "127.0.0.1");
	rig = open_with("{ \"to\": [\"tcp://127.0.0.1:%u\"] }", peer.port);
	rig_feed_many(rig, texts, 3);
	until_peer_has(rig, 14);
	cr_assert_str_eq(peer.got, "one\ntwo\nthree\n");
	assert_passed(rig, 3);
	rig_close(rig);
}

Test(forward, passes_on_what_nobody_takes)
{
	const char *const texts[] = { "one", "two", "three" };
	struct rig *rig;

	peer_tcp(&peer, "127.0.0.1");
	peer_leave(&peer);
	rig = open_with("{ \"to\": [\"tcp://127.0.0.1:%u\"] }", peer.port);
	rig_feed_many(rig, texts, 3);
	rig_until(rig, has_error, NULL);
	assert_passed(rig, 3);
	rig_close(rig);
}

Test(forward, gives_each_message_once_when_the_listener_ends)
{
	struct rig *rig;

	peer_tcp(&peer, "127.0.0.1");
	rig = open_with("{ \"to\": [\"tcp://127.0.0.1:%u\"] }", peer.port);
	rig_feed_text(rig, "the only one");
	rig_close(rig);
	peer_collect(&peer);
	cr_assert_str_eq(peer.got, "the only one\n");
}

Test(forward, finds_a_peer_again_by_itself)
{
	struct rig *rig;

	peer_tcp(&peer, "127.0.0.1");
	rig = open_with("{ \"to\": [\"tcp://127.0.0.1:%u\"] }", peer.port);
	rig_feed_text(rig, "one");
	until_peer_has(rig, 4);
	peer_leave(&peer);
	rig_until(rig, has_error, NULL);
	rig_feed_text(rig, "two");
	peer_return(&peer);
	until_peer_has(rig, 8);
	rig_feed_text(rig, "three");
	until_peer_has(rig, 14);
	cr_assert_str_eq(peer.got, "one\ntwo\nthree\n");
	cr_assert_eq(rig_counter(rig, FORWARD, "reconnects"), 1);
	rig_close(rig);
}

/* The record in the next line of the peer. */
static json_t *next_record(size_t *at)
{
	const char *end = strchr(peer.got + *at, '\n');
	json_t *record;

	cr_assert_not_null(end);
	record = json_loadb(peer.got + *at, (size_t)(end - peer.got) - *at, 0, NULL);
	cr_assert_not_null(record, "no JSON: %s", peer.got + *at);
	*at = (size_t)(end + 1 - peer.got);
	return record;
}

static bool peer_has_two_lines(struct rig *rig, void *arg)
{
	(void)rig;
	(void)arg;
	peer_collect(&peer);
	return peer.n && strchr(peer.got, '\n') != strrchr(peer.got, '\n');
}

Test(forward, records_hold_the_document_that_json_decoded)
{
	struct rig *rig;
	size_t at = 0;
	json_t *record;

	peer_tcp(&peer, "127.0.0.1");
	rig = open_with("{ \"to\": [\"tcp://127.0.0.1:%u\"], \"payload\": \"record\" }", peer.port);
	rig_feed_text(rig, "{ \"a\":\n[1, \"\xe2\x80\xae\"] }");
	rig_feed_text(rig, "no\njson");
	rig_until(rig, peer_has_two_lines, NULL);
	cr_assert_null(strstr(peer.got, "\xe2\x80\xae"), "a bidi character is sent raw");

	record = next_record(&at);
	cr_assert_eq(json_integer_value(json_object_get(record, "seq")), 1);
	cr_assert_str_eq(json_string_value(json_object_get(record, "time")), "2026-01-31T12:00:00.123456Z");
	cr_assert_str_eq(json_string_value(json_object_get(record, "group")), "239.255.0.1");
	cr_assert_str_eq(json_string_value(json_object_get(record, "interface")), "lo");
	cr_assert_str_eq(json_string_value(json_array_get(json_object_get(json_object_get(record, "json"), "a"), 1)),
			 "\xe2\x80\xae");
	json_decref(record);

	record = next_record(&at);
	cr_assert_str_eq(json_string_value(json_object_get(record, "text")), "no\njson");
	cr_assert_null(json_object_get(record, "json"));
	json_decref(record);
	cr_assert_eq(rig_counter(rig, FORWARD, "replaced"), 0);
	rig_close(rig);
}

Test(forward, says_what_is_wrong_before_anything_starts)
{
	struct mcast_addr listen;
	static const struct {
		const char *options, *words;
	} rows[] = {
		{ "{ \"to\": [\"udp://host\"] }", "to[0]: \"udp://host\": no port; write udp://host:port" },
		{ "{ \"to\": [\"udp://239.255.0.1:59259\"] }", "the listener hears 239.255.0.1:59259 itself" },
		{ "{ \"too\": [\"udp://host:5\"] }", "\"to\"" },
		{ NULL, "to" },
	};

	cr_assert_eq(address_parse_port("239.255.0.1:59259", &listen), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct rig_handler handler = { "forward", rows[i].options, ON_ERROR_PASS };
		const char *words = rig_refuses(&handler, 1, &listen, 1);

		cr_assert(strstr(words, rows[i].words), "%s: said %s", rows[i].options, words);
	}
}
