/* rewrites - a handler for tests: replaces each message by {"value": 99} */
#include <string.h>
#include <mcast/handler.h>

static const char text[] = "{\"value\": 99}";

static int rewrite(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	uint8_t *bytes;

	if (!ctx->host->writable(ctx, msg, sizeof(text) - 1, &bytes))
		return MCAST_FAIL;
	memcpy(bytes, text, sizeof(text) - 1);
	return MCAST_PASS;
}
MCAST_EACH(rewrite)

MCAST_HANDLER("rewrites", "1.0", .summary = "replaces each message", .caps = MCAST_CAP_MODIFY,
	      .process = rewrite_batch);
