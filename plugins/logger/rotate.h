/* logger/rotate.h - a file of bounded size and its predecessors: FILE, FILE.1 (the newest), FILE.2, ... */
#ifndef PLUGINS_LOGGER_ROTATE_H
#define PLUGINS_LOGGER_ROTATE_H

#include <stdint.h>
#include "sink.h"

struct rotation {
	const char *path;	/* of the sink's file, borrowed */
	int64_t max_size;	/* bytes; 0: never */
	int64_t keep;		/* predecessors, at least 1 */
	uint64_t done;		/* how often */
	int error;		/* errno of the last try, 0 if it went well */
};

/* As sink_write(), to a new file whenever the next record would make a regular one larger than max_size. A
 * rotation that fails loses nothing: the old file grows on. */
unsigned rotate_write(struct rotation *rot, struct sink *sink, const char *data, const size_t *at, unsigned n);

#endif
