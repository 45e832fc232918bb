/* escape.c - fuzzer: what the encoders write is safe, and gives the same bytes back */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/text.h"
#include "encode/escape.h"
#include "encode/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define EXPECT(truth)            \
	do {                     \
		if (!(truth))    \
			abort(); \
	} while (0)

/* No control but the newlines that are asked for, no separator, no bidi character, nothing but UTF-8. */
static void expect_safe(const char *text, size_t n, bool lines)
{
	const uint8_t *p = (const uint8_t *)text;
	uint32_t cp;

	for (unsigned len; n; p += len, n -= len) {
		len = text_decode(p, n, &cp);
		EXPECT(len);
		EXPECT(!text_is_unsafe(cp) || (lines && cp == '\n'));
	}
}

static void check_text(const uint8_t *data, size_t n)
{
	char *text = malloc(4 * n + 1);
	uint8_t *back = malloc(n + 1);
	size_t len = escape_text(text, data, n);

	EXPECT(len <= 4 * n + 1);
	expect_safe(text, len, false);
	EXPECT(unescape_text(back, text, len) == (long)n);
	EXPECT(!memcmp(back, data, n));
	free(back);

	/* Whatever else is decoded stays within its bytes too. */
	back = malloc(n ? n : 1);
	EXPECT(unescape_text(back, (const char *)data, n) <= (long)n);
	free(back);
	free(text);
}

static size_t decode_base64(uint8_t *out, const char *text, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	size_t len = 0, have = 0;

	for (; n && *text != '='; n--, text++) {
		const char *digit = strchr(digits, *text);

		EXPECT(digit && *digit);
		bits = bits << 6 | (uint32_t)(digit - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[len++] = (uint8_t)(bits >> have);
		}
	}
	return len;
}

/* A document must mean the same after it was put on one line. */
static void check_document(json_t *root, const uint8_t *data, size_t n)
{
	json_t *document = json_loadb((const char *)data, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	EXPECT(json_equal(document, json_object_get(root, "json")));
	json_decref(document);
}

static void check_record(struct recorder *rec, const struct mcast_msg *msg, bool json)
{
	char *out = malloc(RECORD_BOUND(msg->len));
	uint8_t *back = malloc(msg->len + 3);
	size_t len = record_json(rec, out, msg, json);
	json_t *root, *text, *base64;

	EXPECT(len <= RECORD_BOUND(msg->len) && out[len - 1] == '\n');
	expect_safe(out, len - 1, false);
	root = json_loadb(out, len, JSON_ALLOW_NUL, NULL);
	EXPECT(root);
	text = json_object_get(root, "text");
	base64 = json_object_get(root, "base64");
	EXPECT(!text != !base64);
	if (text) {
		EXPECT(json_string_length(text) == msg->len);
		EXPECT(!memcmp(json_string_value(text), msg->data, msg->len));
	} else {
		EXPECT(decode_base64(back, json_string_value(base64), json_string_length(base64)) == msg->len);
		EXPECT(!memcmp(back, msg->data, msg->len));
	}
	if (json)
		check_document(root, msg->data, msg->len);
	json_decref(root);

	len = record_text(rec, out, msg);
	EXPECT(len <= RECORD_BOUND(msg->len) && out[len - 1] == '\n');
	expect_safe(out, len - 1, false);
	len = record_hex(rec, out, msg);
	EXPECT(len <= RECORD_BOUND(msg->len));
	expect_safe(out, len, true);
	free(back);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct mcast_addr from = { .ip = { [10] = 0xFF, 0xFF, 192, 0, 2, 1 }, .port = 4242 };
	static const struct mcast_addr to = { .ip = { 0xFF, 2, [15] = 1 }, .port = 59259 };
	struct mcast_msg msg = { .data = data, .len = (uint32_t)n, .src = &from, .group = &to };
	struct recorder *rec;
	json_t *document;

	if (n > 65507)
		return 0;
	check_text(data, n);
	EXPECT(!recorder_create(&rec, false));
	document = json_loadb((const char *)data, n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	check_record(rec, &msg, document);
	json_decref(document);
	recorder_destroy(rec);
	return 0;
}
