/* manifests.h - tests: manifests in a line each, good and bad, for all who must agree on them:
 * the parser, the schema, and the program */
#ifndef TESTS_SUPPORT_MANIFESTS_H
#define TESTS_SUPPORT_MANIFESTS_H

#include <stdbool.h>
#include <stddef.h>

struct manifest_case {
	const char *text;
	const char *pointer; /* where its one mistake is; NULL: it has none */
	const char *words; /* of the message about it */
	bool beyond_schema; /* a mistake that a schema cannot see */
};

extern const struct manifest_case manifest_cases[];
extern const size_t manifest_case_count;

#endif
