/* hear.c - race: the listener's two threads while datagrams, signals and its end come at once
 *
 * Runs the real program, built with the thread sanitizer, with all handlers that ship and a peer that refuses what
 * is forwarded. It must end by SIGTERM with its accounts in order; a race is in the sanitizer's words. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUP "239.255.0.1"
#define ROUNDS 200

static char said[1 << 16];
static size_t said_len;

static void fail(const char *what)
{
	fprintf(stderr, "hear: %s: %s\nthe listener said:\n%s", what, strerror(errno), said);
	exit(1);
}

/* A port that was free a moment ago. */
static int free_port(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) || getsockname(fd, (struct sockaddr *)&addr, &len))
		fail("no port");
	close(fd);
	return ntohs(addr.sin_port);
}

static void write_manifest(const char *dir, int port)
{
	char path[4096];
	FILE *out;

	mkdir(dir, 0755);
	snprintf(path, sizeof(path), "%s/manifest.json", dir);
	out = fopen(path, "we");
	if (!out)
		fail(path);
	fprintf(out,
		"{ \"version\": 1, \"listen\": [ { \"group\": \"%s\", \"port\": %d, \"interface\": \"lo\" } ], \"chain\": [\n"
		"  { \"handler\": \"logger\", \"options\": { \"path\": \"%s/log\", \"max_size\": \"64k\", \"keep\": 2 } },\n"
		"  { \"handler\": \"json\", \"options\": { \"on_invalid\": \"pass\" } },\n"
		"  { \"handler\": \"forward\", \"options\": { \"to\": [ \"udp://127.0.0.1:%d\", \"tcp://127.0.0.1:%d\" ] } } ] }\n",
		GROUP, port, dir, port + 1, port + 1);
	if (fclose(out) || chmod(dir, 0755) || chmod(path, 0644))
		fail(path);
}

static pid_t start(const char *dir, int *words)
{
	char plugins[4096];
	int ends[2];
	pid_t pid;

	snprintf(plugins, sizeof(plugins), "--plugins=%s", dir);
	if (pipe(ends))
		fail("pipe");
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], 2);
		close(ends[0]);
		close(ends[1]);
		execl(BUILD_DIR "/bin/mcast-hear", "mcast-hear", plugins, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	*words = ends[0];
	return pid;
}

/* Reads what it says until it has said word; false: it ended before. */
static int says(int fd, const char *word)
{
	while (!strstr(said, word)) {
		ssize_t n = read(fd, said + said_len, sizeof(said) - 1 - said_len);

		if (n <= 0)
			return 0;
		said_len += (size_t)n;
	}
	return 1;
}

static void send_some(int fd, int port)
{
	static const char *const payloads[] = { "{\"n\": 1}", "text", "{\"n\":", "\033[31m", "\xFF" };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	to.sin_addr.s_addr = inet_addr(GROUP);
	for (size_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++)
		sendto(fd, payloads[i], strlen(payloads[i]), 0, (struct sockaddr *)&to, sizeof(to));
}

int main(void)
{
	struct ip_mreqn lo = { .imr_ifindex = (int)if_nametoindex("lo") };
	const char *dir = BUILD_DIR "/tests/race/hear.d";
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int port = free_port(), status, words;
	pid_t pid;

	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof(lo)))
		fail("no socket that sends by lo");
	write_manifest(dir, port);
	pid = start(dir, &words);
	if (!says(words, ": hearing "))
		fail("does not start");

	for (int i = 0; i < ROUNDS; i++) {
		send_some(fd, port);
		if (i % 20 == 0)
			kill(pid, SIGHUP);
	}
	kill(pid, SIGTERM);
	says(words, "\n\n");	/* which it never says: all until its end */
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 143)
		fail("does not end by SIGTERM with 143");
	if (!strstr(said, "accounted for: "))
		fail("does not account for what it received");
	return 0;
}
