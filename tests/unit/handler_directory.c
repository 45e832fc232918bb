/* handler_directory.c - tests: whose directories and files are trusted, and what is found in them */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "handler/plugin.h"
#include "support/scratch.h"

static const char *directory;
static uint8_t *file;		/* load_plain.so */
static size_t size;

static void setup(void)
{
	directory = scratch_make();
	file = scratch_handler("load_plain", &size);
	scratch_write(directory, "x.so", file, size);
}

static void teardown(void)
{
	chmod(directory, 0700);
	scratch_remove(directory);
	free(file);
}

TestSuite(directory, .init = setup, .fini = teardown);

/* Opens the directory and loads name; the words of what failed. */
static int load(const char *name, struct why *why)
{
	const struct plugin *plugin;
	struct plugin_dir *dir;
	int err;

	*why = (struct why){ "" };
	err = plugin_dir_open(&dir, directory, why);
	if (err)
		return err;
	err = plugin_load(&plugin, dir, name, NULL, why);
	plugin_dir_close(dir);
	return err;
}

static void assert_loads(const char *what, const char *name)
{
	struct why why;

	cr_expect_eq(load(name, &why), 0, "%s: %s", what, why.text);
}

static void assert_refused(const char *what, const char *name, int err, const char *words)
{
	struct why why;

	cr_expect_eq(load(name, &why), err, "%s: %s", what, why.text);
	cr_expect_not_null(strstr(why.text, words), "%s: said \"%s\", expected \"%s\"", what, why.text, words);
	cr_expect_null(getenv("LOAD_PLAIN_RAN"), "%s: its code has run", what);
}

/* "chmod go-w PATH" */
static const char *command(const char *verb, const char *path)
{
	static char text[600];

	snprintf(text, sizeof(text), ": %s %s", verb, path);
	return text;
}

/* The root of a user namespace may have no other users to become. */
static void need_root(void)
{
	if (geteuid() != 0 || seteuid(12345) != 0 || seteuid(0) != 0)
		cr_skip_test("only root can give files away");
}

Test(directory, refuses_files_that_others_can_write)
{
	const char *path = scratch_path(directory, "x.so");
	static const mode_t modes[] = { 0666, 0646, 0777, 0602, 0606, 01666 };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		chmod(path, modes[i]);
		assert_refused("mode", "x.so", -EPERM, command("chmod go-w", path));
		assert_refused("mode", "x.so", -EPERM, "anybody may write it (mode");
	}
	chmod(path, 0644);
	assert_loads("the same, mended", "x.so");
}

Test(directory, refuses_a_directory_that_others_can_write)
{
	static const mode_t modes[] = { 0777, 01777, 0702, 0757 };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		chmod(directory, modes[i]);
		assert_refused("mode", "x.so", -EPERM, command("chmod go-w", directory));
	}
	chmod(directory, 0755);
	assert_loads("the same, mended", "x.so");
}

Test(directory, refuses_what_belongs_to_someone_else)
{
	const char *path = scratch_path(directory, "x.so");

	need_root();
	cr_assert_eq(chown(path, 12345, 0), 0);
	assert_refused("file", "x.so", -EPERM, "belongs to 12345, expected root, who runs this");
	assert_refused("file", "x.so", -EPERM, command("chown root", path));
	cr_assert_eq(chown(path, 0, 0), 0);
	cr_assert_eq(chown(directory, 12345, 0), 0);
	assert_refused("directory", "x.so", -EPERM, command("chown root", directory));
	cr_assert_eq(chown(directory, 0, 0), 0);
	assert_loads("the same, mended", "x.so");
}

Test(directory, refuses_a_group_that_others_may_be_in)
{
	const char *path = scratch_path(directory, "x.so");

	need_root();
	chmod(path, 0664);
	cr_assert_eq(chown(path, 0, 54321), 0);
	assert_refused("file", "x.so", -EPERM, "group 54321 may write it (mode 0664)");
	assert_refused("file", "x.so", -EPERM, command("chmod go-w", path));
	cr_assert_eq(chown(path, 0, 0), 0);
	chmod(path, 0644);
	chmod(directory, 0770);
	cr_assert_eq(chown(directory, 0, 54321), 0);
	assert_refused("directory", "x.so", -EPERM, command("chmod go-w", directory));
}

/* umask 002, and each user with a group of their own: what Fedora and Ubuntu set up. */
Test(directory, accepts_the_private_group_of_the_owner)
{
	const struct passwd *user = getpwuid(geteuid());
	const struct group *group = user ? getgrgid(user->pw_gid) : NULL;
	const char *path = scratch_path(directory, "x.so");

	if (!group || strcmp(group->gr_name, user->pw_name) != 0 || group->gr_mem[0])
		cr_skip_test("this user has no group of their own");
	cr_assert_eq(chown(path, -1, user->pw_gid), 0);
	cr_assert_eq(chown(directory, -1, user->pw_gid), 0);
	chmod(path, 0664);
	chmod(directory, 0775);
	assert_loads("umask 002", "x.so");
}

/* With an access list the group bits say what anyone on it may do: acl(5). */
Test(directory, refuses_writers_on_an_access_list)
{
	static const struct {
		uint32_t version;
		struct {
			uint16_t tag, permissions;
			uint32_t id;
		} entries[5];
	} list = { 2, { { 1, 6, ~0u }, { 2, 6, 12345 }, { 4, 4, ~0u }, { 16, 6, ~0u }, { 32, 4, ~0u } } };
	const char *path = scratch_path(directory, "x.so");

	if (setxattr(path, "system.posix_acl_access", &list, sizeof(list), 0) < 0)
		cr_skip_test("this file system has no access lists");
	assert_refused("access list", "x.so", -EPERM, command("setfacl -b", path));
}

/* The command is there to be pasted: a name must not become one itself. */
Test(directory, quotes_the_path_in_the_command)
{
	const char *name = "a b;'c.so";

	scratch_write(directory, name, file, size);
	chmod(scratch_path(directory, name), 0666);
	assert_refused("name", name, -EPERM, "/a b;'\\''c.so'");
	assert_refused("name", name, -EPERM, ": chmod go-w -- '/");
}

Test(directory, follows_symlinks_that_stay_within)
{
	cr_assert_eq(symlink("x.so", scratch_path(directory, "link.so")), 0);
	cr_assert_eq(mkdir(scratch_path(directory, "v2"), 0755), 0);
	scratch_write(scratch_path(directory, "v2"), "y.so", file, size);
	cr_assert_eq(symlink("v2/y.so", scratch_path(directory, "deep.so")), 0);
	cr_assert_eq(symlink("v2/../x.so", scratch_path(directory, "round.so")), 0);
	assert_loads("a link to a neighbour", "link.so");
	assert_loads("a link to below", "deep.so");
	assert_loads("a link there and back", "round.so");
}

Test(directory, refuses_symlinks_that_lead_out)
{
	char absolute[600], around[600];
	const char *const targets[] = {
		"/etc/passwd", "../x.so", absolute, around, "nowhere.so", "loop.so", "/proc/self/fd/0", "v/../../x.so",
	};

	snprintf(absolute, sizeof(absolute), "%s/x.so", directory);
	snprintf(around, sizeof(around), "../%s/x.so", strrchr(directory, '/') + 1);
	mkdir(scratch_path(directory, "v"), 0755);
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		const char *path = scratch_path(directory, "loop.so");

		unlink(path);
		cr_assert_eq(symlink(targets[i], path), 0);
		assert_refused(targets[i], "loop.so", -EPERM, "is a symlink that leads out of the directory or");
	}
}

Test(directory, refuses_what_is_no_file_without_waiting)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	mkdir(scratch_path(directory, "folder.so"), 0755);
	mkfifo(scratch_path(directory, "fifo.so"), 0644);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket.so", directory);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_refused("a directory", "folder.so", -ENOEXEC, "folder.so: is a directory, expected a file");
	assert_refused("a fifo", "fifo.so", -ENOEXEC, "fifo.so: is a fifo, expected a file");
	assert_refused("a socket", "socket.so", -ENOEXEC, "socket.so: is a socket or a device, expected a file");
	if (mknod(scratch_path(directory, "null.so"), S_IFCHR | 0600, 1 << 8 | 3) == 0)
		assert_refused("a device", "null.so", -ENOEXEC, "expected a file");
	close(fd);
}

Test(directory, says_what_is_not_there)
{
	struct plugin_dir *dir;
	struct why why = { "" };

	assert_refused("no file", "gone.so", -ENOENT, "/gone.so: no such file");
	cr_assert_eq(plugin_dir_open(&dir, "/nonexistent/handlers.d", &why), -ENOENT);
	cr_assert_str_eq(why.text, "/nonexistent/handlers.d: can't be opened: No such file or directory");
	cr_assert_eq(plugin_dir_open(&dir, scratch_path(directory, "x.so"), &why), -ENOTDIR);
	cr_assert_not_null(strstr(why.text, "x.so: can't be opened: Not a directory"), "%s", why.text);
}

Test(directory, says_what_may_not_be_read)
{
	need_root();
	chmod(scratch_path(directory, "x.so"), 0600);
	cr_assert_eq(setegid(12345), 0);
	chmod(directory, 0755);
	cr_assert_eq(seteuid(12345), 0);
	assert_refused("file", "x.so", -EPERM, command("chmod a+rX", scratch_path(directory, "x.so")));
	cr_assert_eq(seteuid(0), 0);
	chmod(directory, 0700);
	cr_assert_eq(seteuid(12345), 0);
	assert_refused("directory", "x.so", -EPERM, command("chmod a+rX", directory));
	cr_assert_eq(seteuid(0), 0);
}

/* A user loads what root installed, and what is their own; not what a third one has. */
Test(directory, trusts_root_and_the_one_who_runs_it)
{
	need_root();
	chmod(directory, 0755);
	cr_assert_eq(seteuid(12345), 0);
	assert_loads("root's file", "x.so");
	unsetenv("LOAD_PLAIN_RAN");
	cr_assert_eq(seteuid(0), 0);
	cr_assert_eq(chown(scratch_path(directory, "x.so"), 12345, 0), 0);
	cr_assert_eq(seteuid(12345), 0);
	assert_loads("their own file", "x.so");
	cr_assert_eq(seteuid(0), 0);
	cr_assert_eq(seteuid(12346), 0);
	unsetenv("LOAD_PLAIN_RAN");
	assert_refused("a third one's", "x.so", -EPERM, "belongs to 12345, expected root or 12346, who runs this");
	cr_assert_eq(seteuid(0), 0);
}

Test(directory, lists_handlers_in_name_order)
{
	static const char *const names[] = { "b.so", "B.so", "a10.so", "a9.so", "a.so.old", "so", ".so", ".hidden.so",
					     "manifest.json", "a.soX" };
	static const char *const expected[] = { "B.so", "a10.so", "a9.so", "b.so", "x.so" };
	struct plugin_dir *dir;
	char **list;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		scratch_write(directory, names[i], "", 0);
	cr_assert_eq(plugin_dir_open(&dir, directory, NULL), 0);
	cr_assert_str_eq(plugin_dir_path(dir), directory);
	for (unsigned again = 0; again < 2; again++) {
		list = plugin_dir_list(dir);
		cr_assert_not_null(list);
		for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
			cr_assert_str_eq(list[i], expected[i]);
		cr_assert_null(list[sizeof(expected) / sizeof(expected[0])]);
		free(list);
	}
	plugin_dir_close(dir);
	plugin_dir_close(NULL);
}
