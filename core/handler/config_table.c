/* handler/config_table.c - stage 4 of 4: a handler's own table of options, checked once and then trusted */
#include "handler/config.h"

#include <errno.h>
#include <string.h>
#include "handler/config_option.h"
#include "handler/name.h"

#define FLAGS_KNOWN (MCAST_OPT_REQUIRED | MCAST_OPT_SECRET)
#define CONFIG_MAX (1 << 20)	/* bytes of a config struct */

static int wrong(struct why *why, const struct mcast_option *option, const char *words)
{
	why_set(why, "its option \"%.63s\" %s", option->name, words);
	return -ENOEXEC;
}

static int check_form(const struct mcast_option *option, struct why *why)
{
	if (!name_is_good(option->name, NAME_LONGEST, '_'))
		return wrong(why, option, "has another name than [a-z][a-z0-9_]*, at most 63");
	if (!option_size(option->type))
		return wrong(why, option, "has a type that this engine doesn't know: update the engine");
	if (option->flags & ~FLAGS_KNOWN || option->reserved[0] || option->reserved[1])
		return wrong(why, option, "has flags or fields that this engine doesn't know: update the engine");
	if (option->flags & MCAST_OPT_SECRET && option->type != MCAST_OPT_STRING)
		return wrong(why, option, "is secret and no string");
	if (option->flags & MCAST_OPT_REQUIRED && option->initial)
		return wrong(why, option, "is required and has a default: expected one of the two");
	return 0;
}

static int check_choices(const struct mcast_option *option, struct why *why)
{
	if ((option->type == MCAST_OPT_ENUM) != (option->choices != NULL))
		return wrong(why, option, "has choices without MCAST_OPT_ENUM, or that without them");
	if (!option->choices)
		return 0;
	if (!option->choices[0])
		return wrong(why, option, "has no choices");
	for (size_t i = 0; option->choices[i]; i++) {
		if (i == CHOICES_MAX)
			return wrong(why, option, "has more than 256 choices: does the list end at NULL?");
		if (!option->choices[i][0])
			return wrong(why, option, "has an empty choice");
		for (size_t k = 0; k < i; k++)
			if (strcmp(option->choices[i], option->choices[k]) == 0)
				return wrong(why, option, "has the same choice twice");
	}
	return 0;
}

static int check_bounds(const struct mcast_option *option, struct why *why)
{
	bool ordered = option->type == MCAST_OPT_INT || option->type == MCAST_OPT_DOUBLE ||
		       option->type == MCAST_OPT_SIZE || option->type == MCAST_OPT_DURATION;

	if (!option->min && !option->max)
		return 0;
	if (!ordered)
		return wrong(why, option, "has bounds, but is no number, size or duration");
	if ((option->min && !option_bound(option, option->min)) ||
	    (option->max && !option_bound(option, option->max)))
		return wrong(why, option, "has a bound that is not written as its values are");
	if (!option_bounds_order(option))
		return wrong(why, option, "has a min above its max");
	return 0;
}

/* Each field lies in the struct, aligned, and shares no byte with another: ours would overwrite one another. */
static int check_place(const struct mcast_handler *handler, const struct mcast_option *option, struct why *why)
{
	uint64_t size = option_size(option->type);

	if (size > handler->config_size || option->offset > handler->config_size - size)
		return wrong(why, option, "lies outside of the config struct: is config_size its sizeof?");
	if (option->offset % size)
		return wrong(why, option, "is not aligned for its type");
	for (const struct mcast_option *other = handler->options; other != option; other++) {
		if (strcmp(other->name, option->name) == 0)
			return wrong(why, option, "is there twice");
		if (option->offset < other->offset + option_size(other->type) &&
		    other->offset < option->offset + size)
			return wrong(why, option, "shares its field with another option");
	}
	return 0;
}

/* A default is set as a given value would be. */
static int check_initial(struct config *scratch, const struct mcast_option *option, struct why *why)
{
	struct why words = { "" };
	json_t *value;
	int err;

	if (!option->initial)
		return 0;
	value = option_initial(option);
	if (!value)
		return wrong(why, option, "has a default that is not written as its values are");
	err = option_set(scratch, option, value, &words);
	json_decref(value);
	if (err == -EINVAL) {
		why_set(why, "its option \"%.63s\" has a default that can't be: %s", option->name, words.text);
		return -ENOEXEC;
	}
	return err;
}

int config_check_table(const struct mcast_handler *handler, struct why *why)
{
	struct config scratch = { 0 };
	int err = 0;

	if (handler->config_size > CONFIG_MAX) {
		why_set(why, "its config struct has %u bytes, expected at most %d", handler->config_size, CONFIG_MAX);
		return -ENOEXEC;
	}
	if (!handler->options)
		return 0;
	err = config_init(&scratch, handler);
	for (const struct mcast_option *option = handler->options; !err && option->name; option++) {
		err = check_form(option, why);
		if (!err)
			err = check_choices(option, why);
		if (!err)
			err = check_bounds(option, why);
		if (!err)
			err = check_place(handler, option, why);
		if (!err)
			err = check_initial(&scratch, option, why);
	}
	config_finish(&scratch);
	return err;
}
