/* manifest_line.c - tests: the line of a JSON pointer */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "manifest/manifest.h"

/* clang-format off */
static const char document[] =
/*  1 */	"\n"
/*  2 */	"{\n"
/*  3 */	"  \"version\": 1,\n"
/*  4 */	"  \"listen\": [ { \"group\": \"a]}\\\"{\" },\n"
/*  5 */	"    { \"port\":\n"
/*  6 */	"      7 }, 8,\n"
/*  7 */	"    null, -1.5e3, true\n"
/*  8 */	"  ],\n"
/*  9 */	"  \"a/b~c\": 1,\n"
/* 10 */	"  \"\": { \"\": 1,\n"
/* 11 */	"    \"x\": 2 },\n"
/* 12 */	"  \"\\u0067r\\u00fc\\n\\ud83d\\ude00\": [],\n"
/* 13 */	"  \"chain\"\n"
/* 14 */	"  : [\n"
/* 15 */	"    [ [\n"
/* 16 */	"      9 ] ],\n"
/* 17 */	"    \"last\" ]\n"
/* 18 */	"}\n";
/* clang-format on */

Test(manifest_line, is_that_of_the_key_or_of_the_item)
{
	static const struct {
		const char *pointer;
		unsigned line;
	} cases[] = {
		{ "", 2 },
		{ "/version", 3 },
		{ "/listen", 4 },
		{ "/listen/0", 4 },
		{ "/listen/0/group", 4 },
		{ "/listen/1", 5 },
		{ "/listen/1/port", 5 },
		{ "/listen/2", 6 },
		{ "/listen/3", 7 },
		{ "/listen/5", 7 },
		{ "/a~1b~0c", 9 },
		{ "/", 10 },
		{ "//", 10 },
		{ "//x", 11 },
		{ "/gr\xC3\xBC\n\xF0\x9F\x98\x80", 12 },
		{ "/chain", 13 },
		{ "/chain/0", 15 },
		{ "/chain/0/0/0", 16 },
		{ "/chain/1", 17 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		unsigned line = manifest_line(document, strlen(document), cases[i].pointer);

		cr_expect_eq(line, cases[i].line, "\"%s\": line %u, not %u", cases[i].pointer, line,
			     cases[i].line);
	}
}

Test(manifest_line, is_0_for_what_is_not_there)
{
	static const char *const pointers[] = {
		"version",    "/versio",    "/version1",         "/version/0",
		"/version/x", "/listen/6",  "/listen/-1",        "/listen/x",
		"/listen/",   "/listen/0/", "/listen/0/group/0", "/listen/99999999999999999999999",
		"/a/b~c",     "/a~1b~0",    "/a~1b~0cd",         "/chain/2",
		"/gr",        "/group",
	};

	for (size_t i = 0; i < sizeof(pointers) / sizeof(*pointers); i++)
		cr_expect_eq(manifest_line(document, strlen(document), pointers[i]), 0, "\"%s\"",
			     pointers[i]);
}

/* Each prefix in an allocation of its own, so that a byte too many is seen by the sanitizers. */
Test(manifest_line, stays_within_a_text_that_is_cut_anywhere)
{
	static const char *const pointers[] = { "",         "/chain/0/0/0", "/chain/1",
						"/nothing", "/listen/9",    "//x" };

	for (size_t n = 0; n <= strlen(document); n++) {
		char *cut = malloc(n ? n : 1);

		cr_assert(cut);
		memcpy(cut, document, n);
		for (size_t i = 0; i < sizeof(pointers) / sizeof(*pointers); i++)
			cr_assert_leq(manifest_line(cut, n, pointers[i]), 18);
		free(cut);
	}
}

Test(manifest_line, is_lost_by_no_depth)
{
	size_t n = 1 << 20;
	char *deep = malloc(n);

	cr_assert(deep);
	memset(deep, '[', n);
	cr_assert_eq(manifest_line(deep, n, "/0/0/0"), 1);
	cr_assert_eq(manifest_line(deep, n, "/0/1"), 0);
	free(deep);
}

Test(manifest_line, takes_broken_escapes_for_no_key)
{
	static const char *const texts[] = {
		"{\"\\",
		"{\"\\u",
		"{\"\\u00",
		"{\"\\ud83d\": 1}",
		"{\"\\ud83d\\u0041\": 1}",
		"{\"\\udc00\": 1}",
		"{\"\\x\": 1}",
		"{\"\\u00g1\": 1}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		cr_expect_eq(manifest_line(texts[i], strlen(texts[i]), "/A"), 0, "%s", texts[i]);
}
