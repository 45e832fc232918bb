/* program.c - tests: a real program, what it says, what it gives out, how it ends */
#include "support/program.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 30000

struct stream {
	int fd;			/* -1: at its end */
	char *text;		/* NUL-ended */
	size_t size;
};

struct program {
	pid_t pid;		/* 0: it has been waited for */
	int status;
	struct stream out, err;
	char *heard;		/* what program_heard() made of out */
	char name[64];
};

static struct stream stream_of(int fd)
{
	cr_assert(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
	return (struct stream){ .fd = fd, .text = calloc(1, 1) };
}

/* The child: nothing of the test's but its place. */
static void become(const char *const *argv, int out, int err)
{
	char path[4096];
	sigset_t none;

	dup2(open("/dev/null", O_RDONLY), 0);
	if (out < 0)
		close(1);
	else
		dup2(out, 1);
	dup2(err, 2);
	close_range(3, ~0u, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	snprintf(path, sizeof(path), "%s/bin/%s", BUILD_DIR, argv[0]);
	execv(path, (char *const *)argv);
	execvp(argv[0], (char *const *)argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static struct program *start(const char *const *argv, int out_read, int out_write)
{
	struct program *p = calloc(1, sizeof(*p));
	int err[2];

	cr_assert(p && pipe2(err, O_CLOEXEC) == 0);
	snprintf(p->name, sizeof(p->name), "%s", argv[0]);
	fflush(NULL);
	p->pid = fork();
	cr_assert(p->pid >= 0);
	if (p->pid == 0)
		become(argv, out_write, err[1]);
	close(err[1]);
	p->err = stream_of(err[0]);
	p->out = out_read < 0 ? (struct stream){ .fd = -1, .text = calloc(1, 1) } : stream_of(out_read);
	return p;
}

struct program *program_start(const char *const *argv)
{
	struct program *p;
	int out[2];

	cr_assert(pipe2(out, O_CLOEXEC) == 0);
	p = start(argv, out[0], out[1]);
	close(out[1]);
	return p;
}

struct program *program_start_to(const char *const *argv, int stdout_fd)
{
	return start(argv, -1, stdout_fd);
}

static void collect(struct stream *s)
{
	char piece[65536];
	ssize_t n;

	while (s->fd >= 0 && (n = read(s->fd, piece, sizeof(piece))) != -1) {
		if (n == 0) {
			close(s->fd);
			s->fd = -1;
			return;
		}
		s->text = realloc(s->text, s->size + (size_t)n + 1);
		cr_assert(s->text);
		memcpy(s->text + s->size, piece, (size_t)n);
		s->size += (size_t)n;
		s->text[s->size] = '\0';
	}
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Collects until text stands in s (NULL: until both streams ended). */
static void collect_until(struct program *p, const struct stream *s, const char *text)
{
	int64_t end = now_ms() + PATIENCE_MS;

	for (;;) {
		struct pollfd fds[] = { { .fd = p->out.fd, .events = POLLIN },
					{ .fd = p->err.fd, .events = POLLIN } };

		if (text && memmem(s->text, s->size, text, strlen(text)))
			return;
		if (p->out.fd < 0 && p->err.fd < 0) {
			cr_assert(!text, "%s ended without \"%s\"; it said:\n%s", p->name, text, p->err.text);
			return;
		}
		cr_assert(now_ms() < end, "%s: waited in vain for %s%s; it said:\n%s\nand gave:\n%.2000s", p->name,
			  text ? "the words " : "its end", text ? text : "", p->err.text, p->out.text);
		poll(fds, 2, 200);
		program_pump(p);
	}
}

void program_pump(struct program *p)
{
	collect(&p->out);
	collect(&p->err);
}

int64_t program_wait(struct program *p, int64_t since, const char *what)
{
	int64_t now = now_ms();

	cr_assert(!since || now < since + PATIENCE_MS, "%s: waited in vain for %s; it said:\n%s", p->name, what,
		  p->err.text);
	poll(NULL, 0, 1);
	program_pump(p);
	return since ? since : now;
}

void program_says(struct program *p, const char *text)
{
	collect_until(p, &p->err, text);
}

void program_gives(struct program *p, const char *text)
{
	collect_until(p, &p->out, text);
}

void program_signal(struct program *p, int signal)
{
	cr_assert(p->pid > 0 && kill(p->pid, signal) == 0);
}

uint64_t program_status(struct program *p, const char *field)
{
	char path[64], line[256];
	const size_t n = strlen(field);
	uint64_t value = UINT64_MAX;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)p->pid);
	status = fopen(path, "re");
	cr_assert(status, "%s: %s", path, strerror(errno));
	while (value == UINT64_MAX && fgets(line, sizeof(line), status))
		if (!strncmp(line, field, n) && line[n] == ':')
			value = strtoull(line + n + 1, NULL, strncmp(field, "Vm", 2) ? 16 : 10);
	fclose(status);
	cr_assert(value != UINT64_MAX, "%s has no %s", path, field);
	return value;
}

unsigned program_descriptors(struct program *p)
{
	char path[64];
	unsigned n = 0;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)p->pid);
	fds = opendir(path);
	cr_assert(fds, "%s: %s", path, strerror(errno));
	while (readdir(fds))
		n++;
	closedir(fds);
	return n - 2;		/* . and .. */
}

static void await_end(struct program *p)
{
	if (!p->pid)
		return;
	collect_until(p, NULL, NULL);
	cr_assert(waitpid(p->pid, &p->status, 0) == p->pid);
	p->pid = 0;
}

int program_dies(struct program *p)
{
	await_end(p);
	cr_assert(WIFSIGNALED(p->status), "%s ended with status %d; it said:\n%s", p->name, WEXITSTATUS(p->status),
		  p->err.text);
	return WTERMSIG(p->status);
}

int program_ends(struct program *p)
{
	await_end(p);
	cr_assert(WIFEXITED(p->status), "%s was killed by signal %d (%s); it said:\n%s", p->name,
		  WTERMSIG(p->status), strsignal(WTERMSIG(p->status)), p->err.text);
	return WEXITSTATUS(p->status);
}

const char *program_err(struct program *p)
{
	program_pump(p);
	return p->err.text;
}

const char *program_out(struct program *p)
{
	program_pump(p);
	return p->out.text;
}

size_t program_out_size(struct program *p)
{
	program_pump(p);
	return p->out.size;
}

/* Each line is "TIME INTERFACE SOURCE GROUP BYTES PAYLOAD". */
char *lines_heard(char *lines)
{
	const char *line = lines, *end;
	char *out = lines;

	for (; *line; line = end) {
		end = strchrnul(line, '\n');
		if (*end)
			end++;
		for (int blanks = 0; blanks < 3 && line < end; line++)
			blanks += *line == ' ';
		memmove(out, line, (size_t)(end - line));
		out += end - line;
	}
	*out = '\0';
	return lines;
}

const char *program_heard(struct program *p)
{
	free(p->heard);
	p->heard = strdup(program_out(p));
	cr_assert(p->heard);
	return lines_heard(p->heard);
}

/* ---- the accounts ---------------------------------------------------------------------------- */

/* The last line that starts with head, which is where its words begin; NULL: there is none. */
static const char *line_of(struct program *p, const char *head)
{
	const char *found = NULL;

	for (const char *line = p->err.text; line && *line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (strncmp(line, head, strlen(head)) == 0)
			found = line;
	}
	return found;
}

/* The number behind word in a line, where word starts the line or follows a space; 0 if it isn't there. */
static uint64_t number_behind(const char *line, const char *word)
{
	const char *end = strchrnul(line, '\n');
	const size_t n = strlen(word);

	for (const char *at = line; at + n < end; at++)
		if (!strncmp(at, word, n) && at[n] == ' ' && at[n + 1] >= '0' && at[n + 1] <= '9' &&
		    (at == line || at[-1] == ' '))
			return strtoull(at + n + 1, NULL, 10);
	return 0;
}

/* The line of the accounts that is who's; must be there. */
static const char *account_of(struct program *p, const char *who)
{
	char head[160];
	const char *line;

	if (!who)
		snprintf(head, sizeof(head), "%s: received ", p->name);
	else if (strcmp(who, "sanitizer") == 0)
		snprintf(head, sizeof(head), "%s: sanitizer: ", p->name);
	else
		snprintf(head, sizeof(head), "%s: %s: offered ", p->name, who);
	line = line_of(p, head);
	cr_assert(line, "there is no line \"%s\"; it said:\n%s", head, p->err.text);
	return line;
}

uint64_t program_count(struct program *p, const char *who, const char *word)
{
	return number_behind(account_of(p, who), word);
}

uint64_t program_counter(struct program *p, const char *who, const char *counter)
{
	const char *line = account_of(p, who);
	const char *own = strstr(line, "; ");

	return own && own < strchrnul(line, '\n') ? number_behind(own + 2, counter) : 0;
}

/* The law of each handler's line; adds what it ended and emitted to the sums. */
static void add_handler(const char *line, uint64_t *ended, uint64_t *emitted)
{
	uint64_t offered = number_behind(line, "offered");
	uint64_t dropped = number_behind(line, "dropped");
	uint64_t consumed = number_behind(line, "consumed");
	uint64_t passed = number_behind(line, "passed");
	uint64_t failed = number_behind(line, "failed");

	cr_assert_eq(offered, passed + dropped + consumed + failed, "a handler's accounts do not add up: %.*s",
		     (int)strcspn(line, "\n"), line);
	*ended += dropped + consumed + number_behind(line, "failed and ended");
	*emitted += number_behind(line, "emitted");
}

void program_law(struct program *p)
{
	uint64_t received = program_count(p, NULL, "received");
	uint64_t ended = 0, emitted = 0, refused;
	const char *accounts = line_of(p, "mcast-hear: accounted for: ");
	const char *sanitizer = line_of(p, "mcast-hear: sanitizer: ");
	const char *again;

	cr_assert(accounts && sanitizer, "there are no accounts; it said:\n%s", p->err.text);
	for (const char *line = p->err.text; line && *line; line = strchr(line, '\n')) {
		const char *offered;

		if (*line == '\n')
			line++;
		offered = strstr(line, ": offered ");
		if (offered && offered < strchrnul(line, '\n'))
			add_handler(offered + 2, &ended, &emitted);
	}
	refused = number_behind(sanitizer, "dropped");
	again = strstr(sanitizer, "of what handlers wrote: ");
	if (again)
		refused += number_behind(again, "dropped");
	cr_assert_eq(received + emitted,
		     refused + ended + strtoull(strrchr(strndupa(accounts, strcspn(accounts, "\n")), '+') + 1, NULL, 10),
		     "the accounts do not add up:\n%s", p->err.text);
}

void program_free(struct program *p)
{
	if (!p)
		return;
	if (p->pid) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
	if (p->out.fd >= 0)
		close(p->out.fd);
	if (p->err.fd >= 0)
		close(p->err.fd);
	free(p->out.text);
	free(p->err.text);
	free(p->heard);
	free(p);
}
