/* socket/lost.c - stage 1 of 4: [socket] > sanitize > chain > handler: what the kernel dropped */
#include "socket/lost.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

uint32_t lost_growth(uint32_t *seen, uint32_t counter)
{
	uint32_t growth = counter - *seen;	/* modulo 2^32, as the counter wraps */

	if (growth > INT32_MAX)
		return 0;
	*seen = counter;
	return growth;
}

int lost_ask(int fd, uint32_t *counter)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len))
		return -errno;
	*counter = info[SK_MEMINFO_DROPS];
	return 0;
}
