/* bare.c - bench: the floor: a loop of recvmmsg(2) that only counts
 *
 * The same socket options, control messages, batch and buffers as the listener's, and not a byte of what it
 * does with them. bare GROUP PORT COUNT: receives COUNT datagrams on lo, or until 2 seconds pass without one. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define BATCH 64
#define BUFFER (64 << 10)
#define STRIDE (BUFFER + 64)	/* as core/socket/pool.c, which says why */
#define CONTROL 128		/* bytes: timestamp, drops, address and interface, TTL */
#define IDLE_SECONDS 2

static struct mmsghdr msg[BATCH];
static struct iovec iov[BATCH];
static struct sockaddr_storage name[BATCH];
static _Alignas(struct cmsghdr) char control[BATCH][CONTROL];

static int open_socket(const char *group, int port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct ip_mreqn join = { .imr_ifindex = (int)if_nametoindex("lo") };
	const int yes = 1, no = 0, buffer = 64 << 20;
	const struct timeval idle = { .tv_sec = IDLE_SECONDS };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || inet_pton(AF_INET, group, &addr.sin_addr) != 1)
		return -1;
	join.imr_multiaddr = addr.sin_addr;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof(idle)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &yes, sizeof(yes)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &yes, sizeof(yes)) ||
	    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &no, sizeof(no)) ||
	    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof(yes)) ||
	    setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &yes, sizeof(yes)) ||
	    setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &join, sizeof(join)) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return -1;
	return fd;
}

static int prepare(void)
{
	char *bytes = mmap(NULL, BATCH * STRIDE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (bytes == MAP_FAILED)
		return -1;
	madvise(bytes, BATCH * STRIDE, MADV_HUGEPAGE);
	memset(bytes, 0, BATCH * STRIDE);
	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ bytes + (size_t)i * STRIDE, BUFFER };
		msg[i].msg_hdr.msg_iov = &iov[i];
		msg[i].msg_hdr.msg_iovlen = 1;
		msg[i].msg_hdr.msg_name = &name[i];
		msg[i].msg_hdr.msg_control = control[i];
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t received = 0, bytes = 0, count;
	int fd;

	if (argc != 4) {
		fprintf(stderr, "usage: bare GROUP PORT COUNT\n");
		return 64;
	}
	count = strtoull(argv[3], NULL, 10);
	fd = open_socket(argv[1], atoi(argv[2]));
	if (fd < 0 || prepare()) {
		fprintf(stderr, "bare: %s port %s on lo: %s\n", argv[1], argv[2], strerror(errno));
		return 69;
	}
	fprintf(stderr, "bare: hearing %s:%s on lo\n", argv[1], argv[2]);

	while (received < count) {
		int n;

		for (int i = 0; i < BATCH; i++) {
			msg[i].msg_hdr.msg_namelen = sizeof(name[i]);
			msg[i].msg_hdr.msg_controllen = CONTROL;
		}
		n = recvmmsg(fd, msg, BATCH, MSG_WAITFORONE, NULL);	/* waits in the same call: nothing is cheaper */
		if (n < 0)
			break;	/* SO_RCVTIMEO */
		for (int i = 0; i < n; i++)
			bytes += msg[i].msg_len;
		received += (unsigned)n;
	}
	fprintf(stderr, "bare: received %" PRIu64 " datagrams, %" PRIu64 " bytes\n", received, bytes);
	return 0;
}
