/* handler/config_secret.c - stage 4 of 4: a secret option that is kept in a file or in the environment */
#include "handler/config_option.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/trust.h"

#define SECRET_MAX 4096		/* bytes */

static int check_file(int fd, const char *path, struct why *why)
{
	char command[PATH_WORDS];
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		why_set(why, "%s: is no file; expected one whose first line is the secret", path);
		return -EINVAL;
	}
	if (st.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) {
		why_set(why, "%s: is a secret, but others may read or write it (mode %04o): %s", path,
			(unsigned)st.st_mode & 07777,
			trust_command(command, sizeof(command), "chmod go-w,o-r", path));
		return -EPERM;
	}
	return 0;
}

/* Reads up to size bytes: fewer only at the end of the file. */
static ssize_t read_all(int fd, char *out, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t got = read(fd, out + n, size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		n += got;
	}
	return n;
}

static int first_line(char **out, const char *text, size_t n, const char *path, struct why *why)
{
	const char *end = memchr(text, '\n', n);
	size_t length = end ? (size_t)(end - text) : n;

	if (length && text[length - 1] == '\r')
		length--;
	if (!length || length > SECRET_MAX || memchr(text, 0, length)) {
		why_set(why, "%s: its first line is empty, has a NUL or is longer than %d bytes; expected the secret",
			path, SECRET_MAX);
		return -EINVAL;
	}
	*out = strndup(text, length);
	return *out ? 0 : -ENOMEM;
}

static int read_file(char **out, const char *path, struct why *why)
{
	char text[SECRET_MAX + 2];	/* the longest secret and its line end */
	ssize_t n;
	int fd, err;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		why_set(why, "%s: the secret can't be read: %s", path, strerror(errno));
		return -EINVAL;
	}
	err = check_file(fd, path, why);
	if (!err) {
		n = read_all(fd, text, sizeof(text));
		if (n < 0) {
			why_set(why, "%s: the secret can't be read: %s", path, strerror(-n));
			err = -EINVAL;
		} else {
			err = first_line(out, text, n, path, why);
		}
		explicit_bzero(text, sizeof(text));
	}
	close(fd);
	return err;
}

int secret_read(char **out, json_t *value, struct why *why)
{
	const char *file = json_string_value(json_object_get(value, "file"));
	const char *env = json_string_value(json_object_get(value, "env"));
	const char *found;

	if (json_object_size(value) != 1 || (!file && !env)) {
		why_set(why, "found another object, expected a string, { \"file\": PATH } or { \"env\": NAME }");
		return -EINVAL;
	}
	if (file)
		return read_file(out, file, why);
	found = getenv(env);
	if (!found || !*found) {
		why_set(why, "the environment variable %s is %s; expected the secret in it", env,
			found ? "empty" : "not set");
		return -EINVAL;
	}
	*out = strdup(found);
	return *out ? 0 : -ENOMEM;
}
