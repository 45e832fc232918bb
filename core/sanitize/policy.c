/* sanitize/policy.c - stage 2 of 4: socket > [sanitize] > chain > handler: UTF-8, controls, bidi
 *
 * Nearly all text is plain: ASCII, and no control but TAB, LF and CR. One pass skips what is plain, 64
 * bytes at a time, and looks at the rest character by character. */
#include "sanitize/policy.h"

#include <stdbool.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/text.h"

#define BLOCK 64		/* bytes: as many as a mask has bits */
#define PICTURES 0x2400		/* U+2400 is the picture of NUL, and so on */
#define PICTURE_DELETE 0x2421
#define REPLACEMENT 0xFFFD
#define REPLACED_BYTES 3	/* of each of these in UTF-8 */

/* A bit for each byte of the block at p that is not plain. */
#ifdef __SSE2__
static uint64_t special_of_16(__m128i v)
{
	/* As signed bytes: 0x20 to 0x7E plus one is above 0x20, and nothing else is. */
	__m128i plain = _mm_cmpgt_epi8(_mm_add_epi8(v, _mm_set1_epi8(1)), _mm_set1_epi8(0x20));

	plain = _mm_or_si128(plain, _mm_cmpeq_epi8(v, _mm_set1_epi8('\t')));
	plain = _mm_or_si128(plain, _mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));
	plain = _mm_or_si128(plain, _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));
	return (uint16_t)~_mm_movemask_epi8(plain);
}

static uint64_t special_of(const uint8_t *p)
{
	const __m128i *v = (const __m128i *)p;

	return special_of_16(_mm_loadu_si128(v)) | special_of_16(_mm_loadu_si128(v + 1)) << 16 |
	       special_of_16(_mm_loadu_si128(v + 2)) << 32 |
	       special_of_16(_mm_loadu_si128(v + 3)) << 48;
}

/* Printable ASCII throughout: what most blocks are, and cheaper to ask. */
static bool is_printable(const uint8_t *p)
{
	const __m128i *v = (const __m128i *)p;
	const __m128i space = _mm_set1_epi8(0x20);
	__m128i a = _mm_sub_epi8(_mm_loadu_si128(v), space);
	__m128i b = _mm_sub_epi8(_mm_loadu_si128(v + 1), space);
	__m128i c = _mm_sub_epi8(_mm_loadu_si128(v + 2), space);
	__m128i d = _mm_sub_epi8(_mm_loadu_si128(v + 3), space);
	__m128i most = _mm_max_epu8(_mm_max_epu8(a, b), _mm_max_epu8(c, d));
	__m128i above = _mm_subs_epu8(most, _mm_set1_epi8(0x7E - 0x20));

	return _mm_movemask_epi8(_mm_cmpeq_epi8(above, _mm_setzero_si128())) == 0xFFFF;
}
#else
static uint64_t special_of(const uint8_t *p)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < BLOCK; i++) {
		bool printable = p[i] >= 0x20 && p[i] <= 0x7E;
		bool space = p[i] == '\t' || p[i] == '\n' || p[i] == '\r';

		if (!printable && !space)
			mask |= UINT64_C(1) << i;
	}
	return mask;
}

static bool is_printable(const uint8_t *p)
{
	return !special_of(p);
}
#endif

/* How many bytes from p on, of n, are plain. */
static size_t plain_run(const uint8_t *p, size_t n)
{
	size_t i = 0;
	uint64_t special;

	for (; n - i >= BLOCK; i += BLOCK) {
		if (is_printable(p + i))
			continue;
		special = special_of(p + i);
		if (special)
			return i + (size_t)__builtin_ctzll(special);
	}
	if (i == n)
		return n;

	special = special_of(p + i) & ((UINT64_C(1) << (n - i)) - 1);
	return special ? i + (size_t)__builtin_ctzll(special) : n;
}

enum kind { KIND_PLAIN, KIND_CONTROL, KIND_BIDI, KINDS };

static enum kind kind_of(uint32_t cp)
{
	if (!text_is_unsafe(cp) || cp == '\t' || cp == '\n' || cp == '\r')
		return KIND_PLAIN;
	return text_is_control(cp) ? KIND_CONTROL : KIND_BIDI;
}

/* What one pass over a text finds. */
struct findings {
	bool broken;		/* no UTF-8 */
	size_t count[KINDS];	/* characters of each kind; plain ones are not counted */
	size_t growth[KINDS];	/* bytes more if each of them were replaced */
};

static void find(struct findings *found, const uint8_t *data, size_t len)
{
	size_t i = 0;

	memset(found, 0, sizeof(*found));
	while (i < len) {
		uint32_t cp;
		unsigned size;
		enum kind kind;

		if (data[i] < 0x80) {
			i += plain_run(data + i, len - i);
			if (i == len)
				return;
		}
		size = text_decode(data + i, len - i, &cp);
		if (!size) {
			found->broken = true;
			return;
		}
		i += size;
		kind = kind_of(cp);
		if (kind == KIND_PLAIN)
			continue;
		found->count[kind]++;
		found->growth[kind] += REPLACED_BYTES - size;	/* of these none is longer */
	}
}

static bool replaces(const struct sanitize_options *options, enum kind kind)
{
	return (kind == KIND_CONTROL && options->on_control == ON_CONTROL_PICTURE) ||
	       (kind == KIND_BIDI && options->on_bidi == ON_BIDI_REPLACE);
}

enum drop policy_check(const struct sanitize_options *options, const uint8_t *data, size_t len,
		       size_t *repaired)
{
	struct findings found;
	size_t replaced = 0, size = len;

	find(&found, data, len);
	if (found.broken)
		return DROP_ENCODING;
	if (found.count[KIND_CONTROL] && options->on_control == ON_CONTROL_DROP)
		return DROP_CONTROL;
	if (found.count[KIND_BIDI] && options->on_bidi == ON_BIDI_DROP)
		return DROP_BIDI;

	for (enum kind kind = KIND_CONTROL; kind < KINDS; kind++) {
		if (!replaces(options, kind))
			continue;
		replaced += found.count[kind];
		size += found.growth[kind];
	}
	if (size > options->max_bytes)
		return DROP_GROWN;
	*repaired = replaced ? size : 0;
	return DROP_NONE;
}

static uint32_t substitute_for(uint32_t cp)
{
	if (cp < 0x20)
		return PICTURES + cp;
	return cp == 0x7F ? PICTURE_DELETE : REPLACEMENT;
}

void policy_repair(const struct sanitize_options *options, const uint8_t *data, size_t len,
		   uint8_t *out)
{
	size_t i = 0;

	while (i < len) {
		size_t plain = plain_run(data + i, len - i);
		uint32_t cp;

		memcpy(out, data + i, plain);
		out += plain;
		i += plain;
		if (i == len)
			return;
		i += text_decode(data + i, len - i, &cp);
		out += text_encode(out, replaces(options, kind_of(cp)) ? substitute_for(cp) : cp);
	}
}
