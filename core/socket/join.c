/* socket/join.c - stage 1 of 4: [socket] > sanitize > chain > handler: joins a group, with its sources
 *
 * RFC 3678, section 5: the same calls for both families, with the index of the interface. */
#include "socket/join.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include "base/address.h"

/* What to do about it, or "". */
static const char *hint(int err, bool is_ipv4, bool with_source)
{
	if (err == -ENOBUFS && with_source)
		return is_ipv4 ? ": too many sources: raise the sysctl net.ipv4.igmp_max_msf"
			       : ": too many sources: raise the sysctl net.ipv6.mld_max_msf";
	if (err == -ENOBUFS && is_ipv4)
		return ": raise the sysctl net.ipv4.igmp_max_memberships";
	if (err == -EADDRNOTAVAIL && with_source)
		return ": is it named twice?";
	if (err == -EINVAL && !is_ipv4)
		return ": is IPv6 switched off there?";
	return "";
}

static int refuse(int err, const struct listen_options *options, const struct interface *interface,
		  const struct mcast_addr *source, struct why *why)
{
	bool is_ipv4 = address_is_ipv4(&options->group);
	char group_text[ADDRESS_TEXT], source_text[ADDRESS_TEXT] = "";

	address_text(group_text, &options->group);
	if (source)
		address_text(source_text, source);
	why_set(why, "cannot join %s%s%s on %s: %s%s", group_text,
		!source ? "" : options->exclude ? " without the source " : " from the source ", source_text,
		interface->name, strerror(-err), hint(err, is_ipv4, source));
	return err;
}

static int join_any(int fd, int level, const struct listen_options *options, const struct interface *interface,
		    struct why *why)
{
	struct group_req req = { .gr_interface = interface->index };

	address_to_sockaddr(&req.gr_group, &options->group, interface->index);
	if (setsockopt(fd, level, MCAST_JOIN_GROUP, &req, sizeof(req)))
		return refuse(-errno, options, interface, NULL, why);
	return 0;
}

/* name: MCAST_JOIN_SOURCE_GROUP or MCAST_BLOCK_SOURCE, for each source. */
static int each_source(int fd, int level, int name, const struct listen_options *options,
		       const struct interface *interface, struct why *why)
{
	struct group_source_req req = { .gsr_interface = interface->index };
	unsigned i;

	address_to_sockaddr(&req.gsr_group, &options->group, interface->index);
	for (i = 0; i < options->source_count; i++) {
		address_to_sockaddr(&req.gsr_source, &options->sources[i], interface->index);
		if (setsockopt(fd, level, name, &req, sizeof(req)))
			return refuse(-errno, options, interface, &options->sources[i], why);
	}
	return 0;
}

int join_sources(int fd, const struct listen_options *options, const struct interface *interface,
		 struct why *why)
{
	int level = address_is_ipv4(&options->group) ? IPPROTO_IP : IPPROTO_IPV6;
	int err;

	if (options->source_count && !options->exclude)
		return each_source(fd, level, MCAST_JOIN_SOURCE_GROUP, options, interface, why);

	err = join_any(fd, level, options, interface, why);
	if (!err)
		err = each_source(fd, level, MCAST_BLOCK_SOURCE, options, interface, why);
	return err;
}
