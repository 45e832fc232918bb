/* logger/sink.c - where lines go without waiting: socket > sanitize > chain > handler > [its sink] */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE 4096		/* bytes that a pipe takes without waiting once poll(2) says POLLOUT: PIPE_BUF */

/* Makes a sink of fd, a description of our own, and takes it over. */
static int sink_make(struct sink *sink, int fd)
{
	struct stat st;

	*sink = (struct sink){ .fd = fd };
	sink->held = malloc(SINK_HELD);
	if (!sink->held || fstat(fd, &st)) {
		sink_close(sink);
		return -ENOMEM;
	}
	sink->regular = S_ISREG(st.st_mode);
	sink->terminal = isatty(fd);
	if (S_ISFIFO(st.st_mode) || sink->terminal)
		sink->kind = SINK_OPENED;
	else
		sink->kind = S_ISSOCK(st.st_mode) ? SINK_SOCKET : SINK_FILE;
	return 0;
}

int sink_open(struct sink *sink, const char *path)
{
	/* O_NONBLOCK: to open a FIFO would wait for its reader, and so would a write to it. */
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);

	*sink = (struct sink){ .fd = -1 };
	return fd < 0 ? -errno : sink_make(sink, fd);
}

int sink_share(struct sink *sink, int fd)
{
	char path[32];
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0), fresh, err;

	*sink = (struct sink){ .fd = -1 };
	if (own < 0)
		return -errno;
	err = sink_make(sink, own);
	if (err || sink->kind != SINK_OPENED)
		return err;

	/* O_NONBLOCK would be seen by all who share the description, a shell among them: open another one. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", own);
	fresh = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fresh < 0) {
		sink->kind = SINK_SHARED;	/* another user's, or its reader has gone */
		return 0;
	}
	close(own);
	sink->fd = fresh;
	return 0;
}

void sink_close(struct sink *sink)
{
	if (sink->fd >= 0)
		close(sink->fd);
	free(sink->held);
	*sink = (struct sink){ .fd = -1 };
}

void sink_swap_files(struct sink *a, struct sink *b)
{
	struct sink was = *a;

	a->kind = b->kind;
	a->fd = b->fd;
	a->regular = b->regular;
	a->terminal = b->terminal;
	a->torn = b->torn;
	b->kind = was.kind;
	b->fd = was.fd;
	b->regular = was.regular;
	b->terminal = was.terminal;
	b->torn = was.torn;
}

/* One write, which never waits for a reader. The length, or -errno. */
static ssize_t sink_put(struct sink *sink, const char *data, size_t n)
{
	struct pollfd ready = { .fd = sink->fd, .events = POLLOUT };
	ssize_t len;

	switch (sink->kind) {
	case SINK_SOCKET:
		len = send(sink->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case SINK_SHARED:
		if (poll(&ready, 1, 0) != 1)
			return -EAGAIN;
		len = write(sink->fd, data, n < PIECE ? n : PIECE);
		break;
	default:
		len = write(sink->fd, data, n);
	}
	return len < 0 ? -errno : len;
}

/* Writes as much as goes now and sets error. Returns the length. */
static size_t sink_push(struct sink *sink, const char *data, size_t n)
{
	size_t done = 0;
	ssize_t len;

	sink->error = 0;
	while (done < n) {
		len = sink_put(sink, data + done, n - done);
		if (len == -EINTR)
			continue;
		if (len < 0) {
			sink->error = len == -EAGAIN ? 0 : (int)-len;
			break;
		}
		done += (size_t)len;
	}
	return done;
}

/* Takes the last n bytes back, a part of a record. Where others wrote behind them, or it is no regular file, they
 * stay, and the next line starts on a line of its own. */
static void sink_take_back(struct sink *sink, size_t n)
{
	off_t end = lseek(sink->fd, 0, SEEK_CUR);
	struct stat st;

	if (sink->regular && !fstat(sink->fd, &st) && st.st_size == end && end >= (off_t)n &&
	    !ftruncate(sink->fd, end - (off_t)n)) {
		lseek(sink->fd, end - (off_t)n, SEEK_SET);
		return;
	}
	sink->torn = sink->lines;
}

static unsigned file_write(struct sink *sink, const char *data, const size_t *at, unsigned n)
{
	unsigned taken = 0;
	size_t end;

	if (sink->torn && sink_push(sink, "\n", 1) != 1)
		return 0;
	sink->torn = false;
	end = at[0] + sink_push(sink, data + at[0], at[n] - at[0]);
	while (taken < n && at[taken + 1] <= end)
		taken++;
	if (end > at[taken])
		sink_take_back(sink, end - at[taken]);
	return taken;
}

static unsigned reader_write(struct sink *sink, const char *data, const size_t *at, unsigned n)
{
	size_t end = at[0], room;
	unsigned taken = 0;

	sink->error = 0;		/* it may have another reader by now */
	sink_drain(sink);
	if (!sink->held_len && !sink->error)
		end += sink_push(sink, data + at[0], at[n] - at[0]);
	while (taken < n && at[taken + 1] <= end)
		taken++;
	if (sink->error)	/* finish what has been begun, and no more */
		n = taken + (end > at[taken]);

	room = SINK_HELD - sink->held_len;
	while (taken < n && at[taken + 1] - end <= room)
		taken++;
	if (at[taken] > end) {
		memcpy(sink->held + sink->held_len, data + end, at[taken] - end);
		sink->held_len += at[taken] - end;
	}
	return taken;
}

unsigned sink_write(struct sink *sink, const char *data, const size_t *at, unsigned n)
{
	switch (sink->kind) {
	case SINK_NONE:
		return n;
	case SINK_FILE:
		return file_write(sink, data, at, n);
	default:
		return reader_write(sink, data, at, n);
	}
}

void sink_drain(struct sink *sink)
{
	size_t done;

	if (!sink->held_len)
		return;
	done = sink_push(sink, sink->held, sink->held_len);
	sink->held_len -= done;
	if (done)
		memmove(sink->held, sink->held + done, sink->held_len);
}
