/* forwarding.c - tests of the whole: what a chain sends on, to peers that are there, away, dying or asleep */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/netns.h"
#include "support/program.h"
#include "support/site.h"
#include "support/wire.h"

static void enter(void)
{
	site_enter();
	netns_enter();
}

TestSuite(forwarding, .init = enter, .fini = site_leave);

static int sender(void)
{
	return wire_open(&(struct wire_sender){ .group = "224.0.0.1:59259", .interface = "lo",
						.source = "127.0.0.1", .ttl = 1 });
}

/* A listener whose chain is logger, json and a forwarder with these options. */
static struct program *forwarder(const char *options, const char *count)
{
	struct program *p;

	site_manifest("{'version': 1, 'chain': ['logger', {'handler': 'json', 'options': {'on_invalid': 'pass'}},"
		      " {'handler': 'forward', 'options': {%s}}]}", options);
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", count);
	program_says(p, "hearing");
	return p;
}

/* A peer that gives on stdout what it receives, once it is ready to. */
static struct program *peer(const char *address, const char *ready)
{
	struct program *p = program("socat", "-u", "-d", "-d", address, "STDOUT");

	program_says(p, ready);
	return p;
}

#define UDP_PEER peer("UDP4-RECV:5999,bind=127.0.0.1", "starting data transfer")
#define TCP_PEER peer("TCP4-LISTEN:5999,bind=127.0.0.1,reuseaddr", "listening on")
#define UNIX_PEER peer("UNIX-LISTEN:peer", "listening on")

/* What the forwarder's README promises at the end. */
static void expect_sums(struct program *p)
{
	cr_assert_eq(program_counter(p, "forward", "offered"),
		     program_counter(p, "forward", "sent") + program_counter(p, "forward", "dropped"), "%s",
		     program_err(p));
	cr_assert_eq(program_counter(p, "forward", "buffered"), 0);
	cr_assert_eq(program_count(p, "forward", "failed"), 0);
	program_law(p);
}

Test(forwarding, sends_datagrams_as_they_are)
{
	struct program *there = UDP_PEER;
	struct program *p = forwarder("'to': ['udp://127.0.0.1:5999']", "3");
	int fd = sender();

	wire_say(fd, "one\n");
	wire_say(fd, "two\r\nlines\n");
	wire_say(fd, "{\"a\": 1}\n");
	cr_assert_eq(program_ends(p), 0);
	program_gives(there, "1}\n");
	cr_assert_str_eq(program_out(there), "one\ntwo\r\nlines\n{\"a\": 1}\n");
	cr_assert_eq(program_counter(p, "forward", "sent"), 3);
	cr_assert_eq(program_counter(p, "forward", "bytes"), 24);
	expect_sums(p);
	program_free(p);
	program_free(there);
	close(fd);
}

Test(forwarding, frames_streams_by_newlines_or_counts)
{
	static const struct {
		const char *to, *framing, *gives;
		unsigned replaced, dropped;
	} table[] = {
		{ "tcp://127.0.0.1:5999", "newline", "one\ntwo  lines\n\nlast\n", 2, 0 },
		{ "tcp://127.0.0.1:5999", "octet-count", "3 one10 two\r\nlines4 last", 0, 1 },
		{ "unix:peer", "newline", "one\ntwo  lines\n\nlast\n", 2, 0 },
		{ "unix:peer", "octet-count", "3 one10 two\r\nlines4 last", 0, 1 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		bool tcp = table[i].to[0] == 't';
		struct program *there = tcp ? TCP_PEER : UNIX_PEER;
		char options[512], *cwd = getcwd(NULL, 0);
		struct program *p;
		int fd = sender();

		snprintf(options, sizeof(options), "'to': ['%s%s%s'], 'framing': '%s'", tcp ? table[i].to : "unix://",
			 tcp ? "" : cwd, tcp ? "" : "/peer", table[i].framing);
		p = forwarder(options, "4");
		wire_say(fd, "one");
		wire_say(fd, "two\r\nlines");
		wire_say(fd, "");
		wire_say(fd, "last");
		cr_assert_eq(program_ends(p), 0);
		cr_assert_eq(program_ends(there), 0);
		cr_assert_str_eq(program_out(there), table[i].gives);
		cr_assert_eq(program_counter(p, "forward", "replaced"), table[i].replaced);
		cr_assert_eq(program_counter(p, "forward", "dropped"), table[i].dropped);
		expect_sums(p);
		program_free(p);
		program_free(there);
		unlink("peer");
		free(cwd);
		close(fd);
	}
}

Test(forwarding, sends_records_with_the_document)
{
	struct program *there = TCP_PEER;
	struct program *p = forwarder("'to': ['tcp://127.0.0.1:5999'], 'payload': 'record'", "2");
	json_t *one, *two;
	int fd = sender();

	wire_say(fd, "{\"a\": [1]}");
	wire_say(fd, "two\nlines");
	cr_assert_eq(program_ends(p), 0);
	cr_assert_eq(program_ends(there), 0);
	one = json_loads(program_out(there), JSON_DISABLE_EOF_CHECK, NULL);
	two = json_loads(strchr(program_out(there), '\n') + 1, 0, NULL);
	cr_assert(one && two, "%s", program_out(there));
	cr_assert_str_eq(json_string_value(json_object_get(one, "text")), "{\"a\": [1]}");
	cr_assert_eq(json_integer_value(json_array_get(json_object_get(json_object_get(one, "json"), "a"), 0)), 1);
	cr_assert_str_eq(json_string_value(json_object_get(two, "text")), "two\nlines");
	cr_assert_str_eq(json_string_value(json_object_get(two, "source")), "127.0.0.1");
	cr_assert_null(json_object_get(two, "json"));
	json_decref(one);
	json_decref(two);
	expect_sums(p);
	program_free(p);
	program_free(there);
	close(fd);
}

Test(forwarding, gives_all_peers_the_same)
{
	enum { COUNT = 2000 };
	struct program *there[] = { UDP_PEER, TCP_PEER, UNIX_PEER }, *p;
	char text[32], options[512], *cwd = getcwd(NULL, 0);
	int fd = sender();

	snprintf(options, sizeof(options), "'to': ['udp://127.0.0.1:5999', 'tcp://127.0.0.1:5999', 'unix://%s/peer'],"
		 " 'framing': 'octet-count'", cwd);
	p = forwarder(options, "2000");
	for (int i = 0; i < COUNT; i++) {
		snprintf(text, sizeof(text), "line %04d\n", i);
		wire_say(fd, text);
		/* The peer's own buffer is small, and udp has no other. */
		for (int k = 0; k < 3 && i % 50 == 49; k++)
			program_gives(there[k], text);
	}
	cr_assert_eq(program_ends(p), 0);
	for (int k = 0; k < 3; k++) {
		const char *at;

		program_gives(there[k], "line 1999\n");
		at = program_out(there[k]);
		for (int i = 0; i < COUNT; i++) {
			int n = snprintf(text, sizeof(text), "%sline %04d\n", k ? "10 " : "", i);

			cr_assert_eq(strncmp(at, text, (size_t)n), 0, "peer %d: %.40s", k, at);
			at += n;
		}
		cr_assert_str_eq(at, "");
		program_free(there[k]);
	}
	cr_assert_eq(program_counter(p, "forward", "sent"), 3 * COUNT);
	expect_sums(p);
	program_free(p);
	free(cwd);
	close(fd);
}

Test(forwarding, keeps_for_a_peer_what_came_before_it_was_there)
{
	struct program *p = forwarder("'to': ['tcp://127.0.0.1:5999']", "4"), *there;
	int fd = sender();

	wire_say(fd, "one");
	wire_say(fd, "two");
	program_says(p, "Connection refused");
	program_gives(p, "two\n");
	there = TCP_PEER;
	program_gives(there, "one\ntwo\n");
	wire_say(fd, "three");
	program_gives(there, "three\n");
	wire_say(fd, "four");
	cr_assert_eq(program_ends(p), 0);
	cr_assert_eq(program_ends(there), 0);
	cr_assert_str_eq(program_out(there), "one\ntwo\nthree\nfour\n");
	cr_assert_eq(program_counter(p, "forward", "sent"), 4);
	cr_assert_geq(program_counter(p, "forward", "errors"), 1);
	cr_assert_eq(program_counter(p, "forward", "reconnects"), 0);
	expect_sums(p);
	program_free(p);
	program_free(there);
	close(fd);
}

Test(forwarding, goes_on_with_a_peer_that_died_and_came_back)
{
	struct program *there = TCP_PEER;
	struct program *p = forwarder("'to': ['tcp://127.0.0.1:5999']", "4");
	int fd = sender();

	wire_say(fd, "before");
	program_gives(there, "before\n");
	program_free(there);
	program_says(p, "trying again");
	wire_say(fd, "while away 1");
	wire_say(fd, "while away 2");
	program_gives(p, "away 2\n");
	there = TCP_PEER;
	program_gives(there, "away 2\n");
	wire_say(fd, "after");
	cr_assert_eq(program_ends(p), 0);
	cr_assert_eq(program_ends(there), 0);
	cr_assert_str_eq(program_out(there), "while away 1\nwhile away 2\nafter\n");
	cr_assert_eq(program_counter(p, "forward", "sent"), 4);
	cr_assert_eq(program_counter(p, "forward", "reconnects"), 1);
	expect_sums(p);
	program_free(p);
	program_free(there);
	close(fd);
}

Test(forwarding, drops_what_waits_in_vain_at_the_end)
{
	struct program *p = forwarder("'to': ['tcp://127.0.0.1:5999']", "3");
	int fd = sender();

	wire_say(fd, "1");
	wire_say(fd, "2");
	wire_say(fd, "3");
	cr_assert_eq(program_ends(p), 0);
	cr_assert_eq(program_counter(p, "forward", "offered"), 3);
	cr_assert_eq(program_counter(p, "forward", "dropped"), 3);
	cr_assert_eq(program_count(p, "forward", "passed"), 3);
	expect_sums(p);
	program_free(p);
	close(fd);
}

Test(forwarding, a_port_that_refuses_is_an_error_and_no_failure)
{
	struct program *p = forwarder("'to': ['udp://127.0.0.1:5999']", "3");
	struct program *there;
	int fd = sender();

	wire_say(fd, "one\n");
	wire_say(fd, "two\n");
	program_says(p, "Connection refused");
	program_gives(p, "two");
	there = UDP_PEER;
	wire_say(fd, "three\n");
	cr_assert_eq(program_ends(p), 0);
	program_gives(there, "three\n");
	cr_assert_str_eq(program_out(there), "three\n");
	cr_assert_geq(program_counter(p, "forward", "errors"), 1);
	cr_assert_eq(program_counter(p, "forward", "offered"), 3);
	expect_sums(p);
	program_free(p);
	program_free(there);
	close(fd);
}

Test(forwarding, from_group_to_group_another_listener_hears_it)
{
	struct program *there = program("mcast-hear", "-g", "239.255.0.2", "-i", "lo", "-n", "2");
	struct program *p;
	int fd = sender();

	program_says(there, "hearing");
	p = forwarder("'to': ['udp://239.255.0.2:59259?interface=lo&ttl=0']", "2");
	wire_say(fd, "hello");
	wire_say(fd, "world");
	cr_assert_eq(program_ends(p), 0);
	cr_assert_eq(program_ends(there), 0);
	cr_assert_str_eq(program_heard(there), "239.255.0.2:59259 5 hello\n239.255.0.2:59259 5 world\n");
	cr_assert(strstr(program_out(there), " lo 127.0.0.1:"), "%s", program_out(there));
	cr_assert_eq(program_counter(p, "forward", "sent"), 2);
	expect_sums(p);
	program_law(there);
	program_free(p);
	program_free(there);
	close(fd);
}

Test(forwarding, refuses_what_the_listener_hears_itself)
{
	static const char *const targets[] = {
		"udp://239.255.0.1:5000",
		"udp://239.255.0.1:5000?interface=lo&ttl=0",
		"udp://[ff02::4:1%lo]:5001",
	};

	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++) {
		struct program *p;

		site_manifest("{'version': 1, 'listen': [{'group': '239.255.0.1', 'port': 5000, 'interface': 'lo'},\n"
			      "{'group': 'ff02::4:1%%lo', 'port': 5001}],\n'chain': ['logger',\n"
			      "{'handler': 'forward', 'options': {'to': ['udp://239.255.0.2:5000', '%s']}}]}",
			      targets[i]);
		p = program("mcast-hear", "--plugins");
		cr_assert_eq(program_ends(p), 78, "%s: %s", targets[i], program_err(p));
		cr_assert(strstr(program_err(p), "handlers.d/manifest.json:4: /chain/1"), "%s", program_err(p));
		cr_assert(strstr(program_err(p), "would come back for ever"), "%s", program_err(p));
		cr_assert(strstr(program_err(p), targets[i]), "%s", program_err(p));
		program_free(p);
	}
}

/* A TCP socket that takes connections and never reads. */
static int sleeper(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(5999),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 4096;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 && listen(fd, 4) == 0);
	return fd;
}

Test(forwarding, a_peer_that_never_reads_stalls_nobody)
{
	static const char *const policies[] = { "drop-oldest", "drop-newest" };
	enum { COUNT = 6000, SIZE = 1000 };

	for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
		int fd = sender(), asleep = sleeper(), status;
		char options[256], text[SIZE + 1];
		struct program *p;

		snprintf(options, sizeof(options), "'to': ['tcp://127.0.0.1:5999'], 'buffer': '64k', 'on_full': '%s'",
			 policies[i]);
		p = forwarder(options, "1000000");
		memset(text, 'x', SIZE);
		text[SIZE] = '\0';
		for (int k = 1; k <= COUNT; k++) {
			char number[16];

			snprintf(number, sizeof(number), "%06d", k);
			memcpy(text, number, 6);
			wire_say(fd, text);
			if (k % 50 == 0)
				program_gives(p, number);
		}
		/* It waits for a peer that is there, and a second signal ends that. */
		program_signal(p, SIGTERM);
		program_signal(p, SIGINT);
		status = program_ends(p);
		cr_assert(status == 143 || status == 130, "%d", status);
		cr_assert_eq(program_counter(p, "logger", "lines"), COUNT);
		cr_assert_eq(program_count(p, "forward", "passed"), COUNT);
		cr_assert_eq(program_counter(p, "forward", "offered"), COUNT);
		cr_assert_geq(program_counter(p, "forward", "sent"), 1);
		cr_assert_geq(program_counter(p, "forward", "dropped"), 1);
		expect_sums(p);
		program_free(p);
		close(fd);
		close(asleep);
	}
}
