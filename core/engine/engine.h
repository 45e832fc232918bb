/* engine/engine.h - the map: builds socket > sanitize > chain > handler and runs it
 *
 * Two threads. The worker carries every datagram from the socket to the end of the chain. The main
 * thread builds, waits for signals, and takes down. */
#ifndef CORE_ENGINE_ENGINE_H
#define CORE_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include "socket/options.h"

enum {				/* exit statuses: sysexits(3), and 128 + signal as shells say it */
	EXIT_USAGE = 64,	/* the command line */
	EXIT_UNAVAILABLE = 69,	/* cannot join, bind, or find the interface */
	EXIT_SOFTWARE = 70,	/* the accounts don't add up: a bug */
	EXIT_OSERR = 71,	/* out of memory, of threads */
	EXIT_NOPERM = 77,	/* a file's or directory's owner or mode */
	EXIT_CONFIG = 78,	/* the manifest, a handler's file, what an option asks for */
	EXIT_INTERRUPT = 130,
	EXIT_PIPE = 141,
	EXIT_TERMINATE = 143,
};

struct engine_options {
	bool plugins;			/* the chain of the manifest; else the logger alone */
	const char *directory;		/* of handlers, as given; NULL: where it usually is */
	const struct listen_options *groups;	/* group_count of them; port 0: the default; replace the manifest's */
	unsigned group_count;
	uint16_t port;			/* in every entry; 0: as it is */
	const char *interface;		/* likewise; NULL: as it is */
	const char *format;		/* of the logger without plugins: text, json, raw, hex */
	const char *output;		/* its file, "-" for stdout */
	bool check;			/* build, print the chain, take down: receive nothing */
	uint64_t count;			/* end after so many datagrams; 0: never */
	int64_t timeout_ns;		/* end after so long without one; 0: never */
};

/* Runs until it ends; returns the exit status and has said why on stderr where it isn't 0. Blocks
 * all signals but those of faults for good: every thread of a handler inherits that. SIGTSTP and SIGQUIT do what they
 * do by default while the main thread waits. */
int engine_run(const struct engine_options *options);

#endif
