/* manifest/value.h - manifest: values of the document as C types; what is wrong with them becomes faults
 *
 * The getters take an object and a key. Where the key is absent they give the default; where its value is
 * wrong they add a fault and give the default too, so that the caller goes on and finds every mistake. */
#ifndef CORE_MANIFEST_VALUE_H
#define CORE_MANIFEST_VALUE_H

#include "manifest/manifest.h"

#define POINTER_SIZE 256 /* bytes: holds our own keys, and of an unknown one as much as is of use */
#define LIST_MAX 4096 /* items of a list; what compares each with each stays quick */

struct reader {
	struct manifest *m; /* owns what is allocated */
	struct faults *faults;
	bool no_memory; /* an allocation failed: what was read is not whole */
};

struct place { /* a value, borrowed from the document, and where it stands */
	json_t *value;
	char pointer[POINTER_SIZE];
};

/* n zeroed elements that live as long as the manifest; NULL: no memory, which the reader remembers. */
void *reader_alloc(struct reader *r, size_t n, size_t size);
char *reader_copy(struct reader *r, const char *text); /* likewise */

bool place_member(const struct place *object, const char *key,
		  struct place *out); /* false: absent */
void place_item(const struct place *list, size_t index, struct place *out);

/* Adds the fault "found VALUE, expected " + the formatted words. */
void value_wrong(struct reader *r, const struct place *at, const char *expected, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether at is an object; a fault if it is none, and one for each key that is not in keys (ends at NULL). */
bool value_object(struct reader *r, const struct place *at, const char *const *keys,
		  const char *expected);
/* The items of a list of 1 to LIST_MAX; 0 with a fault if at is anything else. */
size_t value_list(struct reader *r, const struct place *at, const char *expected);
/* The text of at, which is not empty; NULL with a fault if it is anything else. Borrowed from the document. */
const char *value_text(struct reader *r, const struct place *at, const char *expected);
/* The member called key, as value_text() has it; NULL where absent, with a fault if it is required. */
const char *value_string(struct reader *r, const struct place *object, const char *key,
			 bool required, const char *expected);

bool value_bool(struct reader *r, const struct place *object, const char *key, bool initial);
/* what: "a port"; the words become "expected a port from 1 to 65535". */
int64_t value_int(struct reader *r, const struct place *object, const char *key, const char *what,
		  int64_t min, int64_t max, int64_t initial);
int64_t value_size(struct reader *r, const struct place *object, const char *key, int64_t min,
		   int64_t max, int64_t initial); /* bytes, or text like "64k" */
/* The index into choices (ends at NULL). */
unsigned value_enum(struct reader *r, const struct place *object, const char *key,
		    const char *const *choices, unsigned initial);

/* Whether group, which was parsed from text, is a multicast address in its family's own form. */
bool value_is_group(const char *text, const struct mcast_addr *group);

#endif
