/* number.h - base: numbers, sizes and durations as people write them
 *
 * All take the whole string or nothing, no white space, and return 0, -EINVAL (not such a thing)
 * or -ERANGE (does not fit); *out is set only on success. */
#ifndef CORE_BASE_NUMBER_H
#define CORE_BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

int number_int(const char *text, int64_t *out);		/* "-12", decimal */
int number_double(const char *text, double *out);	/* finite, "1.5e3", in the C locale's grammar */
int number_size(const char *text, int64_t *out);	/* bytes: "4096", "64k" or "64K", "4M", "1G"; powers of 1024 */
/* ns: "250ms", "10s", "1.5s", "5m", "1h", "20us", "7ns"; a bare number is seconds where bare_seconds is set. */
int number_duration(const char *text, int bare_seconds, int64_t *out);

/* Writes value in decimal, without NUL (at most 20 bytes), and returns the end: for records, where snprintf()
 * would be most of the cost. */
char *number_put(char *out, uint64_t value);

/* For messages: "64M", "1500ms" - the shortest form that reads back the same. out: at least 24 bytes. */
char *number_size_text(char *out, size_t size, int64_t bytes);
char *number_duration_text(char *out, size_t size, int64_t ns);

#endif
