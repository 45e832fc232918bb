/* rig.c - tests: a chain of real handlers (.so) without a socket: what is outside of it, making, feeding, time */
#include "support/rig.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/datagram.h"
#include "handler/attrs.h"
#include "sanitize/sanitize.h"

#define RIG_HANDLERS 16
#define RIG_WATCHES 64
#define RIG_KEPT (16 << 20)
#define RIG_PATIENCE (20 * CLOCK_SECOND)
#define RIG_ARRIVAL 1769860800123456000ull	/* 2026-01-31T12:00:00.123456Z */

struct watch {
	unsigned stage;
	struct pollfd poll;
};

struct rig {
	unsigned n;
	struct instance *in[RIG_HANDLERS];
	json_t *options[RIG_HANDLERS];
	struct host host;
	struct messages *messages;
	struct sanitize *sanitize;
	struct chain *chain;
	struct watch watch[RIG_WATCHES];
	unsigned watches;
	uint64_t now_ns;
	uint64_t seq;
	char words[2048];		/* why it could not be made */
};

static int check(void *arg, const uint8_t *data, size_t len, size_t *repaired)
{
	return sanitize_again(((struct rig *)arg)->sanitize, data, len, repaired) != DROP_NONE;
}

static void repair(void *arg, const uint8_t *data, size_t len, uint8_t *out)
{
	sanitize_repair(((struct rig *)arg)->sanitize, data, len, out);
}

static int watch(void *arg, unsigned stage, int fd, uint32_t events)
{
	struct rig *rig = arg;
	unsigned i = 0;

	while (i < rig->watches && (rig->watch[i].stage != stage || rig->watch[i].poll.fd != fd))
		i++;
	if (!events && i == rig->watches)
		return -ENOENT;
	if (!events) {
		rig->watch[i] = rig->watch[--rig->watches];
		return 0;
	}
	if (i == RIG_WATCHES)
		return -ENOSPC;
	if (i == rig->watches)
		rig->watches++;
	rig->watch[i] = (struct watch){ stage, { .fd = fd, .events = (short)events } };
	return 0;
}

/* ---- making ------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3)))
static void add_words(struct rig *rig, const char *format, ...)
{
	size_t n = strlen(rig->words);
	va_list args;

	va_start(args, format);
	vsnprintf(rig->words + n, sizeof(rig->words) - n, format, args);
	va_end(args);
}

static void add_faults(struct rig *rig, struct faults *faults)
{
	for (size_t i = 0; i < faults->n; i++)
		add_words(rig, "%s: %s\n", faults->list[i].pointer, faults->list[i].text);
	faults_finish(faults);
}

static const struct plugin *load(struct rig *rig, const char *handler)
{
	static const char *const places[] = { BUILD_DIR "/handlers", BUILD_DIR "/tests/handlers" };
	const struct plugin *plugin = NULL;
	struct plugin_dir *dir;
	struct why why = { "" };
	char file[128];
	int rc = -ENOENT;

	snprintf(file, sizeof(file), "%s.so", handler);
	for (unsigned i = 0; i < 2 && rc == -ENOENT; i++) {
		rc = plugin_dir_open(&dir, places[i], &why);
		if (rc)
			continue;
		rc = plugin_load(&plugin, dir, file, NULL, &why);
		plugin_dir_close(dir);
	}
	if (rc)
		add_words(rig, "%s\n", why.text);
	return plugin;
}

static int make_one(struct rig *rig, const struct rig_handler *asked, const struct instance_place *place)
{
	const struct plugin *plugin = load(rig, asked->handler);
	struct faults faults = { 0 };
	struct config *config = NULL;
	char pointer[64], name[64];
	json_error_t error;

	if (!plugin)
		return -EINVAL;
	if (asked->options) {
		rig->options[rig->n] = json_loads(asked->options, JSON_REJECT_DUPLICATES, &error);
		cr_assert_not_null(rig->options[rig->n], "%s: %s", asked->options, error.text);
	}
	snprintf(pointer, sizeof(pointer), "/chain/%u/options", rig->n);
	if (config_create(&config, &plugin->handler, rig->options[rig->n], pointer, &faults)) {
		add_faults(rig, &faults);
		return -EINVAL;
	}
	snprintf(name, sizeof(name), rig->n ? "%s-%u" : "%s", asked->handler, rig->n + 1);
	cr_assert_eq(instance_new(&rig->in[rig->n], plugin, name, config, place), 0);
	rig->n++;
	return 0;
}

static int make_chain(struct rig *rig, const struct rig_handler *handlers)
{
	const struct chain_outside outside = { .arg = rig, .check = check, .repair = repair, .watch = watch };
	struct chain_stage stages[RIG_HANDLERS] = { { 0 } };
	const char *pointers[RIG_HANDLERS];
	struct sanitize_options policy;
	struct faults faults = { 0 };
	int slots;

	for (unsigned i = 0; i < rig->n; i++) {
		stages[i].instance = rig->in[i];
		stages[i].on_error = handlers[i].on_error;
		pointers[i] = rig->in[i]->name;
	}
	slots = attrs_resolve(rig->in, rig->n, pointers, &faults);
	if (slots < 0) {
		add_faults(rig, &faults);
		return slots;
	}
	sanitize_defaults(&policy);
	cr_assert_eq(sanitize_create(&rig->sanitize, &policy), 0);
	cr_assert_eq(messages_create(&rig->messages, (unsigned)slots, RIG_KEPT), 0);
	cr_assert_eq(chain_create(&rig->chain, stages, rig->n, &rig->host, rig->messages, &outside), 0);
	return 0;
}

static int start_all(struct rig *rig)
{
	struct why why = { "" };
	int rc = 0;

	for (unsigned i = 0; i < rig->n && !rc; i++)
		rc = instance_create(rig->in[i], &why);
	for (unsigned i = 0; i < rig->n && !rc; i++)
		rc = instance_start(rig->in[i], &why);
	if (rc)
		add_words(rig, "%s\n", why.text);
	return rc;
}

static struct rig *make(const struct rig_handler *handlers, unsigned n, const struct mcast_addr *listen,
			unsigned listens, int *rc)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct instance_place place = { .listen = listen, .listens = listens };

	cr_assert_not_null(rig);
	cr_assert_leq(n, RIG_HANDLERS);
	rig->now_ns = 1000 * CLOCK_SECOND;
	place.host = &rig->host;
	*rc = 0;
	for (unsigned i = 0; i < n && !*rc; i++)
		*rc = make_one(rig, &handlers[i], &place);
	if (!*rc)
		*rc = make_chain(rig, handlers);
	if (!*rc)
		*rc = start_all(rig);
	return rig;
}

static void unmake(struct rig *rig)
{
	for (unsigned i = 0; i < rig->n; i++)
		instance_stop(rig->in[i]);
	for (unsigned i = rig->n; i-- > 0;)
		instance_destroy(rig->in[i]);
	for (unsigned i = 0; i < RIG_HANDLERS; i++)
		json_decref(rig->options[i]);
	if (rig->messages)
		cr_assert_eq(messages_out(rig->messages), 0, "messages are still kept after stop and destroy");
	chain_destroy(rig->chain);
	messages_destroy(rig->messages);
	sanitize_destroy(rig->sanitize);
	free(rig);
}

struct rig *rig_open(const struct rig_handler *handlers, unsigned n, const struct mcast_addr *listen,
		     unsigned listens)
{
	int rc;
	struct rig *rig = make(handlers, n, listen, listens, &rc);

	cr_assert_eq(rc, 0, "the chain can't be made: %s", rig->words);
	return rig;
}

/* What handlers log is a part of the words, for they say why they refuse. */
const char *rig_refuses(const struct rig_handler *handlers, unsigned n, const struct mcast_addr *listen,
			unsigned listens)
{
	static char words[4096];
	int log = memfd_create("log", MFD_CLOEXEC), out = dup(STDERR_FILENO);
	struct rig *rig;
	ssize_t length;
	int rc;

	cr_assert(log >= 0 && out >= 0);
	dup2(log, STDERR_FILENO);
	rig = make(handlers, n, listen, listens, &rc);
	dup2(out, STDERR_FILENO);
	close(out);
	length = pread(log, words, sizeof(words) / 2, 0);
	close(log);
	cr_assert_geq(length, 0);
	snprintf(words + length, sizeof(words) - (size_t)length, "%s", rig->words);
	cr_assert_neq(rc, 0, "the chain can be made, though it should not");
	unmake(rig);
	return words;
}

/* ---- feeding ------------------------------------------------------------------------------ */

/* Each payload has just the room that is promised, and ends with its batch, so that a sanitizer sees who reads
 * beyond it or too late. */
static void feed(struct rig *rig, const void *const *data, const size_t *len, unsigned n)
{
	struct mcast_msg *msg[CHAIN_BATCH];
	struct mcast_addr *addr = calloc(2, sizeof(*addr));
	uint8_t *bytes[CHAIN_BATCH];

	cr_assert_not_null(addr);
	cr_assert_leq(n, CHAIN_BATCH);
	address_parse_port("192.0.2.1:4242", &addr[0]);
	address_parse_port("239.255.0.1:59259", &addr[1]);
	cr_assert_eq(messages_take(rig->messages, msg, n), 0);
	for (unsigned i = 0; i < n; i++) {
		cr_assert_leq(len[i], DATAGRAM_MAX);
		bytes[i] = calloc(1, len[i] + 64);
		cr_assert_not_null(bytes[i]);
		if (len[i])
			memcpy(bytes[i], data[i], len[i]);
		*msg[i] = (struct mcast_msg){
			.data = bytes[i],
			.len = (uint32_t)len[i],
			.flags = MCAST_MSG_TTL | MCAST_MSG_KERNEL_TIME,
			.seq = ++rig->seq,
			.rx_ns = RIG_ARRIVAL + (rig->seq - 1) * 1000,
			.src = &addr[0],
			.group = &addr[1],
			.ifindex = 1,
			.ttl = 1,
			.engine = msg[i]->engine,
		};
	}
	chain_run(rig->chain, msg, n, rig->now_ns, 0);
	for (unsigned i = 0; i < n; i++)
		free(bytes[i]);
	free(addr);
	cr_assert(chain_law(rig->chain), "the accounting law does not hold");
}

void rig_feed(struct rig *rig, const void *data, size_t len)
{
	feed(rig, &data, &len, 1);
}

void rig_feed_text(struct rig *rig, const char *text)
{
	rig_feed(rig, text, strlen(text));
}

void rig_feed_many(struct rig *rig, const char *const *texts, unsigned n)
{
	size_t len[CHAIN_BATCH];

	for (unsigned i = 0; i < n && i < CHAIN_BATCH; i++)
		len[i] = strlen(texts[i]);
	feed(rig, (const void *const *)texts, len, n);
}

/* ---- time --------------------------------------------------------------------------------- */

/* Calls those whose descriptors are ready, waiting up to ms for one. */
static void serve(struct rig *rig, int ms)
{
	struct pollfd polls[RIG_WATCHES];
	unsigned stage[RIG_WATCHES], n = rig->watches;
	uint64_t before = clock_mono_ns();

	for (unsigned i = 0; i < n; i++) {
		polls[i] = rig->watch[i].poll;
		stage[i] = rig->watch[i].stage;
	}
	cr_assert_geq(poll(polls, n, ms), 0);
	rig->now_ns += ms ? clock_mono_ns() - before : 0;
	for (unsigned i = 0; i < n; i++) {
		cr_assert_not(polls[i].revents & POLLNVAL, "%s has closed a descriptor that it still watches",
			      rig->in[stage[i]]->name);
		if (polls[i].revents)
			chain_ready(rig->chain, stage[i], rig->now_ns);
	}
	chain_due(rig->chain, rig->now_ns);
}

void rig_pause(struct rig *rig)
{
	serve(rig, 0);
	chain_tick(rig->chain, rig->now_ns);
}

void rig_until(struct rig *rig, bool (*done)(struct rig *rig, void *arg), void *arg)
{
	uint64_t end = clock_mono_ns() + RIG_PATIENCE;

	rig_pause(rig);
	while (!done(rig, arg)) {
		cr_assert_lt(clock_mono_ns(), end, "waited 20 seconds in vain");
		serve(rig, 10);
		chain_tick(rig->chain, rig->now_ns);
	}
}

void rig_event(struct rig *rig, uint32_t event)
{
	chain_event(rig->chain, event, rig->now_ns);
}

void rig_advance(struct rig *rig, uint64_t ns)
{
	rig->now_ns += ns;
}

/* ---- figures ------------------------------------------------------------------------------ */

uint64_t rig_counter(const struct rig *rig, unsigned stage, const char *name)
{
	const struct mcast_counter *counters = rig->in[stage]->handler->counters;
	unsigned i = 0;

	while (counters && counters[i].name && strcmp(counters[i].name, name) != 0)
		i++;
	cr_assert(counters && counters[i].name, "%s has no counter \"%s\"", rig->in[stage]->name, name);
	return instance_counter(rig->in[stage], i);
}

const struct chain_counts *rig_counts(const struct rig *rig, unsigned stage)
{
	return chain_counted(rig->chain, stage);
}

const struct chain_finish *rig_finished(const struct rig *rig)
{
	return chain_finished(rig->chain);
}

void rig_close(struct rig *rig)
{
	uint64_t end = clock_mono_ns() + RIG_PATIENCE;

	while (chain_flush(rig->chain, rig->now_ns) == -EAGAIN) {
		cr_assert_lt(clock_mono_ns(), end, "flushing did not end in 20 seconds");
		serve(rig, 10);
	}
	cr_assert(chain_law(rig->chain), "the accounting law does not hold");
	unmake(rig);
}
