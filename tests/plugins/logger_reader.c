/* logger_reader.c - tests: the logger's stdout: a slow reader, one that goes away, descriptions that others share */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/rig.h"
#include "support/scene.h"
#include "support/scratch.h"

#define LINE 4000		/* bytes of payload */
#define MANY 400		/* lines: more than a reader that reads nothing and a megabyte take */

static int ear;			/* what reads the logger's stdout */
static char *heard;		/* all that it has read */
static size_t heard_len;

static void ignore_sigpipe(void)
{
	signal(SIGPIPE, SIG_IGN);	/* as the listener does */
	heard = malloc(8 << 20);
}

static void free_heard(void)
{
	free(heard);
}

TestSuite(logger_reader, .init = ignore_sigpipe, .fini = free_heard);

static struct rig *logger_to_stdout(int out)
{
	struct rig_handler handler = { "logger", NULL, ON_ERROR_PASS };

	dup2(out, STDOUT_FILENO);
	close(out);
	return rig_open(&handler, 1, NULL, 0);
}

static struct rig *logger_to_pipe(void)
{
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	ear = ends[0];
	fcntl(ear, F_SETFL, O_NONBLOCK);
	return logger_to_stdout(ends[1]);
}

static struct rig *logger_to_socket(void)
{
	int ends[2], small = 4096;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	ear = ends[0];
	fcntl(ear, F_SETFL, O_NONBLOCK);
	return logger_to_stdout(ends[1]);
}

/* Numbered lines; any wait for the reader would never end. */
static void feed_many(struct rig *rig, unsigned n)
{
	static char payload[LINE + 1];

	for (unsigned i = 0; i < n; i++) {
		memset(payload, 'x', LINE);
		payload[snprintf(payload, LINE, "number %u ", i)] = 'x';
		rig_feed_text(rig, payload);
	}
}

static void hear(void)
{
	ssize_t n;

	while ((n = read(ear, heard + heard_len, (8 << 20) - heard_len)) > 0)
		heard_len += (size_t)n;
}

static bool heard_all(struct rig *rig, void *arg)
{
	(void)arg;
	hear();
	return heard_len == rig_counter(rig, 0, "bytes");
}

/* What was heard is n whole lines, the first n of those that were fed. */
static void assert_heard_the_first(uint64_t n)
{
	char *line = heard, *next, words[32];
	uint64_t i = 0;

	heard[heard_len] = '\0';
	for (; (next = strchr(line, '\n')); line = next + 1, i++) {
		snprintf(words, sizeof(words), " %d number %u ", LINE, (unsigned)i);
		cr_assert_not_null(strstr(line, words), "line %u: %.100s", (unsigned)i, line);
		cr_assert(strstr(line, words) < next, "line %u", (unsigned)i);
		cr_assert_gt(next - line, LINE);
	}
	cr_assert_eq(*line, '\0', "half a line");
	cr_assert_eq(i, n);
}

static void assert_never_waits(struct rig *rig)
{
	uint64_t lines;

	capture_start();
	feed_many(rig, MANY);
	lines = rig_counter(rig, 0, "lines");
	cr_assert(lines > 200 && lines < MANY, "a megabyte is held, no more: %u lines", (unsigned)lines);
	cr_assert_eq(rig_counter(rig, 0, "failed"), MANY - lines);
	cr_assert_eq(rig_counts(rig, 0)->failed, MANY - lines);
	cr_assert_eq(rig_counts(rig, 0)->passed, lines);
	cr_assert_eq(count_of(captured(), "too slow"), 1, "said once");

	rig_until(rig, heard_all, NULL);
	assert_heard_the_first(lines);
	cr_assert_eq(count_of(captured(), "messages were not written"), 1);
	rig_feed_text(rig, "goes on");
	hear();
	cr_assert_eq(rig_counter(rig, 0, "lines"), lines + 1);
	cr_assert_eq(strncmp(heard + heard_len - 8, "goes on\n", 8), 0);
	cr_assert_eq(rig_counter(rig, 0, "bytes"), heard_len);
	rig_close(rig);
}

Test(logger_reader, is_never_waited_for_at_a_pipe)
{
	assert_never_waits(logger_to_pipe());
}

Test(logger_reader, is_never_waited_for_at_a_socket)
{
	assert_never_waits(logger_to_socket());
}

Test(logger_reader, finds_stdouts_flags_unchanged)
{
	struct rig *rig = logger_to_pipe();

	feed_many(rig, 30);
	cr_assert_not(fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK);
	rig_until(rig, heard_all, NULL);
	rig_close(rig);
	cr_assert_not(fcntl(STDOUT_FILENO, F_GETFL) & O_NONBLOCK);
	cr_assert_geq(fcntl(STDOUT_FILENO, F_GETFD), 0, "still open");
}

/* A child reads slowly while the rig closes: flush() goes on until all is handed out. */
Test(logger_reader, gets_what_is_held_before_the_listener_ends)
{
	struct rig *rig = logger_to_pipe();
	int result[2];
	size_t expected, got;
	pid_t child;

	feed_many(rig, 100);
	expected = rig_counter(rig, 0, "bytes");
	cr_assert_eq(rig_counter(rig, 0, "lines"), 100);
	cr_assert_eq(pipe2(result, O_CLOEXEC), 0);
	child = fork();
	if (!child) {
		close(STDOUT_FILENO);
		fcntl(ear, F_SETFL, 0);
		while (heard_len < expected) {
			ssize_t n = read(ear, heard + heard_len, 1000);

			if (n <= 0)
				break;
			heard_len += (size_t)n;
		}
		_exit(write(result[1], &heard_len, sizeof(heard_len)) != sizeof(heard_len));
	}
	rig_close(rig);
	cr_assert_eq(read(result[0], &got, sizeof(got)), (ssize_t)sizeof(got));
	cr_assert_eq(got, expected);
}

static void assert_ends_with_141(struct rig *rig)
{
	cr_assert_not_null(rig_finished(rig));
	cr_assert_eq(rig_finished(rig)->status, 141);
	cr_assert_str_eq(rig_finished(rig)->who, "logger");
}

Test(logger_reader, ends_the_listener_when_it_goes_away)
{
	struct rig *rig = logger_to_pipe();
	const char *const three[] = { "a", "b", "c" };

	rig_feed_text(rig, "first");
	cr_assert_null(rig_finished(rig));
	close(ear);
	rig_feed_many(rig, three, 3);
	assert_ends_with_141(rig);
	cr_assert_eq(rig_counts(rig, 0)->failed, 3);
	cr_assert_eq(rig_counter(rig, 0, "failed"), 3);
	rig_feed_text(rig, "late");
	cr_assert_eq(rig_counts(rig, 0)->failed, 4);
	rig_close(rig);
}

Test(logger_reader, ends_the_listener_when_it_goes_away_while_lines_are_held)
{
	struct rig *rig = logger_to_pipe();

	feed_many(rig, 50);
	close(ear);
	rig_pause(rig);
	assert_ends_with_141(rig);
	rig_close(rig);
}

Test(logger_reader, may_have_gone_before_the_start)
{
	struct rig *rig;
	int ends[2];

	cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	rig = logger_to_stdout(ends[1]);
	rig_feed_text(rig, "x");
	assert_ends_with_141(rig);
	rig_close(rig);
}

Test(logger_reader, at_a_socket_ends_it_too)
{
	struct rig *rig = logger_to_socket();

	close(ear);
	rig_feed_text(rig, "x");
	assert_ends_with_141(rig);
	rig_close(rig);
}

/* ---- a FIFO given as path --------------------------------------------------------------- */

static const char *directory;
static char fifo[300];

static void make_fifo(void)
{
	ignore_sigpipe();
	directory = scratch_make();
	snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
	cr_assert_eq(mkfifo(fifo, 0600), 0);
}

static void remove_fifo(void)
{
	free_heard();
	scratch_remove(directory);
}

TestSuite(logger_fifo, .init = make_fifo, .fini = remove_fifo);

Test(logger_fifo, must_have_a_reader_at_the_start)
{
	struct rig_handler handler = { "logger", NULL, ON_ERROR_PASS };
	char words[400];

	snprintf(words, sizeof(words), "{ \"path\": \"%s\" }", fifo);
	handler.options = words;
	cr_assert_not_null(strstr(rig_refuses(&handler, 1, NULL, 0), "No such device or address; a FIFO needs its reader first"));
}

Test(logger_fifo, may_lose_its_reader_and_get_another)
{
	struct rig_handler handler = { "logger", NULL, ON_ERROR_PASS };
	char words[400];
	struct rig *rig;

	snprintf(words, sizeof(words), "{ \"path\": \"%s\", \"format\": \"raw\" }", fifo);
	handler.options = words;
	ear = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	rig = rig_open(&handler, 1, NULL, 0);
	rig_feed_text(rig, "one ");
	hear();
	close(ear);
	rig_feed_text(rig, "two ");
	cr_assert_null(rig_finished(rig));
	cr_assert_eq(rig_counts(rig, 0)->failed, 1);
	ear = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	rig_feed_text(rig, "three ");
	hear();
	cr_assert_eq(heard_len, 10);
	cr_assert_arr_eq(heard, "one three ", 10);
	rig_close(rig);
}
