/* sanitize/sanitize.c - stage 2 of 4: socket > [sanitize] > chain > handler: the order of the checks, and the counts */
#include "sanitize/sanitize.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "sanitize/policy.h"
#include "sanitize/rate.h"
#include "sanitize/source.h"

#define READABLE 64		/* bytes behind each text that handlers may read */
#define SLICE ((DATAGRAM_MAX + READABLE + 63) / 64 * 64)	/* the most that one repaired text takes */
#define SCRATCH ((size_t)BATCH_MAX * SLICE)

struct sanitize {
	struct sanitize_options options;	/* its lists are in sources */
	struct sources sources;
	struct rate *rate;		/* NULL: any */
	uint8_t *scratch;		/* repaired texts of one batch, end to end; a page not used costs nothing */
	uint64_t seq;			/* of the last datagram */
	struct sanitize_counts counts;
};

void sanitize_defaults(struct sanitize_options *options)
{
	*options = (struct sanitize_options){ .max_bytes = DATAGRAM_MAX };
}

const char *drop_name(enum drop drop)
{
	static const char *const names[DROP_REASONS] = {
		[DROP_NONE] = "none",
		[DROP_TRUNCATED] = "truncated",
		[DROP_GROUP] = "group",
		[DROP_INTERFACE] = "interface",
		[DROP_SOURCE] = "source",
		[DROP_TTL] = "ttl",
		[DROP_RATE] = "rate",
		[DROP_SHORT] = "short",
		[DROP_LONG] = "long",
		[DROP_ENCODING] = "encoding",
		[DROP_CONTROL] = "control",
		[DROP_BIDI] = "bidi",
		[DROP_GROWN] = "grown",
	};

	return names[drop];
}

static bool options_hold(const struct sanitize_options *options)
{
	return (unsigned)options->profile <= PROFILE_BINARY &&
	       (unsigned)options->on_control <= ON_CONTROL_KEEP &&
	       (unsigned)options->on_bidi <= ON_BIDI_DROP && options->max_bytes <= DATAGRAM_MAX &&
	       options->min_bytes <= options->max_bytes && options->min_ttl <= 255 &&
	       (options->rate || !options->burst);
}

static int make_rate(struct sanitize *san)
{
	const struct sanitize_options *options = &san->options;
	uint64_t keys[RATE_KEYS];

	if (!options->rate)
		return 0;
	if (getrandom(keys, sizeof(keys), 0) != sizeof(keys))
		return -EIO;
	return rate_create(&san->rate, options->rate,
			   options->burst ? options->burst : options->rate, keys);
}

static int make_scratch(struct sanitize *san)
{
	void *scratch = mmap(NULL, SCRATCH, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (scratch == MAP_FAILED)
		return -ENOMEM;
	san->scratch = scratch;
	return 0;
}

int sanitize_create(struct sanitize **out, const struct sanitize_options *options)
{
	struct sanitize *san;
	int err;

	if (!options_hold(options))
		return -EINVAL;

	san = calloc(1, sizeof(*san));
	if (!san)
		return -ENOMEM;
	san->options = *options;
	san->options.allow = san->options.deny = NULL;

	err = sources_init(&san->sources, options);
	if (!err)
		err = make_rate(san);
	if (!err)
		err = make_scratch(san);
	if (err) {
		sanitize_destroy(san);
		return err;
	}
	*out = san;
	return 0;
}

void sanitize_destroy(struct sanitize *san)
{
	if (!san)
		return;
	if (san->scratch)
		munmap(san->scratch, SCRATCH);
	rate_destroy(san->rate);
	sources_finish(&san->sources);
	free(san);
}

/* What can be said of a datagram without looking at its bytes. */
static enum drop check_envelope(struct sanitize *san, const struct batch *batch,
				const struct datagram *dg, uint64_t now_ns)
{
	const struct sanitize_options *options = &san->options;

	if (dg->flags & DATAGRAM_TRUNCATED)
		return DROP_TRUNCATED;
	if (!(dg->flags & DATAGRAM_TO) || !address_same(&dg->to, batch->joined))
		return DROP_GROUP;
	if (dg->ifindex != batch->joined_if)
		return DROP_INTERFACE;
	if (!sources_allow(&san->sources, &dg->from))
		return DROP_SOURCE;
	if (options->min_ttl && (!(dg->flags & DATAGRAM_TTL) || dg->ttl < options->min_ttl))
		return DROP_TTL;
	if (san->rate && !rate_take(san->rate, &dg->from, now_ns))
		return DROP_RATE;
	return DROP_NONE;
}

static enum drop check_bytes(const struct sanitize_options *options, const uint8_t *data,
			     size_t len, size_t *repaired)
{
	*repaired = 0;
	if (len < options->min_bytes)
		return DROP_SHORT;
	if (len > options->max_bytes)
		return DROP_LONG;
	if (options->profile == PROFILE_BINARY)
		return DROP_NONE;
	return policy_check(options, data, len, repaired);
}

static void describe(struct mcast_msg *msg, const struct datagram *dg, uint64_t seq, bool binary)
{
	msg->data = dg->data;
	msg->len = dg->len;
	msg->flags = (dg->flags & DATAGRAM_TTL ? MCAST_MSG_TTL : 0) |
		     (dg->flags & DATAGRAM_KERNEL_TIME ? MCAST_MSG_KERNEL_TIME : 0) |
		     (binary ? MCAST_MSG_BINARY : 0);
	msg->seq = seq;
	msg->rx_ns = dg->rx_ns;
	msg->src = &dg->from;
	msg->group = &dg->to;
	msg->ifindex = dg->ifindex;
	msg->ttl = dg->ttl;
	msg->reserved = 0;
	msg->part = 0;
}

/* Gives msg the size bytes of its repaired text, at scratch. Returns where the next one goes. */
static uint8_t *repair_into(const struct sanitize *san, struct mcast_msg *msg, size_t size,
			    uint8_t *scratch)
{
	policy_repair(&san->options, msg->data, msg->len, scratch);
	msg->data = scratch;
	msg->len = (uint32_t)size;
	msg->flags |= MCAST_MSG_REPAIRED;
	return scratch + (size + READABLE + 63) / 64 * 64;
}

unsigned sanitize_batch(struct sanitize *san, const struct batch *batch, uint64_t now_ns,
			struct mcast_msg *const out[])
{
	const bool binary = san->options.profile == PROFILE_BINARY;
	struct sanitize_counts *counts = &san->counts;
	uint8_t *scratch = san->scratch;
	unsigned passed = 0;

	for (unsigned i = 0; i < batch->n; i++) {
		const struct datagram *dg = &batch->dg[i];
		size_t repaired;
		enum drop drop;

		san->seq++;
		counts->received++;
		counts->bytes += dg->len;
		counts->cut_control += !!(dg->flags & DATAGRAM_CUT_CONTROL);

		drop = check_envelope(san, batch, dg, now_ns);
		if (!drop)
			drop = check_bytes(&san->options, dg->data, dg->len, &repaired);
		if (drop) {
			counts->dropped[drop]++;
			continue;
		}

		describe(out[passed], dg, san->seq, binary);
		if (repaired) {
			scratch = repair_into(san, out[passed], repaired, scratch);
			counts->repaired++;
		}
		counts->passed++;
		passed++;
	}
	return passed;
}

enum drop sanitize_again(struct sanitize *san, const uint8_t *data, size_t len, size_t *repaired)
{
	struct sanitize_counts *counts = &san->counts;
	enum drop drop;

	counts->again_checked++;
	drop = check_bytes(&san->options, data, len, repaired);
	if (drop) {
		counts->again_dropped[drop]++;
		return drop;
	}
	counts->again_passed++;
	counts->again_repaired += !!*repaired;
	return DROP_NONE;
}

void sanitize_repair(struct sanitize *san, const uint8_t *data, size_t len, uint8_t *out)
{
	policy_repair(&san->options, data, len, out);
}

const struct sanitize_counts *sanitize_counted(const struct sanitize *san)
{
	return &san->counts;
}
