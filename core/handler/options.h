/* handler/options.h - what one entry of the chain asks for; manifest/ fills it from "chain" */
#ifndef CORE_HANDLER_OPTIONS_H
#define CORE_HANDLER_OPTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include "base/address.h"

enum on_error { ON_ERROR_PASS, ON_ERROR_DROP, ON_ERROR_SUSPEND };

struct handler_options {
	bool drop_ins;			/* not a handler: here stand the drop-ins; nothing else is set */
	const char *handler;		/* as written: "logger" */
	const char *name;		/* the instance's; NULL: the handler's, made unique */
	const char *path;		/* a file outside the directory, resolved to what can be opened; NULL: found by handler */
	const char *sha256;		/* 64 lower-case hex digits; NULL: any bytes */
	json_t *options;		/* object, borrowed; NULL: none given */
	const struct mcast_addr *groups;	/* group_count of them; port 0: any; none: all messages */
	unsigned group_count;
	enum on_error on_error;
	bool enabled;
	bool required;
	bool brief;			/* written as a string: there is no "handler" to point at */
	bool wrong;			/* has a mistake of its own, which was told: not to be loaded */
	const char *pointer;		/* where it stands in the manifest: "/chain/2"; NULL for a drop-in */
};

#endif
