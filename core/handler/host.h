/* handler/host.h - stage 4 of 4: what the engine lends to handlers: struct mcast_host, behind its pointers
 *
 * Each function checks what the header of handlers promises (caps, limits, the batch in hand) and then works on
 * messages, or asks the one who runs the chain through struct host. A handler that breaks the contract gets an
 * error and one line in the log, never undefined behaviour. */
#ifndef CORE_HANDLER_HOST_H
#define CORE_HANDLER_HOST_H

#include "handler/instance.h"

#define HOST_EMIT_MAX 256	/* messages that one call of a handler may emit */

/* Filled in by the chain (and by tests), one for each worker. */
struct host {
	void *owner;
	/* The chain's: m, held once and to be checked, waits behind in. */
	void (*emit)(void *owner, struct instance *in, struct message *m);
	/* The chain's: replaces the message at place of the batch in hand. */
	void (*replace)(void *owner, unsigned place, struct message *m);
	/* The loop's: poll fd for instance; the chain keeps at_ns. 0 or -errno. */
	int (*wake)(void *owner, struct instance *in, int fd, uint32_t events, uint64_t at_ns);
	void (*finish)(void *owner, struct instance *in, int status, const char *why);
	int (*stopping)(void *owner);
	struct messages *messages;
	struct instance *const *chain;	/* for attributes; n of them */
	unsigned n;
	struct instance *running;	/* whose callback is on the worker now; NULL: none */
};

extern const struct mcast_host host_functions;	/* what ctx->host points to */

#endif
