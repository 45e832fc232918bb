/* value.c - manifest: values of the document as C types; what is wrong with them becomes faults */
#include "manifest/value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "manifest/parts.h"

#define WORD_SIZE 64 /* bytes of a word of the file that is repeated in a message */
#define LISTING_SIZE 256 /* bytes of all the names that a place knows */

void *reader_alloc(struct reader *r, size_t n, size_t size)
{
	struct manifest_block *block = calloc(1, sizeof(*block) + n * size);

	if (!block) {
		r->no_memory = true;
		return NULL;
	}
	block->next = r->m->memory;
	r->m->memory = block;
	return block->bytes;
}

char *reader_copy(struct reader *r, const char *text)
{
	size_t n = strlen(text) + 1;
	char *copy = reader_alloc(r, n, 1);

	return copy ? memcpy(copy, text, n) : NULL;
}

bool place_member(const struct place *object, const char *key, struct place *out)
{
	out->value = json_object_get(object->value, key);
	pointer_join(out->pointer, sizeof(out->pointer), object->pointer, key);
	return out->value;
}

void place_item(const struct place *list, size_t index, struct place *out)
{
	out->value = json_array_get(list->value, index);
	pointer_index(out->pointer, sizeof(out->pointer), list->pointer, index);
}

/* A word of the file in quotation marks, cut between two characters where it is long. */
static void quote(char *out, size_t size, const char *word, size_t n)
{
	char clean[WORD_SIZE];

	text_clean(clean, sizeof(clean), word, n);
	snprintf(out, size, "\"%s%s\"", clean, n < sizeof(clean) ? "" : "...");
}

static void found(char *out, size_t size, const json_t *value)
{
	char *number;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		snprintf(out, size, json_object_size(value) ? "an object" : "an empty object");
		return;
	case JSON_ARRAY:
		snprintf(out, size, json_array_size(value) ? "a list" : "an empty list");
		return;
	case JSON_STRING:
		quote(out, size, json_string_value(value), json_string_length(value));
		return;
	default:
		/* as it can be written in the file: 5000.0 is no integer, and has to be seen */
		number = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
		snprintf(out, size, "%s", number ? number : "a number");
		free(number);
	}
}

void value_wrong(struct reader *r, const struct place *at, const char *expected, ...)
{
	char have[2 * WORD_SIZE], want[2 * LISTING_SIZE];
	va_list args;

	va_start(args, expected);
	vsnprintf(want, sizeof(want), expected, args);
	va_end(args);
	found(have, sizeof(have), at->value);
	faults_add(r->faults, FAULT_CONFIG, at->pointer, "found %s, expected %s", have, want);
}

static size_t count(const char *const *names)
{
	size_t n = 0;

	while (names[n])
		n++;
	return n;
}

/* Writes "a", "b" or "c" - last is what stands before the last one. */
static const char *listing(char out[LISTING_SIZE], const char *const *names, const char *last)
{
	size_t n = count(names), at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && at < LISTING_SIZE; i++)
		at += (size_t)snprintf(out + at, LISTING_SIZE - at, "%s\"%s\"",
				       !i          ? ""
				       : i + 1 < n ? ", "
						   : last,
				       names[i]);
	return out;
}

static void unknown_key(struct reader *r, const char *pointer, const char *key,
			const char *const *keys)
{
	const char *near = text_nearest(key, keys, count(keys));
	char word[2 * WORD_SIZE], known[LISTING_SIZE];

	quote(word, sizeof(word), key, strlen(key));
	if (near)
		faults_add(r->faults, FAULT_CONFIG, pointer, "unknown key %s; did you mean \"%s\"?",
			   word, near);
	else
		faults_add(r->faults, FAULT_CONFIG, pointer, "unknown key %s; expected %s", word,
			   listing(known, keys, " or "));
}

static bool is_one_of(const char *word, const char *const *names)
{
	while (*names && strcmp(*names, word))
		names++;
	return *names;
}

bool value_object(struct reader *r, const struct place *at, const char *const *keys,
		  const char *expected)
{
	char pointer[POINTER_SIZE];
	const char *key;
	json_t *value;

	if (!json_is_object(at->value)) {
		value_wrong(r, at, "%s", expected);
		return false;
	}
	json_object_foreach(at->value, key, value)
		if (!is_one_of(key, keys))
			unknown_key(r, pointer_join(pointer, sizeof(pointer), at->pointer, key),
				    key, keys);
	return true;
}

size_t value_list(struct reader *r, const struct place *at, const char *expected)
{
	size_t n = json_array_size(at->value);

	if (n >= 1 && n <= LIST_MAX)
		return n;
	if (n)
		faults_add(r->faults, FAULT_CONFIG, at->pointer,
			   "found a list of %zu items, expected at most %d", n, LIST_MAX);
	else
		value_wrong(r, at, "%s", expected);
	return 0;
}

const char *value_text(struct reader *r, const struct place *at, const char *expected)
{
	if (json_string_length(at->value))
		return json_string_value(at->value);
	value_wrong(r, at, "%s", expected);
	return NULL;
}

const char *value_string(struct reader *r, const struct place *object, const char *key,
			 bool required, const char *expected)
{
	struct place at;

	if (place_member(object, key, &at))
		return value_text(r, &at, expected);
	if (required)
		faults_add(r->faults, FAULT_CONFIG, object->pointer,
			   "\"%s\" is missing: expected %s", key, expected);
	return NULL;
}

bool value_bool(struct reader *r, const struct place *object, const char *key, bool initial)
{
	struct place at;

	if (!place_member(object, key, &at))
		return initial;
	if (json_is_boolean(at.value))
		return json_is_true(at.value);
	value_wrong(r, &at, "true or false");
	return initial;
}

int64_t value_int(struct reader *r, const struct place *object, const char *key, const char *what,
		  int64_t min, int64_t max, int64_t initial)
{
	struct place at;
	int64_t value;

	if (!place_member(object, key, &at))
		return initial;
	value = json_integer_value(at.value);
	if (json_is_integer(at.value) && value >= min && value <= max)
		return value;
	value_wrong(r, &at, "%s from %" PRId64 " to %" PRId64, what, min, max);
	return initial;
}

int64_t value_size(struct reader *r, const struct place *object, const char *key, int64_t min,
		   int64_t max, int64_t initial)
{
	int64_t value = json_integer_value(json_object_get(object->value, key));
	char least[24], most[24];
	struct place at;
	bool is_size;

	if (!place_member(object, key, &at))
		return initial;
	is_size = json_is_integer(at.value) ||
		  (json_is_string(at.value) && !number_size(json_string_value(at.value), &value));
	if (is_size && value >= min && value <= max)
		return value;
	value_wrong(r, &at,
		    "a size from %s to %s, as a number of bytes or like \"64k\", \"4M\" or \"1G\"",
		    number_size_text(least, sizeof(least), min),
		    number_size_text(most, sizeof(most), max));
	return initial;
}

unsigned value_enum(struct reader *r, const struct place *object, const char *key,
		    const char *const *choices, unsigned initial)
{
	char known[LISTING_SIZE];
	struct place at;

	if (!place_member(object, key, &at))
		return initial;
	for (unsigned i = 0; choices[i]; i++)
		if (json_is_string(at.value) && !strcmp(json_string_value(at.value), choices[i]))
			return i;
	value_wrong(r, &at, "%s", listing(known, choices, " or "));
	return initial;
}

bool value_is_group(const char *text, const struct mcast_addr *group)
{
	/* The first byte tells "239.255.0.1" from "::ffff:239.255.0.1", which would be IPv6 to its reader. */
	return address_is_multicast(group) && (!address_is_ipv4(group) || *text == '2');
}
