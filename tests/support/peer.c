/* peer.c - tests: sockets that something is sent to, on this host alone */
#include "support/peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <netinet/in.h>
#include <unistd.h>

#include "base/address.h"

static int bound(const struct sockaddr *sa, socklen_t len, int type)
{
	int fd = socket(sa->sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	cr_assert_geq(fd, 0, "socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	cr_assert_eq(bind(fd, sa, len), 0, "bind: %s", strerror(errno));
	return fd;
}

static void open_at(struct peer *peer, const struct sockaddr *sa, socklen_t len, int type)
{
	*peer = (struct peer){ .fd = bound(sa, len, type), .conn = -1 };
	if (type == SOCK_STREAM)
		cr_assert_eq(listen(peer->fd, 8), 0, "listen: %s", strerror(errno));
}

/* The kernel chooses a port; binding to it once more by number makes it stay, whatever becomes of connections. */
static void open_address(struct peer *peer, const char *address, int type)
{
	struct sockaddr_storage sa;
	struct mcast_addr addr;
	socklen_t len;
	int chosen;

	cr_assert_eq(address_parse(address, &addr, NULL, 0), 0);
	len = address_to_sockaddr(&sa, &addr, 0);
	chosen = bound((struct sockaddr *)&sa, len, type);
	cr_assert_eq(getsockname(chosen, (struct sockaddr *)&sa, &len), 0);
	address_from_sockaddr(&addr, (struct sockaddr *)&sa);
	open_at(peer, (struct sockaddr *)&sa, len, type);
	peer->port = addr.port;
	close(chosen);
}

void peer_udp(struct peer *peer, const char *address)
{
	int size = 8 << 20;

	open_address(peer, address, SOCK_DGRAM);
	setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

void peer_group(struct peer *peer, const char *group)
{
	struct ip_mreqn mreq = { .imr_ifindex = (int)if_nametoindex("lo") };
	struct mcast_addr addr;

	cr_assert_eq(address_parse(group, &addr, NULL, 0), 0);
	memcpy(&mreq.imr_multiaddr, addr.ip + 12, 4);
	open_address(peer, group, SOCK_DGRAM);
	cr_assert_eq(setsockopt(peer->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq)), 0, "%s",
		     strerror(errno));
}

void peer_tcp(struct peer *peer, const char *address)
{
	open_address(peer, address, SOCK_STREAM);
}

void peer_unix(struct peer *peer, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	cr_assert_lt(strlen(path), sizeof(un.sun_path));
	memcpy(un.sun_path, path, strlen(path) + 1);
	unlink(path);
	open_at(peer, (struct sockaddr *)&un, sizeof(un), SOCK_STREAM);
}

static void take(struct peer *peer, const char *data, size_t n)
{
	if (peer->room < peer->n + n + 1) {
		peer->room = 2 * (peer->n + n) + 4096;
		peer->got = realloc(peer->got, peer->room);
		cr_assert_not_null(peer->got);
	}
	memcpy(peer->got + peer->n, data, n);
	peer->n += n;
	peer->got[peer->n] = '\0';
}

static int type_of(const struct peer *peer)
{
	socklen_t size = sizeof(int);
	int type = SOCK_DGRAM;

	if (peer->fd >= 0)
		getsockopt(peer->fd, SOL_SOCKET, SO_TYPE, &type, &size);
	return type;
}

void peer_collect(struct peer *peer)
{
	static char data[1 << 20];
	int type = type_of(peer), fd = peer->fd;
	ssize_t n = -1;

	if (type == SOCK_STREAM && peer->conn < 0) {
		peer->conn = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		peer->connections += peer->conn >= 0;
	}
	if (type == SOCK_STREAM)
		fd = peer->conn;
	while (fd >= 0 && (n = recv(fd, data, sizeof(data), MSG_DONTWAIT)) >= 0) {
		if (type == SOCK_STREAM && !n)
			break;
		take(peer, data, (size_t)n);
		if (type == SOCK_STREAM)
			continue;
		take(peer, "|", 1);
		peer->datagrams++;
	}
	if (type == SOCK_STREAM && fd >= 0 && (n == 0 || errno != EAGAIN)) {
		peer->ends++;
		peer_hang_up(peer);
	}
}

void peer_hang_up(struct peer *peer)
{
	if (peer->conn >= 0)
		close(peer->conn);
	peer->conn = -1;
}

/* A socket of datagrams that is connected to another peer refuses all others. */
void peer_leave(struct peer *peer)
{
	const struct sockaddr_in other = {
		.sin_family = AF_INET,
		.sin_port = htons(1),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	peer_hang_up(peer);
	if (type_of(peer) == SOCK_STREAM)
		cr_assert_eq(shutdown(peer->fd, SHUT_RDWR), 0, "%s", strerror(errno));
	else
		cr_assert_eq(connect(peer->fd, (const struct sockaddr *)&other, sizeof(other)), 0);
}

void peer_return(struct peer *peer)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	if (type_of(peer) == SOCK_STREAM)
		cr_assert_eq(listen(peer->fd, 8), 0, "%s", strerror(errno));
	else
		cr_assert_eq(connect(peer->fd, &nobody, sizeof(nobody)), 0);
}

void peer_close(struct peer *peer)
{
	peer_hang_up(peer);
	if (peer->fd >= 0)
		close(peer->fd);
	peer->fd = -1;
}

void peer_free(struct peer *peer)
{
	peer_close(peer);
	free(peer->got);
	peer->got = NULL;
	peer->n = peer->room = 0;
}
