/* manifest_read.c - tests: from the document to the options of each part, and how mistakes are told */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifest/manifest.h"

static struct manifest m;
static struct faults faults;

static void end(void)
{
	manifest_finish(&m);
	faults_finish(&faults);
}

TestSuite(manifest_read, .fini = end);

static int parse(const char *text)
{
	return manifest_parse(&m, "handlers.d/manifest.json", text, strlen(text), &faults);
}

static void parse_good(const char *text)
{
	int err = parse(text);

	cr_assert(!err && !faults.n, "%s: %s", text,
		  faults.n ? faults.list[0].text : strerror(-err));
}

static void assert_address(const struct mcast_addr *addr, const char *text)
{
	char have[ADDRESS_TEXT];

	address_port_text(have, addr);
	cr_assert_str_eq(have, text);
}

/* ---- values ------------------------------------------------------------------------------ */

Test(manifest_read, what_is_left_out_has_its_default)
{
	parse_good("{\"version\": 1, \"listen\": [{\"group\": \"239.255.0.1\"}], \"chain\": "
		   "[\"logger\"]}");

	cr_assert_str_eq(m.path, "handlers.d/manifest.json");
	cr_assert_eq(m.kept, 16 << 20);
	cr_assert_eq(m.listens, 1);
	assert_address(&m.listen[0].group, "239.255.0.1:59259");
	cr_assert_str_eq(m.listen[0].interface, "");
	cr_assert_eq(m.listen[0].source_count, 0);
	cr_assert_eq(m.listen[0].rcvbuf, 64 << 20);
	cr_assert_str_eq(m.listen[0].pointer, "/listen/0");

	cr_assert_eq(m.sanitize.profile, PROFILE_TEXT);
	cr_assert_eq(m.sanitize.on_control, ON_CONTROL_PICTURE);
	cr_assert_eq(m.sanitize.on_bidi, ON_BIDI_KEEP);
	cr_assert_eq(m.sanitize.min_bytes, 0);
	cr_assert_eq(m.sanitize.max_bytes, 65507);
	cr_assert_eq(m.sanitize.rate, 0);

	cr_assert_eq(m.entries, 2);
	cr_assert_str_eq(m.chain[0].handler, "logger");
	cr_assert_null(m.chain[0].name);
	cr_assert_null(m.chain[0].path);
	cr_assert_null(m.chain[0].sha256);
	cr_assert_null(m.chain[0].options);
	cr_assert_eq(m.chain[0].group_count, 0);
	cr_assert_eq(m.chain[0].on_error, ON_ERROR_PASS);
	cr_assert(m.chain[0].enabled && m.chain[0].required && !m.chain[0].drop_ins);
	cr_assert_str_eq(m.chain[0].pointer, "/chain/0");
}

Test(manifest_read, listen_is_read_whole)
{
	parse_good("{\"version\": 1, \"listen\": ["
		   "{\"group\": \"232.1.1.1\", \"port\": 5000, \"interface\": \"eth0\", "
		   "\"source\": \"10.0.0.5\"},"
		   "{\"group\": \"ff02::1%eth1\", \"source\": [\"!fe80::1\", \"!fe80::2\"], "
		   "\"rcvbuf\": \"1M\"},"
		   "{\"group\": \"239.1.1.1\", \"interface\": 7, \"rcvbuf\": 8192}]}");

	cr_assert_eq(m.listens, 3);
	assert_address(&m.listen[0].group, "232.1.1.1:5000");
	cr_assert_str_eq(m.listen[0].interface, "eth0");
	cr_assert_eq(m.listen[0].source_count, 1);
	assert_address(&m.listen[0].sources[0], "10.0.0.5:0");
	cr_assert_not(m.listen[0].exclude);

	assert_address(&m.listen[1].group, "[ff02::1]:59259");
	cr_assert_str_eq(m.listen[1].interface, "eth1");
	cr_assert_eq(m.listen[1].source_count, 2);
	assert_address(&m.listen[1].sources[1], "[fe80::2]:0");
	cr_assert(m.listen[1].exclude);
	cr_assert_eq(m.listen[1].rcvbuf, 1 << 20);

	cr_assert_str_eq(m.listen[2].interface, "7");
	cr_assert_eq(m.listen[2].rcvbuf, 8192);
}

Test(manifest_read, sanitize_and_limits_are_read_whole)
{
	struct mcast_addr addr;

	parse_good("{\"version\": 1, \"limits\": {\"kept\": \"2M\"}, \"sanitize\": {"
		   "\"profile\": \"binary\", \"min_bytes\": 4, \"max_bytes\": \"2k\", "
		   "\"on_control\": \"drop\","
		   "\"on_bidi\": \"replace\", \"min_ttl\": 255, \"allow\": [\"10.0.0.0/8\", "
		   "\"fe80::/10\"],"
		   "\"deny\": [\"10.6.6.6\"], \"rate\": 100, \"burst\": 300}}");

	cr_assert_eq(m.kept, 2 << 20);
	cr_assert_eq(m.sanitize.profile, PROFILE_BINARY);
	cr_assert_eq(m.sanitize.min_bytes, 4);
	cr_assert_eq(m.sanitize.max_bytes, 2048);
	cr_assert_eq(m.sanitize.on_control, ON_CONTROL_DROP);
	cr_assert_eq(m.sanitize.on_bidi, ON_BIDI_REPLACE);
	cr_assert_eq(m.sanitize.min_ttl, 255);
	cr_assert_eq(m.sanitize.rate, 100);
	cr_assert_eq(m.sanitize.burst, 300);
	cr_assert_eq(m.sanitize.allows, 2);
	cr_assert_eq(m.sanitize.denies, 1);
	address_parse("fe80::5", &addr, NULL, 0);
	cr_assert(cidr_has(&m.sanitize.allow[1], &addr));
	address_parse("10.6.6.6", &addr, NULL, 0);
	cr_assert(cidr_has(&m.sanitize.deny[0], &addr));
}

Test(manifest_read, an_entry_is_read_whole)
{
	parse_good("{\"version\": 1, \"chain\": [{\"handler\": \"forward\", \"name\": \"out\","
		   "\"options\": {\"to\": [\"udp://127.0.0.1:5999\"]}, \"on_error\": \"suspend\","
		   "\"groups\": [\"239.255.0.1\", \"[ff02::1]:5000\"], \"enabled\": false, "
		   "\"required\": false,"
		   "\"sha256\": "
		   "\"0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\"}]}");

	cr_assert_str_eq(m.chain[0].handler, "forward");
	cr_assert_str_eq(m.chain[0].name, "out");
	cr_assert_eq(json_array_size(json_object_get(m.chain[0].options, "to")), 1);
	cr_assert_eq(m.chain[0].on_error, ON_ERROR_SUSPEND);
	cr_assert_eq(m.chain[0].group_count, 2);
	assert_address(&m.chain[0].groups[0], "239.255.0.1:0");
	assert_address(&m.chain[0].groups[1], "[ff02::1]:5000");
	cr_assert(!m.chain[0].enabled && !m.chain[0].required);
	cr_assert_str_eq(m.chain[0].sha256,
			 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
}

Test(manifest_read, a_relative_path_starts_at_the_manifest)
{
	static const struct {
		const char *manifest;
		const char *path;
		const char *resolved;
	} cases[] = {
		{ "handlers.d/manifest.json", "../x.so", "handlers.d/../x.so" },
		{ "/etc/mcast/handlers.d/manifest.json", "x.so", "/etc/mcast/handlers.d/x.so" },
		{ "/manifest.json", "x.so", "/x.so" },
		{ "manifest.json", "x.so", "./x.so" },
		{ NULL, "x.so", "./x.so" },
		{ "handlers.d/manifest.json", "/opt/x.so", "/opt/x.so" },
	};
	char text[128];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(text, sizeof(text),
			 "{\"version\": 1, \"chain\": [{\"handler\": \"x\", \"path\": \"%s\"}]}",
			 cases[i].path);
		cr_assert_eq(manifest_parse(&m, cases[i].manifest, text, strlen(text), &faults), 0);
		cr_assert_str_eq(m.chain[0].path, cases[i].resolved);
		manifest_finish(&m);
	}
}

/* Where the drop-ins stand: their index in the chain, -1: nowhere. */
Test(manifest_read, the_drop_ins_stand_where_the_manifest_says_or_at_the_end)
{
	static const struct {
		const char *text;
		int at;
		unsigned entries;
		const char *pointer;
	} cases[] = {
		{ "{\"version\": 1}", 0, 1, "" },
		{ "{\"version\": 1, \"chain\": []}", 0, 1, "" },
		{ "{\"version\": 1, \"chain\": [\"a\", \"b\"]}", 2, 3, "" },
		{ "{\"version\": 1, \"chain\": [\"a\", {\"drop_ins\": true}, \"b\"]}", 1, 3,
		  "/chain/1" },
		{ "{\"version\": 1, \"chain\": [{\"drop_ins\": true}], \"drop_ins\": true}", 0, 1,
		  "/chain/0" },
		{ "{\"version\": 1, \"chain\": [\"a\"], \"drop_ins\": false}", -1, 1, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		parse_good(cases[i].text);
		cr_assert_eq(m.entries, cases[i].entries, "%s: %u entries", cases[i].text,
			     m.entries);
		for (int j = 0; j < (int)m.entries; j++)
			cr_assert_eq(m.chain[j].drop_ins, j == cases[i].at, "%s: entry %d",
				     cases[i].text, j);
		if (cases[i].pointer)
			cr_assert_str_eq(m.chain[cases[i].at].pointer, cases[i].pointer);
		manifest_finish(&m);
	}
}

Test(manifest_read, without_a_manifest_the_chain_is_the_drop_ins)
{
	cr_assert_eq(manifest_default(&m), 0);
	cr_assert_null(m.path);
	cr_assert_eq(m.listens, 0);
	cr_assert_eq(m.kept, MANIFEST_KEPT);
	cr_assert_eq(m.sanitize.max_bytes, 65507);
	cr_assert_eq(m.entries, 1);
	cr_assert(m.chain[0].drop_ins);
	cr_assert_str_eq(m.chain[0].pointer, "");
}

/* ---- faults ------------------------------------------------------------------------------ */

Test(manifest_read, all_mistakes_are_told_together_each_at_its_line)
{
	static const char text[] = "{\n"
				   "\t\"version\": 1,\n"
				   "\t\"listen\": [ { \"group\": \"10.0.0.1\",\n"
				   "\t\t\"port\": 70000 } ],\n"
				   "\t\"sanitize\": { \"on_contrl\": \"drop\" },\n"
				   "\t\"chain\": [\n"
				   "\t\t{ \"handler\": \"logger\" },\n"
				   "\t\t{ \"handler\": \"json\",\n"
				   "\t\t  \"on_error\": \"stop\" }\n"
				   "\t]\n"
				   "}\n";
	static const char *const expected[] = {
		":3: /listen/0/group: found \"10.0.0.1\", expected a multicast group",
		":4: /listen/0/port: found 70000, expected a port from 1 to 65535",
		":5: /sanitize/on_contrl: unknown key \"on_contrl\"; did you mean \"on_control\"?",
		":9: /chain/1/on_error: found \"stop\", expected \"pass\", \"drop\" or \"suspend\"",
	};
	char line[512];

	cr_assert_eq(parse(text), -EINVAL);
	cr_assert_eq(faults.n, 4);
	for (size_t i = 0; i < 4; i++) {
		manifest_describe(&m, &faults.list[i], line, sizeof(line));
		cr_assert(!strncmp(line, "handlers.d/manifest.json", 24), "%s", line);
		cr_assert(!strncmp(line + 24, expected[i], strlen(expected[i])), "%s\nnot %s",
			  line + 24, expected[i]);
	}
}

Test(manifest_read, faults_that_were_there_before_are_left_alone)
{
	faults_add(&faults, FAULT_PERMISSION, "", "another part's");
	parse("{\"version\": 1}");
	cr_assert_eq(faults.n, 1);
	cr_assert_eq(m.entries, 1);
}

Test(manifest_read, a_message_carries_no_control_character_and_is_cut_to_fit)
{
	char line[512], brief[40];

	cr_assert_eq(parse("{\"version\": 1, \"a\\u001b[2J\\n\": 1}"), -EINVAL);
	manifest_describe(&m, &faults.list[0], line, sizeof(line));
	for (const char *p = line; *p; p++)
		cr_assert_geq((unsigned char)*p, 0x20, "%s", line);
	cr_assert(strstr(line, "/a\\x1B[2J\\n: unknown key \"a\\x1B[2J\\n\""), "%s", line);

	manifest_describe(&m, &faults.list[0], brief, sizeof(brief));
	cr_assert_eq(strlen(brief), sizeof(brief) - 1);
	cr_assert_eq(strncmp(brief, line, sizeof(brief) - 1), 0);
}

Test(manifest_read, what_stands_in_no_manifest_is_told_without_a_place)
{
	char pointer[] = "/chain/0/options", words[] = "words";
	struct fault nowhere = { .text = words }, unseen = { .pointer = pointer, .text = words };
	char line[512];

	parse_good("{\"version\": 1, \"chain\": [\"logger\"]}");
	manifest_describe(&m, &nowhere, line, sizeof(line));
	cr_assert_str_eq(line, "words");
	manifest_finish(&m);

	cr_assert_eq(manifest_parse(&m, NULL, "{\"version\": 1}", 14, &faults), 0);
	manifest_describe(&m, &unseen, line, sizeof(line));
	cr_assert_str_eq(line, "words");
}

Test(manifest_read, a_long_word_is_cut_in_the_message)
{
	char text[2048], word[1001];

	memset(word, 'x', 1000);
	word[1000] = '\0';
	snprintf(text, sizeof(text), "{\"version\": 1, \"%s\": 1}", word);
	cr_assert_eq(parse(text), -EINVAL);
	cr_assert(strstr(faults.list[0].text, "xxx...\"; expected \"$schema\""), "%s",
		  faults.list[0].text);
	cr_assert_leq(strlen(faults.list[0].text), 300);
}

/* A chain of n handlers, malloc'ed. */
static char *long_chain(unsigned n)
{
	char *text = malloc(64 + 4 * (size_t)n), *end;

	cr_assert(text);
	end = text + sprintf(text, "{\"version\": 1, \"chain\": [\"a\"");
	while (--n)
		end += sprintf(end, ",\"a\"");
	strcpy(end, "]}");
	return text;
}

Test(manifest_read, a_list_has_an_end)
{
	char *longest = long_chain(4096), *longer = long_chain(4097);

	parse_good(longest);
	cr_assert_eq(m.entries, 4097); /* and the drop-ins */
	manifest_finish(&m);

	cr_assert_eq(parse(longer), -EINVAL);
	cr_assert_str_eq(faults.list[0].pointer, "/chain");
	cr_assert_str_eq(faults.list[0].text, "found a list of 4097 items, expected at most 4096");
	free(longest);
	free(longer);
}
