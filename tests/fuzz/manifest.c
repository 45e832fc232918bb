/* manifest.c - fuzzer: no bytes break the parser, and every fault has a place and a line that can be printed */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "manifest/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define EXPECT(truth)                                                                              \
	do {                                                                                       \
		if (!(truth))                                                                      \
			abort();                                                                   \
	} while (0)

#define TOLD 20 /* faults: each searches the text for its line */

#define CUT 200 /* bytes: a pointer as long as that may have been cut, and leads nowhere */

static void expect_told(const struct manifest *m, const struct fault *fault, const char *text,
			size_t n)
{
	char line[1024];
	uint32_t cp;

	/* What is missing is told of what lacks it, so each place is there. */
	EXPECT(!m->root || strlen(fault->pointer) >= CUT || manifest_line(text, n, fault->pointer));

	manifest_describe(m, fault, line, sizeof(line));
	EXPECT(!strncmp(line, "fuzz/manifest.json:", strlen("fuzz/manifest.json:")));
	EXPECT(text_is_utf8((const uint8_t *)line, strlen(line)));
	for (size_t i = 0, len; line[i]; i += len) {
		len = text_decode((const uint8_t *)line + i, strlen(line) - i, &cp);
		EXPECT(len && !text_is_unsafe(cp));
	}
}

/* A good one obeys what the parts that use it rely on. */
static void expect_whole(const struct manifest *m, const char *text, size_t n)
{
	bool any = false;

	EXPECT(m->sanitize.min_bytes <= m->sanitize.max_bytes && m->sanitize.max_bytes <= 65507);
	for (unsigned i = 0; i < m->listens; i++)
		EXPECT(address_is_multicast(&m->listen[i].group) && m->listen[i].group.port &&
		       m->listen[i].pointer);
	for (unsigned i = 0; i < m->entries; i++) {
		EXPECT(m->chain[i].pointer && (m->chain[i].drop_ins || m->chain[i].handler));
		EXPECT(manifest_line(text, n, m->chain[i].pointer));
		any |= m->chain[i].drop_ins || m->chain[i].enabled;
	}
	EXPECT(any);
}

/* The first line is a pointer, the rest is where to look for it. */
static void look_up(const char *text, size_t n)
{
	const char *end = memchr(text, '\n', n);
	char *pointer;
	size_t len;

	if (!end)
		return;
	len = (size_t)(end - text);
	pointer = strndup(text, len);
	EXPECT(pointer);
	EXPECT(manifest_line(end, n - len, pointer) <= n);
	free(pointer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = n ? (const char *)data : "";
	struct faults faults = { 0 };
	struct manifest m;
	int err;

	err = manifest_parse(&m, "fuzz/manifest.json", text, n, &faults);
	EXPECT((err == 0) == !faults_any(&faults));
	if (!err)
		expect_whole(&m, text, n);
	for (size_t i = 0; i < faults.n && i < TOLD; i++)
		expect_told(&m, &faults.list[i], text, n);
	manifest_finish(&m);
	faults_finish(&faults);
	look_up(text, n);
	return 0;
}
