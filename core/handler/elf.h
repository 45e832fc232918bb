/* handler/elf.h - stage 4 of 4: the parts of plugin_read_elf(): a shared object's bytes, before any of it runs
 *
 * Nothing here trusts an offset, a count or a size of the file: everything is read by elf_get(). */
#ifndef CORE_HANDLER_ELF_H
#define CORE_HANDLER_ELF_H

#include <link.h>		/* ElfW() */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/why.h"
#include "mcast/handler.h"

struct elf {
	const uint8_t *data;	/* the whole file, n bytes, borrowed */
	size_t n;
	const char *path;	/* for words */
	struct why *why;
	ElfW(Ehdr) head;	/* once elf_check_header() has returned 0 */
};

/* Copies size bytes from offset at; false if they are not all within the file. */
bool elf_get(const struct elf *elf, uint64_t at, void *out, size_t size);
/* Program header i of head.e_phnum, all of which elf_check_header() has found within the file. */
ElfW(Phdr) elf_segment(const struct elf *elf, unsigned i);
/* The offset in the file of what will be loaded at address, and in *room how many bytes of the file follow
 * there. false: no bytes of the file are loaded there. */
bool elf_offset(const struct elf *elf, uint64_t address, uint64_t *offset, uint64_t *room);

/* In this order; each returns 0 or -ENOEXEC with words. */
int elf_check_header(struct elf *elf);		/* for this machine, a shared object, not cut short */
int elf_check_segments(const struct elf *elf);	/* what ld.so maps and reads lies within the file */
int elf_read_note(const struct elf *elf, struct mcast_note *note);	/* an ABI that we speak */
int elf_check_dynamic(const struct elf *elf, const struct mcast_note *note);	/* symbols, paths, tables */

#endif
