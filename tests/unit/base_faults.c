/* base_faults.c - tests: words about failures: gathered faults, JSON pointers, why */
#include <criterion/criterion.h>
#include <string.h>

#include "base/faults.h"
#include "base/why.h"

Test(faults, keeps_what_was_added_in_order)
{
	struct faults faults = { 0 };

	cr_assert_not(faults_any(&faults));
	faults_add(&faults, FAULT_CONFIG, "/chain/0", "no handler %s", "x");
	faults_add(&faults, FAULT_PERMISSION, "", "mode %o", 0666);
	cr_assert(faults_any(&faults));
	cr_assert_eq(faults.n, 2);
	cr_assert_str_eq(faults.list[0].pointer, "/chain/0");
	cr_assert_str_eq(faults.list[0].text, "no handler x");
	cr_assert_eq(faults.list[0].status, 78);
	cr_assert_str_eq(faults.list[1].pointer, "");
	cr_assert_str_eq(faults.list[1].text, "mode 666");
	faults_finish(&faults);
	cr_assert_not(faults_any(&faults));
}

Test(faults, escapes_what_comes_from_a_file)
{
	struct faults faults = { 0 };
	char word[3000];

	memset(word, 0x1B, sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	faults_add(&faults, FAULT_CONFIG, "", "unknown key \"%s\"", word);
	cr_assert_eq(strlen(faults.list[0].text), strlen("unknown key \"\"") + 4 * (sizeof(word) - 1), "whole");
	cr_assert_null(strchr(faults.list[0].text, 0x1B));
	faults_finish(&faults);
}

Test(faults, is_77_only_if_each_is_about_permission)
{
	struct faults faults = { 0 };

	faults_add(&faults, FAULT_PERMISSION, "", "a");
	faults_add(&faults, FAULT_PERMISSION, "", "b");
	cr_assert_eq(faults_status(&faults), 77);
	faults_add(&faults, FAULT_CONFIG, "", "c");
	cr_assert_eq(faults_status(&faults), 78);
	faults_finish(&faults);
}

Test(faults, joins_pointers_as_rfc_6901_says)
{
	char out[16];

	cr_assert_str_eq(pointer_join(out, sizeof(out), "", "a"), "/a");
	cr_assert_str_eq(pointer_join(out, sizeof(out), "/a", "b/c~d"), "/a/b~1c~0d");
	cr_assert_str_eq(pointer_join(out, sizeof(out), "/a", ""), "/a/");
	cr_assert_str_eq(pointer_index(out, sizeof(out), "/chain", 12), "/chain/12");
}

Test(faults, cuts_a_pointer_to_fit)
{
	char out[6];

	cr_assert_str_eq(pointer_join(out, sizeof(out), "/a", "bcdef"), "/a/bc");
	cr_assert_str_eq(pointer_join(out, sizeof(out), "/a", "b/"), "/a/b", "no half escape");
	cr_assert_str_eq(pointer_join(out, sizeof(out), "/abcdefgh", "b"), "/abcd");
	cr_assert_str_eq(pointer_index(out, sizeof(out), "/abcd", 5), "/abcd");
}

Test(why, says_it_in_one_clean_line)
{
	struct why why = { "" };

	why_set(NULL, "nobody listens");
	why_set(&why, "%s: %d", "a\nb", 7);
	cr_assert_str_eq(why.text, "a\\nb: 7");
	why_set(&why, "before: %s", why.text);
	cr_assert_str_eq(why.text, "before: a\\nb: 7", "may quote itself");
}

Test(why, is_cut_to_fit)
{
	struct why why;
	char word[2000];

	memset(word, 'w', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	why_set(&why, "%s", word);
	cr_assert_eq(strlen(why.text), sizeof(why.text) - 1);
}
