/* manifest_memory.c - tests: every allocation made to fail in turn */
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "manifest/manifest.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
	__has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifndef SANITIZED

static volatile long until_failure =
	-1; /* allocations; below 0: none fails; compilers think they know malloc() */

static bool fails(void)
{
	return until_failure >= 0 && !until_failure--;
}

/* These stand before libc's, for jansson and strdup() too. */
#define OURS __attribute__((visibility("default")))

OURS void *malloc(size_t n)
{
	static void *(*real)(size_t);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "malloc");
	return fails() ? NULL : real(n);
}

OURS void *calloc(size_t n, size_t size)
{
	static void *(*real)(size_t, size_t);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "calloc");
	return fails() ? NULL : real(n, size);
}

OURS void *realloc(void *old, size_t n)
{
	static void *(*real)(void *, size_t);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "realloc");
	return fails() ? NULL : real(old, n);
}

static const char good[] =
	"{\"version\": 1, \"listen\": [{\"group\": \"239.255.0.1\", \"source\": [\"10.0.0.5\", "
	"\"10.0.0.6\"]}],"
	"\"sanitize\": {\"allow\": [\"10.0.0.0/8\"], \"deny\": [\"10.6.6.6\"]},"
	"\"chain\": [\"logger\", {\"handler\": \"json\", \"groups\": [\"239.255.0.1\"], \"path\": "
	"\"x.so\","
	"\"sha256\": \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}]}";
static const char bad[] =
	"{\"version\": 2, \"chan\": [], \"listen\": [{\"group\": 5.5}], \"drop_ins\": \"no\"}";

/* Whether allocation number n, counted from 0, was there to fail. jansson takes some of them for mistakes in the
 * text, so all that counts is: no crash, no leak, and refused with words or read whole. */
static bool fails_at(long n, const char *text, bool is_good)
{
	struct faults faults = { 0 };
	struct manifest m;
	bool reached;
	int err;

	until_failure = n;
	err = manifest_parse(&m, "manifest.json", text, strlen(text), &faults);
	reached = until_failure < 0;
	until_failure = -1;

	cr_assert(err || is_good, "allocation %ld: a bad manifest is taken", n);
	cr_assert(err || m.entries == 3, "allocation %ld: taken with %u entries", n, m.entries);
	cr_assert_eq(!!err, faults_any(&faults), "allocation %ld: %s with %zu faults", n,
		     strerror(-err), faults.n);
	for (size_t i = 0; i < faults.n; i++)
		cr_assert(*faults.list[i].text, "allocation %ld: empty words", n);
	manifest_finish(&m);
	faults_finish(&faults);
	return reached;
}

static long allocations(const char *text, bool is_good)
{
	long n = 0;

	while (fails_at(n, text, is_good))
		n++;
	return n;
}

/* Valgrind puts its own malloc() before ours. */
static void need_ours(void)
{
	void *volatile p;

	until_failure = 0;
	p = malloc(1);
	until_failure = -1;
	if (p) {
		free(p);
		cr_skip_test("another malloc() stands where ours would");
	}
}

TestSuite(manifest_memory, .init = need_ours);

Test(manifest_memory, a_good_manifest_is_read_whole_or_refused)
{
	cr_assert_geq(allocations(good, true), 30);
}

Test(manifest_memory, a_bad_manifest_stays_bad)
{
	cr_assert_geq(allocations(bad, false), 15);
}

Test(manifest_memory, the_default_needs_one_allocation)
{
	struct manifest m;

	until_failure = 0;
	cr_assert_eq(manifest_default(&m), -ENOMEM);
	manifest_finish(&m);
	until_failure = -1;
	cr_assert_eq(manifest_default(&m), 0);
	manifest_finish(&m);
}

#else

Test(manifest_memory, is_tested_without_a_sanitizer)
{
	cr_skip_test("the sanitizer's own malloc() stands where ours would");
}

#endif
