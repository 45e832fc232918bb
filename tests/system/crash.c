/* crash.c - tests of the whole: a handler that crashes is named before it takes the listener with it */
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

/* A sanitizer would take the fault over and speak of it. */
static void leave_faults_alone(void)
{
	const char *before = getenv("ASAN_OPTIONS");
	char options[4096];

	snprintf(options, sizeof(options), "%s%shandle_segv=0:handle_abort=0", before ? before : "", before ? ":" : "");
	setenv("ASAN_OPTIONS", options, 1);
}

static void enter(void)
{
	leave_faults_alone();
	site_enter();
	netns_enter();
	site_drop("crashes", "crashes");
}

TestSuite(crash, .init = enter, .fini = site_leave);

Test(crash, in_process_names_the_handler_and_dies_of_the_signal)
{
	static const struct {
		const char *datagram;
		int signal;
		const char *words;
	} table[] = {
		{ "fault", SIGSEGV, "mcast-hear: weak: crashed: Segmentation fault: this ends the program" },
		{ "stack", SIGSEGV, "mcast-hear: weak: crashed: Segmentation fault: this ends the program" },
		{ "abort", SIGABRT, "mcast-hear: weak: crashed: Aborted: this ends the program" },
	};

	site_manifest("{ 'version': 1, 'chain': [ { 'handler': 'crashes', 'name': 'weak' } ] }");
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct program *p = program("mcast-hear", "--plugins", "-i", "lo");
		int fd;

		program_says(p, "hearing");
		fd = wire_open(&(struct wire_sender){ .group = "224.0.0.1:59259", .interface = "lo" });
		wire_say(fd, table[i].datagram);
		program_says(p, table[i].words);
		cr_assert_eq(program_dies(p), table[i].signal);
		program_free(p);
		close(fd);
	}
}

Test(crash, on_the_main_thread_names_the_handler_too)
{
	static const char *const places[] = { "create", "start", "stop" };

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct program *p;

		site_manifest("{ 'version': 1, 'chain': [ 'logger', { 'handler': 'crashes', 'name': 'weak',"
			      " 'options': { 'in': '%s' } } ] }", places[i]);
		p = program("mcast-hear", "--plugins", "-i", "lo", "-t", "10ms");
		program_says(p, "mcast-hear: weak: crashed: Segmentation fault");
		cr_assert_eq(program_dies(p), SIGSEGV);
		program_free(p);
	}
}
