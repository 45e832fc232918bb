/* engine/listen.c - the map: what is heard: the manifest's list as the command line changes it */
#include "engine/listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int listen_merge(struct pipeline *p, const struct engine_options *options)
{
	struct listen_options usual = { .rcvbuf = LISTEN_RCVBUF };
	const struct listen_options *from = &usual;
	unsigned n = 1;

	address_parse(LISTEN_GROUP, &usual.group, NULL, 0);
	if (options->group_count) {
		from = options->groups;
		n = options->group_count;
	} else if (p->manifest.listens) {
		from = p->manifest.listen;
		n = p->manifest.listens;
	}

	p->listen = calloc(n, sizeof(*p->listen));
	p->heard = calloc(n, sizeof(*p->heard));
	if (!p->listen || !p->heard)
		return -ENOMEM;
	for (unsigned i = 0; i < n; i++) {
		struct listen_options *to = &p->listen[i];

		*to = from[i];
		if (options->port)
			to->group.port = options->port;
		if (!to->group.port)
			to->group.port = LISTEN_PORT;
		if (options->interface)
			snprintf(to->interface, sizeof(to->interface), "%s", options->interface);
		p->heard[i] = to->group;
	}
	p->listens = n;
	return 0;
}
