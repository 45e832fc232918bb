/* number.c - base: numbers, sizes and durations as people write them */
#include "base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct unit {
	char name[3];
	int64_t factor;
} sizes[] = {
	{ "G", 1 << 30 }, { "M", 1 << 20 }, { "k", 1 << 10 }, { "K", 1 << 10 }, { "", 1 },
}, durations[] = {
	{ "h", 3600000000000 }, { "m", 60000000000 }, { "s", 1000000000 },
	{ "ms", 1000000 }, { "us", 1000 }, { "ns", 1 },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Skips digits; NULL if there is none. */
static const char *skip_digits(const char *p)
{
	if (!is_digit(*p))
		return NULL;
	while (is_digit(*p))
		p++;
	return p;
}

/* Reads the digits at *p and moves it behind them. 0, -EINVAL: none; -ERANGE: above INT64_MAX. */
static int read_digits(const char **p, int64_t *out)
{
	int64_t value = 0;
	int err = is_digit(**p) ? 0 : -EINVAL;

	for (; is_digit(**p); ++*p)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, **p - '0', &value))
			err = -ERANGE;
	*out = value;
	return err;
}

/* The unit that is called text, or NULL. */
static const struct unit *unit_find(const struct unit *units, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(units[i].name, text))
			return &units[i];
	return NULL;
}

/* The largest unit that value is a whole number of; the last one is 1. */
static const struct unit *unit_for(const struct unit *units, int64_t value)
{
	while (value % units->factor)
		units++;
	return units;
}

int number_int(const char *text, int64_t *out)
{
	bool negative = *text == '-';
	int64_t value;
	int err;

	text += negative;
	/* The least number has no positive twin. */
	if (negative && !strcmp(text, "9223372036854775808")) {
		*out = INT64_MIN;
		return 0;
	}
	err = read_digits(&text, &value);
	if (*text)
		return -EINVAL;
	if (!err)
		*out = negative ? -value : value;
	return err;
}

/* Whether text is a decimal number: strtod() also takes hex, "inf" and white space. */
static bool is_decimal(const char *p)
{
	p = skip_digits(p + (*p == '-'));
	if (p && *p == '.')
		p = skip_digits(p + 1);
	if (p && (*p == 'e' || *p == 'E')) {
		p++;
		p = skip_digits(p + (*p == '-' || *p == '+'));
	}
	return p && !*p;
}

int number_double(const char *text, double *out)
{
	locale_t c;
	double value;

	if (!is_decimal(text))
		return -EINVAL;
	c = newlocale(LC_ALL_MASK, "C", NULL);	/* the process may run in one with a decimal comma */
	if (!c)
		return -EINVAL;
	value = strtod_l(text, NULL, c);
	freelocale(c);
	if (!isfinite(value))
		return -ERANGE;
	*out = value;
	return 0;
}

int number_size(const char *text, int64_t *out)
{
	const struct unit *unit;
	int64_t value;
	int err;

	err = read_digits(&text, &value);
	unit = unit_find(sizes, COUNT(sizes), text);
	if (err == -EINVAL || !unit)
		return -EINVAL;
	if (err || __builtin_mul_overflow(value, unit->factor, &value))
		return -ERANGE;
	*out = value;
	return 0;
}

int number_duration(const char *text, int bare_seconds, int64_t *out)
{
	const struct unit *unit;
	const char *fraction = NULL;
	int64_t value, scale;
	int err;

	err = read_digits(&text, &value);
	if (err == -EINVAL)
		return err;
	if (*text == '.') {
		fraction = text + 1;
		text = skip_digits(fraction);
	}
	if (!text)
		return -EINVAL;
	unit = unit_find(durations, COUNT(durations), !*text && bare_seconds ? "s" : text);
	if (!unit)
		return -EINVAL;
	if (err || __builtin_mul_overflow(value, unit->factor, &value))
		return -ERANGE;

	/* What is finer than a nanosecond is cut off. */
	scale = unit->factor;
	for (; fraction && is_digit(*fraction) && scale; fraction++) {
		scale /= 10;
		if (__builtin_add_overflow(value, (*fraction - '0') * scale, &value))
			return -ERANGE;
	}
	*out = value;
	return 0;
}

char *number_put(char *out, uint64_t value)
{
	unsigned n = 1;
	char *end;

	for (uint64_t rest = value; rest >= 10; rest /= 10)
		n++;
	end = out + n;
	do
		out[--n] = (char)('0' + value % 10);
	while (value /= 10);
	return end;
}

char *number_size_text(char *out, size_t size, int64_t bytes)
{
	const struct unit *unit = bytes ? unit_for(sizes, bytes) : &sizes[COUNT(sizes) - 1];

	snprintf(out, size, "%" PRId64 "%s", bytes / unit->factor, unit->name);
	return out;
}

char *number_duration_text(char *out, size_t size, int64_t ns)
{
	const struct unit *unit = ns ? unit_for(durations, ns) : unit_find(durations, COUNT(durations), "s");

	snprintf(out, size, "%" PRId64 "%s", ns / unit->factor, unit->name);
	return out;
}
