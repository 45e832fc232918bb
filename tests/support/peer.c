/* peer.c - tests: sockets that something is sent to, on this host alone */
#include "peer.h"

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

static void open_at(struct peer *peer, const struct sockaddr *sa, socklen_t len, int type)
{
	struct sockaddr_storage bound;
	struct mcast_addr addr;
	socklen_t bound_len = sizeof(bound);
	int on = 1;

	*peer = (struct peer){ .conn = -1 };
	peer->fd = socket(sa->sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	cr_assert_geq(peer->fd, 0, "socket: %s", strerror(errno));
	setsockopt(peer->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	cr_assert_eq(bind(peer->fd, sa, len), 0, "bind: %s", strerror(errno));
	if (type == SOCK_STREAM)
		cr_assert_eq(listen(peer->fd, 8), 0, "listen: %s", strerror(errno));
	cr_assert_eq(getsockname(peer->fd, (struct sockaddr *)&bound, &bound_len), 0);
	if (address_from_sockaddr(&addr, (struct sockaddr *)&bound))
		peer->port = addr.port;
}

static void open_address(struct peer *peer, const char *address, uint16_t port, int type)
{
	struct sockaddr_storage sa;
	struct mcast_addr addr;
	socklen_t len;

	cr_assert_eq(address_parse(address, &addr, NULL, 0), 0);
	addr.port = port;
	len = address_to_sockaddr(&sa, &addr, 0);
	open_at(peer, (struct sockaddr *)&sa, len, type);
}

void peer_udp(struct peer *peer, const char *address)
{
	int size = 8 << 20;

	open_address(peer, address, 0, SOCK_DGRAM);
	setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

void peer_group(struct peer *peer, const char *group)
{
	struct ip_mreqn mreq = { .imr_ifindex = (int)if_nametoindex("lo") };
	struct mcast_addr addr;

	cr_assert_eq(address_parse(group, &addr, NULL, 0), 0);
	memcpy(&mreq.imr_multiaddr, addr.ip + 12, 4);
	open_address(peer, group, 0, SOCK_DGRAM);
	cr_assert_eq(setsockopt(peer->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof(mreq)), 0, "%s",
		     strerror(errno));
}

void peer_tcp(struct peer *peer, const char *address, uint16_t port)
{
	open_address(peer, address, port, SOCK_STREAM);
}

void peer_unix(struct peer *peer, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	cr_assert_lt(strlen(path), sizeof(un.sun_path));
	memcpy(un.sun_path, path, strlen(path) + 1);
	unlink(path);
	open_at(peer, (struct sockaddr *)&un, sizeof(un), SOCK_STREAM);
}

uint16_t peer_free_port(int type)
{
	struct peer peer;

	open_address(&peer, "127.0.0.1", 0, type);
	peer_close(&peer);
	return peer.port;
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

void peer_collect(struct peer *peer)
{
	static char data[1 << 20];
	int type = SOCK_DGRAM, fd = peer->fd;
	socklen_t size = sizeof(type);
	ssize_t n = -1;

	if (fd >= 0)
		getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
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
