/* socket/control.c - stage 1 of 4: [socket] > sanitize > chain > handler: reads control messages (cmsg(3)) */
#include "socket/control.h"

#include <string.h>
#include "base/clock.h"

static void set_to_ipv4(struct datagram *dg, const void *data)
{
	struct in_pktinfo info;

	memcpy(&info, data, sizeof(info));
	memset(dg->to.ip + 10, 0xff, 2);
	memcpy(dg->to.ip + 12, &info.ipi_addr, 4);
	dg->ifindex = info.ipi_ifindex;
	dg->flags |= DATAGRAM_TO;
}

static void set_to_ipv6(struct datagram *dg, const void *data)
{
	struct in6_pktinfo info;

	memcpy(&info, data, sizeof(info));
	memcpy(dg->to.ip, &info.ipi6_addr, 16);
	dg->ifindex = info.ipi6_ifindex;
	dg->flags |= DATAGRAM_TO;
}

static void set_ttl(struct datagram *dg, const void *data)
{
	int ttl;

	memcpy(&ttl, data, sizeof(ttl));
	dg->ttl = ttl;
	dg->flags |= DATAGRAM_TTL;
}

static void set_time(struct datagram *dg, const void *data)
{
	struct timespec time;

	memcpy(&time, data, sizeof(time));
	dg->rx_ns = time.tv_sec * CLOCK_SECOND + time.tv_nsec;
	dg->flags |= DATAGRAM_KERNEL_TIME;
}

/* Level and type of a control message as one number to switch on. */
#define KIND(level, type) ((level) << 16 | (type))

static void read_one(struct datagram *dg, const struct cmsghdr *msg, uint32_t *dropped)
{
	const void *data = CMSG_DATA(msg);

	switch (KIND(msg->cmsg_level, msg->cmsg_type)) {
	case KIND(SOL_SOCKET, SCM_TIMESTAMPNS):
		set_time(dg, data);
		break;
	case KIND(SOL_SOCKET, SO_RXQ_OVFL):
		memcpy(dropped, data, sizeof(*dropped));
		break;
	case KIND(IPPROTO_IP, IP_PKTINFO):
		set_to_ipv4(dg, data);
		break;
	case KIND(IPPROTO_IP, IP_TTL):
		set_ttl(dg, data);
		break;
	case KIND(IPPROTO_IPV6, IPV6_PKTINFO):
		set_to_ipv6(dg, data);
		break;
	case KIND(IPPROTO_IPV6, IPV6_HOPLIMIT):
		set_ttl(dg, data);
		break;
	}
}

void control_read(struct datagram *dg, struct msghdr *hdr, uint32_t *dropped)
{
	struct cmsghdr *msg;

	dg->flags = 0;
	if (hdr->msg_flags & MSG_TRUNC)
		dg->flags |= DATAGRAM_TRUNCATED;
	if (hdr->msg_flags & MSG_CTRUNC)
		dg->flags |= DATAGRAM_CUT_CONTROL;
	dg->rx_ns = 0;
	memset(dg->to.ip, 0, sizeof(dg->to.ip));
	dg->ifindex = 0;
	dg->ttl = 0;

	for (msg = CMSG_FIRSTHDR(hdr); msg; msg = CMSG_NXTHDR(hdr, msg))
		read_one(dg, msg, dropped);
}
