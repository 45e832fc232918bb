/* drop_ins.c - tests of the whole: a handler of one's own, dropped into the directory, from its source to its output */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/netns.h"
#include "support/plugins.h"
#include "support/site.h"
#include "support/wire.h"

static void enter(void)
{
	site_enter();
	netns_enter();
	unsetenv("MCAST_HANDLERS_DIR");
	cr_assert(mkdir("aside", 0755) == 0);
}

TestSuite(drop_ins, .init = enter, .fini = site_leave);

/* ---- drop-ins ----------------------------------------------------------------------------------- */

Test(drop_ins, drop_ins_join_in_the_order_of_their_files_names)
{
	site_drop("nothing", "30");
	site_drop("all_options", "20-b");
	site_drop("load_plain", "20-a");
	site_drop("wants_json", "B");
	site_manifest("{ 'version': 1, 'chain': [ { 'handler': 'json', 'options': { 'on_invalid': 'pass' } } ] }");
	plugins_chain("json > load_plain > all_options > nothing > wants_json");
}

Test(drop_ins, drop_ins_stand_where_the_manifest_says_or_not_at_all)
{
	site_drop("nothing", "nothing");
	site_drop("load_plain", "load_plain");
	site_manifest("{ 'version': 1, 'chain': [ 'logger', { 'drop_ins': true }, 'hello' ] }");
	plugins_chain("logger > load_plain > nothing > hello");
	site_manifest("{ 'version': 1, 'chain': [ { 'drop_ins': true }, 'logger', 'nothing' ] }");
	plugins_chain("load_plain > logger > nothing");
	site_manifest("{ 'version': 1, 'chain': [ 'logger' ], 'drop_ins': false }");
	plugins_chain("logger");
	site_manifest("{ 'version': 1 }");
	plugins_chain("load_plain > nothing");
	cr_assert(unlink("handlers.d/manifest.json") == 0);
	plugins_chain("load_plain > nothing");
}

Test(drop_ins, what_is_no_drop_in_is_left_alone)
{
	site_drop("nothing", "nothing");
	site_drop("leaves_trace", ".leaves_trace");
	site_write("handlers.d/notes.so.txt", "no code", 7);
	site_write("handlers.d/so", "no code", 7);
	site_write("handlers.d/.so", "no code", 7);
	cr_assert(mkdir("handlers.d/old", 0755) == 0);
	plugins_chain("nothing");
	cr_expect_neq(access("trace", F_OK), 0);
}

Test(drop_ins, a_file_elsewhere_of_the_same_name_keeps_no_drop_in_out)
{
	site_drop("nothing", "same");
	cr_assert(rename("handlers.d/same.so", "aside/same.so") == 0);
	site_drop("load_plain", "same");
	site_manifest("{ 'version': 1, 'chain': [ { 'handler': 'x', 'path': '../aside/same.so' } ] }");
	plugins_chain("nothing > load_plain");
	site_manifest("{ 'version': 1, 'chain': [ { 'handler': 'x', 'path': 'same.so' } ] }");
	plugins_chain("load_plain");
}

Test(drop_ins, a_drop_in_that_needs_an_option_is_told_with_its_file)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/handlers/forward.so", BUILD_DIR);
	cr_assert(symlink(path, "aside/forward.so") == 0);
	cr_assert(system("cp aside/forward.so handlers.d/mine.so && chmod 755 handlers.d/mine.so") == 0);
	site_manifest("{ 'version': 1, 'chain': [ 'logger' ] }");
	free(plugins_refused("forward", 78, "mcast-hear: handlers.d/mine.so: dropped in, it runs with default options: "
			    "forward needs the option \"to\": a string or a list of strings; "));
}

Test(drop_ins, a_drop_in_that_needs_what_nobody_before_provides_is_told_with_its_file)
{
	site_drop("wants_json", "mine");
	site_manifest("{ 'version': 1, 'chain': [ 'logger' ] }");
	free(plugins_refused("needs", 78, "mcast-hear: handlers.d/mine.so: wants_json needs the attribute \"json\", "
			    "which no handler before it provides\n"));
	site_manifest("{ 'version': 1, 'chain': [ { 'drop_ins': true }, 'json' ] }");
	free(plugins_refused("needs", 78, "mcast-hear: handlers.d/mine.so: wants_json needs the attribute \"json\", "
			    "which json provides further down the chain; put json before wants_json\n"));
}

Test(drop_ins, no_handler_at_all_is_a_mistake)
{
	free(plugins_refused("empty", 78, "mcast-hear: no handler at all: name one in \"chain\", or put a .so into handlers.d\n"));
	site_manifest("{ 'version': 1 }");
	free(plugins_refused("empty", 78, "mcast-hear: handlers.d/manifest.json:1: no handler at all: name one"));
}

/* ---- a handler of one's own, from its source to its output -------------------------------------- */

/* The handler that the README shows. */
static void write_readme_handler(void)
{
	size_t size;
	char *text = site_read(SOURCE_DIR "/README.md", &size);
	char *begin = strstr(text, "```c\n"), *end;

	cr_assert(begin && strstr(begin, "mcast/handler.h"));
	begin += strlen("```c\n");
	end = strstr(begin, "```\n");
	cr_assert(end);
	site_write("greet.c", begin, (size_t)(end - begin));
	free(text);
}

Test(drop_ins, the_readmes_handler_is_compiled_dropped_in_and_sees_each_datagram)
{
	struct program *p;

	write_readme_handler();
	cr_assert_eq(system("umask 022; cc -shared -fPIC -O2 -Wall -Wextra -Werror -I" SOURCE_DIR "/include greet.c "
			    "-o handlers.d/greet.so"), 0);
	site_manifest("{ 'version': 1, 'chain': [ { 'handler': 'logger', 'options': { 'format': 'raw' } } ] }");
	p = plugins_run();
	program_says(p, "chain: logger > greet\n");
	plugins_say("first light", "line\nbreak");
	cr_expect_eq(program_ends(p), 0);
	cr_expect_str_eq(program_out(p), "first lightline\nbreak");
	cr_expect(strstr(program_err(p), "mcast-hear: greet: hello, first light\n"), "%s", program_err(p));
	cr_expect(strstr(program_err(p), "mcast-hear: greet: hello, line\\nbreak\n"), "%s", program_err(p));
	cr_expect_eq(program_count(p, "greet", "passed"), 2);
	program_law(p);
	program_free(p);
}

Test(drop_ins, a_dropped_in_handler_changes_what_those_behind_it_print)
{
	struct program *p;
	char *before;

	site_drop("rewrites", "rewrites");
	site_manifest("{ 'version': 1, 'chain': [ { 'handler': 'logger', 'name': 'before', 'options': { 'format': 'raw', "
		      "'path': 'before' } }, { 'drop_ins': true }, "
		      "{ 'handler': 'logger', 'options': { 'format': 'raw' } } ] }");
	p = plugins_run();
	program_says(p, "chain: before > rewrites > logger\n");
	plugins_say("one ", "two ");
	cr_expect_eq(program_ends(p), 0);
	cr_expect_str_eq(program_out(p), "{\"value\": 99}{\"value\": 99}");
	before = site_read("before", NULL);
	cr_expect_str_eq(before, "one two ");
	free(before);
	program_law(p);
	program_free(p);
}

Test(drop_ins, overwriting_the_file_of_a_running_handler_hurts_nobody)
{
	struct program *p;
	char zeros[4096] = { 0 };
	int so, fd;

	site_drop("rewrites", "rewrites");
	site_manifest("{ 'version': 1, 'chain': [ { 'drop_ins': true }, { 'handler': 'logger', 'options': { 'format': "
		      "'raw' } } ] }");
	p = plugins_run();
	program_says(p, "hearing");
	fd = wire_open(&(struct wire_sender){ .group = PLUGINS_GROUP, .interface = "lo", .source = "127.0.0.1", .ttl = 1 });
	wire_say(fd, "before");
	program_gives(p, "{\"value\": 99}");

	so = open("handlers.d/rewrites.so", O_WRONLY | O_CLOEXEC);
	for (int i = 0; i < 16; i++)
		cr_assert(write(so, zeros, sizeof(zeros)) == sizeof(zeros));
	cr_assert(ftruncate(so, 0) == 0);
	close(so);

	wire_say(fd, "after");
	cr_expect_eq(program_ends(p), 0);
	cr_expect_str_eq(program_out(p), "{\"value\": 99}{\"value\": 99}");
	program_law(p);
	program_free(p);
	close(fd);
}
