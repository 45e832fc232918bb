/* socket/route.c - stage 1 of 4: [socket] > sanitize > chain > handler: which interface the kernel would choose
 *
 * A join without an interface takes the one of the route to the group; asking for it first lets us
 * say which one it is. rtnetlink(7), RTM_GETROUTE. */
#include "socket/interface.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAMES 256	/* bytes of a list of names in a message */

struct question {
	struct nlmsghdr head;
	struct rtmsg route;
	struct rtattr dst;
	uint8_t addr[16];
};

union answer {
	struct nlmsghdr head;
	uint8_t bytes[8192];
};

static void ask(struct question *question, const struct mcast_addr *group)
{
	bool ipv4 = address_is_ipv4(group);
	unsigned len = ipv4 ? 4 : 16;

	memset(question, 0, sizeof(*question));
	question->head.nlmsg_len = offsetof(struct question, addr) + len;
	question->head.nlmsg_type = RTM_GETROUTE;
	question->head.nlmsg_flags = NLM_F_REQUEST;
	question->route.rtm_family = ipv4 ? AF_INET : AF_INET6;
	question->route.rtm_dst_len = len * 8;
	question->dst.rta_type = RTA_DST;
	question->dst.rta_len = RTA_LENGTH(len);
	memcpy(question->addr, group->ip + 16 - len, len);
}

/* The index in an answer of len bytes; 0 if that is an error, for there is no route or one that forbids. */
static uint32_t answer_index(const union answer *answer, size_t len)
{
	const struct rtmsg *route = NLMSG_DATA(&answer->head);
	const struct rtattr *attr;
	uint32_t index;
	int left;

	if (!NLMSG_OK(&answer->head, len) || answer->head.nlmsg_type != RTM_NEWROUTE)
		return 0;

	left = RTM_PAYLOAD(&answer->head);
	for (attr = RTM_RTA(route); RTA_OK(attr, left); attr = RTA_NEXT(attr, left)) {
		if (attr->rta_type == RTA_OIF && RTA_PAYLOAD(attr) >= sizeof(index)) {
			memcpy(&index, RTA_DATA(attr), sizeof(index));
			return index;
		}
	}
	return 0;
}

static uint32_t route_index(const struct mcast_addr *group)
{
	struct question question;
	union answer answer;
	uint32_t index = 0;
	ssize_t len;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return 0;

	ask(&question, group);
	if (send(fd, &question, question.head.nlmsg_len, 0) >= 0) {
		len = TEMP_FAILURE_RETRY(recv(fd, &answer, sizeof(answer), 0));
		if (len > 0)
			index = answer_index(&answer, len);
	}
	close(fd);
	return index;
}

int interface_for_group(struct interface *out, const struct mcast_addr *group, struct why *why)
{
	char text[ADDRESS_TEXT], name[IF_NAMESIZE], names[NAMES];
	uint32_t index;

	index = route_index(group);
	if (index && if_indextoname(index, name) && interface_find(out, name, NULL) == 0)
		return 0;

	address_text(text, group);
	why_set(why, "no route to %s: name an interface with --interface or \"interface\"; there are: %s",
		text, interface_names(names, sizeof(names)));
	return -ENETUNREACH;
}
