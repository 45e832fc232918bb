/* scratch.h - tests: a directory of the test's own, and files in it */
#ifndef TESTS_SUPPORT_SCRATCH_H
#define TESTS_SUPPORT_SCRATCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A new directory, mode 0700, that is ours alone: its path is good until the process ends. */
const char *scratch_make(void);
void scratch_remove(const char *directory);	/* with all that is in it */

/* Writes a file (mode 0644, whatever the umask is), replacing what has that name: a new file, not the old one
 * overwritten. */
void scratch_write(const char *directory, const char *name, const void *data, size_t n);
const char *scratch_path(const char *directory, const char *name);	/* good until called 4 times more */

/* A test handler's file, build/tests/handlers/NAME.so: n bytes, malloc'ed. */
uint8_t *scratch_handler(const char *name, size_t *n);

#endif
