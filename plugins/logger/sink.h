/* logger/sink.h - where lines go without waiting: socket > sanitize > chain > handler > [its sink]
 *
 * A file is written plainly. Whatever has a reader (a pipe, a terminal, a socket) may be full: what it does not take
 * is held, up to SINK_HELD bytes, and handed out later. A record is taken whole or not at all. */
#ifndef PLUGINS_LOGGER_SINK_H
#define PLUGINS_LOGGER_SINK_H

#include <stdbool.h>
#include <stddef.h>

#define SINK_HELD (1 << 20)	/* bytes that wait for a slow reader, at most; more than the longest record */

enum sink_kind {
	SINK_NONE,		/* takes everything, writes nothing: in a replay */
	SINK_FILE,		/* write(2) as it is */
	SINK_OPENED,		/* has a reader; our own description, which does not block */
	SINK_SOCKET,		/* a description that others share: MSG_DONTWAIT */
	SINK_SHARED,		/* likewise, a pipe or terminal: asked by poll(2) before each piece */
};

struct sink {
	enum sink_kind kind;
	int fd;			/* owned; -1: none */
	bool regular;		/* a regular file, which can be cut and rotated */
	bool terminal;
	bool lines;		/* records are lines: set by the caller */
	bool torn;		/* the last line is not whole and can't be taken back */
	int error;		/* errno of the last write, 0 if it went well */
	char *held;		/* SINK_HELD bytes */
	size_t held_len;
};

/* Makes *sink, which writes at the end of path (made with mode 0640). 0 or -errno, with nothing left open. */
int sink_open(struct sink *sink, const char *path);
/* Makes *sink, which writes to what fd refers to, without taking fd over or changing its flags. 0 or -errno. */
int sink_share(struct sink *sink, int fd);
/* Closes; what is held is lost. Fine for one that could not be made. */
void sink_close(struct sink *sink);
/* Exchanges what the two write to; what is held stays where it is. */
void sink_swap_files(struct sink *a, struct sink *b);

/* Takes the first of n records, the i-th of which is data[at[i]..at[i + 1]), and returns how many: written, or held
 * to be written. The others were not written at all; error says why, 0: there is no more room to hold them. */
unsigned sink_write(struct sink *sink, const char *data, const size_t *at, unsigned n);
/* Hands out what is held, as far as it goes. */
void sink_drain(struct sink *sink);

#endif
