/* measure.c - bench: what a listener costs: CPU per datagram, or memory
 *
 * measure cpu SENDER LISTENER...       prints "NS RECEIVED": CPU time of LISTENER from when it says that it hears
 *                                      until it has ended by itself, per datagram
 * measure memory SENDER LISTENER...    prints "BEFORE AFTER PEAK RECEIVED": kB resident when it hears and has
 *                                      carried one SENDER, and after 10 more; then ends it by SIGTERM
 *
 * SENDER is a shell command. What LISTENER says on stderr is shown if it ends badly. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char said[1 << 16];
static size_t said_len;

/* Reads what the listener says, until it has said word or ended. */
static int listen_for(int fd, const char *word)
{
	ssize_t n;

	while (!strstr(said, word)) {
		n = read(fd, said + said_len, sizeof(said) - 1 - said_len);
		if (n <= 0)
			return -1;
		said_len += (size_t)n;
	}
	return 0;
}

static pid_t start(char **argv, int *words)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends))
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], 2);
		close(ends[0]);
		close(ends[1]);
		execv(argv[0], argv);
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	close(ends[1]);
	*words = ends[0];
	return pid;
}

static double cpu_ns_of(pid_t pid)
{
	struct timespec used = { 0 };
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) == 0)
		clock_gettime(clock, &used);
	return (double)used.tv_sec * 1e9 + (double)used.tv_nsec;
}

static double cpu_ns_in(const struct rusage *use)
{
	return ((double)use->ru_utime.tv_sec + (double)use->ru_stime.tv_sec) * 1e9 +
	       ((double)use->ru_utime.tv_usec + (double)use->ru_stime.tv_usec) * 1e3;
}

/* A line of /proc/PID/status, in kB. */
static long memory_of(pid_t pid, const char *field)
{
	char path[64], line[256];
	long kb = -1;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	in = fopen(path, "re");
	if (!in)
		return -1;
	while (fgets(line, sizeof(line), in))
		if (strncmp(line, field, strlen(field)) == 0)
			kb = strtol(line + strlen(field) + 1, NULL, 10);
	fclose(in);
	return kb;
}

/* True while a UDP socket of this namespace holds bytes: /proc/net/udp, rx_queue. */
static int is_queued(void)
{
	FILE *in = fopen("/proc/net/udp", "re");
	char line[512];
	unsigned rx;
	int queued = 0;

	if (!in)
		return 0;
	while (fgets(line, sizeof(line), in))
		if (sscanf(line, " %*d: %*x:%*x %*x:%*x %*x %*x:%x", &rx) == 1 && rx)
			queued = 1;
	fclose(in);
	return queued;
}

static int send_all(const char *sender, int times)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	for (int i = 0; i < times; i++)
		if (system(sender))
			return -1;
	for (int i = 0; is_queued() && i < 1000; i++)
		nanosleep(&pause, NULL);
	return 0;
}

int main(int argc, char **argv)
{
	long before = 0, after = 0, peak = 0;
	unsigned long long received = 0;
	double heard_ns = 0;
	struct rusage use;
	const char *count;
	int memory, status = 0, words;
	pid_t pid;

	if (argc < 4) {
		fprintf(stderr, "usage: measure cpu|memory SENDER LISTENER...\n");
		return 64;
	}
	memory = strcmp(argv[1], "memory") == 0;
	pid = start(argv + 3, &words);
	if (pid < 0 || listen_for(words, ": hearing ") || listen_for(words, "\n"))
		goto fail;

	heard_ns = cpu_ns_of(pid);
	if (send_all(argv[2], 1))
		goto fail;
	if (memory) {
		before = memory_of(pid, "VmRSS");
		if (send_all(argv[2], 10))
			goto fail;
		after = memory_of(pid, "VmRSS");
		peak = memory_of(pid, "VmHWM");
		kill(pid, SIGTERM);
	}
	listen_for(words, "\n\n");	/* which it never says: all until its end */
	if (wait4(pid, &status, 0, &use) != pid)
		goto fail;
	pid = -1;

	count = strstr(said, "received ");
	if (count)
		received = strtoull(count + strlen("received "), NULL, 10);
	if (!WIFEXITED(status) || (WEXITSTATUS(status) && !memory) || !received)
		goto fail;
	if (memory)
		printf("%ld %ld %ld %llu\n", before, after, peak, received);
	else
		printf("%.1f %llu\n", (cpu_ns_in(&use) - heard_ns) / (double)received, received);
	return 0;

fail:
	fprintf(stderr, "measure: %s failed (status %#x); it said:\n%s", argv[3], status, said);
	if (pid > 0)
		kill(pid, SIGKILL);
	return 1;
}
