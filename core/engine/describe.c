/* engine/describe.c - the map: what is built, in words for people */
#include "engine/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

#define JOINS_TOLD 6	/* as many fit a line; the others are counted */
#define CLEAN 1024	/* bytes of a path that is shown */

/* What comes from a file, or is a file's name, must not drive the terminal that it is shown on. */
static const char *clean(char out[CLEAN], const char *text)
{
	return text_clean(out, CLEAN, text, strlen(text));
}

void describe_ready(const struct pipeline *p)
{
	unsigned n = receiver_sockets(p->receiver);
	char group[ADDRESS_TEXT];
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	for (unsigned i = 0; i < n && i < JOINS_TOLD; i++) {
		const struct receiver_socket *s = receiver_socket(p->receiver, i);

		address_port_text(group, &s->group);
		fprintf(out, "%s%s on %s%s", i ? ", " : "", group, s->interface.name,
			s->chosen ? " (the kernel's route)" : "");
	}
	if (n > JOINS_TOLD)
		fprintf(out, " and %u more", n - JOINS_TOLD);
	fputs("; chain:", out);
	for (unsigned i = 0; i < p->n; i++)
		fprintf(out, "%s %s", i ? " >" : "", p->instances[i]->name);
	if (fclose(out) == 0)
		log_info("hearing %s", text);
	free(text);
}

static void print_listen(const struct pipeline *p)
{
	char text[ADDRESS_TEXT], word[CLEAN];

	for (unsigned i = 0; i < p->listens; i++) {
		const struct listen_options *listen = &p->listen[i];

		address_port_text(text, &listen->group);
		printf("hears %s on %s", text,
		       *listen->interface ? clean(word, listen->interface) : "the interface of the kernel's route");
		for (unsigned k = 0; k < listen->source_count; k++) {
			address_text(text, &listen->sources[k]);
			printf("%s %s", k ? "," : listen->exclude ? ", from any source but" : ", from", text);
		}
		putchar('\n');
	}
}

static void print_sanitize(const struct sanitize_options *s)
{
	static const char *const control[] = { "picture", "drop", "keep" };
	static const char *const bidi[] = { "keep", "replace", "drop" };

	printf("sanitizes: profile %s, %u to %u bytes", s->profile == PROFILE_BINARY ? "binary" : "text",
	       s->min_bytes, s->max_bytes);
	if (s->profile == PROFILE_TEXT)
		printf(", on_control %s, on_bidi %s", control[s->on_control], bidi[s->on_bidi]);
	if (s->min_ttl)
		printf(", TTL %u or more", s->min_ttl);
	if (s->allows)
		printf(", %u allowed source nets", s->allows);
	if (s->denies)
		printf(", %u denied source nets", s->denies);
	if (s->rate)
		printf(", %u datagrams a second from a source", s->rate);
	putchar('\n');
}

/* The options that the handler knows, for whoever asks with -v. */
static void print_options(const struct instance *in)
{
	char *text = config_help(in->handler), word[CLEAN];

	for (const char *line = text; line && *line; line += strcspn(line, "\n") + 1)
		printf("   %s\n", text_clean(word, sizeof(word), line, strcspn(line, "\n")));
	free(text);
}

static void print_stage(const struct pipeline *p, unsigned i)
{
	static const char *const on_error[] = { "pass", "drop", "suspend" };
	const struct chain_stage *stage = &p->stages[i];
	const struct instance *in = stage->instance;
	char group[ADDRESS_TEXT], word[CLEAN];

	printf("%u. %s: %s %s, ", i + 1, in->name, in->handler->name, clean(word, in->handler->version));
	printf("%s\n", clean(word, in->plugin->path));
	if (in->handler->summary)
		printf("   %s\n", clean(word, in->handler->summary));
	if (log_level() >= MCAST_LOG_DEBUG)
		print_options(in);
	if (stage->on_error != ON_ERROR_PASS)
		printf("   on_error %s\n", on_error[stage->on_error]);
	for (unsigned k = 0; k < stage->group_count; k++) {
		if (stage->groups[k].port)
			address_port_text(group, &stage->groups[k]);
		else
			address_text(group, &stage->groups[k]);
		printf("%s%s%s", k ? ", " : "   only ", group, k + 1 == stage->group_count ? "\n" : "");
	}
	for (unsigned k = 0; k < in->use_count; k++)
		if (in->uses[k].provider)
			printf("   takes %s from %s\n",
			       in->uses[k].provider->handler->provides[in->uses[k].index].name,
			       in->uses[k].provider->name);
}

void describe_check(const struct pipeline *p)
{
	const char *what = p->manifest.path ? p->manifest.path :
			   p->site ? plugin_dir_path(p->site) : "the logger alone";
	char word[CLEAN];

	printf("%s: in order\n", clean(word, what));
	print_listen(p);
	print_sanitize(&p->manifest.sanitize);
	for (unsigned i = 0; i < p->n; i++)
		print_stage(p, i);
}
