/* log.c - base: one line to stderr, whole, clean, from any thread */
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "mcast/handler.h"

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

void log_from(const char *who, int level, const char *format, va_list args)
{
	char raw[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
	int saved = errno;
	size_t n;

	if (level > log_highest)
		return;

	n = (size_t)snprintf(raw, sizeof(raw), "%s: %s%s", log_program, who ? who : "", who ? ": " : "");
	if (n < sizeof(raw))
		vsnprintf(raw + n, sizeof(raw) - n, format, args);
	text_clean(line, sizeof(line) - 1, raw, strlen(raw));
	n = strlen(line);
	line[n++] = '\n';

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
