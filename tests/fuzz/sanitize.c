/* sanitize.c - fuzzer: any options, any datagrams: what passes keeps the promises, and all is accounted for
 *
 * Input: 8 bytes of options, then for each datagram 3 bytes of envelope, its length in one byte, and its payload. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sanitize/sanitize.h"

#define BEHIND 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p;
	size_t n;
};

static const struct mcast_addr joined = { .ip = { [10] = 255, 255, 239, 255, 0, 1 }, .port = 59259 };
static const struct mcast_addr source = { .ip = { [10] = 255, 255, 192, 0, 2, 0 }, .port = 4242 };
static const struct cidr allowed = { { .ip = { [10] = 255, 255, 192, 0, 2, 0 } }, 96 + 25 };
static const struct cidr denied = { { .ip = { [10] = 255, 255, 192, 0, 2, 1 } }, 128 };

#define promise(holds) ((holds) ? (void)0 : broken(#holds, __LINE__))

static void broken(const char *what, int line)
{
	fprintf(stderr, "tests/fuzz/sanitize.c:%d: broken: %s\n", line, what);
	abort();
}

static uint8_t next(struct input *in)
{
	if (!in->n)
		return 0;
	in->n--;
	return *in->p++;
}

static void read_options(struct sanitize_options *options, struct input *in)
{
	uint8_t flags = next(in);

	sanitize_defaults(options);
	options->profile = flags & 1;
	options->on_control = next(in) % 3;
	options->on_bidi = next(in) % 3;
	options->min_bytes = next(in) % 8;
	options->max_bytes = flags & 2 ? next(in) : DATAGRAM_MAX;
	options->min_ttl = next(in) % 4;
	options->rate = next(in) % 4;
	options->burst = next(in) % 4;
	options->allow = &allowed;
	options->allows = flags >> 2 & 1;
	options->deny = &denied;
	options->denies = flags >> 3 & 1;
}

/* In memory of its own, with just the 64 bytes behind it that may be read. */
static void read_datagram(struct datagram *dg, struct input *in)
{
	uint8_t flags = next(in);
	uint32_t len;

	dg->flags = (flags & 1 ? DATAGRAM_TRUNCATED : 0) | (flags & 2 ? 0 : DATAGRAM_TO) |
		    (flags & 4 ? 0 : DATAGRAM_TTL) | (flags & 8 ? DATAGRAM_CUT_CONTROL : 0);
	dg->ifindex = flags & 16 ? 2 : 1;
	dg->to = joined;
	dg->to.port += flags >> 5 & 1;
	dg->from = source;
	dg->from.ip[15] = next(in);
	dg->ttl = next(in);

	len = next(in);
	if (len > in->n)
		len = (uint32_t)in->n;
	dg->len = len;
	dg->data = malloc(len + BEHIND);
	if (!dg->data)
		abort();
	memcpy(dg->data, in->p, len);
	memset(dg->data + len, flags, BEHIND);
	in->p += len;
	in->n -= len;
}

static bool is_forbidden(const struct sanitize_options *options, uint32_t cp)
{
	if (cp == '\t' || cp == '\n' || cp == '\r')
		return false;
	if (text_is_control(cp))
		return options->on_control != ON_CONTROL_KEEP;
	return (text_is_bidi(cp) || text_is_separator(cp)) && options->on_bidi != ON_BIDI_KEEP;
}

static void check_text(const struct sanitize_options *options, const uint8_t *data, size_t len)
{
	uint32_t cp;

	for (size_t i = 0; i < len;) {
		unsigned n = text_decode(data + i, len - i, &cp);

		promise(n);
		promise(!is_forbidden(options, cp));
		i += n;
	}
}

static void check_message(const struct sanitize_options *options, const struct mcast_msg *msg,
			  const struct datagram *dg)
{
	promise(msg->len >= options->min_bytes && msg->len <= options->max_bytes);
	promise(msg->src == &dg->from && msg->group == &dg->to);
	promise(!(dg->flags & DATAGRAM_TRUNCATED) && dg->flags & DATAGRAM_TO);
	promise(!options->min_ttl || msg->ttl >= options->min_ttl);
	if (!(msg->flags & MCAST_MSG_REPAIRED))
		promise(msg->data == dg->data && msg->len == dg->len);
	if (options->profile == PROFILE_TEXT)
		check_text(options, msg->data, msg->len);
	else
		promise(msg->flags & MCAST_MSG_BINARY && msg->data == dg->data);
}

/* The bytes of a message that passed, checked once more as a handler's: the same verdict, the same repair. */
static void check_again(struct sanitize *san, const struct mcast_msg *msg, const struct datagram *dg)
{
	size_t repaired;
	uint8_t *out;

	promise(sanitize_again(san, msg->data, msg->len, &repaired) == DROP_NONE);
	promise(repaired == 0);		/* repaired twice is repaired once */
	promise(sanitize_again(san, dg->data, dg->len, &repaired) == DROP_NONE);
	promise(!!repaired == !!(msg->flags & MCAST_MSG_REPAIRED));
	if (!repaired)
		return;
	promise(repaired == msg->len);
	out = malloc(repaired);
	if (!out)
		abort();
	sanitize_repair(san, dg->data, dg->len, out);
	promise(!memcmp(out, msg->data, repaired));
	free(out);
}

static void check_law(const struct sanitize_counts *counts, unsigned received, unsigned passed)
{
	uint64_t ended = counts->passed, again = counts->again_passed;

	for (int i = 0; i < DROP_REASONS; i++) {
		ended += counts->dropped[i];
		again += counts->again_dropped[i];
	}
	promise(counts->received == received && counts->passed == passed);
	promise(counts->received == ended);
	promise(counts->again_checked == again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct datagram dg[BATCH_MAX];
	struct batch batch = { .dg = dg, .joined = &joined, .joined_if = 1 };
	struct mcast_msg msg[BATCH_MAX] = { 0 }, *out[BATCH_MAX];
	struct sanitize_options options;
	struct sanitize *san;
	unsigned passed;

	read_options(&options, &in);
	if (sanitize_create(&san, &options))
		return 0;
	while (in.n && batch.n < BATCH_MAX) {
		out[batch.n] = &msg[batch.n];
		read_datagram(&dg[batch.n++], &in);
	}

	passed = sanitize_batch(san, &batch, 1, out);
	check_law(sanitize_counted(san), batch.n, passed);
	for (unsigned i = 0; i < passed; i++) {
		promise(msg[i].seq >= 1 && msg[i].seq <= batch.n);
		promise(!i || msg[i].seq > msg[i - 1].seq);
		check_message(&options, &msg[i], &dg[msg[i].seq - 1]);
		check_again(san, &msg[i], &dg[msg[i].seq - 1]);
	}
	check_law(sanitize_counted(san), batch.n, passed);

	for (unsigned i = 0; i < batch.n; i++)
		free(dg[i].data);
	sanitize_destroy(san);
	return 0;
}
