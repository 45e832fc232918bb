/* nearest.c - base: which name someone probably meant */
#include "base/text.h"

#include <string.h>
#include <strings.h>

#define WORD_MAX 64		/* bytes; a longer word resembles no name */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost 1 each. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2], *spare;
	size_t a_len = strlen(a), b_len = strlen(b);

	for (size_t j = 0; j <= b_len; j++)
		above[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			int x = lower(a[i - 1]), y = lower(b[j - 1]);

			row[j] = least(above[j - 1] + (x != y), 1 + least(above[j], row[j - 1]));
			if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[b_len];
}

const char *text_nearest(const char *word, const char *const *names, size_t n)
{
	const char *nearest = NULL;
	unsigned shortest = WORD_MAX;
	size_t word_len = strlen(word);

	for (size_t i = 0; i < n; i++) {
		size_t longer = strlen(names[i]);
		unsigned d;

		if (!strcasecmp(word, names[i]))
			return names[i];
		if (longer < word_len)
			longer = word_len;
		if (longer > WORD_MAX)
			continue;
		d = distance(word, names[i]);
		/* More than about a third wrong is another word. */
		if (d <= (longer + 1) / 3 && d < shortest) {
			shortest = d;
			nearest = names[i];
		}
	}
	return nearest;
}
