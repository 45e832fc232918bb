/* encode_record.c - tests: how a message is written */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/text.h"
#include "encode/record.h"

#define MOMENT 1769860800123456789u	/* 2026-01-31T12:00:00.123456789Z */

static struct recorder *rec;
static struct mcast_addr src, group;
static char out[RECORD_BOUND(65507) + 1];

static void make_recorder(void)
{
	cr_assert_eq(recorder_create(&rec, false), 0);
	cr_assert_eq(address_parse_port("192.0.2.1:4242", &src), 0);
	cr_assert_eq(address_parse_port("239.255.0.1:59259", &group), 0);
}

static void destroy_recorder(void)
{
	recorder_destroy(rec);
}

TestSuite(record, .init = make_recorder, .fini = destroy_recorder);

static struct mcast_msg message(const void *data, size_t n)
{
	return (struct mcast_msg){ .data = data, .len = (uint32_t)n, .seq = 7, .rx_ns = MOMENT, .src = &src,
				   .group = &group, .ifindex = 1, .ttl = 3, .flags = MCAST_MSG_TTL };
}

static const char *text_of(const void *data, size_t n)
{
	struct mcast_msg msg = message(data, n);

	out[record_text(rec, out, &msg)] = '\0';
	return out;
}

static json_t *json_of(const void *data, size_t n, bool json)
{
	struct mcast_msg msg = message(data, n);
	json_error_t error;
	json_t *root;
	size_t len = record_json(rec, out, &msg, json);

	cr_assert_eq(memchr(out, '\n', len), out + len - 1, "one line");
	root = json_loadb(out, len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
	cr_assert_not_null(root, "%s: %.*s", error.text, (int)len, out);
	return root;
}

static const char *string_at(json_t *root, const char *key)
{
	return json_string_value(json_object_get(root, key));
}

Test(record, writes_a_text_line)
{
	cr_assert_str_eq(text_of("hello", 5), "2026-01-31T12:00:00.123456Z lo 192.0.2.1:4242 239.255.0.1:59259 5 hello\n");
	cr_assert_str_eq(text_of("", 0), "2026-01-31T12:00:00.123456Z lo 192.0.2.1:4242 239.255.0.1:59259 0 \n");
	cr_assert_str_eq(text_of("a\nb\x1b[31m", 8),
			 "2026-01-31T12:00:00.123456Z lo 192.0.2.1:4242 239.255.0.1:59259 8 a\\nb\\x1B[31m\n");
}

Test(record, writes_ipv6_in_brackets)
{
	cr_assert_eq(address_parse_port("[fe80::1]:1", &src), 0);
	cr_assert_eq(address_parse_port("[ff02::1]:2", &group), 0);
	cr_assert_str_eq(text_of("x", 1), "2026-01-31T12:00:00.123456Z lo [fe80::1]:1 [ff02::1]:2 1 x\n");
}

Test(record, tells_each_address_and_port_apart)
{
	static const char *const addresses[] = { "10.0.0.5:1", "10.0.0.5:2", "10.0.0.6:2", "[::1]:2", "10.0.0.6:2" };
	char expected[200];

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		for (int swapped = 0; swapped < 2; swapped++) {
			const char *from = swapped ? "10.9.9.9:9" : addresses[i], *to = swapped ? addresses[i] : "10.9.9.9:9";

			cr_assert_eq(address_parse_port(from, &src), 0);
			cr_assert_eq(address_parse_port(to, &group), 0);
			snprintf(expected, sizeof(expected), "2026-01-31T12:00:00.123456Z lo %s %s 1 x\n", from, to);
			cr_assert_str_eq(text_of("x", 1), expected);
		}
	}
}

Test(record, tells_each_second_apart)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} table[] = {
		{ 0, "1970-01-01T00:00:00.000000Z" }, { 999999999, "1970-01-01T00:00:00.999999Z" },
		{ 1000000000, "1970-01-01T00:00:01.000000Z" }, { 1709164800000001000, "2024-02-29T00:00:00.000001Z" },
		{ 1000000000, "1970-01-01T00:00:01.000000Z" }, { UINT64_MAX, "2554-07-21T23:34:33.709551Z" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct mcast_msg msg = message("x", 1);

		msg.rx_ns = table[i].ns;
		record_text(rec, out, &msg);
		out[27] = '\0';
		cr_assert_str_eq(out, table[i].text);
	}
}

Test(record, names_interfaces_that_it_knows)
{
	static const struct {
		uint32_t ifindex;
		const char *name;
	} table[] = {
		{ 1, " lo " }, { 0, " - " }, { 4000000000, " 4000000000 " }, { 1, " lo " }, { 16, " 16 " }, { 0, " - " },
		{ 17, " 17 " },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct mcast_msg msg = message("x", 1);

		msg.ifindex = table[i].ifindex;
		out[record_text(rec, out, &msg)] = '\0';
		cr_assert_eq(strncmp(out + 27, table[i].name, strlen(table[i].name)), 0, "%s", out);
	}
}

Test(record, writes_a_json_object_in_a_fixed_order)
{
	struct mcast_msg msg = message("hi \"there\"", 10);

	out[record_json(rec, out, &msg, false)] = '\0';
	cr_assert_str_eq(out, "{\"time\":\"2026-01-31T12:00:00.123456Z\",\"seq\":7,\"source\":\"192.0.2.1\","
			      "\"source_port\":4242,\"group\":\"239.255.0.1\",\"port\":59259,\"interface\":\"lo\","
			      "\"ttl\":3,\"length\":10,\"text\":\"hi \\\"there\\\"\"}\n");
	msg.flags = 0;
	out[record_json(rec, out, &msg, false)] = '\0';
	cr_assert_null(strstr(out, "ttl"), "not known, not written");
}

Test(record, writes_the_document_beside_the_text)
{
	static const char data[] = "{\n \"t\": [21.50, \"\xE2\x80\xA8\"]\n}";
	json_t *root = json_of(data, sizeof(data) - 1, true), *doc = json_object_get(root, "json");

	cr_assert_str_eq(string_at(root, "text"), data);
	cr_assert_eq(json_real_value(json_array_get(json_object_get(doc, "t"), 0)), 21.5);
	cr_assert_str_eq(json_string_value(json_array_get(json_object_get(doc, "t"), 1)), "\xE2\x80\xA8");
	cr_assert_not_null(strstr(out, "21.50"), "numbers stay as they were written");
	json_decref(root);
}

Test(record, writes_what_is_no_utf8_as_base64)
{
	json_t *root = json_of("\xFF\xFE\xFD", 3, false);

	cr_assert_str_eq(string_at(root, "base64"), "//79");
	cr_assert_null(string_at(root, "text"));
	json_decref(root);
}

Test(record, dumps_hex_with_offset_and_ascii)
{
	struct mcast_msg msg = message("0123456789abcdef\x1b\xFF|", 19);

	out[record_hex(rec, out, &msg)] = '\0';
	cr_assert_str_eq(out,
			 "2026-01-31T12:00:00.123456Z lo 192.0.2.1:4242 239.255.0.1:59259 19\n"
			 "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n"
			 "00000010  1b ff 7c                                          |..||\n");
	msg.len = 0;
	out[record_hex(rec, out, &msg)] = '\0';
	cr_assert_str_eq(out, "2026-01-31T12:00:00.123456Z lo 192.0.2.1:4242 239.255.0.1:59259 0\n");
}

Test(record, dims_the_head_and_colours_keys_where_asked)
{
	struct mcast_msg msg = message("x\x1b", 2);
	struct recorder *coloured;

	cr_assert_eq(recorder_create(&coloured, true), 0);
	out[record_text(coloured, out, &msg)] = '\0';
	cr_assert_str_eq(out, "\033[2m2026-01-31T12:00:00.123456Z lo 192.0.2.1:4242 239.255.0.1:59259 2\033[0m x\\x1B\n");
	out[record_json(coloured, out, &msg, false)] = '\0';
	cr_assert_eq(strncmp(out, "{\033[36m\"time\"\033[0m:\"2026", 22), 0, "%s", out);
	recorder_destroy(coloured);
}

/* All that may be between the first and the last byte of a record is one line or more of safe text. */
static void assert_safe(const char *text, size_t n, bool lines)
{
	const uint8_t *p = (const uint8_t *)text;
	uint32_t cp;

	cr_assert_eq(p[n - 1], '\n');
	for (n--; n;) {
		unsigned len = text_decode(p, n, &cp);

		cr_assert(len, "valid UTF-8");
		cr_assert(!text_is_unsafe(cp) || (lines && cp == '\n'), "U+%04X", cp);
		p += len;
		n -= len;
	}
}

Test(record, lets_no_payload_break_out)
{
	static const char *const hostile[] = {
		"\n2026-01-31T12:00:00.000000Z forged", "\r", "\x1b]0;title\x07", "\xC2\x9B" "31m", "\xE2\x80\xAE" "txt",
		"\xE2\x80\xA8\xE2\x80\xA9", "\xFF\x1b", "\",\"forged\":\"", "\x7f", "\xE2\x81\xA6\xE2\x81\xA9\xD8\x9C",
	};

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		size_t n = strlen(hostile[i]);
		struct mcast_msg msg = message(hostile[i], n);

		assert_safe(out, record_text(rec, out, &msg), false);
		assert_safe(out, record_hex(rec, out, &msg), true);
		assert_safe(out, record_json(rec, out, &msg, false), false);
		json_decref(json_of(hostile[i], n, false));
	}
}

Test(record, fits_its_bound_at_the_worst)
{
	static const char *const worst[] = { "\x1b", "\xFF", "\xC2\x9B", "\xE2\x80\xAE", "\\", "\"", "\x7f", "\n", "x" };
	static const uint32_t lengths[] = { 0, 1, 2, 3, 15, 16, 17, 64, 600, 65507 };
	struct recorder *coloured;
	uint8_t *data = malloc(65507);

	/* All that a head can hold at its longest: colours, 39 characters of address, ten digits of interface. */
	cr_assert_eq(recorder_create(&coloured, true), 0);
	cr_assert_eq(address_parse_port("[1111:2222:3333:4444:5555:6666:7777:8888]:65535", &src), 0);
	group = src;
	for (size_t i = 0; i < sizeof(worst) / sizeof(worst[0]); i++) {
		for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
			struct mcast_msg msg = message(data, lengths[j]);
			/* A name of an interface may be 15 bytes that make 60 of text: 50 more than a number. */
			size_t bound = RECORD_BOUND(msg.len) - 110;

			for (size_t k = 0; k < msg.len; k++)
				data[k] = (uint8_t)worst[i][k % strlen(worst[i])];
			msg.ifindex = UINT32_MAX;
			msg.seq = UINT64_MAX;
			msg.ttl = 255;
			cr_assert_leq(record_text(coloured, out, &msg), bound);
			cr_assert_leq(record_hex(coloured, out, &msg), bound);
			cr_assert_leq(record_json(coloured, out, &msg, false), bound);
			cr_assert_leq(record_json(coloured, out, &msg, true), bound);
		}
	}
	recorder_destroy(coloured);
	free(data);
}
