/* socket/receiver.c - stage 1 of 4: [socket] > sanitize > chain > handler: the sockets of one worker */
#include "socket/receiver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/address.h"
#include "socket/join.h"
#include "socket/lost.h"
#include "socket/pool.h"

struct entry {
	struct receiver_socket socket;
	int fd;
	uint32_t dropped;	/* the kernel's counter, as last seen */
};

struct receiver {
	struct entry **entry;	/* n of them; each stays where it is when the list grows */
	unsigned n;
	struct pool pool;
};

int receiver_create(struct receiver **out)
{
	struct receiver *rx;

	rx = calloc(1, sizeof(*rx));
	if (!rx)
		return -ENOMEM;
	if (pool_init(&rx->pool)) {
		free(rx);
		return -ENOMEM;
	}
	*out = rx;
	return 0;
}

static void close_down_to(struct receiver *rx, unsigned n)
{
	while (rx->n > n) {
		rx->n--;
		close(rx->entry[rx->n]->fd);
		free(rx->entry[rx->n]);
	}
}

void receiver_destroy(struct receiver *rx)
{
	if (!rx)
		return;
	close_down_to(rx, 0);
	free(rx->entry);
	pool_finish(&rx->pool);
	free(rx);
}

static bool is_open(const struct receiver *rx, const struct mcast_addr *group, uint32_t ifindex)
{
	unsigned i;

	for (i = 0; i < rx->n; i++) {
		if (rx->entry[i]->socket.interface.index == ifindex &&
		    address_same(&rx->entry[i]->socket.group, group))
			return true;
	}
	return false;
}

static int add(struct receiver *rx, struct entry *entry)
{
	struct entry **list;

	list = realloc(rx->entry, (rx->n + 1) * sizeof(struct entry *));
	if (!list)
		return -ENOMEM;
	rx->entry = list;
	rx->entry[rx->n++] = entry;
	return 0;
}

static int listen_on(struct receiver *rx, const struct listen_options *options,
		     const struct interface *interface, struct why *why)
{
	char text[ADDRESS_TEXT];
	struct entry *entry;
	int err;

	if (is_open(rx, &options->group, interface->index)) {
		address_port_text(text, &options->group);
		why_set(why, "%s on %s is listened to twice: each datagram would count twice; name it once",
			text, interface->name);
		return -EEXIST;
	}

	entry = calloc(1, sizeof(*entry));
	if (!entry) {
		why_set(why, "out of memory");
		return -ENOMEM;
	}
	entry->socket.group = options->group;
	entry->socket.interface = *interface;
	entry->socket.chosen = !options->interface[0];
	entry->socket.options = options;
	entry->fd = join_open(options, interface, &entry->socket.granted, why);
	if (entry->fd < 0) {
		err = entry->fd;
		free(entry);
		return err;
	}

	err = add(rx, entry);
	if (err) {
		why_set(why, "out of memory");
		close(entry->fd);
		free(entry);
	}
	return err;
}

/* An interface that refuses is passed over, unless all do: then the first one's words stand. */
static int listen_on_list(struct receiver *rx, const struct listen_options *options,
			  const struct interface *list, unsigned n, struct why *why)
{
	unsigned i, before = rx->n;
	struct why words;
	int err, first = 0;

	for (i = 0; i < n; i++) {
		if (!address_is_ipv4(&options->group) && !interface_has_ipv6(list[i].index))
			continue;
		err = listen_on(rx, options, &list[i], &words);
		if (err && (!first || err == -EEXIST))
			why_set(why, "%s", words.text);
		if (err == -EEXIST)
			return err;
		if (!first)
			first = err;
	}

	if (rx->n > before)
		return 0;
	if (!first)
		why_set(why, "no interface is up, with multicast and an address of the group's family");
	return first ? first : -ENODEV;
}

static int listen_on_all(struct receiver *rx, const struct listen_options *options, struct why *why)
{
	struct interface *list;
	int err, n;

	n = interface_list(&list);
	if (n < 0) {
		why_set(why, "cannot list the interfaces: %s", strerror(-n));
		return n;
	}
	err = listen_on_list(rx, options, list, n, why);
	free(list);
	return err;
}

static int check(const struct listen_options *options, struct why *why)
{
	char text[ADDRESS_TEXT];
	unsigned i;

	address_text(text, &options->group);
	if (!address_is_multicast(&options->group)) {
		why_set(why, "%s is no multicast group: those are 224.0.0.0/4 and ff00::/8", text);
		return -EINVAL;
	}
	if (!options->group.port) {
		why_set(why, "%s needs a port, 1 to 65535", text);
		return -EINVAL;
	}
	for (i = 0; i < options->source_count; i++) {
		if (address_is_ipv4(&options->sources[i]) == address_is_ipv4(&options->group))
			continue;
		why_set(why, "a source of %s is of the other family: both are IPv4 or both IPv6", text);
		return -EINVAL;
	}
	return 0;
}

static int listen_on_one(struct receiver *rx, const struct listen_options *options, struct why *why)
{
	struct interface interface;
	int err;

	if (options->interface[0])
		err = interface_find(&interface, options->interface, why);
	else
		err = interface_for_group(&interface, &options->group, why);
	if (err)
		return err;
	return listen_on(rx, options, &interface, why);
}

int receiver_listen(struct receiver *rx, const struct listen_options *options, struct why *why)
{
	unsigned before = rx->n;
	int err;

	err = check(options, why);
	if (err)
		return err;

	if (strcmp(options->interface, "all") == 0)
		err = listen_on_all(rx, options, why);
	else
		err = listen_on_one(rx, options, why);
	if (err)
		close_down_to(rx, before);
	return err;
}

unsigned receiver_sockets(const struct receiver *rx)
{
	return rx->n;
}

int receiver_fd(const struct receiver *rx, unsigned socket)
{
	return rx->entry[socket]->fd;
}

const struct receiver_socket *receiver_socket(const struct receiver *rx, unsigned socket)
{
	return &rx->entry[socket]->socket;
}

int receiver_receive(struct receiver *rx, unsigned socket, unsigned limit, struct batch *batch)
{
	struct entry *entry = rx->entry[socket];
	uint32_t dropped = entry->dropped;
	int n;

	n = pool_receive(&rx->pool, entry->fd, limit, entry->socket.group.port, &dropped);
	if (n < 0)
		return n;

	batch->dg = rx->pool.dg;
	batch->n = n;
	batch->joined = &entry->socket.group;
	batch->joined_if = entry->socket.interface.index;
	batch->lost = lost_growth(&entry->dropped, dropped);
	entry->socket.received += n;
	entry->socket.lost += batch->lost;
	return n;
}

uint64_t receiver_ask_lost(struct receiver *rx)
{
	uint64_t growth, sum = 0;
	uint32_t dropped;
	unsigned i;

	for (i = 0; i < rx->n; i++) {
		if (lost_ask(rx->entry[i]->fd, &dropped))
			continue;
		growth = lost_growth(&rx->entry[i]->dropped, dropped);
		rx->entry[i]->socket.lost += growth;
		sum += growth;
	}
	return sum;
}
