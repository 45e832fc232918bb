/* stream.h - forward: messages in a byte stream, over tcp or a unix socket */
#ifndef FORWARD_STREAM_H
#define FORWARD_STREAM_H

#include "target.h"

/* A socket that connects to address (unix: NULL) in the background; ready for POLLOUT once it has or can't: ask
 * stream_connected(). The descriptor, or -errno. */
int stream_open(const struct url *url, const struct resolved *address);
int stream_connected(int fd);	/* 0 or errno */
int stream_error(int fd);	/* 0 or errno, as the kernel has it now */

/* Sends what the peer takes now, in one call; target->partial must be NULL. Returns how many of the frames are out
 * of the caller's hands, the last of them perhaps as target->partial; 0 when the peer takes nothing now; or
 * -errno: the connection is lost, and all frames are still the caller's. */
int stream_send(struct target *target, const struct frame *frames, unsigned n);
/* Sends on what is left of target->partial. 0 (it is NULL once all is sent) or -errno: the connection is lost. */
int stream_send_rest(struct target *target);

/* Reads away what the peer sends. 0, or -errno once it has closed (-EPIPE) or the connection broke. */
int stream_drain(int fd);

#endif
