/* forward_url.c - tests: where the forwarder sends to, as people write it; and the mistakes, told in words */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../plugins/forward/url.h"
#include "base/address.h"

static struct url parsed(const char *text)
{
	struct why why = { "" };
	struct url url;

	cr_assert_eq(url_parse(&url, text, &why), 0, "%s: %s", text, why.text);
	return url;
}

Test(forward_url, reads_hosts_ports_and_options)
{
	static const struct {
		const char *text;
		enum url_kind kind;
		bool literal;
		const char *host, *interface;
		unsigned port;
		int ttl;
	} rows[] = {
		{ "udp://127.0.0.1:5999", URL_UDP, true, "127.0.0.1", "", 5999, -1 },
		{ "udp://239.1.2.3:1?ttl=0", URL_UDP, true, "239.1.2.3", "", 1, 0 },
		{ "udp://239.1.2.3:65535?ttl=255&interface=eth0", URL_UDP, true, "239.1.2.3", "eth0", 65535, 255 },
		{ "udp://239.1.2.3:5?interface=192.0.2.1&ttl=8", URL_UDP, true, "239.1.2.3", "192.0.2.1", 5, 8 },
		{ "udp://239.1.2.3:5?interface=2", URL_UDP, true, "239.1.2.3", "2", 5, -1 },
		{ "udp://[::1]:5999", URL_UDP, true, "[::1]", "", 5999, -1 },
		{ "udp://[ff02::1%eth0]:7", URL_UDP, true, "[ff02::1%eth0]", "eth0", 7, -1 },
		{ "udp://[ff02::1]:7?interface=lo", URL_UDP, true, "[ff02::1]", "lo", 7, -1 },
		{ "udp://[ff0e::1]:7?interface=2001:db8::1", URL_UDP, true, "[ff0e::1]", "2001:db8::1", 7, -1 },
		{ "tcp://[fe80::1%2]:7", URL_TCP, true, "[fe80::1%2]", "2", 7, -1 },
		{ "tcp://localhost:80", URL_TCP, false, "localhost", "", 80, -1 },
		{ "tcp://logs.example.org.:514", URL_TCP, false, "logs.example.org.", "", 514, -1 },
		{ "udp://a-b_c.9x:514?ttl=4", URL_UDP, false, "a-b_c.9x", "", 514, 4 },
		{ "tcp://10.in-addr.example:514", URL_TCP, false, "10.in-addr.example", "", 514, -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct url url = parsed(rows[i].text);

		cr_assert_eq(url.kind, rows[i].kind, "%s", rows[i].text);
		cr_assert_eq(url.literal, rows[i].literal, "%s", rows[i].text);
		cr_assert_str_eq(url.host, rows[i].host, "%s", rows[i].text);
		cr_assert_str_eq(url.interface, rows[i].interface, "%s", rows[i].text);
		cr_assert_eq(url.addr.port, rows[i].port, "%s", rows[i].text);
		cr_assert_eq(url.ttl, rows[i].ttl, "%s", rows[i].text);
	}
}

Test(forward_url, reads_the_address_of_a_literal)
{
	struct url url = parsed("udp://[ff02::2%lo]:7");
	char text[ADDRESS_TEXT];

	address_port_text(text, &url.addr);
	cr_assert_str_eq(text, "[ff02::2]:7");
	url = parsed("tcp://192.0.2.7:80");
	address_port_text(text, &url.addr);
	cr_assert_str_eq(text, "192.0.2.7:80");
}

Test(forward_url, takes_a_path_as_it_is)
{
	struct url url = parsed("unix:///run/a b?c=%20&d:1");

	cr_assert_eq(url.kind, URL_UNIX);
	cr_assert_str_eq(url.path, "/run/a b?c=%20&d:1");
}

Test(forward_url, takes_the_longest_path_that_a_socket_can_have)
{
	char text[256] = "unix:///";
	struct url url;
	struct why why;

	memset(text + 8, 'a', 106);
	cr_assert_eq(strlen(parsed(text).path), 107);
	text[8 + 106] = 'a';
	cr_assert_eq(url_parse(&url, text, &why), -EINVAL);
	cr_assert(strstr(why.text, "longer than 107 bytes"), "%s", why.text);
}

Test(forward_url, tells_each_mistake_in_words)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "", "none of udp://, tcp:// and unix://" },
		{ "127.0.0.1:5999", "none of udp://, tcp:// and unix://" },
		{ "http://host:80", "none of udp://" },
		{ "UDP://host:80", "none of udp://" },
		{ "udp:/host:80", "none of udp://" },
		{ "udp://", "no host; write udp://host:port" },
		{ "udp://:80", "no host" },
		{ "tcp://:80", "no host; write tcp://host:port" },
		{ "udp://host", "no port; write udp://host:port" },
		{ "udp://host:", "no port" },
		{ "udp://host?ttl=1", "no port" },
		{ "udp://[::1]", "no port" },
		{ "udp://host:0", "the port is 0; it is a number from 1 to 65535" },
		{ "udp://host:65536", "the port is 65536" },
		{ "udp://host:99999999999", "the port is 99999999999" },
		{ "udp://host:http", "the port is http" },
		{ "udp://host:+80", "the port is +80" },
		{ "udp://host:-80", "the port is -80" },
		{ "udp://host: 80", "the port is  80" },
		{ "udp://host:80/", "nothing but ?... goes behind the port" },
		{ "tcp://host:80/path", "nothing but ?... goes behind the port; write tcp://host:port" },
		{ "udp://::1:80", "in brackets: udp://[address]:port" },
		{ "tcp://2001:db8::1:80", "in brackets: tcp://[address]:port" },
		{ "udp://[::1:80", "the bracket is not closed" },
		{ "udp://[]:80", "[] is not an IPv6 address" },
		{ "udp://[host]:80", "[host] is not an IPv6 address" },
		{ "udp://[127.0.0.1]:80", "[127.0.0.1] is not an IPv6 address" },
		{ "udp://[::1]x:80", "[::1]x is not an IPv6 address" },
		{ "udp://256.1.1.1:80", "256.1.1.1 is neither an address nor a host name" },
		{ "udp://10.0.0:80", "10.0.0 is neither" },
		{ "udp://user@host:80", "takes no user" },
		{ "udp://ho st:80", "ho st is neither" },
		{ "udp://-host:80", "-host is neither" },
		{ "udp://host-:80", "host- is neither" },
		{ "udp://a..b:80", "a..b is neither" },
		{ "udp://.:80", ". is neither" },
		{ "udp://h\xc3\xb6st:80", "is neither" },
		{ "udp://0.0.0.0:80", "nobody's address" },
		{ "tcp://[::]:80", "nobody's address" },
		{ "udp://255.255.255.255:80", "broadcast is not supported" },
		{ "tcp://239.1.2.3:80", "tcp has no groups; write udp://" },
		{ "tcp://host:80?ttl=3", "?ttl=3: tcp takes nothing behind the port" },
		{ "udp://239.1.2.3:80?ttl=256", "ttl is 256; it is a number from 0 to 255" },
		{ "udp://239.1.2.3:80?ttl=-1", "ttl is -1" },
		{ "udp://239.1.2.3:80?ttl=", "ttl is ;" },
		{ "udp://239.1.2.3:80?ttl=1&ttl=2", "ttl stands there twice" },
		{ "udp://127.0.0.1:80?ttl=0", "to a host it is at least 1" },
		{ "udp://239.1.2.3:80?", "there is no \"\"" },
		{ "udp://239.1.2.3:80?ttl=1&", "there is no \"\"" },
		{ "udp://239.1.2.3:80?loop=0", "there is no \"loop=0\"; udp takes ?ttl=N&interface=NAME" },
		{ "udp://239.1.2.3:80?TTL=1", "there is no \"TTL=1\"" },
		{ "udp://239.1.2.3:80?interface=", "interface is empty" },
		{ "udp://239.1.2.3:80?interface=eth0&interface=eth1", "twice: eth0 and eth1" },
		{ "udp://[ff02::1%eth0]:80?interface=eth1", "twice: eth0 and eth1" },
		{ "udp://239.1.2.3:80?interface=a/b", "interface is a/b; it is a name" },
		{ "udp://239.1.2.3:80?interface=longer-than-a-name", "it is a name" },
		{ "udp://239.1.2.3:80?interface=::1", "not of the same family as 239.1.2.3" },
		{ "udp://[ff02::1]:80", "needs its interface: [address%eth0]" },
		{ "tcp://[fe80::1]:80", "needs its interface" },
		{ "unix://", "the path is not absolute" },
		{ "unix://relative/path", "the path is not absolute; write unix:///path" },
		{ "unix:///", "no path" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct why why = { "" };
		struct url url;
		char quoted[64];

		cr_expect_eq(url_parse(&url, rows[i].text, &why), -EINVAL, "%s is taken", rows[i].text);
		cr_expect(strstr(why.text, rows[i].words), "%s: said %s", rows[i].text, why.text);
		if (strspn(rows[i].text, "\x20-\x7e") == strlen(rows[i].text)) {
			snprintf(quoted, sizeof(quoted), "\"%s\": ", rows[i].text);
			cr_expect_eq(strncmp(why.text, quoted, strlen(quoted)), 0, "%s", why.text);
		}
	}
}

Test(forward_url, refuses_a_name_that_no_one_can_have)
{
	char text[400] = "udp://";
	struct url url;
	struct why why;

	memset(text + 6, 'a', 64);
	memcpy(text + 70, ".example:80", 12);
	cr_assert_eq(url_parse(&url, text, &why), -EINVAL, "a label of 64 bytes");
	memset(text + 6, 'a', 260);
	for (size_t i = 6 + 50; i < 6 + 260; i += 50)
		text[i] = '.';
	memcpy(text + 266, ":80", 4);
	cr_assert_eq(url_parse(&url, text, &why), -EINVAL);
	cr_assert(strstr(why.text, "longer than 253 bytes"), "%s", why.text);
}
