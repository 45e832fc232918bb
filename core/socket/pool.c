/* socket/pool.c - stage 1 of 4: [socket] > sanitize > chain > handler: recvmmsg(2) into fixed buffers */
#include "socket/pool.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/address.h"
#include "base/clock.h"

/* No datagram is longer than 64 KB, so none is ever cut. The 64 bytes behind each buffer may be read by
 * those who look at the bytes in blocks, and let buffers start in different sets of the cache. */
#define BUFFER (64 << 10)
#define STRIDE (BUFFER + 64)
#define POOL_SIZE ((size_t)BATCH_MAX * STRIDE)

/* What recvmmsg overwrites, for the next time. */
static void rearm(struct pool *pool, unsigned i)
{
	pool->msg[i].msg_hdr.msg_namelen = sizeof(pool->name[i]);
	pool->msg[i].msg_hdr.msg_controllen = sizeof(pool->control[i].bytes);
}

int pool_init(struct pool *pool)
{
	unsigned i;

	pool->bytes = mmap(NULL, POOL_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pool->bytes == MAP_FAILED) {
		pool->bytes = NULL;
		return -ENOMEM;
	}
	madvise(pool->bytes, POOL_SIZE, MADV_HUGEPAGE);	/* a wish: works without */
	memset(pool->bytes, 0, POOL_SIZE);

	for (i = 0; i < BATCH_MAX; i++) {
		pool->dg[i].data = pool->bytes + (size_t)i * STRIDE;
		pool->iov[i].iov_base = pool->dg[i].data;
		pool->iov[i].iov_len = BUFFER;
		pool->msg[i].msg_hdr.msg_iov = &pool->iov[i];
		pool->msg[i].msg_hdr.msg_iovlen = 1;
		pool->msg[i].msg_hdr.msg_name = &pool->name[i];
		pool->msg[i].msg_hdr.msg_control = pool->control[i].bytes;
		rearm(pool, i);
	}
	return 0;
}

void pool_finish(struct pool *pool)
{
	if (pool->bytes)
		munmap(pool->bytes, POOL_SIZE);
	pool->bytes = NULL;
}

static void describe(struct pool *pool, unsigned i, uint16_t port, uint32_t *dropped)
{
	struct datagram *dg = &pool->dg[i];

	dg->len = pool->msg[i].msg_len;
	if (!address_from_sockaddr(&dg->from, &pool->name[i].sa))
		memset(&dg->from, 0, sizeof(dg->from));
	dg->to.port = port;
	control_read(dg, &pool->msg[i].msg_hdr, dropped);
}

int pool_receive(struct pool *pool, int fd, unsigned limit, uint16_t port, uint32_t *dropped)
{
	uint64_t now = 0;
	int i, n;

	n = TEMP_FAILURE_RETRY(recvmmsg(fd, pool->msg, limit, MSG_DONTWAIT, NULL));
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;

	for (i = 0; i < n; i++) {
		describe(pool, i, port, dropped);
		rearm(pool, i);
		if (pool->dg[i].flags & DATAGRAM_KERNEL_TIME)
			continue;
		if (!now)
			now = clock_real_ns();
		pool->dg[i].rx_ns = now;
	}
	return n;
}
