/* command/command.h - the programs: argv -> options; help; exit codes */
#ifndef CORE_COMMAND_COMMAND_H
#define CORE_COMMAND_COMMAND_H

struct command {
	const char *name;	/* "mcast-hear" */
	/* Runs it and returns its exit status. */
	int (*run)(const char *name, int argc, char **argv);
};

extern const struct command commands[];	/* ends at a NULL name */

int command_hear(const char *name, int argc, char **argv);

#endif
