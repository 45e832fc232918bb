/* sanitize/policy.h - stage 2 of 4: socket > [sanitize] > chain > handler: what text may contain */
#ifndef CORE_SANITIZE_POLICY_H
#define CORE_SANITIZE_POLICY_H

#include <stddef.h>
#include <stdint.h>
#include "sanitize/options.h"
#include "sanitize/sanitize.h"

/* Checks a text of len bytes, of which 63 more may be read; they change nothing. DROP_NONE, or the first
 * that holds of DROP_ENCODING, DROP_CONTROL, DROP_BIDI, DROP_GROWN. With DROP_NONE, *repaired is 0
 * where the text may stay as it is, else the bytes that policy_repair() writes. */
enum drop policy_check(const struct sanitize_options *options, const uint8_t *data, size_t len,
		       size_t *repaired);

/* Writes the text, which passed policy_check() with these options, with what they replace replaced. */
void policy_repair(const struct sanitize_options *options, const uint8_t *data, size_t len,
		   uint8_t *out);

#endif
