/* encode/escape.c - payload bytes as text that is safe to print, and back
 *
 * All are made of runs: what is plain is copied at once, the rest one character at a time. A byte of payload has
 * room for at least four, so that plain_run() may write as far ahead as it reads. */
#include "encode/escape.h"

#include <errno.h>
#include <string.h>

#include "base/plain.h"
#include "base/text.h"

static const char hex[] = "0123456789abcdef";

size_t escape_text(char *out, const uint8_t *data, size_t n)
{
	const uint8_t *end = data + n;
	char *at = out;
	unsigned used;

	for (;;) {
		n = plain_run(at, true, data, (size_t)(end - data), '\\', ' ');
		at += n;
		data += n;
		if (data == end)
			return (size_t)(at - out);
		if (*data == '\\') {
			*at++ = '\\';
			*at++ = '\\';
			data++;
			continue;
		}
		at += text_escape(at, data, (size_t)(end - data), &used);
		data += used;
	}
}

/* Reads count hex digits at p; -1 if there are others. */
static long read_hex(const char *p, unsigned count)
{
	long value = 0;

	for (; count; count--, p++) {
		if (*p >= '0' && *p <= '9')
			value = value << 4 | (*p - '0');
		else if ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'f')
			value = value << 4 | ((*p | 0x20) - 'a' + 10);
		else
			return -1;
	}
	return value;
}

/* Writes what the escape at text, of which n bytes can be read, stands for, and moves *out behind it.
 * Returns the length of the escape, 0 if it is none. */
static size_t unescape_one(uint8_t **out, const char *text, size_t n)
{
	static const char letters[] = "tnr\\", meaning[] = "\t\n\r\\";
	const char *letter;
	long value;

	if (n >= 4 && text[1] == 'x') {
		value = read_hex(text + 2, 2);
		if (value < 0)
			return 0;
		*(*out)++ = (uint8_t)value;
		return 4;
	}
	if (n >= 8 && text[1] == 'u' && text[2] == '{' && text[7] == '}') {
		value = read_hex(text + 3, 4);
		if (value < 0 || (value >= 0xD800 && value <= 0xDFFF))
			return 0;
		*out += text_encode(*out, (uint32_t)value);
		return 8;
	}
	letter = n >= 2 ? memchr(letters, text[1], sizeof(letters) - 1) : NULL;
	if (!letter)
		return 0;
	*(*out)++ = (uint8_t)meaning[letter - letters];
	return 2;
}

long unescape_text(uint8_t *out, const char *text, size_t n)
{
	uint8_t *at = out;
	size_t len;

	while (n) {
		const char *escape = memchr(text, '\\', n);

		len = escape ? (size_t)(escape - text) : n;
		memcpy(at, text, len);
		at += len;
		text += len;
		n -= len;
		if (!n)
			break;
		len = unescape_one(&at, text, n);
		if (!len)
			return -EINVAL;
		text += len;
		n -= len;
	}
	return at - out;
}

/* cp as \uhhhh; it is none that needs a pair of surrogates. */
static char *put_u(char *out, uint32_t cp)
{
	*out++ = '\\';
	*out++ = 'u';
	for (int shift = 12; shift >= 0; shift -= 4)
		*out++ = hex[cp >> shift & 0xF];
	return out;
}

/* The character at *data as it is, or if it is unsafe as \uhhhh; moves *data behind it. */
static char *put_safe(char *out, const uint8_t **data, const uint8_t *end)
{
	uint32_t cp;
	unsigned len = text_decode(*data, (size_t)(end - *data), &cp);

	if (!len) {
		++*data;
		return put_u(out, 0xFFFD);
	}
	if (text_is_unsafe(cp)) {
		*data += len;
		return put_u(out, cp);
	}
	memcpy(out, *data, len);
	*data += len;
	return out + len;
}

/* The letter of the short escapes of a JSON string, or 0. */
static char json_letter(uint8_t c)
{
	switch (c) {
	case '"':
	case '\\':
		return (char)c;
	case '\t':
		return 't';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	default:
		return 0;
	}
}

size_t escape_json(char *out, const uint8_t *data, size_t n)
{
	const uint8_t *end = data + n;
	char *at = out;
	char letter;

	for (;;) {
		n = plain_run(at, true, data, (size_t)(end - data), '"', '\\');
		at += n;
		data += n;
		if (data == end)
			return (size_t)(at - out);
		letter = json_letter(*data);
		if (letter) {
			*at++ = '\\';
			*at++ = letter;
			data++;
			continue;
		}
		at = put_safe(at, &data, end);
	}
}

size_t escape_json_document(char *out, const uint8_t *data, size_t n)
{
	const uint8_t *end = data + n;
	char *at = out;

	for (;;) {
		n = plain_run(at, true, data, (size_t)(end - data), ' ', ' ');
		at += n;
		data += n;
		if (data == end)
			return (size_t)(at - out);
		/* Below a space, only white space between the tokens is valid. */
		if (*data < ' ') {
			*at++ = ' ';
			data++;
			continue;
		}
		at = put_safe(at, &data, end);
	}
}

size_t escape_base64(char *out, const uint8_t *data, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *at = out;

	for (; n; data += 3, n -= n < 3 ? n : 3) {
		uint32_t bits = (uint32_t)data[0] << 16;

		if (n > 1)
			bits |= (uint32_t)data[1] << 8;
		if (n > 2)
			bits |= data[2];
		*at++ = digits[bits >> 18];
		*at++ = digits[bits >> 12 & 63];
		*at++ = n > 1 ? digits[bits >> 6 & 63] : '=';
		*at++ = n > 2 ? digits[bits & 63] : '=';
	}
	return (size_t)(at - out);
}
