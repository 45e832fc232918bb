/* documents.c - tests of the whole: the programs that README.md and docs/HANDLERS.md show do what is said there
 *
 * Each block of C is cut out, compiled as its reader would, and dropped in. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

TestSuite(documents, .init = enter, .fini = site_leave);

/* Writes each block of C, which begins with its file's name in a comment, to that file; returns how many. */
static unsigned cut_out(const char *document, char names[][64], unsigned room)
{
	static const char fence[] = "```c\n/* ";
	char path[4096];
	unsigned n = 0;
	char *text;

	snprintf(path, sizeof(path), "%s/%s", SOURCE_DIR, document);
	text = site_read(path, NULL);
	for (char *at = strstr(text, fence); at; at = strstr(at, fence)) {
		char *begin = at + strlen("```c\n");
		char *end = strstr(begin, "```\n");

		cr_assert(end && n < room, "%s: a block does not end", document);
		cr_assert_eq(sscanf(at + strlen(fence), "%60[a-z_].c", names[n]), 1, "%s: a block without a name",
			     document);
		snprintf(path, sizeof(path), "%s.c", names[n++]);
		site_write(path, begin, (size_t)(end - begin));
		at = end;
	}
	free(text);
	return n;
}

/* The compiler that built this, without its sanitizers: a handler of a reader's has none. */
static void compile(const char *name, const char *language)
{
	const char *compiler = strcmp(language, "c") == 0 ? "cc -std=c11" : "c++ -std=c++20 -x c++";
	char command[8192];

	snprintf(command, sizeof(command),
		 "%s -Wall -Wextra -Werror -shared -fPIC -O2 -I'%s/include' %s.c -o handlers.d/%s.so -ljansson && "
		 "chmod go-w handlers.d/%s.so", compiler, SOURCE_DIR, name, name, name);
	cr_assert_eq(system(command), 0, "%s", command);
}

static void assert_all_load(const char *document, const char *language)
{
	char names[16][64];
	unsigned n = cut_out(document, names, 16);
	struct program *p;

	cr_assert_gt(n, 0, "%s shows no program", document);
	for (unsigned i = 0; i < n; i++)
		compile(names[i], language);
	site_manifest("{ 'version': 1, 'chain': [ 'json', { 'drop_ins': true } ] }");
	p = program("mcast-hear", "--plugins", "--check");
	cr_assert_eq(program_ends(p), 0, "%s", program_err(p));
	for (unsigned i = 0; i < n; i++) {
		snprintf(names[i] + strlen(names[i]), 8, ".so");
		cr_assert(strstr(program_out(p), names[i]), "%s is not in the chain:\n%s", names[i], program_out(p));
	}
	program_free(p);
}

Test(documents, the_programs_of_the_readme_load)
{
	assert_all_load("README.md", "c");
}

Test(documents, the_programs_of_handlers_md_load)
{
	assert_all_load("docs/HANDLERS.md", "c");
}

/* Designated initializers in C++ must stand in the order of the struct: the header's promise for C++20. */
Test(documents, the_programs_of_handlers_md_are_cxx_too)
{
	assert_all_load("docs/HANDLERS.md", "c++");
}

Test(documents, the_handler_of_the_readme_greets_each_datagram)
{
	char names[16][64];
	struct program *p;
	int fd;

	cr_assert_gt(cut_out("README.md", names, 16), 0);
	compile(names[0], "c");
	p = program("mcast-hear", "--plugins", "--interface", "lo", "--count", "1");
	program_says(p, "hearing 224.0.0.1:59259 on lo; chain: greet");
	fd = wire_open(&(struct wire_sender){ .group = "224.0.0.1:59259", .interface = "lo" });
	wire_say(fd, "from me to me");
	cr_assert_eq(program_ends(p), 0);
	cr_assert(strstr(program_err(p), "mcast-hear: greet: hello, from me to me\n"), "%s", program_err(p));
	program_law(p);
	program_free(p);
	close(fd);
}

/* hot.c of docs/HANDLERS.md passes what is hotter than 30 degrees, by the document that json provides. */
Test(documents, a_handler_that_needs_json_sees_the_document)
{
	static const char *const said[] = { "{\"temp\": 20}", "no JSON", "{\"temp\": 31.5}", "{\"hum\": 99}" };
	char names[16][64];
	struct program *p;
	int fd;

	cut_out("docs/HANDLERS.md", names, 16);
	compile("hot", "c");
	site_manifest("{ 'version': 1, 'chain': [ { 'handler': 'json', 'options': { 'on_invalid': 'pass' } }, 'hot',"
		      " { 'handler': 'logger', 'options': { 'format': 'raw' } } ] }");
	p = program("mcast-hear", "--plugins", "--interface", "lo", "--count", "4");
	program_says(p, "hearing");
	fd = wire_open(&(struct wire_sender){ .group = "224.0.0.1:59259", .interface = "lo" });
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++)
		wire_say(fd, said[i]);
	cr_assert_eq(program_ends(p), 0);
	cr_assert_str_eq(program_out(p), said[2]);
	cr_assert_eq(program_count(p, "hot", "dropped"), 3);
	program_law(p);
	program_free(p);
	close(fd);
}
