/* stream.c - forward: messages in a byte stream, over tcp or a unix socket */
#include "stream.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"

/* A peer that is gone without a word is noticed within half a minute or so, idle or not. */
static const struct {
	int level, option, value;
} tcp_options[] = {
	{ IPPROTO_TCP, TCP_NODELAY, 1 },	/* batches come whole already */
	{ SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 20 },	/* s */
	{ IPPROTO_TCP, TCP_KEEPINTVL, 5 },	/* s */
	{ IPPROTO_TCP, TCP_KEEPCNT, 3 },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, 30000 },	/* ms without an answer to what was sent */
};

/* The index of the interface that a link-local address names; 0: none, or it isn't there. */
static uint32_t scope_of(const char *word)
{
	uint32_t index = if_nametoindex(word);

	return index ? index : (uint32_t)strtoul(word, NULL, 10);
}

/* The peer's address in *sa: its length. */
static socklen_t peer_of(struct sockaddr_storage *sa, const struct url *url, const struct resolved *address)
{
	struct mcast_addr to;

	if (url->kind == URL_UNIX) {
		struct sockaddr_un *un = (struct sockaddr_un *)(void *)sa;

		memset(un, 0, sizeof(*un));
		un->sun_family = AF_UNIX;
		memcpy(un->sun_path, url->path, sizeof(un->sun_path));
		return sizeof(*un);
	}
	to = address->addr;
	to.port = url->addr.port;
	return address_to_sockaddr(sa, &to, address->scope ? address->scope : scope_of(url->interface));
}

int stream_open(const struct url *url, const struct resolved *address)
{
	struct sockaddr_storage sa;
	socklen_t sa_len = peer_of(&sa, url, address);
	int fd, rc;

	fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; url->kind == URL_TCP && i < sizeof(tcp_options) / sizeof(tcp_options[0]); i++)
		setsockopt(fd, tcp_options[i].level, tcp_options[i].option, &tcp_options[i].value,
			   sizeof(tcp_options[i].value));
	if (!connect(fd, (struct sockaddr *)&sa, sa_len) || errno == EINPROGRESS)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

int stream_error(int fd)
{
	socklen_t size = sizeof(int);
	int error;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) ? errno : error;
}

int stream_connected(int fd)
{
	struct sockaddr_storage ours = { 0 }, theirs = { 0 };
	socklen_t our_len = sizeof(ours), their_len = sizeof(theirs);
	int error = stream_error(fd);

	if (error || getsockname(fd, (struct sockaddr *)&ours, &our_len) ||
	    getpeername(fd, (struct sockaddr *)&theirs, &their_len))
		return error ? error : errno;
	/* Nobody listens, but our own port came to be the peer's: tcp then connects to itself (RFC 9293, 3.5). */
	if (ours.ss_family != AF_UNIX && our_len == their_len && !memcmp(&ours, &theirs, our_len))
		return ECONNREFUSED;
	return 0;
}

/* One call: how many bytes the peer took, perhaps 0, or -errno. */
static ssize_t send_call(int fd, const struct iovec *parts, unsigned n)
{
	struct msghdr header = { .msg_iov = (struct iovec *)parts, .msg_iovlen = n };
	ssize_t sent;

	do
		sent = sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return sent;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? 0 : -errno;
}

/* The peer has the first sent bytes of this frame: keeps it, for they can't be taken back. */
static int keep_partial(struct target *target, const struct frame *frame, size_t sent)
{
	size_t first = frame->part[0].iov_len, len = frame_size(frame);
	uint8_t *copy = malloc(len);

	if (!copy)
		return -ENOMEM;
	if (first)
		memcpy(copy, frame->part[0].iov_base, first);
	if (len > first)
		memcpy(copy + first, frame->part[1].iov_base, len - first);
	target->partial = copy;
	target->partial_len = len;
	target->partial_sent = sent;
	target_count(target, COUNT_BUFFERED, 1);
	return 0;
}

int stream_send(struct target *target, const struct frame *frames, unsigned n)
{
	ssize_t sent = send_call(target->fd, frames[0].part, 2 * n);
	size_t left = (size_t)sent;
	unsigned done = 0;

	if (sent <= 0)
		return (int)sent;
	target_count(target, COUNT_BYTES, (uint64_t)sent);
	while (done < n && left >= frame_size(&frames[done]))
		left -= frame_size(&frames[done++]);
	target_count(target, COUNT_SENT, done);
	if (left && !keep_partial(target, &frames[done], left))
		done++;
	else if (left)		/* no memory for the rest of it: again, whole, on another connection */
		shutdown(target->fd, SHUT_RDWR);
	return (int)done;
}

int stream_send_rest(struct target *target)
{
	struct iovec rest = { target->partial + target->partial_sent,
			      target->partial_len - target->partial_sent };
	ssize_t sent = send_call(target->fd, &rest, 1);

	if (sent < 0)
		return (int)sent;
	target_count(target, COUNT_BYTES, (uint64_t)sent);
	target->partial_sent += (size_t)sent;
	if (target->partial_sent < target->partial_len)
		return 0;
	free(target->partial);
	target->partial = NULL;
	target_count(target, COUNT_BUFFERED, (uint64_t)-1);
	target_count(target, COUNT_SENT, 1);
	return 0;
}

int stream_drain(int fd)
{
	char away[4096];
	ssize_t n = recv(fd, away, sizeof(away), MSG_DONTWAIT);

	if (n > 0)
		return 0;	/* what is more makes the descriptor ready again */
	if (n == 0)
		return -EPIPE;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -errno;
}
