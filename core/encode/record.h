/* encode/record.h - how a message is written: for the logger, the forwarder and the programs
 *
 * A text line is
 *     2026-01-31T12:00:00.123456Z eth0 10.0.0.5:4242 239.255.0.1:59259 5 hello
 * (RFC 3339 time in UTC with microseconds, interface, source, group, bytes, payload), and a JSON
 * record is one object with time, seq, source, source_port, group, port, interface, ttl (where known),
 * length, text or base64, and json where the document is known. Neither ever carries a
 * raw control character, C1, separator or bidi character, whatever the payload is. */
#ifndef CORE_ENCODE_RECORD_H
#define CORE_ENCODE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "mcast/handler.h"

/* Bytes that are always enough for one record of a payload of len bytes, in any format. */
#define RECORD_BOUND(len) (640 + 12 * (size_t)(len))	/* DEL in a document: \u007f in "text" and in "json" */

struct recorder;		/* remembers the second and the interfaces' names; one for each thread */

int recorder_create(struct recorder **out, bool colour);	/* 0 or -ENOMEM; colour: ANSI, for a terminal */
void recorder_destroy(struct recorder *rec);	/* NULL is fine */

/* Each writes one record with its newline to out, which has RECORD_BOUND(msg->len) bytes, and returns the length. */
size_t record_text(struct recorder *rec, char *out, const struct mcast_msg *msg);
/* json: the payload is known to be one valid JSON text; it is written again as the member "json". */
size_t record_json(struct recorder *rec, char *out, const struct mcast_msg *msg, bool json);
/* The text line's head, then 16 bytes a line: offset, hex, printable ASCII. */
size_t record_hex(struct recorder *rec, char *out, const struct mcast_msg *msg);

#endif
