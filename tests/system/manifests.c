/* manifests.c - tests of the whole: bad manifests, each mistake told with its place before anything starts */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/manifests.h"
#include "support/netns.h"
#include "support/program.h"
#include "support/site.h"

#define MANIFEST "mcast-hear: handlers.d/manifest.json"
#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* With the handlers that the rows below speak of. */
static void enter(void)
{
	site_enter();
	netns_enter();
	cr_assert(mkdir("aside", 0755) == 0 && mkdir("open", 0755) == 0 && chmod("open", 0777) == 0);
	site_drop("all_options", "all_options");
	site_drop("wants_json", "wants_json");
	site_drop("nothing", "nothing");
	cr_assert(rename("handlers.d/nothing.so", "open/nothing.so") == 0);
	site_write("handlers.d/text.so", "no code at all\n", 15);
	site_write("secret", "hunter2\n", 8);
	cr_assert(chmod("secret", 0600) == 0);
	site_write("told", "hunter2\n", 8);
	site_write("empty", "", 0);
	cr_assert(chmod("empty", 0600) == 0);
	setenv("EMPTY_KEY", "", 1);
	setenv("GOOD_KEY", "hunter2", 1);
	unsetenv("NO_KEY");
}

TestSuite(manifests, .init = enter, .fini = site_leave);

static unsigned lines_of(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* What the program says of the site's manifest: the same with --check and without, where it would end at once. */
static char *told(const char *text, int status)
{
	struct program *check = program("mcast-hear", "--plugins", "--check");
	struct program *run = program("mcast-hear", "--plugins", "--timeout", "1ms");
	char *words;

	cr_expect_eq(program_ends(check), status, "%s: ended with %d, not %d: %s", text, program_ends(check), status,
		     program_err(check));
	cr_expect_eq(program_ends(run), status);
	cr_expect_str_eq(program_err(run), program_err(check));
	cr_expect_eq(program_out_size(check) + program_out_size(run), 0, "%s: on stdout: %s", text,
		     program_out(check));
	words = strdup(program_err(check));
	program_free(check);
	program_free(run);
	return words;
}

/* Whether err is one line that begins with the place and holds the words. */
static void expect_line(const char *text, const char *err, const char *place, const char *words)
{
	cr_expect_eq(lines_of(err), 1, "%s: one mistake, but told: %s", text, err);
	cr_expect_eq(strncmp(err, place, strlen(place)), 0, "%s: not at %s: %s", text, place, err);
	cr_expect(strstr(err, words), "%s: without \"%s\": %s", text, words, err);
}

/* ---- mistakes that the manifest shows by itself ------------------------------------------------ */

Test(manifests, each_mistake_of_the_table_is_told_with_its_place)
{
	char place[300];

	for (size_t i = 0; i < manifest_case_count; i++) {
		const struct manifest_case *test = &manifest_cases[i];
		char *err;

		if (!test->pointer)
			continue;
		site_write("handlers.d/manifest.json", test->text, strlen(test->text));
		err = told(test->text, 78);
		if (*test->pointer)
			snprintf(place, sizeof(place), MANIFEST ":1: %s: ", test->pointer);
		else
			snprintf(place, sizeof(place), MANIFEST ":");
		expect_line(test->text, err, place, test->words);
		free(err);
	}
}

Test(manifests, what_is_no_json_is_told_with_line_and_column)
{
	static const struct {
		const char *text, *place;
	} table[] = {
		{ "{\n  'version': 1,\n  'chain': [ 'logger' 'json' ]\n}", ":3:28: " },
		{ "{\n  'version': 1\n  'chain': []\n}", ":3:9: " },
		{ "{\n  'version': 1,\n  'chain': []\n", ":4: " },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char place[100], *err;

		site_manifest("%s", table[i].text);
		err = told(table[i].text, 78);
		snprintf(place, sizeof(place), MANIFEST "%s", table[i].place);
		expect_line(table[i].text, err, place, "");
		free(err);
	}
}

/* ---- mistakes that only the handlers' code shows ----------------------------------------------- */

#define OPTIONS(options) \
	"{ 'version': 1, 'chain': [ { 'handler': 'all_options',\n'options': {\n" options " } } ], 'drop_ins': false }"

static const struct {
	const char *text; /* of the manifest; ' is " */
	int status;
	unsigned line;
	const char *pointer, *words;
} rows[] = {
	/* options, by the handlers that ship */
	{ "{ 'version': 1,\n'chain': [ 'logger',\n{ 'handler': 'json' },\n"
	  "{ 'handler': 'forward', 'options': { 'to': 'udp://127.0.0.1:5999',\n'too': [] } } ], 'drop_ins': false }",
	  78, 5, "/chain/2/options/too", "forward has no option \"too\"; did you mean \"to\"?" },
	{ "{ 'version': 1,\n'chain': [\n{ 'handler': 'forward' } ], 'drop_ins': false }", 78, 3, "/chain/0/options",
	  "forward needs the option \"to\": a string or a list of strings; where to: udp://host:port" },
	{ "{ 'version': 1,\n'chain': [\n{ 'handler': 'forward',\n'options': { 'to': 5999 } } ], 'drop_ins': false }",
	  78, 4, "/chain/0/options/to", "found 5999, expected a string or a list of strings" },
	{ "{ 'version': 1,\n'chain': [\n{ 'handler': 'forward',\n'options': { 'to': [] } } ], 'drop_ins': false }",
	  78, 4, "/chain/0/options", "forward: " },
	{ "{ 'version': 1,\n'chain': [\n{ 'handler': 'forward',\n'options': { 'to': '127.0.0.1:5999' } } ], "
	  "'drop_ins': false }", 78, 4, "/chain/0/options", "127.0.0.1:5999" },
	{ "{ 'version': 1,\n'chain': [\n{ 'handler': 'forward',\n'options': { 'to': 'udp://127.0.0.1' } } ], "
	  "'drop_ins': false }", 78, 4, "/chain/0/options", "udp://127.0.0.1" },
	{ "{ 'version': 1,\n'chain': [\n{ 'handler': 'forward',\n'options': { 'to': 'udp://127.0.0.1:70000' } } ], "
	  "'drop_ins': false }", 78, 4, "/chain/0/options", "udp://127.0.0.1:70000" },
	{ "{ 'version': 1,\n'chain': [\n{ 'handler': 'forward',\n'options': { 'to': 'udp://127.0.0.1:9?tll=1' } } ], "
	  "'drop_ins': false }", 78, 4, "/chain/0/options", "tll" },
	{ "{ 'version': 1,\n'chain': [\n{ 'handler': 'forward',\n'options': { 'to': 'ftp://127.0.0.1:9' } } ], "
	  "'drop_ins': false }", 78, 4, "/chain/0/options", "ftp://127.0.0.1:9" },
	{ "{ 'version': 1,\n'chain': [\n{ 'handler': 'json',\n'options': { 'on_invalid': 'Drop' } } ], 'drop_ins': false }",
	  78, 4, "/chain/0/options/on_invalid", "found \"Drop\", expected one of \"drop\", \"pass\"; did you mean \"drop\"?" },
	{ "{ 'version': 1,\n'chain': [\n{ 'handler': 'json',\n'options': { 'max_depth': 4096 } } ], 'drop_ins': false }",
	  78, 4, "/chain/0/options/max_depth", "found 4096, expected 1 to 2048" },
	{ "{ 'version': 1,\n'chain': [\n{ 'handler': 'logger',\n'options': { 'format': 'xml' } } ], 'drop_ins': false }",
	  78, 4, "/chain/0/options/format", "found \"xml\", expected one of \"text\", \"json\", \"hex\", \"raw\"" },
	{ "{ 'version': 1,\n'chain': [\n{ 'handler': 'logger',\n'options': { 'max_size': '10k' } } ], 'drop_ins': false }",
	  78, 4, "/chain/0/options", "max_size is for a file" },

	/* options of every type */
	{ OPTIONS("'flag': 1"), 78, 3, "/chain/0/options/flag", "found 1, expected true or false" },
	{ OPTIONS("'flag': 'true'"), 78, 3, "/chain/0/options/flag", "found \"true\", expected true or false" },
	{ OPTIONS("'number': '5'"), 78, 3, "/chain/0/options/number", "found \"5\", expected a whole number" },
	{ OPTIONS("'number': 5.0"), 78, 3, "/chain/0/options/number", "found 5.0, expected a whole number" },
	{ OPTIONS("'number': 0"), 78, 3, "/chain/0/options/number", "found 0, expected 1 to 9" },
	{ OPTIONS("'number': 10"), 78, 3, "/chain/0/options/number", "found 10, expected 1 to 9" },
	{ OPTIONS("'number': null"), 78, 3, "/chain/0/options/number", "found null, expected a whole number" },
	{ OPTIONS("'ratio': 'half'"), 78, 3, "/chain/0/options/ratio", "found \"half\", expected a number" },
	{ OPTIONS("'ratio': 1.5"), 78, 3, "/chain/0/options/ratio", "found 1.5, expected 0 to 1" },
	{ OPTIONS("'text': 7"), 78, 3, "/chain/0/options/text", "found 7, expected a string" },
	{ OPTIONS("'text': { 'file': 'secret' }"), 78, 3, "/chain/0/options/text", "found an object, expected a string" },
	{ OPTIONS("'colour': 'gren'"), 78, 3, "/chain/0/options/colour",
	  "found \"gren\", expected one of \"red\", \"green\", \"blue\"; did you mean \"green\"?" },
	{ OPTIONS("'colour': 0"), 78, 3, "/chain/0/options/colour", "found 0, expected one of \"red\", \"green\", \"blue\"" },
	{ OPTIONS("'room': '4 k'"), 78, 3, "/chain/0/options/room", "found \"4 k\", expected a size" },
	{ OPTIONS("'room': '4kB'"), 78, 3, "/chain/0/options/room", "found \"4kB\", expected a size" },
	{ OPTIONS("'room': '2M'"), 78, 3, "/chain/0/options/room", "found \"2M\", expected 1k to 1M" },
	{ OPTIONS("'room': -1"), 78, 3, "/chain/0/options/room", "found -1, expected a size" },
	{ OPTIONS("'pause': 5"), 78, 3, "/chain/0/options/pause", "a number needs its unit" },
	{ OPTIONS("'pause': '5 minutes'"), 78, 3, "/chain/0/options/pause", "found \"5 minutes\", expected a duration" },
	{ OPTIONS("'pause': '1h'"), 78, 3, "/chain/0/options/pause", "found \"1h\", expected 10ms to 1m" },
	{ OPTIONS("'list': [ 'a', 7 ]"), 78, 3, "/chain/0/options/list", "found a list, expected a string or a list of strings" },
	{ OPTIONS("'list': { 'a': 'b' }"), 78, 3, "/chain/0/options/list", "found an object, expected a string or a list of strings" },
	{ OPTIONS("'flga': true"), 78, 3, "/chain/0/options/flga", "all_options has no option \"flga\"; did you mean \"flag\"?" },
	{ OPTIONS("'a/b~c': true"), 78, 3, "/chain/0/options/a~1b~0c", "all_options has no option \"a/b~c\"" },
	{ OPTIONS("'': true"), 78, 3, "/chain/0/options/", "all_options has no option \"\"" },
	{ OPTIONS("'flag': true, 'number': 9"), 78, 2, "/chain/0/options", "all_options: \"flag\" goes with a number below 9" },

	/* secrets, which are never shown */
	{ OPTIONS("'key': 271828"), 78, 3, "/chain/0/options/key", "found a number, expected" },
	{ OPTIONS("'key': [ 'hunter2' ]"), 78, 3, "/chain/0/options/key", "found a list, expected" },
	{ OPTIONS("'key': { 'flie': 'secret' }"), 78, 3, "/chain/0/options/key", "expected a string, { \"file\": PATH } or { \"env\": NAME }" },
	{ OPTIONS("'key': { 'file': 'secret', 'env': 'GOOD_KEY' }"), 78, 3, "/chain/0/options/key", "found another object" },
	{ OPTIONS("'key': { 'file': 'gone' }"), 78, 3, "/chain/0/options/key", "gone: the secret can't be read: No such file" },
	{ OPTIONS("'key': { 'file': 'aside' }"), 78, 3, "/chain/0/options/key", "aside: is no file" },
	{ OPTIONS("'key': { 'file': 'empty' }"), 78, 3, "/chain/0/options/key", "empty: its first line is empty" },
	{ OPTIONS("'key': { 'file': 'told' }"), 77, 3, "/chain/0/options/key", "told: is a secret, but others may read or write it (mode 0644): chmod go-w,o-r told" },
	{ OPTIONS("'key': { 'env': 'NO_KEY' }"), 78, 3, "/chain/0/options/key", "the environment variable NO_KEY is not set" },
	{ OPTIONS("'key': { 'env': 'EMPTY_KEY' }"), 78, 3, "/chain/0/options/key", "the environment variable EMPTY_KEY is empty" },

	/* handlers' files */
	{ "{ 'version': 1,\n'chain': [\n'loger' ], 'drop_ins': false }", 78, 3, "/chain/0",
	  "found no loger.so in handlers.d nor in " },
	{ "{ 'version': 1,\n'chain': [\n'loger' ], 'drop_ins': false }", 78, 3, "/chain/0", "; did you mean \"logger\"?" },
	{ "{ 'version': 1,\n'chain': [ {\n'handler': 'wants-json' } ], 'drop_ins': false }", 78, 3, "/chain/0/handler",
	  "found no wants-json.so in handlers.d nor in " },
	{ "{ 'version': 1,\n'chain': [ {\n'handler': 'wants-json' } ], 'drop_ins': false }", 78, 3, "/chain/0/handler",
	  "; did you mean \"wants_json\"?" },
	{ "{ 'version': 1,\n'chain': [ {\n'handler': 'text' } ], 'drop_ins': false }", 78, 3, "/chain/0/handler",
	  "handlers.d/text.so: " },
	{ "{ 'version': 1,\n'chain': [ { 'handler': 'text',\n'required': false } ], 'drop_ins': false }", 78, 2,
	  "/chain/0/handler", "handlers.d/text.so: " },
	{ "{ 'version': 1,\n'chain': [ { 'handler': 'x',\n'path': '../aside/gone.so' } ], 'drop_ins': false }", 78, 3,
	  "/chain/0/path", "handlers.d/../aside/gone.so: no such file" },
	{ "{ 'version': 1,\n'chain': [ { 'handler': 'logger',\n'path': '../gone.log' } ], 'drop_ins': false }", 78, 3,
	  "/chain/0/path", "gone.log: no such file; \"path\" is the handler's .so: its own option of that name stands" },
	{ "{ 'version': 1,\n'chain': [ { 'handler': 'x',\n'path': '../gone/x.so' } ], 'drop_ins': false }", 78, 3,
	  "/chain/0/path", "handlers.d/../gone: can't be opened: No such file or directory" },
	{ "{ 'version': 1,\n'chain': [ { 'handler': 'x',\n'path': '../aside' } ], 'drop_ins': false }", 78, 3,
	  "/chain/0/path", "a directory, expected a file" },
	{ "{ 'version': 1,\n'chain': [ { 'handler': 'x',\n'path': '../open/nothing.so' } ], 'drop_ins': false }", 77, 3,
	  "/chain/0/path", "handlers.d/../open: anybody may write it (mode 0777): chmod go-w handlers.d/../open" },
	{ "{ 'version': 1,\n'chain': [ { 'handler': 'all_options',\n'sha256': '" DIGITS "' } ], 'drop_ins': false }",
	  78, 3, "/chain/0/sha256", "expected " DIGITS ": is it the file that was meant?" },

	/* what one handler needs of another */
	{ "{ 'version': 1,\n'chain': [ 'logger',\n'wants_json' ], 'drop_ins': false }", 78, 3, "/chain/1",
	  "wants_json needs the attribute \"json\", which no handler before it provides" },
	{ "{ 'version': 1,\n'chain': [ 'logger',\n{ 'handler': 'wants_json', 'name': 'late' }, 'json' ], 'drop_ins': false }",
	  78, 3, "/chain/1", "late needs the attribute \"json\", which json provides further down the chain; put json before late" },
	{ "{ 'version': 1,\n'chain': [ { 'handler': 'json', 'enabled': false },\n'wants_json' ], 'drop_ins': false }",
	  78, 3, "/chain/1", "no handler before it provides" },

	/* nothing left to run */
	{ "{ 'version': 1,\n'chain': [ { 'handler': 'gone', 'enabled': false } ], 'drop_ins': false }", 78, 2, "/drop_ins",
	  "names no handler that is enabled" },
};

Test(manifests, each_mistake_that_a_handler_finds_is_told_with_its_place)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char place[300], *err;

		site_manifest("%s", rows[i].text);
		err = told(rows[i].text, rows[i].status);
		snprintf(place, sizeof(place), MANIFEST ":%u: %s: ", rows[i].line, rows[i].pointer);
		expect_line(rows[i].text, err, place, rows[i].words);
		cr_expect(!strstr(err, "hunter2") && !strstr(err, "271828"), "%s: shows a secret: %s", rows[i].text, err);
		free(err);
	}
}

Test(manifests, a_handler_that_cannot_be_made_is_told_with_its_own_words)
{
	char *err;

	site_manifest("{ 'version': 1, 'chain': [\n{ 'handler': 'all_options', 'name': 'mine',\n"
		      "'options': { 'fail': true } } ], 'drop_ins': false }");
	err = told("a create() that fails", 78);
	cr_expect_str_eq(err, "mcast-hear: mine: was told to fail\n" MANIFEST
			      ":2: /chain/0: mine could not be created: Input/output error\n");
	free(err);
}

/* ---- several ---------------------------------------------------------------------------------- */

Test(manifests, all_mistakes_are_told_in_one_run_and_each_once)
{
	static const char *const lines[] = {
		MANIFEST ":2: /verison: ",
		MANIFEST ":3: /listen/0/port: ",
		MANIFEST ":4: /sanitize/profile: ",
		MANIFEST ":6: /chain/0/on_error: ",
		MANIFEST ":7: /chain/1: found no loger.so",
		MANIFEST ":8: /chain/2/options/too: ",
		MANIFEST ":9: /chain/2/options/buffer: ",
		MANIFEST ":8: /chain/2/options: forward needs the option \"to\"",
		MANIFEST ":10: /chain/3/options/max_depth: ",
		MANIFEST ":11: /chain/4/sha256: ",
		MANIFEST ":12: /limits/kept: ",
	};
	const size_t n = sizeof(lines) / sizeof(*lines);
	char *err;

	site_manifest("{ 'version': 1,\n"
		      "  'verison': 1,\n"
		      "  'listen': [ { 'group': '239.255.0.1', 'port': 0 } ],\n"
		      "  'sanitize': { 'profile': 'txt' },\n"
		      "  'chain': [\n"
		      "    { 'handler': 'logger', 'on_error': 'stop' },\n"
		      "    'loger',\n"
		      "    { 'handler': 'forward', 'options': { 'too': 1,\n"
		      "      'buffer': 1 } },\n"
		      "    { 'handler': 'json', 'options': { 'max_depth': 0 } },\n"
		      "    { 'handler': 'all_options', 'sha256': '" DIGITS "' } ],\n"
		      "  'limits': { 'kept': '1T' } }\n");
	err = told("many mistakes", 78);
	cr_expect_eq(lines_of(err), n, "%u lines, not %zu:\n%s", lines_of(err), n, err);
	for (size_t i = 0; i < n; i++) {
		const char *at = strstr(err, lines[i]);

		cr_expect(at, "without %s:\n%s", lines[i], err);
		cr_expect(!at || !strstr(at + 1, lines[i]), "%s is told twice:\n%s", lines[i], err);
	}
	free(err);
}

Test(manifests, mistakes_of_owner_and_mode_alone_end_with_77_and_among_others_with_78)
{
	char *err;

	site_manifest("{ 'version': 1, 'chain': [ { 'handler': 'x', 'path': '../open/nothing.so' },\n"
		      "{ 'handler': 'all_options', 'options': { 'key': { 'file': 'told' } } } ], 'drop_ins': false }");
	err = told("two modes", 77);
	cr_expect_eq(lines_of(err), 2, "%s", err);
	free(err);
	site_manifest("{ 'version': 1, 'chain': [ { 'handler': 'x', 'path': '../open/nothing.so' },\n"
		      "{ 'handler': 'all_options', 'options': { 'kye': 1 } } ], 'drop_ins': false }");
	err = told("a mode and a name", 78);
	cr_expect_eq(lines_of(err), 2, "%s", err);
	free(err);
}

/* ---- the file ---------------------------------------------------------------------------------- */

static void expect_file(const char *what, int status, const char *words)
{
	char *err = told(what, status);

	expect_line(what, err, MANIFEST ": ", words);
	free(err);
}

Test(manifests, something_else_in_the_place_of_the_file_is_told)
{
	cr_assert(mkdir("handlers.d/manifest.json", 0755) == 0);
	expect_file("a directory", 78, "found a directory, expected a regular file");
	cr_assert(rmdir("handlers.d/manifest.json") == 0);

	cr_assert(mkfifo("handlers.d/manifest.json", 0644) == 0);
	expect_file("a fifo", 78, "found a device, pipe or socket, expected a regular file");
	cr_assert(unlink("handlers.d/manifest.json") == 0);

	cr_assert(symlink("manifest.json", "handlers.d/manifest.json") == 0);
	expect_file("a loop", 78, "cannot be opened: Too many levels of symbolic links");
	cr_assert(unlink("handlers.d/manifest.json") == 0);

	/* Its lack means the drop-ins alone, but a link to nothing is no lack. */
	cr_assert(symlink("../elsewhere.json", "handlers.d/manifest.json") == 0);
	expect_file("a link to nothing", 78, "is a symlink that leads nowhere");
}

Test(manifests, a_huge_or_deep_file_is_refused_in_words)
{
	const size_t size = (size_t)2 << 20;
	char *text = malloc(size), *err;

	cr_assert(text);
	memset(text, ' ', size);
	memcpy(text, "{\"version\": 1}", 14);
	site_write("handlers.d/manifest.json", text, size);
	expect_file("2 MiB", 78, "is longer than 1 MiB");
	memset(text, '[', 100000);
	site_write("handlers.d/manifest.json", text, 100000);
	err = told("100000 lists", 78);
	expect_line("100000 lists", err, MANIFEST ":1:", "depth");
	free(err);
	free(text);
}

Test(manifests, no_more_mistakes_are_told_than_a_person_mends, .timeout = 60)
{
	enum { MISTAKES = 100000, EACH = 10 };
	char *text = malloc(MISTAKES * EACH + 20), *at, *err;

	cr_assert(text);
	at = text + sprintf(text, "{\"version\":1");
	for (unsigned i = 0; i < MISTAKES; i++)
		at += sprintf(at, ",\"%05u\":0", i);
	*at++ = '}';
	site_write("handlers.d/manifest.json", text, (size_t)(at - text));
	err = told("100000 keys", 78);
	cr_expect_eq(lines_of(err), 101, "%u lines", lines_of(err));
	cr_expect(strstr(err, "mcast-hear: and 99900 more mistakes"), "%s", err);
	free(err);
	free(text);
}

Test(manifests, an_unreadable_file_is_told_with_what_mends_it)
{
	/* What lets root read everything; without them it is a user like others. */
	if (prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE) || prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH))
		cr_skip_test("may not drop capabilities: %s", strerror(errno));
	site_manifest("{ 'version': 1 }");
	cr_assert(chmod("handlers.d/manifest.json", 0) == 0);
	expect_file("mode 0000", 77, "cannot be opened: Permission denied; let the user that we run as read it");
}
