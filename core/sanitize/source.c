/* sanitize/source.c - stage 2 of 4: socket > [sanitize] > chain > handler: allow and deny */
#include "sanitize/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool any_has(const struct cidr *list, unsigned n, const struct mcast_addr *addr)
{
	for (unsigned i = 0; i < n; i++)
		if (cidr_has(&list[i], addr))
			return true;
	return false;
}

static bool any_too_long(const struct cidr *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (list[i].bits > 128)
			return true;
	return false;
}

int sources_init(struct sources *sources, const struct sanitize_options *options)
{
	size_t n = (size_t)options->allows + options->denies;
	struct cidr *list;

	if (any_too_long(options->allow, options->allows) ||
	    any_too_long(options->deny, options->denies))
		return -EINVAL;

	list = calloc(n ? n : 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	if (options->allows)
		memcpy(list, options->allow, options->allows * sizeof(*list));
	if (options->denies)
		memcpy(list + options->allows, options->deny, options->denies * sizeof(*list));

	sources->list = list;
	sources->allows = options->allows;
	sources->denies = options->denies;
	return 0;
}

void sources_finish(struct sources *sources)
{
	free(sources->list);
	sources->list = NULL;
}

bool sources_allow(const struct sources *sources, const struct mcast_addr *from)
{
	if (any_has(sources->list + sources->allows, sources->denies, from))
		return false;
	return !sources->allows || any_has(sources->list, sources->allows, from);
}
