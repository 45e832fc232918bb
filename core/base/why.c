/* why.c - base: words for people about one failure */
#include "base/why.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

void why_set(struct why *why, const char *format, ...)
{
	char raw[sizeof(why->text)];
	va_list args;

	if (!why)
		return;

	/* Through a buffer of its own: what is already in why may be among the arguments. */
	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	text_clean(why->text, sizeof(why->text), raw, strlen(raw));
}
