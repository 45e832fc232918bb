/* scratch.c - tests: a directory of the test's own, and files in it */
#include "support/scratch.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const char *scratch_make(void)
{
	static char path[256];
	const char *base = getenv("TMPDIR");

	snprintf(path, sizeof(path), "%s/mcast-test-XXXXXX", base ? base : "/tmp");
	cr_assert_not_null(mkdtemp(path), "%s: %m", path);
	return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(path);
}

void scratch_remove(const char *directory)
{
	cr_assert_eq(nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0, "%s: %m", directory);
}

const char *scratch_path(const char *directory, const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

void scratch_write(const char *directory, const char *name, const void *data, size_t n)
{
	const char *path = scratch_path(directory, name);
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	cr_assert(fd >= 0, "%s: %m", path);
	cr_assert_eq(write(fd, data, n), (ssize_t)n, "%s: %m", path);
	cr_assert_eq(fchmod(fd, 0644), 0);
	close(fd);
}

uint8_t *scratch_handler(const char *name, size_t *n)
{
	char path[512];
	struct stat st;
	uint8_t *data;
	int fd;

	snprintf(path, sizeof(path), "%s/tests/handlers/%s.so", BUILD_DIR, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert(fd >= 0 && fstat(fd, &st) == 0, "%s: %m", path);
	data = malloc(st.st_size);
	cr_assert_not_null(data);
	cr_assert_eq(read(fd, data, st.st_size), st.st_size, "%s: %m", path);
	close(fd);
	*n = st.st_size;
	return data;
}
