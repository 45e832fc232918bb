/* handler_message.c - tests: who holds a message, its own bytes, and the bound on what is kept */
#include <criterion/criterion.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/datagram.h"
#include "handler/message.h"

#define LIMIT (1 << 20)

static struct messages *home;
static struct mcast_addr src, group;
static uint8_t lent[65507 + 64];

static void setup(void)
{
	cr_assert_eq(messages_create(&home, 2, LIMIT), 0);
	memset(&src, 1, sizeof(src));
	memset(&group, 2, sizeof(group));
}

/* At the end of each test: a failure in a fixture is not counted. */
static void close_home(void)
{
	cr_assert_eq(messages_out(home), 0);
	cr_assert_eq(messages_kept(home), 0);
	messages_destroy(home);
}

/* One message that borrows len bytes of lent, all of them c. */
static struct message *borrow(uint32_t len, char c)
{
	struct mcast_msg *msg;

	cr_assert_eq(messages_take(home, &msg, 1), 0);
	memset(lent, c, len);
	*msg = (struct mcast_msg){
		.data = lent,
		.len = len,
		.src = &src,
		.group = &group,
		.seq = 7,
		.engine = msg->engine,
	};
	return message_of(msg);
}

static void end(struct message *m)
{
	struct mcast_msg *msg = &m->msg;

	messages_end(&msg, 1);
}

static bool all(const uint8_t *data, uint32_t n, char c)
{
	for (uint32_t i = 0; i < n; i++) {
		if (data[i] != (uint8_t)c)
			return false;
	}
	return true;
}

TestSuite(message, .init = setup);

Test(message, each_record_knows_itself)
{
	struct mcast_msg *msg[200];

	cr_assert_eq(messages_take(home, msg, 200), 0);
	for (unsigned i = 0; i < 200; i++) {
		cr_assert_eq((void *)message_of(msg[i]), (void *)msg[i]);
		cr_assert_eq((uintptr_t)msg[i] % 64, 0, "a message is one cache line");
	}
	cr_assert_eq(messages_out(home), 200);
	messages_end(msg, 200);
	close_home();
}

Test(message, records_are_used_again)
{
	struct mcast_msg *msg[256];
	uint64_t records;

	cr_assert_eq(messages_take(home, msg, 256), 0);
	messages_end(msg, 256);
	records = messages_records(home);
	for (unsigned i = 0; i < 1000; i++) {
		cr_assert_eq(messages_take(home, msg, 1 + i % 256), 0);
		messages_end(msg, 1 + i % 256);
	}
	cr_assert_eq(messages_records(home), records);
	close_home();
}

Test(message, lends_its_bytes_until_somebody_keeps_it)
{
	struct message *m = borrow(100, 'a');

	cr_assert_eq(m->msg.data, lent);
	cr_assert_eq(m->msg.src, &src);
	end(m);
	close_home();
}

Test(message, kept_has_its_own_bytes_and_addresses)
{
	static const uint32_t lengths[] = { 0, 1, 127, 128, 129, 512, 1500, 2048, 2049, 8192, 32768, 32769, 65507 };
	struct mcast_addr was_src = src, was_group = group;

	for (unsigned i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		uint32_t len = lengths[i];
		struct message *m = borrow(len, 'k');
		volatile uint8_t sum = 0;

		cr_assert_eq(message_keep(m), 0);
		end(m);
		memset(lent, '#', sizeof(lent));
		memset(&src, 9, sizeof(src));
		memset(&group, 9, sizeof(group));
		cr_assert_eq(m->msg.len, len);
		cr_assert(all(m->msg.data, len, 'k'), "%u bytes", len);
		for (unsigned k = 0; k < 64; k++)
			sum = (uint8_t)(sum + m->msg.data[len + k]);	/* a sanitizer would cry */
		cr_assert_eq(memcmp(m->msg.src, &was_src, sizeof(src)), 0);
		cr_assert_eq(memcmp(m->msg.group, &was_group, sizeof(group)), 0);
		cr_assert_eq(m->msg.seq, 7);
		cr_assert_eq(message_release(m), 0);
		src = was_src;
		group = was_group;
	}
	close_home();
}

Test(message, only_the_first_keep_copies_and_each_needs_a_release)
{
	struct message *m = borrow(100, 'a');
	const uint8_t *data;
	uint64_t kept;

	cr_assert_eq(message_keep(m), 0);
	data = m->msg.data;
	kept = messages_kept(home);
	cr_assert_geq(kept, 100);
	cr_assert_eq(message_keep(m), 0);
	cr_assert_eq(m->msg.data, data);
	cr_assert_eq(messages_kept(home), kept);

	end(m);
	cr_assert_eq(message_release(m), 0);
	cr_assert_eq(messages_out(home), 1, "one keep is left");
	cr_assert_eq(messages_kept(home), kept);
	cr_assert_eq(message_release(m), 0);
	cr_assert_eq(messages_out(home), 0);
	cr_assert_eq(messages_kept(home), 0);
	close_home();
}

Test(message, counts_as_kept_until_its_last_hold_is_gone)
{
	struct message *m = borrow(100, 'a');

	cr_assert_eq(message_keep(m), 0);
	cr_assert_eq(message_release(m), 0);
	cr_assert_gt(messages_kept(home), 0, "the batch still holds the copy");
	end(m);
	cr_assert_eq(messages_kept(home), 0);
	close_home();
}

Test(message, keeping_is_bounded)
{
	struct message *kept[LIMIT / 1000] = { NULL };
	unsigned n = 0;

	for (;;) {
		struct message *m = borrow(1000, 'a');
		int rc = message_keep(m);

		end(m);
		if (rc) {
			cr_assert_eq(rc, -ENOBUFS);
			break;
		}
		kept[n++] = m;
	}
	cr_assert_leq(messages_kept(home), LIMIT);
	cr_assert_gt(messages_kept(home), LIMIT - 2000);

	message_release(kept[--n]);
	kept[n] = borrow(1000, 'b');
	cr_assert_eq(message_keep(kept[n]), 0, "there is room again");
	end(kept[n++]);
	while (n)
		cr_assert_eq(message_release(kept[--n]), 0);
	close_home();
}

Test(message, memory_goes_back_when_much_was_kept)
{
	static struct message *kept[400];
	struct messages *large;
	struct mcast_msg *msg;
	size_t before, all_kept, after;

	cr_assert_eq(messages_create(&large, 0, 100 << 20), 0);
	before = mallinfo2().uordblks;
	for (unsigned i = 0; i < 400; i++) {
		cr_assert_eq(messages_take(large, &msg, 1), 0);
		msg->data = lent;
		msg->len = 60000;
		msg->src = &src;
		msg->group = &group;
		cr_assert_eq(message_keep(message_of(msg)), 0);
		kept[i] = message_of(msg);
		messages_end(&msg, 1);
	}
	all_kept = mallinfo2().uordblks;
	for (unsigned i = 0; i < 400; i++)
		cr_assert_eq(message_release(kept[i]), 0);
	cr_assert_eq(messages_out(large), 0);
	after = mallinfo2().uordblks;
	if (all_kept > before)		/* a sanitizer's allocator says nothing */
		cr_assert_lt(after, before + (10 << 20), "%zu of %zu bytes are still taken", after, all_kept);
	messages_destroy(large);
	close_home();
}

Test(message, refused_keep_leaves_it_as_it_was)
{
	struct messages *small;
	struct mcast_msg *msg;

	cr_assert_eq(messages_create(&small, 0, 10), 0);
	cr_assert_eq(messages_take(small, &msg, 1), 0);
	msg->data = lent;
	msg->len = 5;
	msg->src = &src;
	msg->group = &group;
	cr_assert_eq(message_keep(message_of(msg)), -ENOBUFS);
	cr_assert_eq(msg->data, lent);
	cr_assert_eq(message_release(message_of(msg)), -EINVAL);
	messages_end(&msg, 1);
	cr_assert_eq(messages_out(small), 0);
	messages_destroy(small);
	close_home();
}

Test(message, refuses_what_nobody_may_do)
{
	struct message *m = borrow(100, 'a');

	cr_assert_eq(message_release(m), -EINVAL, "not kept, though the batch holds it");
	cr_assert_eq(message_keep(m), 0);
	cr_assert_eq(message_release(m), 0);
	cr_assert_eq(message_release(m), -EINVAL, "released twice");
	end(m);
	cr_assert_eq(message_release(m), -EINVAL);
	cr_assert_eq(message_keep(m), -EINVAL, "it has ended");

	m = borrow(100, 'a');
	cr_assert_null(message_own(m, DATAGRAM_MAX + 1));
	cr_assert_eq(m->msg.data, lent);
	end(m);
	close_home();
}

Test(message, own_bytes_keep_the_old_ones_and_zero_the_new_ones)
{
	static const struct {
		uint32_t from, to;
	} table[] = {
		{ 0, 0 }, { 0, 10 }, { 10, 0 }, { 10, 20 }, { 20, 10 }, { 100, 600 }, { 100, 65507 }, { 65507, 3 },
	};

	for (unsigned i = 0; i < sizeof(table) / sizeof(*table); i++) {
		uint32_t from = table[i].from, to = table[i].to;
		uint32_t both = from < to ? from : to;
		struct message *m = borrow(from, 'o');
		uint8_t *bytes = message_own(m, to);

		cr_assert_not_null(bytes);
		cr_assert_eq(m->msg.data, bytes);
		cr_assert_neq(bytes, lent);
		cr_assert_eq(m->msg.len, to);
		cr_assert(all(bytes, both, 'o') && all(bytes + both, to - both, 0), "%u to %u", from, to);

		memset(bytes, 'p', to);
		bytes = message_own(m, to + (to < 60000 ? 3000 : 0));
		cr_assert(all(bytes, to, 'p'), "own bytes grow to %u", to);
		end(m);
	}
	close_home();
}

Test(message, own_bytes_are_used_again_where_they_suffice)
{
	struct message *m = borrow(300, 'o');
	uint8_t *bytes = message_own(m, 300);

	cr_assert_eq(message_own(m, 10), bytes);
	cr_assert_eq(message_own(m, 512), bytes, "300 bytes were given room for 512");
	cr_assert(all(bytes, 10, 'o') && all(bytes + 10, 502, 0), "what was cut off does not come back");
	end(m);
	close_home();
}

Test(message, copy_is_cut_or_grows_or_there_is_none)
{
	struct message *m = borrow(300, 'o'), *copy;
	uint64_t out = messages_out(home);

	copy = message_copy(m, 10);
	cr_assert(copy && copy->msg.len == 10 && all(copy->msg.data, 10, 'o'));
	end(copy);
	copy = message_copy(m, 600);
	cr_assert(copy && copy->msg.len == 600 && all(copy->msg.data, 300, 'o') && all(copy->msg.data + 300, 300, 0));
	end(copy);
	cr_assert_null(message_copy(m, 65508));
	cr_assert_eq(messages_out(home), out);
	cr_assert_eq(m->msg.len, 300);
	end(m);
	close_home();
}

Test(message, copy_is_apart)
{
	struct message *m = borrow(300, 'o'), *copy;

	cr_assert_eq(message_keep(m), 0);
	copy = message_copy(m, m->msg.len);
	cr_assert_not_null(copy);
	cr_assert_eq(copy->msg.seq, 7);
	cr_assert_eq(message_of(&copy->msg), copy);
	memset(message_own(copy, 300), 'c', 300);
	cr_assert(all(m->msg.data, 300, 'o'));
	end(m);
	message_release(m);
	cr_assert(all(copy->msg.data, 300, 'c'));
	cr_assert_eq(memcmp(copy->msg.src, &src, sizeof(src)), 0);
	cr_assert_eq(copy->msg.src, &copy->address[0]);
	cr_assert_eq(messages_kept(home), 0, "copies don't count as kept");
	end(copy);
	close_home();
}

Test(message, shared_says_whether_others_hold_it)
{
	struct message *m = borrow(3, 'o');

	cr_assert_not(message_shared(m));
	message_keep(m);
	cr_assert(message_shared(m));
	message_release(m);
	cr_assert_not(message_shared(m));
	end(m);
	close_home();
}

Test(messages, attributes_have_a_bound)
{
	cr_assert_eq(messages_create(&home, MESSAGE_ATTRS + 1, LIMIT), -EINVAL);
	cr_assert_eq(messages_create(&home, MESSAGE_ATTRS, LIMIT), 0);
	messages_destroy(home);
	messages_destroy(NULL);
}
