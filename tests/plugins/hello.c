/* hello.c - tests: the handler hello greets and lets all pass */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>

#include "support/rig.h"

static struct rig *open_hello(void)
{
	const struct rig_handler handler = { "hello", NULL, ON_ERROR_PASS };

	cr_redirect_stderr();
	return rig_open(&handler, 1, NULL, 0);
}

/* All that was logged, as one string. */
static const char *logged(void)
{
	static char text[8192];
	size_t n;

	fflush(stderr);
	n = fread(text, 1, sizeof(text) - 1, cr_get_redirected_stderr());
	text[n] = 0;
	return text;
}

Test(hello, greets_each_message_with_its_length_and_text)
{
	const char *const texts[] = { "good morning", "{\"temperature\": 21.5}" };
	struct rig *rig = open_hello();
	const char *log;

	rig_feed_many(rig, texts, 2);
	cr_assert_eq(rig_counts(rig, 0)->passed, 2);
	rig_close(rig);
	log = logged();
	cr_assert_not_null(strstr(log, "hello, 12 bytes: good morning\n"), "%s", log);
	cr_assert_not_null(strstr(log, "hello, 21 bytes: {\"temperature\": 21.5}\n"), "%s", log);
}

Test(hello, cannot_be_made_to_drive_a_terminal)
{
	struct rig *rig = open_hello();
	const char *log;

	rig_feed_text(rig, "two\nlines \x1B[31m");
	rig_close(rig);
	log = logged();
	cr_assert_null(strchr(log, '\x1B'), "%s", log);
	cr_assert_not_null(strstr(log, "hello, 15 bytes: two\\nlines \\x1B[31m\n"), "%s", log);
}

Test(hello, an_empty_message_is_one_too)
{
	struct rig *rig = open_hello();

	rig_feed_text(rig, "");
	cr_assert_eq(rig_counts(rig, 0)->passed, 1);
	rig_close(rig);
	cr_assert_not_null(strstr(logged(), "hello, 0 bytes: \n"));
}
