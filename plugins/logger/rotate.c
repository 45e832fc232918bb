/* logger/rotate.c - a file of bounded size and its predecessors: FILE, FILE.1 (the newest), FILE.2, ... */
#include "rotate.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* FILE.i; for 0 FILE itself. */
static const char *file_name(char out[PATH_MAX], const char *path, int64_t i)
{
	if (i)
		snprintf(out, PATH_MAX, "%s.%" PRId64, path, i);
	else
		snprintf(out, PATH_MAX, "%s", path);
	return out;
}

/* Each file becomes the next older one; the oldest is overwritten. Stops where one can't move, for the next younger
 * would overwrite it. 0 or -errno. */
static int shift(const char *path, int64_t keep)
{
	char from[PATH_MAX], to[PATH_MAX];

	for (int64_t i = keep; i > 0; i--)
		if (rename(file_name(from, path, i - 1), file_name(to, path, i)) && errno != ENOENT)
			return -errno;
	return 0;
}

/* Goes on in a new file. It is opened first: where that fails, and on a full disk it may, nothing has changed. */
static int rotate(struct rotation *rot, struct sink *sink)
{
	char fresh_path[PATH_MAX];
	struct sink fresh;
	struct stat st;
	int err;

	/* Only the link would move, be it /dev/stdout, and the new file not lie where the old one does. */
	if (!lstat(rot->path, &st) && S_ISLNK(st.st_mode))
		return -ELOOP;
	if (snprintf(fresh_path, sizeof(fresh_path), "%s.new", rot->path) >= PATH_MAX - 20)
		return -ENAMETOOLONG;
	unlink(fresh_path);	/* of one that was killed just here */
	err = sink_open(&fresh, fresh_path);
	if (err)
		return err;
	err = shift(rot->path, rot->keep);
	if (!err && rename(fresh_path, rot->path))
		err = -errno;
	if (err)
		unlink(fresh_path);
	else
		sink_swap_files(sink, &fresh);
	sink_close(&fresh);
	return err;
}

/* How many of the records fit into the file; at least one into an empty one. */
static unsigned fitting(const struct rotation *rot, const struct sink *sink, const size_t *at, unsigned n)
{
	struct stat st;
	unsigned fit = 0;

	if (!rot->max_size || !sink->regular || fstat(sink->fd, &st))
		return n;
	while (fit < n && st.st_size + (int64_t)(at[fit + 1] - at[0]) <= rot->max_size)
		fit++;
	return fit || st.st_size ? fit : 1;
}

unsigned rotate_write(struct rotation *rot, struct sink *sink, const char *data, const size_t *at, unsigned n)
{
	unsigned done = 0, part, taken;

	while (done < n) {
		part = fitting(rot, sink, at + done, n - done);
		if (!part) {
			rot->error = -rotate(rot, sink);
			if (!rot->error) {
				rot->done++;
				continue;
			}
			part = n - done;
		}
		taken = sink_write(sink, data, at + done, part);
		done += taken;
		if (taken < part)
			break;
	}
	return done;
}
