/* handler/attrs.h - stage 4 of 4: attributes: which handler provides what another one uses, made on demand */
#ifndef CORE_HANDLER_ATTRS_H
#define CORE_HANDLER_ATTRS_H

#include "base/faults.h"
#include "handler/host.h"

/* Gives each provided attribute of the chain a slot and each use the nearest provider before it. Returns the
 * number of slots; or -EINVAL with faults at pointers[i] for needs that nobody before provides (told with who
 * provides it further down, if anyone), and above MESSAGE_ATTRS; or -ENOMEM. */
int attrs_resolve(struct instance *const *chain, unsigned n, const char *const *pointers,
		  struct faults *faults);

/* The value for use index of in, made if need be. NULL: can't be, not provided, index out of range. */
void *attrs_get(struct instance *in, struct message *m, unsigned index);
/* value NULL: it can't be made. 0; -EEXIST; -EINVAL: index out of range. */
int attrs_provide(struct instance *in, struct message *m, unsigned index, void *value);
void attrs_end(struct host *host, struct message *m);	/* all values of m: its bytes are about to change */
void attrs_end_all(struct host *host);	/* of all messages: the batch, or the callback outside one, is over */

#endif
