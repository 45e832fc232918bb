/* sanitize/source.h - stage 2 of 4: socket > [sanitize] > chain > handler: who may send
 *
 * An address passes if no entry of deny has it, and either allow is empty or one of its entries has it. */
#ifndef CORE_SANITIZE_SOURCE_H
#define CORE_SANITIZE_SOURCE_H

#include <stdbool.h>
#include "base/address.h"
#include "sanitize/options.h"

struct sources {
	struct cidr *list;	/* allows of them, then denies */
	unsigned allows;
	unsigned denies;
};

/* Copies both lists of options. 0; -EINVAL: a prefix above 128 bits; -ENOMEM. *sources only on success. */
int sources_init(struct sources *sources, const struct sanitize_options *options);
void sources_finish(struct sources *sources);	/* zeroed is fine */
bool sources_allow(const struct sources *sources, const struct mcast_addr *from);

#endif
