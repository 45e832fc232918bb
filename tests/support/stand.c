/* stand.c - tests: one handler, linked into the test, on a host whose time the test moves */
#include "support/stand.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "base/clock.h"

static struct stand *stand_of(const struct mcast_ctx *ctx)
{
	return ctx->engine;
}

__attribute__((format(printf, 3, 4)))
static void host_log(struct mcast_ctx *ctx, int level, const char *format, ...)
{
	struct stand *stand = stand_of(ctx);
	size_t used = strlen(stand->said);
	va_list args;

	(void)level;
	va_start(args, format);
	vsnprintf(stand->said + used, sizeof(stand->said) - used, format, args);
	va_end(args);
	used = strlen(stand->said);
	snprintf(stand->said + used, sizeof(stand->said) - used, "\n");
}

static int host_wake(struct mcast_ctx *ctx, int fd, uint32_t events, uint64_t at_ns)
{
	struct stand *stand = stand_of(ctx);

	if (fd == -1)
		stand->at_ns = at_ns;
	else
		stand->fd = events ? fd : -1;
	return 0;
}

static void *host_attr(struct mcast_ctx *ctx, const struct mcast_msg *msg, unsigned index)
{
	struct stand *stand = stand_of(ctx);

	(void)msg;
	return stand->attr && index == 0 ? stand : NULL;
}

static int host_stopping(struct mcast_ctx *ctx)
{
	(void)ctx;
	return 0;
}

static void prepare(struct stand *stand, const struct mcast_addr *listen, uint32_t listens, uint32_t flags)
{
	stand->fd = -1;
	stand->now_ns = 1000 * CLOCK_SECOND;
	stand->host = (struct mcast_host){
		.size = sizeof(stand->host),
		.abi_major = MCAST_ABI_MAJOR,
		.log = host_log,
		.attr = host_attr,
		.wake = host_wake,
		.stopping = host_stopping,
	};
	stand->ctx = (struct mcast_ctx){
		.size = sizeof(stand->ctx),
		.flags = flags,
		.host = &stand->host,
		.name = stand->handler->name,
		.config = config_data(stand->config),
		.counter = stand->counter,
		.workers = 1,
		.instance = &stand->instance,
		.listen = listen,
		.listens = listens,
		.engine = stand,
	};
	stand->instance = stand->ctx;
	stand->instance.worker = UINT32_MAX;
}

int stand_create(struct stand *stand, const struct mcast_handler *handler, const char *options,
		 const struct mcast_addr *listen, uint32_t listens, uint32_t flags)
{
	struct faults faults = { 0 };
	json_t *given = json_loads(options, 0, NULL);
	int rc;

	cr_assert_not_null(given, "no JSON: %s", options);
	memset(stand, 0, sizeof(*stand));
	stand->handler = handler;
	rc = config_create(&stand->config, handler, given, "", &faults);
	json_decref(given);
	if (faults.n)
		snprintf(stand->said, sizeof(stand->said), "%s", faults.list[0].text);
	faults_finish(&faults);
	if (rc)
		return rc;
	prepare(stand, listen, listens, flags);
	return handler->create ? handler->create(&stand->instance) : 0;
}

void stand_start(struct stand *stand)
{
	stand->ctx.state = NULL;
	cr_assert_eq(stand->handler->start(&stand->ctx), 0, "%s", stand->said);
	stand->started = true;
}

void stand_open(struct stand *stand, const struct mcast_handler *handler, const char *options)
{
	cr_assert_eq(stand_create(stand, handler, options, NULL, 0, 0), 0, "%s", stand->said);
	stand_start(stand);
}

int stand_flush(struct stand *stand)
{
	return stand->handler->flush(&stand->ctx);
}

void stand_close(struct stand *stand)
{
	if (stand->started) {
		stand->handler->stop(&stand->ctx);
		cr_expect_eq(stand->fd, -1, "still watched after stop");
	}
	if (stand->config && stand->handler->destroy)
		stand->handler->destroy(&stand->instance);
	config_destroy(stand->config);
	stand->config = NULL;
	stand->started = false;
}

void stand_feed(struct stand *stand, const void *const *data, const size_t *len, unsigned n)
{
	struct mcast_addr src, group;
	struct mcast_msg msg[256], *pointer[256];
	uint8_t verdict[256] = { 0 };
	struct mcast_batch batch = {
		.size = sizeof(batch),
		.n = n,
		.msg = pointer,
		.verdict = verdict,
		.now_ns = stand->now_ns,
		.at = MCAST_AT_UNKNOWN,
	};

	address_parse_port("192.0.2.1:4242", &src);
	address_parse_port("239.255.0.1:59259", &group);
	for (unsigned i = 0; i < n; i++) {
		msg[i] = (struct mcast_msg){
			.data = data[i],
			.len = (uint32_t)len[i],
			.seq = i + 1,
			.rx_ns = 1769860800123456789ull,
			.src = &src,
			.group = &group,
			.ifindex = 1,
		};
		pointer[i] = &msg[i];
	}
	cr_assert_eq(stand->handler->process(&stand->ctx, &batch), 0);
	for (unsigned i = 0; i < n; i++)
		cr_assert_eq(verdict[i], MCAST_PASS);
}

void stand_feed_text(struct stand *stand, const char *text)
{
	const void *data = text;
	size_t len = strlen(text);

	stand_feed(stand, &data, &len, 1);
}

void stand_tick(struct stand *stand)
{
	if (stand->at_ns && stand->at_ns <= stand->now_ns)
		stand->at_ns = 0;
	cr_assert_eq(stand->handler->tick(&stand->ctx, stand->now_ns), 0);
}

void stand_until(struct stand *stand, bool (*done)(struct stand *stand, const void *arg), const void *arg)
{
	uint64_t end = clock_mono_ns() + 20 * CLOCK_SECOND;

	while (!done(stand, arg)) {
		struct pollfd ready = { .fd = stand->fd, .events = POLLIN };

		cr_assert_lt(clock_mono_ns(), end, "nothing came of it; its log:\n%s", stand->said);
		if (poll(&ready, 1, 5) > 0 || (stand->at_ns && stand->at_ns <= stand->now_ns))
			stand_tick(stand);
	}
}

uint64_t stand_counter(const struct stand *stand, const char *name)
{
	const struct mcast_counter *counter = stand->handler->counters;

	while (counter->name && strcmp(counter->name, name))
		counter++;
	cr_assert_not_null(counter->name, "%s has no counter %s", stand->handler->name, name);
	return stand->counter[counter - stand->handler->counters];
}
