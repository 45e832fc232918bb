/* resolve.c - forward: a host name's addresses, without waiting for them */
#include "resolve.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/address.h"

struct resolve {
	_Atomic unsigned holders;	/* who has asked, and the thread */
	_Atomic int done;		/* what follows is written once, before this */
	int error;			/* EAI_*, 0 */
	unsigned n;
	struct resolved found[RESOLVE_MAX];
	int fd;				/* eventfd(2) */
	char host[256];
};

static void resolve_release(struct resolve *resolve)
{
	if (atomic_fetch_sub(&resolve->holders, 1) != 1)
		return;
	close(resolve->fd);
	free(resolve);
}

static void collect(struct resolve *resolve, const struct addrinfo *list)
{
	for (; list && resolve->n < RESOLVE_MAX; list = list->ai_next) {
		struct resolved *to = &resolve->found[resolve->n];

		if (!address_from_sockaddr(&to->addr, list->ai_addr))
			continue;
		if (list->ai_family == AF_INET6)
			to->scope = ((const struct sockaddr_in6 *)(const void *)list->ai_addr)->sin6_scope_id;
		resolve->n++;
	}
}

static void *resolve_run(void *arg)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM };
	struct resolve *resolve = arg;
	struct addrinfo *list = NULL;

	resolve->error = getaddrinfo(resolve->host, NULL, &hints, &list);
	if (!resolve->error) {
		collect(resolve, list);
		freeaddrinfo(list);
		if (!resolve->n)
			resolve->error = EAI_NONAME;
	}
	atomic_store(&resolve->done, 1);
	eventfd_write(resolve->fd, 1);
	resolve_release(resolve);
	return NULL;
}

/* A detached thread that takes no signals: those are for the program that loaded us. */
static int resolve_spawn(struct resolve *resolve)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;
	int rc;

	rc = pthread_attr_init(&attr);
	if (rc)
		return -rc;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, &attr, resolve_run, resolve);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -rc;
}

int resolve_start(struct resolve **out, const char *host)
{
	struct resolve *resolve;
	int rc;

	resolve = calloc(1, sizeof(*resolve));
	if (!resolve)
		return -ENOMEM;
	strncpy(resolve->host, host, sizeof(resolve->host) - 1);
	resolve->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (resolve->fd < 0) {
		rc = -errno;
		goto fail;
	}
	atomic_store(&resolve->holders, 2);
	rc = resolve_spawn(resolve);
	if (rc)
		goto fail;
	*out = resolve;
	return 0;

fail:
	if (resolve->fd >= 0)
		close(resolve->fd);
	free(resolve);
	return rc;
}

int resolve_fd(const struct resolve *resolve)
{
	return resolve->fd;
}

int resolve_take(struct resolve *resolve, struct resolved out[RESOLVE_MAX], const char **why)
{
	if (!atomic_load(&resolve->done))
		return -EAGAIN;
	if (resolve->error) {
		*why = gai_strerror(resolve->error);
		return -ENOENT;
	}
	memcpy(out, resolve->found, resolve->n * sizeof(out[0]));
	return (int)resolve->n;
}

void resolve_drop(struct resolve *resolve)
{
	if (resolve)
		resolve_release(resolve);
}
