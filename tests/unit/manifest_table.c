/* manifest_table.c - tests: every manifest of the table, through the parser and through the schema */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifest/parts.h"
#include "support/manifests.h"
#include "support/schema.h"

#define SCHEMA SOURCE_DIR "/docs/manifest.schema.json"

static json_t *load_schema(void)
{
	json_error_t error;
	json_t *schema = json_load_file(SCHEMA, JSON_REJECT_DUPLICATES, &error);

	cr_assert(schema, "%s:%d: %s", SCHEMA, error.line, error.text);
	return schema;
}

static void parse_case(const struct manifest_case *test)
{
	struct faults faults = { 0 };
	struct manifest m;
	int err = manifest_parse(&m, "manifest.json", test->text, strlen(test->text), &faults);

	if (!test->pointer) {
		cr_expect(!err && !faults.n, "%s: refused: %s: %s", test->text,
			  faults.n ? faults.list[0].pointer : "",
			  faults.n ? faults.list[0].text : strerror(-err));
	} else {
		cr_expect_eq(err, -EINVAL, "%s: returned %d", test->text, err);
		cr_expect_eq(faults.n, 1, "%s: %zu faults, the second: %s", test->text, faults.n,
			     faults.n > 1 ? faults.list[1].text : "none");
	}
	if (test->pointer && faults.n) {
		cr_expect_str_eq(faults.list[0].pointer, test->pointer, "%s: at \"%s\", not \"%s\"",
				 test->text, faults.list[0].pointer, test->pointer);
		cr_expect(strstr(faults.list[0].text, test->words), "%s: said \"%s\", not \"%s\"",
			  test->text, faults.list[0].text, test->words);
		cr_expect_eq(faults.list[0].status, FAULT_CONFIG);
	}
	faults_finish(&faults);
	manifest_finish(&m);
}

Test(manifest_table, each_is_taken_or_refused_for_its_one_mistake)
{
	for (size_t i = 0; i < manifest_case_count; i++)
		parse_case(&manifest_cases[i]);
}

Test(manifest_table, the_schema_agrees_with_the_parser)
{
	json_t *schema = load_schema();
	struct schema_error error;
	size_t checked = 0;

	cr_assert(schema_understood(schema, &error), "%s", error.text);
	for (size_t i = 0; i < manifest_case_count; i++) {
		const struct manifest_case *test = &manifest_cases[i];
		json_t *value =
			json_loads(test->text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
		bool expected = !test->pointer || test->beyond_schema;

		if (!value)
			continue; /* no JSON: the parser's alone */
		error.text[0] = '\0';
		cr_expect_eq(schema_accepts(schema, value, &error), expected,
			     "%s: the schema %s: %s", test->text,
			     expected ? "refuses what it should take"
				      : "takes what it should refuse",
			     error.text);
		checked++;
		json_decref(value);
	}
	cr_expect_geq(checked, 80);
	json_decref(schema);
}

/* The members of properties must be the keys, whatever the order. */
static void assert_same_keys(json_t *schema, const char *where, const char *const *keys)
{
	json_t *properties = json_object_get(schema, "properties");
	size_t n = 0;

	for (; keys[n]; n++)
		cr_expect(json_object_get(properties, keys[n]), "%s: the schema lacks \"%s\"",
			  where, keys[n]);
	cr_expect_eq(json_object_size(properties), n, "%s: the schema has %zu keys, the parser %zu",
		     where, json_object_size(properties), n);
	cr_expect(json_is_false(json_object_get(schema, "additionalProperties")),
		  "%s takes any key", where);
}

Test(manifest_table, the_schema_and_the_parser_know_the_same_keys)
{
	json_t *schema = load_schema(), *defs = json_object_get(schema, "$defs");
	json_t *properties = json_object_get(schema, "properties");
	json_t *entry = json_object_get(defs, "entry");

	assert_same_keys(schema, "the top", manifest_top_keys);
	assert_same_keys(json_object_get(properties, "limits"), "limits", manifest_limits_keys);
	assert_same_keys(json_object_get(defs, "listen"), "listen", manifest_listen_keys);
	assert_same_keys(json_object_get(defs, "sanitize"), "sanitize", manifest_sanitize_keys);

	/* the parser reads both kinds of entry by one list */
	json_object_update(json_object_get(entry, "properties"),
			   json_object_get(json_object_get(defs, "drop_ins"), "properties"));
	assert_same_keys(entry, "an entry of the chain", manifest_entry_keys);
	json_decref(schema);
}

static void assert_both_take(json_t *schema, json_t *example)
{
	char *text = json_dumps(example, 0);
	struct faults faults = { 0 };
	struct schema_error error;
	struct manifest m;

	cr_expect(schema_accepts(schema, example, &error), "the schema: %s", error.text);
	cr_expect_eq(manifest_parse(&m, "manifest.json", text, strlen(text), &faults), 0,
		     "the parser: %s: %s", faults.n ? faults.list[0].pointer : "",
		     faults.n ? faults.list[0].text : "");
	faults_finish(&faults);
	manifest_finish(&m);
	free(text);
}

Test(manifest_table, the_examples_of_the_schema_and_the_shipped_manifest_are_good)
{
	json_t *schema = load_schema(),
	       *shipped = json_load_file(SOURCE_DIR "/handlers.d/manifest.json", 0, NULL), *example;
	size_t i;

	cr_assert(shipped);
	cr_assert_geq(json_array_size(json_object_get(schema, "examples")), 1);
	json_array_foreach(json_object_get(schema, "examples"), i, example)
		assert_both_take(schema, example);
	assert_both_take(schema, shipped);
	json_decref(shipped);
	json_decref(schema);
}

static void read_text(const char *path, char *out, size_t size)
{
	FILE *in = fopen(path, "r");
	size_t n;

	cr_assert(in, "%s", path);
	n = fread(out, 1, size, in);
	fclose(in);
	cr_assert(n && n < size, "%s: %zu bytes", path, n);
	out[n] = '\0';
}

Test(manifest_table, the_example_of_the_readme_is_good_and_its_tables_name_every_key)
{
	static const char *const *const lists[] = {
		manifest_top_keys,      manifest_limits_keys, manifest_listen_keys,
		manifest_sanitize_keys, manifest_entry_keys,
	};
	static char readme[32768];
	json_t *schema = load_schema(), *value;
	char quoted[64], *example, *end;

	read_text(SOURCE_DIR "/handlers.d/README.md", readme, sizeof(readme));

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		for (const char *const *key = lists[i]; *key; key++) {
			snprintf(quoted, sizeof(quoted), "`%s`", *key);
			if (!strstr(readme, quoted))
				snprintf(quoted, sizeof(quoted), "\"%s\"", *key);
			cr_expect(strstr(readme, quoted), "says nothing of %s", *key);
		}
	}

	example = strstr(readme, "```json\n");
	cr_assert(example);
	example += strlen("```json\n");
	end = strstr(example, "```");
	cr_assert(end);
	value = json_loadb(example, (size_t)(end - example), JSON_REJECT_DUPLICATES, NULL);
	cr_assert(value, "the example is no JSON");
	assert_both_take(schema, value);
	json_decref(value);
	json_decref(schema);
}

Test(manifest_table, every_key_of_the_schema_is_described)
{
	json_t *schema = load_schema(), *defs = json_object_get(schema, "$defs"), *def, *property;
	const char *name, *key;

	json_object_set(defs, "top", schema);
	json_object_foreach(defs, name, def)
		json_object_foreach(json_object_get(def, "properties"), key, property)
			cr_expect(json_object_get(property, "description") ||
					  json_object_get(property, "$ref") ||
					  json_object_get(property, "const"),
				  "%s: %s has no description", name, key);
	json_object_del(defs, "top");
	json_decref(schema);
}

Test(manifest_table, a_keyword_that_is_not_checked_is_refused)
{
	static const char *const texts[] = {
		"{\"multipleOf\": 2}",
		"{\"properties\": {\"a\": {\"dependentRequired\": {}}}}",
		"{\"anyOf\": [{\"oneOf\": []}]}",
		"{\"$ref\": \"#/$defs/nowhere\"}",
		"{\"pattern\": \"(\"}",
		"{\"items\": true}",
	};
	struct schema_error error;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		json_t *schema = json_loads(texts[i], 0, NULL);

		cr_assert(schema, "%s", texts[i]);
		cr_expect_not(schema_understood(schema, &error), "%s", texts[i]);
		json_decref(schema);
	}
}
