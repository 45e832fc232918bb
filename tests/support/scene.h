/* scene.h - tests: a chain of handlers that are functions of the test itself, fed by hand
 *
 * Buffers that messages borrow from are overwritten after each batch, as the next receive would, so
 * that whoever reads borrowed bytes too late is found out. */
#ifndef TESTS_SUPPORT_SCENE_H
#define TESTS_SUPPORT_SCENE_H

#include <stdbool.h>
#include "chain/chain.h"

#define SCENE_HANDLERS 40
#define SCENE_GROUP "239.255.0.1:59259"

struct scene_handler {
	const struct mcast_handler *handler;	/* its own copy is made, as of a file's */
	enum on_error on_error;
	const struct mcast_addr *groups;
	unsigned group_count;
};

struct scene {
	struct plugin plugin[SCENE_HANDLERS];
	struct instance *in[SCENE_HANDLERS];
	unsigned n;
	struct host host;
	struct messages *messages;
	struct chain *chain;
	uint64_t now_ns;		/* given to the chain */
	uint64_t seq;			/* of the last message */
	uint64_t lost;			/* told with the next batch */
	struct mcast_addr src, group;	/* of the next messages; fed to those that the test names */
	int (*watch)(unsigned stage, int fd, uint32_t events);
	int stopping;
	unsigned checked;		/* how often bytes were checked */
};

/* Makes, resolves, creates and starts; asserts that all of it works. Bytes that handlers write are refused if
 * they have a '!', and each '?' in them is repaired into "<?>". kept_limit: bytes. */
void scene_open(struct scene *scene, const struct scene_handler *handlers, unsigned n, uint64_t kept_limit);
/* One batch of n messages, or of one. */
void scene_feed(struct scene *scene, const char *const *texts, unsigned n);
void scene_say(struct scene *scene, const char *text);
const struct chain_counts *scene_counts(const struct scene *scene, unsigned stage);
void scene_law(const struct scene *scene);	/* asserts the accounting law */
/* Stops, destroys; asserts the law, and that all messages came back. */
void scene_close(struct scene *scene);

void put_text(uint8_t *out, const char *text);	/* its bytes, without the NUL */

/* What handlers have noted, one line, parts joined by spaces; note_clear() begins anew. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *noted(void);
void note_clear(void);

/* A handler that notes the text of each message, after its instance's place: "1:hello". */
extern const struct mcast_handler scene_sink;

/* stderr goes to memory from here on. captured() is what came since, as one string, until called again. */
void capture_start(void);
const char *captured(void);
unsigned count_of(const char *text, const char *part);	/* how often part is in text */

#endif
