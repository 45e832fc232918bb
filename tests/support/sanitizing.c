/* sanitizing.c - tests: a sanitizer with its options and one batch of datagrams */
#include "support/sanitizing.h"

#include <string.h>
#include <criterion/criterion.h>

void sanitizing_init(struct sanitizing *test)
{
	memset(test, 0, sizeof(*test));
	sanitize_defaults(&test->options);
	datagrams_init(&test->all, 0xFF);
}

void sanitizing_finish(struct sanitizing *test)
{
	sanitize_destroy(test->san);
	test->san = NULL;
	datagrams_finish(&test->all);
}

void sanitizing_start(struct sanitizing *test)
{
	cr_assert_eq(sanitize_create(&test->san, &test->options), 0);
}

unsigned sanitizing_run(struct sanitizing *test)
{
	if (!test->san)
		sanitizing_start(test);
	return sanitize_batch(test->san, &test->all.batch, 1000000000, test->all.out);
}

void assert_law(const struct sanitizing *test)
{
	const struct sanitize_counts *counts = sanitize_counted(test->san);
	uint64_t ended = counts->passed, again = counts->again_passed;

	for (int i = 0; i < DROP_REASONS; i++) {
		ended += counts->dropped[i];
		again += counts->again_dropped[i];
	}
	cr_assert_eq(counts->received, ended);
	cr_assert_eq(counts->again_checked, again);
	cr_assert_eq(counts->dropped[DROP_NONE] + counts->again_dropped[DROP_NONE], 0);
}

void assert_dropped(struct sanitizing *test, enum drop want)
{
	unsigned passed = sanitizing_run(test);
	const struct sanitize_counts *counts = sanitize_counted(test->san);

	for (enum drop drop = DROP_NONE; drop < DROP_REASONS; drop++)
		cr_assert_eq(counts->dropped[drop], drop == want, "%s: %u, wanted %s",
			     drop_name(drop), (unsigned)counts->dropped[drop], drop_name(want));
	cr_assert_eq(passed, test->all.batch.n - 1);
	assert_law(test);
}

void assert_repaired(struct sanitizing *test, const char *want)
{
	const struct mcast_msg *msg = &test->all.msg[0];

	cr_assert_eq(sanitizing_run(test), 1);
	cr_assert_eq(msg->len, strlen(want));
	cr_assert_arr_eq(msg->data, want, strlen(want));
	cr_assert(msg->flags & MCAST_MSG_REPAIRED);
	cr_assert_eq(sanitize_counted(test->san)->repaired, 1);
	assert_law(test);
}

void assert_untouched(struct sanitizing *test)
{
	const struct mcast_msg *msg = &test->all.msg[0];

	cr_assert_eq(sanitizing_run(test), 1);
	cr_assert_eq(msg->data, test->all.dg[0].data);
	cr_assert_eq(msg->len, test->all.dg[0].len);
	cr_assert_not(msg->flags & MCAST_MSG_REPAIRED);
	cr_assert_eq(sanitize_counted(test->san)->repaired, 0);
	assert_law(test);
}
