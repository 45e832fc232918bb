/* text.c - base: UTF-8 (RFC 3629), and which characters are dangerous where people look */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#include "base/plain.h"

unsigned text_decode(const uint8_t *p, size_t n, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned len;
	uint32_t c = p[0];

	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	len = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
	if (c < 0xC2 || c > 0xF4 || len > n)
		return 0;

	c &= 0x7Fu >> len;
	for (unsigned i = 1; i < len; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3F);
	}
	if (c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	*cp = c;
	return len;
}

unsigned text_encode(uint8_t *out, uint32_t cp)
{
	unsigned len = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;

	if (len == 1) {
		out[0] = (uint8_t)cp;
		return 1;
	}
	for (unsigned i = len - 1; i > 0; i--, cp >>= 6)
		out[i] = (uint8_t)(0x80 | (cp & 0x3F));
	out[0] = (uint8_t)((0xF00 >> len & 0xF0) | cp);
	return len;
}

/* The length of a prefix of ASCII: all of it, or up to 7 bytes less. */
static size_t skip_ascii(const uint8_t *p, size_t n)
{
	uint64_t word;
	size_t i;

	for (i = 0; n - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		if (word & 0x8080808080808080u)
			break;
	}
	return i;
}

bool text_is_utf8(const uint8_t *p, size_t n)
{
	uint32_t cp;
	unsigned len;

	for (size_t i = skip_ascii(p, n); i < n; i += len) {
		if (p[i] < 0x80) {
			len = (unsigned)skip_ascii(p + i, n - i < 64 ? n - i : 64);
			len += !len;
			continue;
		}
		len = text_decode(p + i, n - i, &cp);
		if (!len)
			return false;
	}
	return true;
}

bool text_is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7F && cp < 0xA0);
}

bool text_is_separator(uint32_t cp)
{
	return cp == 0x2028 || cp == 0x2029;
}

bool text_is_bidi(uint32_t cp)
{
	return cp == 0x061C || cp == 0x200E || cp == 0x200F || (cp >= 0x202A && cp <= 0x202E) ||
	       (cp >= 0x2066 && cp <= 0x2069);
}

bool text_is_unsafe(uint32_t cp)
{
	return text_is_control(cp) || text_is_separator(cp) || text_is_bidi(cp);
}

size_t text_plain(const uint8_t *p, size_t n, uint8_t a, uint8_t b)
{
	return plain_run(NULL, false, p, n, a, b);
}

unsigned text_escape(char out[TEXT_ESCAPE], const uint8_t *p, size_t n, unsigned *used)
{
	static const char hex[] = "0123456789ABCDEF", named[] = "tn??r";
	uint32_t cp = p[0];

	*used = text_decode(p, n, &cp);
	if (*used && !text_is_unsafe(cp)) {
		memcpy(out, p, *used);
		return *used;
	}
	out[0] = '\\';
	if (*used > 1) {
		out[1] = 'u';
		out[2] = '{';
		for (int i = 0; i < 4; i++)
			out[3 + i] = hex[cp >> (12 - 4 * i) & 0xF];
		out[7] = '}';
		return 8;
	}
	*used = 1;
	if (cp == '\t' || cp == '\n' || cp == '\r') {
		out[1] = named[cp - '\t'];
		return 2;
	}
	out[1] = 'x';
	out[2] = hex[p[0] >> 4];
	out[3] = hex[p[0] & 0xF];
	return 4;
}

char *text_clean(char *out, size_t size, const char *src, size_t n)
{
	const uint8_t *p = (const uint8_t *)src;
	char piece[TEXT_ESCAPE];
	unsigned used, len;
	size_t at = 0;

	if (!size)
		return out;
	for (; n; p += used, n -= used) {
		len = text_escape(piece, p, n, &used);
		if (len >= size - at)
			break;
		memcpy(out + at, piece, len);
		at += len;
	}
	out[at] = '\0';
	return out;
}
