/* socket_receive.c - tests: datagrams come whole, in batches, with all that is known of them */
#include "socket/receiver.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../support/netns.h"
#include "../support/wire.h"
#include "base/clock.h"

#define GROUP "239.255.0.1:5000"

static struct listen_options options;
static struct receiver *rx;
static int fd;

static void begin(void)
{
	netns_enter();
	options = wire_listen(GROUP, "lo");
	rx = wire_receiver(&options);
	fd = wire_open(&(struct wire_sender){ .group = GROUP, .interface = "lo", .ttl = 7 });
}

static void end(void)
{
	receiver_destroy(rx);
	close(fd);
}

TestSuite(receive, .init = begin, .fini = end);

/* Until n datagrams wait in the socket, told by how many a second receiver took. */
static void say_numbers(unsigned n)
{
	struct receiver *witness = wire_receiver(&options);
	char text[16];
	unsigned i;

	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%u", i);
		wire_say(fd, text);
	}
	for (i = 0; i < n; i++)
		wire_take(witness, 0);
	receiver_destroy(witness);
}

Test(receive, a_batch_is_what_the_socket_has_up_to_the_limit)
{
	static const struct {
		unsigned limit, n;
	} table[] = { { 1, 1 }, { 10, 10 }, { BATCH_MAX, BATCH_MAX }, { BATCH_MAX, 25 }, { BATCH_MAX, 0 } };
	unsigned i, row, number = 0;
	struct batch batch;
	char text[16];

	say_numbers(100);
	for (row = 0; row < sizeof(table) / sizeof(table[0]); row++) {
		cr_assert_eq(receiver_receive(rx, 0, table[row].limit, &batch), (int)table[row].n, "row %u", row);
		cr_assert_eq(batch.n, table[row].n);
		for (i = 0; i < batch.n; i++, number++) {
			int len = snprintf(text, sizeof(text), "%u", number);

			cr_assert_eq(batch.dg[i].len, (uint32_t)len);
			cr_assert_arr_eq(batch.dg[i].data, text, len, "datagram %u", number);
		}
	}
	cr_assert_eq(receiver_socket(rx, 0)->received, 100);
	cr_assert_eq(receiver_socket(rx, 0)->lost, 0);
}

Test(receive, each_datagram_tells_where_from_where_to_by_what_and_when)
{
	uint64_t before = clock_real_ns(), after;
	char text[ADDRESS_TEXT];
	struct sockaddr_in own;
	socklen_t len = sizeof(own);
	struct mcast_addr sender;
	struct datagram dg;

	wire_say(fd, "hello");
	dg = wire_take(rx, 0);
	after = clock_real_ns();

	cr_assert_eq(getsockname(fd, (struct sockaddr *)&own, &len), 0);
	cr_assert(address_from_sockaddr(&sender, (struct sockaddr *)&own));
	cr_expect(address_same(&dg.from, &sender));
	address_port_text(text, &dg.to);
	cr_expect_str_eq(text, GROUP);
	cr_expect_eq(dg.ifindex, if_nametoindex("lo"));
	cr_expect_eq(dg.ttl, 7);
	cr_expect_geq(dg.rx_ns, before);
	cr_expect_leq(dg.rx_ns, after);
	cr_expect_eq(dg.flags, DATAGRAM_KERNEL_TIME | DATAGRAM_TTL | DATAGRAM_TO);
}

Test(receive, the_batch_tells_what_was_joined)
{
	char text[ADDRESS_TEXT];
	struct batch batch;

	cr_assert_eq(receiver_receive(rx, 0, BATCH_MAX, &batch), 0);
	address_port_text(text, batch.joined);
	cr_assert_str_eq(text, GROUP);
	cr_assert_eq(batch.joined_if, if_nametoindex("lo"));
}

Test(receive, a_ttl_of_0_is_known_to_be_0)
{
	int quiet = wire_open(&(struct wire_sender){ .group = GROUP, .interface = "lo", .ttl = 0 });
	struct datagram dg;

	wire_say(quiet, "near");
	dg = wire_take(rx, 0);
	cr_assert_eq(dg.ttl, 0);
	cr_assert(dg.flags & DATAGRAM_TTL);
	close(quiet);
}

Test(receive, an_empty_datagram_is_one)
{
	struct datagram dg;

	cr_assert_eq(send(fd, "", 0, 0), 0);
	dg = wire_take(rx, 0);
	cr_assert_eq(dg.len, 0);
	cr_assert_eq(dg.flags & DATAGRAM_TRUNCATED, 0);
	cr_assert_eq(receiver_socket(rx, 0)->received, 1);
}

Test(receive, the_longest_datagram_comes_whole)
{
	static uint8_t sent[DATAGRAM_MAX];
	struct datagram dg;
	unsigned i;

	for (i = 0; i < sizeof(sent); i++)
		sent[i] = i * 7 + i / 256;
	cr_assert_eq(send(fd, sent, sizeof(sent), 0), (ssize_t)sizeof(sent));
	dg = wire_take(rx, 0);
	cr_assert_eq(dg.len, sizeof(sent));
	cr_assert_arr_eq(dg.data, sent, sizeof(sent));
	cr_assert_eq(dg.flags & (DATAGRAM_TRUNCATED | DATAGRAM_CUT_CONTROL), 0);
}

Test(receive, sixty_four_long_ones_stay_apart_with_room_behind_each)
{
	static uint8_t sent[DATAGRAM_MAX];
	struct batch batch;
	unsigned i, n, taken = 0;

	while (taken < BATCH_MAX) {
		for (n = 0; n < 8; n++) {
			memset(sent, 'a' + (taken + n) % 26, sizeof(sent));
			cr_assert_eq(send(fd, sent, sizeof(sent), 0), (ssize_t)sizeof(sent));
		}
		for (n = 0; n < 8; n += batch.n) {
			cr_assert_eq(poll(&(struct pollfd){ receiver_fd(rx, 0), POLLIN, 0 }, 1, 5000), 1);
			cr_assert_gt(receiver_receive(rx, 0, 8 - n, &batch), 0);
			for (i = 0; i < batch.n; i++, taken++) {
				memset(sent, 'a' + taken % 26, sizeof(sent));
				cr_assert_eq(batch.dg[i].len, sizeof(sent));
				cr_assert_arr_eq(batch.dg[i].data, sent, sizeof(sent), "datagram %u", taken);
				memset(batch.dg[i].data + batch.dg[i].len, '#', 64);
			}
		}
	}
}

Test(receive, two_receivers_of_one_group_hear_all)
{
	struct receiver *other = wire_receiver(&options);

	wire_say(fd, "one");
	wire_say(fd, "two");
	wire_say(fd, "end");
	cr_assert_str_eq(wire_hear(rx, 0), "one two ");
	cr_assert_str_eq(wire_hear(other, 0), "one two ");
	receiver_destroy(other);
}

Test(receive, foreign_groups_on_the_same_port_are_never_heard)
{
	struct listen_options foreign = wire_listen("239.255.0.2:5000", "lo");
	struct receiver *other = wire_receiver(&foreign);	/* this host takes it: only the bind keeps it out */
	int to_other = wire_open(&(struct wire_sender){ .group = "239.255.0.2:5000", .interface = "lo" });
	int to_me = wire_open(&(struct wire_sender){ .group = "127.0.0.1:5000", .interface = "lo" });

	wire_say(to_other, "foreign");
	send(to_me, "unicast", 7, 0);
	wire_say(fd, "own");
	wire_say(fd, "end");
	wire_say(to_other, "end");
	cr_assert_str_eq(wire_hear(rx, 0), "own ");
	cr_assert_str_eq(wire_hear(other, 0), "foreign ");
	receiver_destroy(other);
	close(to_other);
	close(to_me);
}

Test(receive, a_group_that_only_others_joined_there_is_not_heard)
{
	struct listen_options on_a1 = wire_listen(GROUP, "a1");
	struct receiver *mine;

	/* lo's datagrams reach a socket of this group that joined on a1 only if memberships of others count */
	netns_veth("a0", "a1");
	mine = wire_receiver(&on_a1);
	wire_say(fd, "for lo");
	wire_say(fd, "end");
	cr_assert_str_eq(wire_hear(rx, 0), "for lo ");
	cr_assert_eq(poll(&(struct pollfd){ receiver_fd(mine, 0), POLLIN, 0 }, 1, 0), 0);
	receiver_destroy(mine);
}

Test(receive, twenty_five_groups_are_heard_each_by_its_own_socket)
{
	static struct listen_options many[25];
	char group[32], payload[32], want[32];
	struct receiver *all;
	unsigned i;

	cr_assert_eq(receiver_create(&all), 0);
	for (i = 0; i < 25; i++) {
		struct why why;
		int to;

		snprintf(group, sizeof(group), "239.255.1.%u:5000", i);
		many[i] = wire_listen(group, "lo");
		cr_assert_eq(receiver_listen(all, &many[i], &why), 0, "%u: %s", i, why.text);
		to = wire_open(&(struct wire_sender){ .group = group, .interface = "lo" });
		snprintf(payload, sizeof(payload), "for-%u", i);
		wire_say(to, payload);
		wire_say(to, "end");
		close(to);
	}
	cr_assert_eq(receiver_sockets(all), 25);
	for (i = 0; i < 25; i++) {
		snprintf(want, sizeof(want), "for-%u ", i);
		cr_assert_str_eq(wire_hear(all, i), want);
	}
	receiver_destroy(all);
}

/* A pending error of the socket, as the kernel reports one: here of a socket put in its place. */
Test(receive, a_socket_error_is_told_once_and_the_socket_goes_on)
{
	struct sockaddr_in nobody = { .sin_family = AF_INET, .sin_port = htons(9) };
	int refused = socket(AF_INET, SOCK_DGRAM, 0);
	struct batch batch;

	nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(connect(refused, (struct sockaddr *)&nobody, sizeof(nobody)), 0);
	cr_assert_eq(send(refused, "x", 1, 0), 1);
	cr_assert_eq(poll(&(struct pollfd){ refused, POLLIN, 0 }, 1, 5000), 1);
	dup2(refused, receiver_fd(rx, 0));
	close(refused);

	cr_assert_eq(receiver_receive(rx, 0, BATCH_MAX, &batch), -ECONNREFUSED);
	cr_assert_eq(receiver_receive(rx, 0, BATCH_MAX, &batch), 0);
	cr_assert_eq(receiver_socket(rx, 0)->received, 0);
}

/* A socket of another make has none of our options: the clock is read instead, once for the batch. */
Test(receive, without_the_kernels_stamp_the_clock_is_read_once_for_a_batch)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int plain = socket(AF_INET, SOCK_DGRAM, 0);
	uint64_t before = clock_real_ns();
	socklen_t len = sizeof(own);
	struct batch batch;
	unsigned n;

	cr_assert_eq(bind(plain, (struct sockaddr *)&own, len), 0);
	cr_assert_eq(getsockname(plain, (struct sockaddr *)&own, &len), 0);
	for (n = 0; n < 3; n++)
		cr_assert_eq(sendto(plain, "x", 1, 0, (struct sockaddr *)&own, len), 1);
	dup2(plain, receiver_fd(rx, 0));
	close(plain);

	for (n = 0; n < 3; n += batch.n) {
		cr_assert_eq(poll(&(struct pollfd){ receiver_fd(rx, 0), POLLIN, 0 }, 1, 5000), 1);
		cr_assert_gt(receiver_receive(rx, 0, BATCH_MAX, &batch), 0);
		cr_expect_eq(batch.dg[0].flags, 0);
		cr_expect_geq(batch.dg[0].rx_ns, before);
		cr_expect_leq(batch.dg[0].rx_ns, clock_real_ns());
		cr_expect_eq(batch.dg[batch.n - 1].rx_ns, batch.dg[0].rx_ns);
	}
}
