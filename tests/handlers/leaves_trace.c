/* leaves_trace - a handler for tests: whoever runs any of its code finds a file called "trace" */
#include <fcntl.h>
#include <unistd.h>
#include <mcast/handler.h>

__attribute__((constructor)) static void leave(void)
{
	close(open("trace", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int pass(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	(void)ctx;
	(void)msg;
	return MCAST_PASS;
}

MCAST_SIMPLE_HANDLER("leaves_trace", "1.0", pass);
