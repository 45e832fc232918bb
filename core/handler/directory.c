/* handler/directory.c - stage 4 of 4: a directory of handlers: who may put code into it, and what it holds */
#include "handler/loading.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/trust.h"

struct plugin_dir {
	int fd;
	char *path;		/* as given */
};

static int cannot_open(const char *path, int err, struct why *why)
{
	char command[PATH_WORDS];

	if (err != EACCES) {
		why_set(why, "%s: can't be opened: %s", path, strerror(err));
		return -err;
	}
	why_set(why, "%s: may not be read by user %u, who runs this: %s", path, (unsigned)geteuid(),
		trust_command(command, sizeof(command), "chmod a+rX", path));
	return -EPERM;
}

int plugin_dir_open(struct plugin_dir **out, const char *path, struct why *why)
{
	struct plugin_dir *dir;
	int err;

	dir = calloc(1, sizeof(*dir));
	if (!dir)
		return -ENOMEM;
	dir->fd = -1;
	dir->path = strdup(path);
	if (!dir->path) {
		err = -ENOMEM;
		goto fail;
	}
	dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->fd < 0) {
		err = cannot_open(path, errno, why);
		goto fail;
	}
	err = trust_check(dir->fd, path, why);
	if (err)
		goto fail;
	*out = dir;
	return 0;

fail:
	plugin_dir_close(dir);
	return err;
}

void plugin_dir_close(struct plugin_dir *dir)
{
	if (!dir)
		return;
	if (dir->fd >= 0)
		close(dir->fd);
	free(dir->path);
	free(dir);
}

const char *plugin_dir_path(const struct plugin_dir *dir)
{
	return dir->path;
}

static int is_handler(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	/* what begins with a dot is an editor's or a copying program's, and not finished */
	return n > 3 && entry->d_name[0] != '.' && strcmp(entry->d_name + n - 3, ".so") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);	/* alphasort() asks the locale */
}

char **plugin_dir_list(const struct plugin_dir *dir)
{
	struct dirent **entries;
	size_t size = sizeof(char *);
	char **list, *text;
	int n;

	n = scandirat(dir->fd, ".", &entries, is_handler, by_name);
	if (n < 0)
		return NULL;
	for (int i = 0; i < n; i++)
		size += sizeof(char *) + strlen(entries[i]->d_name) + 1;
	list = malloc(size);
	if (list) {
		text = (char *)(list + n + 1);
		for (int i = 0; i < n; i++) {
			list[i] = text;
			text = stpcpy(text, entries[i]->d_name) + 1;
		}
		list[n] = NULL;
	}
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	return list;
}

/* Opens name without leaving the directory, and without waiting for whoever writes to a fifo. */
static int open_beneath(int dir, const char *name)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	struct open_how how = { .flags = flags, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	int fd = syscall(SYS_openat2, dir, name, &how, sizeof(how));

	/* before Linux 5.6, and where a container's filter doesn't know it: no symlink at all */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(dir, name, flags | O_NOFOLLOW);
	return fd;
}

static bool is_symlink(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

static int cannot_open_file(const struct plugin_dir *dir, const char *name, const char *path, int err,
			    struct why *why)
{
	if (err == ENOENT && is_symlink(dir->fd, name))
		err = ELOOP;	/* else the caller would look for it elsewhere */
	switch (err) {
	case ENOENT:
		why_set(why, "%s: no such file", path);
		return -ENOENT;
	case EXDEV:
	case ELOOP:
		why_set(why,
			"%s: is a symlink that leads out of the directory or nowhere: copy the file itself into it, "
			"or name the file by \"path\" in the manifest",
			path);
		return -EPERM;
	case ENXIO:
		why_set(why, "%s: is a socket or a device, expected a file", path);
		return -ENOEXEC;
	default:
		return cannot_open(path, err, why);
	}
}

static const char *kind(mode_t mode)
{
	return S_ISDIR(mode) ? "a directory" : S_ISFIFO(mode) ? "a fifo" : "a device";
}

int plugin_dir_file(const struct plugin_dir *dir, const char *name, const char *path, struct why *why)
{
	struct stat st;
	int fd, err;

	fd = open_beneath(dir->fd, name);
	if (fd < 0)
		return cannot_open_file(dir, name, path, errno, why);
	if (fstat(fd, &st) < 0) {
		err = cannot_open_file(dir, name, path, errno, why);
	} else if (!S_ISREG(st.st_mode)) {
		why_set(why, "%s: is %s, expected a file", path, kind(st.st_mode));
		err = -ENOEXEC;
	} else {
		err = trust_check(fd, path, why);
	}
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}
