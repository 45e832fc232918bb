/* plugins.c - tests: the chain of the site's handlers.d, heard on lo, and what keeps it from starting */
#include "support/plugins.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/wire.h"

struct program *plugins_run(void)
{
	return program("mcast-hear", "--plugins", "--interface", "lo", "--count", "2");
}

void plugins_say(const char *one, const char *two)
{
	int fd = wire_open(&(struct wire_sender){ .group = PLUGINS_GROUP, .interface = "lo", .source = "127.0.0.1", .ttl = 1 });

	wire_say(fd, one);
	wire_say(fd, two);
	close(fd);
}

void plugins_chain(const char *chain)
{
	struct program *p = plugins_run();
	char words[300], names[300], *rest = names;

	snprintf(words, sizeof(words), "hearing " PLUGINS_GROUP " on lo; chain: %s\n", chain);
	program_says(p, words);
	plugins_say("one", "two");
	cr_expect_eq(program_ends(p), 0, "%s", program_err(p));
	snprintf(names, sizeof(names), "%s", chain);
	for (char *name = strsep(&rest, " >"); name; name = strsep(&rest, " >"))
		if (*name)
			cr_expect_eq(program_count(p, name, "passed"), 2, "%s: %s", name, program_err(p));
	program_law(p);
	program_free(p);
}

char *plugins_refused(const char *what, int status, const char *words)
{
	struct program *p = plugins_run();
	char *err;

	cr_expect_eq(program_ends(p), status, "%s: ended with %d: %s", what, program_ends(p), program_err(p));
	cr_expect(strstr(program_err(p), words), "%s: without \"%s\": %s", what, words, program_err(p));
	cr_expect(!strstr(program_err(p), "hearing"), "%s: %s", what, program_err(p));
	cr_expect_neq(access("trace", F_OK), 0, "%s: its code ran", what);
	err = strdup(program_err(p));
	program_free(p);
	return err;
}
