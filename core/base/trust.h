/* base/trust.h - base: whether nobody but root and us can write a file, and the command that mends it */
#ifndef CORE_BASE_TRUST_H
#define CORE_BASE_TRUST_H

#include <stddef.h>
#include "base/why.h"

#define PATH_WORDS 400		/* bytes for a command with a path in it; it is cut to fit */

/* 0 if what fd is open on belongs to root or to our effective user and no one else may write it; a group may
 * if it is its owner's alone (umask 002, as Fedora and others set it). -EPERM with words that begin with path. */
int trust_check(int fd, const char *path, struct why *why);

/* Writes verb and path, quoted for a shell where it needs that, to out; returns out. */
char *trust_command(char *out, size_t size, const char *verb, const char *path);

#endif
