/* url.h - forward: where to, as people write it
 *
 *     udp://host:port[?ttl=N][&interface=NAME|INDEX|ADDRESS]     tcp://host:port     unix:///path
 *
 * host is a name, an IPv4 address, or an IPv6 address in brackets, with its scope where it is link-local:
 * [fe80::1%eth0]. Parsing looks nothing up: neither names nor interfaces. */
#ifndef FORWARD_URL_H
#define FORWARD_URL_H

#include <stdbool.h>
#include <sys/un.h>
#include "base/why.h"
#include "mcast/handler.h"

#define URL_HOST 254		/* bytes of a name (RFC 1035, 2.3.4) and its NUL */
#define URL_INTERFACE 64	/* bytes of an interface's name, index or address */

enum url_kind { URL_UDP, URL_TCP, URL_UNIX };

struct url {
	const char *text;	/* as given, borrowed */
	enum url_kind kind;
	bool literal;		/* host is an address: addr */
	struct mcast_addr addr;	/* its port is set for names too */
	char host[URL_HOST];	/* "" for unix */
	char interface[URL_INTERFACE];	/* from ?interface= or from the scope; "": the kernel's choice */
	int ttl;		/* 0 to 255; -1: the kernel's default */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];	/* unix */
};

/* 0, or -EINVAL with words that name the URL, the part that is wrong and what would be right. */
int url_parse(struct url *out, const char *text, struct why *why);

#endif
