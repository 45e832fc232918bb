/* address.c - base: addresses of both families in one form, struct mcast_addr of mcast/handler.h */
#include "base/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

#define MAPPED 12		/* bytes before the IPv4 address in ip[] */

static const uint8_t mapped[MAPPED] = { [10] = 0xFF, [11] = 0xFF };

/* Parses text[0..n), a literal without port or scope. */
static int parse_literal(const char *text, size_t n, struct mcast_addr *out)
{
	char copy[INET6_ADDRSTRLEN];
	struct mcast_addr addr = { 0 };

	if (n >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, n);
	copy[n] = '\0';

	memcpy(addr.ip, mapped, MAPPED);
	if (inet_pton(AF_INET, copy, addr.ip + MAPPED) != 1 && inet_pton(AF_INET6, copy, addr.ip) != 1)
		return -EINVAL;
	*out = addr;
	return 0;
}

int address_parse(const char *text, struct mcast_addr *out, char *scope, size_t scope_size)
{
	size_t n = strcspn(text, "%");
	const char *given = text[n] ? text + n + 1 : NULL;
	struct mcast_addr addr;

	if (parse_literal(text, n, &addr))
		return -EINVAL;
	if (given && (!scope || !*given || strlen(given) >= scope_size || address_is_ipv4(&addr)))
		return -EINVAL;
	if (scope && scope_size)
		snprintf(scope, scope_size, "%s", given ? given : "");
	*out = addr;
	return 0;
}

static int parse_port(const char *text, uint16_t *out)
{
	int64_t port;
	int err = *text == '-' ? -EINVAL : number_int(text, &port);

	if (err)
		return err;
	if (port < 1 || port > UINT16_MAX)
		return -ERANGE;
	*out = (uint16_t)port;
	return 0;
}

int address_parse_port(const char *text, struct mcast_addr *out)
{
	const char *colon = strchr(text, ':'), *end = text + strlen(text), *port = NULL;
	struct mcast_addr addr;
	int err;

	if (*text == '[') {
		end = strchr(++text, ']');
		if (!end || !colon || colon > end || (end[1] && end[1] != ':'))
			return -EINVAL;
		if (end[1])
			port = end + 2;
	} else if (colon && !strchr(colon + 1, ':')) {
		end = colon;
		port = colon + 1;
	}

	err = parse_literal(text, (size_t)(end - text), &addr);
	if (!err && port)
		err = parse_port(port, &addr.port);
	if (!err)
		*out = addr;
	return err;
}

int cidr_parse(const char *text, struct cidr *out)
{
	size_t n = strcspn(text, "/");
	struct cidr cidr;
	int64_t bits = 128;
	unsigned before;

	if (parse_literal(text, n, &cidr.net))
		return -EINVAL;
	/* "::ffff:10.0.0.0/104" counts all bits, as it is written. */
	before = memchr(text, ':', n) ? 0 : 8 * MAPPED;
	if (text[n]) {
		if (text[n + 1] == '-' || number_int(text + n + 1, &bits) || bits > 128 - before)
			return -EINVAL;
		bits += before;
	}
	cidr.bits = (unsigned)bits;

	for (unsigned i = cidr.bits; i < 128; i++)
		cidr.net.ip[i / 8] &= ~(0x80 >> i % 8);
	*out = cidr;
	return 0;
}

bool cidr_has(const struct cidr *cidr, const struct mcast_addr *addr)
{
	unsigned whole = cidr->bits / 8, rest = cidr->bits % 8;

	/* Our form of IPv4 lies within "::/0", which nobody means by it. */
	if (cidr->bits < 8 * MAPPED && address_is_ipv4(addr))
		return false;
	if (memcmp(cidr->net.ip, addr->ip, whole))
		return false;
	return !rest || (cidr->net.ip[whole] ^ addr->ip[whole]) >> (8 - rest) == 0;
}

bool address_is_ipv4(const struct mcast_addr *addr)
{
	return !memcmp(addr->ip, mapped, MAPPED);
}

bool address_is_multicast(const struct mcast_addr *addr)
{
	if (address_is_ipv4(addr))
		return addr->ip[MAPPED] >> 4 == 0xE;
	return addr->ip[0] == 0xFF;
}

bool address_same_ip(const struct mcast_addr *a, const struct mcast_addr *b)
{
	return !memcmp(a->ip, b->ip, sizeof(a->ip));
}

bool address_same(const struct mcast_addr *a, const struct mcast_addr *b)
{
	return a->port == b->port && address_same_ip(a, b);
}

/* This and number_put() run for every line of a log: snprintf() would be most of its cost. */
static char *put_octet(char *out, unsigned value)
{
	if (value >= 100)
		*out++ = (char)('0' + value / 100);
	if (value >= 10)
		*out++ = (char)('0' + value / 10 % 10);
	*out++ = (char)('0' + value % 10);
	return out;
}

size_t address_text(char *out, const struct mcast_addr *addr)
{
	char *end = out;

	if (!address_is_ipv4(addr)) {
		inet_ntop(AF_INET6, addr->ip, out, ADDRESS_TEXT);	/* RFC 5952's form */
		return strlen(out);
	}
	for (int i = 0; i < 4; i++) {
		end = put_octet(end, addr->ip[MAPPED + i]);
		*end++ = '.';
	}
	*--end = '\0';
	return (size_t)(end - out);
}

size_t address_port_text(char *out, const struct mcast_addr *addr)
{
	bool brackets = !address_is_ipv4(addr);
	char *end = out;

	if (brackets)
		*end++ = '[';
	end += address_text(end, addr);
	if (brackets)
		*end++ = ']';
	*end++ = ':';
	end = number_put(end, addr->port);
	*end = '\0';
	return (size_t)(end - out);
}

socklen_t address_to_sockaddr(struct sockaddr_storage *out, const struct mcast_addr *addr, uint32_t scope)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (address_is_ipv4(addr)) {
		in->sin_family = AF_INET;
		in->sin_port = htons(addr->port);
		memcpy(&in->sin_addr, addr->ip + MAPPED, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(addr->port);
	in6->sin6_scope_id = scope;
	memcpy(&in6->sin6_addr, addr->ip, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

bool address_from_sockaddr(struct mcast_addr *out, const struct sockaddr *sa)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)sa;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)sa;

	out->reserved = 0;
	switch (sa->sa_family) {
	case AF_INET:
		memcpy(out->ip, mapped, MAPPED);
		memcpy(out->ip + MAPPED, &in->sin_addr, sizeof(in->sin_addr));
		out->port = ntohs(in->sin_port);
		return true;
	case AF_INET6:
		memcpy(out->ip, &in6->sin6_addr, sizeof(in6->sin6_addr));
		out->port = ntohs(in6->sin6_port);
		return true;
	default:
		return false;
	}
}
