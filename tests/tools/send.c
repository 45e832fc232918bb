/* send.c - tests: sends datagrams to a group, by an interface that must be named
 *
 *	send --interface lo hello			each TEXT is a datagram
 *	send --interface lo --hex ff00 --hex 1b5b	each --hex too, after the texts
 *	ls | send --interface lo --lines		each line of stdin is one
 *	send --interface lo --count 100000 --size 200 --json --sequence --rate 50000
 *
 * There is no default interface, so that nothing leaves this machine by mistake. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "base/address.h"
#include "base/clock.h"
#include "base/datagram.h"
#include "base/number.h"
#include "socket/interface.h"
#include "socket/options.h"

#define BATCH 64
#define GSO_MAX 64			/* segments: what Linux takes at least (UDP_MAX_SEGMENTS) */
#define SEQUENCE_DIGITS 10
#define SIZE_MIN 32			/* bytes that hold the shortest generated payload */
#define EX_USAGE 64
#define EX_IOERR 74

static const int64_t mixed[] = { 60, 95, 204, 310, 900, 1316, 64, 200 };

struct plan {
	const char *group, *interface, *source;
	int64_t port, ttl, count, rate, size, gso;
	bool mixed, sequence, json, lines;
	const char *hex[BATCH];
	unsigned hexes;
	char **texts;			/* texts_count of them */
	unsigned texts_count;
};

struct out {
	int fd;
	uint64_t sent;
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	uint8_t *bytes;			/* BATCH payloads, DATAGRAM_MAX apart */
};

static void fail(int status, const char *what, const char *detail)
{
	fprintf(stderr, "send: %s: %s\n", what, detail);
	exit(status);
}

static void set(int fd, int level, int name, int value, const char *what)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		fail(EX_IOERR, what, strerror(errno));
}

static void bind_to(int fd, const char *source, uint32_t scope)
{
	struct sockaddr_storage sa;
	struct mcast_addr addr;

	if (address_parse(source, &addr, NULL, 0))
		fail(EX_USAGE, "--source: no address", source);
	if (bind(fd, (struct sockaddr *)&sa, address_to_sockaddr(&sa, &addr, scope)))
		fail(EX_IOERR, source, strerror(errno));
}

/* The interface's own address, to send from: the kernel would take another interface's for lo. 0: it has none. */
static struct in_addr address_of(int fd, const struct interface *interface)
{
	struct ifreq request = { 0 };
	struct sockaddr_in found;

	memcpy(request.ifr_name, interface->name, sizeof(interface->name));
	if (ioctl(fd, SIOCGIFADDR, &request) != 0)
		return (struct in_addr){ 0 };
	memcpy(&found, &request.ifr_addr, sizeof(found));
	return found.sin_addr;
}

static int connect_to(const struct plan *plan)
{
	struct sockaddr_storage sa;
	struct interface interface;
	struct mcast_addr group;
	struct ip_mreqn by = { 0 };
	struct why why;
	int fd;

	if (interface_find(&interface, plan->interface, &why))
		fail(EX_USAGE, "--interface", why.text);
	if (address_parse(plan->group, &group, NULL, 0) || !address_is_multicast(&group))
		fail(EX_USAGE, "--group: no multicast group", plan->group);
	group.port = plan->port;

	fd = socket(address_is_ipv4(&group) ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fail(EX_IOERR, "socket", strerror(errno));
	if (address_is_ipv4(&group)) {
		by.imr_ifindex = interface.index;
		by.imr_address = address_of(fd, &interface);
		if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &by, sizeof(by)))
			fail(EX_IOERR, "IP_MULTICAST_IF", strerror(errno));
		set(fd, IPPROTO_IP, IP_MULTICAST_TTL, plan->ttl, "--ttl");
	} else {
		set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, interface.index, "IPV6_MULTICAST_IF");
		set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, plan->ttl, "--ttl");
	}
	if (plan->gso)
		set(fd, SOL_UDP, UDP_SEGMENT, plan->size, "--gso: UDP_SEGMENT");
	if (plan->source)
		bind_to(fd, plan->source, interface.index);
	if (connect(fd, (struct sockaddr *)&sa, address_to_sockaddr(&sa, &group, interface.index)))
		fail(EX_IOERR, plan->group, strerror(errno));
	return fd;
}

/* Sends the first n of the batch, all of them. */
static void flush(struct out *out, unsigned n)
{
	unsigned done = 0;
	int sent;

	while (done < n) {
		sent = sendmmsg(out->fd, out->msg + done, n - done, 0);
		if (sent < 0 && errno != EINTR && errno != ENOBUFS)
			fail(EX_IOERR, "sendmmsg", strerror(errno));
		if (sent > 0)
			done += sent;
	}
}

static void send_one(struct out *out, const void *data, size_t len)
{
	if (send(out->fd, data, len, 0) < 0)
		fail(EX_IOERR, "send", strerror(errno));
	out->sent++;
}

/* The value of a hexadecimal digit, 16 for anything else. */
static unsigned digit(char c)
{
	static const char digits[] = "0123456789abcdef";

	return c ? strcspn(digits, (const char[]){ tolower(c), '\0' }) : 16;
}

static void send_hex(struct out *out, const char *hex)
{
	uint8_t bytes[4096];
	size_t n = 0;

	for (; n < sizeof(bytes) && digit(hex[0]) < 16 && digit(hex[1]) < 16; hex += 2)
		bytes[n++] = digit(hex[0]) << 4 | digit(hex[1]);
	if (*hex)
		fail(EX_USAGE, "--hex: no pairs of hexadecimal digits, at most 4096", hex);
	send_one(out, bytes, n);
}

static void send_lines(struct out *out)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	while ((len = getline(&line, &size, stdin)) >= 0)
		send_one(out, line, len > 0 && line[len - 1] == '\n' ? len - 1 : len);
	free(line);
}

static void put(uint8_t *out, const char *text)
{
	while (*text)
		*out++ = *text++;
}

/* A payload of size bytes with room for the number: {"seq":         7,"fill":"xxx..."} or 0000000007 xxx... */
static void generate(const struct plan *plan, uint8_t *out, size_t size)
{
	memset(out, 'x', size);
	put(out, plan->json ? "{\"seq\":         0,\"fill\":\"" : "0000000000 ");
	if (plan->json)
		put(out + size - 2, "\"}");
}

static void stamp(const struct plan *plan, uint8_t *out, uint64_t number)
{
	char *end = (char *)out + (plan->json ? 7 : 0) + SEQUENCE_DIGITS, *p = end;

	do
		*--p = '0' + number % 10;
	while (number /= 10);
	while (p > end - SEQUENCE_DIGITS)
		*--p = plan->json ? ' ' : '0';
}

static size_t size_of(const struct plan *plan, unsigned i)
{
	return plan->mixed ? mixed[i % (sizeof(mixed) / sizeof(mixed[0]))] : plan->size;
}

static void pace(const struct plan *plan, uint64_t start, uint64_t sent)
{
	uint64_t due = start + (uint64_t)((double)sent * CLOCK_SECOND / plan->rate);
	struct timespec until = { .tv_sec = due / CLOCK_SECOND, .tv_nsec = due % CLOCK_SECOND };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

/* Fills the messages of a batch: one payload each, or with GSO a train of them back to back in each. */
static unsigned lay_out(const struct plan *plan, struct out *out)
{
	unsigned i, k, train = plan->gso ? plan->gso : 1, n = plan->gso ? 1 : BATCH;
	uint8_t *at;

	/* a slow sender is to be even, not to send bursts of 64 each second */
	if (plan->rate && !plan->gso && plan->rate < 1000 * BATCH)
		n = plan->rate > 1000 ? plan->rate / 1000 : 1;

	for (i = 0; i < n; i++) {
		at = out->bytes + (size_t)i * DATAGRAM_MAX;
		for (k = 0; k < train; k++)
			generate(plan, at + k * size_of(plan, i), size_of(plan, i));
		out->iov[i].iov_base = at;
		out->iov[i].iov_len = train * size_of(plan, i);
		out->msg[i].msg_hdr.msg_iov = &out->iov[i];
		out->msg[i].msg_hdr.msg_iovlen = 1;
	}
	return n;
}

static void send_generated(const struct plan *plan, struct out *out)
{
	unsigned train = plan->gso ? plan->gso : 1, n = lay_out(plan, out), i, k;
	uint64_t left = plan->count, start = clock_mono_ns(), number = 0;

	while (left) {
		if (n > 1 && left < n)
			n = left;
		if (left < train) {	/* the last train is shorter */
			train = left;
			out->iov[0].iov_len = train * plan->size;
		}
		for (i = 0; plan->sequence && i < n; i++)
			for (k = 0; k < train; k++)
				stamp(plan, (uint8_t *)out->iov[i].iov_base + k * plan->size, number++);
		flush(out, n);
		out->sent += (uint64_t)n * train;
		left -= (uint64_t)n * train;
		if (plan->rate)
			pace(plan, start, out->sent);
	}
}

static const struct {
	const char *name;
	size_t field;			/* int64_t in struct plan */
	int64_t min, max;
} numbers[] = {
	{ "port", offsetof(struct plan, port), 1, UINT16_MAX },
	{ "ttl", offsetof(struct plan, ttl), 0, 255 },
	{ "count", offsetof(struct plan, count), 1, 1000000000 },
	{ "rate", offsetof(struct plan, rate), 1, 1000000000 },
	{ "size", offsetof(struct plan, size), SIZE_MIN, DATAGRAM_MAX },
	{ "gso", offsetof(struct plan, gso), 2, GSO_MAX },
};

static void take_number(struct plan *plan, unsigned i, const char *text)
{
	int64_t value;

	if (number_int(text, &value) || value < numbers[i].min || value > numbers[i].max) {
		fprintf(stderr, "send: --%s %s: a number from %" PRId64 " to %" PRId64 " was expected\n",
			numbers[i].name, text, numbers[i].min, numbers[i].max);
		exit(EX_USAGE);
	}
	memcpy((char *)plan + numbers[i].field, &value, sizeof(value));
}

/* A small value is the place in numbers[]. */
static const struct option options[] = {
	{ "port", required_argument, NULL, 0 },
	{ "ttl", required_argument, NULL, 1 },
	{ "count", required_argument, NULL, 2 },
	{ "rate", required_argument, NULL, 3 },
	{ "size", required_argument, NULL, 4 },
	{ "gso", required_argument, NULL, 5 },
	{ "group", required_argument, NULL, 'g' },
	{ "interface", required_argument, NULL, 'i' },
	{ "source", required_argument, NULL, 's' },
	{ "sizes", required_argument, NULL, 'm' },
	{ "hex", required_argument, NULL, 'x' },
	{ "sequence", no_argument, NULL, 'q' },
	{ "json", no_argument, NULL, 'j' },
	{ "lines", no_argument, NULL, 'l' },
	{ NULL, 0, NULL, 0 },
};

static void take_word(struct plan *plan, int option, const char *value)
{
	if (option == 'g')
		plan->group = value;
	else if (option == 'i')
		plan->interface = value;
	else if (option == 's')
		plan->source = value;
	else if (option == 'q')
		plan->sequence = true;
	else if (option == 'j')
		plan->json = true;
	else if (option == 'l')
		plan->lines = true;
	else if (option == 'm' && strcmp(value, "mixed") == 0)
		plan->mixed = true;
	else if (option == 'x' && plan->hexes < BATCH)
		plan->hex[plan->hexes++] = value;
	else
		fail(EX_USAGE, "usage",
		     "send --interface IF [--group G] [--port P] [--ttl N] [--source ADDR] [--lines] [--hex HEX ...]"
		     " [TEXT ...], or with [--count N] [--rate N] [--size N | --sizes mixed] [--sequence] [--json]"
		     " [--gso N]");
}

static void parse(struct plan *plan, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option < (int)(sizeof(numbers) / sizeof(numbers[0])))
			take_number(plan, option, optarg);
		else
			take_word(plan, option, optarg);
	}
	plan->texts = argv + optind;
	plan->texts_count = argc - optind;
	if (!plan->interface)
		fail(EX_USAGE, "--interface is missing", "nothing is sent anywhere by default; lo stays on this host");
	if (plan->gso && (plan->mixed || plan->gso * plan->size > DATAGRAM_MAX))
		fail(EX_USAGE, "--gso", "all of one --size, and at most 65507 bytes together");
}

int main(int argc, char **argv)
{
	struct plan plan = { .group = LISTEN_GROUP, .port = LISTEN_PORT, .ttl = 1, .size = 200 };
	static struct out out;
	unsigned i;

	parse(&plan, argc, argv);
	out.fd = connect_to(&plan);
	for (i = 0; i < plan.texts_count; i++)
		send_one(&out, plan.texts[i], strlen(plan.texts[i]));
	for (i = 0; i < plan.hexes; i++)
		send_hex(&out, plan.hex[i]);
	if (plan.lines)
		send_lines(&out);
	if (plan.count) {
		out.bytes = malloc((size_t)BATCH * DATAGRAM_MAX);
		if (!out.bytes)
			fail(EX_IOERR, "malloc", strerror(errno));
		send_generated(&plan, &out);
		free(out.bytes);
	}
	close(out.fd);
	fprintf(stderr, "send: sent %" PRIu64 "\n", out.sent);
	return 0;
}
