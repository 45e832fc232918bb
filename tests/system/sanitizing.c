/* sanitizing.c - tests of the whole: "sanitize" of the manifest, each option on real datagrams */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/netns.h"
#include "support/program.h"
#include "support/site.h"
#include "support/wire.h"

static void enter(void)
{
	site_enter();
	netns_enter();
	netns_ip("addr add 10.1.2.3/8 dev lo");
}

TestSuite(sanitizing, .init = enter, .fini = site_leave);

static int sender(const char *source, int ttl)
{
	return wire_open(&(struct wire_sender){ .group = "224.0.0.1:59259", .interface = "lo", .source = source,
						.ttl = ttl });
}

struct payload {
	const char *bytes;
	size_t len;
	const char *line;	/* what the logger makes of it: "5 hello"; NULL: it is dropped */
};

#define SAYS(text, line) { text, sizeof(text) - 1, line }
#define PAYLOADS 8

/* Options, payloads, and the sanitizer's words for what it dropped of them. */
static const struct {
	const char *options;
	const char *words;
	struct payload says[PAYLOADS];
} texts[] = {
	{ "", "passed 3, repaired 2, dropped 2: encoding 2",
	  { SAYS("\xFF\xFE", NULL), SAYS("a\0b", "5 a\xE2\x90\x80" "b"), SAYS("\xC2\x9B" "2J", "5 \xEF\xBF\xBD" "2J"),
	    SAYS("\xED\xA0\x80", NULL), SAYS("\xE2\x80\xAE", "3 \\u{202E}") } },
	{ "'profile': 'binary'", "passed 3, repaired 0, dropped 0",
	  { SAYS("\xFF\xFE", "2 \\xFF\\xFE"), SAYS("a\0b", "3 a\\x00b"), SAYS("", "0 ") } },
	{ "'on_control': 'drop'", "passed 2, repaired 0, dropped 3: control 3",
	  { SAYS("\033[2J", NULL), SAYS("a\0b", NULL), SAYS("\xC2\x85", NULL), SAYS("a\tb\r\n", "5 a\\tb\\r\\n"),
	    SAYS("a", "1 a") } },
	{ "'on_control': 'keep'", "passed 2, repaired 0, dropped 0",
	  { SAYS("\033[2J", "4 \\x1B[2J"), SAYS("a\0b", "3 a\\x00b") } },
	{ "'on_bidi': 'drop'", "passed 1, repaired 0, dropped 3: bidi 3",
	  { SAYS("\xE2\x80\xAE", NULL), SAYS("\xE2\x80\xA8", NULL), SAYS("x\xD8\x9C", NULL),
	    SAYS("\xD7\x90", "2 \xD7\x90") } },
	{ "'on_bidi': 'replace'", "passed 2, repaired 1, dropped 0",
	  { SAYS("a\xE2\x80\xAE" "b", "5 a\xEF\xBF\xBD" "b"), SAYS("\xD7\x90", "2 \xD7\x90") } },
	{ "'min_bytes': 3, 'max_bytes': 5", "passed 2, repaired 0, dropped 4: short 2, long 1, grown 1",
	  { SAYS("", NULL), SAYS("ab", NULL), SAYS("abc", "3 abc"), SAYS("abcde", "5 abcde"), SAYS("abcdef", NULL),
	    SAYS("\033[2J", NULL) } },
	{ "'profile': 'binary', 'max_bytes': '1k', 'min_bytes': 1", "passed 1, repaired 0, dropped 1: short 1",
	  { SAYS("", NULL), SAYS("\x80", "1 \\x80") } },
};

static struct program *sanitizing(const char *options, unsigned count)
{
	struct program *p;
	char number[16];

	snprintf(number, sizeof(number), "%u", count);
	site_manifest("{'version': 1, 'sanitize': {%s}, 'chain': ['logger']}", options);
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", number);
	program_says(p, "hearing");
	return p;
}

static void expect(struct program *p, const char *options, const char *words, const char *heard)
{
	const char *sanitizer;

	cr_assert_eq(program_ends(p), 0);
	cr_assert_str_eq(program_heard(p), heard, "%s", options);
	sanitizer = strstr(program_err(p), "mcast-hear: sanitizer: ");
	cr_assert(sanitizer, "%s", program_err(p));
	sanitizer += strlen("mcast-hear: sanitizer: ");
	cr_assert_str_eq(strndupa(sanitizer, strcspn(sanitizer, "\n")), words, "%s", options);
	program_law(p);
	program_free(p);
}

Test(sanitizing, what_text_may_be_is_as_the_manifest_says)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const struct payload *says = texts[i].says;
		int fd = sender("127.0.0.1", 1);
		char heard[1024] = "";
		struct program *p;
		unsigned n = 0;
		size_t used = 0;

		while (n < PAYLOADS && says[n].bytes)
			n++;
		p = sanitizing(texts[i].options, n);
		for (unsigned k = 0; k < n; k++) {
			wire_send(fd, says[k].bytes, says[k].len);
			if (says[k].line)
				used += (size_t)snprintf(heard + used, sizeof(heard) - used, "224.0.0.1:59259 %s\n",
							 says[k].line);
		}
		expect(p, texts[i].options, texts[i].words, heard);
		close(fd);
	}
}

/* From 127.0.0.1 and from 10.1.2.3, each with its TTL. */
static const struct {
	const char *options;
	const char *words;
	int ttl[2];
	bool heard[2];
} senders[] = {
	{ "'min_ttl': 2", "passed 1, repaired 0, dropped 1: ttl 1", { 1, 2 }, { false, true } },
	{ "'min_ttl': 255", "passed 1, repaired 0, dropped 1: ttl 1", { 255, 254 }, { true, false } },
	{ "'min_ttl': 1", "passed 2, repaired 0, dropped 0", { 1, 1 }, { true, true } },
	{ "'allow': ['10.0.0.0/8']", "passed 1, repaired 0, dropped 1: source 1", { 1, 1 }, { false, true } },
	{ "'allow': ['10.0.0.0/8', '127.0.0.1']", "passed 2, repaired 0, dropped 0", { 1, 1 }, { true, true } },
	{ "'deny': ['10.1.2.0/24']", "passed 1, repaired 0, dropped 1: source 1", { 1, 1 }, { true, false } },
	{ "'allow': ['0.0.0.0/0'], 'deny': ['0.0.0.0/1']", "passed 0, repaired 0, dropped 2: source 2", { 1, 1 },
	  { false, false } },
	{ "'allow': ['fe80::/10']", "passed 0, repaired 0, dropped 2: source 2", { 1, 1 }, { false, false } },
	{ "'deny': ['10.1.2.3'], 'min_ttl': 9", "passed 0, repaired 0, dropped 2: source 1, ttl 1", { 1, 1 },
	  { false, false } },
};

Test(sanitizing, whom_to_hear_is_as_the_manifest_says)
{
	static const char *const sources[] = { "127.0.0.1", "10.1.2.3" };

	for (size_t i = 0; i < sizeof(senders) / sizeof(*senders); i++) {
		struct program *p = sanitizing(senders[i].options, 2);
		char heard[256] = "";
		size_t used = 0;

		for (int k = 0; k < 2; k++) {
			int fd = sender(sources[k], senders[i].ttl[k]);

			wire_say(fd, sources[k]);
			close(fd);
			if (senders[i].heard[k])
				used += (size_t)snprintf(heard + used, sizeof(heard) - used, "224.0.0.1:59259 %zu %s\n",
							 strlen(sources[k]), sources[k]);
		}
		expect(p, senders[i].options, senders[i].words, heard);
	}
}

Test(sanitizing, a_sender_over_its_rate_is_cut_and_no_other)
{
	struct program *p = sanitizing("'rate': 1, 'burst': 3", 103);
	int loud = sender("127.0.0.1", 1), quiet = sender("10.1.2.3", 1);
	uint64_t rate;

	for (int i = 0; i < 100; i++)
		wire_say(loud, "loud");
	for (int i = 0; i < 3; i++)
		wire_say(quiet, "quiet");
	cr_assert_eq(program_ends(p), 0);
	rate = program_count(p, "sanitizer", "rate");
	cr_assert_leq(rate, 97);
	cr_assert_geq(rate, 90, "%lu: as if these 103 had taken seven seconds", rate);
	cr_assert_eq(program_count(p, "sanitizer", "passed"), 103 - rate);
	cr_assert_eq(strncmp(program_heard(p), "224.0.0.1:59259 4 loud\n224.0.0.1:59259 4 loud\n"
			     "224.0.0.1:59259 4 loud\n", 3 * 23), 0, "%s", program_out(p));
	cr_assert_str_eq(strstr(program_heard(p), "224.0.0.1:59259 5 quiet"),
			 "224.0.0.1:59259 5 quiet\n224.0.0.1:59259 5 quiet\n224.0.0.1:59259 5 quiet\n");
	program_law(p);
	program_free(p);
	close(loud);
	close(quiet);
}

Test(sanitizing, the_longest_datagrams_and_empty_ones_come_through_whole)
{
	enum { COUNT = 5, LONG = 65507 };	/* as many as an unprivileged receive buffer holds */
	char *text = malloc(LONG), *feed, *at;
	int fd = sender("127.0.0.1", 1);
	struct program *p;
	size_t size;

	site_manifest("{'version': 1, 'chain': ['json', {'handler': 'logger', 'options': {'path': 'feed',"
		      " 'format': 'raw'}}]}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "10");
	program_says(p, "hearing");
	memset(text, ' ', LONG);
	for (int i = 0; i < COUNT; i++) {
		text[i] = '7';
		wire_send(fd, text, LONG);
		text[i] = ' ';
		wire_send(fd, "", 0);
	}
	cr_assert_eq(program_ends(p), 0);
	at = feed = site_read("feed", &size);
	cr_assert_eq(size, (size_t)COUNT * LONG);
	for (int i = 0; i < COUNT; i++, at += LONG) {
		cr_assert_eq(strspn(at, " "), (size_t)i);
		cr_assert_eq(at[i], '7');
	}
	free(feed);
	cr_assert_eq(program_counter(p, "json", "valid"), COUNT);
	cr_assert_eq(program_count(p, "json", "dropped"), COUNT, "an empty text is no JSON");
	program_law(p);
	program_free(p);
	free(text);
	close(fd);
}
