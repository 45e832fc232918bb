/* listening.c - tests of the whole: several groups, ports and interfaces in one process, IPv4 and IPv6 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/netns.h"
#include "support/program.h"
#include "support/site.h"
#include "support/wire.h"

static void enter(void)
{
	site_enter();
	netns_enter();
}

TestSuite(listening, .init = enter, .fini = site_leave);

/* Says one thing to a group by an interface. */
static void say(const char *group, const char *interface, const char *source, const char *text)
{
	int fd = wire_open(&(struct wire_sender){ .group = group, .interface = interface, .source = source, .ttl = 1 });

	wire_say(fd, text);
	close(fd);
}

Test(listening, every_entry_is_heard_where_it_says_and_nowhere_else)
{
	struct program *p;

	netns_veth("a0", "a1");
	netns_ip("addr add 10.9.0.1/24 dev a0");
	site_manifest("{'version': 1, 'listen': [{'group': '239.255.0.1', 'port': 5000, 'interface': 'lo'},"
		      "{'group': '239.255.0.1', 'port': 5001, 'interface': 'a0'},"
		      "{'group': '239.255.0.2', 'interface': '10.9.0.1'},"
		      "{'group': 'ff02::4:1', 'port': 5000, 'interface': 'a1'},"
		      "{'group': 'ff02::4:2%%a0', 'port': 5002}], 'chain': ['logger']}");
	p = program("mcast-hear", "--plugins", "-n", "5");
	program_says(p, "hearing 239.255.0.1:5000 on lo, 239.255.0.1:5001 on a0, 239.255.0.2:59259 on a0, "
			"[ff02::4:1]:5000 on a1, [ff02::4:2]:5002 on a0; chain: logger\n");

	say("239.255.0.1:5000", "a0", "10.9.0.1", "not by this interface");
	say("239.255.0.1:5001", "lo", "127.0.0.1", "nor by this one");
	say("239.255.0.2:5000", "a0", "10.9.0.1", "nor at this port");
	say("[ff02::4:2]:5000", "a0", "fe80::1", "nor at this one");
	say("239.255.0.1:5000", "lo", "127.0.0.1", "one");
	program_gives(p, "one\n");
	say("239.255.0.1:5001", "a0", "10.9.0.1", "two");
	program_gives(p, "two\n");
	say("239.255.0.2:59259", "a0", "10.9.0.1", "three");
	program_gives(p, "three\n");
	say("[ff02::4:1]:5000", "a0", "fe80::1", "four");
	program_gives(p, "four\n");
	say("[ff02::4:2]:5002", "a1", "fe80::2", "five");
	cr_assert_eq(program_ends(p), 0);

	cr_assert_str_eq(program_heard(p), "239.255.0.1:5000 3 one\n"
					   "239.255.0.1:5001 3 two\n"
					   "239.255.0.2:59259 5 three\n"
					   "[ff02::4:1]:5000 4 four\n"
					   "[ff02::4:2]:5002 4 five\n");
	cr_assert(strstr(program_out(p), " lo 127.0.0.1:"), "%s", program_out(p));
	cr_assert(strstr(program_out(p), " a0 10.9.0.1:"), "%s", program_out(p));
	cr_assert(strstr(program_out(p), " a1 [fe80::1]:"), "%s", program_out(p));
	cr_assert(strstr(program_out(p), " a0 [fe80::2]:"), "%s", program_out(p));
	program_law(p);
	program_free(p);
}

Test(listening, a_source_is_heard_alone_or_all_but_it)
{
	struct program *p;

	netns_ip("addr add 10.1.1.1/8 dev lo");
	netns_ip("addr add 10.1.1.2/8 dev lo");
	site_manifest("{'version': 1, 'listen': [{'group': '239.255.0.1', 'source': '10.1.1.1'},"
		      "{'group': '239.255.0.2', 'source': '!10.1.1.1'}], 'chain': ['logger']}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "2");
	program_says(p, "hearing");
	say("239.255.0.1:59259", "lo", "10.1.1.2", "no");
	say("239.255.0.1:59259", "lo", "10.1.1.1", "only me");
	program_gives(p, "only me\n");
	say("239.255.0.2:59259", "lo", "10.1.1.1", "no");
	say("239.255.0.2:59259", "lo", "10.1.1.2", "all but the other");
	cr_assert_eq(program_ends(p), 0);
	cr_assert_str_eq(program_heard(p), "239.255.0.1:59259 7 only me\n239.255.0.2:59259 17 all but the other\n");
	program_law(p);
	program_free(p);
}

Test(listening, ends_after_exactly_so_many_of_all_sockets_together)
{
	enum { GROUPS = 5, COUNT = 40 };
	struct program *p;
	int fd[GROUPS];
	char group[32];

	site_manifest("{'version': 1, 'listen': [{'group': '239.255.0.1'}, {'group': '239.255.0.2'},"
		      "{'group': '239.255.0.3'}, {'group': '239.255.0.4'}, {'group': '239.255.0.5'}],"
		      "'chain': [{'handler': 'logger', 'options': {'format': 'raw'}}]}");
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "137");
	program_says(p, "hearing");
	for (int g = 0; g < GROUPS; g++) {
		snprintf(group, sizeof(group), "239.255.0.%d:59259", g + 1);
		fd[g] = wire_open(&(struct wire_sender){ .group = group, .interface = "lo", .ttl = 1 });
	}
	for (int i = 0; i < COUNT; i++)
		for (int g = 0; g < GROUPS; g++)
			wire_say(fd[g], "x");
	cr_assert_eq(program_ends(p), 0);
	cr_assert_eq(program_count(p, NULL, "received"), 137);
	cr_assert_eq(program_out_size(p), 137);
	program_law(p);
	program_free(p);
	for (int g = 0; g < GROUPS; g++)
		close(fd[g]);
}

Test(listening, many_groups_in_one_process_all_are_heard)
{
	enum { GROUPS = 64 };
	char listen[GROUPS * 64], group[32], text[64];
	struct program *p;
	size_t used = 0;

	for (int g = 0; g < GROUPS; g++)
		used += (size_t)snprintf(listen + used, sizeof(listen) - used,
					 "%s{'group': '239.255.1.%d', 'port': %d}", g ? ", " : "", g, 5000 + g % 3);
	site_manifest("{'version': 1, 'listen': [%s], 'chain': ['logger']}", listen);
	p = program("mcast-hear", "--plugins", "-i", "lo", "-n", "64");
	program_says(p, "and 58 more; chain: logger");
	for (int g = 0; g < GROUPS; g++) {
		snprintf(group, sizeof(group), "239.255.1.%d:%d", g, 5000 + g % 3);
		snprintf(text, sizeof(text), "to %d.", g);
		say(group, "lo", "127.0.0.1", text);
	}
	cr_assert_eq(program_ends(p), 0);
	for (int g = 0; g < GROUPS; g++) {
		snprintf(text, sizeof(text), "239.255.1.%d:%d %d to %d.\n", g, 5000 + g % 3, g < 10 ? 5 : 6, g);
		cr_assert(strstr(program_heard(p), text), "%s", text);
	}
	cr_assert_eq(program_counter(p, "logger", "lines"), GROUPS);
	program_law(p);
	program_free(p);
}

Test(listening, two_programs_on_one_group_hear_the_same)
{
	struct program *one, *two;

	one = program("mcast-hear", "-i", "lo", "-n", "2");
	two = program("mcast-hear", "-i", "lo", "-n", "2");
	program_says(one, "hearing");
	program_says(two, "hearing");
	say("224.0.0.1:59259", "lo", "127.0.0.1", "for");
	say("224.0.0.1:59259", "lo", "127.0.0.1", "both");
	cr_assert_eq(program_ends(one), 0);
	cr_assert_eq(program_ends(two), 0);
	cr_assert_str_eq(program_heard(one), "224.0.0.1:59259 3 for\n224.0.0.1:59259 4 both\n");
	cr_assert_str_eq(program_heard(two), program_heard(one));
	program_law(one);
	program_law(two);
	program_free(one);
	program_free(two);
}
