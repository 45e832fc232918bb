/* base_number.c - tests: numbers, sizes and durations as people write them */
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdint.h>

#include "base/number.h"

struct row {
	const char *text;
	int err;
	int64_t value;
};

static void assert_reads(int (*read)(const char *, int64_t *), const struct row *row, size_t n)
{
	for (; n; n--, row++) {
		int64_t value = -77;

		cr_assert_eq(read(row->text, &value), row->err, "\"%s\"", row->text);
		cr_assert_eq(value, row->err ? -77 : row->value, "\"%s\": %" PRId64, row->text, value);
	}
}
#define ASSERT_READS(read, rows) assert_reads(read, rows, sizeof(rows) / sizeof((rows)[0]))

Test(number, reads_whole_numbers)
{
	static const struct row rows[] = {
		{ "0", 0, 0 }, { "-12", 0, -12 }, { "007", 0, 7 },
		{ "9223372036854775807", 0, INT64_MAX }, { "-9223372036854775808", 0, INT64_MIN },
		{ "9223372036854775808", -ERANGE, 0 }, { "-9223372036854775809", -ERANGE, 0 },
		{ "99999999999999999999999", -ERANGE, 0 }, { "99999999999999999999999x", -EINVAL, 0 },
		{ "", -EINVAL, 0 }, { "-", -EINVAL, 0 }, { "+1", -EINVAL, 0 }, { "--1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 }, { "1 ", -EINVAL, 0 }, { "1.0", -EINVAL, 0 }, { "0x10", -EINVAL, 0 },
	};

	ASSERT_READS(number_int, rows);
}

Test(number, reads_sizes_in_powers_of_1024)
{
	static const struct row rows[] = {
		{ "0", 0, 0 }, { "4096", 0, 4096 }, { "64k", 0, 65536 }, { "64K", 0, 65536 },
		{ "4M", 0, 4194304 }, { "1G", 0, 1073741824 },
		{ "8589934591G", 0, INT64_C(9223372035781033984) }, { "8589934592G", -ERANGE, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 }, { "k", -EINVAL, 0 }, { "-1", -EINVAL, 0 }, { "4MB", -EINVAL, 0 },
		{ "4 M", -EINVAL, 0 }, { "1.5M", -EINVAL, 0 }, { "1T", -EINVAL, 0 },
	};

	ASSERT_READS(number_size, rows);
}

static int duration(const char *text, int64_t *out)
{
	return number_duration(text, 0, out);
}

static int duration_bare(const char *text, int64_t *out)
{
	return number_duration(text, 1, out);
}

Test(number, reads_durations)
{
	static const struct row rows[] = {
		{ "7ns", 0, 7 }, { "20us", 0, 20000 }, { "250ms", 0, 250000000 }, { "10s", 0, 10000000000 },
		{ "1.5s", 0, 1500000000 }, { "5m", 0, 300000000000 }, { "1h", 0, 3600000000000 },
		{ "0s", 0, 0 }, { "0.000000001s", 0, 1 }, { "0.0000000019s", 0, 1 }, { "0.5h", 0, 1800000000000 },
		{ "2562047h", 0, INT64_C(9223369200000000000) }, { "2562048h", -ERANGE, 0 },
		{ "9223372036.854775807s", 0, INT64_MAX }, { "9223372036.854775808s", -ERANGE, 0 },
		{ "99999999999999999999s", -ERANGE, 0 },
		{ "", -EINVAL, 0 }, { "s", -EINVAL, 0 }, { "10", -EINVAL, 0 }, { "-1s", -EINVAL, 0 },
		{ "1.s", -EINVAL, 0 }, { ".5s", -EINVAL, 0 }, { "1 s", -EINVAL, 0 }, { "1d", -EINVAL, 0 },
		{ "1.5.5s", -EINVAL, 0 }, { "1e3s", -EINVAL, 0 },
	};

	ASSERT_READS(duration, rows);
}

Test(number, takes_a_bare_duration_as_seconds_where_asked)
{
	static const struct row rows[] = {
		{ "10", 0, 10000000000 }, { "0.25", 0, 250000000 }, { "0", 0, 0 }, { "3ms", 0, 3000000 },
		{ "", -EINVAL, 0 }, { "1.", -EINVAL, 0 },
	};

	ASSERT_READS(duration_bare, rows);
}

Test(number, reads_finite_decimals_in_any_locale)
{
	static const struct {
		const char *text;
		int err;
		double value;
	} rows[] = {
		{ "1.5e3", 0, 1500 }, { "-0.25", 0, -0.25 }, { "7", 0, 7 }, { "1E-2", 0, 0.01 }, { "1e+2", 0, 100 },
		{ "1e999", -ERANGE, 0 }, { "-1e999", -ERANGE, 0 },
		{ "", -EINVAL, 0 }, { "inf", -EINVAL, 0 }, { "nan", -EINVAL, 0 }, { "0x1p3", -EINVAL, 0 },
		{ "1,5", -EINVAL, 0 }, { ".5", -EINVAL, 0 }, { "5.", -EINVAL, 0 }, { "1e", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 }, { "1 ", -EINVAL, 0 }, { "+1", -EINVAL, 0 }, { "-", -EINVAL, 0 },
	};

	/* One with a decimal comma, where the system has it. */
	setlocale(LC_ALL, "de_DE.UTF-8");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double value = -77;

		cr_assert_eq(number_double(rows[i].text, &value), rows[i].err, "\"%s\"", rows[i].text);
		cr_assert_eq(value, rows[i].err ? -77 : rows[i].value, "\"%s\": %g", rows[i].text, value);
	}
}

Test(number, writes_the_largest_unit_that_reads_back_the_same)
{
	static const struct {
		int64_t value;
		const char *text;
	} sizes[] = {
		{ 0, "0" }, { 1, "1" }, { 1000, "1000" }, { 1024, "1k" }, { 67108864, "64M" },
		{ 1073741824, "1G" }, { 67108865, "67108865" }, { INT64_MAX, "9223372036854775807" },
	}, durations[] = {
		{ 0, "0s" }, { 7, "7ns" }, { 1500000000, "1500ms" }, { 10000000000, "10s" }, { 60000000000, "1m" },
		{ 90000000000, "90s" }, { 3600000000000, "1h" }, { 20000, "20us" },
		{ INT64_MAX, "9223372036854775807ns" },
	};
	char out[24];
	int64_t back;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		cr_assert_str_eq(number_size_text(out, sizeof(out), sizes[i].value), sizes[i].text);
		cr_assert_eq(number_size(out, &back), 0);
		cr_assert_eq(back, sizes[i].value);
	}
	for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
		cr_assert_str_eq(number_duration_text(out, sizeof(out), durations[i].value), durations[i].text);
		cr_assert_eq(number_duration(out, 0, &back), 0);
		cr_assert_eq(back, durations[i].value);
	}
}
