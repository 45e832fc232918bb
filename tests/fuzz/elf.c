/* elf.c - fuzzer: no file, however bent, makes the reader of handlers read beyond it, or accept what can't be loaded
 *
 * The seeds are handlers of tests/handlers for x86-64, linked small: -shared -nostdlib -s -Wl,-z,noseparate-code. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "handler/plugin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mcast_note note;
	struct why why = { "" };
	int err;

	memset(&note, 0xff, sizeof(note));
	err = plugin_read_elf(data, n, "x.so", &note, &why);
	if (err && (strncmp(why.text, "x.so: ", 6) != 0 || !why.text[6]))
		abort();	/* refused without words */
	if (err)
		return 0;
	if (note.abi_major != MCAST_ABI_MAJOR || note.abi_minor > MCAST_ABI_MINOR || note.handler_size > n ||
	    !memchr(note.name, 0, sizeof(note.name)) || !memchr(note.version, 0, sizeof(note.version)))
		abort();
	return 0;
}
