/* loop.c - tests of the whole: what the worker owes its handlers under load, and at the end */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/netns.h"
#include "support/program.h"
#include "support/site.h"
#include "support/wire.h"

/* tests/handlers/echoes.c says what it does with which words. */
static void enter(void)
{
	site_enter();
	netns_enter();
	site_drop("echoes", "echoes");
}

TestSuite(loop, .init = enter, .fini = site_leave);

static int sender(void)
{
	return wire_open(&(struct wire_sender){ .group = "224.0.0.1:59259", .interface = "lo",
						.source = "127.0.0.1", .ttl = 1 });
}

Test(loop, wakes_by_the_clock_though_the_input_never_pauses)
{
	struct program *p;
	int fd = sender();

	site_manifest("{'version': 1, 'chain': ['echoes']}");
	p = program("mcast-hear", "--plugins", "-i", "lo");
	program_says(p, "hearing");
	wire_say(fd, "load");
	cr_assert_eq(program_ends(p), 0, "%s", program_err(p));
	program_law(p);
	program_free(p);
	close(fd);
}

Test(loop, what_came_while_a_handler_worked_came_in_time)
{
	struct program *p;
	int fd = sender();

	site_manifest("{'version': 1, 'chain': ['echoes']}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-t", "200ms");
	program_says(p, "hearing");
	wire_say(fd, "late");
	cr_assert_eq(program_ends(p), 0);
	cr_assert_eq(program_count(p, NULL, "received"), 2, "%s", program_err(p));
	program_law(p);
	program_free(p);
	close(fd);
}

Test(loop, a_create_that_waits_is_told_that_the_listener_ends)
{
	static const struct {
		int signal, status;
	} table[] = { { SIGINT, 130 }, { SIGTERM, 143 } };

	site_drop("waits", "waits");
	site_manifest("{'version': 1, 'chain': ['waits']}");
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct program *p = program("mcast-hear", "--plugins", "-i", "lo");

		program_says(p, "create() waits");
		program_signal(p, table[i].signal);
		cr_expect_eq(program_ends(p), table[i].status, "%s", program_err(p));
		cr_expect(strstr(program_err(p), "waits could not be created: Interrupted"), "%s", program_err(p));
		cr_expect(strstr(program_err(p), "stopped by SIG"), "%s", program_err(p));
		program_free(p);
	}
}

Test(loop, no_counter_is_cut_off_in_the_accounts)
{
	struct program *p;
	char word[80];

	site_drop("counts_much", "counts_much");
	site_manifest("{'version': 1, 'chain': ['counts_much']}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-t", "1ms");
	cr_assert_eq(program_ends(p), 0, "%s", program_err(p));
	for (unsigned i = 1; i < 200; i++) {
		snprintf(word, sizeof(word), "c%03u_this_name_is_as_long_as_one_may_be_which_is_63_characters %u", i, i);
		cr_assert(strstr(program_err(p), word), "%s", word);
	}
	program_law(p);
	program_free(p);
}

/* All other signals are blocked in all threads, so that no handler is interrupted by one. */
Test(loop, ctrl_z_stops_it_and_it_goes_on)
{
	char said[4096] = "";
	int err[2], status;
	pid_t child;

	cr_assert(pipe(err) == 0);
	child = fork();
	if (!child) {
		setpgid(0, 0);
		dup2(err[1], STDERR_FILENO);
		execl(BUILD_DIR "/bin/mcast-hear", "mcast-hear", "-i", "lo", NULL);
		_exit(127);
	}
	close(err[1]);
	for (size_t n = 0; !strstr(said, "hearing");) {
		ssize_t got = read(err[0], said + n, sizeof(said) - 1 - n);

		cr_assert_gt(got, 0, "%s", said);
		n += (size_t)got;
	}
	kill(child, SIGTSTP);
	cr_assert(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
	kill(child, SIGCONT);
	kill(child, SIGTERM);
	cr_assert(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 143);
	close(err[0]);
}

Test(loop, a_handler_that_is_never_done_keeps_none_behind_it_from_flushing)
{
	struct program *p;
	int fd = sender();

	site_manifest("{'version': 1, 'chain': [{'handler': 'echoes', 'name': 'first'},"
		      " {'handler': 'echoes', 'groups': ['224.0.0.2'], 'name': 'second'}]}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "1");
	program_says(p, "hearing");
	wire_say(fd, "stuck");
	program_says(p, "accounted for");
	cr_assert_eq(program_ends(p), 0);
	cr_assert(strstr(program_err(p), "first still holds what nobody takes from it"), "%s", program_err(p));
	cr_assert_geq(program_counter(p, "first", "flushed"), 2);
	cr_assert_eq(program_counter(p, "second", "flushed"), 1);
	program_law(p);
	program_free(p);
	close(fd);
}

Test(loop, the_first_reason_to_end_is_the_one_that_counts)
{
	struct program *p;
	int fd = sender();

	site_manifest("{'version': 1, 'chain': ['echoes', 'logger']}");
	p = program("mcast-hear", "--plugins", "-i", "lo");
	program_says(p, "hearing");
	wire_say(fd, "finish");
	program_gives(p, "finish\n");
	program_signal(p, SIGTERM);
	cr_assert_eq(program_ends(p), 143, "%s", program_err(p));
	program_free(p);

	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "1");
	program_says(p, "hearing");
	wire_say(fd, "finish");
	cr_assert_eq(program_ends(p), 3, "what fails in the flush is no success");
	cr_assert(strstr(program_err(p), "echoes ended it: in flush()"), "%s", program_err(p));
	program_free(p);
	close(fd);
}

Test(loop, a_second_signal_does_not_wait_and_still_flushes_the_others)
{
	struct program *p;
	int fd = sender();

	site_manifest("{'version': 1, 'chain': [{'handler': 'echoes', 'name': 'first'},"
		      " {'handler': 'echoes', 'groups': ['224.0.0.2'], 'name': 'second'}, 'logger']}");
	p = program("mcast-hear", "--plugins", "-i", "lo");
	program_says(p, "hearing");
	wire_say(fd, "stuck");
	program_gives(p, "stuck\n");
	program_signal(p, SIGINT);
	program_signal(p, SIGTERM);
	cr_assert_eq(program_ends(p), 130);
	cr_assert_eq(program_counter(p, "second", "flushed"), 1);
	program_law(p);
	program_free(p);
	close(fd);
}
