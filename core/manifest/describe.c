/* describe.c - manifest: a fault as people read it: file, line, JSON pointer, words */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "manifest/parts.h"

/* The line of the pointer, or of the nearest thing around it: what is missing stands nowhere. */
static unsigned line_near(const struct manifest_text *text, const char *pointer)
{
	char *around = strdup(pointer);
	unsigned line = 0;

	while (around) {
		char *slash = strrchr(around, '/');

		line = manifest_line(text->bytes, text->n, around);
		if (line || !slash)
			break;
		*slash = '\0';
	}
	free(around);
	return line;
}

/* Appends text, cleaned, behind the first at bytes of out; returns where it ends. */
static size_t put(char *out, size_t size, size_t at, const char *text)
{
	text_clean(out + at, size - at, text, strlen(text));
	return at + strlen(out + at);
}

/* Writes ":9: ", ":3:14: " for what is no JSON, or ": ". */
static void where(const struct manifest *m, const char *pointer, char *out, size_t size)
{
	unsigned line = 0, column = 0;

	if (m->root) {
		line = line_near(m->text, pointer);
	} else if (m->text) {
		line = m->text->line;
		column = m->text->column;
	}
	if (line && column)
		snprintf(out, size, ":%u:%u: ", line, column);
	else if (line)
		snprintf(out, size, ":%u: ", line);
	else
		snprintf(out, size, ": ");
}

void manifest_describe(const struct manifest *m, const struct fault *fault, char *out, size_t size)
{
	char place[32];
	size_t at = 0;

	if (!size)
		return;
	if (m->path && fault->pointer) {
		where(m, fault->pointer, place, sizeof(place));
		at = put(out, size, at, m->path);
		at = put(out, size, at, place);
		at = put(out, size, at, fault->pointer);
		if (*fault->pointer)
			at = put(out, size, at, ": ");
	}
	put(out, size, at, fault->text);
}
