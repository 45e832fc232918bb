/* logger_file.c - tests: the logger's file: rotation, opening again, a full disk */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../plugins/logger/sink.h"
#include "handler/config.h"
#include "mcast/handler.h"
#include "support/rig.h"
#include "support/scene.h"
#include "support/scratch.h"

static const char *directory;
static char file[300];
static char text[1 << 20];

static void make_directory(void)
{
	directory = scratch_make();
	snprintf(file, sizeof(file), "%s/log", directory);
}

static void remove_directory(void)
{
	umount2(directory, MNT_DETACH);		/* where a test mounted something there */
	scratch_remove(directory);
}

TestSuite(logger_file, .init = make_directory, .fini = remove_directory);

static struct rig *logger_to(const char *path, const char *options)
{
	struct rig_handler handler = { "logger", NULL, ON_ERROR_PASS };
	char words[600];

	snprintf(words, sizeof(words), "{ \"path\": \"%s\"%s%s }", path, *options ? ", " : "", options);
	handler.options = words;
	return rig_open(&handler, 1, NULL, 0);
}

static const char *content(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	cr_assert_geq(fd, 0, "%s", path);
	n = read(fd, text, sizeof(text) - 1);
	cr_assert_geq(n, 0);
	close(fd);
	text[n] = '\0';
	return text;
}

static const char *content_of(const char *name)
{
	return content(scratch_path(directory, name));
}

static bool exists(const char *name)
{
	return !access(scratch_path(directory, name), F_OK);
}

/* ---- rotation --------------------------------------------------------------------------- */

Test(logger_file, is_for_its_owner_and_group)
{
	struct stat st;

	umask(0);
	rig_close(logger_to(file, ""));
	cr_assert_eq(stat(file, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0640);
}

Test(logger_file, is_begun_anew_before_it_grows_too_large)
{
	struct rig *rig = logger_to(file, "\"format\": \"raw\", \"max_size\": 8, \"keep\": 2");
	const char *const first[] = { "aaaa", "bbbb", "cc", "dddd", "ee" };

	rig_feed_many(rig, first, 5);
	cr_assert_str_eq(content_of("log.1"), "aaaabbbb");
	cr_assert_str_eq(content_of("log"), "ccddddee");
	rig_feed_text(rig, "f");
	rig_feed_text(rig, "longer than all");
	cr_assert_str_eq(content_of("log.2"), "ccddddee");
	cr_assert_str_eq(content_of("log.1"), "f", "the newest has the lowest number");
	cr_assert_str_eq(content_of("log"), "longer than all");
	cr_assert_not(exists("log.3"), "keep: 2");
	cr_assert_not(exists("log.new"));
	cr_assert_eq(rig_counter(rig, 0, "rotations"), 3);
	rig_close(rig);
}

Test(logger_file, loses_and_cuts_no_line_over_rotations)
{
	struct rig *rig = logger_to(file, "\"max_size\": \"1k\", \"keep\": 1000");
	unsigned expected = 0;
	char words[64][20], name[20], *line, *next;
	const char *many[64];

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 64; i++) {
			snprintf(words[i], sizeof(words[i]), "message %d", round * 64 + i);
			many[i] = words[i];
		}
		rig_feed_many(rig, many, 64);
	}
	for (unsigned i = (unsigned)rig_counter(rig, 0, "rotations") + 1; i-- > 0;) {
		snprintf(name, sizeof(name), i ? "log.%u" : "log", i);
		content_of(name);
		cr_assert_leq(strlen(text), 1024, "%s", name);
		for (line = text; (next = strchr(line, '\n')); line = next + 1) {
			snprintf(words[0], sizeof(words[0]), " message %u\n", expected++);
			cr_assert_eq(strncmp(next + 1 - strlen(words[0]), words[0], strlen(words[0])), 0, "%s: %s", name, line);
		}
		cr_assert_eq(*line, '\0', "%s ends in half a line", name);
	}
	cr_assert_eq(expected, 20 * 64);
	rig_close(rig);
}

Test(logger_file, counts_what_was_in_it_before)
{
	struct rig *rig;

	scratch_write(directory, "log", "1234567", 7);
	rig = logger_to(file, "\"format\": \"raw\", \"max_size\": 8");
	rig_feed_text(rig, "ab");
	rig_close(rig);
	cr_assert_str_eq(content_of("log.1"), "1234567");
	cr_assert_str_eq(content_of("log"), "ab");
}

Test(logger_file, grows_on_where_it_cannot_be_rotated)
{
	struct rig *rig;

	/* Not even root moves a file over a directory. */
	cr_assert_eq(mkdir(scratch_path(directory, "log.1"), 0700), 0);
	capture_start();
	rig = logger_to(file, "\"format\": \"raw\", \"max_size\": 4, \"keep\": 1");
	rig_feed_text(rig, "aaaa");
	rig_feed_text(rig, "bbbb");
	rig_feed_text(rig, "cccc");
	cr_assert_eq(count_of(captured(), "cannot rotate"), 1, "said once");
	cr_assert_str_eq(content_of("log"), "aaaabbbbcccc");
	cr_assert_eq(rig_counts(rig, 0)->passed, 3);
	cr_assert_not(exists("log.new"));

	cr_assert_eq(rmdir(scratch_path(directory, "log.1")), 0);
	rig_feed_text(rig, "dddd");
	cr_assert_str_eq(content_of("log.1"), "aaaabbbbcccc");
	cr_assert_str_eq(content_of("log"), "dddd");
	rig_close(rig);
}

/* ---- opened again ----------------------------------------------------------------------- */

Test(logger_file, is_opened_again_when_others_have_moved_it)
{
	struct rig *rig = logger_to(file, "\"format\": \"raw\"");

	rig_feed_text(rig, "before");
	cr_assert_eq(rename(file, scratch_path(directory, "moved")), 0);
	rig_feed_text(rig, " still");
	rig_event(rig, MCAST_EVENT_REOPEN);
	rig_feed_text(rig, "after");
	cr_assert_str_eq(content_of("moved"), "before still");
	cr_assert_str_eq(content_of("log"), "after");
	cr_assert_eq(rig_counter(rig, 0, "reopened"), 1);
	rig_close(rig);
}

Test(logger_file, goes_on_in_the_old_one_if_it_cannot_be_opened_again)
{
	struct rig *rig = logger_to(file, "\"format\": \"raw\"");

	cr_assert_eq(rename(file, scratch_path(directory, "moved")), 0);
	cr_assert_eq(mkdir(file, 0700), 0);
	capture_start();
	rig_event(rig, MCAST_EVENT_REOPEN);
	rig_feed_text(rig, "after");
	cr_assert_eq(count_of(captured(), "Is a directory"), 1);
	cr_assert_str_eq(content_of("moved"), "after");
	cr_assert_eq(rig_counter(rig, 0, "reopened"), 0);
	rig_close(rig);
}

/* ---- a full disk ------------------------------------------------------------------------ */

static void limit_files_to(rlim_t size)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = size;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Each line of the file is whole: "TIME lo SOURCE GROUP 500 xxx...". Returns how many there are. */
static unsigned whole_lines(const char *path)
{
	unsigned n = 0;
	char *line, *next;

	content(path);
	for (line = text; (next = strchr(line, '\n')); line = next + 1, n++) {
		cr_assert_eq(strncmp(line, "2026-01-31T12:00:00.", 20), 0, "line %u: %.80s", n, line);
		cr_assert_eq(next - line, (long)strlen("2026-01-31T12:00:00.123456Z lo 192.0.2.1:4242 239.255.0.1:59259 500 ") + 500);
	}
	cr_assert_eq(*line, '\0', "half a line at the end: %s", line);
	return n;
}

static void feed_ten(struct rig *rig)
{
	static char payload[501];
	const char *many[10];

	memset(payload, 'x', 500);
	for (int i = 0; i < 10; i++)
		many[i] = payload;
	rig_feed_many(rig, many, 10);
}

Test(logger_file, has_each_message_whole_or_not_at_all_when_the_disk_is_full)
{
	struct rig *rig;
	unsigned lines;

	rig = logger_to(file, "");
	capture_start();
	limit_files_to(3 * 4096 + 7);
	for (int i = 0; i < 5; i++)
		feed_ten(rig);
	lines = whole_lines(file);
	cr_assert(lines > 10 && lines < 30, "%u", lines);
	cr_assert_eq(rig_counter(rig, 0, "lines"), lines);
	cr_assert_eq(rig_counter(rig, 0, "failed"), 50 - lines);
	cr_assert_eq(rig_counts(rig, 0)->failed, 50 - lines);
	cr_assert_eq(count_of(captured(), "File too large"), 1, "said once when it begins");

	limit_files_to(RLIM_INFINITY);
	feed_ten(rig);
	feed_ten(rig);
	cr_assert_eq(whole_lines(file), lines + 20);
	cr_assert_eq(count_of(captured(), "messages were not written"), 1, "and once when it ends");
	cr_assert_eq(rig_counts(rig, 0)->passed, lines + 20);
	rig_close(rig);
}

Test(logger_file, says_how_many_messages_were_lost)
{
	char words[100];
	unsigned lines;
	struct rig *rig = logger_to(file, "");

	limit_files_to(4096);
	for (int i = 0; i < 5; i++)
		feed_ten(rig);
	limit_files_to(RLIM_INFINITY);
	lines = whole_lines(file);
	capture_start();
	feed_ten(rig);
	snprintf(words, sizeof(words), "log goes again; %u messages were not written", 50 - lines);
	cr_assert_not_null(strstr(captured(), words), "%s", words);
	rig_close(rig);
}

Test(logger_file, fails_every_message_where_there_is_no_room_at_all)
{
	struct rig *rig;

	capture_start();
	rig = logger_to("/dev/full", "\"max_size\": 100");
	feed_ten(rig);
	feed_ten(rig);
	cr_assert_eq(rig_counts(rig, 0)->failed, 20);
	cr_assert_eq(rig_counter(rig, 0, "failed"), 20);
	cr_assert_eq(rig_counter(rig, 0, "lines"), 0);
	cr_assert_eq(rig_counter(rig, 0, "rotations"), 0, "no regular file");
	cr_assert_eq(count_of(captured(), "No space left on device"), 1);
	rig_close(rig);
}

/* A real one, small enough to be filled. */
static void mount_small_disk(const char *options)
{
	bool root = !geteuid();

	if (unshare(root ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("small", directory, "tmpfs", 0, options))
		cr_skip_test("no mount namespace here: %s", strerror(errno));
}

Test(logger_file, goes_on_when_a_full_disk_has_room_again)
{
	struct rig *rig;
	unsigned lines;

	mount_small_disk("size=64k");
	rig = logger_to(file, "");
	capture_start();
	for (int i = 0; i < 20; i++)
		feed_ten(rig);
	lines = whole_lines(file);
	cr_assert(lines > 50 && lines < 150, "%u", lines);
	cr_assert_eq(rig_counts(rig, 0)->failed, 200 - lines);
	cr_assert_eq(count_of(captured(), "No space left on device"), 1);

	cr_assert_eq(rename(file, scratch_path(directory, "old")), 0);
	rig_event(rig, MCAST_EVENT_REOPEN);
	cr_assert_eq(unlink(scratch_path(directory, "old")), 0);
	feed_ten(rig);
	cr_assert_eq(whole_lines(file), 10);
	cr_assert_eq(count_of(captured(), "goes again"), 1);
	rig_close(rig);
}

Test(logger_file, keeps_the_old_files_when_there_is_no_room_for_a_new_one)
{
	struct rig *rig;

	mount_small_disk("size=1m,nr_inodes=4");	/* the directory, log, log.1, and one for log.new */
	rig = logger_to(file, "\"format\": \"raw\", \"max_size\": 4, \"keep\": 2");
	rig_feed_text(rig, "aaaa");
	rig_feed_text(rig, "bbbb");
	scratch_write(directory, "other", "", 0);
	for (int i = 0; i < 5; i++)
		rig_feed_text(rig, "cccc");
	cr_assert_str_eq(content_of("log.1"), "aaaa", "not shifted away by tries that fail");
	cr_assert_str_eq(content_of("log"), "bbbbcccccccccccccccccccc");
	rig_close(rig);
}

/* ---- parts ------------------------------------------------------------------------------ */

/* Where what was torn can't be taken back, the next line begins on a line of its own. */
Test(logger_file, glues_no_line_to_half_a_line)
{
	size_t at[] = { 0, 10, 20 };
	struct sink sink;

	cr_assert_eq(sink_open(&sink, file), 0);
	sink.lines = true;
	sink.regular = false;
	limit_files_to(15);
	cr_assert_eq(sink_write(&sink, "firstline\nsecondone\n", at, 2), 1);
	cr_assert_eq(sink.error, EFBIG);
	limit_files_to(RLIM_INFINITY);
	at[1] = 6;
	cr_assert_eq(sink_write(&sink, "third\n", at, 1), 1);
	cr_assert_str_eq(content(file), "firstline\nsecon\nthird\n");
	sink_close(&sink);
}

extern const struct mcast_handler mcast_handler;	/* the logger's, linked in */

Test(logger_file, is_not_even_made_in_a_replay)
{
	static const struct mcast_msg msg = { .data = (const uint8_t *)"x", .len = 1 };
	struct mcast_msg *const messages[] = { (struct mcast_msg *)&msg };
	uint8_t verdict = MCAST_PASS;
	struct mcast_batch batch = { .size = sizeof(batch), .n = 1, .msg = messages, .verdict = &verdict };
	uint64_t counter[16] = { 0 };
	struct mcast_ctx ctx = { .size = sizeof(ctx), .flags = MCAST_RUN_REPLAY, .counter = counter };
	struct faults faults = { 0 };
	struct config *config;
	json_t *options = json_pack("{s:s}", "path", file);

	cr_assert_eq(config_create(&config, &mcast_handler, options, "", &faults), 0);
	ctx.config = config_data(config);
	cr_assert_eq(mcast_handler.start(&ctx), 0);
	cr_assert_eq(mcast_handler.process(&ctx, &batch), 0);
	cr_assert_eq(mcast_handler.event(&ctx, MCAST_EVENT_REOPEN), 0);
	cr_assert_eq(mcast_handler.tick(&ctx, 0), 0);
	cr_assert_eq(mcast_handler.flush(&ctx), 0);
	mcast_handler.stop(&ctx);
	cr_assert_eq(verdict, MCAST_PASS);
	cr_assert_not(exists("log"));
	for (int i = 0; i < 16; i++)
		cr_assert_eq(counter[i], 0);
	config_destroy(config);
	json_decref(options);
}
