/* log.c - base: one line to stderr, whole, clean, from any thread */
#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "mcast/handler.h"

#define CUT "..."		/* ends a line that was longer */
#define LINE_MAX_BYTES 1024	/* with its newline: what a pipe takes whole (PIPE_BUF) is more */

static const char *log_program = "mcast";
static int log_highest = MCAST_LOG_INFO;

void log_setup(const char *program, int level)
{
	log_program = program;
	log_highest = level;
}

int log_level(void)
{
	return log_highest;
}

/* Puts who says what together, clean and cut to a line; returns its length with the newline. */
__attribute__((format(printf, 3, 0)))
static size_t compose(char line[LINE_MAX_BYTES], const char *who, const char *format, va_list args)
{
	char raw[LINE_MAX_BYTES], clean[4 * LINE_MAX_BYTES];	/* a byte becomes \xHH at worst */
	int n = snprintf(raw, sizeof(raw), "%s: %s%s", log_program, who ? who : "", who ? ": " : "");
	bool cut = n >= (int)sizeof(raw);

	if (!cut)
		cut = vsnprintf(raw + n, sizeof(raw) - (size_t)n, format, args) >= (int)sizeof(raw) - n;
	text_clean(clean, sizeof(clean), raw, strlen(raw));
	cut |= strlen(clean) > LINE_MAX_BYTES - sizeof(CUT);
	text_clean(line, LINE_MAX_BYTES - sizeof(CUT), raw, strlen(raw));
	n = (int)strlen(line);
	return (size_t)n + (size_t)snprintf(line + n, LINE_MAX_BYTES - (size_t)n, "%s\n", cut ? CUT : "");
}

void log_from(const char *who, int level, const char *format, va_list args)
{
	char line[LINE_MAX_BYTES];
	int saved = errno;
	size_t n;

	if (level > log_highest)
		return;
	n = compose(line, who, format, args);

	/* A log that can't be written has nobody to be told to. */
	while (write(STDERR_FILENO, line, n) < 0 && errno == EINTR)
		;
	errno = saved;
}

#define LOG_AT(level)                                      \
	do {                                               \
		va_list args;                              \
                                                           \
		va_start(args, format);                    \
		log_from(NULL, level, format, args);       \
		va_end(args);                              \
	} while (0)

void log_error(const char *format, ...)
{
	LOG_AT(MCAST_LOG_ERROR);
}

void log_warning(const char *format, ...)
{
	LOG_AT(MCAST_LOG_WARNING);
}

void log_info(const char *format, ...)
{
	LOG_AT(MCAST_LOG_INFO);
}

void log_debug(const char *format, ...)
{
	LOG_AT(MCAST_LOG_DEBUG);
}

/* Appends what fits. */
static char *append(char *at, const char *end, const char *text)
{
	size_t n = strnlen(text, (size_t)(end - at));

	memcpy(at, text, n);
	return at + n;
}

void log_from_signal(const char *who, const char *what)
{
	const char *const pieces[] = {
		log_program, ": ", who, ": crashed: ", what, ": this ends the program, without accounts\n",
	};
	char line[LINE_MAX_BYTES];
	char *at = line;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++)
		at = append(at, line + sizeof(line), pieces[i]);
	(void)!write(STDERR_FILENO, line, (size_t)(at - line));
}
