/* payload.c - forward: a batch of messages as what is sent: datagrams, and frames of a stream */
#include "payload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "encode/record.h"

int payload_init(struct payload *payload, enum payload_form form, enum payload_framing framing)
{
	memset(payload, 0, sizeof(*payload));
	payload->form = form;
	payload->framing = framing;
	return form == PAYLOAD_RECORD ? recorder_create(&payload->recorder, false) : 0;
}

void payload_finish(struct payload *payload)
{
	recorder_destroy(payload->recorder);
	free(payload->room);
	memset(payload, 0, sizeof(*payload));
}

/* Empties the room and makes it large enough for the whole batch, so that nothing in it moves. The kernel
 * gives the pages only as they are written. */
static int reserve(struct payload *payload, size_t size)
{
	payload->used = 0;
	if (size <= payload->room_size)
		return 0;
	free(payload->room);
	payload->room = malloc(size);
	payload->room_size = payload->room ? size : 0;
	return payload->room ? 0 : -ENOMEM;
}

static size_t room_for(const struct payload *payload, const struct mcast_batch *batch)
{
	size_t size = 0;

	for (uint32_t i = 0; i < batch->n; i++)
		size += payload->form == PAYLOAD_RECORD ? RECORD_BOUND(batch->msg[i]->len) : batch->msg[i]->len;
	return size;
}

/* The message as it goes into a datagram: its bytes, or its record without the newline. */
static struct iovec body_of(struct payload *payload, struct mcast_ctx *ctx, const struct mcast_msg *msg)
{
	char *out = (char *)payload->room + payload->used;
	size_t len;

	if (payload->form == PAYLOAD_RAW)
		return (struct iovec){ (void *)msg->data, msg->len };
	len = record_json(payload->recorder, out, msg, ctx->host->attr(ctx, msg, 0) != NULL);
	payload->used += len;
	return (struct iovec){ out, len - 1 };
}

/* The body without line breaks: itself, or a copy with spaces for them. */
static struct iovec unbroken(struct payload *payload, struct iovec body)
{
	uint8_t *copy = payload->room + payload->used;

	if (payload->form == PAYLOAD_RECORD || !body.iov_len ||
	    (!memchr(body.iov_base, '\n', body.iov_len) && !memchr(body.iov_base, '\r', body.iov_len)))
		return body;
	memcpy(copy, body.iov_base, body.iov_len);
	for (size_t i = 0; i < body.iov_len; i++) {
		if (copy[i] != '\n' && copy[i] != '\r')
			continue;
		copy[i] = ' ';
		payload->replaced++;
	}
	payload->used += body.iov_len;
	return (struct iovec){ copy, body.iov_len };
}

static void add_stream(struct payload *payload, struct iovec body)
{
	struct frame *frame = &payload->stream[payload->streams];
	char *count = payload->count[payload->streams];

	if (payload->framing == FRAMING_NEWLINE) {
		*frame = (struct frame){ { unbroken(payload, body), { (void *)"\n", 1 } } };
	} else if (!body.iov_len) {	/* MSG-LEN is NONZERO-DIGIT *DIGIT (RFC 6587, 3.4.1) */
		return;
	} else {
		char *end = number_put(count, body.iov_len);

		*end++ = ' ';
		*frame = (struct frame){ { { count, (size_t)(end - count) }, body } };
	}
	payload->streams++;
}

int payload_make(struct payload *payload, struct mcast_ctx *ctx, struct mcast_batch *batch, bool streams)
{
	int rc = reserve(payload, room_for(payload, batch));

	if (rc)
		return rc;
	payload->datagrams = 0;
	payload->streams = 0;
	payload->replaced = 0;
	for (uint32_t i = 0; i < batch->n; i++) {
		struct iovec body;

		batch->at = i;
		body = body_of(payload, ctx, batch->msg[i]);
		payload->datagram[payload->datagrams++] = (struct frame){ { body, { NULL, 0 } } };
		if (streams)
			add_stream(payload, body);
	}
	return 0;
}
