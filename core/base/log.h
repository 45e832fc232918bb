/* log.h - base: one line to stderr, whole, clean, from any thread
 *
 * Levels are syslog(3)'s, as MCAST_LOG_* of mcast/handler.h. Each line is one write(2):
 * "mcast-hear: text", or "mcast-hear: logger: text" where a handler speaks. Control characters,
 * C1, separators and bidi characters are escaped: nothing from the network drives a terminal. */
#ifndef CORE_BASE_LOG_H
#define CORE_BASE_LOG_H

#include <stdarg.h>

/* Before the first thread: the program's name (borrowed for ever), and the highest level that is
 * written. Default: "mcast", MCAST_LOG_INFO. */
void log_setup(const char *program, int level);
int log_level(void);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* who: the instance's name, or NULL for the program itself. */
void log_from(const char *who, int level, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

/* Says that who died of what, from a signal handler too: signal-safety(7). Both are clean already. */
void log_from_signal(const char *who, const char *what);

#endif
