/* encode/record.c - how a message is written: for the logger, the forwarder and the programs
 *
 * A record is put together by hand, piece by piece: snprintf() alone would cost more than all the rest. */
#include "encode/record.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/address.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/text.h"
#include "encode/escape.h"

#define NAMES 64		/* interfaces remembered */
#define NAME_AGE 10		/* seconds after which a name is looked up again */
#define NAME_TEXT (4 * IF_NAMESIZE)	/* a name may have any byte but NUL, '/', ':' and white space */

/* ANSI X3.64 */
#define DIM "\033[2m"
#define CYAN "\033[36m"
#define NORMAL "\033[0m"

struct name {
	uint32_t ifindex;	/* 0: unused */
	uint64_t second;	/* when it was looked up, by the messages' clock */
	size_t len;
	size_t json_len;
	char text[NAME_TEXT];
	char json[2 * NAME_TEXT];	/* as the inside of a string */
};

struct spot {			/* an address and its port, as text */
	struct mcast_addr addr;
	size_t len;		/* 0: unused */
	char text[ADDRESS_TEXT];
};

struct recorder {
	bool colour;
	uint64_t second;	/* the one that date is for */
	char date[32];		/* "2026-01-31T12:00:00." */
	struct spot source;	/* of the last text line */
	struct spot group;
	struct name names[NAMES];	/* at ifindex % NAMES */
};

int recorder_create(struct recorder **out, bool colour)
{
	struct recorder *rec = calloc(1, sizeof(*rec));

	if (!rec)
		return -ENOMEM;
	rec->colour = colour;
	rec->second = UINT64_MAX;
	*out = rec;
	return 0;
}

void recorder_destroy(struct recorder *rec)
{
	free(rec);
}

static char *put(char *out, const char *text, size_t n)
{
	memcpy(out, text, n);
	return out + n;
}
#define PUT(out, literal) put(out, literal, sizeof(literal) - 1)

static char *put_time(struct recorder *rec, char *out, uint64_t ns)
{
	uint64_t second = ns / CLOCK_SECOND;
	uint32_t us = (uint32_t)(ns % CLOCK_SECOND / 1000);

	if (second != rec->second) {
		time_t when = (time_t)second;
		struct tm tm;

		gmtime_r(&when, &tm);
		strftime(rec->date, sizeof(rec->date), "%Y-%m-%dT%H:%M:%S.", &tm);
		rec->second = second;
	}
	out = put(out, rec->date, 20);
	for (int i = 5; i >= 0; i--, us /= 10)
		out[i] = (char)('0' + us % 10);
	out[6] = 'Z';
	return out + 7;
}

static void name_look_up(struct name *name, uint32_t ifindex, uint64_t second)
{
	char found[IF_NAMESIZE] = "-";

	if (ifindex && !if_indextoname(ifindex, found))
		snprintf(found, sizeof(found), "%u", ifindex);

	name->ifindex = ifindex;
	name->second = second;
	text_clean(name->text, sizeof(name->text), found, strlen(found));
	name->len = strlen(name->text);
	name->json_len = escape_json(name->json, (uint8_t *)name->text, name->len);
}

/* The name of the interface that msg came in by; good until the next call. */
static const struct name *name_of(struct recorder *rec, const struct mcast_msg *msg)
{
	struct name *name = &rec->names[msg->ifindex % NAMES];
	uint64_t second = msg->rx_ns / CLOCK_SECOND;

	/* The messages' clock may be set back: old is what is far away. */
	if (!name->len || name->ifindex != msg->ifindex || second - name->second + NAME_AGE > 2 * NAME_AGE)
		name_look_up(name, msg->ifindex, second);
	return name;
}

/* Mostly it is the same as in the line before. */
static char *put_spot(struct spot *spot, char *out, const struct mcast_addr *addr)
{
	if (!spot->len || !address_same(&spot->addr, addr)) {
		spot->addr = *addr;
		spot->len = address_port_text(spot->text, addr);
	}
	return put(out, spot->text, spot->len);
}

/* "TIME INTERFACE SOURCE:PORT GROUP:PORT LENGTH" */
static char *put_head(struct recorder *rec, char *out, const struct mcast_msg *msg)
{
	const struct name *name = name_of(rec, msg);

	if (rec->colour)
		out = PUT(out, DIM);
	out = put_time(rec, out, msg->rx_ns);
	*out++ = ' ';
	out = put(out, name->text, name->len);
	*out++ = ' ';
	out = put_spot(&rec->source, out, msg->src);
	*out++ = ' ';
	out = put_spot(&rec->group, out, msg->group);
	*out++ = ' ';
	out = number_put(out, msg->len);
	if (rec->colour)
		out = PUT(out, NORMAL);
	return out;
}

size_t record_text(struct recorder *rec, char *out, const struct mcast_msg *msg)
{
	char *at = put_head(rec, out, msg);

	*at++ = ' ';
	at += escape_text(at, msg->data, msg->len);
	*at++ = '\n';
	return (size_t)(at - out);
}

/* `,"key":` */
#define KEY(rec, out, before, key) \
	((rec)->colour ? PUT(out, before CYAN "\"" key "\"" NORMAL ":") : PUT(out, before "\"" key "\":"))

static char *put_string(char *out, const char *inside, size_t n)
{
	*out++ = '"';
	out = put(out, inside, n);
	*out++ = '"';
	return out;
}

static char *put_address(char *out, const struct mcast_addr *addr)
{
	*out++ = '"';
	out += address_text(out, addr);
	*out++ = '"';
	return out;
}

static char *put_payload(struct recorder *rec, char *out, const struct mcast_msg *msg)
{
	if (text_is_utf8(msg->data, msg->len)) {
		out = KEY(rec, out, ",", "text");
		*out++ = '"';
		out += escape_json(out, msg->data, msg->len);
	} else {
		out = KEY(rec, out, ",", "base64");
		*out++ = '"';
		out += escape_base64(out, msg->data, msg->len);
	}
	*out++ = '"';
	return out;
}

size_t record_json(struct recorder *rec, char *out, const struct mcast_msg *msg, bool json)
{
	const struct name *name = name_of(rec, msg);
	char *at;

	at = KEY(rec, out, "{", "time");
	*at++ = '"';
	at = put_time(rec, at, msg->rx_ns);
	*at++ = '"';
	at = KEY(rec, at, ",", "seq");
	at = number_put(at, msg->seq);
	at = KEY(rec, at, ",", "source");
	at = put_address(at, msg->src);
	at = KEY(rec, at, ",", "source_port");
	at = number_put(at, msg->src->port);
	at = KEY(rec, at, ",", "group");
	at = put_address(at, msg->group);
	at = KEY(rec, at, ",", "port");
	at = number_put(at, msg->group->port);
	at = KEY(rec, at, ",", "interface");
	at = put_string(at, name->json, name->json_len);
	if (msg->flags & MCAST_MSG_TTL) {
		at = KEY(rec, at, ",", "ttl");
		at = number_put(at, msg->ttl);
	}
	at = KEY(rec, at, ",", "length");
	at = number_put(at, msg->len);
	at = put_payload(rec, at, msg);
	if (json) {
		at = KEY(rec, at, ",", "json");
		at += escape_json_document(at, msg->data, msg->len);
	}
	at = PUT(at, "}\n");
	return (size_t)(at - out);
}

/* "00000010  68 65 6c 6c 6f                                    |hello|", as hexdump -C would */
static char *put_hex_line(char *out, const uint8_t *data, uint32_t offset, uint32_t n)
{
	static const char hex[] = "0123456789abcdef";

	for (int shift = 28; shift >= 0; shift -= 4)
		*out++ = hex[offset >> shift & 0xF];
	*out++ = ' ';
	for (uint32_t i = 0; i < 16; i++) {
		if (i % 8 == 0)
			*out++ = ' ';
		*out++ = i < n ? hex[data[offset + i] >> 4] : ' ';
		*out++ = i < n ? hex[data[offset + i] & 0xF] : ' ';
		*out++ = ' ';
	}
	out = PUT(out, " |");
	for (uint32_t i = 0; i < n; i++) {
		uint8_t c = data[offset + i];

		*out++ = c >= 0x20 && c < 0x7F ? (char)c : '.';
	}
	return PUT(out, "|\n");
}

size_t record_hex(struct recorder *rec, char *out, const struct mcast_msg *msg)
{
	char *at = put_head(rec, out, msg);

	*at++ = '\n';
	for (uint32_t i = 0; i < msg->len; i += 16)
		at = put_hex_line(at, msg->data, i, msg->len - i < 16 ? msg->len - i : 16);
	return (size_t)(at - out);
}
