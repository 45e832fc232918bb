/* engine/pipeline.c - the map: all parts of one way, built front to back, taken down back to front */
#include "engine/pipeline.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/number.h"
#include "engine/assemble.h"
#include "engine/crash.h"
#include "engine/directory.h"
#include "engine/listen.h"

#define FAULTS_TOLD 100

static int out_of_memory(void)
{
	log_error("out of memory");
	return EXIT_OSERR;
}

/* Tells them, each on its line, and leaves the list empty. No more than one can mend: the line of each is looked
 * for in the whole file, and a file can hold 100,000 mistakes. */
static int tell_faults(const struct pipeline *p, struct faults *faults)
{
	int status = faults_status(faults);
	char line[1024];
	size_t i;

	for (i = 0; i < faults->n && i < FAULTS_TOLD; i++) {
		manifest_describe(&p->manifest, &faults->list[i], line, sizeof(line));
		log_error("%s", line);
	}
	if (i < faults->n)
		log_error("and %zu more mistakes: mend these first", faults->n - i);
	if (faults->forgot)
		log_error("there are more mistakes, but no memory to remember them");
	faults_finish(faults);
	return status;
}

/* Without plugins, the chain is the one that a manifest would write so. */
static int read_plain(struct pipeline *p, const struct engine_options *options, struct faults *faults)
{
	json_t *root;
	char *text;
	int error;

	root = json_pack("{s:i, s:b, s:[{s:s, s:{s:s, s:s}}]}", "version", 1, "drop_ins", 0, "chain",
			 "handler", "logger", "options",
			 "path", options->output ? options->output : "-",
			 "format", options->format ? options->format : "text");
	text = root ? json_dumps(root, JSON_COMPACT) : NULL;
	error = text ? manifest_parse(&p->manifest, NULL, text, strlen(text), faults) : -ENOMEM;
	free(text);
	json_decref(root);
	return error;
}

static int read_manifest(struct pipeline *p, struct faults *faults)
{
	const char *directory = plugin_dir_path(p->site);
	char *path;
	int error;

	if (asprintf(&path, "%s%s" MANIFEST_NAME, directory,
		     directory[strlen(directory) - 1] == '/' ? "" : "/") < 0)
		return -ENOMEM;
	error = manifest_read(&p->manifest, path, faults);
	if (error == -ENOENT) {
		log_debug("%s: not there, so the chain is the drop-ins of %s alone", path, directory);
		manifest_finish(&p->manifest);
		error = manifest_default(&p->manifest);
	}
	free(path);
	return error;
}

/* Opens the directories that handlers are looked for in. 0 or an exit status. */
static int open_directories(struct pipeline *p, const struct engine_options *options)
{
	struct why why = { "" };
	char *path;
	int error;

	if (options->plugins) {
		path = directory_of_site(options->directory, &why);
		if (!path && !*why.text)
			return out_of_memory();
		error = path ? plugin_dir_open(&p->site, path, &why) : -ENOENT;
		free(path);
		if (error == -ENOMEM)
			return out_of_memory();
		if (error) {
			log_error("%s", why.text);
			return assemble_status(error);
		}
	}

	path = directory_of_standard();
	if (!path)
		return out_of_memory();
	error = plugin_dir_open(&p->standard, path, &why);
	free(path);
	if (error == -ENOMEM)
		return out_of_memory();
	if (error && error != -ENOENT) {
		log_error("%s", why.text);
		return assemble_status(error);
	}
	return 0;
}

/* The i-th handler's own callback failed. */
static void add_failure(const struct pipeline *p, struct faults *faults, unsigned i, const struct why *why)
{
	if (p->pointers[i])
		faults_add(faults, FAULT_CONFIG, p->pointers[i], "%s", why->text);
	else
		faults_add(faults, FAULT_CONFIG, NULL, "%s: %s", p->instances[i]->plugin->path, why->text);
}

static int create_handlers(struct pipeline *p, struct faults *faults)
{
	for (unsigned i = 0; i < p->n; i++) {
		struct why why = { "" };

		crash_about(p->instances[i]->name);
		if (instance_create(p->instances[i], &why) == 0)
			continue;
		add_failure(p, faults, i, &why);
	}
	crash_about(NULL);
	return faults_any(faults) ? -EINVAL : 0;
}

int pipeline_build(struct pipeline *p, const struct engine_options *options)
{
	struct faults faults = { 0 };
	int status;
	int error;

	status = open_directories(p, options);
	if (status)
		return status;

	error = options->plugins ? read_manifest(p, &faults) : read_plain(p, options, &faults);
	/* Mistakes in the manifest hide none in what it says of handlers: all are told together. */
	if (!error || (error == -EINVAL && p->manifest.root))
		error = listen_merge(p, options);
	if (!error)
		error = assemble(p, options->check ? MCAST_RUN_CHECK : 0, &faults);
	if (!error)
		error = create_handlers(p, &faults);
	if (faults_any(&faults))
		return tell_faults(p, &faults);
	if (error)
		return out_of_memory();
	return 0;
}

/* What was joined, but may not give what was asked for. Each size and each interface is told once. */
static void tell_doubts(const struct pipeline *p)
{
	char granted[24], asked[24];
	uint32_t down = 0;
	int64_t told = -1;

	for (unsigned i = 0; i < receiver_sockets(p->receiver); i++) {
		const struct receiver_socket *s = receiver_socket(p->receiver, i);

		if (!(s->interface.flags & IFF_UP) && s->interface.index != down) {
			down = s->interface.index;
			log_warning("%s is down: nothing comes in by it before it is up (ip link set %s up)",
				    s->interface.name, s->interface.name);
		}
		if (s->granted >= s->options->rcvbuf || s->granted == told)
			continue;
		told = s->granted;
		log_warning("the kernel grants a receive buffer of %s, not %s: bursts may be lost; as root it is "
			    "forced, else raise it: sysctl -w net.core.rmem_max=%lld",
			    number_size_text(granted, sizeof(granted), s->granted),
			    number_size_text(asked, sizeof(asked), s->options->rcvbuf),
			    (long long)s->options->rcvbuf);
	}
}

static int open_sockets(struct pipeline *p)
{
	if (receiver_create(&p->receiver) != 0)
		return out_of_memory();
	for (unsigned i = 0; i < p->listens; i++) {
		struct why why = { "" };

		if (receiver_listen(p->receiver, &p->listen[i], &why) != 0) {
			log_error("%s", why.text);
			return EXIT_UNAVAILABLE;
		}
	}
	tell_doubts(p);
	return 0;
}

static int start_handlers(struct pipeline *p)
{
	struct faults faults = { 0 };

	for (unsigned i = 0; i < p->n; i++) {
		struct why why = { "" };

		crash_about(p->instances[i]->name);
		if (instance_start(p->instances[i], &why) == 0)
			continue;
		add_failure(p, &faults, i, &why);
		break;
	}
	crash_about(NULL);
	return faults_any(&faults) ? tell_faults(p, &faults) : 0;
}

int pipeline_open(struct pipeline *p, const struct chain_outside *outside)
{
	int status;

	if (sanitize_create(&p->sanitize, &p->manifest.sanitize) != 0)
		return out_of_memory();
	if (chain_create(&p->chain, p->stages, p->n, &p->host, p->messages, outside) != 0)
		return out_of_memory();
	status = open_sockets(p);
	if (status)
		return status;
	return start_handlers(p);
}

void pipeline_stop(struct pipeline *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		crash_about(p->instances[i]->name);
		instance_stop(p->instances[i]);
	}
	crash_about(NULL);
}

void pipeline_close(struct pipeline *p)
{
	pipeline_stop(p);
	for (unsigned i = p->n; i-- > 0;) {
		crash_about(p->instances[i]->name);
		instance_destroy(p->instances[i]);
	}
	crash_about(NULL);
	chain_destroy(p->chain);
	messages_destroy(p->messages);
	sanitize_destroy(p->sanitize);
	receiver_destroy(p->receiver);
	free(p->stages);
	free(p->instances);
	free(p->pointers);
	free(p->listen);
	free(p->heard);
	plugin_dir_close(p->site);
	plugin_dir_close(p->standard);
	manifest_finish(&p->manifest);
}
