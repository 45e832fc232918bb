/* load_tls.c - tests: a handler with static thread-local storage, of which a process has little to give */
#include <mcast/handler.h>

static __thread char scratch[132] __attribute__((tls_model("initial-exec")));

static int pass(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)ctx;
	scratch[msg->len % sizeof(scratch)]++;
	return MCAST_PASS;
}

MCAST_SIMPLE_HANDLER("load_tls", "1.0", pass);
