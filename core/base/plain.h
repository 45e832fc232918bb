/* plain.h - base: runs of plain bytes, for the loops that all of a payload goes through
 *
 * Inline, so that the two refused bytes are constants: text_plain() is the same for everybody else. */
#ifndef CORE_BASE_PLAIN_H
#define CORE_BASE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>

/* A bit for each of the 16 bytes that is not plain. Bytes from 0x80 are negative, so less than a space. */
static inline unsigned plain_not(__m128i bytes, uint8_t a, uint8_t b)
{
	__m128i below = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
	__m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F));
	__m128i is_a = _mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)a));
	__m128i is_b = _mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)b));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(below, del), _mm_or_si128(is_a, is_b)));
}
#endif

/* As text_plain(). copy: the prefix goes to out too, where all n bytes have room; what is behind it is undefined. */
static inline size_t plain_run(char *out, bool copy, const uint8_t *p, size_t n, uint8_t a, uint8_t b)
{
	size_t i = 0;

	/* A space stands for "none": DEL is refused anyway. */
	a = a == ' ' ? 0x7F : a;
	b = b == ' ' ? 0x7F : b;
#ifdef __SSE2__
	for (; n - i >= 16; i += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		unsigned found = plain_not(bytes, a, b);

		if (copy)
			_mm_storeu_si128((__m128i *)(void *)(out + i), bytes);
		if (found)
			return i + (unsigned)__builtin_ctz(found);
	}
#endif
	for (; i < n && p[i] >= 0x20 && p[i] < 0x7F && p[i] != a && p[i] != b; i++)
		if (copy)
			out[i] = (char)p[i];	/* cppcheck-suppress nullPointer ; copy says that out is there */
	return i;
}

#endif
