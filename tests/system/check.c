/* check.c - tests of the whole: mcast-hear --check shows the chain as it would run, and from which directory */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/program.h"
#include "support/site.h"

static void put_aside(const char *handler, const char *path)
{
	char from[100];

	site_drop(handler, handler);
	snprintf(from, sizeof(from), "handlers.d/%s.so", handler);
	cr_assert(rename(from, path) == 0);
}

/* A handler's file in the usual directory, and two elsewhere. */
static void enter(void)
{
	site_enter();
	unsetenv("MCAST_HANDLERS_DIR");
	site_drop("all_options", "all_options");
	cr_assert(mkdir("aside", 0755) == 0 && mkdir("other", 0755) == 0);
	put_aside("nothing", "aside/nothing.so");
	put_aside("load_plain", "other/load_plain.so");
}

TestSuite(check, .init = enter, .fini = site_leave);

static char *shown_by(struct program *p)
{
	char *out;

	cr_assert_eq(program_ends(p), 0, "%s", program_err(p));
	out = strdup(program_out(p));
	program_free(p);
	return out;
}

static void expect_shown(char *out, const char *const *pieces)
{
	const char *at = out;

	for (; *pieces; pieces++) {
		const char *found = strstr(at, *pieces);

		cr_expect(found, "without \"%s\", or not in this order:\n%s", *pieces, out);
		at = found ? found + strlen(*pieces) : at;
	}
	free(out);
}
#define SHOWN(out, ...) expect_shown(out, (const char *const[]){ __VA_ARGS__, NULL })

static char *sha256_of(const char *path)
{
	static char digits[80];
	char command[200];
	FILE *out;

	snprintf(command, sizeof(command), "sha256sum %s", path);
	out = popen(command, "r");
	cr_assert(out && fgets(digits, sizeof(digits), out));
	pclose(out);
	digits[64] = '\0';
	return digits;
}

Test(check, every_form_of_an_entry_is_shown_as_it_would_run)
{
	char here[300];
	struct program *p;
	char *out;

	cr_assert(getcwd(here, sizeof(here)));
	site_drop("wants_json", "wants_json");
	site_drop("load_other", "zz_dropped");
	site_manifest("{ 'version': 1, '$schema': 'any',\n"
		      "'listen': [ { 'group': '239.255.0.1', 'port': 5000, 'interface': 'lo', 'source': [ '!10.0.0.5', '!10.0.0.6' ] },\n"
		      "  { 'group': 'ff02::1%%lo' } ],\n"
		      "'sanitize': { 'max_bytes': 1400, 'on_control': 'drop', 'min_ttl': 2 },\n"
		      "'chain': [ 'json', 'logger', { 'drop_ins': true },\n"
		      "{ 'handler': 'logger', 'name': 'second', 'groups': [ '239.255.0.1:5000', 'ff02::1' ], 'on_error': 'suspend',\n"
		      "  'options': { 'path': 'log', 'format': 'json' } },\n"
		      "{ 'handler': 'all_options', 'enabled': false },\n"
		      "{ 'handler': 'gone', 'required': false },\n"
		      "{ 'handler': 'relative', 'path': '../aside/nothing.so', 'sha256': '%s' },\n"
		      "{ 'handler': 'absolute', 'path': '%s/other/load_plain.so', 'on_error': 'drop' },\n"
		      "'wants_json' ] }", sha256_of("aside/nothing.so"), here);
	p = program("mcast-hear", "--plugins", "--check");
	cr_assert_eq(program_ends(p), 0, "%s", program_err(p));
	cr_expect_eq(strncmp(program_err(p), "mcast-hear: gone: left out, for it is not required: found no gone.so", 66), 0,
		     "%s", program_err(p));
	out = shown_by(p);
	cr_expect(!strstr(out, "all_options"), "%s", out);
	SHOWN(out, "handlers.d/manifest.json: in order\n", "hears 239.255.0.1:5000 on lo, from any source but 10.0.0.5, 10.0.0.6\n",
	      "hears [ff02::1]:59259 on lo\n", "sanitizes: profile text, 0 to 1400 bytes, on_control drop, on_bidi keep, TTL 2 or more\n",
	      "1. json: json ", "handlers/json.so\n", "2. logger: logger ",
	      "3. load_plain: load_plain 2.0, handlers.d/zz_dropped.so\n",
	      "4. second: logger ", "on_error suspend\n", "only 239.255.0.1:5000, ff02::1\n",
	      "5. nothing: nothing 1.0, handlers.d/../aside/nothing.so\n",
	      "6. load_plain-2: load_plain 1.0, ", "/other/load_plain.so\n", "on_error drop\n",
	      "7. wants_json: wants_json ", "takes json from json\n");
	cr_expect_neq(access("log", F_OK), 0, "a check made the logger's file");
}

Test(check, the_directory_is_the_one_named_or_in_the_environment_or_here)
{
	site_write("aside/manifest.json", "{\"version\": 1}", 14);
	SHOWN(shown_by(program("mcast-hear", "--plugins", "--check")), "handlers.d: in order\n",
	      "1. all_options: all_options 1.0, handlers.d/all_options.so\n");
	setenv("MCAST_HANDLERS_DIR", "", 1);
	SHOWN(shown_by(program("mcast-hear", "--plugins", "--check")), "1. all_options: ");
	setenv("MCAST_HANDLERS_DIR", "aside", 1);
	SHOWN(shown_by(program("mcast-hear", "--plugins", "--check")), "aside/manifest.json: in order\n",
	      "1. nothing: nothing 1.0, aside/nothing.so\n");
	SHOWN(shown_by(program("mcast-hear", "--plugins=handlers.d/", "--check")), "1. all_options: ");
	setenv("MCAST_HANDLERS_DIR", "nowhere", 1);
	SHOWN(shown_by(program("mcast-hear", "-Phandlers.d", "--check")), "1. all_options: ");
}

Test(check, without_a_directory_it_says_where_one_is_looked_for)
{
	struct program *p;

	cr_assert(rename("handlers.d", "moved.d") == 0);
	p = program("mcast-hear", "--plugins", "--check");
	cr_expect_eq(program_ends(p), 78);
	cr_expect(strstr(program_err(p), "no directory of handlers: neither ./handlers.d nor "), "%s", program_err(p));
	cr_expect(strstr(program_err(p), "name it with --plugins=DIR\n"), "%s", program_err(p));
	program_free(p);

	setenv("MCAST_HANDLERS_DIR", "nowhere", 1);
	p = program("mcast-hear", "--plugins");
	cr_expect_eq(program_ends(p), 78);
	cr_expect_str_eq(program_err(p),
			  "mcast-hear: nowhere: no such directory; the environment names it: MCAST_HANDLERS_DIR\n");
	program_free(p);

	site_write("file", "", 0);
	p = program("mcast-hear", "--plugins=file");
	cr_expect_eq(program_ends(p), 78);
	cr_expect_str_eq(program_err(p), "mcast-hear: file: can't be opened: Not a directory\n");
	program_free(p);
}

Test(check, the_command_line_replaces_what_the_manifest_listens_to)
{
	site_manifest("{ 'version': 1, 'chain': [ 'logger' ], 'drop_ins': false,\n"
		      "'listen': [ { 'group': '239.255.0.1', 'port': 5000, 'interface': 'eth7' },\n"
		      "            { 'group': '239.255.0.2', 'port': 5001, 'source': '10.0.0.5' } ] }");
	SHOWN(shown_by(program("mcast-hear", "--plugins", "--check")), "hears 239.255.0.1:5000 on eth7\n"
	      "hears 239.255.0.2:5001 on the interface of the kernel's route, from 10.0.0.5\nsanitizes");
	SHOWN(shown_by(program("mcast-hear", "--plugins", "--check", "--interface", "lo", "--port", "6000")),
	      "hears 239.255.0.1:6000 on lo\nhears 239.255.0.2:6000 on lo, from 10.0.0.5\nsanitizes");
	SHOWN(shown_by(program("mcast-hear", "--plugins", "--check", "-g", "239.255.0.7", "-g", "239.255.0.8")),
	      "hears 239.255.0.7:59259 on the interface of the kernel's route\n"
	      "hears 239.255.0.8:59259 on the interface of the kernel's route\nsanitizes");
}

Test(check, with_v_it_lists_the_options_that_each_handler_knows)
{
	site_manifest("{ 'version': 1, 'chain': [ 'json' ], 'drop_ins': false }");
	SHOWN(shown_by(program("mcast-hear", "--plugins", "--check", "-v")), "1. json: ", "on_invalid  drop, pass; default drop",
	      "max_depth   whole number, 1 to 2048; default 32");
}

Test(check, what_cannot_be_printed_is_told)
{
	static const char *const table[] = { "--check", "--help", "--version" };
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct program *p = program_start_to((const char *const[]){ "mcast-hear", table[i], NULL }, full);

		cr_expect_eq(program_ends(p), 71, "%s", table[i]);
		cr_expect(strstr(program_err(p), "cannot write to stdout: No space left on device"), "%s: %s", table[i],
			  program_err(p));
		program_free(p);
		p = program_start_to((const char *const[]){ "mcast-hear", table[i], NULL }, -1);
		cr_expect_eq(program_ends(p), 141, "%s where stdout was never open", table[i]);
		program_free(p);
	}
	close(full);
}

/* All signals are blocked while it checks, SIGPIPE too. */
Test(check, ends_with_141_where_nobody_reads_it)
{
	struct program *p;
	int out[2];

	cr_assert(pipe2(out, O_CLOEXEC) == 0);
	close(out[0]);
	p = program_start_to((const char *const[]){ "mcast-hear", "--check", NULL }, out[1]);
	cr_assert_eq(program_ends(p), 141);
	cr_assert(strstr(program_err(p), "nobody reads its output any more"), "%s", program_err(p));
	program_free(p);
	close(out[1]);
}

Test(check, an_output_that_no_manifest_could_name_is_told)
{
	struct program *p = program("mcast-hear", "--check", "--output", "\xFFlog");

	cr_assert_eq(program_ends(p), 64);
	cr_assert(strstr(program_err(p), "--output \\xFFlog: expected a file whose name is UTF-8"), "%s", program_err(p));
	program_free(p);
}

Test(check, what_is_shown_drives_no_terminal)
{
	char *out;

	site_drop("nothing", "a\033[2J\xC2\x9B");
	site_manifest("{ 'version': 1, 'listen': [ { 'group': '239.1.1.1', 'interface': '\\u001b[31m\\u202e' } ] }");
	out = shown_by(program("mcast-hear", "--plugins", "--check"));
	cr_expect(!strpbrk(out, "\033\x9B\xE2"), "%s", out);
	SHOWN(out, "hears 239.1.1.1:59259 on \\x1B[31m\\u{202E}\n", "handlers.d/a\\x1B[2J\\u{009B}.so\n");
}
