/* chains.c - tests of the whole: what a chain makes of real datagrams, from the shipped one on */
#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
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
}

TestSuite(chains, .init = enter, .fini = site_leave);

static int sender(const char *group)
{
	return wire_open(&(struct wire_sender){ .group = group, .interface = "lo", .source = "127.0.0.1", .ttl = 1 });
}

static void ship_manifest(void)
{
	size_t size;
	char *shipped = site_read(SOURCE_DIR "/handlers.d/manifest.json", &size);

	site_write("handlers.d/manifest.json", shipped, size);
	free(shipped);
}

Test(chains, the_shipped_one_logs_all_that_is_text_and_decodes_what_is_json)
{
	static const char *const says[] = {
		"{\"value\": 1}", "plain text", "\xC0\xAF", "\033[31mred\a", "{\"value\": ", "{\"a\":1,\"a\":2}",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "99999999999999999999", "\xE2\x82\xAC",
	};
	struct program *p;
	int fd;

	ship_manifest();
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "9");
	program_says(p, "hearing 224.0.0.1:59259 on lo; chain: logger > json\n");
	fd = sender("224.0.0.1:59259");
	for (size_t i = 0; i < sizeof(says) / sizeof(*says); i++)
		wire_say(fd, says[i]);
	cr_assert_eq(program_ends(p), 0);

	cr_assert_str_eq(program_heard(p),
			 "224.0.0.1:59259 12 {\"value\": 1}\n"
			 "224.0.0.1:59259 10 plain text\n"
			 "224.0.0.1:59259 13 \xE2\x90\x9B[31mred\xE2\x90\x87\n"
			 "224.0.0.1:59259 10 {\"value\": \n"
			 "224.0.0.1:59259 13 {\"a\":1,\"a\":2}\n"
			 "224.0.0.1:59259 67 [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n"
			 "224.0.0.1:59259 20 99999999999999999999\n"
			 "224.0.0.1:59259 3 \xE2\x82\xAC\n");
	cr_assert_eq(program_count(p, NULL, "received"), 9);
	cr_assert_eq(program_count(p, "sanitizer", "encoding"), 1);
	cr_assert_eq(program_count(p, "sanitizer", "repaired"), 1);
	cr_assert_eq(program_counter(p, "logger", "lines"), 8);
	cr_assert_eq(program_count(p, "json", "passed"), 8);
	cr_assert_eq(program_counter(p, "json", "valid"), 1);
	cr_assert_eq(program_counter(p, "json", "bad_syntax"), 4);
	cr_assert_eq(program_counter(p, "json", "duplicate_key"), 1);
	cr_assert_eq(program_counter(p, "json", "too_deep"), 1);
	cr_assert_eq(program_counter(p, "json", "number_range"), 1);
	program_law(p);
	program_free(p);
	close(fd);
}

Test(chains, a_drop_in_joins_the_shipped_one_behind_json)
{
	struct program *p;
	int fd;

	ship_manifest();
	site_drop("wants_json", "wants_json");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "4");
	program_says(p, "chain: logger > json > wants_json\n");
	fd = sender("224.0.0.1:59259");
	wire_say(fd, "{\"value\": 20}");
	wire_say(fd, "22");
	wire_say(fd, "no json");
	wire_say(fd, "\"text\"");
	cr_assert_eq(program_ends(p), 0);
	cr_assert_eq(program_counter(p, "wants_json", "sum"), 42);
	cr_assert_eq(program_counter(p, "wants_json", "string"), 1);
	cr_assert_eq(program_counter(p, "wants_json", "without"), 1);
	cr_assert_eq(program_counter(p, "json", "late"), 0, "nothing is decoded twice");
	program_law(p);
	program_free(p);
	close(fd);
}

/* The i-th line of stdout as an object, for the caller to give up. */
static json_t *record(struct program *p, unsigned i)
{
	const char *line = program_out(p);
	json_t *object;

	while (i--)
		line = strchr(line, '\n') + 1;
	object = json_loadb(line, strcspn(line, "\n"), 0, NULL);
	cr_assert(object, "%s", line);
	return object;
}

Test(chains, json_before_the_logger_gives_the_document_to_its_records)
{
	json_t *one, *two, *document = json_pack("{s:[i,s,n]}", "a", 1, "\xF0\x9F\x8C\x8D");
	struct program *p;
	int fd;

	site_manifest("{'version': 1, 'chain': [{'handler': 'json', 'options': {'on_invalid': 'pass'}},"
		      " {'handler': 'logger', 'options': {'format': 'json'}}]}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "2");
	program_says(p, "chain: json > logger");
	fd = sender("224.0.0.1:59259");
	wire_say(fd, "{\"a\" : [1, \"\xF0\x9F\x8C\x8D\", null]}");
	wire_say(fd, "{\"a\" : ");
	cr_assert_eq(program_ends(p), 0);

	one = record(p, 0);
	two = record(p, 1);
	cr_assert(json_equal(json_object_get(one, "json"), document), "%s", program_out(p));
	cr_assert_str_eq(json_string_value(json_object_get(one, "text")),
			 "{\"a\" : [1, \"\xF0\x9F\x8C\x8D\", null]}");
	cr_assert_null(json_object_get(two, "json"));
	cr_assert_str_eq(json_string_value(json_object_get(two, "text")), "{\"a\" : ");
	cr_assert_eq(json_integer_value(json_object_get(two, "seq")), 2);
	json_decref(one);
	json_decref(two);
	json_decref(document);
	program_law(p);
	program_free(p);
	close(fd);
}

Test(chains, what_json_drops_no_handler_behind_sees)
{
	struct program *p;
	int fd;

	site_manifest("{'version': 1, 'chain': ['json', 'logger']}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "3");
	program_says(p, "hearing");
	fd = sender("224.0.0.1:59259");
	wire_say(fd, "nothing");
	wire_say(fd, "[true]");
	wire_say(fd, "{,}");
	cr_assert_eq(program_ends(p), 0);
	cr_assert_str_eq(program_heard(p), "224.0.0.1:59259 6 [true]\n");
	cr_assert_eq(program_count(p, "json", "dropped"), 2);
	cr_assert_eq(program_count(p, "logger", "offered"), 1);
	program_law(p);
	program_free(p);
	close(fd);
}

Test(chains, a_document_is_made_on_demand_of_what_a_handler_wrote)
{
	struct program *p;
	int fd;

	site_drop("rewrites", "rewrites");
	site_drop("wants_json", "wants_json");
	site_manifest("{'version': 1, 'chain': [{'handler': 'json', 'options': {'on_invalid': 'pass'}}, 'rewrites',"
		      " 'wants_json', {'handler': 'logger', 'options': {'format': 'json'}}]}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "2");
	program_says(p, "hearing");
	fd = sender("224.0.0.1:59259");
	wire_say(fd, "{\"value\": 1}");
	wire_say(fd, "no document at all");
	cr_assert_eq(program_ends(p), 0);
	for (unsigned i = 0; i < 2; i++) {
		json_t *line = record(p, i);

		cr_assert_str_eq(json_string_value(json_object_get(line, "text")), "{\"value\": 99}");
		cr_assert_eq(json_integer_value(json_object_get(json_object_get(line, "json"), "value")), 99);
		json_decref(line);
	}
	cr_assert_eq(program_counter(p, "wants_json", "sum"), 198);
	cr_assert_eq(program_counter(p, "json", "valid"), 1);
	cr_assert_eq(program_counter(p, "json", "late"), 2);
	program_law(p);
	program_free(p);
	close(fd);
}

Test(chains, many_handlers_see_each_message_in_order)
{
	enum { HANDLERS = 32, COUNT = 300 };
	char chain[HANDLERS * 32] = "", name[32], line[64];
	const char *heard;
	struct program *p;
	int fd;

	site_drop("nothing", "nothing");
	for (int i = 1; i < HANDLERS; i++)
		strcat(chain, "'nothing', ");
	site_manifest("{'version': 1, 'chain': [%s'logger']}", chain);
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "300");
	program_says(p, "nothing-31 > logger");
	fd = sender("224.0.0.1:59259");
	for (int i = 0; i < COUNT; i++) {
		snprintf(line, sizeof(line), "%03d", i);
		wire_say(fd, line);
	}
	cr_assert_eq(program_ends(p), 0);
	heard = program_heard(p);
	for (int i = 0; i < COUNT; i++) {
		snprintf(line, sizeof(line), "224.0.0.1:59259 3 %03d\n", i);
		cr_assert_eq(strncmp(heard, line, strlen(line)), 0, "%.30s", heard);
		heard += strlen(line);
	}
	cr_assert_str_eq(heard, "");
	for (int i = 2; i < HANDLERS; i++) {
		snprintf(name, sizeof(name), "nothing-%d", i);
		cr_assert_eq(program_count(p, name, "passed"), COUNT);
	}
	program_law(p);
	program_free(p);
	close(fd);
}

Test(chains, an_entry_with_groups_gets_messages_to_these_alone)
{
	struct program *p;
	int one, two, three;

	site_drop("obeys", "obeys");
	site_manifest("{'version': 1, 'listen': [{'group': '239.255.0.1', 'port': 5000}, {'group': '239.255.0.1', 'port':"
		      " 5001}, {'group': '239.255.0.2', 'port': 5000}], 'chain': [{'handler': 'obeys', 'name': 'first',"
		      " 'groups': ['239.255.0.1']}, {'handler': 'obeys', 'name': 'second', 'groups': ['239.255.0.1:5001',"
		      " '239.255.0.2']}, 'logger']}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "6");
	program_says(p, "hearing");
	one = sender("239.255.0.1:5000");
	two = sender("239.255.0.1:5001");
	three = sender("239.255.0.2:5000");
	wire_say(one, "a");
	wire_say(two, "b");
	wire_say(three, "c");
	wire_say(one, "drop");		/* by the first */
	wire_say(two, "drop");		/* likewise */
	wire_say(three, "drop");	/* by the second */
	cr_assert_eq(program_ends(p), 0);
	cr_assert(strstr(program_heard(p), "239.255.0.1:5000 1 a\n"));
	cr_assert(strstr(program_heard(p), "239.255.0.1:5001 1 b\n"));
	cr_assert(strstr(program_heard(p), "239.255.0.2:5000 1 c\n"));
	cr_assert(!strstr(program_heard(p), "drop"));
	cr_assert_eq(program_count(p, "first", "offered"), 4);
	cr_assert_eq(program_count(p, "first", "passed by"), 2);
	cr_assert_eq(program_count(p, "first", "dropped"), 2);
	cr_assert_eq(program_count(p, "second", "offered"), 3);
	cr_assert_eq(program_count(p, "second", "passed by"), 1);
	cr_assert_eq(program_count(p, "second", "dropped"), 1);
	program_law(p);
	program_free(p);
	close(one);
	close(two);
	close(three);
}

Test(chains, keep_the_order_of_each_group_over_many_batches)
{
	enum { GROUPS = 3, COUNT = 2000 };
	unsigned next[GROUPS] = { 0 }, group, number;
	int fd[GROUPS];
	struct program *p;
	char text[32];

	site_drop("obeys", "obeys");
	site_manifest("{'version': 1, 'listen': [{'group': '239.255.0.1'}, {'group': '239.255.0.2'}, {'group':"
		      " '239.255.0.3'}], 'chain': ['json', 'obeys', {'handler': 'logger', 'options': {'format': 'raw'}}]}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "6000");
	program_says(p, "hearing");
	for (int g = 0; g < GROUPS; g++) {
		snprintf(text, sizeof(text), "239.255.0.%d:59259", g + 1);
		fd[g] = sender(text);
	}
	for (int i = 0; i < COUNT; i++)
		for (int g = 0; g < GROUPS; g++) {
			snprintf(text, sizeof(text), "[%d, %4d]\n", g, i);
			wire_say(fd[g], text);
			if (i % 100 == 99)	/* an unprivileged receive buffer holds no more */
				program_gives(p, text);
		}
	cr_assert_eq(program_ends(p), 0);
	cr_assert_eq(program_out_size(p), GROUPS * COUNT * strlen(text));
	for (const char *line = program_out(p); *line; line = strchr(line, '\n') + 1) {
		cr_assert_eq(sscanf(line, "[%u, %u]", &group, &number), 2, "%.20s", line);
		cr_assert_eq(number, next[group]++, "group %u: %u came", group, number);
	}
	cr_assert_eq(program_counter(p, "json", "valid"), GROUPS * COUNT);
	program_law(p);
	program_free(p);
	for (int g = 0; g < GROUPS; g++)
		close(fd[g]);
}

Test(chains, end_by_sigterm_amid_datagrams_with_each_accounted_for)
{
	enum { COUNT = 20000 };
	struct program *p;
	char text[32];
	uint64_t received;
	int fd;

	site_drop("obeys", "obeys");
	site_manifest("{'version': 1, 'chain': ['json', 'obeys', {'handler': 'logger', 'options': {'format': 'raw'}}]}");
	p = program("mcast-hear", "--plugins", "-i", "lo");
	program_says(p, "hearing");
	fd = sender("224.0.0.1:59259");
	for (int i = 0; i < COUNT; i++) {
		snprintf(text, sizeof(text), "%05d\n", i + 10000);
		wire_say(fd, text);
		if (i % 100 == 0)
			program_pump(p);
		if (i == COUNT / 2)
			program_signal(p, SIGTERM);
	}
	cr_assert_eq(program_ends(p), 143);
	received = program_count(p, NULL, "received");
	cr_assert_geq(received, 1);
	cr_assert_eq(program_count(p, "logger", "passed"), received);
	cr_assert_eq(program_out_size(p), received * 6);
	for (uint64_t i = 0; i < received; i++)
		cr_assert_eq(strtoull(program_out(p) + i * 6, NULL, 10), i + 10000);
	program_law(p);
	program_free(p);
	close(fd);
}
