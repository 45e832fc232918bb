/* program.h - tests: a real program, what it says, what it gives out, how it ends
 *
 * It runs in the namespaces and the working directory of the test, its stdout and stderr are collected. Nothing
 * waits by the clock: each wait ends with what it waits for, or fails after 30 seconds with all that was said. */
#ifndef TESTS_SUPPORT_PROGRAM_H
#define TESTS_SUPPORT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct program;

/* Starts build/bin/argv[0], or the system's program of that name, with argv, which ends at NULL. stdin is empty. */
struct program *program_start(const char *const *argv);
/* The same from words: program("mcast-hear", "--interface", "lo"). */
#define program(...) program_start((const char *const[]){ __VA_ARGS__, NULL })
/* stdout_fd becomes its stdout instead of being collected, -1: it is closed. The caller's to close. */
struct program *program_start_to(const char *const *argv, int stdout_fd);

/* Collect until stderr, or stdout, holds text; a program that ends before fails the test. */
void program_says(struct program *p, const char *text);
void program_gives(struct program *p, const char *text);
/* Collects what is there without waiting: while a test sends a lot. */
void program_pump(struct program *p);
/* Collects until the condition holds, whatever that is about. */
#define program_until(p, condition)                                 \
	do {                                                        \
		int64_t since = 0;                                  \
		while (!(condition))                                \
			since = program_wait(p, since, #condition); \
	} while (0)
int64_t program_wait(struct program *p, int64_t since, const char *what);

void program_signal(struct program *p, int signal);
/* A number of /proc/PID/status: "VmRSS" in kB, "ShdPnd" as a mask; and how many descriptors it has open. */
uint64_t program_status(struct program *p, const char *field);
unsigned program_descriptors(struct program *p);

/* Collects until it has ended; returns its exit status. Death by a signal fails the test, with its words. */
int program_ends(struct program *p);
int program_dies(struct program *p);	/* of a signal, as it should: which */

/* All so far, NUL-ended; good until the next call here. */
const char *program_err(struct program *p);
const char *program_out(struct program *p);
size_t program_out_size(struct program *p);
/* The text lines on stdout without time, interface and source: "239.255.0.1:5000 5 hello\n"; good for as long. */
const char *program_heard(struct program *p);
/* The same of the logger's lines in a file; replaced by it in place. */
char *lines_heard(char *lines);

/* A number of the accounts that mcast-hear tells at its end: program_count(p, "json", "passed") from
 * "mcast-hear: json: offered 9, passed 7, ...", program_count(p, NULL, "received") from "mcast-hear: received 9
 * datagrams". 0 where a line doesn't have the word, for those that are 0 may be left out; who must be there. */
uint64_t program_count(struct program *p, const char *who, const char *word);
/* The same for a counter of the handler's own, which may be called like one of the engine's. */
uint64_t program_counter(struct program *p, const char *who, const char *counter);
/* Adds up the accounts again, from the lines: received + emitted = dropped by the sanitizer + ended by handlers + passed to
 * the end, and for each handler offered = passed + dropped + consumed + failed. */
void program_law(struct program *p);

void program_free(struct program *p);	/* kills what still runs; NULL is fine */

#endif
