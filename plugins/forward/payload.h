/* payload.h - forward: a batch of messages as what is sent: datagrams, and frames of a stream */
#ifndef FORWARD_PAYLOAD_H
#define FORWARD_PAYLOAD_H

#include <stdbool.h>
#include "mcast/handler.h"
#include "ring.h"

#define PAYLOAD_MAX 256		/* messages in a batch */

struct recorder;

enum payload_form { PAYLOAD_RAW, PAYLOAD_RECORD };
enum payload_framing { FRAMING_NEWLINE, FRAMING_OCTET_COUNT };

struct payload {		/* one for each worker */
	enum payload_form form;
	enum payload_framing framing;
	struct recorder *recorder;	/* NULL: raw */
	uint8_t *room;			/* bytes that are not in the messages themselves */
	size_t room_size, used;
	char count[PAYLOAD_MAX][12];	/* octet counts */

	struct frame datagram[PAYLOAD_MAX];
	unsigned datagrams;
	struct frame stream[PAYLOAD_MAX];
	unsigned streams;	/* fewer than datagrams where one is empty: octet counting can't say so */
	uint64_t replaced;	/* LF and CR that became a space, in this batch */
};

int payload_init(struct payload *payload, enum payload_form form, enum payload_framing framing);
void payload_finish(struct payload *payload);	/* zero-initialised is fine */

/* Fills datagram, and with streams also stream; they borrow from the batch and from payload until the next call.
 * 0 or -ENOMEM. */
int payload_make(struct payload *payload, struct mcast_ctx *ctx, struct mcast_batch *batch, bool streams);

#endif
