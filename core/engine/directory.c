/* engine/directory.c - the map: where handlers are looked for */
#include "engine/directory.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MCAST_SYSCONFDIR
#define MCAST_SYSCONFDIR "/etc"
#endif
#ifndef MCAST_LIBDIR
#define MCAST_LIBDIR "/usr/local/lib"
#endif

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *directory_of_site(const char *given, struct why *why)
{
	static const char *const usual[] = { "handlers.d", MCAST_SYSCONFDIR "/mcast/handlers.d" };

	if (given)
		return strdup(given);
	given = getenv("MCAST_HANDLERS_DIR");
	if (given && *given) {
		if (is_directory(given))
			return strdup(given);
		why_set(why, "%s: no such directory; the environment names it: MCAST_HANDLERS_DIR", given);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (is_directory(usual[i]))
			return strdup(usual[i]);

	why_set(why,
		"no directory of handlers: neither ./%s nor %s is there; make one, or name it with --plugins=DIR",
		usual[0], usual[1]);
	return NULL;
}

/* Puts the path of ../name, as seen from the program's own folder, into out. */
static bool beside_program(char *out, size_t size, const char *name)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	for (int up = 0; up < 2; up++) {
		while (n > 0 && self[n - 1] != '/')
			n--;
		if (n <= 0)
			return false;
		self[--n] = '\0';
	}
	return snprintf(out, size, "%s/%s", self, name) < (int)size;
}

char *directory_of_standard(void)
{
	char path[PATH_MAX];

	/* The archive lies beside bin/ and handlers/ in a build tree and nowhere else. */
	if (beside_program(path, sizeof(path), "libcore.a") && access(path, F_OK) == 0 &&
	    beside_program(path, sizeof(path), "handlers"))
		return strdup(path);
	if (!is_directory(MCAST_LIBDIR "/mcast/handlers") &&
	    beside_program(path, sizeof(path), "lib/mcast/handlers") && is_directory(path))
		return strdup(path);
	return strdup(MCAST_LIBDIR "/mcast/handlers");
}
