/* manifest_file.c - tests: the file that a manifest is, or should have been */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "manifest/manifest.h"

static struct manifest m;
static struct faults faults;
static char dir[] = "/tmp/manifest-XXXXXX";
static char file[64];

static void begin(void)
{
	cr_assert(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/" MANIFEST_NAME, dir);
}

static void end(void)
{
	manifest_finish(&m);
	faults_finish(&faults);
	if (unlink(file))
		rmdir(file);
	cr_expect_eq(rmdir(dir), 0);
}

TestSuite(manifest_file, .init = begin, .fini = end);

static void write_file(const void *bytes, size_t n)
{
	FILE *out = fopen(file, "w");

	cr_assert(out);
	cr_assert_eq(fwrite(bytes, 1, n, out), n);
	cr_assert_eq(fclose(out), 0);
}

static void assert_told(const char *expected)
{
	char line[512];

	cr_assert_eq(faults.n, 1);
	manifest_describe(&m, &faults.list[0], line, sizeof(line));
	cr_assert(strstr(line, expected), "\"%s\" is not in \"%s\"", expected, line);
	cr_assert_eq(strncmp(line, file, strlen(file)), 0, "names no file: %s", line);
}

Test(manifest_file, a_file_is_read_and_kept_for_the_lines)
{
	static const char text[] = "{\n\t\"version\": 1,\n\t\"chain\": [ \"logger\" ]\n}\n";
	char pointer[] = "/chain/0/options/to", words[] = "is missing";
	struct fault later = { .pointer = pointer, .text = words };
	char line[512];

	write_file(text, strlen(text));
	cr_assert_eq(manifest_read(&m, file, &faults), 0);
	cr_assert_eq(m.entries, 2);
	manifest_describe(&m, &later, line, sizeof(line));
	cr_assert_str_eq(line + strlen(file), ":3: /chain/0/options/to: is missing");
}

Test(manifest_file, a_missing_file_is_no_fault)
{
	cr_assert_eq(manifest_read(&m, file, &faults), -ENOENT);
	cr_assert_not(faults_any(&faults));
}

Test(manifest_file, a_directory_is_refused)
{
	cr_assert_eq(mkdir(file, 0700), 0);
	cr_assert_eq(manifest_read(&m, file, &faults), -EINVAL);
	assert_told("found a directory, expected a regular file");
}

Test(manifest_file, a_fifo_does_not_stall)
{
	cr_assert_eq(mkfifo(file, 0600), 0);
	cr_assert_eq(manifest_read(&m, file, &faults), -EINVAL);
	assert_told("expected a regular file");
}

Test(manifest_file, a_file_that_is_not_ours_to_read_is_a_matter_of_permission)
{
	if (!geteuid())
		cr_skip_test("root reads every file");
	write_file("{}", 2);
	cr_assert_eq(chmod(file, 0), 0);
	cr_assert_eq(manifest_read(&m, file, &faults), -EACCES);
	assert_told("Permission denied");
	cr_assert_eq(faults_status(&faults), FAULT_PERMISSION);
}

Test(manifest_file, a_directory_on_the_way_that_is_none_is_told)
{
	char below[128];

	write_file("{}", 2);
	snprintf(below, sizeof(below), "%s/" MANIFEST_NAME, file);
	cr_assert_eq(manifest_read(&m, below, &faults), -ENOTDIR);
	assert_told("Not a directory");
}

Test(manifest_file, a_mebibyte_is_taken_and_a_byte_more_is_not)
{
	size_t n = (1 << 20) + 1;
	char *bytes = malloc(n);

	cr_assert(bytes);
	memset(bytes, ' ', n);
	memcpy(bytes, "{\"version\":1}", 13);
	write_file(bytes, n - 1);
	cr_assert_eq(manifest_read(&m, file, &faults), 0);
	manifest_finish(&m);

	write_file(bytes, n);
	cr_assert_eq(manifest_read(&m, file, &faults), -EINVAL);
	assert_told("is longer than 1 MiB");
	free(bytes);
}

Test(manifest_file, what_is_no_json_is_told_with_line_and_column)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *told;
	} cases[] = {
#define TEXT(text) text, sizeof(text) - 1
		{ TEXT(""), ": is empty" },
		{ TEXT("{\n\t\"version\": 1,\n\t\"chain\": [ \"logger\", ]\n}\n"),
		  ":3:23: unexpected token near ']'; JSON takes no comma behind the last one" },
		{ TEXT("{\n\t\"version\": 1,\n}\n"), "near '}'; JSON takes no comma behind the last one" },
		{ TEXT("{ \"version\": 1, // the first\n\"chain\": [] }"), ":1:17: string or '}' expected near '/'; JSON has no comments" },
		{ TEXT("# mine\n{ \"version\": 1 }"), ":1:1: invalid token near '#'; JSON has no comments" },
		{ TEXT("{ 'version': 1 }"), "near '\''; JSON takes double quotes only" },
		{ TEXT("{ \"version\": ] }"), ":1:14: unexpected token near ']'" },
		{ TEXT("{\n\t\"version\": 1\n"), ":3: '}' expected near end of file" },
		{ TEXT("{ \"version\": 1,\n  \"version\": 1 }"), ":2:11: duplicate object key" },
		{ TEXT("{ \"version\": 1,\n\"a\0b\": 1 }"), ":2:3: found a NUL byte" },
		{ TEXT("{ \"version\": 1 }\n\0"), ":2:1: found a NUL byte" },
		{ TEXT("{ \"version\": 1,\n\"gr\xC3\xBC\xC3\x9F\x65\": \"\xE4\" }"),
		  ":2:11: found byte 0xE4, expected UTF-8" },
		{ TEXT("\xEF\xBB\xBF{ \"version\": 1 }"), ": starts with a byte order mark" },
		{ TEXT("\xFF\xFE{\0"), ": is UTF-16" },
#undef TEXT
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		write_file(cases[i].bytes, cases[i].n);
		cr_assert_eq(manifest_read(&m, file, &faults), -EINVAL, "case %zu", i);
		assert_told(cases[i].told);
		manifest_finish(&m);
		faults_finish(&faults);
	}
}

Test(manifest_file, nesting_without_end_is_refused)
{
	size_t n = 100000;
	char *bytes = malloc(n);

	cr_assert(bytes);
	memset(bytes, '[', n);
	write_file(bytes, n);
	free(bytes);
	cr_assert_eq(manifest_read(&m, file, &faults), -EINVAL);
	assert_told("depth");
}
