/* address.h - base: addresses of both families in one form, struct mcast_addr of mcast/handler.h
 *
 * IPv4 is written as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), ports are in host order. */
#ifndef CORE_BASE_ADDRESS_H
#define CORE_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include "mcast/handler.h"

#define ADDRESS_TEXT 64		/* bytes that hold any "[address]:port" and its NUL */

struct cidr {
	struct mcast_addr net;	/* port unused */
	unsigned bits;		/* 0 to 128; an IPv4 prefix has 96 added */
};

/* Parses a literal: "10.0.0.5", "ff02::1", "ff02::1%eth0", "::1%2"; the port becomes 0. A scope goes to
 * scope[scope_size) as text ("" without one); NULL refuses a scope. 0 or -EINVAL. */
int address_parse(const char *text, struct mcast_addr *out, char *scope, size_t scope_size);
/* Also "GROUP:PORT" and "[v6]:PORT"; without a port it is 0. 0, -EINVAL, -ERANGE for the port. */
int address_parse_port(const char *text, struct mcast_addr *out);
int cidr_parse(const char *text, struct cidr *out);	/* "10.0.0.0/8", "10.0.0.5", "fe80::/10"; 0 or -EINVAL */
bool cidr_has(const struct cidr *cidr, const struct mcast_addr *addr);

bool address_is_ipv4(const struct mcast_addr *addr);
bool address_is_multicast(const struct mcast_addr *addr);	/* 224.0.0.0/4, ff00::/8 */
bool address_same_ip(const struct mcast_addr *a, const struct mcast_addr *b);
bool address_same(const struct mcast_addr *a, const struct mcast_addr *b);	/* ip and port */

/* Text of the address alone, or with its port ("10.0.0.5:53", "[ff02::1]:53"); out: ADDRESS_TEXT bytes.
 * Return the length. */
size_t address_text(char *out, const struct mcast_addr *addr);
size_t address_port_text(char *out, const struct mcast_addr *addr);

/* To and from the kernel's form. scope: interface index for IPv6 link-local, else 0. */
socklen_t address_to_sockaddr(struct sockaddr_storage *out, const struct mcast_addr *addr, uint32_t scope);
bool address_from_sockaddr(struct mcast_addr *out, const struct sockaddr *sa);	/* false: another family */

#endif
