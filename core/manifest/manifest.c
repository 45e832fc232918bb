/* manifest.c - manifest: from the file to a JSON document, and the life of what is read from it */
#include "manifest/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/trust.h"
#include "manifest/parts.h"

#define FILE_MAX (1 << 20) /* bytes of a manifest */

int manifest_default(struct manifest *m)
{
	struct reader r = { .m = m };

	memset(m, 0, sizeof(*m));
	m->kept = MANIFEST_KEPT;
	sanitize_defaults(&m->sanitize);
	m->chain = reader_alloc(&r, 1, sizeof(*m->chain));
	if (!m->chain)
		return -ENOMEM;
	m->chain[m->entries++] = (struct handler_options){ .drop_ins = true, .pointer = "" };
	return 0;
}

void manifest_finish(struct manifest *m)
{
	struct manifest_block *next;

	for (struct manifest_block *block = m->memory; block; block = next) {
		next = block->next;
		free(block);
	}
	json_decref(m->root);
	free(m->text);
	free(m->path);
	memset(m, 0, sizeof(*m));
}

static int no_memory(struct faults *faults)
{
	faults_add(faults, FAULT_CONFIG, "", "no memory to read it");
	return -ENOMEM;
}

/* Remembers where byte number at of the text stands. */
static void point_at(struct manifest_text *text, size_t at)
{
	text->line = text->column = 1;
	for (size_t i = 0; i < at; i++) {
		if (text->bytes[i] == '\n') {
			text->line++;
			text->column = 1;
		} else if ((text->bytes[i] & 0xC0) != 0x80) {
			text->column++;
		}
	}
}

/* The first byte that starts no character; n: all of them do. NUL counts as none. */
static size_t first_bad(const struct manifest_text *text)
{
	const uint8_t *bytes = (const uint8_t *)text->bytes;
	unsigned len;
	uint32_t cp;
	size_t i;

	for (i = 0; i < text->n && bytes[i]; i += len) {
		len = text_decode(bytes + i, text->n - i, &cp);
		if (!len)
			break;
	}
	return i;
}

/* What jansson would refuse in words that help nobody. */
static int check_bytes(struct manifest_text *text, struct faults *faults)
{
	const char *bytes = text->bytes;
	size_t bad;

	if (text->n >= 3 && !memcmp(bytes, "\xEF\xBB\xBF", 3)) {
		faults_add(faults, FAULT_CONFIG, "",
			   "starts with a byte order mark: save it as UTF-8 without one");
		return -EINVAL;
	}
	if (text->n >= 2 && (!memcmp(bytes, "\xFF\xFE", 2) || !memcmp(bytes, "\xFE\xFF", 2))) {
		faults_add(faults, FAULT_CONFIG, "", "is UTF-16: save it as UTF-8");
		return -EINVAL;
	}
	bad = first_bad(text);
	if (bad == text->n)
		return 0;
	point_at(text, bad);
	if (bytes[bad])
		faults_add(faults, FAULT_CONFIG, "", "found byte 0x%02X, expected UTF-8",
			   (uint8_t)bytes[bad]);
	else
		faults_add(faults, FAULT_CONFIG, "", "found a NUL byte, expected text");
	return -EINVAL;
}

/* What people write who take a manifest for JavaScript or YAML; at: how many bytes were read when it was found. */
static const char *likely_cause(const char *bytes, size_t at)
{
	char found = '\0', before = '\0';

	if (at)
		found = bytes[--at];
	while (at && strchr(" \t\r\n", bytes[at - 1]))
		at--;
	if (at)
		before = bytes[at - 1];

	if (found == '/' || found == '#')
		return "; JSON has no comments";
	if (found == '\'')
		return "; JSON takes double quotes only";
	if ((found == ']' || found == '}') && before == ',')
		return "; JSON takes no comma behind the last one";
	return "";
}

static int parse_json(struct manifest *m, struct faults *faults)
{
	struct manifest_text *text = m->text;
	json_error_t error;

	if (strspn(text->bytes, " \t\r\n") == text->n) {
		faults_add(faults, FAULT_CONFIG, "",
			   "is empty: the shortest manifest is { \"version\": 1 }");
		return -EINVAL;
	}
	m->root =
		json_loadb(text->bytes, text->n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (m->root)
		return 0;
	/* Where memory fails it, jansson often says nothing at all. */
	if (!error.text[0] || json_error_code(&error) == json_error_out_of_memory)
		return no_memory(faults);

	text->line = error.line > 0 ? (unsigned)error.line : 0;
	text->column = error.column > 0 ? (unsigned)error.column : 0;
	if (json_error_code(&error) == json_error_null_character)
		faults_add(faults, FAULT_CONFIG, "",
			   "found \\u0000, which no text of a manifest may hold");
	else
		faults_add(faults, FAULT_CONFIG, "", "%s%s", error.text,
			   likely_cause(text->bytes, (size_t)error.position));
	return -EINVAL;
}

/* m->path and m->text are there. */
static int parse(struct manifest *m, struct faults *faults)
{
	struct reader r = { .m = m, .faults = faults };
	struct place document = { 0 };
	size_t before = faults->n;
	int err;

	err = check_bytes(m->text, faults);
	if (!err)
		err = parse_json(m, faults);
	if (err)
		return err;

	document.value = m->root;
	top_read(&r, &document);
	if (r.no_memory || faults->forgot)
		return no_memory(faults);
	return faults->n > before ? -EINVAL : 0;
}

/* Makes m empty but for its path and room for n bytes of text and a NUL. */
static int begin(struct manifest *m, const char *path, size_t n, struct faults *faults)
{
	memset(m, 0, sizeof(*m));
	m->path = path ? strdup(path) : NULL;
	m->text = calloc(1, sizeof(*m->text) + n + 1);
	if (m->text && (m->path || !path))
		return 0;
	return no_memory(faults);
}

int manifest_parse(struct manifest *m, const char *path, const char *text, size_t n,
		   struct faults *faults)
{
	int err = begin(m, path, n, faults);

	if (err)
		return err;
	memcpy(m->text->bytes, text, n);
	m->text->n = n;
	return parse(m, faults);
}

/* Reads fd into m->text, which has room for FILE_MAX + 1. */
static int read_all(struct manifest *m, int fd, struct faults *faults)
{
	struct manifest_text *text = m->text;
	struct stat st;
	ssize_t got;

	if (!fstat(fd, &st) && !S_ISREG(st.st_mode)) {
		faults_add(faults, FAULT_CONFIG, "", "found %s, expected a regular file",
			   S_ISDIR(st.st_mode) ? "a directory" : "a device, pipe or socket");
		return -EINVAL;
	}
	do {
		got = read(fd, text->bytes + text->n, FILE_MAX + 1 - text->n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			got = -errno;
			faults_add(faults, FAULT_CONFIG, "", "cannot be read: %s",
				   strerror((int)-got));
			return (int)got;
		}
		text->n += (size_t)got;
	} while (got && text->n <= FILE_MAX);

	if (text->n <= FILE_MAX)
		return 0;
	faults_add(faults, FAULT_CONFIG, "",
		   "is longer than 1 MiB (%d bytes), which no manifest is", FILE_MAX);
	return -EINVAL;
}

/* Who can write it says where the feed goes and which files are written, with our rights. */
static int check_trust(int fd, const char *path, struct faults *faults)
{
	struct why why;
	int err = trust_check(fd, path, &why);

	if (err)
		faults_add(faults, err == -EPERM ? FAULT_PERMISSION : FAULT_CONFIG, NULL, "%s", why.text);
	return err;
}

int manifest_read(struct manifest *m, const char *path, struct faults *faults)
{
	struct stat st;
	int err, fd;

	err = begin(m, path, FILE_MAX + 1, faults);
	if (err)
		return err;
	fd = open(path,
		  O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a FIFO must not stall us */
	if (fd < 0) {
		err = -errno;
		if (err == -ENOENT && lstat(path, &st) == 0) {
			faults_add(faults, FAULT_CONFIG, "", "is a symlink that leads nowhere");
			return -EINVAL;
		}
		if (err == -EACCES)
			faults_add(faults, FAULT_PERMISSION, "",
				   "cannot be opened: %s; let the user that we "
				   "run as read it (chmod, chown)",
				   strerror(-err));
		else if (err != -ENOENT)
			faults_add(faults, FAULT_CONFIG, "", "cannot be opened: %s",
				   strerror(-err));
		return err;
	}
	err = check_trust(fd, path, faults);
	if (!err)
		err = read_all(m, fd, faults);
	close(fd);
	return err ? err : parse(m, faults);
}
