/* handler/instance.h - stage 4 of 4: a handler with its name, options, counters and contexts, and its life
 *
 * The life of one: create (main thread) > start (main) > process, tick, event, flush (worker) > stop (main) >
 * destroy (main). A check stops after create. Each step may be taken once and in this order; destroying
 * takes whatever steps back are due. */
#ifndef CORE_HANDLER_INSTANCE_H
#define CORE_HANDLER_INSTANCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/why.h"
#include "handler/config.h"
#include "handler/message.h"
#include "handler/plugin.h"
#include "mcast/handler.h"

/* Where an attribute that a handler uses comes from. */
struct attr_use {
	struct instance *provider;	/* NULL: wanted, but nobody provides it */
	unsigned index;			/* in the provider's provides[] */
	unsigned slot;			/* in struct message, value[] */
};

struct instance {
	const struct plugin *plugin;
	const struct mcast_handler *handler;	/* &plugin->handler */
	char *name;			/* unique in the chain */
	struct config *config;
	struct mcast_ctx ctx;		/* the instance's; worker == UINT32_MAX */
	struct mcast_ctx worker;	/* its worker's; there is one */
	uint64_t *counter;		/* handler->counters[], of ctx and then of worker */
	unsigned counters;
	struct attr_use *uses;		/* needs, then wants */
	unsigned use_count;
	unsigned first_slot;		/* of provides[0] */
	unsigned provide_count;
	bool created, started;
	struct host *host;		/* what the host functions work on; handler/host.h */
	unsigned place;			/* in the chain, from 0; the chain sets it */
	unsigned emitted_in_call;	/* reset before each callback */
	uint64_t at_ns;			/* when wake() asked for a tick; 0: never */
	_Atomic uint64_t misuses;	/* of host functions; any thread */
};

struct instance_place {		/* what every instance of a listener is told */
	uint32_t flags;			/* MCAST_RUN_* */
	const struct mcast_addr *listen;	/* listens of them, borrowed for the instance's life */
	unsigned listens;
	struct host *host;		/* borrowed likewise */
};

/* Makes one; takes config over, on success only; copies name. Calls nothing of the handler. */
int instance_new(struct instance **out, const struct plugin *plugin, const char *name,
		 struct config *config, const struct instance_place *place);
/* 0 or -errno with words: the handler's callback failed (it has logged why, if it says so). */
int instance_create(struct instance *in, struct why *why);
int instance_start(struct instance *in, struct why *why);
void instance_stop(struct instance *in);
void instance_destroy(struct instance *in);	/* stops and destroys as far as it had come; NULL is fine */

uint64_t instance_counter(const struct instance *in, unsigned index);	/* of both contexts */

#endif
