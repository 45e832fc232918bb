/* scene.c - tests: a chain of handlers that are functions of the test itself, fed by hand */
#include "support/scene.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/datagram.h"
#include "handler/attrs.h"

/* ---- notes ------------------------------------------------------------------------------ */

static char notes[1 << 16];

void note(const char *format, ...)
{
	size_t n = strlen(notes);
	va_list args;

	if (n && n + 1 < sizeof(notes))
		notes[n++] = ' ';
	va_start(args, format);
	vsnprintf(notes + n, sizeof(notes) - n, format, args);
	va_end(args);
}

const char *noted(void)
{
	return notes;
}

void note_clear(void)
{
	memset(notes, 0, sizeof(notes));
}

static int capture_fd = -1;
static char capture_text[1 << 16];

void capture_start(void)
{
	capture_fd = memfd_create("stderr", MFD_CLOEXEC);
	cr_assert_geq(capture_fd, 0);
	dup2(capture_fd, STDERR_FILENO);
}

const char *captured(void)
{
	ssize_t n = pread(capture_fd, capture_text, sizeof(capture_text) - 1, 0);

	cr_assert_geq(n, 0);
	capture_text[n] = '\0';
	cr_assert_eq(ftruncate(capture_fd, 0), 0);
	lseek(capture_fd, 0, SEEK_SET);
	return capture_text;
}

unsigned count_of(const char *text, const char *part)
{
	unsigned n = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		n++;
	}
	return n;
}

void put_text(uint8_t *out, const char *text)
{
	while (*text)
		*out++ = (uint8_t)*text++;
}

static int sink_process(struct mcast_ctx *ctx, struct mcast_batch *batch)
{
	const struct instance *in = ctx->engine;

	for (uint32_t i = 0; i < batch->n; i++)
		note("%u:%.*s", in->place, (int)batch->msg[i]->len, (const char *)batch->msg[i]->data);
	return 0;
}

const struct mcast_handler scene_sink = { .name = "sink", .process = sink_process };

/* ---- what lies outside the chain --------------------------------------------------------- */

static int check(void *arg, const uint8_t *data, size_t len, size_t *repaired)
{
	struct scene *scene = arg;
	size_t broken = 0;

	scene->checked++;
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '!')
			return -1;
		broken += data[i] == '?';
	}
	*repaired = broken ? len + 2 * broken : 0;
	return 0;
}

static void repair(void *arg, const uint8_t *data, size_t len, uint8_t *out)
{
	(void)arg;
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '?') {
			put_text(out, "<?>");
			out += 3;
		} else {
			*out++ = data[i];
		}
	}
}

static int watch(void *arg, unsigned stage, int fd, uint32_t events)
{
	struct scene *scene = arg;

	return scene->watch ? scene->watch(stage, fd, events) : -ENOTSUP;
}

static int stopping(void *arg)
{
	return ((struct scene *)arg)->stopping;
}

/* ---- the scene --------------------------------------------------------------------------- */

void scene_open(struct scene *scene, const struct scene_handler *handlers, unsigned n, uint64_t kept_limit)
{
	struct instance_place place = { .host = &scene->host };
	struct chain_outside outside = {
		.arg = scene, .check = check, .repair = repair, .watch = watch, .stopping = stopping,
	};
	struct chain_stage stages[SCENE_HANDLERS];
	const char *pointers[SCENE_HANDLERS];
	struct faults faults = { 0 };
	struct why why;
	int slots;

	memset(scene, 0, sizeof(*scene));
	scene->n = n;
	scene->now_ns = 1000 * 1000000000ull;
	cr_assert_eq(address_parse_port("192.0.2.1:4242", &scene->src), 0);
	cr_assert_eq(address_parse_port(SCENE_GROUP, &scene->group), 0);
	for (unsigned i = 0; i < n; i++) {
		scene->plugin[i].handler = *handlers[i].handler;
		cr_assert_eq(instance_new(&scene->in[i], &scene->plugin[i], handlers[i].handler->name, NULL, &place),
			     0);
		pointers[i] = "";
		stages[i] = (struct chain_stage){ scene->in[i], handlers[i].on_error, handlers[i].groups,
						  handlers[i].group_count };
	}
	slots = attrs_resolve(scene->in, n, pointers, &faults);
	cr_assert_geq(slots, 0, "%s", faults.n ? faults.list[0].text : "no memory");
	cr_assert_eq(messages_create(&scene->messages, (unsigned)slots, kept_limit), 0);
	cr_assert_eq(chain_create(&scene->chain, stages, n, &scene->host, scene->messages, &outside), 0);
	for (unsigned i = 0; i < n; i++) {
		cr_assert_eq(instance_create(scene->in[i], &why), 0, "%s", why.text);
		cr_assert_eq(instance_start(scene->in[i], &why), 0, "%s", why.text);
	}
}

/* What a receive batch lends: overwritten when the batch is over. */
static struct {
	struct mcast_addr src, group;
	uint8_t data[2048 + 64];
} lent[CHAIN_BATCH];

void scene_feed(struct scene *scene, const char *const *texts, unsigned n)
{
	struct mcast_msg *msg[CHAIN_BATCH];

	cr_assert_eq(messages_take(scene->messages, msg, n), 0);
	for (unsigned i = 0; i < n; i++) {
		size_t len = strlen(texts[i]);

		lent[i].src = scene->src;
		lent[i].group = scene->group;
		memcpy(lent[i].data, texts[i], len);
		*msg[i] = (struct mcast_msg){
			.data = lent[i].data,
			.len = (uint32_t)len,
			.flags = MCAST_MSG_TTL,
			.seq = ++scene->seq,
			.rx_ns = 1000 + scene->seq,
			.src = &lent[i].src,
			.group = &lent[i].group,
			.ifindex = 1,
			.ttl = 7,
			.engine = msg[i]->engine,
		};
	}
	chain_run(scene->chain, msg, n, scene->now_ns, scene->lost);
	scene->lost = 0;
	memset(lent, '#', sizeof(lent[0]) * n);
	scene_law(scene);
}

void scene_say(struct scene *scene, const char *text)
{
	scene_feed(scene, &text, 1);
}

const struct chain_counts *scene_counts(const struct scene *scene, unsigned stage)
{
	return chain_counted(scene->chain, stage);
}

void scene_law(const struct scene *scene)
{
	cr_assert(chain_law(scene->chain), "the accounting law does not hold");
}

void scene_close(struct scene *scene)
{
	scene_law(scene);
	for (unsigned i = 0; i < scene->n; i++)
		instance_stop(scene->in[i]);
	for (unsigned i = scene->n; i-- > 0;)
		instance_destroy(scene->in[i]);
	cr_assert_eq(messages_out(scene->messages), 0, "%llu messages did not come back",
		     (unsigned long long)messages_out(scene->messages));
	cr_assert_eq(messages_kept(scene->messages), 0);
	chain_destroy(scene->chain);
	messages_destroy(scene->messages);
}
