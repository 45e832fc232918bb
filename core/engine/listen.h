/* engine/listen.h - the map: what is heard: the manifest's list as the command line changes it */
#ifndef CORE_ENGINE_LISTEN_H
#define CORE_ENGINE_LISTEN_H

#include "engine/pipeline.h"

/* Fills p->listen, heard and listens. 0 or -ENOMEM. */
int listen_merge(struct pipeline *p, const struct engine_options *options);

#endif
