/* handler/host.c - stage 4 of 4: socket > sanitize > chain > [handler]: the functions that handlers call
 *
 * Here the contract of mcast/handler.h is kept on the engine's side. What a handler may ask for and what it
 * gets wrong are two things: the first has an error of its own and no line in the log. */
#include "handler/host.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/datagram.h"
#include "base/log.h"
#include "handler/attrs.h"

static const struct mcast_addr no_address;

/* Tells the handler's author once, then again each time that the number has doubled. */
static void misuse(struct instance *in, const char *what)
{
	uint64_t n = 1 + atomic_fetch_add_explicit(&in->misuses, 1, memory_order_relaxed);

	if (n == 1)
		log_error("%s: the handler breaks the contract of mcast/handler.h: %s", in->name, what);
	else if (!(n & (n - 1)))
		log_error("%s: the handler breaks the contract of mcast/handler.h: %s (mistake %llu of this handler)",
			  in->name, what, (unsigned long long)n);
}

static struct instance *instance_of(const struct mcast_ctx *ctx)
{
	return ctx->engine;
}

static bool has_cap(const struct instance *in, uint32_t cap)
{
	return in->handler->caps & cap;
}

__attribute__((format(printf, 3, 4)))
static void host_log(struct mcast_ctx *ctx, int level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_from(ctx->name, level, format, args);
	va_end(args);
}

/* Whether m is in the batch that in's process() has in hand, at m->place. */
static bool in_hand(const struct instance *in, const struct message *m)
{
	const struct host *host = in->host;

	return host->running == in && m->place < host->in_hand_n && host->in_hand[m->place] == &m->msg;
}

/* A copy with room for len bytes takes m's place in the batch; or NULL, and m stays what the handler knows. */
static struct message *copy_in_place(struct host *host, struct message *m, uint32_t len)
{
	struct message *copy = message_copy(m, len);
	struct mcast_msg *msg = &m->msg;

	if (!copy)
		return NULL;
	copy->place = m->place;
	copy->touched = m->touched;
	host->in_hand[m->place] = &copy->msg;
	messages_end(&msg, 1);
	return copy;
}

static struct mcast_msg *host_writable(struct mcast_ctx *ctx, struct mcast_msg *msg, uint32_t len, uint8_t **bytes)
{
	struct instance *in = instance_of(ctx);
	struct host *host = in->host;
	struct message *m, *copy;

	if (!has_cap(in, MCAST_CAP_MODIFY)) {
		misuse(in, "writable() without MCAST_CAP_MODIFY");
		return NULL;
	}
	if (!msg || !bytes || !in_hand(in, message_of(msg))) {
		misuse(in, "writable() of a message that is not in its batch");
		return NULL;
	}
	if (len > DATAGRAM_MAX)
		return NULL;
	m = message_of(msg);
	if (message_shared(m)) {
		copy = copy_in_place(host, m, len);
		if (!copy)
			return NULL;
		m = copy;
	} else if (m->made | m->cannot) {
		attrs_end(host, m);
	}
	*bytes = message_own(m, len);
	if (!*bytes)
		return NULL;
	if (!m->touched) {
		m->touched = true;
		host->written++;
	}
	m->msg.flags |= MCAST_MSG_CHANGED;
	return &m->msg;
}

static int host_keep(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	int rc = msg ? message_keep(message_of(msg)) : -EINVAL;

	if (rc == -EINVAL)
		misuse(instance_of(ctx), "keep() of a message that has ended");
	return rc;
}

static void host_release(struct mcast_ctx *ctx, struct mcast_msg *msg)
{
	if (!msg || message_release(message_of(msg)))
		misuse(instance_of(ctx), "release() of a message that is not kept");
}

/* What a new message has from the one that it is made of. */
static void lend(struct message *m, const struct mcast_msg *like)
{
	if (like) {
		m->msg.flags = MCAST_MSG_DERIVED |
			       (like->flags & (MCAST_MSG_BINARY | MCAST_MSG_TTL | MCAST_MSG_KERNEL_TIME));
		m->msg.seq = like->seq;
		m->msg.rx_ns = like->rx_ns;
		m->msg.ifindex = like->ifindex;
		m->msg.ttl = like->ttl;
	} else {
		m->msg.flags = MCAST_MSG_DERIVED;
		m->msg.seq = 0;
		m->msg.rx_ns = clock_real_ns();
		m->msg.ifindex = 0;
		m->msg.ttl = 0;
	}
	/* Copied: they may belong to a message that ends before this one. */
	m->address[0] = like && like->src ? *like->src : no_address;
	m->address[1] = like && like->group ? *like->group : no_address;
	m->msg.src = &m->address[0];
	m->msg.group = &m->address[1];
	m->msg.reserved = 0;
	m->msg.part = 0;
}

static int host_emit(struct mcast_ctx *ctx, const struct mcast_msg *like, const void *data, uint32_t len)
{
	struct instance *in = instance_of(ctx);
	struct host *host = in->host;
	struct mcast_msg *msg;

	if (has_cap(in, MCAST_CAP_BLOCKING)) {
		misuse(in, "emit() by a handler with MCAST_CAP_BLOCKING");
		return -EPERM;
	}
	if (host->running != in) {
		misuse(in, "emit() outside of process(), tick(), event() and flush()");
		return -EPERM;
	}
	if (!data && len) {
		misuse(in, "emit() without data");
		return -EINVAL;
	}
	if (len > DATAGRAM_MAX)
		return -EMSGSIZE;
	if (in->emitted_in_call == HOST_EMIT_MAX || messages_take(host->messages, &msg, 1))
		return -ENOBUFS;
	/* The bytes that it becomes the owner of are the handler's: they are copied from there. */
	msg->data = data;
	msg->len = len;
	if (!message_own(message_of(msg), len)) {
		messages_end(&msg, 1);
		return -ENOBUFS;
	}
	lend(message_of(msg), like);
	in->emitted_in_call++;
	host->emit(host->owner, in, message_of(msg));
	return 0;
}

/* A value of a message that has ended would never be ended itself. */
static bool is_held(const struct mcast_msg *msg)
{
	return msg && atomic_load_explicit(&message_of(msg)->holds, memory_order_relaxed);
}

static void *host_attr(struct mcast_ctx *ctx, const struct mcast_msg *msg, unsigned index)
{
	struct instance *in = instance_of(ctx);

	if (!in->host->running || !is_held(msg) || index >= in->use_count) {
		misuse(in, "attr() outside of a callback on the worker, of a message that has ended, "
			   "or of what it neither needs nor wants");
		return NULL;
	}
	return attrs_get(in, message_of(msg), index);
}

static int host_provide(struct mcast_ctx *ctx, const struct mcast_msg *msg, unsigned index, void *value)
{
	struct instance *in = instance_of(ctx);
	int rc = -EINVAL;

	if (in->host->running == in && is_held(msg))
		rc = attrs_provide(in, message_of(msg), index, value);
	if (rc == -EINVAL)
		misuse(in, "provide() outside of process(), for a message that has ended, "
			   "or of what it does not declare");
	return rc;
}

static int host_wake(struct mcast_ctx *ctx, int fd, uint32_t events, uint64_t at_ns)
{
	struct instance *in = instance_of(ctx);
	struct host *host = in->host;

	if (host->running && host->running != in) {
		misuse(in, "wake() while another handler runs");
		return -EPERM;
	}
	if (fd < -1)
		return -EBADF;
	if (fd == -1) {
		in->at_ns = at_ns;
		return 0;
	}
	return host->watch ? host->watch(host->owner, in, fd, events) : -ENOTSUP;
}

static void host_finish(struct mcast_ctx *ctx, int status, const char *why)
{
	struct instance *in = instance_of(ctx);
	struct host *host = in->host;

	if (!has_cap(in, MCAST_CAP_FINISH)) {
		misuse(in, "finish() without MCAST_CAP_FINISH");
		return;
	}
	if (!host->finish) {
		misuse(in, "finish() in create(): return an error there");
		return;
	}
	if (status < 0 || status > 255) {
		misuse(in, "finish() with a status that is none: 0 to 255");
		status = 1;
	}
	host->finish(host->owner, in, status, why ? why : "");
}

static int host_stopping(struct mcast_ctx *ctx)
{
	const struct host *host = instance_of(ctx)->host;

	return host->stopping ? host->stopping(host->owner) : 0;
}

const struct mcast_host host_functions = {
	.size = sizeof(struct mcast_host),
	.abi_major = MCAST_ABI_MAJOR,
	.abi_minor = MCAST_ABI_MINOR,
	.log = host_log,
	.writable = host_writable,
	.keep = host_keep,
	.release = host_release,
	.emit = host_emit,
	.attr = host_attr,
	.wake = host_wake,
	.finish = host_finish,
	.stopping = host_stopping,
	.provide = host_provide,
};
