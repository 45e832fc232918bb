/* wants_json - a handler for tests: needs "json" and counts what it sees in it */
#include <string.h>
#include <mcast/json.h>

/* The first eight are jansson's types, in its order. */
enum { WITHOUT = JSON_NULL + 1, SUM, BYTES, MEMBERS };

static const struct mcast_counter counters[] = {
	[JSON_OBJECT] = { "object", "documents that are an object" },
	[JSON_ARRAY] = { "array", "an array" },
	[JSON_STRING] = { "string", "a string" },
	[JSON_INTEGER] = { "integer", "an integer" },
	[JSON_REAL] = { "real", "a real" },
	[JSON_TRUE] = { "true", "true" },
	[JSON_FALSE] = { "false", "false" },
	[JSON_NULL] = { "null", "null" },
	[WITHOUT] = { "without", "messages without a document" },
	[SUM] = { "sum", "integers, and the members value of objects, added up" },
	[BYTES] = { "bytes", "of strings" },
	[MEMBERS] = { "members", "of objects and arrays" },
	{ NULL, NULL },
};

static const char *const needs[] = { "json", NULL };

static int look(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	json_t *document = mcast_json(ctx, msg, 0);

	if (!document) {
		ctx->counter[WITHOUT]++;
		return MCAST_PASS;
	}
	if (document != mcast_json(ctx, msg, 0))
		return MCAST_FAIL;	/* made twice */

	ctx->counter[json_typeof(document)]++;
	ctx->counter[SUM] += (uint64_t)json_integer_value(document);
	ctx->counter[SUM] += (uint64_t)json_integer_value(json_object_get(document, "value"));
	ctx->counter[BYTES] += json_string_length(document);
	ctx->counter[MEMBERS] += json_object_size(document) + json_array_size(document);
	return MCAST_PASS;
}
MCAST_EACH(look)

MCAST_HANDLER("wants_json", "1.0", .summary = "counts what it sees in documents",
	      .counters = counters, .needs = needs, .process = look_batch);
