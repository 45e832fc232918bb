/* udp.c - forward: datagrams to a host or a group
 *
 * Sockets are connected, so that the kernel tells what ICMP said of earlier datagrams: by an error of
 * the next send, which has then sent nothing. */
#include "udp.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"
#include "base/number.h"

#define SEND_MAX 64		/* datagrams in one call */

struct outgoing_if {
	unsigned index;
	char name[IF_NAMESIZE];
	struct in_addr source;	/* its IPv4 address, or 0.0.0.0 */
};

/* One address of an interface against what is looked for: an address, or the interface's name. */
static bool matches(const struct ifaddrs *one, const struct mcast_addr *wanted, const char *name)
{
	struct mcast_addr addr;

	if (!one->ifa_addr || !address_from_sockaddr(&addr, one->ifa_addr))
		return false;
	if (wanted)
		return address_same_ip(&addr, wanted);
	return one->ifa_addr->sa_family == AF_INET && !strcmp(one->ifa_name, name);
}

/* The name of the interface called word, or of that index; false: there is none. */
static bool name_of(const char *word, char name[IF_NAMESIZE])
{
	unsigned index = if_nametoindex(word);
	int64_t number;

	if (!index && !number_int(word, &number) && number > 0 && number <= INT32_MAX)
		index = (unsigned)number;
	return index && if_indextoname(index, name);
}

/* The interface of that name, index or address. On lo the kernel would choose another interface's address as a
 * group's source, so it is looked up here. 0 or -errno. */
static int interface_of(const char *word, struct outgoing_if *out)
{
	struct mcast_addr addr;
	struct ifaddrs *list, *one;
	bool by_address = !address_parse(word, &addr, NULL, 0);

	memset(out, 0, sizeof(*out));
	if (!by_address && !name_of(word, out->name))
		return -ENODEV;
	if (getifaddrs(&list))
		return -errno;
	for (one = list; one && !matches(one, by_address ? &addr : NULL, out->name); one = one->ifa_next)
		;
	if (one && one->ifa_addr->sa_family == AF_INET)
		out->source = ((const struct sockaddr_in *)(const void *)one->ifa_addr)->sin_addr;
	if (one && by_address)
		name_of(one->ifa_name, out->name);
	freeifaddrs(list);
	out->index = if_nametoindex(out->name);
	return out->index ? 0 : -ENODEV;
}

static int set(int fd, int level, int option, const void *value, size_t size)
{
	return setsockopt(fd, level, option, value, (socklen_t)size) ? -errno : 0;
}

static int set_interface(int fd, const struct mcast_addr *to, const struct outgoing_if *out)
{
	const struct ip_mreqn mreq = { .imr_address = out->source, .imr_ifindex = (int)out->index };

	if (!address_is_multicast(to))
		return set(fd, SOL_SOCKET, SO_BINDTODEVICE, out->name, strlen(out->name));
	if (!address_is_ipv4(to))
		return set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &out->index, sizeof(out->index));
	return set(fd, IPPROTO_IP, IP_MULTICAST_IF, &mreq, sizeof(mreq));
}

static int set_ttl(int fd, const struct mcast_addr *to, int ttl)
{
	bool group = address_is_multicast(to);

	if (address_is_ipv4(to))
		return set(fd, IPPROTO_IP, group ? IP_MULTICAST_TTL : IP_TTL, &ttl, sizeof(ttl));
	return set(fd, IPPROTO_IPV6, group ? IPV6_MULTICAST_HOPS : IPV6_UNICAST_HOPS, &ttl, sizeof(ttl));
}

int udp_open(const struct url *url, const struct resolved *address)
{
	struct mcast_addr to = address->addr;
	struct outgoing_if out = { .index = 0 };
	struct sockaddr_storage sa;
	socklen_t sa_len;
	int fd, rc = 0;

	if (url->interface[0])
		rc = interface_of(url->interface, &out);
	if (rc)
		return rc;

	fd = socket(address_is_ipv4(&to) ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (out.index)
		rc = set_interface(fd, &to, &out);
	if (!rc && url->ttl >= 0)
		rc = set_ttl(fd, &to, url->ttl);
	if (rc)
		goto fail;
	to.port = url->addr.port;
	sa_len = address_to_sockaddr(&sa, &to, address->scope ? address->scope : out.index);
	if (connect(fd, (struct sockaddr *)&sa, sa_len)) {
		rc = -errno;
		goto fail;
	}
	return fd;

fail:
	close(fd);
	return rc;
}

/* What ICMP brings, of an earlier datagram: the one in hand has not been tried. ENODEV: the interface has gone. */
static bool is_old_error(int error)
{
	return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH ||
	       error == EHOSTDOWN || error == EPROTO || error == EOPNOTSUPP || error == ENODEV;
}

/* sendmmsg(2) keeps to itself what stopped it: a full socket, or, where that has room, what ICMP said. */
static int why_short(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	return poll(&ready, 1, 0) > 0 && (ready.revents & POLLOUT) ? ECONNREFUSED : 0;
}

/* One call, for up to SEND_MAX frames: how many were sent, or -errno where the first was not. */
static int send_some(struct target *target, const struct frame *frames, unsigned n)
{
	struct mmsghdr header[SEND_MAX];
	uint64_t bytes = 0;
	int sent;

	memset(header, 0, n * sizeof(header[0]));
	for (unsigned i = 0; i < n; i++) {
		header[i].msg_hdr.msg_iov = (struct iovec *)frames[i].part;
		header[i].msg_hdr.msg_iovlen = 2;
	}
	do
		sent = sendmmsg(target->fd, header, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	for (int i = 0; i < sent; i++)
		bytes += header[i].msg_len;
	target_count(target, COUNT_BYTES, bytes);
	target_count(target, COUNT_SENT, (uint64_t)sent);
	return sent;
}

unsigned udp_send(struct target *target, const struct frame *frames, unsigned n, int *refused)
{
	unsigned done = 0;
	int old = 0;	/* what the frame at done has met, as it seems without its fault: it gets a second try */

	while (done < n) {
		unsigned want = n - done < SEND_MAX ? n - done : SEND_MAX;
		int rc = send_some(target, frames + done, want);

		if (rc == -EAGAIN)
			break;
		if (rc < 0 && is_old_error(-rc) && !old) {
			old = -rc;
			continue;
		}
		if (rc < 0) {
			*refused = is_old_error(-rc) ? -rc : *refused;
			target_trouble(target, strerror(-rc));
			target_count(target, COUNT_DROPPED, 1);
			done++;
			old = 0;
			continue;
		}
		if (old) {
			*refused = old;
			target_trouble(target, strerror(old));
		}
		done += (unsigned)rc;
		old = (unsigned)rc < want ? why_short(target->fd) : 0;
	}
	return done;
}
