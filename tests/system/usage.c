/* usage.c - tests of the whole: the command line: what it asks for is done, what is wrong with it is told in words */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/version.h"
#include "support/netns.h"
#include "support/program.h"
#include "support/site.h"
#include "support/wire.h"

static void enter(void)
{
	site_enter();
	netns_enter();
	unsetenv("MCAST_HANDLERS_DIR");
}

TestSuite(usage, .init = enter, .fini = site_leave);

#define HINT "mcast-hear: mcast-hear --help shows how it is used\n"

/* Runs "mcast-hear" with these words, which are parted by one space. */
static struct program *run(const char *arguments)
{
	char words[300], *rest = words;
	const char *argv[24] = { "mcast-hear" };
	unsigned n = 1;

	snprintf(words, sizeof(words), "%s", arguments);
	while (rest && n < 23)
		argv[n++] = strsep(&rest, " ");
	return program_start(argv);
}

/* ---- wrong command lines ------------------------------------------------------------------------- */

static const struct {
	const char *arguments, *words;
} wrong[] = {
	{ "--group 10.0.0.1", "--group 10.0.0.1: not a multicast address: those are 224.0.0.0 to 239.255.255.255 and ff00::/8" },
	{ "--group 223.255.255.255", "--group 223.255.255.255: not a multicast address" },
	{ "--group 240.0.0.0", "--group 240.0.0.0: not a multicast address" },
	{ "--group 255.255.255.255", "--group 255.255.255.255: not a multicast address" },
	{ "--group 0.0.0.0", "--group 0.0.0.0: not a multicast address" },
	{ "--group fe80::1%lo", "--group fe80::1%lo: not a multicast address" },
	{ "--group ::1", "--group ::1: not a multicast address" },
	{ "--group ::ffff:10.0.0.1", "not a multicast address" },
	{ "--group all-systems.example", "--group all-systems.example: expected an address such as 239.255.0.1 or ff02::1%eth0" },
	{ "--group 239.255.0", "--group 239.255.0: expected an address" },
	{ "--group 239.255.0.256", "--group 239.255.0.256: expected an address" },
	{ "--group 239.255.0.1/24", "--group 239.255.0.1/24: expected an address" },
	{ "--group 239.255.0.1:5000", "(the port goes to --port)" },
	{ "--group [ff02::1]:5000", "(the port goes to --port)" },
	{ "--group 239.255.0.1%lo", "--group 239.255.0.1%lo: expected an address" },
	{ "--group ff02::1%", "--group ff02::1%: expected an address" },
	{ "--group=", "expected an address" },
	{ "--group 239.255.0.1 --group x", "--group x: expected an address" },
	{ "--group", "--group: needs a value" },
	{ "-g", "--group: needs a value" },
	{ "--port 0", "--port 0: expected a number from 1 to 65535" },
	{ "--port 65536", "--port 65536: expected a number from 1 to 65535" },
	{ "--port -1", "--port -1: expected a number from 1 to 65535" },
	{ "--port 99999999999999999999", "--port 99999999999999999999: expected a number from 1 to 65535" },
	{ "--port http", "--port http: expected a number from 1 to 65535" },
	{ "--port 5000x", "--port 5000x: expected a number from 1 to 65535" },
	{ "--port +5000", "--port +5000: expected a number from 1 to 65535" },
	{ "--port 0x50", "--port 0x50: expected a number from 1 to 65535" },
	{ "--port=", "expected a number from 1 to 65535" },
	{ "-p70000", "--port 70000: expected a number from 1 to 65535" },
	{ "--interface=", "--interface \"\": expected a name, an index, an address of an interface, or all" },
	{ "--interface a123456789b123456789c123456789d123456789e123456789f123456789g1234", "expected a name, an index, an address" },
	{ "--group ff02::1%lo --interface eth0", "%lo and --interface eth0 name two interfaces: leave one out" },
	{ "--interface eth0 --group ff02::1%lo", "%lo and --interface eth0 name two interfaces: leave one out" },
	{ "--count 0", "--count 0: expected a number of datagrams, 1 or more" },
	{ "--count -5", "--count -5: expected a number of datagrams, 1 or more" },
	{ "--count ten", "--count ten: expected a number of datagrams, 1 or more" },
	{ "--count 1e3", "--count 1e3: expected a number of datagrams, 1 or more" },
	{ "--count 99999999999999999999", "expected a number of datagrams" },
	{ "--timeout 0", "--timeout 0: expected a time above 0, such as 10 (seconds), 250ms or 5m" },
	{ "--timeout 0ms", "--timeout 0ms: expected a time above 0" },
	{ "--timeout -1", "--timeout -1: expected a time above 0" },
	{ "--timeout soon", "--timeout soon: expected a time above 0" },
	{ "--timeout 5x", "--timeout 5x: expected a time above 0" },
	{ "--timeout 99999999999h", "--timeout 99999999999h: expected a time" },
	{ "--format xml", "--format xml: expected text, json, raw or hex" },
	{ "--format JSON", "--format JSON: expected text, json, raw or hex" },
	{ "--format=", "expected text, json, raw or hex" },
	{ "--output=", "--output \"\": expected a file, or - for stdout" },
	{ "--plugins=", "--plugins=: expected a directory" },
	{ "--plugins --format json", "--format: is for use without --plugins; set \"format\" in the logger's entry of the manifest" },
	{ "--output log --plugins", "--output: is for use without --plugins; set \"path\" in the logger's entry of the manifest" },
	{ "--plugins handlers.d", "handlers.d: unexpected; a directory of handlers is written --plugins=handlers.d" },
	{ "239.255.0.1", "239.255.0.1: unexpected; a group is named with --group" },
	{ "-- --port", "--port: unexpected" },
	{ "-", "-: unexpected" },
	{ "--grup 239.255.0.1", "--grup: there is no such option; did you mean --group?" },
	{ "--grup=239.255.0.1", "--grup: there is no such option; did you mean --group?" },
	{ "--timeuot 5", "--timeuot: there is no such option; did you mean --timeout?" },
	{ "--frobnicate", "--frobnicate: there is no such option\n" },
	{ "--=5", "--: there is no such option\n" },
	{ "--ver", "--ver: could be --verbose or --version: write more of it" },
	{ "--p 5000", "--p: could be --port or --plugins: write more of it" },
	{ "-x", "-x: there is no such option" },
	{ "-vqx", "-x: there is no such option" },
	{ "-\033[2J", "-\\x1B: there is no such option" },
	{ "--port \033[2J", "--port \\x1B[2J: expected a number" },
	{ "--check=yes", "--check: takes no value" },
	{ "--quiet --port x", "--port x: expected a number" },
};

Test(usage, each_wrong_command_line_is_told_in_a_line_that_names_what_is_wrong)
{
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct program *p = run(wrong[i].arguments);
		const char *err;

		cr_expect_eq(program_ends(p), 64, "%s: ended with %d", wrong[i].arguments, program_ends(p));
		err = program_err(p);
		cr_expect_eq(program_out_size(p), 0);
		cr_expect_eq(strncmp(err, "mcast-hear: ", 12), 0);
		cr_expect(strstr(err, wrong[i].words), "%s: without \"%s\": %s", wrong[i].arguments, wrong[i].words, err);
		cr_expect_str_eq(strchr(err, '\n') + 1, HINT, "%s: told: %s", wrong[i].arguments, err);
		cr_expect(!strchr(err, '\033'));
		program_free(p);
	}
}

/* ---- help, version, how much is said --------------------------------------------------------------- */

Test(usage, help_fits_a_terminal_and_is_data)
{
	static const char *const ways[] = { "--help", "-h", "--interface nosuch --help" };

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		struct program *p = run(ways[i]);
		unsigned lines = 0;

		cr_expect_eq(program_ends(p), 0);
		cr_expect_str_eq(program_err(p), "");
		for (const char *line = program_out(p); *line; line = strchr(line, '\n') + 1, lines++)
			cr_expect_leq(strcspn(line, "\n"), 80, "too wide: %.*s", (int)strcspn(line, "\n"), line);
		cr_expect(lines >= 24 && lines <= 30, "%u lines", lines);
		program_free(p);
	}
}

Test(usage, help_names_every_option)
{
	static const char *const options[] = { "-g, --group", "-p, --port", "-i, --interface", "-P, --plugins", "--check",
					       "-f, --format", "-o, --output", "-n, --count", "-t, --timeout",
					       "-v, --verbose", "-q, --quiet", "-h, --help", "-V, --version" };
	struct program *p = run("--help");

	cr_expect_eq(program_ends(p), 0);
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		cr_expect(strstr(program_out(p), options[i]), "without %s", options[i]);
	program_free(p);
}

Test(usage, version_is_one_line_of_data)
{
	struct program *p = run("-V");

	cr_expect_eq(program_ends(p), 0);
	cr_expect_str_eq(program_out(p), "mcast-hear " MCAST_VERSION "\n");
	cr_expect_str_eq(program_err(p), "");
	program_free(p);
}

static int sender(const char *group, const char *interface, const char *source)
{
	return wire_open(&(struct wire_sender){ .group = group, .interface = interface, .source = source, .ttl = 1 });
}

Test(usage, quiet_says_nothing_where_all_goes_well_and_still_why_it_ended_early, .timeout = 60)
{
	struct program *p;
	int fd;

	/* A buffer that is granted to everybody, for less is worth a warning. */
	site_manifest("{ 'version': 1, 'listen': [ { 'group': '224.0.0.1', 'port': 5000, 'rcvbuf': '64k' } ],\n"
		      "'chain': [ { 'handler': 'logger', 'options': { 'format': 'raw' } } ] }");
	p = run("-q --plugins -i lo -n 1");

	/* It cannot say when it is ready: its socket in the kernel's list does. */
	for (bool there = false; !there;) {
		char text[4096] = "";
		FILE *udp = fopen("/proc/self/net/udp", "r");

		there = udp && fread(text, 1, sizeof(text) - 1, udp) && strstr(text, ":1388 ");
		fclose(udp);
		program_pump(p);
	}
	fd = sender("224.0.0.1:5000", "lo", "127.0.0.1");
	wire_say(fd, "data");
	cr_expect_eq(program_ends(p), 0);
	cr_expect_str_eq(program_out(p), "data");
	cr_expect_str_eq(program_err(p), "");
	program_free(p);
	close(fd);

	p = run("-q -i nosuch");
	cr_expect_eq(program_ends(p), 69);
	cr_expect(strstr(program_err(p), "no interface has the name"), "%s", program_err(p));
	program_free(p);
}

Test(usage, verbose_says_why_there_is_no_manifest)
{
	struct program *p;

	site_drop("nothing", "nothing");
	p = run("-v --plugins -i lo -t 10ms");
	cr_expect_eq(program_ends(p), 0);
	cr_expect(strstr(program_err(p), "handlers.d/manifest.json: not there, so the chain is the drop-ins of handlers.d alone"),
		  "%s", program_err(p));
	program_law(p);
	program_free(p);
}

/* ---- what cannot be joined --------------------------------------------------------------------------- */

static void expect_unavailable(const char *arguments, const char *words)
{
	struct program *p = run(arguments);

	cr_expect_eq(program_ends(p), 69, "%s: ended with %d: %s", arguments, program_ends(p), program_err(p));
	cr_expect_str_eq(program_err(p), words);
	cr_expect_eq(program_out_size(p), 0);
	program_free(p);
}

Test(usage, an_interface_that_is_not_there_is_told_with_those_that_are)
{
	netns_veth("va", "vb");
	expect_unavailable("-i nosuch", "mcast-hear: no interface has the name, index or address \"nosuch\"; there are: lo, vb, va\n");
	expect_unavailable("-i 99", "mcast-hear: no interface has the name, index or address \"99\"; there are: lo, vb, va\n");
	expect_unavailable("-i 10.9.9.9", "mcast-hear: no interface has the name, index or address \"10.9.9.9\"; there are: lo, vb, va\n");
	expect_unavailable("-g ff02::1%nosuch", "mcast-hear: no interface has the name, index or address \"nosuch\"; there are: lo, vb, va\n");
}

Test(usage, without_a_route_it_says_how_to_name_an_interface)
{
	netns_ip("route del 224.0.0.0/4 dev lo");
	expect_unavailable("-t 1", "mcast-hear: no route to 224.0.0.1: name an interface with --interface or \"interface\"; "
			   "there are: lo\n");
	expect_unavailable("-g ff05::1", "mcast-hear: no route to ff05::1: name an interface with --interface or "
			   "\"interface\"; there are: lo\n");
}

Test(usage, a_port_that_another_does_not_share_is_told)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	socklen_t len = sizeof(any);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char arguments[64], words[300];

	cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&any, len) == 0);
	cr_assert(getsockname(fd, (struct sockaddr *)&any, &len) == 0);
	snprintf(arguments, sizeof(arguments), "-i lo -p %u", ntohs(any.sin_port));
	snprintf(words, sizeof(words), "mcast-hear: cannot bind to 224.0.0.1:%u on lo: Address already in use: a program that "
		 "does not share (SO_REUSEADDR) has this port; ss -ulnp names it\n", ntohs(any.sin_port));
	expect_unavailable(arguments, words);
	close(fd);
}

Test(usage, a_group_named_twice_is_told)
{
	expect_unavailable("-i lo -g 239.255.0.1 -g 239.255.0.2 -g 239.255.0.1",
			   "mcast-hear: 239.255.0.1:59259 on lo is listened to twice: each datagram would count twice; "
			   "name it once\n");
}

Test(usage, an_interface_that_is_down_is_joined_with_a_warning)
{
	struct program *p;

	netns_ip("link set lo down");
	p = run("-i lo -t 10ms");
	cr_expect_eq(program_ends(p), 0);
	cr_expect_eq(strncmp(program_err(p), "mcast-hear: lo is down: nothing comes in by it before it is up (ip link set lo "
			     "up)\n", 80), 0, "%s", program_err(p));
	program_law(p);
	program_free(p);
}

/* ---- what is joined where ------------------------------------------------------------------------------ */

Test(usage, several_groups_are_heard_at_once_and_no_other)
{
	struct program *p = run("-i lo -p 5000 -g 239.255.0.1 -g 239.255.0.2 --group=239.255.0.3 -n 3");
	static const char *const groups[] = { "239.255.0.1:5000", "239.255.0.4:5000", "239.255.0.2:5000",
					      "239.255.0.3:5000" };

	program_says(p, "hearing 239.255.0.1:5000 on lo, 239.255.0.2:5000 on lo, 239.255.0.3:5000 on lo; chain: logger\n");
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		int fd = sender(groups[i], "lo", "127.0.0.1");

		wire_say(fd, groups[i]);
		close(fd);
	}
	cr_expect_eq(program_ends(p), 0);
	cr_expect(strstr(program_out(p), " 239.255.0.1:5000 16 239.255.0.1:5000\n"), "%s", program_out(p));
	cr_expect(strstr(program_out(p), " 239.255.0.2:5000 16 239.255.0.2:5000\n"), "%s", program_out(p));
	cr_expect(strstr(program_out(p), " 239.255.0.3:5000 16 239.255.0.3:5000\n"), "%s", program_out(p));
	cr_expect(!strstr(program_out(p), "239.255.0.4"), "%s", program_out(p));
	cr_expect_eq(program_count(p, NULL, "received"), 3);
	program_law(p);
	program_free(p);
}

Test(usage, an_ipv6_group_is_heard_over_the_interface_that_is_named)
{
	static const char *const ways[] = { "-g ff05::1:3 -p 5000 -i va -n 1", "-g ff05::1:3%va -p 5000 -n 1",
					    "-g ff05::1:3%va -i va -p 5000 -n 1", "-g ff05::1:3 -i fe80::1%va -p 5000 -n 1" };

	netns_veth("va", "vb");
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		struct program *p = run(ways[i]);
		int fd;

		program_says(p, "hearing [ff05::1:3]:5000 on va; chain: logger\n");
		fd = sender("[ff05::1:3]:5000", "vb", NULL);
		wire_say(fd, "from the other end");
		cr_expect_eq(program_ends(p), 0);
		cr_expect(strstr(program_out(p), " va [fe80::2]:"), "%s", program_out(p));
		cr_expect(strstr(program_out(p), " [ff05::1:3]:5000 18 from the other end\n"), "%s", program_out(p));
		program_law(p);
		program_free(p);
		close(fd);
	}
}

static void expect_joined(const char *interface, const char *words)
{
	struct program *p;
	char arguments[100];

	snprintf(arguments, sizeof(arguments), "-t 10ms -i %s", interface);
	p = run(arguments);
	cr_expect_eq(program_ends(p), 0, "%s", program_err(p));
	cr_expect(strstr(program_err(p), words), "%s: without \"%s\": %s", interface, words, program_err(p));
	program_law(p);
	program_free(p);
}

Test(usage, an_interface_goes_by_name_index_address_or_all_of_them)
{
	char index[16];

	netns_veth("va", "vb");
	netns_ip("addr add 10.1.0.1/24 dev va");
	snprintf(index, sizeof(index), "%u", if_nametoindex("va"));
	expect_joined("va", "hearing 224.0.0.1:59259 on va; chain");
	expect_joined(index, "hearing 224.0.0.1:59259 on va; chain");
	expect_joined("10.1.0.1", "hearing 224.0.0.1:59259 on va; chain");
	expect_joined("127.0.0.1", "hearing 224.0.0.1:59259 on lo; chain");
	expect_joined("all", "hearing 224.0.0.1:59259 on lo, 224.0.0.1:59259 on vb, 224.0.0.1:59259 on va; chain");
}

Test(usage, without_an_interface_the_kernels_route_decides_and_is_named)
{
	struct program *p = run("-t 10ms -g 239.255.0.1");

	cr_expect_eq(program_ends(p), 0);
	cr_expect(strstr(program_err(p), "hearing 239.255.0.1:59259 on lo (the kernel's route); chain: logger\n"), "%s",
		  program_err(p));
	program_law(p);
	program_free(p);
}

Test(usage, help_that_cannot_be_written_is_a_failure)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct program *p = program_start_to((const char *const[]){ "mcast-hear", "--help", NULL }, full);

	cr_assert_eq(program_ends(p), 71);
	cr_assert(strstr(program_err(p), "stdout: No space left on device"), "%s", program_err(p));
	program_free(p);
	close(full);
}
