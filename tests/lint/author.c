/* author.c - what a handler's author may write, as C and as C++, under every usual warning */
#include <mcast/handler.h>

static int pass(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)ctx;
	return msg->len ? MCAST_PASS : MCAST_DROP;
}

MCAST_SIMPLE_HANDLER("author", "1.0", pass);
