/* base/trust.c - base: whether nobody but root and us can write a file, and the command that mends it */
#include "base/trust.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,:@%="

char *trust_command(char *out, size_t size, const char *verb, const char *path)
{
	size_t n = snprintf(out, size, "%s ", verb);
	bool plain = path[strspn(path, PLAIN)] == '\0' && path[0] != '-';

	/* People paste it: a file's name must not become a command, nor an option. */
	if (plain) {
		snprintf(out + n, size - n, "%s", path);
		return out;
	}
	n += snprintf(out + n, size - n, "-- '");
	for (; *path && n + 6 < size; path++) {
		if (*path == '\'')
			n += snprintf(out + n, size - n, "'\\''");
		else
			out[n++] = *path;
	}
	snprintf(out + n, size - n, "'");
	return out;
}

/* The group has its owner's name and no other member, and is the owner's own. */
static bool is_private_group(uid_t uid, gid_t gid)
{
	const struct passwd *user = getpwuid(uid);
	const struct group *group;

	if (!user || user->pw_gid != gid)
		return false;
	group = getgrgid(gid);
	if (!group || strcmp(group->gr_name, user->pw_name) != 0)
		return false;
	for (char **member = group->gr_mem; *member; member++)
		if (strcmp(*member, user->pw_name) != 0)
			return false;
	return true;
}

static const char *name_of(uid_t uid, char *out, size_t size)
{
	const struct passwd *user = getpwuid(uid);

	if (user)
		snprintf(out, size, "%s", user->pw_name);
	else
		snprintf(out, size, "%u", (unsigned)uid);
	return out;
}

static int wrong_owner(uid_t owner, const char *path, struct why *why)
{
	char theirs[64], ours[64], verb[80], command[PATH_WORDS];

	name_of(owner, theirs, sizeof(theirs));
	name_of(geteuid(), ours, sizeof(ours));
	snprintf(verb, sizeof(verb), "chown %s", ours);
	why_set(why, "%s: belongs to %s, expected root%s%s, who runs this: %s", path, theirs,
		geteuid() ? " or " : "", geteuid() ? ours : "",
		trust_command(command, sizeof(command), verb, path));
	return -EPERM;
}

int trust_check(int fd, const char *path, struct why *why)
{
	char command[PATH_WORDS];
	struct stat st;

	if (fstat(fd, &st) < 0) {
		why_set(why, "%s: %s", path, strerror(errno));
		return -errno;
	}
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return wrong_owner(st.st_uid, path, why);
	if (st.st_mode & S_IWOTH) {
		why_set(why, "%s: anybody may write it (mode %04o): %s", path, (unsigned)st.st_mode & 07777,
			trust_command(command, sizeof(command), "chmod go-w", path));
		return -EPERM;
	}
	if (!(st.st_mode & S_IWGRP))
		return 0;
	/* With an access list, the group's bits are those of everyone on the list: acl(5). */
	if (fgetxattr(fd, "system.posix_acl_access", NULL, 0) > 0) {
		why_set(why, "%s: others may write it by its access list (getfacl shows it): %s", path,
			trust_command(command, sizeof(command), "setfacl -b", path));
		return -EPERM;
	}
	if (!is_private_group(st.st_uid, st.st_gid)) {
		why_set(why, "%s: group %u may write it (mode %04o), which may have others than its owner: %s", path,
			(unsigned)st.st_gid, (unsigned)st.st_mode & 07777,
			trust_command(command, sizeof(command), "chmod go-w", path));
		return -EPERM;
	}
	return 0;
}
