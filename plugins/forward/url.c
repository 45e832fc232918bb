/* url.c - forward: where to, as people write it */
#include "url.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "base/number.h"

/* Says what is wrong with the URL and returns -EINVAL. */
__attribute__((format(printf, 3, 4)))
static int wrong(struct why *why, const struct url *url, const char *format, ...)
{
	char text[sizeof(why->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	why_set(why, "\"%.128s\": %s", url->text, text);
	return -EINVAL;
}

static const struct scheme {
	const char *prefix;
	enum url_kind kind;
	const char *example;
} schemes[] = {
	{ "udp://", URL_UDP, "udp://host:port" },
	{ "tcp://", URL_TCP, "tcp://host:port" },
	{ "unix://", URL_UNIX, "unix:///path" },
};

#define SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

/* Copies text[0..n) as a string; false: it has no room in size bytes. */
static bool copy(char *out, size_t size, const char *text, size_t n)
{
	if (n >= size)
		return false;
	memcpy(out, text, n);
	out[n] = '\0';
	return true;
}

/* A name by RFC 1123, 2.1, and the underscore that people use; one that ends in a number is
 * an IPv4 address gone wrong. */
static bool is_name(const char *host)
{
	const char *label = host;

	for (const char *p = host;; p++) {
		if (*p == '.' || *p == '\0') {
			size_t len = (size_t)(p - label);

			if (len > 63 || label[0] == '-' || (len && p[-1] == '-'))
				return false;
			if (*p == '\0')		/* a dot at the end says that the name is whole */
				return len ? label[strspn(label, "0123456789")] != '\0' : p - host > 1;
			if (!len)
				return false;
			label = p + 1;
		} else if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", *p)) {
			return false;
		}
	}
}

static int parse_bracketed(struct url *url, size_t n, struct why *why)
{
	char text[URL_HOST];

	if (!copy(text, sizeof(text), url->host + 1, n - 2) ||
	    address_parse(text, &url->addr, url->interface, IF_NAMESIZE) || !strchr(text, ':'))
		return wrong(why, url, "%s is not an IPv6 address in brackets", url->host);
	url->literal = true;
	return 0;
}

static int parse_host(struct url *url, const char *text, size_t n, struct why *why)
{
	if (!n)
		return wrong(why, url, "no host; write %s", schemes[url->kind].example);
	if (!copy(url->host, sizeof(url->host), text, n))
		return wrong(why, url, "the host is longer than %d bytes", URL_HOST - 1);
	if (url->host[0] == '[')
		return parse_bracketed(url, n, why);
	if (strchr(url->host, ':'))
		return wrong(why, url, "an IPv6 address goes in brackets: %.6s[address]:port",
			     schemes[url->kind].prefix);
	if (strchr(url->host, '@'))
		return wrong(why, url, "takes no user; write %s", schemes[url->kind].example);
	if (!address_parse(url->host, &url->addr, NULL, 0)) {
		url->literal = true;
		return 0;
	}
	if (!is_name(url->host))
		return wrong(why, url, "%s is neither an address nor a host name", url->host);
	return 0;
}

static int parse_port(struct url *url, const char *text, size_t n, struct why *why)
{
	char digits[8];
	int64_t port;

	if (!n)
		return wrong(why, url, "no port; write %s", schemes[url->kind].example);
	if (!copy(digits, sizeof(digits), text, n) || strspn(digits, "0123456789") != n ||
	    number_int(digits, &port) || port < 1 || port > 65535)
		return wrong(why, url, "the port is %.*s; it is a number from 1 to 65535", (int)n, text);
	url->addr.port = (uint16_t)port;
	return 0;
}

static int parse_ttl(struct url *url, const char *value, struct why *why)
{
	int64_t ttl;

	if (url->ttl >= 0)
		return wrong(why, url, "ttl stands there twice");
	if (strspn(value, "0123456789") != strlen(value) || number_int(value, &ttl) || ttl > 255)
		return wrong(why, url, "ttl is %s; it is a number from 0 to 255", value);
	url->ttl = (int)ttl;
	return 0;
}

static int parse_interface(struct url *url, const char *value, struct why *why)
{
	struct mcast_addr addr;

	if (url->interface[0])
		return wrong(why, url, "the interface stands there twice: %s and %s", url->interface, value);
	if (!value[0])
		return wrong(why, url, "interface is empty; give its name, index or address");
	if (!copy(url->interface, sizeof(url->interface), value, strlen(value)))
		return wrong(why, url, "the interface is longer than %d bytes", URL_INTERFACE - 1);
	if (address_parse(value, &addr, NULL, 0)) {
		if (strlen(value) >= IF_NAMESIZE || strpbrk(value, "/: "))
			return wrong(why, url, "interface is %s; it is a name, an index or an address", value);
	} else if (url->literal && address_is_ipv4(&addr) != address_is_ipv4(&url->addr)) {
		return wrong(why, url, "the interface's address %s is not of the same family as %s", value,
			     url->host);
	}
	return 0;
}

/* What stands behind the '?'. */
static int parse_query(struct url *url, const char *text, struct why *why)
{
	char item[128];
	int rc;

	if (url->kind != URL_UDP)
		return wrong(why, url, "?%s: tcp takes nothing behind the port", text);
	for (;; text++) {
		size_t n = strcspn(text, "&");

		if (!copy(item, sizeof(item), text, n))
			return wrong(why, url, "%.32s... is too long", text);
		if (!strncmp(item, "ttl=", 4))
			rc = parse_ttl(url, item + 4, why);
		else if (!strncmp(item, "interface=", 10))
			rc = parse_interface(url, item + 10, why);
		else
			rc = wrong(why, url, "there is no \"%s\"; udp takes ?ttl=N&interface=NAME", item);
		if (rc)
			return rc;
		text += n;
		if (!*text)
			return 0;
	}
}

/* What no peer can have as its address, whatever the network is like. */
static int check_address(const struct url *url, struct why *why)
{
	static const struct mcast_addr any6 = { .ip = { 0 } };
	static const struct mcast_addr any4 = { .ip = "\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0" };
	static const struct mcast_addr broadcast = { .ip = "\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff" };
	const uint8_t *ip = url->addr.ip;
	bool group = address_is_multicast(&url->addr);

	if (address_same_ip(&url->addr, &any4) || address_same_ip(&url->addr, &any6))
		return wrong(why, url, "%s is nobody's address; this host is 127.0.0.1 or [::1]", url->host);
	if (address_same_ip(&url->addr, &broadcast))
		return wrong(why, url, "broadcast is not supported; send to a host or a group");
	if (group && url->kind == URL_TCP)
		return wrong(why, url, "%s is a group, and tcp has no groups; write udp://", url->host);
	if (!group && url->ttl == 0)
		return wrong(why, url, "ttl 0 keeps a group on this host; to a host it is at least 1");
	if (((ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80) || (group && (ip[1] & 0x0f) <= 2 && ip[0] == 0xff)) &&
	    !url->interface[0])
		return wrong(why, url, "a link-local address needs its interface: [address%%eth0]");
	return 0;
}

/* host:port[?query] */
static int parse_network(struct url *url, const char *text, struct why *why)
{
	size_t all = strcspn(text, "?");
	size_t from = text[0] == '[' ? strcspn(text, "]?") : 0;
	size_t host = all;
	int rc;

	if (text[0] == '[' && text[from] != ']')
		return wrong(why, url, "the bracket is not closed");
	if (memchr(text, '/', all))
		return wrong(why, url, "nothing but ?... goes behind the port; write %s",
			     schemes[url->kind].example);
	while (host > from && text[host - 1] != ':')	/* the last colon: what is no port is told as such */
		host--;
	if (host == from)
		host = all + 1;
	rc = parse_host(url, text, host - 1, why);
	if (!rc)
		rc = parse_port(url, text + host, host > all ? 0 : all - host, why);
	if (!rc && text[all] == '?')
		rc = parse_query(url, text + all + 1, why);
	if (!rc && url->literal)
		rc = check_address(url, why);
	return rc;
}

static int parse_path(struct url *url, const char *text, struct why *why)
{
	if (text[0] != '/')
		return wrong(why, url, "the path is not absolute; write unix:///path, with three slashes");
	if (!text[1])
		return wrong(why, url, "no path; write unix:///path");
	if (!copy(url->path, sizeof(url->path), text, strlen(text)))
		return wrong(why, url, "the path is longer than %zu bytes, which is all that a unix socket takes",
			     sizeof(url->path) - 1);
	return 0;
}

int url_parse(struct url *out, const char *text, struct why *why)
{
	memset(out, 0, sizeof(*out));
	out->text = text;
	out->ttl = -1;
	for (size_t i = 0; i < SCHEMES; i++) {
		size_t n = strlen(schemes[i].prefix);

		if (strncmp(text, schemes[i].prefix, n))
			continue;
		out->kind = schemes[i].kind;
		if (out->kind == URL_UNIX)
			return parse_path(out, text + n, why);
		return parse_network(out, text + n, why);
	}
	return wrong(why, out, "begins with none of udp://, tcp:// and unix://");
}
