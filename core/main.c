/* main.c - the one executable: the name that it is called by decides what it is */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"

/* A standard stream that was closed by the caller would be given to the next open(2), and a socket or a log
 * would take what was meant for a person. Holds each place so that using it fails as it should: stdin
 * can't be read, stdout and stderr can't be written. */
static void hold_standard_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
	const char *name = argc > 0 && argv[0] ? argv[0] : "mcast-hear";
	const char *slash = strrchr(name, '/');

	hold_standard_streams();
	if (slash)
		name = slash + 1;
	for (const struct command *c = commands; c->name; c++)
		if (strcmp(name, c->name) == 0)
			return c->run(c->name, argc, argv);

	/* Called by a name of its user's own: there is nothing else that it could be. */
	return commands[0].run(commands[0].name, argc, argv);
}
