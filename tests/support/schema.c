/* schema.c - tests: checks a JSON document against a JSON Schema (draft 2020-12) */
#include "schema.h"

#include <regex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
	json_t *root;
	json_t *schema; /* the object that the keyword stands in */
	struct schema_error *error;
};

static bool accepts(struct check check, json_t *schema, json_t *value);

/* The words of the outermost refusal stay: it names the keyword that decided. */
static bool refuse(struct check *check, const char *keyword, json_t *wanted, json_t *value)
{
	char *want = json_dumps(wanted, JSON_ENCODE_ANY | JSON_COMPACT);
	char *have = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	snprintf(check->error->text, sizeof(check->error->text), "%.200s does not obey %s: %.200s",
		 have ? have : "?", keyword, want ? want : "?");
	free(want);
	free(have);
	return false;
}

/* ---- keywords: what each asks of a value; each lets pass values of types that it does not speak of ------- */

/* A real without a fraction is an integer; beyond 2^53 all are. */
static bool is_whole(double real)
{
	return real < -9007199254740992.0 || real > 9007199254740992.0 || real == (double)(int64_t)real;
}

static bool check_type(struct check *check, json_t *want, json_t *value)
{
	const char *type = json_string_value(want);

	(void)check;
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return !strcmp(type, "object");
	case JSON_ARRAY:
		return !strcmp(type, "array");
	case JSON_STRING:
		return !strcmp(type, "string");
	case JSON_INTEGER:
		return !strcmp(type, "integer") || !strcmp(type, "number");
	case JSON_REAL: /* 1.0 is an integer */
		return !strcmp(type, "number") ||
		       (!strcmp(type, "integer") && is_whole(json_real_value(value)));
	case JSON_TRUE:
	case JSON_FALSE:
		return !strcmp(type, "boolean");
	default:
		return !strcmp(type, "null");
	}
}

static bool same(json_t *a, json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	return json_equal(a, b);
}

static bool check_const(struct check *check, json_t *want, json_t *value)
{
	(void)check;
	return same(want, value);
}

static bool check_enum(struct check *check, json_t *want, json_t *value)
{
	json_t *one;
	size_t i;

	(void)check;
	json_array_foreach(want, i, one)
		if (same(one, value))
			return true;
	return false;
}

static bool check_minimum(struct check *check, json_t *want, json_t *value)
{
	(void)check;
	return !json_is_number(value) || json_number_value(value) >= json_number_value(want);
}

static bool check_maximum(struct check *check, json_t *want, json_t *value)
{
	(void)check;
	return !json_is_number(value) || json_number_value(value) <= json_number_value(want);
}

static json_int_t characters(json_t *value)
{
	json_int_t n = 0;

	for (const char *p = json_string_value(value); *p; p++)
		n += (*p & 0xC0) != 0x80;
	return n;
}

static bool check_min_length(struct check *check, json_t *want, json_t *value)
{
	(void)check;
	return !json_is_string(value) || characters(value) >= json_integer_value(want);
}

static bool check_max_length(struct check *check, json_t *want, json_t *value)
{
	(void)check;
	return !json_is_string(value) || characters(value) <= json_integer_value(want);
}

static bool check_pattern(struct check *check, json_t *want, json_t *value)
{
	regex_t regex;
	bool matches;

	(void)check;
	if (!json_is_string(value))
		return true;
	if (regcomp(&regex, json_string_value(want), REG_EXTENDED | REG_NOSUB))
		return false;
	matches = !regexec(&regex, json_string_value(value), 0, NULL, 0);
	regfree(&regex);
	return matches;
}

static bool check_min_items(struct check *check, json_t *want, json_t *value)
{
	(void)check;
	return !json_is_array(value) ||
	       (json_int_t)json_array_size(value) >= json_integer_value(want);
}

static bool check_max_items(struct check *check, json_t *want, json_t *value)
{
	(void)check;
	return !json_is_array(value) ||
	       (json_int_t)json_array_size(value) <= json_integer_value(want);
}

static bool check_unique(struct check *check, json_t *want, json_t *value)
{
	(void)check;
	for (size_t i = 0; json_is_true(want) && i < json_array_size(value); i++)
		for (size_t j = 0; j < i; j++)
			if (same(json_array_get(value, i), json_array_get(value, j)))
				return false;
	return true;
}

static bool check_items(struct check *check, json_t *want, json_t *value)
{
	json_t *item;
	size_t i;

	json_array_foreach(value, i, item)
		if (!accepts(*check, want, item))
			return false;
	return true;
}

static bool check_properties(struct check *check, json_t *want, json_t *value)
{
	const char *key;
	json_t *schema;

	json_object_foreach(want, key, schema)
		if (json_object_get(value, key) &&
		    !accepts(*check, schema, json_object_get(value, key)))
			return false;
	return true;
}

static bool check_additional(struct check *check, json_t *want, json_t *value)
{
	json_t *properties = json_object_get(check->schema, "properties");
	const char *key;
	json_t *member;

	json_object_foreach(value, key, member)
		if (json_is_false(want) && !json_object_get(properties, key))
			return false;
	return true;
}

static bool check_required(struct check *check, json_t *want, json_t *value)
{
	json_t *key;
	size_t i;

	(void)check;
	json_array_foreach(want, i, key)
		if (json_is_object(value) && !json_object_get(value, json_string_value(key)))
			return false;
	return true;
}

static bool check_any_of(struct check *check, json_t *want, json_t *value)
{
	json_t *schema;
	size_t i;

	json_array_foreach(want, i, schema)
		if (accepts(*check, schema, value))
			return true;
	return false;
}

static bool check_not(struct check *check, json_t *want, json_t *value)
{
	return !accepts(*check, want, value);
}

/* "#/$defs/NAME" and nothing else. */
static json_t *referred(json_t *root, json_t *ref)
{
	static const char prefix[] = "#/$defs/";
	const char *text = json_string_value(ref);

	if (!text || strncmp(text, prefix, strlen(prefix)))
		return NULL;
	return json_object_get(json_object_get(root, "$defs"), text + strlen(prefix));
}

static bool check_ref(struct check *check, json_t *want, json_t *value)
{
	return accepts(*check, referred(check->root, want), value);
}

/* ---- what there is ----------------------------------------------------------------------------------- */

static const struct keyword {
	const char *name;
	bool (*check)(struct check *check, json_t *want,
		      json_t *value); /* NULL: says nothing of values */
	enum { VALUE, SCHEMA, SCHEMA_LIST, SCHEMA_MAP } holds;
	json_type type; /* that its value must have; JSON_NULL: any */
} keywords[] = {
	{ "$schema", NULL, VALUE, JSON_STRING },
	{ "title", NULL, VALUE, JSON_STRING },
	{ "description", NULL, VALUE, JSON_STRING },
	{ "default", NULL, VALUE, JSON_NULL },
	{ "examples", NULL, VALUE, JSON_ARRAY },
	{ "$defs", NULL, SCHEMA_MAP, JSON_OBJECT },
	{ "$ref", check_ref, VALUE, JSON_STRING },
	{ "type", check_type, VALUE, JSON_STRING },
	{ "const", check_const, VALUE, JSON_NULL },
	{ "enum", check_enum, VALUE, JSON_ARRAY },
	{ "minimum", check_minimum, VALUE, JSON_INTEGER },
	{ "maximum", check_maximum, VALUE, JSON_INTEGER },
	{ "minLength", check_min_length, VALUE, JSON_INTEGER },
	{ "maxLength", check_max_length, VALUE, JSON_INTEGER },
	{ "pattern", check_pattern, VALUE, JSON_STRING },
	{ "minItems", check_min_items, VALUE, JSON_INTEGER },
	{ "maxItems", check_max_items, VALUE, JSON_INTEGER },
	{ "uniqueItems", check_unique, VALUE, JSON_TRUE },
	{ "items", check_items, SCHEMA, JSON_OBJECT },
	{ "properties", check_properties, SCHEMA_MAP, JSON_OBJECT },
	{ "additionalProperties", check_additional, VALUE, JSON_FALSE },
	{ "required", check_required, VALUE, JSON_ARRAY },
	{ "anyOf", check_any_of, SCHEMA_LIST, JSON_ARRAY },
	{ "not", check_not, SCHEMA, JSON_OBJECT },
};

static const struct keyword *find(const char *name)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
		if (!strcmp(keywords[i].name, name))
			return &keywords[i];
	return NULL;
}

static bool accepts(struct check check, json_t *schema, json_t *value)
{
	const char *name;
	json_t *want;

	check.schema = schema;
	json_object_foreach(schema, name, want) {
		const struct keyword *keyword = find(name);

		if (keyword->check && !keyword->check(&check, want, value))
			return refuse(&check, name, want, value);
	}
	return true;
}

bool schema_accepts(json_t *root, json_t *value, struct schema_error *error)
{
	return accepts((struct check){ .root = root, .error = error }, root, value);
}

static bool understood(json_t *root, json_t *schema, struct schema_error *error);

/* The schemas within the value of a keyword. */
static bool inside_understood(json_t *root, const struct keyword *keyword, json_t *value,
			      struct schema_error *error)
{
	const char *key;
	json_t *one;
	size_t i;

	if (keyword->holds == SCHEMA)
		return understood(root, value, error);
	if (keyword->holds == SCHEMA_LIST)
		json_array_foreach(value, i, one)
			if (!understood(root, one, error))
				return false;
	if (keyword->holds == SCHEMA_MAP)
		json_object_foreach(value, key, one)
			if (!understood(root, one, error))
				return false;
	return true;
}

static bool compiles(json_t *pattern)
{
	regex_t regex;

	if (regcomp(&regex, json_string_value(pattern), REG_EXTENDED | REG_NOSUB))
		return false;
	regfree(&regex);
	return true;
}

static bool understood(json_t *root, json_t *schema, struct schema_error *error)
{
	const char *name;
	json_t *value;

	if (!json_is_object(schema)) {
		snprintf(error->text, sizeof(error->text), "a schema that is no object");
		return false;
	}
	json_object_foreach(schema, name, value) {
		const struct keyword *keyword = find(name);

		if (!keyword ||
		    (keyword->type != JSON_NULL && json_typeof(value) != keyword->type) ||
		    (keyword->check == check_ref && !referred(root, value)) ||
		    (keyword->check == check_pattern && !compiles(value))) {
			snprintf(error->text, sizeof(error->text),
				 "%s: not known here, or its value is not", name);
			return false;
		}
		if (!inside_understood(root, keyword, value, error))
			return false;
	}
	return true;
}

bool schema_understood(json_t *root, struct schema_error *error)
{
	return understood(root, root, error);
}
