/* handler_config_secret.c - tests: secrets from files and the environment, and that no message has them */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "handler/config.h"
#include "support/scratch.h"

struct fields {
	const char *token;
};

static const struct mcast_option options[] = {
	MCAST_SECRET(struct fields, token, "who we are"),
	MCAST_END,
};
static const struct mcast_handler handler = {
	.name = "forward",
	.config_size = sizeof(struct fields),
	.options = options,
};

static struct faults faults;
static struct config *config;

static void teardown(void)
{
	config_destroy(config);
	faults_finish(&faults);
}

TestSuite(secret, .fini = teardown);

static int create(const char *text)
{
	json_error_t error;
	json_t *given = json_loads(text, JSON_ALLOW_NUL, &error);
	int err;

	cr_assert_not_null(given, "%s: %s", text, error.text);
	config_destroy(config);
	config = NULL;
	faults_finish(&faults);
	err = config_create(&config, &handler, given, "/chain/2/options", &faults);
	json_decref(given);
	return err;
}

static const char *token_of(const char *text)
{
	cr_assert_eq(create(text), 0, "%s: %s", text, faults.n ? faults.list[0].text : "");
	return ((const struct fields *)config_data(config))->token;
}

/* The secret's words, and that nothing of it is in them. */
static void assert_secret_fault(const char *text, int status, const char *words)
{
	cr_expect_eq(create(text), -EINVAL, "%s", text);
	cr_assert_eq(faults.n, 1);
	cr_expect_not_null(strstr(faults.list[0].text, words), "said \"%s\", expected \"%s\"", faults.list[0].text,
			   words);
	cr_expect_null(strstr(faults.list[0].text, "s3cret"), "it is printed: %s", faults.list[0].text);
	cr_expect_str_eq(faults.list[0].pointer, "/chain/2/options/token");
	cr_expect_eq(faults.list[0].status, status, "%s", faults.list[0].text);
}

Test(secret, never_prints_a_secret)
{
	const char *expected = "expected a string, { \"file\": PATH } or { \"env\": NAME }";

	assert_secret_fault("{\"token\":[\"s3cret\"]}", FAULT_CONFIG, expected);
	assert_secret_fault("{\"token\":\"s3cret\\u0000\"}", FAULT_CONFIG, "found a string, expected");
	assert_secret_fault("{\"token\":31337}", FAULT_CONFIG, "found a number, expected");
	assert_secret_fault("{\"token\":{\"password\":\"s3cret\"}}", FAULT_CONFIG, expected);
	assert_secret_fault("{\"token\":{\"file\":5}}", FAULT_CONFIG, expected);
	assert_secret_fault("{\"token\":{\"file\":\"a\",\"env\":\"b\"}}", FAULT_CONFIG, expected);
	assert_secret_fault("{\"token\":{}}", FAULT_CONFIG, expected);
}

Test(secret, takes_a_secret_from_the_environment)
{
	setenv("FORWARD_TOKEN", "s3cret", 1);
	cr_assert_str_eq(token_of("{\"token\":{\"env\":\"FORWARD_TOKEN\"}}"), "s3cret");
	unsetenv("FORWARD_TOKEN");
	assert_secret_fault("{\"token\":{\"env\":\"FORWARD_TOKEN\"}}", FAULT_CONFIG,
			    "the environment variable FORWARD_TOKEN is not set");
	setenv("FORWARD_TOKEN", "", 1);
	assert_secret_fault("{\"token\":{\"env\":\"FORWARD_TOKEN\"}}", FAULT_CONFIG, "FORWARD_TOKEN is empty");
}

Test(secret, takes_a_secret_from_the_first_line_of_a_file)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *secret;	/* NULL: refused */
	} table[] = {
		{ "s3cret", 6, "s3cret" },
		{ "s3cret\n", 7, "s3cret" },
		{ "s3cret\r\nmore\n", 13, "s3cret" },
		{ " s3 cret \n", 10, " s3 cret " },
		{ "", 0, NULL },
		{ "\ns3cret\n", 8, NULL },
		{ "s3cret\0s3cret\n", 14, NULL },
	};
	const char *directory = scratch_make();
	const char *path = scratch_path(directory, "token");
	char text[600];

	snprintf(text, sizeof(text), "{\"token\":{\"file\":\"%s\"}}", path);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		scratch_write(directory, "token", table[i].bytes, table[i].n);
		chmod(path, 0640);
		if (table[i].secret)
			cr_expect_str_eq(token_of(text), table[i].secret);
		else
			assert_secret_fault(text, FAULT_CONFIG, "/token: its first line is empty, has a NUL");
	}
	scratch_remove(directory);
}

Test(secret, takes_a_secret_file_that_only_we_and_our_group_can_read)
{
	static const mode_t open_modes[] = { 0644, 0604, 0602, 0660, 0666 };
	static const mode_t closed_modes[] = { 0600, 0400, 0440, 0640 };
	const char *directory = scratch_make();
	const char *path = scratch_path(directory, "token");
	char text[600], mend[600];

	snprintf(text, sizeof(text), "{\"token\":{\"file\":\"%s\"}}", path);
	snprintf(mend, sizeof(mend), ": chmod go-w,o-r %s", path);
	scratch_write(directory, "token", "s3cret\n", 7);
	for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
		chmod(path, open_modes[i]);
		assert_secret_fault(text, FAULT_PERMISSION, mend);
	}
	for (size_t i = 0; i < sizeof(closed_modes) / sizeof(closed_modes[0]); i++) {
		chmod(path, closed_modes[i]);
		cr_expect_str_eq(token_of(text), "s3cret");
	}
	scratch_remove(directory);
}

Test(secret, refuses_a_secret_that_is_no_file)
{
	const char *directory = scratch_make();
	char text[600];

	snprintf(text, sizeof(text), "{\"token\":{\"file\":\"%s/gone\"}}", directory);
	assert_secret_fault(text, FAULT_CONFIG, "/gone: the secret can't be read: No such file or directory");
	mkfifo(scratch_path(directory, "fifo"), 0600);
	snprintf(text, sizeof(text), "{\"token\":{\"file\":\"%s/fifo\"}}", directory);
	assert_secret_fault(text, FAULT_CONFIG, "/fifo: is no file");
	snprintf(text, sizeof(text), "{\"token\":{\"file\":\"%s\"}}", directory);
	assert_secret_fault(text, FAULT_CONFIG, ": is no file");
	scratch_remove(directory);
}
