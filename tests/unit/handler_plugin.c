/* handler_plugin.c - tests: what becomes of a sound file: loaded once, from a copy, for ever */
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "handler/plugin.h"
#include "support/scratch.h"

static const char *directory;
static struct plugin_dir *dir;

static void setup(void)
{
	directory = scratch_make();
	cr_assert_eq(plugin_dir_open(&dir, directory, NULL), 0);
}

static void teardown(void)
{
	plugin_dir_close(dir);
	scratch_remove(directory);
}

TestSuite(plugin, .init = setup, .fini = teardown);

/* Puts the test handler into the directory as name. */
static void put(const char *handler, const char *name)
{
	size_t n;
	uint8_t *data = scratch_handler(handler, &n);

	scratch_write(directory, name, data, n);
	free(data);
}

/* The same with bytes of its own behind the end: another version, which ld.so takes for the same. */
static void put_version(const char *handler, const char *name, unsigned version)
{
	size_t n;
	uint8_t *data = scratch_handler(handler, &n);

	data = realloc(data, n + sizeof(version));
	cr_assert_not_null(data);
	memcpy(data + n, &version, sizeof(version));
	scratch_write(directory, name, data, n + sizeof(version));
	free(data);
}

static const struct plugin *load(const char *name)
{
	const struct plugin *plugin = NULL;
	struct why why = { "" };

	cr_assert_eq(plugin_load(&plugin, dir, name, NULL, &why), 0, "%s", why.text);
	return plugin;
}

static void assert_refused(const char *name, const char *sha256, int err, const char *words)
{
	const struct plugin *plugin;
	struct why why = { "" };

	cr_expect_eq(plugin_load(&plugin, dir, name, sha256, &why), err, "%s", why.text);
	cr_expect_not_null(strstr(why.text, words), "said \"%s\", expected \"%s\"", why.text, words);
}

static uint8_t verdict_of(const struct plugin *plugin)
{
	struct mcast_msg msg = { .data = (const uint8_t *)"x", .len = 1 }, *one = &msg;
	struct mcast_ctx ctx = { .size = sizeof(ctx) };
	uint8_t verdict = MCAST_PASS;
	struct mcast_batch batch = { .size = sizeof(batch), .n = 1, .msg = &one, .verdict = &verdict };

	cr_assert_eq(plugin->handler.process(&ctx, &batch), 0);
	return verdict;
}

static unsigned count_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

Test(plugin, is_loaded_and_runs)
{
	const struct plugin *plugin;

	put("load_plain", "x.so");
	plugin = load("x.so");
	cr_assert_str_eq(plugin->handler.name, "load_plain");
	cr_assert_str_eq(plugin->handler.version, "1.0");
	cr_assert_str_eq(plugin->path, scratch_path(directory, "x.so"));
	cr_assert_eq(strlen(plugin->sha256), 64);
	cr_assert_str_eq(getenv("LOAD_PLAIN_RAN"), "1", "constructors run");
	cr_assert_eq(verdict_of(plugin), MCAST_PASS);
}

Test(plugin, is_found_by_its_symbols_in_either_hash_table)
{
	put("load_sysv", "x.so");
	cr_assert_str_eq(load("x.so")->handler.name, "load_sysv");
}

Test(plugin, is_loaded_once_for_the_same_bytes)
{
	const struct plugin *first;
	unsigned fds;

	put("load_plain", "x.so");
	put("load_plain", "y.so");
	first = load("x.so");
	fds = count_fds();
	cr_assert_eq(load("x.so"), first);
	cr_assert_eq(load("y.so")->handler.process, first->handler.process);
	cr_assert_str_eq(load("y.so")->path, scratch_path(directory, "y.so"), "and told of by its own path");
	cr_assert_str_eq(load("x.so")->path, scratch_path(directory, "x.so"));
	cr_assert_eq(load("y.so"), load("y.so"));
	cr_assert_eq(count_fds(), fds, "a shared one costs nothing");
}

Test(plugin, is_new_code_when_the_file_is_new)
{
	const struct plugin *old, *fresh;

	put("load_plain", "x.so");
	old = load("x.so");
	put("load_other", "x.so");
	fresh = load("x.so");
	cr_assert_neq(old, fresh);
	cr_assert_str_eq(fresh->handler.version, "2.0");
	cr_assert_eq(verdict_of(fresh), MCAST_DROP);
	cr_assert_eq(verdict_of(old), MCAST_PASS, "the old one still runs");
}

Test(plugin, outlives_its_file_being_overwritten_in_place)
{
	const struct plugin *plugin;
	int fd;

	put("load_plain", "x.so");
	plugin = load("x.so");
	fd = open(scratch_path(directory, "x.so"), O_WRONLY | O_TRUNC | O_CLOEXEC);
	cr_assert_eq(write(fd, "gone", 4), 4);
	close(fd);
	cr_assert_eq(verdict_of(plugin), MCAST_PASS);
}

/* A debugger in another process looks the code up by this name; the copy behind it can't change. */
Test(plugin, lies_in_a_sealed_copy_that_a_debugger_finds)
{
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	const struct plugin *plugin;
	char folder[64];
	Dl_info info;
	int fd;

	put("load_plain", "x.so");
	plugin = load("x.so");
	cr_assert_neq(dladdr((const void *)plugin->handler.name, &info), 0);
	snprintf(folder, sizeof(folder), "/proc/%d/fd/", (int)getpid());
	cr_assert_eq(strncmp(info.dli_fname, folder, strlen(folder)), 0, "%s", info.dli_fname);
	fd = (int)strtol(info.dli_fname + strlen(folder), NULL, 10);
	cr_assert_eq(fcntl(fd, F_GET_SEALS) & seals, seals);
	cr_assert_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	cr_assert_lt(write(fd, "x", 1), 0);
}

static int load_as_first(void)
{
	const struct plugin *plugin;
	struct why why = { "" };

	if (plugin_load(&plugin, dir, "x.so", NULL, &why)) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	return getpid() != 1;
}

/* There the number of this process leads to nobody, or to somebody else's files. */
Test(plugin, is_found_in_a_pid_namespace_without_its_own_proc)
{
	enum { NOT_PERMITTED = 77 };
	int status;
	pid_t child;

	put("load_plain", "x.so");
	child = fork();		/* so that this process stays in its own namespace, as a leak checker needs it */
	if (!child) {
		if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0)
			_exit(NOT_PERMITTED);
		child = fork();
		if (!child)
			_exit(load_as_first());
		_exit(waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
	cr_assert(waitpid(child, &status, 0) == child && WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_PERMITTED)
		cr_skip_test("no PID namespace is permitted here");
	cr_assert_eq(WEXITSTATUS(status), 0);
}

Test(plugin, has_the_bytes_that_the_manifest_names)
{
	const struct plugin *plugin;
	struct why why = { "" };
	uint8_t digest[SHA256_SIZE];
	char text[SHA256_TEXT];
	uint8_t *data;
	size_t n;

	data = scratch_handler("load_plain", &n);
	sha256(digest, data, n);
	sha256_text(text, digest);
	free(data);

	put("load_other", "x.so");
	assert_refused("x.so", text, -EBADMSG, text);
	assert_refused("x.so", text, -EBADMSG, "/x.so: its sha256 is ");
	put("load_plain", "x.so");
	cr_assert_eq(plugin_load(&plugin, dir, "x.so", text, &why), 0, "%s", why.text);
	cr_assert_str_eq(plugin->sha256, text);
	text[0] = text[0] == '0' ? '1' : '0';
	assert_refused("x.so", text, -EBADMSG, "is it the file that was meant?");
}

Test(plugin, is_refused_with_the_words_that_mend_it)
{
	static const struct {
		const char *handler, *words;
	} table[] = {
		{ "load_major", "/x.so: built for ABI 2.0, this engine speaks 1.0: rebuild it with this engine's" },
		{ "load_minor", "built for ABI 1.3, this engine speaks 1.0: update the engine or rebuild with "
				"-DMCAST_HANDLER_MINOR=0" },
		{ "load_library", "is no handler: has no note of mcast/handler.h; is MCAST_HANDLER(...) in it?" },
		{ "load_origin", "looks for libraries in \"$ORIGIN\", but a handler is loaded from a copy in memory" },
		{ "load_missing", "/x.so: can't be loaded: undefined symbol: mcast_test_nobody_has_this: link it" },
		{ "load_refused", "/x.so: has no process(): name one with .process = ..." },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		put(table[i].handler, "x.so");
		assert_refused("x.so", NULL, -ENOEXEC, table[i].words);
	}
}

Test(plugin, is_refused_with_symbols_that_versions_would_share)
{
#ifdef __clang__
	cr_skip_test("this compiler makes no unique symbols");
#endif
	put("load_unique", "x.so");
	assert_refused("x.so", NULL, -ENOEXEC, "/x.so: defines the unique symbol _ZN");
	assert_refused("x.so", NULL, -ENOEXEC, "compile it with -fno-gnu-unique");
}

Test(plugin, costs_nothing_when_it_is_refused)
{
	unsigned fds;

	put("load_refused", "x.so");
	assert_refused("x.so", NULL, -ENOEXEC, "has no process()");
	put("load_missing", "y.so");
	fds = count_fds();
	for (unsigned i = 0; i < 10; i++) {
		assert_refused("x.so", NULL, -ENOEXEC, "has no process()");
		assert_refused("y.so", NULL, -ENOEXEC, "undefined symbol");
	}
	cr_assert_eq(count_fds(), fds);
}

Test(plugin, is_refused_in_words_when_the_loader_has_no_room)
{
	const struct plugin *plugin, *first;
	struct why why = { "" };
	unsigned version = 0;
	int err = 0;

	put("load_tls", "x.so");
	first = load("x.so");
	while (!err && ++version < 1000) {
		put_version("load_tls", "x.so", version);
		err = plugin_load(&plugin, dir, "x.so", NULL, &why);
	}
	cr_assert_eq(err, -EMFILE, "%u versions: %s", version, why.text);
	cr_assert_not_null(strstr(why.text, "static TLS"), "%s", why.text);
	cr_assert_not_null(strstr(why.text, "restart the listener"), "%s", why.text);
	cr_assert_eq(verdict_of(first), MCAST_PASS, "those that are loaded still run");
}

Test(plugin, is_refused_in_words_without_a_file_descriptor)
{
	struct rlimit limit;

	put("load_plain", "x.so");
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = dup(0) + 1;	/* room for the file, none for its copy */
	close(limit.rlim_cur - 1);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_refused("x.so", NULL, -EMFILE, "/x.so: no file descriptor is free for its copy: raise the limit");
}

Test(plugin, is_refused_in_words_after_4096_versions)
{
	struct rlimit limit;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_max < 5000)
		cr_skip_test("this user may not open 5000 files");
	limit.rlim_cur = limit.rlim_max;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (unsigned version = 0; version < 4096; version++) {
		put_version("load_other", "x.so", version);
		load("x.so");
	}
	put("load_plain", "x.so");
	assert_refused("x.so", NULL, -EMFILE, "/x.so: 4096 versions of handlers are loaded, and none can be unloaded");
	put_version("load_other", "x.so", 7);
	cr_assert_eq(verdict_of(load("x.so")), MCAST_DROP, "what is loaded still is to be had");
}

Test(plugin, is_refused_above_64_MiB)
{
	put("load_plain", "x.so");
	cr_assert_eq(truncate(scratch_path(directory, "x.so"), (64l << 20) + 1), 0);
	assert_refused("x.so", NULL, -ENOEXEC, "/x.so: is larger than 64 MiB");
}

Test(plugin, is_refused_with_a_path_that_is_too_long)
{
	char name[600];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_refused(name, NULL, -ENAMETOOLONG, "its path is longer than 511 bytes");
}
