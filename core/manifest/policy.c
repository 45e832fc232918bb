/* policy.c - manifest: "sanitize": what a datagram must be like to become a message */
#include "base/datagram.h"
#include "manifest/parts.h"

#define RATE_MAX 1000000000 /* datagrams a second: beyond any wire */
#define A_CIDR "a network like \"10.0.0.0/8\" or \"fe80::/10\", or an address"

const char *const manifest_sanitize_keys[] = { "profile", "min_bytes", "max_bytes", "on_control",
					       "on_bidi", "min_ttl",   "allow",     "deny",
					       "rate",    "burst",     NULL };

static const char *const profiles[] = {
	[PROFILE_TEXT] = "text", [PROFILE_BINARY] = "binary", NULL
};
static const char *const on_controls[] = { [ON_CONTROL_PICTURE] = "picture",
					   [ON_CONTROL_DROP] = "drop",
					   [ON_CONTROL_KEEP] = "keep",
					   NULL };
static const char *const on_bidis[] = {
	[ON_BIDI_KEEP] = "keep", [ON_BIDI_REPLACE] = "replace", [ON_BIDI_DROP] = "drop", NULL
};

static unsigned read_cidrs(struct reader *r, const struct place *at, const char *key,
			   const struct cidr **out)
{
	struct place list, item;
	struct cidr *cidrs;
	const char *text;
	size_t n;

	if (!place_member(at, key, &list))
		return 0;
	n = value_list(r, &list,
		       "a list of networks like [ \"10.0.0.0/8\" ]; leave it out for none");
	cidrs = n ? reader_alloc(r, n, sizeof(*cidrs)) : NULL;
	if (!cidrs)
		return 0;

	for (size_t i = 0; i < n; i++) {
		place_item(&list, i, &item);
		text = value_text(r, &item, A_CIDR);
		if (text && cidr_parse(text, &cidrs[i]))
			value_wrong(r, &item, A_CIDR);
	}
	*out = cidrs;
	return (unsigned)n;
}

static void read_lengths(struct reader *r, const struct place *at, struct sanitize_options *out)
{
	struct place min;

	out->min_bytes = (uint32_t)value_size(r, at, "min_bytes", 0, DATAGRAM_MAX, out->min_bytes);
	out->max_bytes = (uint32_t)value_size(r, at, "max_bytes", 0, DATAGRAM_MAX, out->max_bytes);
	if (out->min_bytes <= out->max_bytes)
		return;
	/* Both are given, for with either default there is no contradiction. */
	place_member(at, "min_bytes", &min);
	value_wrong(r, &min, "at most max_bytes, which is %u", out->max_bytes);
}

static void read_rate(struct reader *r, const struct place *at, struct sanitize_options *out)
{
	struct place rate, burst;
	/* One that is no number has a fault of its own. */
	bool unlimited = !place_member(at, "rate", &rate) ||
			 (json_is_integer(rate.value) && !json_integer_value(rate.value));

	out->rate =
		(uint32_t)value_int(r, at, "rate", "datagrams a second", 0, RATE_MAX, out->rate);
	out->burst =
		(uint32_t)value_int(r, at, "burst", "datagrams at once", 0, RATE_MAX, out->burst);
	if (!unlimited || !out->burst)
		return;
	place_member(at, "burst", &burst);
	value_wrong(r, &burst,
		    "a \"rate\" above 0 beside it: a burst is what a rate allows at once");
}

void policy_read(struct reader *r, const struct place *at)
{
	struct sanitize_options *out = &r->m->sanitize;

	if (!value_object(r, at, manifest_sanitize_keys,
			  "an object like { \"profile\": \"text\" }"))
		return;
	out->profile = value_enum(r, at, "profile", profiles, out->profile);
	out->on_control = value_enum(r, at, "on_control", on_controls, out->on_control);
	out->on_bidi = value_enum(r, at, "on_bidi", on_bidis, out->on_bidi);
	read_lengths(r, at, out);
	out->min_ttl = (uint32_t)value_int(r, at, "min_ttl", "a TTL", 0, 255, out->min_ttl);
	read_rate(r, at, out);
	out->allows = read_cidrs(r, at, "allow", &out->allow);
	out->denies = read_cidrs(r, at, "deny", &out->deny);
}
