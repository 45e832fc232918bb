/* all_options - a handler for tests: an option of every type, and two that contradict each other */
#include <errno.h>
#include <stdio.h>
#include <mcast/handler.h>

struct config {
	mcast_bool_ flag;
	int64_t number;
	double ratio;
	const char *text;
	int64_t colour;
	int64_t room;
	int64_t pause;
	const char *const *list;
	const char *tree;
	const char *key;
	mcast_bool_ fail;
};

static const char *const colours[] = { "red", "green", "blue", NULL };

static const struct mcast_option options[] = {
	MCAST_BOOL(struct config, flag, "false", "not with number 9"),
	MCAST_INT(struct config, number, "5", "1", "9", "a digit"),
	MCAST_DOUBLE(struct config, ratio, "0.5", "0", "1", "a part of the whole"),
	MCAST_STRING(struct config, text, "some", "words"),
	MCAST_ENUM(struct config, colour, "red", colours, "a colour"),
	MCAST_SIZE(struct config, room, "4k", "1k", "1M", "bytes"),
	MCAST_DURATION(struct config, pause, "1s", "10ms", "1m", "between two of them"),
	MCAST_STRINGS(struct config, list, "several words"),
	MCAST_JSON(struct config, tree, "null", "anything"),
	MCAST_SECRET(struct config, key, "the secret"),
	MCAST_BOOL(struct config, fail, "false", "create() fails"),
	MCAST_END,
};

static int check(const void *given, char *why, size_t why_size)
{
	const struct config *config = given;

	if (!config->flag || config->number != 9)
		return 0;
	snprintf(why, why_size, "\"flag\" goes with a number below 9");
	return -EINVAL;
}

static int create(struct mcast_ctx *ctx)
{
	const struct config *config = ctx->config;

	if (!config->fail)
		return 0;
	ctx->host->log(ctx, MCAST_LOG_ERROR, "was told to fail");
	return -EIO;
}

static int pass(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)ctx;
	(void)msg;
	return MCAST_PASS;
}
MCAST_EACH(pass)

MCAST_HANDLER("all_options", "1.0", .summary = "takes an option of every type", .options = options,
	      .config_size = sizeof(struct config), .check = check, .create = create, .process = pass_batch);
