/* faults.h - base: the mistakes found in a configuration, gathered to be told together
 *
 * Each has the JSON pointer (RFC 6901) of the place that it was found at, so that whoever knows the
 * file can add the line. The parts below the manifest add faults without knowing that it exists. */
#ifndef CORE_BASE_FAULTS_H
#define CORE_BASE_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

enum { FAULT_CONFIG = 78, FAULT_PERMISSION = 77 };	/* sysexits(3): EX_CONFIG, EX_NOPERM */

struct fault {
	char *pointer;		/* "/chain/2/options/too"; "": the whole document; NULL: elsewhere, as the text says */
	char *text;		/* one line, control characters escaped */
	int status;		/* FAULT_* */
};

struct faults {
	struct fault *list;
	size_t n;
	bool forgot;		/* memory ran out: there are more than the list says */
};

/* Zero-initialised is empty. Adds one; copies the words; pointer may be NULL. */
void faults_add(struct faults *faults, int status, const char *pointer, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
bool faults_any(const struct faults *faults);
/* The exit status for all of them: 77 if each is about ownership or mode, else 78. */
int faults_status(const struct faults *faults);
void faults_finish(struct faults *faults);	/* frees the list; it is empty again */

/* Writes base + "/" + key, with ~ and / in key escaped (RFC 6901), to out, cut to fit; returns out. */
char *pointer_join(char *out, size_t size, const char *base, const char *key);
char *pointer_index(char *out, size_t size, const char *base, size_t index);

#endif
