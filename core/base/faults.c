/* faults.c - base: the mistakes found in a configuration, gathered to be told together */
#include "base/faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* The formatted words, cleaned, malloc'ed; NULL: no memory. */
__attribute__((format(printf, 1, 0)))
static char *fault_words(const char *format, va_list args)
{
	char *raw, *text;
	size_t n;

	if (vasprintf(&raw, format, args) < 0)
		return NULL;
	n = strlen(raw);
	text = malloc(4 * n + 1);
	if (text)
		text_clean(text, 4 * n + 1, raw, n);
	free(raw);
	return text;
}

/* The list, with room for one more; NULL: no memory. It doubles each time that it is full: at a power of two. */
static struct fault *make_room(struct faults *faults)
{
	size_t n = faults->n;
	struct fault *list;

	if (n & (n - 1))
		return faults->list;
	list = realloc(faults->list, (n ? 2 * n : 1) * sizeof(*list));
	if (list)
		faults->list = list;
	return list;
}

void faults_add(struct faults *faults, int status, const char *pointer, const char *format, ...)
{
	struct fault fault = { .status = status };
	struct fault *list;
	va_list args;

	va_start(args, format);
	fault.text = fault_words(format, args);
	va_end(args);
	fault.pointer = pointer ? strdup(pointer) : NULL;
	list = make_room(faults);
	if (!list || !fault.text || (pointer && !fault.pointer)) {
		free(fault.text);
		free(fault.pointer);
		faults->forgot = true;
		return;
	}
	faults->list[faults->n++] = fault;
}

bool faults_any(const struct faults *faults)
{
	return faults->n || faults->forgot;
}

int faults_status(const struct faults *faults)
{
	if (!faults->n || faults->forgot)
		return FAULT_CONFIG;
	for (size_t i = 0; i < faults->n; i++)
		if (faults->list[i].status != FAULT_PERMISSION)
			return FAULT_CONFIG;
	return FAULT_PERMISSION;
}

void faults_finish(struct faults *faults)
{
	for (size_t i = 0; i < faults->n; i++) {
		free(faults->list[i].pointer);
		free(faults->list[i].text);
	}
	free(faults->list);
	*faults = (struct faults){ 0 };
}

char *pointer_join(char *out, size_t size, const char *base, const char *key)
{
	size_t at = (size_t)snprintf(out, size, "%s/", base);

	for (; *key && at + 1 < size; key++) {
		if (*key != '~' && *key != '/') {
			out[at++] = *key;
			continue;
		}
		if (at + 2 >= size)	/* half an escape would be another pointer */
			break;
		out[at++] = '~';
		out[at++] = *key == '~' ? '0' : '1';
	}
	if (at < size)
		out[at] = '\0';
	return out;
}

char *pointer_index(char *out, size_t size, const char *base, size_t index)
{
	snprintf(out, size, "%s/%zu", base, index);
	return out;
}
