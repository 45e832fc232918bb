/* mcast/json.h - for handlers that read JSON: the decoded document of a message
 *
 * Say so in the descriptor and ask for it in process():
 *
 *     static const char *const needs[] = { "json", NULL };
 *     ...
 *     json_t *document = mcast_json(ctx, msg, 0);
 *
 * A chain in which nobody before provides "json" is then refused before it starts; the standard handler
 * json provides it. With wants[] instead of needs[] the handler runs without it too, and gets NULL.
 *
 * WHOSE      It is borrowed, until process() returns: no json_decref(). Others read the same one: don't
 *            change it. To keep it or to change it: json_deep_copy(), while it is there.
 * WHAT       One JSON value of any type, as RFC 8259 allows: an object, an array, but also a string, a number,
 *            true, false or null (which is json_null(), not NULL).
 * NUMBERS    Without fraction and exponent json_integer, 64 bits with a sign; else json_real, a double.
 *            What fits neither was not decoded, so no number is ever wrong by more than a double's rounding.
 * STRINGS    UTF-8; \u0000 is allowed, so ask json_string_length() where it matters.
 * KEYS       Each is there once: a document that says one twice was not decoded.
 * DEPTH      At most what the provider's max_depth says: a function that calls itself on it is safe.
 * PROVIDING  A handler that provides "json" itself says by it that the message's bytes are that JSON text, for
 *            logger and forward write these into their records as they are. What was made of other bytes goes
 *            on as a message of its own: emit() it as JSON text.
 * LINKING    jansson 2.x, libjansson.so.4. json_set_alloc_funcs() is one for the whole process: never call it.
 */
#ifndef MCAST_JSON_H
#define MCAST_JSON_H

#include <jansson.h>
#include <mcast/handler.h>

/* The document of msg; index: the place of "json" in needs[], or in wants[] plus the number of needs. NULL: the
 * message is no JSON (a chain may let such pass), or nobody provides what was wanted. */
static inline json_t *mcast_json(struct mcast_ctx *ctx, const struct mcast_msg *msg, unsigned index)
{
	return (json_t *)ctx->host->attr(ctx, msg, index);
}

#endif
