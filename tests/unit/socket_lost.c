/* socket_lost.c - tests: what the kernel drops is counted, once and exactly */
#include "socket/lost.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "../support/netns.h"
#include "../support/wire.h"

#define GROUP "239.255.0.1:5000"
#define SENT 900	/* more than the buffer takes, fewer than may wait before it (net.core.netdev_max_backlog) */
#define PATIENCE 5000	/* ms */

Test(lost, grows_as_the_counter_grows_modulo_its_32_bits)
{
	static const struct {
		uint32_t seen, counter, growth, then;
	} table[] = {
		{ 0, 0, 0, 0 },
		{ 0, 7, 7, 7 },
		{ 7, 7, 0, 7 },
		{ UINT32_MAX, 0, 1, 0 },
		{ UINT32_MAX - 9, 20, 30, 20 },
		{ 0, INT32_MAX, INT32_MAX, INT32_MAX },
		/* told by a datagram that was queued before the counter was asked */
		{ 100, 60, 0, 100 },
		{ 5, UINT32_MAX - 5, 0, 5 },
	};
	unsigned i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uint32_t seen = table[i].seen;

		cr_expect_eq(lost_growth(&seen, table[i].counter), table[i].growth, "row %u", i);
		cr_expect_eq(seen, table[i].then, "row %u", i);
	}
}

TestSuite(drops, .init = netns_enter);

/* What was heard of the numbered datagrams. */
struct tally {
	uint64_t received, lost, gaps;
	uint32_t next;		/* the number that follows without a gap */
};

static void send_numbered(int fd, uint32_t from, uint32_t n)
{
	uint32_t i;

	for (i = from; i < from + n; i++)
		cr_assert_eq(send(fd, &i, sizeof(i), 0), sizeof(i));
}

static void count(struct tally *tally, const struct batch *batch)
{
	uint32_t number;
	unsigned i;

	for (i = 0; i < batch->n; i++) {
		cr_assert_eq(batch->dg[i].len, sizeof(number));
		cr_assert_eq(batch->dg[i].flags & DATAGRAM_CUT_CONTROL, 0, "the counter finds room, too");
		memcpy(&number, batch->dg[i].data, sizeof(number));
		cr_assert_geq(number, tally->next, "datagrams stay in order, and come once");
		tally->gaps += number - tally->next;
		tally->next = number + 1;
	}
	tally->received += batch->n;
	tally->lost += batch->lost;
}

static void drain(struct receiver *rx, struct tally *tally)
{
	struct batch batch;

	do {
		cr_assert_geq(receiver_receive(rx, 0, BATCH_MAX, &batch), 0);
		count(tally, &batch);
	} while (batch.n == BATCH_MAX);
}

/* Until all is accounted for: the kernel may still be delivering when the sender has sent. */
static void drain_until(struct receiver *rx, struct tally *tally, uint64_t sent)
{
	int tries;

	for (tries = 0; tries < PATIENCE; tries++) {
		drain(rx, tally);
		tally->lost += receiver_ask_lost(rx);
		if (tally->received + tally->lost >= sent)
			return;
		poll(NULL, 0, 1);
	}
}

static struct receiver *small_receiver(struct listen_options *options)
{
	*options = wire_listen(GROUP, "lo");
	options->rcvbuf = 8192;
	return wire_receiver(options);
}

Test(drops, received_and_lost_are_what_was_sent)
{
	struct listen_options options;
	struct receiver *rx = small_receiver(&options);
	int fd = wire_open(&(struct wire_sender){ .group = GROUP, .interface = "lo" });
	struct tally tally = { 0 };

	send_numbered(fd, 0, SENT);
	drain_until(rx, &tally, SENT);

	cr_assert_gt(tally.received, 0);
	cr_assert_gt(tally.lost, 0);
	cr_assert_eq(tally.received + tally.lost, SENT, "%lu received, %lu lost", tally.received, tally.lost);
	cr_assert_eq(tally.gaps + SENT - tally.next, tally.lost, "the numbers tell the same loss");
	cr_assert_eq(receiver_socket(rx, 0)->received, tally.received);
	cr_assert_eq(receiver_socket(rx, 0)->lost, tally.lost);
	receiver_destroy(rx);
	close(fd);
}

Test(drops, the_next_datagram_tells_a_loss_without_being_asked)
{
	struct listen_options options;
	struct receiver *rx = small_receiver(&options);
	int fd = wire_open(&(struct wire_sender){ .group = GROUP, .interface = "lo" });
	struct tally tally = { 0 };
	uint32_t sent;

	send_numbered(fd, 0, SENT);
	drain(rx, &tally);
	for (sent = SENT; tally.next <= SENT && sent < SENT + PATIENCE; sent++) {
		send_numbered(fd, sent, 1);
		drain(rx, &tally);
	}

	cr_assert_gt(tally.next, SENT);
	cr_assert_gt(tally.lost, 0);
	cr_assert_eq(tally.lost, tally.gaps);
	cr_assert_eq(tally.received + tally.lost, tally.next);
	cr_assert_eq(receiver_socket(rx, 0)->lost, tally.lost);
	receiver_destroy(rx);
	close(fd);
}

/* What waits in the socket tells an older counter than the one that was asked for meanwhile. */
Test(drops, asked_while_datagrams_wait_a_loss_counts_once)
{
	struct listen_options options;
	struct receiver *rx = small_receiver(&options);
	int fd = wire_open(&(struct wire_sender){ .group = GROUP, .interface = "lo" });
	struct tally tally = { 0 };
	uint64_t asked;

	send_numbered(fd, 0, SENT);
	drain_until(rx, &tally, SENT);
	send_numbered(fd, SENT, SENT);
	asked = receiver_ask_lost(rx);
	cr_assert_gt(asked, 0);
	tally.lost += asked;
	drain_until(rx, &tally, 2 * SENT);

	cr_assert_eq(tally.received + tally.lost, 2 * SENT, "%lu received, %lu lost", tally.received,
		     tally.lost);
	cr_assert_eq(tally.gaps + 2 * SENT - tally.next, tally.lost);
	cr_assert_eq(receiver_socket(rx, 0)->lost, tally.lost);
	receiver_destroy(rx);
	close(fd);
}
