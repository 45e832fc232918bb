/* socket_control.c - tests: what comes beside the bytes is read, and what does not come is not made up */
#include "socket/control.h"

#include <criterion/criterion.h>
#include <string.h>

struct made_up {
	struct msghdr hdr;
	_Alignas(struct cmsghdr) uint8_t bytes[CONTROL_SIZE];
};

static void begin(struct made_up *msg, int flags)
{
	memset(msg, 0, sizeof(*msg));
	msg->hdr.msg_flags = flags;
	msg->hdr.msg_control = msg->bytes;
}

static void append(struct made_up *msg, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *head = (struct cmsghdr *)(msg->bytes + msg->hdr.msg_controllen);

	msg->hdr.msg_controllen += CMSG_SPACE(len);
	cr_assert_leq(msg->hdr.msg_controllen, sizeof(msg->bytes), "CONTROL_SIZE holds all of them");
	head->cmsg_level = level;
	head->cmsg_type = type;
	head->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(head), data, len);
}

/* One that remembers the datagram before it. */
static struct datagram used(void)
{
	struct datagram dg;

	memset(&dg, 0xAA, sizeof(dg));
	return dg;
}

Test(control, reads_all_that_an_ipv4_datagram_tells)
{
	struct timespec time = { .tv_sec = 1700000000, .tv_nsec = 987654321 };
	struct in_pktinfo info = { .ipi_ifindex = 3 };
	static const uint8_t to[16] = { [10] = 0xFF, 0xFF, 239, 255, 0, 1 };
	uint32_t told = 4000000000u, dropped = 0;
	struct datagram dg = used();
	struct made_up msg;
	int ttl = 255;

	memcpy(&info.ipi_addr, to + 12, 4);
	begin(&msg, 0);
	append(&msg, SOL_SOCKET, SCM_TIMESTAMPNS, &time, sizeof(time));
	append(&msg, SOL_SOCKET, SO_RXQ_OVFL, &told, sizeof(told));
	append(&msg, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	append(&msg, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
	control_read(&dg, &msg.hdr, &dropped);

	cr_assert_eq(dg.flags, DATAGRAM_KERNEL_TIME | DATAGRAM_TTL | DATAGRAM_TO);
	cr_assert_eq(dg.rx_ns, 1700000000987654321u);
	cr_assert_eq(dg.ttl, 255);
	cr_assert_eq(dg.ifindex, 3);
	cr_assert_arr_eq(dg.to.ip, to, 16);
	cr_assert_eq(dropped, told);
}

Test(control, reads_all_that_an_ipv6_datagram_tells)
{
	struct timespec time = { .tv_sec = 1, .tv_nsec = 2 };
	struct in6_pktinfo info = { .ipi6_addr.s6_addr = { 0xFF, 0x02, [15] = 5 }, .ipi6_ifindex = 4 };
	uint32_t told = 1, dropped = 0;
	struct datagram dg = used();
	struct made_up msg;
	int hops = 0;

	begin(&msg, 0);
	append(&msg, SOL_SOCKET, SCM_TIMESTAMPNS, &time, sizeof(time));
	append(&msg, SOL_SOCKET, SO_RXQ_OVFL, &told, sizeof(told));
	append(&msg, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	append(&msg, IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, sizeof(hops));
	control_read(&dg, &msg.hdr, &dropped);

	cr_assert_eq(dg.flags, DATAGRAM_KERNEL_TIME | DATAGRAM_TTL | DATAGRAM_TO);
	cr_assert_eq(dg.rx_ns, 1000000002u);
	cr_assert_eq(dg.ttl, 0, "a hop limit of 0 is known, not missing");
	cr_assert_eq(dg.ifindex, 4);
	cr_assert_arr_eq(dg.to.ip, &info.ipi6_addr, 16);
	cr_assert_eq(dropped, 1);
}

Test(control, what_is_not_told_is_not_known)
{
	static const uint8_t zero[16];
	uint32_t dropped = 17;
	struct datagram dg = used();
	struct made_up msg;

	begin(&msg, 0);
	control_read(&dg, &msg.hdr, &dropped);

	cr_assert_eq(dg.flags, 0);
	cr_assert_eq(dg.rx_ns, 0);
	cr_assert_eq(dg.ttl, 0);
	cr_assert_eq(dg.ifindex, 0);
	cr_assert_arr_eq(dg.to.ip, zero, 16);
	cr_assert_eq(dropped, 17, "no word about drops leaves the last one");
}

/* The buffers hold any datagram of either family, so no real one is cut: the flags are made up here. */
Test(control, a_cut_datagram_is_marked)
{
	static const struct {
		int kernel;
		uint32_t ours;
	} table[] = {
		{ MSG_TRUNC, DATAGRAM_TRUNCATED },
		{ MSG_CTRUNC, DATAGRAM_CUT_CONTROL },
		{ MSG_TRUNC | MSG_CTRUNC, DATAGRAM_TRUNCATED | DATAGRAM_CUT_CONTROL },
		{ MSG_EOR, 0 },
	};
	uint32_t dropped;
	struct datagram dg;
	struct made_up msg;
	unsigned i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		dg = used();
		begin(&msg, table[i].kernel);
		control_read(&dg, &msg.hdr, &dropped);
		cr_expect_eq(dg.flags, table[i].ours, "row %u", i);
	}
}
