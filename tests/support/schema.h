/* schema.h - tests: checks a JSON document against a JSON Schema (draft 2020-12)
 *
 * Knows the keywords that docs/manifest.schema.json uses, and refuses any other: a keyword that is not
 * understood would be one that is not checked. Patterns are ERE, which for ours is what ECMA-262 says. */
#ifndef TESTS_SUPPORT_SCHEMA_H
#define TESTS_SUPPORT_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

struct schema_error {
	char text[512]; /* where, and what was expected */
};

/* Whether the schema, all of it, is made of keywords known here, and its references and patterns lead somewhere. */
bool schema_understood(json_t *root, struct schema_error *error);
/* Whether value obeys the schema root, which is understood. */
bool schema_accepts(json_t *root, json_t *value, struct schema_error *error);

#endif
