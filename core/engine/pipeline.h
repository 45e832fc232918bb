/* engine/pipeline.h - the map: all parts of one way, built front to back, taken down back to front */
#ifndef CORE_ENGINE_PIPELINE_H
#define CORE_ENGINE_PIPELINE_H

#include "base/faults.h"
#include "chain/chain.h"
#include "engine/engine.h"
#include "manifest/manifest.h"
#include "sanitize/sanitize.h"
#include "socket/receiver.h"

struct pipeline {
	struct manifest manifest;
	struct plugin_dir *site;	/* NULL without plugins */
	struct plugin_dir *standard;	/* NULL where there is none */
	struct listen_options *listen;	/* listens of them: the manifest's or the command line's */
	struct mcast_addr *heard;	/* their groups and ports, as handlers see them */
	unsigned listens;

	struct chain_stage *stages;	/* n of them */
	struct instance **instances;	/* the same, as attributes and the host want them */
	const char **pointers;		/* where each stands in the manifest, NULL for a drop-in; borrowed */
	unsigned n;
	struct host host;		/* before pipeline_build(), stopping() may be set: for create() */

	struct receiver *receiver;
	struct sanitize *sanitize;
	struct messages *messages;
	struct chain *chain;
};

/* Reads the manifest, checks and loads what it names, fills options, makes the instances and calls their
 * create(). Joins nothing. Returns 0 or an exit status, having said why; p is to be taken down in both cases. */
int pipeline_build(struct pipeline *p, const struct engine_options *options);

/* Makes the sanitizer, the sockets and the chain, joins, and starts the handlers. outside is the loop's.
 * 0 or an exit status, having said why. */
int pipeline_open(struct pipeline *p, const struct chain_outside *outside);

void pipeline_stop(struct pipeline *p);		/* the handlers, once the worker has ended */
void pipeline_close(struct pipeline *p);	/* stops, destroys, leaves, frees */

#endif
