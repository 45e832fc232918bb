/* datagrams.c - tests: batches of datagrams as the socket would hand them over */
#include "support/datagrams.h"

#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include "base/address.h"

#define BEHIND 64

static struct mcast_addr joined;

struct mcast_addr datagrams_address(const char *text)
{
	struct mcast_addr addr;

	cr_assert_eq(address_parse_port(text, &addr), 0, "no address: %s", text);
	return addr;
}

void datagrams_init(struct datagrams *all, uint8_t behind)
{
	memset(all, 0, sizeof(*all));
	joined = datagrams_address("239.255.0.1:59259");
	all->batch.dg = all->dg;
	all->batch.joined = &joined;
	all->batch.joined_if = 1;
	all->behind = behind;
	for (unsigned i = 0; i < BATCH_MAX; i++)
		all->out[i] = &all->msg[i];
}

void datagrams_finish(struct datagrams *all)
{
	for (unsigned i = 0; i < all->batch.n; i++)
		free(all->dg[i].data);
	all->batch.n = 0;
}

struct datagram *datagrams_add(struct datagrams *all, const void *data, size_t len)
{
	struct datagram *dg = &all->dg[all->batch.n];

	cr_assert_lt(all->batch.n, BATCH_MAX);
	dg->data = malloc(len + BEHIND);
	cr_assert_not_null(dg->data);
	memcpy(dg->data, data, len);
	memset(dg->data + len, all->behind, BEHIND);
	dg->len = (uint32_t)len;
	dg->flags = DATAGRAM_TO | DATAGRAM_TTL | DATAGRAM_KERNEL_TIME;
	dg->rx_ns = 1769860800123456000;
	dg->from = datagrams_address("192.0.2.1:4242");
	dg->to = joined;
	dg->ifindex = 1;
	dg->ttl = 1;
	all->batch.n++;
	return dg;
}

struct datagram *datagrams_add_text(struct datagrams *all, const char *text)
{
	return datagrams_add(all, text, strlen(text));
}
