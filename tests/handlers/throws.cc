/* throws.cc - a handler in C++: throws at the word "throw", drops "drop", passes the rest */
#include <cstring>
#include <stdexcept>
#include <mcast/handler.h>

struct config {
	int64_t limit;
	double ratio;
	bool strict;
	const char *word;
};

static const struct mcast_option options[] = {
	MCAST_INT(config, limit, "5", "1", "10", "how many"),
	MCAST_DOUBLE(config, ratio, "0.5", "0", "1", "how much"),
	MCAST_BOOL(config, strict, "true", "whether"),
	MCAST_STRING(config, word, "throw", "at which it throws"),
	MCAST_END,
};

static int throws(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	const config *c = static_cast<const config *>(ctx->config);
	const char *text = reinterpret_cast<const char *>(msg->data);

	if (msg->len == std::strlen(c->word) && !std::memcmp(text, c->word, msg->len))
		throw std::runtime_error("told to");
	return msg->len == 4 && !std::memcmp(text, "drop", 4) ? MCAST_DROP : MCAST_PASS;
}
MCAST_EACH(throws)

MCAST_HANDLER("throws", "1.0", .config_size = sizeof(config), .options = options, .process = throws_batch);
