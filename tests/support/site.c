/* site.c - tests: a site's working directory, in a scratch folder of the test's own */
#include "support/site.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/mcast-site-XXXXXX";

void site_enter(void)
{
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	cr_assert(mkdtemp(folder) && chdir(folder) == 0 && mkdir("handlers.d", 0755) == 0);
	cr_assert(chmod("handlers.d", 0755) == 0);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void site_leave(void)
{
	cr_assert(chdir("/") == 0);
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void site_write(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	cr_assert(fd >= 0 && write(fd, data, size) == (ssize_t)size && fchmod(fd, 0644) == 0, "%s: %s", path,
		  strerror(errno));
	close(fd);
}

void site_manifest(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	cr_assert(vasprintf(&text, format, args) >= 0);
	va_end(args);
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	site_write("handlers.d/manifest.json", text, strlen(text));
	free(text);
}

char *site_read(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text;

	cr_assert(fd >= 0 && fstat(fd, &st) == 0, "%s: %s", path, strerror(errno));
	text = calloc(1, (size_t)st.st_size + 1);
	cr_assert(text && read(fd, text, (size_t)st.st_size) == st.st_size);
	close(fd);
	if (size)
		*size = (size_t)st.st_size;
	return text;
}

void site_drop(const char *name, const char *as)
{
	char from[4096], to[256];
	size_t size;
	char *bytes;

	snprintf(from, sizeof(from), "%s/tests/handlers/%s.so", BUILD_DIR, name);
	snprintf(to, sizeof(to), "handlers.d/%s.so", as);
	bytes = site_read(from, &size);
	site_write(to, bytes, size);
	cr_assert(chmod(to, 0755) == 0);
	free(bytes);
}
