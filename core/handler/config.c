/* handler/config.c - stage 4 of 4: a handler's options, checked, in the struct that it declared */
#include "handler/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "handler/config_option.h"

#define POINTER_MAX 512		/* bytes of a JSON pointer; a longer one is cut */
#define OPTIONS_MAX 256

int config_init(struct config *config, const struct mcast_handler *handler)
{
	*config = (struct config){ .size = handler->config_size };
	if (!config->size)
		return 0;
	config->data = calloc(1, config->size);
	return config->data ? 0 : -ENOMEM;
}

void config_finish(struct config *config)
{
	while (config->bytes) {
		struct config_bytes *bytes = config->bytes;

		config->bytes = bytes->next;
		explicit_bzero(bytes->at, bytes->size);	/* some of it may be secret */
		free(bytes);
	}
	free(config->data);
}

void *config_allocate(struct config *config, size_t size)
{
	struct config_bytes *bytes = malloc(sizeof(*bytes) + size);

	if (!bytes)
		return NULL;
	memset(bytes->at, 0, size);
	bytes->size = size;
	bytes->next = config->bytes;
	config->bytes = bytes;
	return bytes->at;
}

static const struct mcast_option *find_option(const struct mcast_handler *handler, const char *name)
{
	for (const struct mcast_option *option = handler->options; option && option->name; option++)
		if (strcmp(option->name, name) == 0)
			return option;
	return NULL;
}

static void unknown_option(const struct mcast_handler *handler, const char *key, const char *pointer,
			   struct faults *faults)
{
	const char *names[OPTIONS_MAX];
	const char *near;
	size_t n = 0;

	for (const struct mcast_option *option = handler->options; option && option->name; option++)
		if (n < OPTIONS_MAX)
			names[n++] = option->name;
	near = text_nearest(key, names, n);
	if (near)
		faults_add(faults, FAULT_CONFIG, pointer, "%s has no option \"%s\"; did you mean \"%s\"?",
			   handler->name, key, near);
	else
		faults_add(faults, FAULT_CONFIG, pointer, "%s has no option \"%s\"%s", handler->name, key,
			   n ? "" : "; it has none at all");
}

/* 0, -EINVAL with a fault added, -ENOMEM */
static int set_given(struct config *config, const struct mcast_handler *handler, const char *key, json_t *value,
		     const char *pointer, struct faults *faults)
{
	const struct mcast_option *option = find_option(handler, key);
	struct why why = { "" };
	char at[POINTER_MAX];
	int err;

	pointer_join(at, sizeof(at), pointer, key);
	if (!option) {
		unknown_option(handler, key, at, faults);
		return -EINVAL;
	}
	err = option_set(config, option, value, &why);
	if (!err || err == -ENOMEM)
		return err;
	faults_add(faults, err == -EPERM ? FAULT_PERMISSION : FAULT_CONFIG, at, "%s", why.text);
	return -EINVAL;
}

/* What was not given. 0, -EINVAL with a fault added, -ENOMEM */
static int set_initial(struct config *config, const struct mcast_handler *handler,
		       const struct mcast_option *option, const char *pointer, struct faults *faults)
{
	char expects[EXPECTS_WORDS];
	json_t *value;
	int err;

	if (option->flags & MCAST_OPT_REQUIRED) {
		faults_add(faults, FAULT_CONFIG, pointer, "%s needs the option \"%s\": %s%s%s", handler->name,
			   option->name, option_expects(expects, sizeof(expects), option),
			   option->help ? "; " : "", option->help ? option->help : "");
		return -EINVAL;
	}
	if (!option->initial)
		return 0;
	value = option_initial(option);
	if (!value)
		return -ENOMEM;		/* it could be read when the table was checked */
	err = option_set(config, option, value, NULL);
	json_decref(value);
	return err;
}

/* Goes on after a mistake, to find all of them. */
static int set_all(struct config *config, const struct mcast_handler *handler, json_t *given,
		   const char *pointer, struct faults *faults)
{
	const char *key;
	json_t *value;
	int worst = 0, err;

	json_object_foreach(given, key, value) {
		err = set_given(config, handler, key, value, pointer, faults);
		if (err && worst != -ENOMEM)
			worst = err;
	}
	for (const struct mcast_option *option = handler->options; option && option->name; option++) {
		if (json_object_get(given, option->name))
			continue;
		err = set_initial(config, handler, option, pointer, faults);
		if (err && worst != -ENOMEM)
			worst = err;
	}
	return worst;
}

/* The handler's own opinion of options that contradict each other. */
static int ask_handler(const struct config *config, const struct mcast_handler *handler, const char *pointer,
		       struct faults *faults)
{
	struct why why = { "" };
	int err;

	if (!handler->check)
		return 0;
	err = handler->check(config->data, why.text, sizeof(why.text));
	if (!err)
		return 0;
	why.text[sizeof(why.text) - 1] = '\0';
	faults_add(faults, FAULT_CONFIG, pointer, "%s: %s", handler->name,
		   *why.text ? why.text : err < 0 ? strerror(-err) : "refuses these options");
	return -EINVAL;
}

int config_create(struct config **out, const struct mcast_handler *handler, json_t *given, const char *pointer,
		  struct faults *faults)
{
	struct config *config;
	int err;

	if (given && !json_is_object(given)) {
		faults_add(faults, FAULT_CONFIG, pointer,
			   "found something else than an object, expected %s's options in one: { \"name\": value }",
			   handler->name);
		return -EINVAL;
	}
	config = calloc(1, sizeof(*config));
	if (!config)
		return -ENOMEM;
	err = config_init(config, handler);
	if (!err)
		err = set_all(config, handler, given, pointer, faults);
	if (!err)
		err = ask_handler(config, handler, pointer, faults);
	if (err) {
		config_destroy(config);
		return err;
	}
	*out = config;
	return 0;
}

void config_destroy(struct config *config)
{
	if (!config)
		return;
	config_finish(config);
	free(config);
}

const void *config_data(const struct config *config)
{
	return config->data;
}
