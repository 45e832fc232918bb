/* trouble.c - tests of the whole: outputs that are full, slow, gone or moved, and signals in the midst of it */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/netns.h"
#include "support/program.h"
#include "support/site.h"
#include "support/wire.h"

static void enter(void)
{
	site_enter();
	netns_enter();
	site_drop("obeys", "obeys");
}

TestSuite(trouble, .init = enter, .fini = site_leave);

static int sender(void)
{
	return wire_open(&(struct wire_sender){ .group = "224.0.0.1:59259", .interface = "lo",
						.source = "127.0.0.1", .ttl = 1 });
}

/* A line of size bytes that begins with its number. */
static void say_line(int fd, unsigned number, size_t size)
{
	char text[2048], digits[16];

	memset(text, 'x', size);
	snprintf(digits, sizeof(digits), "%06u", number);
	memcpy(text, digits, 6);
	wire_send(fd, text, size);
}

/* ---- a full disk ------------------------------------------------------------------------------ */

/* A file system with room for 256 kB, in a mount namespace of this test's own. */
static void mount_small(const char *path)
{
	cr_assert(mkdir(path, 0755) == 0 && unshare(CLONE_NEWNS) == 0, "%s", strerror(errno));
	cr_assert(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "%s", strerror(errno));
	cr_assert(mount("small", path, "tmpfs", 0, "size=256k") == 0, "%s", strerror(errno));
}

/* Counts the lines of a file, all of which must be whole: "... 1000 000123xxx" with ascending numbers. */
static unsigned whole_lines(const char *path)
{
	unsigned lines = 0, last = 0;
	char *text = lines_heard(site_read(path, NULL));

	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		unsigned number, length;

		cr_assert_eq(sscanf(line, "224.0.0.1:59259 %u %6u", &length, &number), 2, "%.60s", line);
		cr_assert_gt(number, last, "%.60s", line);
		last = number;
		line = strchr(line, ' ') + 1;
		line = strchr(line, ' ') + 1;
		cr_assert_eq(strcspn(line, "\n"), length, "a broken line: %.60s", line);
		cr_assert_eq(line[length], '\n');
		lines++;
	}
	free(text);
	return lines;
}

Test(trouble, a_full_disk_fails_messages_until_there_is_room_again)
{
	char filler[100000] = "", text[16];
	uint64_t lines, failed;
	struct program *p;
	unsigned said = 0;
	int fd = sender();

	mount_small("small");
	site_write("small/filler", filler, sizeof(filler));
	site_manifest("{'version': 1, 'chain': [{'handler': 'logger', 'options': {'path': 'small/feed'}}, 'obeys',"
		      " {'handler': 'logger', 'name': 'out', 'options': {'format': 'raw'}}]}");
	p = program("mcast-hear", "--plugins", "-i", "lo");
	program_says(p, "hearing");
	while (!strstr(program_err(p), "cannot write to small/feed: No space left on device")) {
		say_line(fd, ++said, 1000);
		snprintf(text, sizeof(text), "%06u", said);
		program_gives(p, text);
	}
	for (int i = 0; i < 10; i++)
		say_line(fd, ++said, 1000);
	cr_assert(unlink("small/filler") == 0);
	while (!strstr(program_err(p), "small/feed goes again")) {
		cr_assert_lt(said, 1000);
		say_line(fd, ++said, 1000);
		poll(NULL, 0, 1);
	}
	for (int i = 0; i < 10; i++)
		say_line(fd, ++said, 1000);
	snprintf(text, sizeof(text), "%06u", said);
	program_gives(p, text);
	program_signal(p, SIGTERM);
	cr_assert_eq(program_ends(p), 143);

	lines = program_counter(p, "logger", "lines");
	failed = program_counter(p, "logger", "failed");
	cr_assert_geq(failed, 1);
	cr_assert_eq(lines + failed, said);
	cr_assert_eq(program_count(p, "logger", "failed"), failed);
	cr_assert_eq(program_count(p, "obeys", "offered"), said, "on_error: pass");
	cr_assert_eq(program_out_size(p), 1000 * said);
	cr_assert_eq(whole_lines("small/feed"), lines);
	program_law(p);
	program_free(p);
	umount2("small", MNT_DETACH);
	close(fd);
}

/* ---- readers of stdout ------------------------------------------------------------------------ */

Test(trouble, a_reader_that_goes_away_ends_it_in_order)
{
	enum { COUNT = 2000 };
	struct program *p;
	int out[2], fd;
	char piece[64];

	site_manifest("{'version': 1, 'chain': ['logger', 'obeys', {'handler': 'logger', 'options': {'path': 'behind',"
		      " 'format': 'raw'}}]}");
	cr_assert(pipe2(out, O_CLOEXEC) == 0);
	p = program_start_to((const char *const[]){ "mcast-hear", "--plugins", "-i", "lo", NULL }, out[1]);
	close(out[1]);
	program_says(p, "hearing");
	fd = sender();
	say_line(fd, 1, 100);
	cr_assert_eq(read(out[0], piece, sizeof(piece)), sizeof(piece));
	for (unsigned i = 2; i <= COUNT; i++) {
		say_line(fd, i, 100);
		if (i == 500)
			close(out[0]);
	}
	cr_assert_eq(program_ends(p), 141);
	cr_assert(strstr(program_err(p), "logger ended it: nobody reads its output any more"), "%s", program_err(p));
	/* Whether a write fails first, or the pipe says that its reader has gone, is chance. */
	cr_assert_geq(program_count(p, "logger", "failed") + program_counter(p, "logger", "unread"), 1);
	cr_assert_eq(program_count(p, "logger-2", "passed"), program_count(p, NULL, "received"));
	cr_assert_eq(program_counter(p, "logger-2", "bytes"), 100 * program_count(p, NULL, "received"));
	program_law(p);
	program_free(p);
	close(fd);
}

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_size;
}

Test(trouble, a_reader_that_never_reads_holds_up_nobody_and_costs_no_memory)
{
	enum { COUNT = 20000, SIZE = 1000 };
	uint64_t lines, failed, before, after;
	struct program *p;
	int out[2], fd;
	char *behind;

	site_manifest("{'version': 1, 'chain': ['logger', 'obeys', {'handler': 'logger', 'name': 'behind', 'options':"
		      " {'path': 'behind', 'format': 'raw'}}]}");
	cr_assert(pipe2(out, O_CLOEXEC) == 0);
	p = program_start_to((const char *const[]){ "mcast-hear", "--plugins", "-i", "lo", NULL }, out[1]);
	close(out[1]);
	program_says(p, "hearing");
	before = program_status(p, "VmHWM");
	fd = sender();
	for (unsigned i = 1; i <= COUNT; i++) {
		say_line(fd, i, SIZE);
		if (i % 100 == 0)
			program_until(p, size_of("behind") == (off_t)i * SIZE);
	}
	after = program_status(p, "VmHWM");
	cr_assert_lt(after, before + 12 * 1024, "%lu kB, then %lu kB", before, after);

	/* It waits a while for the reader to come back, and a second signal ends that. Two that wait would be one. */
	program_signal(p, SIGINT);
	program_until(p, !(program_status(p, "ShdPnd") >> (SIGINT - 1) & 1));
	program_signal(p, SIGINT);
	cr_assert_eq(program_ends(p), 130);
	cr_assert(strstr(program_err(p), "cannot write to stdout: its reader is too slow"), "%s", program_err(p));
	cr_assert(strstr(program_err(p), "given up"), "%s", program_err(p));
	lines = program_counter(p, "logger", "lines");
	failed = program_counter(p, "logger", "failed");
	cr_assert_eq(lines + failed, COUNT);
	cr_assert_geq(failed, COUNT / 2);
	cr_assert_geq(program_counter(p, "logger", "unread"), 512 * 1024);
	cr_assert_eq(program_counter(p, "behind", "lines"), COUNT);
	behind = site_read("behind", NULL);
	for (unsigned i = 1; i <= COUNT; i++)
		cr_assert_eq((unsigned)strtoul(strndupa(behind + (i - 1) * SIZE, 6), NULL, 10), i);
	free(behind);
	program_law(p);
	program_free(p);
	close(out[0]);
	close(fd);
}

/* Nobody can get a thread out of a handler: it is named, and whoever asks twice is not kept waiting for it. */
Test(trouble, a_handler_that_never_returns_is_named_and_a_second_signal_ends_without_it)
{
	struct program *p;
	int fd = sender();

	site_drop("hangs", "hangs");
	site_manifest("{'version': 1, 'chain': [{'handler': 'hangs', 'name': 'stuck'}]}");
	p = program("mcast-hear", "--plugins", "-i", "lo");
	program_says(p, "hearing");
	wire_send(fd, "x", 1);
	program_says(p, "stuck: process() hangs");
	program_signal(p, SIGTERM);
	program_says(p, "stuck does not return yet; a second signal ends without it\n");
	program_signal(p, SIGINT);
	for (int i = 0; i < 100 && !strstr(program_err(p), "without flush and accounts"); i++) {
		program_signal(p, SIGINT);	/* nor does one who hammers on it prolong that */
		poll(NULL, 0, 100);
	}
	cr_assert_eq(program_dies(p), SIGTERM, "the first one counts");
	cr_assert(strstr(program_err(p), "stuck does not return: stopped by SIGTERM without it"), "%s", program_err(p));
	program_free(p);
	close(fd);
}

Test(trouble, what_waited_for_a_reader_that_left_is_counted)
{
	enum { COUNT = 1500, SIZE = 1000 };
	struct program *p;
	int out[2], fd;

	site_manifest("{'version': 1, 'chain': [{'handler': 'logger', 'options': {'format': 'raw'}},"
		      " {'handler': 'logger', 'options': {'path': 'behind', 'format': 'raw'}}]}");
	cr_assert(pipe2(out, O_CLOEXEC) == 0);
	p = program_start_to((const char *const[]){ "mcast-hear", "--plugins", "-i", "lo", NULL }, out[1]);
	close(out[1]);
	program_says(p, "hearing");
	fd = sender();
	for (unsigned i = 1; i <= COUNT; i++) {
		say_line(fd, i, SIZE);
		if (i % 100 == 0)
			program_until(p, size_of("behind") == (off_t)i * SIZE);
	}
	close(out[0]);		/* of all that it was given, the pipe has 64 kB, and 1 MB waits */
	cr_assert_eq(program_ends(p), 141);
	cr_assert_eq(program_counter(p, "logger", "lines") + program_counter(p, "logger", "failed"), COUNT);
	cr_assert_geq(program_counter(p, "logger", "failed"), 1);
	cr_assert_gt(program_counter(p, "logger", "unread"), (1 << 20) - SIZE);
	cr_assert_leq(program_counter(p, "logger", "unread"), 1 << 20);
	program_law(p);
	program_free(p);
	close(fd);
}

/* ---- signals ---------------------------------------------------------------------------------- */

Test(trouble, every_line_is_in_one_of_the_files_that_sighup_divides)
{
	enum { COUNT = 4000, MOVES = 40 };
	char name[32], *text, *all = calloc(COUNT, 8);
	struct program *p;
	size_t used = 0;
	int fd;

	site_manifest("{'version': 1, 'chain': [{'handler': 'logger', 'options': {'path': 'feed', 'format': 'raw'}}]}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "4000");
	program_says(p, "hearing");
	fd = sender();
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "%06u\n", i);
		wire_say(fd, name);
		if (i % (COUNT / MOVES) != COUNT / MOVES - 1)
			continue;
		snprintf(name, sizeof(name), "feed.%02u", i / (COUNT / MOVES));
		cr_assert(rename("feed", name) == 0);
		program_signal(p, SIGHUP);
		if (i + 1 < COUNT)
			program_until(p, access("feed", F_OK) == 0);
	}
	cr_assert_eq(program_ends(p), 0);
	cr_assert_geq(program_counter(p, "logger", "reopened"), MOVES - 1);
	for (unsigned k = 0; k <= MOVES; k++) {
		size_t size;

		snprintf(name, sizeof(name), k < MOVES ? "feed.%02u" : "feed", k);
		if (access(name, F_OK) != 0)
			continue;
		text = site_read(name, &size);
		cr_assert_leq(used + size, COUNT * 8);
		memcpy(all + used, text, size);
		used += size;
		free(text);
	}
	cr_assert_eq(used, COUNT * 7);
	for (unsigned i = 0; i < COUNT; i++)
		cr_assert_eq(strtoul(all + i * 7, NULL, 10), i, "line %u is %.6s", i, all + i * 7);
	program_law(p);
	program_free(p);
	free(all);
	close(fd);
}

Test(trouble, a_storm_of_sighups_loses_nothing)
{
	enum { COUNT = 2000 };
	struct program *p;
	char text[16], *feed;
	size_t size;
	int fd;

	site_manifest("{'version': 1, 'chain': [{'handler': 'logger', 'options': {'path': 'feed', 'format': 'raw'}},"
		      " 'obeys', {'handler': 'logger', 'options': {'format': 'raw'}}]}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "2000");
	program_says(p, "hearing");
	fd = sender();
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(text, sizeof(text), "%06u\n", i);
		wire_say(fd, text);
		if (i + 1 < COUNT)
			program_signal(p, SIGHUP);
		if (i % 100 == 99)
			program_gives(p, text);
	}
	cr_assert_eq(program_ends(p), 0);
	feed = site_read("feed", &size);
	cr_assert_eq(size, COUNT * 7);
	for (unsigned i = 0; i < COUNT; i++)
		cr_assert_eq(strtoul(feed + i * 7, NULL, 10), i);
	cr_assert_str_eq(program_out(p), feed);
	free(feed);
	program_law(p);
	program_free(p);
	close(fd);
}

Test(trouble, a_reader_of_stderr_that_goes_away_ends_nothing)
{
	int words[2], out[2], fd;
	char text[64] = "";
	ssize_t n;
	pid_t pid;

	cr_assert(pipe2(words, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	pid = fork();
	cr_assert(pid >= 0);
	if (pid == 0) {
		dup2(out[1], 1);
		dup2(words[1], 2);
		close(words[0]);
		close(words[1]);
		execl(BUILD_DIR "/bin/mcast-hear", "mcast-hear", "-i", "lo", "-f", "raw", "-n", "1", NULL);
		_exit(127);
	}
	close(words[1]);
	close(words[0]);	/* before the first word, or after some: nobody reads them */
	close(out[1]);
	fd = wire_open(&(struct wire_sender){ .group = "224.0.0.1:59259", .interface = "lo" });
	for (struct pollfd in = { .fd = out[0], .events = POLLIN }; poll(&in, 1, 20) == 0;)
		wire_say(fd, "still here");
	n = read(out[0], text, sizeof(text) - 1);
	cr_assert_eq(n, 10);
	cr_assert_str_eq(text, "still here");
	cr_assert_eq(waitpid(pid, &(int){ 0 }, 0), pid);
	close(fd);
	close(out[0]);
}
