/* sanitize/options.h - what the sanitizer is told; manifest/ fills it from "sanitize" */
#ifndef CORE_SANITIZE_OPTIONS_H
#define CORE_SANITIZE_OPTIONS_H

#include <stdint.h>
#include "base/address.h"

enum sanitize_profile { PROFILE_TEXT, PROFILE_BINARY };
enum on_control { ON_CONTROL_PICTURE, ON_CONTROL_DROP, ON_CONTROL_KEEP };
enum on_bidi { ON_BIDI_KEEP, ON_BIDI_REPLACE, ON_BIDI_DROP };

struct sanitize_options {
	enum sanitize_profile profile;
	enum on_control on_control;	/* C0 but TAB, LF, CR; DEL; C1 */
	enum on_bidi on_bidi;		/* bidi controls, and U+2028, U+2029 */
	uint32_t min_bytes;		/* bytes of payload */
	uint32_t max_bytes;		/* at most DATAGRAM_MAX */
	uint32_t min_ttl;		/* 0: any; 255: senders on this link only (RFC 5082) */
	uint32_t rate;			/* datagrams a second from one source address; 0: any */
	uint32_t burst;			/* datagrams at once from one source; 0: as many as rate; only with a rate */
	const struct cidr *allow;	/* allows of them, borrowed; none: everybody */
	const struct cidr *deny;	/* denies of them, borrowed; wins over allow */
	unsigned allows;
	unsigned denies;
};

/* Profile text, pictures for controls, bidi kept, 0 to DATAGRAM_MAX bytes, anybody, any rate. */
void sanitize_defaults(struct sanitize_options *options);

#endif
