/* handler/name.c - stage 4 of 4: how handlers, options, counters and attributes may be called */
#include "handler/name.h"

bool name_is_good(const char *name, size_t longest, char extra)
{
	size_t i;

	if (name[0] < 'a' || name[0] > 'z')
		return false;
	for (i = 1; name[i]; i++) {
		bool good = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
			    name[i] == '_' || name[i] == extra;

		if (!good || i >= longest)
			return false;
	}
	return i <= longest;
}
