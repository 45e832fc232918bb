/* text.c - base: UTF-8 (RFC 3629), and which characters are dangerous where people look */
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/* A space stands for "none": DEL is refused anyway. */
static uint8_t or_none(uint8_t c)
{
	return c == ' ' ? 0x7F : c;
}

static size_t plain_bytewise(const uint8_t *p, size_t n, uint8_t a, uint8_t b)
{
	size_t i = 0;

	while (i < n && p[i] >= 0x20 && p[i] < 0x7F && p[i] != a && p[i] != b)
		i++;
	return i;
}

#ifdef __SSE2__
/* A bit for each of the 16 bytes that is not plain. Bytes from 0x80 are negative, so less than a space. */
static unsigned not_plain(__m128i bytes, __m128i a, __m128i b)
{
	__m128i below = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
	__m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));
	__m128i other = _mm_or_si128(_mm_cmpeq_epi8(bytes, a), _mm_cmpeq_epi8(bytes, b));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(below, del), other));
}

/* out: NULL, or where to copy to. */
static inline size_t plain_run(char *out, const uint8_t *p, size_t n, uint8_t a, uint8_t b)
{
	__m128i all_a = _mm_set1_epi8((char)a), all_b = _mm_set1_epi8((char)b);

	for (size_t i = 0; i < n; i += 16) {
		__m128i bytes;
		unsigned found;

		if (n - i < 16)
			i = n - 16;	/* once more over some bytes known to be plain */
		bytes = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		if (out)
			_mm_storeu_si128((__m128i *)(void *)(out + i), bytes);
		found = not_plain(bytes, all_a, all_b);
		if (found)
			return i + (unsigned)__builtin_ctz(found);
	}
	return n;
}
#endif

size_t text_plain(const uint8_t *p, size_t n, uint8_t a, uint8_t b)
{
	a = or_none(a);
	b = or_none(b);
#ifdef __SSE2__
	if (n >= 16)
		return plain_run(NULL, p, n, a, b);
#endif
	return plain_bytewise(p, n, a, b);
}

size_t text_copy_plain(char *out, const uint8_t *p, size_t n, uint8_t a, uint8_t b)
{
	a = or_none(a);
	b = or_none(b);
#ifdef __SSE2__
	if (n >= 16)
		return plain_run(out, p, n, a, b);
#endif
	n = plain_bytewise(p, n, a, b);
	memcpy(out, p, n);
	return n;
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
