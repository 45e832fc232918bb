/* handler/host.h - stage 4 of 4: what the engine lends to handlers: struct mcast_host, behind its pointers
 *
 * Each function checks what the header of handlers promises (caps, limits, the batch in hand) and then works on
 * messages, or asks the one who runs the chain through struct host. A handler that breaks the contract gets an
 * error and one line in the log, never undefined behaviour. */
#ifndef CORE_HANDLER_HOST_H
#define CORE_HANDLER_HOST_H

#include <stdatomic.h>

#include "handler/instance.h"

#define HOST_EMIT_MAX 256	/* messages that one call of a handler may emit */

/* Filled in by the chain (and by tests), one for each worker; all zero before. */
struct host {
	void *owner;
	void (*emit)(void *owner, struct instance *in, struct message *m);	/* m, held once, waits behind in */
	int (*watch)(void *owner, struct instance *in, int fd, uint32_t events);	/* 0 or -errno */
	void (*finish)(void *owner, struct instance *in, int status, const char *why);
	int (*stopping)(void *owner);
	struct messages *messages;
	struct instance *const *chain;	/* n of them */
	unsigned n;
	struct instance *_Atomic running;	/* whose callback is on the worker now; NULL: none; the main thread looks */
	struct mcast_msg **in_hand;	/* what its process() was given, in_hand_n of them */
	unsigned in_hand_n;
	unsigned written;		/* how many of them it has called writable() for */
	struct message *valued;		/* messages with attribute values, each held once */
};

/* Notes whose callback the worker enters, or NULL when it is back: twice a batch, so without a barrier. */
static inline void host_runs(struct host *host, struct instance *in)
{
	atomic_store_explicit(&host->running, in, memory_order_relaxed);
}

extern const struct mcast_host host_functions;	/* what ctx->host points to */

#endif
