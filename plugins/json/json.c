/* json - decodes each message as one JSON value (RFC 8259) and provides it to the handlers behind, as "json"
 *
 * Every message that comes by is decoded, so that each is known to be valid or not, and why. One that
 * passed by (other groups, suspended), or whose bytes were changed since, is decoded when a handler asks. */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <mcast/handler.h>

enum { ON_INVALID_DROP, ON_INVALID_PASS };
static const char *const on_invalid_choices[] = { "drop", "pass", NULL };

struct config {
	int64_t on_invalid;
	int64_t max_depth;
};

static const struct mcast_option options[] = {
	MCAST_ENUM(struct config, on_invalid, "drop", on_invalid_choices,
		   "what becomes of a message that is no JSON"),
	MCAST_INT(struct config, max_depth, "32", "1", "2048",
		  "arrays and objects within each other, at most"),
	MCAST_END,
};

/* What decoding one message came to, and the index of its counter. */
enum outcome {
	VALID,
	BAD_SYNTAX,
	BAD_ENCODING,
	TOO_DEEP,
	DUPLICATE_KEY,
	NUL_IN_KEY,
	NUMBER_RANGE,
	NO_MEMORY,
	LATE,		/* no outcome: a count beside them */
};

static const struct mcast_counter counters[] = {
	[VALID] = { "valid", "messages that are one JSON value" },
	[BAD_SYNTAX] = { "bad_syntax", "messages that are not, by the grammar of RFC 8259" },
	[BAD_ENCODING] = { "bad_encoding", "messages that are no UTF-8 (profile binary)" },
	[TOO_DEEP] = { "too_deep", "messages nested deeper than max_depth" },
	[DUPLICATE_KEY] = { "duplicate_key", "messages with an object that says a key twice" },
	[NUL_IN_KEY] = { "nul_in_key", "messages with \\u0000 in a key, which jansson cannot hold" },
	[NUMBER_RANGE] = { "number_range", "messages with an integer above 64 bits, or beyond a double" },
	[NO_MEMORY] = { "no_memory", "messages that failed because memory ran out" },
	[LATE] = { "late", "messages decoded because a handler behind asked" },
	{ NULL, NULL },
};

/* jansson would go 2048 deep before it gives up, and build all of that first. A look at the brackets outside
 * strings is enough: where they don't match, parsing stops before depth matters. */
static bool is_deeper(const uint8_t *p, size_t n, int64_t max)
{
	int64_t depth = 0;
	bool quoted = false;

	if ((int64_t)n <= max)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '"')
			quoted = !quoted;
		else if (quoted)
			i += p[i] == '\\';
		else if (p[i] == '[' || p[i] == '{')
			depth++;
		else if (p[i] == ']' || p[i] == '}')
			depth--;
		if (depth > max)
			return true;
	}
	return false;
}

static enum outcome outcome_of(const json_error_t *error)
{
	/* Where an allocation failed, jansson mostly says nothing, and leaves the code unset. */
	if (!error->text[0])
		return NO_MEMORY;
	switch (json_error_code(error)) {
	case json_error_invalid_utf8:
		return BAD_ENCODING;
	case json_error_stack_overflow:
		return TOO_DEEP;
	case json_error_duplicate_key:
		return DUPLICATE_KEY;
	case json_error_null_byte_in_key:
		return NUL_IN_KEY;
	case json_error_numeric_overflow:
		return NUMBER_RANGE;
	case json_error_out_of_memory:
		return NO_MEMORY;
	default:
		return BAD_SYNTAX;
	}
}

/* On VALID, *value is the caller's to json_decref(). */
static enum outcome decode(json_t **value, const struct mcast_msg *msg, int64_t max_depth)
{
	const char *text = (const char *)msg->data;
	json_error_t error;

	/* A NUL is nowhere allowed, but jansson 2.14 skips one behind a number or a word. */
	if (memchr(text, 0, msg->len))
		return BAD_SYNTAX;
	if (is_deeper(msg->data, msg->len, max_depth))
		return TOO_DEEP;

	*value = json_loadb(text, msg->len,
			    JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	return *value ? VALID : outcome_of(&error);
}

static int json(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	const struct config *config = ctx->config;
	enum outcome outcome;
	json_t *value;

	outcome = decode(&value, msg, config->max_depth);
	ctx->counter[outcome]++;
	if (outcome == NO_MEMORY)
		return MCAST_FAIL;
	if (outcome != VALID) {
		ctx->host->provide(ctx, msg, 0, NULL);
		return config->on_invalid == ON_INVALID_DROP ? MCAST_DROP : MCAST_PASS;
	}
	if (ctx->host->provide(ctx, msg, 0, value))
		json_decref(value);
	return MCAST_PASS;
}
MCAST_EACH(json)

static void *json_make(struct mcast_ctx *ctx, const struct mcast_msg *msg)
{
	const struct config *config = ctx->config;
	json_t *value;

	ctx->counter[LATE]++;
	return decode(&value, msg, config->max_depth) == VALID ? value : NULL;
}

static void json_fini(struct mcast_ctx *ctx, void *value)
{
	(void)ctx;
	json_decref(value);
}

static const struct mcast_attr provides[] = {
	{ "json", json_make, json_fini },
	{ NULL, NULL, NULL },
};

MCAST_HANDLER("json", "1.0", .summary = "decodes each message as JSON, for the handlers behind",
	      .config_size = sizeof(struct config), .options = options, .counters = counters,
	      .provides = provides, .process = json_batch);
