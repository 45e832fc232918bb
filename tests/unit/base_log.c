/* base_log.c - tests: one line to stderr, whole and clean; the clocks */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "mcast/handler.h"

static int ear;			/* reads what is logged, one datagram for each write */
static int real_stderr;

/* A datagram socket keeps writes apart; a pipe would not. */
static void listen_to_stderr(void)
{
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	ear = pair[0];
	real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(pair[1], STDERR_FILENO);
	close(pair[1]);
}

static void restore_stderr(void)
{
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(ear);
}

static const char *heard(void)
{
	static char line[4096];
	ssize_t n = recv(ear, line, sizeof(line) - 1, MSG_DONTWAIT);

	line[n > 0 ? n : 0] = '\0';
	return line;
}

TestSuite(log, .init = listen_to_stderr, .fini = restore_stderr);

__attribute__((format(printf, 3, 4)))
static void log_as(const char *who, int level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_from(who, level, format, args);
	va_end(args);
}

Test(log, writes_each_line_in_one_write)
{
	log_setup("mcast-hear", MCAST_LOG_INFO);
	log_error("first %d", 1);
	log_info("second");
	log_as("logger", MCAST_LOG_WARNING, "third");
	cr_assert_str_eq(heard(), "mcast-hear: first 1\n");
	cr_assert_str_eq(heard(), "mcast-hear: second\n");
	cr_assert_str_eq(heard(), "mcast-hear: logger: third\n");
	cr_assert_str_eq(heard(), "");
}

Test(log, leaves_out_what_is_above_the_level)
{
	cr_assert_eq(log_level(), MCAST_LOG_INFO);
	log_debug("hidden");
	cr_assert_str_eq(heard(), "");
	log_info("said under the default name");
	cr_assert_str_eq(heard(), "mcast: said under the default name\n");

	log_setup("mcast", MCAST_LOG_ERROR);
	log_warning("hidden");
	log_error("seen");
	cr_assert_str_eq(heard(), "mcast: seen\n");
	log_setup("mcast", MCAST_LOG_DEBUG);
	log_debug("seen");
	cr_assert_str_eq(heard(), "mcast: seen\n");
}

Test(log, lets_nothing_drive_a_terminal)
{
	log_as("a\x1b[2J", MCAST_LOG_ERROR, "x%sy", "\nmcast: forged\xE2\x80\xAE\xC2\x9B\x7f");
	cr_assert_str_eq(heard(), "mcast: a\\x1B[2J: x\\nmcast: forged\\u{202E}\\u{009B}\\x7Fy\n");
}

Test(log, cuts_a_long_line_and_ends_it)
{
	char word[5000];
	const char *line;

	memset(word, 'w', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	log_error("%s", word);
	line = heard();
	cr_assert_leq(strlen(line), 1024);
	cr_assert_geq(strlen(line), 1000);
	cr_assert_str_eq(line + strlen(line) - 5, "w...\n", "it says that there was more");
	memset(word, '\n', 300);
	word[300] = '\0';
	log_error("%s", word);
	cr_assert_null(strstr(heard(), "..."), "300 line feeds and a name fit, escaped");
	memset(word, '\n', 600);
	word[600] = '\0';
	log_error("%s", word);
	cr_assert_not_null(strstr(heard(), "\\n...\n"), "600 of them don't");
	memset(word, 'w', sizeof(word) - 1);
	log_as(word, MCAST_LOG_ERROR, "%s", word);
	cr_assert_leq(strlen(heard()), 1024, "a long name too");
}

Test(log, leaves_errno_alone)
{
	errno = EXDEV;
	close(STDERR_FILENO);
	log_error("nobody hears this");
	cr_assert_eq(errno, EXDEV);
}

static void *log_a_hundred(void *letter)
{
	char word[601];

	memset(word, *(char *)letter, 600);
	word[600] = '\0';
	for (int i = 0; i < 100; i++)
		log_error("%s", word);
	return NULL;
}

Test(log, keeps_lines_of_threads_apart)
{
	char letters[] = "ab";
	pthread_t thread[2];
	size_t prefix = strlen("mcast: ");

	for (int i = 0; i < 2; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, log_a_hundred, &letters[i]), 0);
	for (int i = 0; i < 200; i++) {
		char line[4096];
		ssize_t n = recv(ear, line, sizeof(line), 0);

		cr_assert_eq(n, (ssize_t)prefix + 601);
		for (size_t j = prefix; j < prefix + 600; j++)
			cr_assert_eq(line[j], line[prefix]);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
}

Test(clock, runs_forward_and_tells_the_year)
{
	uint64_t a = clock_mono_ns(), b = clock_mono_ns();

	cr_assert_leq(a, b);
	cr_assert_lt(b - a, 60 * CLOCK_SECOND);
	cr_assert_gt(clock_real_ns(), 1577836800 * CLOCK_SECOND, "later than 2020");
}
