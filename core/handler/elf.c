/* handler/elf.c - stage 4 of 4: a shared object's header and segments, checked before ld.so sees them
 *
 * ld.so reports much of what can be wrong with a file, but reads beyond the end of one that was cut short
 * and dies (SIGBUS). What is checked here is what it would take on trust, and what has clearer words here. */
#include "handler/elf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "handler/plugin.h"

#define SEGMENTS_MAX 128		/* program headers; a shared object has about ten */
#define SPAN_MAX ((uint64_t)1 << 30)	/* bytes of address space for one handler */

/* The linker puts it at the start of this program: what runs us is what handlers must be for. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

bool elf_get(const struct elf *elf, uint64_t at, void *out, size_t size)
{
	if (at > elf->n || size > elf->n - at)
		return false;
	memcpy(out, elf->data + at, size);
	return true;
}

ElfW(Phdr) elf_segment(const struct elf *elf, unsigned i)
{
	ElfW(Phdr) segment = { 0 };

	elf_get(elf, elf->head.e_phoff + (uint64_t)i * sizeof(segment), &segment, sizeof(segment));
	return segment;
}

bool elf_offset(const struct elf *elf, uint64_t address, uint64_t *offset, uint64_t *room)
{
	for (unsigned i = 0; i < elf->head.e_phnum; i++) {
		ElfW(Phdr) load = elf_segment(elf, i);

		if (load.p_type != PT_LOAD || address < load.p_vaddr ||
		    address - load.p_vaddr >= load.p_filesz)
			continue;
		*offset = load.p_offset + (address - load.p_vaddr);
		*room = load.p_filesz - (address - load.p_vaddr);
		return true;
	}
	return false;
}

static const char *machine_name(unsigned machine, char *number, size_t size)
{
	static const struct {
		unsigned machine;
		const char *name;
	} known[] = {
		{ EM_X86_64, "x86-64" }, { EM_386, "i386" },	   { EM_AARCH64, "AArch64" },
		{ EM_ARM, "ARM" },	 { EM_RISCV, "RISC-V" },   { EM_PPC64, "POWER" },
		{ EM_S390, "S/390" },	 { EM_MIPS, "MIPS" },	   { EM_LOONGARCH, "LoongArch" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].machine == machine)
			return known[i].name;
	snprintf(number, size, "machine %u", machine);
	return number;
}

static const char *type_words(unsigned type)
{
	switch (type) {
	case ET_REL:
		return "an object file that is not linked yet: link it with -shared";
	case ET_EXEC:
		return "a program: build it with -shared -fPIC";
	case ET_CORE:
		return "a core dump";
	default:
		return "neither a program nor a shared object";
	}
}

static int not_elf(const struct elf *elf)
{
	char start[64];

	if (!elf->n) {
		why_set(elf->why, "%s: is empty; expected a shared object: copied whole?", elf->path);
		return -ENOEXEC;
	}
	text_clean(start, sizeof(start), (const char *)elf->data, elf->n < 16 ? elf->n : 16);
	why_set(elf->why, "%s: is no shared object: it starts with \"%s\" and not as an ELF file does",
		elf->path, start);
	return -ENOEXEC;
}

static int cut_short(const struct elf *elf, const char *what)
{
	why_set(elf->why, "%s: ends in the middle of its %s (after %zu bytes): copied whole?", elf->path, what,
		elf->n);
	return -ENOEXEC;
}

static int check_machine(const struct elf *elf)
{
	char theirs[24], ours[24];

	if (elf->data[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS]) {
		why_set(elf->why, "%s: is for a %s-bit machine, this engine is %s-bit: rebuild it for that",
			elf->path, elf->data[EI_CLASS] == ELFCLASS32 ? "32" : "64 or other",
			sizeof(void *) == 8 ? "64" : "32");
		return -ENOEXEC;
	}
	if (elf->data[EI_DATA] != __ehdr_start.e_ident[EI_DATA]) {
		why_set(elf->why, "%s: has the other byte order than this machine: rebuild it here", elf->path);
		return -ENOEXEC;
	}
	if (elf->head.e_machine != __ehdr_start.e_machine) {
		why_set(elf->why, "%s: is for %s, this engine is for %s: rebuild it here", elf->path,
			machine_name(elf->head.e_machine, theirs, sizeof(theirs)),
			machine_name(__ehdr_start.e_machine, ours, sizeof(ours)));
		return -ENOEXEC;
	}
	return 0;
}

int elf_check_header(struct elf *elf)
{
	ElfW(Ehdr) *head = &elf->head;
	int err;

	if (elf->n < SELFMAG || memcmp(elf->data, ELFMAG, SELFMAG) != 0)
		return not_elf(elf);
	if (!elf_get(elf, 0, head, sizeof(*head)))
		return cut_short(elf, "header");
	err = check_machine(elf);
	if (err)
		return err;
	if (head->e_type != ET_DYN) {
		why_set(elf->why, "%s: is %s", elf->path, type_words(head->e_type));
		return -ENOEXEC;
	}
	if (head->e_phentsize != sizeof(ElfW(Phdr)) || head->e_phnum > SEGMENTS_MAX) {
		why_set(elf->why, "%s: is damaged: %u program headers of %u bytes, expected at most %u of %zu",
			elf->path, head->e_phnum, head->e_phentsize, SEGMENTS_MAX, sizeof(ElfW(Phdr)));
		return -ENOEXEC;
	}
	if (head->e_phoff > elf->n || elf->n - head->e_phoff < head->e_phnum * sizeof(ElfW(Phdr)))
		return cut_short(elf, "program headers");
	/* Nothing reads the sections, but they come last: a file without their end was not copied whole. */
	if (head->e_shoff > elf->n || elf->n - head->e_shoff < (size_t)head->e_shnum * head->e_shentsize)
		return cut_short(elf, "section headers");
	return 0;
}

/* Segments go upwards in memory: ld.so reserves what lies between the first and the last. */
static int check_load(const struct elf *elf, const ElfW(Phdr) *load, uint64_t *end)
{
	if (load->p_filesz > load->p_memsz || load->p_vaddr < *end || load->p_vaddr > SPAN_MAX ||
	    load->p_memsz > SPAN_MAX) {
		why_set(elf->why,
			"%s: is damaged: a segment of %#llx bytes (%#llx of them in the file) at address %#llx",
			elf->path, (unsigned long long)load->p_memsz, (unsigned long long)load->p_filesz,
			(unsigned long long)load->p_vaddr);
		return -ENOEXEC;
	}
	*end = load->p_vaddr + load->p_memsz;
	return 0;
}

/* Whether ld.so finds at the segment's address the bytes that we find at its offset. */
static int check_loaded(const struct elf *elf, const ElfW(Phdr) *segment, const char *what)
{
	uint64_t offset, room;

	if (!segment->p_filesz)
		return 0;
	if (!elf_offset(elf, segment->p_vaddr, &offset, &room) || offset != segment->p_offset ||
	    room < segment->p_filesz) {
		why_set(elf->why, "%s: is damaged: its %s is in no segment that is loaded", elf->path, what);
		return -ENOEXEC;
	}
	return 0;
}

/* glibc makes the stacks of the whole process executable for a file that asks for it, or says nothing of it. */
static int check_stack(const struct elf *elf)
{
	for (unsigned i = 0; i < elf->head.e_phnum; i++) {
		ElfW(Phdr) segment = elf_segment(elf, i);

		if (segment.p_type == PT_GNU_STACK && !(segment.p_flags & PF_X))
			return 0;
	}
	why_set(elf->why, "%s: would make the stacks of this process executable: link it with -Wl,-z,noexecstack",
		elf->path);
	return -ENOEXEC;
}

int elf_check_segments(const struct elf *elf)
{
	unsigned loads = 0, dynamics = 0;
	uint64_t end = 0;
	int err = 0;

	for (unsigned i = 0; i < elf->head.e_phnum; i++) {
		ElfW(Phdr) segment = elf_segment(elf, i);

		if (segment.p_filesz &&
		    (segment.p_offset > elf->n || segment.p_filesz > elf->n - segment.p_offset))
			return cut_short(elf, "segments");
	}
	for (unsigned i = 0; i < elf->head.e_phnum && !err; i++) {
		ElfW(Phdr) segment = elf_segment(elf, i);

		if (segment.p_type == PT_LOAD) {
			loads++;
			err = check_load(elf, &segment, &end);
		} else if (segment.p_type == PT_DYNAMIC) {
			dynamics++;
			err = check_loaded(elf, &segment, "dynamic section");
		} else if (segment.p_type == PT_TLS) {
			err = check_loaded(elf, &segment, "thread-local storage");
		}
	}
	if (!err && (!loads || dynamics != 1)) {
		why_set(elf->why,
			"%s: is damaged: %u segments to load and %u dynamic sections, expected some and one",
			elf->path, loads, dynamics);
		err = -ENOEXEC;
	}
	return err ? err : check_stack(elf);
}

int plugin_read_elf(const void *data, size_t n, const char *path, struct mcast_note *note, struct why *why)
{
	struct elf elf = { .data = data, .n = n, .path = path, .why = why };
	int err;

	err = elf_check_header(&elf);
	if (!err)
		err = elf_check_segments(&elf);
	if (!err)
		err = elf_read_note(&elf, note);
	if (!err)
		err = elf_check_dynamic(&elf, note);
	return err;
}
