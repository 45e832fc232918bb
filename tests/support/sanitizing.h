/* sanitizing.h - tests: a sanitizer with its options and one batch of datagrams */
#ifndef TESTS_SUPPORT_SANITIZING_H
#define TESTS_SUPPORT_SANITIZING_H

#include "sanitize/sanitize.h"
#include "support/datagrams.h"

struct sanitizing {
	struct sanitize_options options;	/* the defaults, to be changed before the start */
	struct sanitize *san;
	struct datagrams all;
};

void sanitizing_init(struct sanitizing *test);
void sanitizing_finish(struct sanitizing *test);
void sanitizing_start(struct sanitizing *test);		/* makes san from options */
unsigned sanitizing_run(struct sanitizing *test);	/* the batch, at one moment; starts if need be */

void assert_law(const struct sanitizing *test);		/* every datagram is accounted for */
/* Run the batch: all but one of it pass, and that one is dropped for this reason alone; its only datagram passes
 * repaired, as want; or as it came, without a copy. And the law. */
void assert_dropped(struct sanitizing *test, enum drop want);
void assert_repaired(struct sanitizing *test, const char *want);
void assert_untouched(struct sanitizing *test);

#endif
