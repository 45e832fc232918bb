/* sanitize/sanitize.h - stage 2 of 4: socket > [sanitize] > chain > handler
 *
 * Turns bytes from the network into messages that handlers may trust. Nothing else makes a struct
 * mcast_msg, so what is not checked here is checked nowhere. Each datagram passes or is counted
 * under the first reason that holds, in the order of enum drop. */
#ifndef CORE_SANITIZE_SANITIZE_H
#define CORE_SANITIZE_SANITIZE_H

#include <stddef.h>
#include <stdint.h>
#include "base/datagram.h"
#include "sanitize/options.h"

enum drop {
	DROP_NONE,
	DROP_TRUNCATED,		/* the kernel cut it */
	DROP_GROUP,		/* sent to another group, or where to is not known */
	DROP_INTERFACE,		/* came in by another interface */
	DROP_SOURCE,		/* allow, deny */
	DROP_TTL,		/* below min_ttl, or not known where min_ttl asks */
	DROP_RATE,		/* too many from this source */
	DROP_SHORT,		/* below min_bytes */
	DROP_LONG,		/* above max_bytes */
	DROP_ENCODING,		/* no UTF-8 */
	DROP_CONTROL,		/* on_control: drop */
	DROP_BIDI,		/* on_bidi: drop */
	DROP_GROWN,		/* above max_bytes once repaired */
	DROP_REASONS
};
const char *drop_name(enum drop drop);	/* "truncated", ...: for statistics */

/* received = passed + the sum of dropped, at any time between two calls. The second set counts what
 * handlers changed or emitted: again_checked = again_passed + the sum of again_dropped. */
struct sanitize_counts {
	uint64_t received;	/* datagrams */
	uint64_t bytes;		/* of payload, received */
	uint64_t passed;
	uint64_t repaired;	/* of those passed */
	uint64_t dropped[DROP_REASONS];
	uint64_t again_checked;
	uint64_t again_passed;
	uint64_t again_repaired;
	uint64_t again_dropped[DROP_REASONS];
	uint64_t cut_control;	/* MSG_CTRUNC seen; dropped too where what is missing was needed */
};

struct sanitize;		/* one for each worker; not to be shared by threads */

/* Copies the options, with their lists. 0, -ENOMEM, or -EINVAL if they contradict each other or are out of
 * range (a burst without a rate too), -EIO without random numbers; *out is set only on success. */
int sanitize_create(struct sanitize **out, const struct sanitize_options *options);
void sanitize_destroy(struct sanitize *san);	/* NULL is fine */

/* Checks the datagrams of batch and describes those that pass, in order, in *out[0], *out[1], ...: returns
 * how many. out has batch->n pointers to structs that are the caller's. A message borrows its bytes and
 * addresses from the batch, or from the sanitizer where text was repaired, until the next call; the
 * member engine is left alone. Numbers each datagram, dropped or not: seq counts from 1. now_ns
 * is monotonic, for rate. */
unsigned sanitize_batch(struct sanitize *san, const struct batch *batch, uint64_t now_ns,
			struct mcast_msg *const out[]);

/* The same checks of length and text for bytes that a handler wrote, of which 64 more may be read;
 * counts them under again_*. Where DROP_NONE is returned, *repaired is 0 if the bytes may go on as they
 * are, else how many sanitize_repair() will make of them. */
enum drop sanitize_again(struct sanitize *san, const uint8_t *data, size_t len, size_t *repaired);
void sanitize_repair(struct sanitize *san, const uint8_t *data, size_t len, uint8_t *out);

const struct sanitize_counts *sanitize_counted(const struct sanitize *san);

#endif
