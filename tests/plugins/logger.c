/* logger.c - tests: what the logger writes: text, JSON, hex, raw; colours; what it refuses */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"
#include "encode/escape.h"
#include "support/rig.h"
#include "support/scene.h"
#include "support/scratch.h"

#define HEAD(second) "2026-01-31T12:00:00." second "Z lo 192.0.2.1:4242 239.255.0.1:59259 "

static const char *directory;
static char file[300];
static char text[1 << 20];	/* what was written */
static size_t text_len;

static void make_directory(void)
{
	directory = scratch_make();
	snprintf(file, sizeof(file), "%s/log", directory);
}

static void remove_directory(void)
{
	scratch_remove(directory);
}

TestSuite(logger, .init = make_directory, .fini = remove_directory);

static struct rig *logger_to_file(const char *options)
{
	struct rig_handler handler = { "logger", NULL, ON_ERROR_PASS };
	char words[600];

	snprintf(words, sizeof(words), "{ \"path\": \"%s\"%s%s }", file, *options ? ", " : "", options);
	handler.options = words;
	return rig_open(&handler, 1, NULL, 0);
}

static const char *written(void)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	cr_assert_geq(fd, 0, "%s", file);
	n = read(fd, text, sizeof(text) - 1);
	cr_assert_geq(n, 0);
	close(fd);
	text_len = (size_t)n;
	text[n] = '\0';
	return text;
}

Test(logger, writes_text_lines)
{
	struct rig *rig = logger_to_file("");
	const char *const three[] = { "hello", "a\tb\nc", "" };

	rig_feed_many(rig, three, 3);
	cr_assert_str_eq(written(), HEAD("123456") "5 hello\n" HEAD("123457") "5 a\\tb\\nc\n" HEAD("123458") "0 \n",
			 "there when the batch is over");
	cr_assert_eq(rig_counts(rig, 0)->passed, 3);
	cr_assert_eq(rig_counter(rig, 0, "lines"), 3);
	cr_assert_eq(rig_counter(rig, 0, "bytes"), text_len);
	cr_assert_eq(rig_counter(rig, 0, "failed"), 0);
	rig_close(rig);
}

Test(logger, appends_to_what_is_there)
{
	struct rig *rig;

	scratch_write(directory, "log", "before\n", 7);
	rig = logger_to_file("");
	rig_feed_text(rig, "x");
	rig_close(rig);
	cr_assert_str_eq(written(), "before\n" HEAD("123456") "1 x\n");
}

Test(logger, writes_an_object_a_line)
{
	struct rig *rig = logger_to_file("\"format\": \"json\"");

	rig_feed_text(rig, "say \"hi\"");
	rig_feed(rig, "\xFF\0", 2);
	cr_assert_str_eq(written(),
			 "{\"time\":\"2026-01-31T12:00:00.123456Z\",\"seq\":1,\"source\":\"192.0.2.1\",\"source_port\":4242,"
			 "\"group\":\"239.255.0.1\",\"port\":59259,\"interface\":\"lo\",\"ttl\":1,\"length\":8,"
			 "\"text\":\"say \\\"hi\\\"\"}\n"
			 "{\"time\":\"2026-01-31T12:00:00.123457Z\",\"seq\":2,\"source\":\"192.0.2.1\",\"source_port\":4242,"
			 "\"group\":\"239.255.0.1\",\"port\":59259,\"interface\":\"lo\",\"ttl\":1,\"length\":2,"
			 "\"base64\":\"/wA=\"}\n");
	rig_close(rig);
}

Test(logger, writes_the_document_where_the_json_handler_stands_before_it)
{
	struct rig_handler handlers[] = { { "json", "{ \"on_invalid\": \"pass\" }", ON_ERROR_PASS }, { "logger", NULL, ON_ERROR_PASS } };
	char words[600];
	struct rig *rig;
	json_t *root;
	char *second;

	snprintf(words, sizeof(words), "{ \"path\": \"%s\", \"format\": \"json\" }", file);
	handlers[1].options = words;
	rig = rig_open(handlers, 2, NULL, 0);
	rig_feed_text(rig, "{\n\"a\": [1.50]}");
	rig_feed_text(rig, "{broken");
	rig_close(rig);

	written();
	second = strchr(text, '\n') + 1;
	second[-1] = '\0';
	cr_assert_not_null(strstr(text, ",\"text\":\"{\\n\\\"a\\\": [1.50]}\",\"json\":{ \"a\": [1.50]}}"), "%s", text);
	root = json_loads(text, 0, NULL);
	cr_assert_eq(json_array_size(json_object_get(json_object_get(root, "json"), "a")), 1);
	json_decref(root);
	cr_assert_null(strstr(second, "\"json\":"), "%s", second);
	cr_assert_not_null(strstr(second, "\"text\":\"{broken\""));
}

Test(logger, dumps_hex)
{
	struct rig *rig = logger_to_file("\"format\": \"hex\"");

	rig_feed(rig, "hello\x1b", 6);
	rig_close(rig);
	cr_assert_str_eq(written(), HEAD("123456") "6\n"
			 "00000000  68 65 6c 6c 6f 1b                                 |hello.|\n");
}

Test(logger, writes_payloads_alone_where_raw_is_asked_for)
{
	struct rig *rig = logger_to_file("\"format\": \"raw\"");

	rig_feed(rig, "a\0b\x1b\xFF", 5);
	rig_feed(rig, "", 0);
	rig_feed(rig, "c\n", 2);
	rig_close(rig);
	written();
	cr_assert_eq(text_len, 7);
	cr_assert_arr_eq(text, "a\0b\x1b\xFF" "c\n", 7);
}

/* One batch may be far more than the buffer that it is formatted in. */
Test(logger, writes_the_longest_payloads)
{
	static const char *const formats[] = { "text", "json", "hex", "raw" };
	static char payload[65508];
	static const char *many[40];

	memset(payload, 0x7F, 65507);
	for (int i = 0; i < 40; i++)
		many[i] = payload;
	for (int i = 0; i < 4; i++) {
		char words[50];
		struct rig *rig;

		unlink(file);
		snprintf(words, sizeof(words), "\"format\": \"%s\"", formats[i]);
		rig = logger_to_file(words);
		rig_feed_many(rig, many, 40);
		cr_assert_eq(rig_counter(rig, 0, "lines"), 40, "%s", formats[i]);
		cr_assert_geq(rig_counter(rig, 0, "bytes"), 40 * 65507u, "%s", formats[i]);
		rig_close(rig);
	}
}

Test(logger, lets_no_payload_forge_a_line_or_drive_a_terminal)
{
	static const char *const hostile[] = {
		"x\n2026-01-31T12:00:00.000000Z lo forged", "\r", "\x1b]0;title\x07", "\xC2\x9B" "31m",
		"\xE2\x80\xAE" "txt.exe", "\xE2\x80\xA8\xE2\x80\xA9", "\xFF\x1b", "\",\"forged\":\"", "\x7f", "\xE2\x81\xA6\xD8\x9C",
	};
	static const char *const formats[] = { "text", "json", "hex" };
	unsigned n = sizeof(hostile) / sizeof(hostile[0]);

	for (int i = 0; i < 3; i++) {
		unsigned lines = 0;
		char words[50];
		struct rig *rig;

		unlink(file);
		snprintf(words, sizeof(words), "\"format\": \"%s\"", formats[i]);
		rig = logger_to_file(words);
		rig_feed_many(rig, hostile, n);
		rig_close(rig);
		written();
		for (size_t at = 0; at < text_len;) {
			uint32_t cp;
			unsigned len = text_decode((uint8_t *)text + at, text_len - at, &cp);

			cr_assert(len && (cp == '\n' || !text_is_unsafe(cp)), "%s: byte %zu: %02X", formats[i], at,
				  (unsigned char)text[at]);
			lines += cp == '\n';
			at += len;
		}
		if (i < 2)
			cr_assert_eq(lines, n, "%s", formats[i]);
	}
}

/* ---- on a terminal ---------------------------------------------------------------------- */

static int terminal;		/* the other side of stdout */

static struct rig *logger_on_terminal(const char *options)
{
	struct rig_handler handler = { "logger", options, ON_ERROR_PASS };
	struct termios modes;
	int fd;

	terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert(terminal >= 0 && !grantpt(terminal) && !unlockpt(terminal));
	fd = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	tcgetattr(fd, &modes);
	cfmakeraw(&modes);
	tcsetattr(fd, TCSANOW, &modes);
	dup2(fd, STDOUT_FILENO);
	close(fd);
	return rig_open(&handler, 1, NULL, 0);
}

static const char *on_screen(void)
{
	ssize_t n = read(terminal, text, sizeof(text) - 1);

	cr_assert_geq(n, 0);
	text[n] = '\0';
	return text;
}

Test(logger, dims_the_head_on_a_terminal)
{
	struct rig *rig;

	unsetenv("NO_COLOR");
	setenv("TERM", "vt100", 1);
	rig = logger_on_terminal(NULL);
	rig_feed_text(rig, "x\x1b");
	cr_assert_str_eq(on_screen(), "\033[2m2026-01-31T12:00:00.123456Z lo 192.0.2.1:4242 239.255.0.1:59259 2\033[0m x\\x1B\n");
	rig_close(rig);
}

Test(logger, respects_NO_COLOR)
{
	struct rig *rig;

	setenv("NO_COLOR", "1", 1);
	rig = logger_on_terminal(NULL);
	rig_feed_text(rig, "x");
	cr_assert_str_eq(on_screen(), HEAD("123456") "1 x\n");
	rig_close(rig);

	setenv("TERM", "vt100", 1);
	setenv("NO_COLOR", "", 1);	/* set but empty: as if it were not */
	rig = logger_on_terminal("{ \"format\": \"json\" }");
	rig_feed_text(rig, "x");
	cr_assert_eq(strncmp(on_screen(), "{\033[36m\"time\"\033[0m:", 16), 0, "%s", text);
	rig_close(rig);
}

Test(logger, gives_no_colour_to_a_terminal_that_says_it_is_dumb)
{
	struct rig *rig;

	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	rig = logger_on_terminal(NULL);
	rig_feed_text(rig, "x");
	cr_assert_str_eq(on_screen(), HEAD("123456") "1 x\n");
	rig_close(rig);

	rig = logger_on_terminal("{ \"colour\": \"always\" }");
	rig_feed_text(rig, "x");
	cr_assert_not_null(strstr(on_screen(), "\033[2m"));
	rig_close(rig);
}

Test(logger, colours_as_the_option_says)
{
	struct rig *rig;

	setenv("NO_COLOR", "1", 1);
	rig = logger_on_terminal("{ \"colour\": \"always\" }");
	rig_feed_text(rig, "x");
	cr_assert_not_null(strstr(on_screen(), "\033[2m"));
	rig_close(rig);

	unsetenv("NO_COLOR");
	rig = logger_on_terminal("{ \"colour\": \"never\" }");
	rig_feed_text(rig, "x");
	cr_assert_str_eq(on_screen(), HEAD("123456") "1 x\n");
	rig_close(rig);

	rig = logger_to_file("");
	rig_feed_text(rig, "x");
	cr_assert_null(strchr(written(), '\033'), "a file has no colours by itself");
	rig_close(rig);
}

Test(logger, gives_a_terminal_nothing_raw)
{
	struct rig *rig = logger_on_terminal("{ \"format\": \"raw\" }");

	rig_feed(rig, "a\x1b[2J\n", 6);
	cr_assert_str_eq(on_screen(), "a\\x1B[2J\\n\n");
	rig_close(rig);
}

/* ---- what it refuses -------------------------------------------------------------------- */

static void assert_refuses(const char *options, const char *words)
{
	struct rig_handler handler = { "logger", options, ON_ERROR_PASS };
	const char *said = rig_refuses(&handler, 1, NULL, 0);

	cr_assert_not_null(strstr(said, words), "%s: %s", options, said);
}

Test(logger, refuses_options_that_make_no_sense)
{
	assert_refuses("{ \"path\": \"\" }", "path is empty");
	assert_refuses("{ \"max_size\": \"1M\" }", "stdout can't be rotated");
	assert_refuses("{ \"path\": \"stderr\", \"max_size\": \"1M\" }", "stderr can't be rotated");
	assert_refuses("{ \"format\": \"xml\" }", "\"raw\"");
	assert_refuses("{ \"keep\": 0 }", "1 to 1000");
	assert_refuses("{ \"pth\": \"-\" }", "\"path\"");
}

Test(logger, does_not_start_without_its_file)
{
	char words[600];

	snprintf(words, sizeof(words), "{ \"path\": \"%s/missing/log\" }", directory);
	assert_refuses(words, "No such file or directory; make its directory first");
	snprintf(words, sizeof(words), "{ \"path\": \"%s\" }", directory);
	assert_refuses(words, "Is a directory; give the path of a file");
}

Test(logger, leaves_a_symlink_where_it_is)
{
	struct rig *rig;

	cr_assert_eq(symlink("elsewhere", file), 0);
	capture_start();
	rig = logger_to_file("\"format\": \"raw\", \"max_size\": 4");
	rig_feed_text(rig, "aaaa");
	rig_feed_text(rig, "bbbb");
	cr_assert(strstr(captured(), "it is a symlink, so give the path that it leads to; it grows on"));
	cr_assert_str_eq(written(), "aaaabbbb");
	cr_assert(readlink(file, text, sizeof(text)) > 0);
	cr_assert_eq(rig_counter(rig, 0, "rotations"), 0);
	rig_close(rig);
}
