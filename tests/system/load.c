/* load.c - tests of the whole: many datagrams at once and over time: nothing lost, or each loss counted; nothing grows */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/netns.h"
#include "support/program.h"
#include "support/site.h"
#include "support/wire.h"

#ifdef __has_feature
#define CLANG_SANITIZES (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define CLANG_SANITIZES 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || CLANG_SANITIZES
#define SLACK_KB 300000		/* of the sanitizer's own; and it keeps freed memory for a while */
#define ROUNDS 2
#else
#define SLACK_KB 512
#define ROUNDS 10
#endif

static void enter(void)
{
	site_enter();
	netns_enter();
	site_drop("obeys", "obeys");
}

TestSuite(load, .init = enter, .fini = site_leave);

static int sender(void)
{
	return wire_open(&(struct wire_sender){ .group = "224.0.0.1:59259", .interface = "lo",
						.source = "127.0.0.1", .ttl = 1 });
}

/* Whether the kernel gave the receive buffer that was asked for. */
static bool has_room(struct program *p)
{
	return !strstr(program_err(p), "grants a receive buffer");
}

Test(load, loses_nothing_of_10000_back_to_back_through_a_whole_chain)
{
	enum { COUNT = 10000 };
	uint64_t received, lost, sum = 0, last = 0;
	struct program *p;
	char text[64], *feed;
	int fd;

	site_drop("wants_json", "wants_json");
	site_manifest("{'version': 1, 'chain': [{'handler': 'logger', 'options': {'path': 'feed', 'format': 'json'}},"
		      " 'json', 'wants_json', 'obeys', {'handler': 'logger', 'options': {'path': 'text'}},"
		      " {'handler': 'forward', 'options': {'to': ['udp://239.255.0.9:9?interface=lo&ttl=0']}}]}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-t", "1");
	program_says(p, "hearing");
	fd = sender();
	for (int i = 1; i <= COUNT; i++) {
		snprintf(text, sizeof(text), "{\"value\": %d, \"unit\": \"\xC2\xB0" "C\"}", i);
		wire_say(fd, text);
	}
	cr_assert_eq(program_ends(p), 0);
	received = program_count(p, NULL, "received");
	lost = program_count(p, NULL, "the kernel dropped");
	cr_assert_eq(received + lost, COUNT);
	cr_assert(!has_room(p) || lost == 0, "%lu lost", lost);

	feed = lines_heard(site_read("text", NULL));
	for (const char *line = feed; *line; line = strchr(line, '\n') + 1) {
		uint64_t value = strtoull(strstr(line, "\"value\": ") + 9, NULL, 10);
		char expected[128];
		int n = snprintf(text, sizeof(text), "{\"value\": %lu, \"unit\": \"\xC2\xB0" "C\"}", value);

		snprintf(expected, sizeof(expected), "224.0.0.1:59259 %d %s\n", n, text);
		cr_assert_eq(strncmp(line, expected, strlen(expected)), 0, "%.80s", line);
		cr_assert_gt(value, last);
		last = value;
		sum += value;
	}
	free(feed);
	cr_assert(lost || sum == (uint64_t)COUNT * (COUNT + 1) / 2);
	cr_assert_eq(program_counter(p, "wants_json", "sum"), sum);
	cr_assert_eq(program_counter(p, "json", "valid"), received);
	cr_assert_eq(program_counter(p, "logger", "lines"), received);
	cr_assert_eq(program_counter(p, "forward", "offered"), received);
	cr_assert_eq(program_counter(p, "forward", "sent") + program_counter(p, "forward", "dropped"), received);
	program_law(p);
	program_free(p);
	close(fd);
}

Test(load, counts_and_tells_every_loss_of_a_small_receive_buffer)
{
	enum { COUNT = 20000 };
	uint64_t received, lost;
	struct program *p;
	char text[16];
	unsigned last = 0;
	int fd;

	site_manifest("{'version': 1, 'listen': [{'group': '239.255.0.1', 'interface': 'lo', 'rcvbuf': 4096}],"
		      " 'chain': ['json', 'obeys', {'handler': 'logger', 'options': {'format': 'raw'}}]}");
	p = program("mcast-hear", "--plugins", "-t", "1");
	program_says(p, "hearing");
	fd = wire_open(&(struct wire_sender){ .group = "239.255.0.1:59259", .interface = "lo", .ttl = 1 });
	for (unsigned i = 1; i <= COUNT; i++) {
		snprintf(text, sizeof(text), "%06u\n", 100000 + i);
		wire_say(fd, text);
		if (i % 500 == 0)
			program_pump(p);
	}
	cr_assert_eq(program_ends(p), 0);
	received = program_count(p, NULL, "received");
	lost = program_count(p, NULL, "the kernel dropped");
	cr_assert_eq(received + lost, COUNT, "received %lu, lost %lu", received, lost);
	cr_assert_geq(lost, 1, "else this test tests nothing");
	snprintf(text, sizeof(text), " %lu since", lost);
	cr_assert(strstr(program_err(p), text), "%s", program_err(p));
	cr_assert(strstr(program_err(p), "the receive buffer was full"), "%s", program_err(p));
	cr_assert_eq(program_out_size(p), received * 7);
	for (const char *line = program_out(p); *line; line += 7) {
		cr_assert_gt((unsigned)atoi(line), last);
		last = (unsigned)atoi(line);
	}
	program_law(p);
	program_free(p);
	close(fd);
}

Test(load, a_burst_of_long_empty_and_short_ones_is_sorted_and_counted)
{
	enum { COUNT = 200, LONG = 65507 };
	uint64_t received, lost, longs, shorts;
	char *text = malloc(LONG);
	struct program *p;
	int fd;

	site_manifest("{'version': 1, 'sanitize': {'min_bytes': 1, 'max_bytes': 100}, 'chain': ['obeys', 'logger']}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-t", "1");
	program_says(p, "hearing");
	fd = sender();
	memset(text, 'x', LONG);
	for (int i = 0; i < COUNT; i++) {
		wire_send(fd, text, LONG);
		wire_send(fd, text, 101);
		wire_send(fd, text, 0);
		wire_send(fd, text, 100);
	}
	cr_assert_eq(program_ends(p), 0);
	received = program_count(p, NULL, "received");
	lost = program_count(p, NULL, "the kernel dropped");
	longs = program_count(p, "sanitizer", "long");
	shorts = program_count(p, "sanitizer", "short");
	cr_assert_eq(received + lost, 4 * COUNT);
	cr_assert_eq(program_counter(p, "logger", "lines"), received - longs - shorts);
	if (has_room(p)) {
		cr_assert_eq(lost, 0);
		cr_assert_eq(longs, 2 * COUNT);
		cr_assert_eq(shorts, COUNT);
	}
	for (const char *line = program_heard(p); *line; line = strchr(line, '\n') + 1) {
		cr_assert_eq(strncmp(line, "224.0.0.1:59259 100 xxx", 23), 0, "%.40s", line);
		cr_assert_eq(strspn(line + 20, "x"), 100);
	}
	program_law(p);
	program_free(p);
	free(text);
	close(fd);
}

/* Sends count datagrams, no more at once than an unprivileged receive buffer holds; the last one is through then. */
static void round_trip(struct program *p, int fd, unsigned first, unsigned count)
{
	char text[24];

	for (unsigned i = first; i < first + count; i++) {
		snprintf(text, sizeof(text), "[%07u]\n", 1000000 + i);
		wire_say(fd, text);
		if (i % 250 == 249)
			program_gives(p, text);
	}
}

Test(load, takes_no_more_memory_and_descriptors_after_many_than_after_some)
{
	enum { COUNT = 20000 };
	uint64_t before, after;
	struct program *p;
	unsigned open;
	int fd;

	site_drop("wants_json", "wants_json");
	site_manifest("{'version': 1, 'chain': [{'handler': 'logger', 'options': {'path': 'feed', 'max_size': '256k',"
		      " 'keep': 2}}, 'json', 'wants_json', 'obeys', {'handler': 'logger', 'options': {'format': 'raw'}},"
		      " {'handler': 'forward', 'options': {'to': ['udp://239.255.0.9:9?interface=lo&ttl=0']}}]}");
	p = program("mcast-hear", "--plugins", "-i", "lo");
	program_says(p, "hearing");
	fd = sender();
	round_trip(p, fd, 0, COUNT);
	before = program_status(p, "VmRSS");
	open = program_descriptors(p);
	round_trip(p, fd, COUNT, (ROUNDS - 1) * COUNT);
	after = program_status(p, "VmRSS");
	cr_assert_leq(after, before + SLACK_KB, "%lu kB, then %lu kB", before, after);
	cr_assert_eq(program_descriptors(p), open);
	program_signal(p, SIGTERM);
	cr_assert_eq(program_ends(p), 143);
	cr_assert_eq(program_count(p, NULL, "received") + program_count(p, NULL, "the kernel dropped"), ROUNDS * COUNT);
	cr_assert_eq(program_counter(p, "wants_json", "array"), program_count(p, NULL, "received"));
	cr_assert_geq(program_counter(p, "logger", "rotations"), 10);
	program_law(p);
	program_free(p);
	close(fd);
}
