/* loading.c - tests of the whole: files that are refused before any of their code runs, and what mends them */
#include <criterion/criterion.h>
#include <elf.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mcast/handler.h"
#include "support/netns.h"
#include "support/plugins.h"
#include "support/site.h"

static void enter(void)
{
	site_enter();
	netns_enter();
	unsetenv("MCAST_HANDLERS_DIR");
	cr_assert(mkdir("aside", 0755) == 0);
}

TestSuite(loading, .init = enter, .fini = site_leave);

/* ---- files that are refused ---------------------------------------------------------------------- */

#define FILE_NAME "handlers.d/bad.so"

/* What a row does to the bytes of a good handler, which leaves a trace where it runs. */
static void cut_to_half(char *bytes, size_t *size)
{
	(void)bytes;
	*size /= 2;
}

static void cut_to_header(char *bytes, size_t *size)
{
	(void)bytes;
	*size = sizeof(Elf64_Ehdr) - 1;
}

static void empty(char *bytes, size_t *size)
{
	(void)bytes;
	*size = 0;
}

static void spoil_magic(char *bytes, size_t *size)
{
	(void)size;
	memcpy(bytes, "#!/bin/sh\necho\n", 15);
}

static void other_machine(char *bytes, size_t *size)
{
	uint16_t machine = EM_S390;

	(void)size;
	memcpy(bytes + offsetof(Elf64_Ehdr, e_machine), &machine, sizeof(machine));
}

static void other_class(char *bytes, size_t *size)
{
	(void)size;
	bytes[EI_CLASS] = sizeof(void *) == 8 ? ELFCLASS32 : ELFCLASS64;
}

static void object_file(char *bytes, size_t *size)
{
	uint16_t type = ET_REL;

	(void)size;
	memcpy(bytes + offsetof(Elf64_Ehdr, e_type), &type, sizeof(type));
}

/* The note of the ABI, wherever it lies in the file. */
static struct mcast_note *note_in(char *bytes, size_t size)
{
	char *owner = memmem(bytes, size, "\1\0\0\0mcast\0\0", 12);

	cr_assert(owner);
	return (struct mcast_note *)(owner - offsetof(struct mcast_note, type));
}

static void future_major(char *bytes, size_t *size)
{
	note_in(bytes, *size)->abi_major = MCAST_ABI_MAJOR + 1;
}

static void past_major(char *bytes, size_t *size)
{
	note_in(bytes, *size)->abi_major = 0;
}

static void future_minor(char *bytes, size_t *size)
{
	note_in(bytes, *size)->abi_minor = MCAST_ABI_MINOR + 1;
}

static void no_note(char *bytes, size_t *size)
{
	note_in(bytes, *size)->owner[0] = 'x';
}

static const struct {
	void (*spoil)(char *bytes, size_t *size);
	const char *words;
} rows[] = {
	{ cut_to_half, "copied whole?" },
	{ cut_to_header, "copied whole?" },
	{ empty, FILE_NAME ": is empty; expected a shared object: copied whole?" },
	{ spoil_magic, FILE_NAME ": is no shared object: it starts with \"#!/bin/sh\\necho\\n" },
	{ other_machine, ": rebuild it here" },
	{ other_class, ": rebuild it for that" },
	{ object_file, FILE_NAME ": is " },
	{ future_major, FILE_NAME ": built for ABI 2.0, this engine speaks 1.0: rebuild it with this engine's mcast/handler.h" },
	{ past_major, FILE_NAME ": built for ABI 0.0, this engine speaks 1.0: rebuild it with this engine's mcast/handler.h" },
	{ future_minor, FILE_NAME ": built for ABI 1.1, this engine speaks 1.0: update the engine or rebuild with "
			"-DMCAST_HANDLER_MINOR=0" },
	{ no_note, FILE_NAME ": is no handler: has no note of mcast/handler.h; is MCAST_HANDLER(...) in it?" },
};

Test(loading, a_hostile_file_is_refused_before_its_code_runs_as_a_drop_in_and_by_name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t size;
		char *bytes = site_read(BUILD_DIR "/tests/handlers/leaves_trace.so", &size);
		char *err;

		rows[i].spoil(bytes, &size);
		site_write(FILE_NAME, bytes, size);
		free(bytes);

		site_manifest("{ 'version': 1, 'chain': [ 'logger' ] }");
		err = plugins_refused(rows[i].words, 78, rows[i].words);
		cr_expect_eq(strncmp(err, "mcast-hear: " FILE_NAME ": ", 12 + strlen(FILE_NAME) + 2), 0, "%s", err);
		free(err);
		site_manifest("{ 'version': 1, 'chain': [ 'logger',\n'bad' ], 'drop_ins': false }");
		err = plugins_refused(rows[i].words, 78, rows[i].words);
		cr_expect(strstr(err, "handlers.d/manifest.json:2: /chain/1: " FILE_NAME ": "), "%s", err);
		free(err);
	}
}

Test(loading, handlers_of_another_abi_and_those_that_cannot_be_loaded_say_what_to_rebuild)
{
	static const struct {
		const char *name, *words;
	} table[] = {
		{ "load_major", "bad.so: built for ABI 2.0, this engine speaks 1.0: rebuild it" },
		{ "load_minor", "bad.so: built for ABI 1.3, this engine speaks 1.0: update the engine or rebuild with" },
		{ "load_library", "bad.so: is no handler: has no note of mcast/handler.h" },
		{ "load_missing", "mcast_test_nobody_has_this: link it with the library that has it" },
		{ "load_refused", "bad.so: has no process(): name one with .process = ..." },
		{ "load_origin", "no $ORIGIN: link it with an absolute -rpath" },
		{ "load_unique", "compile it with -fno-gnu-unique" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		site_drop(table[i].name, "bad");
		free(plugins_refused(table[i].name, 78, table[i].words));
	}
}

Test(loading, what_is_no_file_is_refused_without_waiting_for_it)
{
	site_manifest("{ 'version': 1, 'chain': [ 'logger' ] }");
	cr_assert(mkfifo(FILE_NAME, 0644) == 0);
	free(plugins_refused("fifo", 78, "mcast-hear: " FILE_NAME ": is a fifo, expected a file\n"));
	cr_assert(unlink(FILE_NAME) == 0 && mkdir(FILE_NAME, 0755) == 0);
	free(plugins_refused("directory", 78, "mcast-hear: " FILE_NAME ": is a directory, expected a file\n"));
	cr_assert(rmdir(FILE_NAME) == 0);
}

Test(loading, a_symlink_may_lead_within_the_directory_but_not_out_of_it)
{
	char *err, here[300], path[400];

	site_drop("leaves_trace", "bad");
	cr_assert(rename(FILE_NAME, "aside/leaves_trace.so") == 0);
	cr_assert(getcwd(here, sizeof(here)));
	snprintf(path, sizeof(path), "%s/aside/leaves_trace.so", here);

	cr_assert(symlink("../aside/leaves_trace.so", FILE_NAME) == 0);
	err = plugins_refused("relative", 77, "mcast-hear: " FILE_NAME ": is a symlink that leads out of the directory or "
			     "nowhere: copy the file itself into it, or name the file by \"path\" in the manifest\n");
	free(err);
	cr_assert(unlink(FILE_NAME) == 0 && symlink(path, FILE_NAME) == 0);
	free(plugins_refused("absolute", 77, "is a symlink that leads out"));
	cr_assert(unlink(FILE_NAME) == 0 && symlink("gone.so", FILE_NAME) == 0);
	free(plugins_refused("nowhere", 77, "is a symlink that leads out of the directory or nowhere"));
	cr_assert(unlink(FILE_NAME) == 0);

	/* Both cures: */
	site_manifest("{ 'version': 1, 'chain': [ { 'handler': 'x', 'path': '../aside/leaves_trace.so' } ] }");
	plugins_chain("leaves_trace");
	cr_assert(unlink("handlers.d/manifest.json") == 0 && rename("aside/leaves_trace.so", "handlers.d/real.so") == 0);
	plugins_chain("leaves_trace");
	cr_assert(symlink("real.so", FILE_NAME) == 0);
	plugins_chain("leaves_trace > leaves_trace-2");
}

/* ---- owner, mode, and the command that mends them ------------------------------------------------ */

/* Refused with 77 and words; then the command that the message ends with is run, as a person would. */
static void expect_cure(const char *what, const char *words, const char *verb)
{
	char *err = plugins_refused(what, 77, words), *command = strstr(err, verb);

	cr_assert(command && command > err, "%s: names no %s: %s", what, verb, err);
	cr_expect_eq(strncmp(command - 2, ": ", 2), 0, "%s", err);
	cr_expect_eq(system(command), 0, "%s", command);
	plugins_chain("leaves_trace");
	cr_assert(unlink("trace") == 0);
	free(err);
}

Test(loading, the_chmod_that_a_refusal_prints_makes_it_work)
{
	site_drop("leaves_trace", "bad");
	cr_assert(chmod(FILE_NAME, 0777) == 0);
	expect_cure("file 0777", "mcast-hear: " FILE_NAME ": anybody may write it (mode 0777): ", "chmod ");
	cr_assert(chmod(FILE_NAME, 0646) == 0);
	expect_cure("file 0646", FILE_NAME ": anybody may write it (mode 0646): ", "chmod ");
	cr_assert(chmod("handlers.d", 0777) == 0);
	expect_cure("directory 0777", "mcast-hear: handlers.d: anybody may write it (mode 0777): ", "chmod ");
	cr_assert(chmod("handlers.d", 01777) == 0);
	expect_cure("directory 1777", "mcast-hear: handlers.d: anybody may write it (mode 1777): ", "chmod ");
	cr_assert(rename(FILE_NAME, "handlers.d/it's my $(touch trace).so") == 0 &&
		  chmod("handlers.d/it's my $(touch trace).so", 0666) == 0);
	expect_cure("a name that a shell would take apart", "anybody may write it (mode 0666): ", "chmod ");
}

Test(loading, the_chown_that_a_refusal_prints_makes_it_work)
{
	site_drop("leaves_trace", "bad");
	if (chown(FILE_NAME, 12345, (gid_t)-1))
		cr_skip_test("needs the right to give files away: %s", strerror(errno));
	expect_cure("a file of user 12345", "mcast-hear: " FILE_NAME ": belongs to 12345, expected root, who runs this: ",
		    "chown ");
	cr_assert(chown("handlers.d", 12345, (gid_t)-1) == 0);
	expect_cure("a directory of user 12345", "mcast-hear: handlers.d: belongs to 12345, expected root, who runs this: ",
		    "chown ");
	cr_assert(chown(FILE_NAME, (uid_t)-1, 12345) == 0 && chmod(FILE_NAME, 0664) == 0);
	expect_cure("a file that group 12345 may write", "group 12345 may write it (mode 0664)", "chmod ");
}

Test(loading, a_wrong_sha256_is_told_before_any_code_runs)
{
	char *err, found[65];
	const char *at;

	site_drop("leaves_trace", "bad");
	site_manifest("{ 'version': 1, 'chain': [ { 'handler': 'bad',\n'sha256': "
		      "'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef' } ] }");
	err = plugins_refused("sha256", 78, "handlers.d/manifest.json:2: /chain/0/sha256: " FILE_NAME ": its sha256 is ");
	at = strstr(err, "its sha256 is ");
	cr_assert(at);
	memcpy(found, at + 14, 64);
	found[64] = '\0';
	free(err);

	/* The one that it tells is right. */
	site_manifest("{ 'version': 1, 'chain': [ { 'handler': 'bad', 'sha256': '%s' } ] }", found);
	plugins_chain("leaves_trace");
}
