/* handler/instance.c - stage 4 of 4: socket > sanitize > chain > [handler]: one handler of a chain and its life */
#include "handler/instance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "handler/host.h"

static unsigned count_counters(const struct mcast_handler *handler)
{
	unsigned n = 0;

	while (handler->counters && handler->counters[n].name)
		n++;
	return n;
}

static void fill_ctx(struct mcast_ctx *ctx, struct instance *in, const struct instance_place *place, uint32_t worker)
{
	*ctx = (struct mcast_ctx){
		.size = sizeof(*ctx),
		.flags = place->flags,
		.host = &host_functions,
		.name = in->name,
		.config = in->config ? config_data(in->config) : NULL,
		.counter = worker == UINT32_MAX ? in->counter : in->counter + in->counters,
		.worker = worker,
		.workers = 1,
		.instance = &in->ctx,
		.listen = place->listen,
		.listens = place->listens,
		.engine = in,
	};
}

int instance_new(struct instance **out, const struct plugin *plugin, const char *name,
		 struct config *config, const struct instance_place *place)
{
	struct instance *in = calloc(1, sizeof(*in));

	if (!in)
		return -ENOMEM;
	in->plugin = plugin;
	in->handler = &plugin->handler;
	in->host = place->host;
	in->counters = count_counters(in->handler);
	in->counter = calloc(2 * (in->counters + 1), sizeof(*in->counter));
	in->name = strdup(name);
	if (!in->counter || !in->name) {
		instance_destroy(in);
		return -ENOMEM;
	}
	in->config = config;
	fill_ctx(&in->ctx, in, place, UINT32_MAX);
	fill_ctx(&in->worker, in, place, 0);
	*out = in;
	return 0;
}

/* What a callback returned, as -errno: positive numbers are nothing that the contract knows. */
static int as_errno(int rc)
{
	return rc > 0 ? -EPROTO : rc;
}

int instance_create(struct instance *in, struct why *why)
{
	int rc;

	in->created = true;	/* destroy() is due after a create() that failed, too */
	rc = in->handler->create ? as_errno(in->handler->create(&in->ctx)) : 0;
	if (rc)
		why_set(why, "%s could not be created: %s", in->name, strerror(-rc));
	return rc;
}

int instance_start(struct instance *in, struct why *why)
{
	int rc = in->handler->start ? as_errno(in->handler->start(&in->worker)) : 0;

	if (rc)
		why_set(why, "%s could not start: %s", in->name, strerror(-rc));
	else
		in->started = true;
	return rc;
}

void instance_stop(struct instance *in)
{
	if (!in->started)
		return;
	in->started = false;
	if (in->handler->stop)
		in->handler->stop(&in->worker);
}

void instance_destroy(struct instance *in)
{
	if (!in)
		return;
	instance_stop(in);
	if (in->created && in->handler->destroy)
		in->handler->destroy(&in->ctx);
	config_destroy(in->config);
	free(in->uses);
	free(in->counter);
	free(in->name);
	free(in);
}

uint64_t instance_counter(const struct instance *in, unsigned index)
{
	return in->ctx.counter[index] + in->worker.counter[index];
}
