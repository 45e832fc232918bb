/* site.h - tests: a site's working directory: handlers.d with a manifest, in a scratch folder of the test's own */
#ifndef TESTS_SUPPORT_SITE_H
#define TESTS_SUPPORT_SITE_H

#include <stddef.h>

/* Makes an empty scratch folder with an empty handlers.d in it, and makes it the working directory. */
void site_enter(void);
void site_leave(void);		/* removes it with all that is in it */

/* Writes a file, mode 0644. Quotes in a manifest would be hard to read here: each ' becomes ". */
void site_manifest(const char *format, ...) __attribute__((format(printf, 1, 2)));
void site_write(const char *path, const void *data, size_t size);
/* Copies build/tests/handlers/name.so to handlers.d/as.so, mode 0755. */
void site_drop(const char *name, const char *as);

/* The whole file, NUL-ended, malloc'ed; its size too, where asked. Fails the test if it isn't there. */
char *site_read(const char *path, size_t *size);

#endif
