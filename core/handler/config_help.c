/* handler/config_help.c - stage 4 of 4: a handler's options in words: what each expects, and a line of help for each */
#include "handler/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "handler/config_option.h"

char *option_range(char *out, size_t size, const struct mcast_option *option)
{
	if (option->min && option->max)
		snprintf(out, size, "%s to %s", option->min, option->max);
	else if (option->min || option->max)
		snprintf(out, size, "at %s %s", option->min ? "least" : "most",
			 option->min ? option->min : option->max);
	else
		snprintf(out, size, "%s", "");
	return out;
}

/* As many of them as fit. */
static void choices(char *out, size_t size, const struct mcast_option *option, const char *before,
		    const char *quote)
{
	size_t n = snprintf(out, size, "%s", before);

	for (size_t i = 0; option->choices[i] && n < size; i++)
		n += snprintf(out + n, size - n, "%s%s%s%s", i ? ", " : "", quote, option->choices[i], quote);
}

char *option_expects(char *out, size_t size, const struct mcast_option *option)
{
	static const char *const words[] = {
		[MCAST_OPT_BOOL] = "true or false",
		[MCAST_OPT_INT] = "a whole number",
		[MCAST_OPT_DOUBLE] = "a number",
		[MCAST_OPT_STRING] = "a string",
		[MCAST_OPT_SIZE] = "a size (4096, \"64k\", \"1M\")",
		[MCAST_OPT_DURATION] = "a duration (\"250ms\", \"10s\", \"1h\")",
		[MCAST_OPT_STRINGS] = "a string or a list of strings",
		[MCAST_OPT_JSON] = "any JSON value",
	};
	char range[EXPECTS_WORDS / 2];

	if (option->type == MCAST_OPT_ENUM) {
		choices(out, size, option, "one of ", "\"");
	} else if (option->flags & MCAST_OPT_SECRET) {
		snprintf(out, size, "a string, { \"file\": PATH } or { \"env\": NAME }");
	} else {
		option_range(range, sizeof(range), option);
		snprintf(out, size, "%s%s%s", words[option->type], *range ? ", " : "", range);
	}
	return out;
}

/* "size, 1k to 64k, default 4k" */
static void describe(char *out, size_t size, const struct mcast_option *option)
{
	static const char *const types[] = {
		[MCAST_OPT_BOOL] = "true or false", [MCAST_OPT_INT] = "whole number",
		[MCAST_OPT_DOUBLE] = "number",	    [MCAST_OPT_STRING] = "string",
		[MCAST_OPT_SIZE] = "size",	    [MCAST_OPT_DURATION] = "duration",
		[MCAST_OPT_STRINGS] = "strings",    [MCAST_OPT_JSON] = "JSON",
	};
	char words[EXPECTS_WORDS], range[EXPECTS_WORDS / 2];

	option_range(range, sizeof(range), option);
	if (option->type == MCAST_OPT_ENUM)
		choices(words, sizeof(words), option, "", "");
	else
		snprintf(words, sizeof(words), "%s%s%s%s", option->flags & MCAST_OPT_SECRET ? "secret " : "",
			 types[option->type], *range ? ", " : "", range);
	if (option->flags & MCAST_OPT_REQUIRED)
		snprintf(out, size, "%s; required", words);
	else if (option->initial)
		snprintf(out, size, "%s; default %s", words, *option->initial ? option->initial : "\"\"");
	else
		snprintf(out, size, "%s", words);
}

char *config_help(const struct mcast_handler *handler)
{
	int name_width = 0, type_width = 0;
	char words[2 * EXPECTS_WORDS];
	char *text = NULL;
	size_t size;
	FILE *out;

	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (const struct mcast_option *option = handler->options; option && option->name; option++) {
		int name = strlen(option->name), type;

		describe(words, sizeof(words), option);
		type = strlen(words);
		name_width = name > name_width ? name : name_width;
		type_width = type > type_width ? type : type_width;
	}
	for (const struct mcast_option *option = handler->options; option && option->name; option++) {
		describe(words, sizeof(words), option);
		fprintf(out, "  %-*s  %-*s  %s\n", name_width, option->name, type_width, words,
			option->help ? option->help : "");
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
