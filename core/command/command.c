/* command/command.c - the programs: which there are */
#include "command/command.h"

#include <stddef.h>

const struct command commands[] = {
	{ "mcast-hear", command_hear },
	{ NULL, NULL },
};
