/* handler/sealed.c - stage 4 of 4: a copy of a file in memory that nobody can change any more
 *
 * The file itself may be overwritten while its code runs (SIGBUS), and ld.so takes a path that it knows for the
 * code that it knows. A copy for each load cures both. */
#include "handler/loading.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U		/* Linux 6.3; may still be mapped as code, but not executed as a program */
#endif

#define SIZE_MAX_COPY ((size_t)64 << 20)	/* bytes */

static int memory_file(void)
{
	int fd = memfd_create("mcast-handler", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("mcast-handler", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

/* Copies to the end of from. Returns the number of bytes, or -errno; -EFBIG above the bound. */
static ssize_t copy_bytes(int to, int from)
{
	char buffer[65536];
	size_t size = 0;

	for (;;) {
		ssize_t got = read(from, buffer, sizeof(buffer));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : (ssize_t)size;
		if ((size_t)got > SIZE_MAX_COPY - size)
			return -EFBIG;
		for (ssize_t done = 0, put; done < got; done += put) {
			put = write(to, buffer + done, got - done);
			if (put < 0)
				return -errno;
		}
		size += got;
	}
}

static int fail(const char *path, int err, struct why *why)
{
	if (err == -EFBIG) {
		why_set(why, "%s: is larger than %zu MiB, the most that a handler may have: is it the right file?",
			path, SIZE_MAX_COPY >> 20);
		return -ENOEXEC;
	}
	if (err == -EMFILE || err == -ENFILE)
		why_set(why, "%s: no file descriptor is free for its copy: raise the limit (ulimit -n)", path);
	else
		why_set(why, "%s: can't be copied to memory: %s", path, strerror(-err));
	return err;
}

int sealed_copy(struct sealed *out, int file, const char *path, struct why *why)
{
	struct sealed sealed = { .fd = memory_file() };
	ssize_t size;
	void *data;
	int err;

	if (sealed.fd < 0)
		return fail(path, sealed.fd, why);
	size = copy_bytes(sealed.fd, file);
	if (size < 0) {
		err = size;
		goto close;
	}
	sealed.size = size;
	if (fcntl(sealed.fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0) {
		err = -errno;
		goto close;
	}
	if (size) {
		data = mmap(NULL, sealed.size, PROT_READ, MAP_PRIVATE, sealed.fd, 0);
		if (data == MAP_FAILED) {
			err = -errno;
			goto close;
		}
		sealed.data = data;
	}
	*out = sealed;
	return 0;

close:
	close(sealed.fd);
	return fail(path, err, why);
}

void sealed_finish(struct sealed *sealed, int keep_fd)
{
	if (sealed->size)
		munmap((void *)sealed->data, sealed->size);
	sealed->data = NULL;
	if (!keep_fd)
		close(sealed->fd);
}
