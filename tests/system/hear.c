/* hear.c - tests of the whole: mcast-hear without plugins: what it prints, when it ends, how it says so */
#include <criterion/criterion.h>
#include <fcntl.h>
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

TestSuite(hear, .init = enter, .fini = site_leave);

static int sender(const char *group)
{
	return wire_open(&(struct wire_sender){ .group = group, .interface = "lo", .source = "127.0.0.1", .ttl = 1 });
}

/* What is behind the head of a text line, the third of its blanks: "239... 5 hello". */
static const char *behind_source(const char *line)
{
	for (int blanks = 0; blanks < 3; blanks++)
		line = strchr(line, ' ') + 1;
	return line;
}

Test(hear, prints_a_line_for_each_datagram_and_nothing_else_on_stdout)
{
	struct program *p = program("mcast-hear", "--group", "239.255.0.1", "--port", "5000", "--interface", "lo",
				    "--count", "2");
	int fd;

	program_says(p, "hearing 239.255.0.1:5000 on lo; chain: logger");
	fd = sender("239.255.0.1:5000");
	wire_say(fd, "hello");
	wire_say(fd, "two\nlines\033[2J");
	cr_assert_eq(program_ends(p), 0);

	cr_assert(strstr(program_out(p), " lo 127.0.0.1:"), "%s", program_out(p));
	cr_assert_eq(strncmp(behind_source(program_out(p)), "239.255.0.1:5000 5 hello\n", 25), 0, "%s",
		     program_out(p));
	cr_assert_str_eq(behind_source(strchr(program_out(p), '\n') + 1),
			 "239.255.0.1:5000 15 two\\nlines\xE2\x90\x9B[2J\n");
	cr_assert_eq(program_count(p, NULL, "received"), 2);
	cr_assert_eq(program_count(p, "logger", "lines"), 2);
	cr_assert_eq(program_count(p, "sanitizer", "repaired"), 1);
	program_law(p);
	program_free(p);
	close(fd);
}

Test(hear, writes_json_records_that_parse)
{
	struct program *p = program("mcast-hear", "--interface", "lo", "--format", "json", "--count", "1");
	json_t *record;
	int fd;

	program_says(p, "hearing 224.0.0.1:59259 on lo");
	fd = sender("224.0.0.1:59259");
	wire_say(fd, "say \"hi\"");
	cr_assert_eq(program_ends(p), 0);
	record = json_loads(program_out(p), 0, NULL);
	cr_assert(record, "%s", program_out(p));
	cr_assert_str_eq(json_string_value(json_object_get(record, "text")), "say \"hi\"");
	cr_assert_str_eq(json_string_value(json_object_get(record, "source")), "127.0.0.1");
	cr_assert_str_eq(json_string_value(json_object_get(record, "group")), "224.0.0.1");
	cr_assert_str_eq(json_string_value(json_object_get(record, "interface")), "lo");
	cr_assert_eq(json_integer_value(json_object_get(record, "port")), 59259);
	cr_assert_eq(json_integer_value(json_object_get(record, "ttl")), 1);
	cr_assert_eq(json_integer_value(json_object_get(record, "length")), 8);
	json_decref(record);
	program_law(p);
	program_free(p);
	close(fd);
}

Test(hear, gives_raw_bytes_without_separators_to_a_pipe_and_to_a_file)
{
	struct program *pipe = program("mcast-hear", "-i", "lo", "-p", "5001", "-f", "raw", "-n", "2");
	struct program *file = program("mcast-hear", "-i", "lo", "-p", "5001", "-f", "raw", "-n", "2", "-o", "feed");
	char *text;
	int fd;

	program_says(pipe, "hearing");
	program_says(file, "hearing");
	fd = sender("224.0.0.1:5001");
	wire_say(fd, "ab");
	wire_say(fd, "cd\n");
	cr_assert_eq(program_ends(pipe), 0);
	cr_assert_eq(program_ends(file), 0);
	cr_assert_str_eq(program_out(pipe), "abcd\n");
	cr_assert_str_eq(program_out(file), "");
	text = site_read("feed", NULL);
	cr_assert_str_eq(text, "abcd\n");
	free(text);
	program_free(pipe);
	program_free(file);
	close(fd);
}

Test(hear, ends_after_exactly_so_many_datagrams_though_more_came)
{
	struct program *p = program("mcast-hear", "-i", "lo", "-n", "70", "-f", "raw");
	char text[8];
	int fd;

	program_says(p, "hearing");
	fd = sender("224.0.0.1:59259");
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "%03d", i);
		wire_say(fd, text);
	}
	cr_assert_eq(program_ends(p), 0);
	cr_assert_eq(program_count(p, NULL, "received"), 70);
	cr_assert_eq(program_out_size(p), 70 * 3);
	cr_assert_str_eq(program_out(p) + 69 * 3, "069");
	program_law(p);
	program_free(p);
	close(fd);
}

Test(hear, ends_after_so_long_without_a_datagram)
{
	struct program *p = program("mcast-hear", "-i", "lo", "-t", "50ms");

	cr_assert_eq(program_ends(p), 0);
	cr_assert_eq(program_count(p, NULL, "received"), 0);
	program_law(p);
	program_free(p);
}

Test(hear, ends_by_signals_flushed_and_accounted_for)
{
	static const struct {
		int signal;
		int status;
		const char *words;
	} table[] = {
		{ SIGINT, 130, "stopped by SIGINT" },
		{ SIGTERM, 143, "stopped by SIGTERM" },
		{ SIGPIPE, 141, "stopped by SIGPIPE" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct program *p = program("mcast-hear", "-i", "lo");
		int fd;

		program_says(p, "hearing");
		fd = sender("224.0.0.1:59259");
		wire_say(fd, "before the end");
		program_gives(p, "before the end\n");
		program_signal(p, table[i].signal);
		cr_assert_eq(program_ends(p), table[i].status, "%s", table[i].words);
		cr_assert(strstr(program_err(p), table[i].words), "%s", program_err(p));
		cr_assert_eq(program_count(p, "logger", "passed"), 1);
		program_law(p);
		program_free(p);
		close(fd);
	}
}

Test(hear, ends_with_141_once_its_reader_has_gone)
{
	int out[2], fd;
	struct program *p;

	cr_assert(pipe2(out, O_CLOEXEC) == 0);
	p = program_start_to((const char *const[]){ "mcast-hear", "-i", "lo", NULL }, out[1]);
	close(out[1]);
	program_says(p, "hearing");
	close(out[0]);
	fd = sender("224.0.0.1:59259");
	wire_say(fd, "nobody reads this");
	cr_assert_eq(program_ends(p), 141);
	cr_assert_eq(program_count(p, "logger", "failed"), 1);
	program_law(p);
	program_free(p);
	close(fd);
}

Test(hear, ends_with_141_where_stdout_was_never_open)
{
	struct program *p = program_start_to((const char *const[]){ "mcast-hear", "-i", "lo", "-t", "10", NULL }, -1);
	int fd;

	/* Whether it sees that at its start or at the first line is its own affair. */
	fd = sender("224.0.0.1:59259");
	program_says(p, "mcast-hear: ");
	wire_say(fd, "x");
	cr_assert_eq(program_ends(p), 141, "%s", program_err(p));
	program_free(p);
	close(fd);
}

Test(hear, opens_its_file_again_at_sighup)
{
	struct program *p = program("mcast-hear", "-i", "lo", "-f", "raw", "-o", "feed", "-n", "2");
	char *text;
	int fd;

	program_says(p, "hearing");
	fd = sender("224.0.0.1:59259");
	wire_say(fd, "old");
	for (text = site_read("feed", NULL); !*text; text = site_read("feed", NULL))
		free(text);
	cr_assert_str_eq(text, "old");
	free(text);
	cr_assert(rename("feed", "feed.moved") == 0);
	program_signal(p, SIGHUP);
	program_until(p, access("feed", F_OK) == 0);
	wire_say(fd, "new");
	cr_assert_eq(program_ends(p), 0);
	text = site_read("feed", NULL);
	cr_assert_str_eq(text, "new");
	free(text);
	text = site_read("feed.moved", NULL);
	cr_assert_str_eq(text, "old");
	free(text);
	program_law(p);
	program_free(p);
	close(fd);
}

Test(hear, loses_nothing_of_10000_back_to_back_or_counts_each_loss)
{
	enum { COUNT = 10000 };
	struct program *p = program("mcast-hear", "-i", "lo", "-f", "raw", "-t", "1");
	uint64_t received, lost;
	char text[8];
	unsigned last = 0;
	int fd;

	program_says(p, "hearing");
	fd = sender("224.0.0.1:59259");
	for (int i = 1; i <= COUNT; i++) {
		snprintf(text, sizeof(text), "%05d\n", i);
		wire_say(fd, text);
		if (i % 500 == 0)
			program_pump(p);
	}
	cr_assert_eq(program_ends(p), 0);
	received = program_count(p, NULL, "received");
	lost = program_count(p, NULL, "the kernel dropped");
	cr_assert_eq(received + lost, COUNT, "received %lu, lost %lu", received, lost);
	if (geteuid() == 0 && !strstr(program_err(p), "grants a receive buffer"))
		cr_assert_eq(lost, 0);
	cr_assert_eq(program_out_size(p), received * 6);
	for (const char *line = program_out(p); *line; line += 6) {
		cr_assert_gt((unsigned)atoi(line), last, "out of order: %.5s", line);
		last = (unsigned)atoi(line);
	}
	program_law(p);
	program_free(p);
	close(fd);
}
