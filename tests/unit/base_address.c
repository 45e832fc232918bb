/* base_address.c - tests: addresses of both families in one form */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/address.h"

static struct mcast_addr addr_of(const char *text)
{
	struct mcast_addr addr;

	cr_assert_eq(address_parse_port(text, &addr), 0, "%s", text);
	return addr;
}

Test(address, keeps_ipv4_as_a_mapped_address)
{
	struct mcast_addr addr = addr_of("10.0.0.5:53");

	cr_assert_arr_eq(addr.ip, "\0\0\0\0\0\0\0\0\0\0\xFF\xFF\x0A\0\0\x05", 16);
	cr_assert_eq(addr.port, 53);
	cr_assert(address_is_ipv4(&addr));
	addr = addr_of("::1");
	cr_assert_not(address_is_ipv4(&addr));
}

Test(address, prints_the_canonical_form)
{
	static const struct {
		const char *in, *alone, *with_port;
	} table[] = {
		{ "10.0.0.5:53", "10.0.0.5", "10.0.0.5:53" },
		{ "255.255.255.255:65535", "255.255.255.255", "255.255.255.255:65535" },
		{ "0.0.0.0", "0.0.0.0", "0.0.0.0:0" },
		{ "[ff02::1]:53", "ff02::1", "[ff02::1]:53" },
		{ "::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1:0" },
		{ "2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1", "[2001:db8::1:0:0:1]:0" },
		{ "2001:0db8:0000:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]:0" },
		{ "[1111:2222:3333:4444:5555:6666:7777:8888]:65535", "1111:2222:3333:4444:5555:6666:7777:8888",
		  "[1111:2222:3333:4444:5555:6666:7777:8888]:65535" },
		{ "::", "::", "[::]:0" },
	};
	char out[ADDRESS_TEXT];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct mcast_addr addr = addr_of(table[i].in);

		cr_assert_eq(address_text(out, &addr), strlen(table[i].alone));
		cr_assert_str_eq(out, table[i].alone);
		cr_assert_eq(address_port_text(out, &addr), strlen(table[i].with_port));
		cr_assert_str_eq(out, table[i].with_port);
	}
}

Test(address, hands_the_scope_out_as_text)
{
	struct mcast_addr addr;
	char scope[8];

	cr_assert_eq(address_parse("ff02::1%eth0", &addr, scope, sizeof(scope)), 0);
	cr_assert_str_eq(scope, "eth0");
	cr_assert_eq(address_parse("::1%2", &addr, scope, sizeof(scope)), 0);
	cr_assert_str_eq(scope, "2");
	cr_assert_eq(address_parse("10.0.0.5", &addr, scope, sizeof(scope)), 0);
	cr_assert_str_eq(scope, "");
	cr_assert_eq(addr.port, 0);
	cr_assert_eq(address_parse("ff02::1", &addr, NULL, 0), 0);
}

Test(address, refuses_what_is_no_address)
{
	static const char *const bad[] = {
		"", "10.0.0", "10.0.0.256", "10.0.0.5.6", "localhost", "10.0.0.5 ", " 10.0.0.5", "010.0.0.1", "1:2",
		"fe80::g", "10.0.0.5%eth0", "ff02::1%", "ff02::1%averylongscope", "[::1]", "10.0.0.5:53",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999",
		"1111111111111111111111111111111111111111111111111111111111111111111111111111",
	};
	struct mcast_addr addr;
	char scope[8];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(address_parse(bad[i], &addr, scope, sizeof(scope)), -EINVAL, "%s", bad[i]);
	cr_assert_eq(address_parse("ff02::1%eth0", &addr, NULL, 0), -EINVAL, "no scope wanted");
}

Test(address, says_what_is_wrong_with_a_port)
{
	static const struct {
		const char *text;
		int err;
	} table[] = {
		{ "10.0.0.5:0", -ERANGE }, { "10.0.0.5:65536", -ERANGE }, { "10.0.0.5:99999999999999999999", -ERANGE },
		{ "10.0.0.5:", -EINVAL }, { "10.0.0.5:x", -EINVAL }, { "10.0.0.5:-1", -EINVAL }, { "10.0.0.5:5 ", -EINVAL },
		{ "[::1]:0", -ERANGE }, { "[::1]:", -EINVAL }, { "[::1]5", -EINVAL }, { "[::1", -EINVAL },
		{ "[10.0.0.5]:5", -EINVAL }, { "[]:5", -EINVAL }, { ":5", -EINVAL }, { "", -EINVAL }, { "[::1%1]:5", -EINVAL },
	};
	struct mcast_addr addr;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		cr_assert_eq(address_parse_port(table[i].text, &addr), table[i].err, "%s", table[i].text);
	cr_assert_eq(addr_of("[::1]").port, 0);
	cr_assert_eq(addr_of("::1").port, 0);
}

Test(address, knows_multicast)
{
	static const struct {
		const char *text;
		bool multicast;
	} table[] = {
		{ "223.255.255.255", false }, { "224.0.0.0", true }, { "239.255.255.255", true }, { "240.0.0.0", false },
		{ "ff00::", true }, { "ff02::1", true }, { "fe80::1", false }, { "::1", false },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct mcast_addr addr = addr_of(table[i].text);

		cr_assert_eq(address_is_multicast(&addr), table[i].multicast, "%s", table[i].text);
	}
}

Test(address, compares_with_and_without_the_port)
{
	struct mcast_addr a = addr_of("10.0.0.5:1"), b = addr_of("10.0.0.5:2"), c = addr_of("10.0.0.6:1");

	cr_assert(address_same_ip(&a, &b));
	cr_assert_not(address_same(&a, &b));
	cr_assert_not(address_same_ip(&a, &c));
	cr_assert(address_same(&a, &a));
}

Test(address, matches_prefixes_of_its_own_family)
{
	static const struct {
		const char *cidr, *addr;
		bool has;
	} table[] = {
		{ "10.0.0.0/8", "10.255.255.255", true }, { "10.0.0.0/8", "11.0.0.0", false },
		{ "10.0.0.5", "10.0.0.5", true }, { "10.0.0.5", "10.0.0.4", false },
		{ "10.0.0.77/25", "10.0.0.127", true }, { "10.0.0.77/25", "10.0.0.128", false },
		{ "0.0.0.0/0", "255.1.2.3", true }, { "0.0.0.0/0", "::1", false },
		{ "::/0", "2001:db8::1", true }, { "::/0", "10.0.0.5", false },
		{ "fe80::/10", "febf::1", true }, { "fe80::/10", "fec0::1", false },
		{ "2001:db8::1/128", "2001:db8::1", true }, { "2001:db8::1/127", "2001:db8::2", false },
		{ "::ffff:10.0.0.0/104", "10.9.9.9", true }, { "::ffff:10.0.0.0/104", "11.9.9.9", false },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct mcast_addr addr = addr_of(table[i].addr);
		struct cidr cidr;

		cr_assert_eq(cidr_parse(table[i].cidr, &cidr), 0, "%s", table[i].cidr);
		cr_assert_eq(cidr_has(&cidr, &addr), table[i].has, "%s %s", table[i].cidr, table[i].addr);
	}
}

Test(address, refuses_what_is_no_prefix)
{
	static const char *const bad[] = {
		"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/-0", "::/129", "10.0.0.0/8/8", "10/8", "::1%lo/64",
		"10.0.0.0/8 ", "10.0.0.0/99999999999999999999",
	};
	struct cidr cidr;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(cidr_parse(bad[i], &cidr), -EINVAL, "%s", bad[i]);
}

Test(address, goes_to_the_kernel_and_back)
{
	struct mcast_addr addr = addr_of("10.0.0.5:53"), back;
	struct sockaddr_storage ss;

	cr_assert_eq(address_to_sockaddr(&ss, &addr, 0), sizeof(struct sockaddr_in));
	cr_assert_eq(ss.ss_family, AF_INET);
	cr_assert_eq(((struct sockaddr_in *)&ss)->sin_port, htons(53));
	cr_assert_eq(((struct sockaddr_in *)&ss)->sin_addr.s_addr, htonl(0x0A000005));
	cr_assert(address_from_sockaddr(&back, (struct sockaddr *)&ss));
	cr_assert_arr_eq(&back, &addr, sizeof(addr));

	addr = addr_of("[fe80::1]:53");
	cr_assert_eq(address_to_sockaddr(&ss, &addr, 7), sizeof(struct sockaddr_in6));
	cr_assert_eq(((struct sockaddr_in6 *)&ss)->sin6_scope_id, 7);
	cr_assert(address_from_sockaddr(&back, (struct sockaddr *)&ss));
	cr_assert_arr_eq(&back, &addr, sizeof(addr));

	ss.ss_family = AF_UNIX;
	cr_assert_not(address_from_sockaddr(&back, (struct sockaddr *)&ss));
}
