/* netns.c - tests: a network namespace of the test's own, so that no packet leaves it */
#include "netns.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text);
}

static int refused;	/* errno of becoming root in a user namespace */

/* Before main(), for only a process of one thread may enter a user namespace, and Criterion has more. Root
 * there may make network namespaces. Only the tests that use this file link it. */
__attribute__((constructor)) static void become_root(void)
{
	char uid_map[64], gid_map[64];

	if (geteuid() == 0)
		return;
	snprintf(uid_map, sizeof(uid_map), "0 %u 1", (unsigned)geteuid());
	snprintf(gid_map, sizeof(gid_map), "0 %u 1", (unsigned)getegid());
	if (unshare(CLONE_NEWUSER) || !put("/proc/self/setgroups", "deny") ||
	    !put("/proc/self/uid_map", uid_map) || !put("/proc/self/gid_map", gid_map))
		refused = errno;
}

void netns_enter(void)
{
	if (unshare(CLONE_NEWNET))
		cr_skip_test("needs a network namespace, which is not permitted here (%s): run as root, "
			     "or allow user namespaces",
			     strerror(refused ? refused : errno));
	netns_ip("link set lo up multicast on");
	netns_ip("route add 224.0.0.0/4 dev lo src 127.0.0.1");
}

void netns_ip(const char *format, ...)
{
	char program[] = "ip", words[512], told[512], *argv[32] = { program }, *rest;
	unsigned n = 0;
	va_list args;
	int status;
	pid_t pid;

	va_start(args, format);
	vsnprintf(told, sizeof(told), format, args);
	va_end(args);
	memcpy(words, told, sizeof(words));	/* strsep() cuts it up */
	for (rest = words; rest && n < 30;)
		argv[++n] = strsep(&rest, " ");

	cr_assert_eq(posix_spawnp(&pid, "ip", NULL, NULL, argv, environ), 0, "ip(8) is missing");
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0, "ip %s: failed", told);
}

static bool is_running(const char *name)
{
	struct ifreq req = { 0 };
	int err, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	err = ioctl(fd, SIOCGIFFLAGS, &req);
	close(fd);
	return err == 0 && (req.ifr_flags & IFF_RUNNING);
}

/* The first end has its carrier when the second one is up, which the kernel finishes later. */
static void await_running(const char *name)
{
	int tries;

	for (tries = 0; tries < 5000 && !is_running(name); tries++)
		poll(NULL, 0, 1);
	cr_assert(is_running(name), "%s got no carrier in 5 seconds", name);
}

void netns_veth(const char *a, const char *b)
{
	netns_ip("link add %s type veth peer name %s", a, b);
	/* addresses by hand: those that the kernel makes are on probation (DAD) for a second */
	netns_ip("link set %s addrgenmode none up", a);
	netns_ip("link set %s addrgenmode none up", b);
	await_running(a);
	await_running(b);
	netns_ip("addr add fe80::1/64 dev %s nodad", a);
	netns_ip("addr add fe80::2/64 dev %s nodad", b);
}
