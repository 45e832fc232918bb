/* handler/config_value.c - stage 4 of 4: one JSON value, checked, in the field of the option that it is for */
#include "handler/config_option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/number.h"
#include "base/text.h"

#define FOUND_SHOWN 60		/* bytes of a value that a message repeats */

size_t option_size(uint32_t type)
{
	switch (type) {
	case MCAST_OPT_BOOL:
		return sizeof(mcast_bool_);
	case MCAST_OPT_INT:
	case MCAST_OPT_ENUM:
	case MCAST_OPT_SIZE:
	case MCAST_OPT_DURATION:
		return sizeof(int64_t);
	case MCAST_OPT_DOUBLE:
		return sizeof(double);
	case MCAST_OPT_STRING:
	case MCAST_OPT_STRINGS:
	case MCAST_OPT_JSON:
		return sizeof(char *);
	default:
		return 0;
	}
}

/* What a message says that it found: the value, cut; its kind alone where it may be a secret. */
static void show(char *out, size_t size, const struct mcast_option *option, json_t *value)
{
	static const char *const kinds[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list", [JSON_STRING] = "a string",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a number", [JSON_TRUE] = "true",
		[JSON_FALSE] = "false",	[JSON_NULL] = "null",
	};
	char *text = NULL;

	if (!json_is_object(value) && !json_is_array(value) && !(option->flags & MCAST_OPT_SECRET))
		text = json_dumps(value, JSON_ENCODE_ANY);
	if (text && strlen(text) > FOUND_SHOWN)
		snprintf(out, size, "%.*s...", FOUND_SHOWN, text);
	else
		snprintf(out, size, "%s", text ? text : kinds[json_typeof(value)]);
	free(text);
}

static int unexpected(const struct mcast_option *option, json_t *value, struct why *why)
{
	char found[FOUND_SHOWN + 8], expects[EXPECTS_WORDS];

	show(found, sizeof(found), option, value);
	why_set(why, "found %s, expected %s%s", found, option_expects(expects, sizeof(expects), option),
		option->type == MCAST_OPT_DURATION && json_is_number(value) ? ": a number needs its unit" : "");
	return -EINVAL;
}

static int out_of_range(const struct mcast_option *option, json_t *value, struct why *why)
{
	char found[FOUND_SHOWN + 8], range[EXPECTS_WORDS];

	show(found, sizeof(found), option, value);
	why_set(why, "found %s, expected %s", found, option_range(range, sizeof(range), option));
	return -EINVAL;
}

static int read_int(uint32_t type, json_t *value, int64_t *out)
{
	const char *text = json_string_value(value);

	switch (type) {
	case MCAST_OPT_SIZE:
		if (text)
			return number_size(text, out);
		*out = json_integer_value(value);
		return json_is_integer(value) && *out >= 0 ? 0 : -EINVAL;
	case MCAST_OPT_DURATION:
		return text ? number_duration(text, 0, out) : -EINVAL;
	default:
		*out = json_integer_value(value);
		return json_is_integer(value) ? 0 : -EINVAL;
	}
}

static int read_int_text(uint32_t type, const char *text, int64_t *out)
{
	switch (type) {
	case MCAST_OPT_SIZE:
		return number_size(text, out);
	case MCAST_OPT_DURATION:
		return number_duration(text, 0, out);
	default:
		return number_int(text, out);
	}
}

static int set_int(void *field, const struct mcast_option *option, json_t *value, struct why *why)
{
	int64_t found, bound;

	if (read_int(option->type, value, &found) < 0)
		return unexpected(option, value, why);
	if (option->min && read_int_text(option->type, option->min, &bound) == 0 && found < bound)
		return out_of_range(option, value, why);
	if (option->max && read_int_text(option->type, option->max, &bound) == 0 && found > bound)
		return out_of_range(option, value, why);
	memcpy(field, &found, sizeof(found));
	return 0;
}

static int set_double(void *field, const struct mcast_option *option, json_t *value, struct why *why)
{
	double found = json_number_value(value), bound;

	if (!json_is_number(value))
		return unexpected(option, value, why);
	if (option->min && number_double(option->min, &bound) == 0 && found < bound)
		return out_of_range(option, value, why);
	if (option->max && number_double(option->max, &bound) == 0 && found > bound)
		return out_of_range(option, value, why);
	memcpy(field, &found, sizeof(found));
	return 0;
}

static int set_bool(void *field, const struct mcast_option *option, json_t *value, struct why *why)
{
	mcast_bool_ found = json_is_true(value);

	if (!json_is_boolean(value))
		return unexpected(option, value, why);
	memcpy(field, &found, sizeof(found));
	return 0;
}

static int set_enum(void *field, const struct mcast_option *option, json_t *value, struct why *why)
{
	const char *text = json_string_value(value), *near;
	struct why words;
	int64_t n = 0;

	for (; option->choices[n]; n++) {
		if (!text || strcmp(option->choices[n], text) != 0)
			continue;
		memcpy(field, &n, sizeof(n));
		return 0;
	}
	unexpected(option, value, &words);
	near = text ? text_nearest(text, option->choices, n) : NULL;
	why_set(why, near ? "%s; did you mean \"%s\"?" : "%s", words.text, near);
	return -EINVAL;
}

/* A C string can't hold what JSON writes as \u0000. */
static bool is_c_string(json_t *value)
{
	return json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value);
}

static int set_text(struct config *config, void *field, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = config_allocate(config, size);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, size);
	memcpy(field, &copy, sizeof(copy));
	return 0;
}

static int set_string(struct config *config, void *field, const struct mcast_option *option, json_t *value,
		      struct why *why)
{
	char *secret;
	int err;

	if (is_c_string(value))
		return set_text(config, field, json_string_value(value));
	if (!json_is_object(value) || !(option->flags & MCAST_OPT_SECRET))
		return unexpected(option, value, why);
	err = secret_read(&secret, value, why);
	if (err)
		return err;
	err = set_text(config, field, secret);
	explicit_bzero(secret, strlen(secret));
	free(secret);
	return err;
}

static int set_strings(struct config *config, void *field, const struct mcast_option *option, json_t *value,
		       struct why *why)
{
	size_t n = json_is_array(value) ? json_array_size(value) : 1;
	const char **list;
	int err = 0;

	for (size_t i = 0; i < n; i++)
		if (!is_c_string(json_is_array(value) ? json_array_get(value, i) : value))
			return unexpected(option, value, why);
	list = config_allocate(config, (n + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < n && !err; i++) {
		json_t *item = json_is_array(value) ? json_array_get(value, i) : value;

		err = set_text(config, &list[i], json_string_value(item));
	}
	memcpy(field, &list, sizeof(list));
	return err;
}

static int set_json(struct config *config, void *field, json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	int err;

	if (!text)
		return -ENOMEM;
	err = set_text(config, field, text);
	free(text);
	return err;
}

int option_set(struct config *config, const struct mcast_option *option, json_t *value, struct why *why)
{
	void *field = (char *)config->data + option->offset;

	switch (option->type) {
	case MCAST_OPT_BOOL:
		return set_bool(field, option, value, why);
	case MCAST_OPT_DOUBLE:
		return set_double(field, option, value, why);
	case MCAST_OPT_STRING:
		return set_string(config, field, option, value, why);
	case MCAST_OPT_ENUM:
		return set_enum(field, option, value, why);
	case MCAST_OPT_STRINGS:
		return set_strings(config, field, option, value, why);
	case MCAST_OPT_JSON:
		return set_json(config, field, value);
	default:
		return set_int(field, option, value, why);
	}
}

json_t *option_initial(const struct mcast_option *option)
{
	const char *text = option->initial;
	int64_t integer;
	double real;

	switch (option->type) {
	case MCAST_OPT_BOOL:
	case MCAST_OPT_JSON:
		return json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	case MCAST_OPT_INT:
		return number_int(text, &integer) == 0 ? json_integer(integer) : NULL;
	case MCAST_OPT_DOUBLE:
		return number_double(text, &real) == 0 ? json_real(real) : NULL;
	case MCAST_OPT_STRINGS:
		return *text == '[' ? json_loads(text, 0, NULL) : json_string(text);
	default:
		return json_string(text);
	}
}

bool option_bound(const struct mcast_option *option, const char *text)
{
	int64_t integer;
	double real;

	if (option->type == MCAST_OPT_DOUBLE)
		return number_double(text, &real) == 0;
	return read_int_text(option->type, text, &integer) == 0;
}

bool option_bounds_order(const struct mcast_option *option)
{
	int64_t least, most;
	double low, high;

	if (!option->min || !option->max)
		return true;
	if (option->type == MCAST_OPT_DOUBLE)
		return number_double(option->min, &low) == 0 && number_double(option->max, &high) == 0 &&
		       low <= high;
	return read_int_text(option->type, option->min, &least) == 0 &&
	       read_int_text(option->type, option->max, &most) == 0 && least <= most;
}
