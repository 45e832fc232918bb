/* forwarding.c - tests: a forwarder, linked into the test, and one peer that it sends to over tcp */
#include "support/forwarding.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stand stand;
struct peer peer = { .fd = -1, .conn = -1 };

static void open_to(const char *more, uint16_t port)
{
	char options[256];

	snprintf(options, sizeof(options), "{ \"to\": [\"tcp://127.0.0.1:%u\"]%s }", port, more);
	stand_open(&stand, &mcast_handler, options);
}

void forward_to_peer(const char *more)
{
	peer_tcp(&peer, "127.0.0.1");
	open_to(more, peer.port);
}

void forward_to_nobody(const char *more)
{
	peer_tcp(&peer, "127.0.0.1");
	peer_leave(&peer);
	open_to(more, peer.port);
}

void forward_connected(const char *more)
{
	forward_to_peer(more);
	until_said("connected");
}

void forward_finish(void)
{
	stand_close(&stand);
	peer_free(&peer);
}

uint64_t count(const char *name)
{
	return stand_counter(&stand, name);
}

void assert_adds_up(void)
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

void until_peer_has(size_t bytes)
{
	stand_until(&stand, peer_has, &bytes);
}

void assert_peer_got(const char *bytes, size_t n)
{
	until_peer_has(n);
	cr_assert_eq(peer.n, n, "got %zu bytes, not %zu: %s", peer.n, n, peer.got);
	cr_assert_eq(memcmp(peer.got, bytes, n), 0, "got %s, not %s", peer.got, bytes);
}

static bool has_error(struct stand *at, const void *arg)
{
	(void)arg;
	return stand_counter(at, "errors") > 0;
}

void until_error(void)
{
	stand_until(&stand, has_error, NULL);
}

static bool has_said(struct stand *at, const void *arg)
{
	peer_collect(&peer);
	return strstr(at->said, arg) != NULL;
}

void until_said(const char *words)
{
	stand_until(&stand, has_said, words);
}

void next_try(void)
{
	cr_assert_neq(stand.at_ns, 0, "no tick was asked for");
	stand.now_ns = stand.at_ns;
	stand_tick(&stand);
}

unsigned forward_fill(unsigned n)
{
	char line[LINE];
	unsigned i = 0;

	memset(line, 'x', sizeof(line));
	line[LINE - 1] = '\0';
	while (i < n || !count("buffered")) {
		snprintf(line, 9, "%08u", ++i);
		line[8] = ' ';
		stand_feed_text(&stand, line);
	}
	return i;
}

unsigned line_number(size_t at)
{
	cr_assert_leq(at + LINE, peer.n, "there is no line at %zu of %zu bytes", at, peer.n);
	return (unsigned)strtoul(peer.got + at, NULL, 10);
}

unsigned assert_whole_lines(void)
{
	unsigned last = 0, lines = 0;

	cr_assert_eq(peer.n % LINE, 0, "%zu bytes are no number of lines", peer.n);
	for (size_t at = 0; at < peer.n; at += LINE, lines++) {
		cr_assert_gt(line_number(at), last, "line %u is out of order", lines);
		cr_assert_eq(strspn(peer.got + at + 9, "x"), LINE - 10, "line %u is not whole", lines);
		cr_assert_eq(peer.got[at + LINE - 1], '\n');
		last = line_number(at);
	}
	return lines;
}

static bool nothing_waits(struct stand *at, const void *arg)
{
	(void)arg;
	peer_collect(&peer);
	return !stand_counter(at, "buffered");
}

void assert_all_that_was_sent(void)
{
	stand_until(&stand, nothing_waits, NULL);
	until_peer_has(count("sent") * LINE);
	cr_assert_eq(assert_whole_lines(), count("sent"));
	cr_assert_eq(count("bytes"), peer.n);
	assert_adds_up();
}
