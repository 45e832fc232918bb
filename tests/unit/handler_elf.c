/* handler_elf.c - tests: files that are no sound handler are refused in words before any of their code runs
 *
 * One handler's file, bent in one place for each row. */
#include <criterion/criterion.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "handler/plugin.h"
#include "support/scratch.h"

static uint8_t *file;		/* load_plain.so */
static size_t size;
static const char *directory;

static void setup(void)
{
	file = scratch_handler("load_plain", &size);
	directory = scratch_make();
}

static void teardown(void)
{
	scratch_remove(directory);
	free(file);
}

TestSuite(elf, .init = setup, .fini = teardown);

enum place { HEADER, SEGMENT, NOTE, DYNAMIC, SYMBOL, GNU_HASH };

static size_t find_segment(uint32_t type)
{
	const ElfW(Ehdr) *head = (const void *)file;
	const ElfW(Phdr) *segment = (const void *)(file + head->e_phoff);

	for (unsigned i = 0; i < head->e_phnum; i++)
		if (segment[i].p_type == type)
			return head->e_phoff + i * sizeof(*segment);
	cr_assert_fail("no segment of type %u", type);
	return 0;
}

static const ElfW(Phdr) *segment_of(uint32_t type)
{
	return (const void *)(file + find_segment(type));
}

/* The owner's name stands in no other place. */
static size_t find_note(void)
{
	const uint8_t *owner = memmem(file, size, "mcast\0\0\0", 8);

	cr_assert_not_null(owner);
	return owner - file - offsetof(struct mcast_note, owner);
}

static size_t find_dynamic(int64_t tag)
{
	size_t at = segment_of(PT_DYNAMIC)->p_offset;

	for (;; at += sizeof(ElfW(Dyn))) {
		const ElfW(Dyn) *entry = (const void *)(file + at);

		if (entry->d_tag == tag)
			return at;
		cr_assert_neq(entry->d_tag, DT_NULL, "no dynamic entry %ld", (long)tag);
	}
}

/* What these tables have is in the first segment, where addresses are offsets. */
static size_t find_table(int64_t tag)
{
	return ((const ElfW(Dyn) *)(const void *)(file + find_dynamic(tag)))->d_un.d_ptr;
}

static size_t find_symbol(const char *name)
{
	size_t at = find_table(DT_SYMTAB);

	for (unsigned i = 0; i < 100; i++, at += sizeof(ElfW(Sym))) {
		const ElfW(Sym) *symbol = (const void *)(file + at);

		if (strcmp((char *)file + find_table(DT_STRTAB) + symbol->st_name, name) == 0)
			return at;
	}
	cr_assert_fail("no symbol %s", name);
	return 0;
}

static size_t find(enum place place, int64_t which)
{
	switch (place) {
	case SEGMENT:
		return find_segment(which);
	case NOTE:
		return find_note();
	case DYNAMIC:
		return find_dynamic(which);
	case SYMBOL:
		return find_symbol("mcast_handler");
	case GNU_HASH:
		return find_table(DT_GNU_HASH);
	default:
		return 0;
	}
}

/* Both ways: the reader alone, and the loader; a constructor that has run would have left its mark. */
static void assert_refused(const char *what, const uint8_t *bytes, size_t n, const char *words)
{
	const struct plugin *plugin;
	struct why why = { "" };
	struct mcast_note note;
	struct plugin_dir *dir;
	uint8_t *exact = malloc(n ? n : 1);	/* a read behind its end is seen by valgrind and sanitizers */

	memcpy(exact, bytes, n);
	cr_expect_eq(plugin_read_elf(exact, n, "bent.so", &note, &why), -ENOEXEC, "%s: accepted", what);
	cr_expect_not_null(strstr(why.text, words), "%s: said \"%s\", expected \"%s\"", what, why.text, words);
	cr_expect_eq(strncmp(why.text, "bent.so: ", 9), 0, "%s: names no file: %s", what, why.text);
	free(exact);

	scratch_write(directory, "bent.so", bytes, n);
	cr_assert_eq(plugin_dir_open(&dir, directory, &why), 0, "%s", why.text);
	cr_expect_eq(plugin_load(&plugin, dir, "bent.so", NULL, &why), -ENOEXEC, "%s: loaded", what);
	cr_expect_null(getenv("LOAD_PLAIN_RAN"), "%s: its code has run", what);
	plugin_dir_close(dir);
}

#define H(field) offsetof(ElfW(Ehdr), field), sizeof(((ElfW(Ehdr) *)0)->field)
#define P(field) offsetof(ElfW(Phdr), field), sizeof(((ElfW(Phdr) *)0)->field)
#define N(field) offsetof(struct mcast_note, field), sizeof(((struct mcast_note *)0)->field)
#define S(field) offsetof(ElfW(Sym), field), sizeof(((ElfW(Sym) *)0)->field)
#define TAG offsetof(ElfW(Dyn), d_tag), sizeof(((ElfW(Dyn) *)0)->d_tag)
#define VALUE offsetof(ElfW(Dyn), d_un), sizeof(((ElfW(Dyn) *)0)->d_un)
#define FAR 0x7fffffffffff0000ull	/* no file is so long, and a sum with it may overflow */

static const struct row {
	const char *what;
	enum place place;
	int64_t which;		/* segment type or dynamic tag */
	size_t at, width;
	uint64_t value;
	const char *words;
} rows[] = {
	{ "magic", HEADER, 0, 0, 1, 'X', "is no shared object: it starts with \"XELF" },
	{ "magic's end", HEADER, 0, 3, 1, 'f', "is no shared object" },
	{ "32 bits", HEADER, 0, EI_CLASS, 1, ELFCLASS32, "is for a 32-bit machine, this engine is 64-bit" },
	{ "no class", HEADER, 0, EI_CLASS, 1, 0, "bit machine" },
	{ "big endian", HEADER, 0, EI_DATA, 1, ELFDATA2MSB, "other byte order" },
	{ "no byte order", HEADER, 0, EI_DATA, 1, 9, "other byte order" },
	{ "ARM", HEADER, 0, H(e_machine), EM_ARM, "is for ARM, this engine is for" },
	{ "RISC-V", HEADER, 0, H(e_machine), EM_RISCV, "is for RISC-V, this engine is for" },
	{ "an unknown machine", HEADER, 0, H(e_machine), 60000, "is for machine 60000, this engine is for" },
	{ "an object file", HEADER, 0, H(e_type), ET_REL, "is an object file that is not linked yet: link it" },
	{ "a program", HEADER, 0, H(e_type), ET_EXEC, "is a program: build it with -shared" },
	{ "a core dump", HEADER, 0, H(e_type), ET_CORE, "is a core dump" },
	{ "an unknown type", HEADER, 0, H(e_type), 77, "is neither a program nor a shared object" },
	{ "short program headers", HEADER, 0, H(e_phentsize), 32, "program headers of 32 bytes, expected at most 128" },
	{ "long program headers", HEADER, 0, H(e_phentsize), 0xffff, "of 65535 bytes" },
	{ "too many program headers", HEADER, 0, H(e_phnum), 0xffff, "65535 program headers" },
	{ "no program headers", HEADER, 0, H(e_phnum), 0, "is damaged: 0 segments to load" },
	{ "program headers beyond the end", HEADER, 0, H(e_phoff), FAR, "in the middle of its program headers" },
	{ "program headers that overflow", HEADER, 0, H(e_phoff), UINT64_MAX - 8, "its program headers" },
	{ "section headers beyond the end", HEADER, 0, H(e_shoff), FAR, "in the middle of its section headers" },
	{ "section headers that overflow", HEADER, 0, H(e_shoff), UINT64_MAX, "its section headers" },
	{ "more section headers", HEADER, 0, H(e_shnum), 0xfff0, "its section headers (after" },

	{ "an executable stack", SEGMENT, PT_GNU_STACK, P(p_flags), PF_R | PF_W | PF_X, "-z,noexecstack" },
	{ "no word of the stack", SEGMENT, PT_GNU_STACK, P(p_type), PT_NULL, "-z,noexecstack" },
	{ "a segment beyond the end", SEGMENT, PT_LOAD, P(p_offset), FAR, "in the middle of its segments" },
	{ "a segment that overflows", SEGMENT, PT_LOAD, P(p_offset), UINT64_MAX, "copied whole?" },
	{ "a segment that is too long", SEGMENT, PT_LOAD, P(p_filesz), 1 << 30, "in the middle of its segments" },
	{ "a segment of all bytes", SEGMENT, PT_LOAD, P(p_filesz), UINT64_MAX, "in the middle of its segments" },
	{ "more in the file than in memory", SEGMENT, PT_LOAD, P(p_memsz), 16, "is damaged: a segment of 0x10 bytes" },
	{ "an enormous segment", SEGMENT, PT_LOAD, P(p_memsz), FAR, "is damaged: a segment of" },
	{ "a segment at the end of memory", SEGMENT, PT_LOAD, P(p_vaddr), UINT64_MAX - 4095, "is damaged: a segment" },
	{ "segments downwards", SEGMENT, PT_LOAD, P(p_vaddr), 0x100000, "is damaged: a segment" },
	{ "a dynamic section beyond the end", SEGMENT, PT_DYNAMIC, P(p_offset), FAR, "in the middle of its segments" },
	{ "a dynamic section elsewhere", SEGMENT, PT_DYNAMIC, P(p_offset), 64, "its dynamic section is in no segment" },
	{ "a dynamic section at no address", SEGMENT, PT_DYNAMIC, P(p_vaddr), FAR, "its dynamic section is in no" },
	{ "no dynamic section", SEGMENT, PT_DYNAMIC, P(p_type), PT_NULL, "and 0 dynamic sections" },
	{ "two dynamic sections", SEGMENT, PT_NOTE, P(p_type), PT_DYNAMIC, "and 2 dynamic sections" },
	{ "a cut dynamic section", SEGMENT, PT_DYNAMIC, P(p_filesz), 32, "has no end (DT_NULL)" },
	{ "an empty dynamic section", SEGMENT, PT_DYNAMIC, P(p_filesz), 0, "has no end (DT_NULL)" },

	{ "no notes", SEGMENT, PT_NOTE, P(p_type), PT_NULL, "has no note of mcast/handler.h; is MCAST_HANDLER" },
	{ "notes beyond the end", SEGMENT, PT_NOTE, P(p_offset), FAR, "in the middle of its segments" },
	{ "short notes", SEGMENT, PT_NOTE, P(p_filesz), 40, "has no note of mcast/handler.h" },
	{ "another owner", NOTE, 0, N(owner), 'x', "has no note of mcast/handler.h" },
	{ "an owner's name too long", NOTE, 0, N(name_size), UINT32_MAX, "has no note of mcast/handler.h" },
	{ "an owner's name too short", NOTE, 0, N(name_size), 3, "has no note of mcast/handler.h" },
	{ "another type of note", NOTE, 0, N(type), 2, "has no note of mcast/handler.h" },
	{ "a note beyond its segment", NOTE, 0, N(desc_size), 0xffffff, "has no note of mcast/handler.h" },
	{ "a note of all bytes", NOTE, 0, N(desc_size), UINT32_MAX, "has no note of mcast/handler.h" },
	{ "an empty note", NOTE, 0, N(desc_size), 0, "its note has 0 bytes, expected at least 84" },
	{ "a short note", NOTE, 0, N(desc_size), 80, "its note has 80 bytes, expected at least 84" },
	{ "ABI 2.0", NOTE, 0, N(abi_major), 2, "built for ABI 2.0, this engine speaks 1.0: rebuild it" },
	{ "ABI 0.0", NOTE, 0, N(abi_major), 0, "built for ABI 0.0, this engine speaks 1.0: rebuild it" },
	{ "ABI 1.1", NOTE, 0, N(abi_minor), 1, "built for ABI 1.1, this engine speaks 1.0: update the engine or" },
	{ "ABI 1.65535", NOTE, 0, N(abi_minor), 65535, "rebuild with -DMCAST_HANDLER_MINOR=0" },
	{ "a handler too short", NOTE, 0, N(handler_size), 8, "struct mcast_handler has 8 bytes, expected 176" },
	{ "a handler too long", NOTE, 0, N(handler_size), 65536, "struct mcast_handler has 65536 bytes" },
	{ "a handler longer than its symbol", NOTE, 0, N(handler_size), 4000, "no struct mcast_handler of 4000 bytes" },
	{ "no message", NOTE, 0, N(msg_size), 0, "struct mcast_msg has 0 bytes, expected 64" },
	{ "a batch too short", NOTE, 0, N(batch_size), 40, "struct mcast_batch has 40 bytes, expected 48" },
	{ "an option too long", NOTE, 0, N(option_size), UINT32_MAX, "struct mcast_option has 4294967295 bytes" },
	{ "no name", NOTE, 0, offsetof(struct mcast_note, name), 1, 0, "the name in its note is \"\"" },
	{ "a name in capitals", NOTE, 0, offsetof(struct mcast_note, name), 1, 'L', "is \"Load_plain\", expected" },
	{ "a name with a path", NOTE, 0, offsetof(struct mcast_note, name) + 4, 1, '/', "is \"load/plain\"" },
	{ "a name with an escape", NOTE, 0, offsetof(struct mcast_note, name) + 4, 1, 27, "is \"load\\x1Bplain\"" },
	{ "no version", NOTE, 0, offsetof(struct mcast_note, version), 1, 0, "the version in its note is \"\"" },
	{ "a version with a newline", NOTE, 0, offsetof(struct mcast_note, version) + 1, 1, 10, "is \"1\\n0\"" },

	{ "names beyond the end", DYNAMIC, DT_STRTAB, VALUE, FAR, "a table that is in no segment that is loaded" },
	{ "more names than bytes", DYNAMIC, DT_STRSZ, VALUE, 1 << 20, "a table that is in no segment that is loaded" },
	{ "no names", DYNAMIC, DT_STRSZ, VALUE, 0, "names no symbols" },
	{ "names that don't end", DYNAMIC, DT_STRSZ, VALUE, 3, "has names without an end" },
	{ "symbols beyond the end", DYNAMIC, DT_SYMTAB, VALUE, FAR, "a table that is in no segment that is loaded" },
	{ "symbols of another size", DYNAMIC, DT_SYMENT, VALUE, 16, "gives a table's entries a wrong size" },
	{ "no symbols", DYNAMIC, DT_SYMTAB, TAG, DT_DEBUG, "names no symbols" },
	{ "relocations beyond the end", DYNAMIC, DT_RELA, VALUE, FAR, "a table that is in no segment that is loaded" },
	{ "too many relocations", DYNAMIC, DT_RELASZ, VALUE, 1 << 24, "a table that is in no segment that is loaded" },
	{ "relocations of another size", DYNAMIC, DT_RELAENT, VALUE, 12, "gives a table's entries a wrong size" },
	{ "constructors beyond the end", DYNAMIC, DT_INIT_ARRAY, VALUE, FAR, "a table that is in no segment" },
	{ "too many constructors", DYNAMIC, DT_INIT_ARRAYSZ, VALUE, FAR, "a table that is in no segment" },
	{ "a library without a name", DYNAMIC, DT_NEEDED, VALUE, FAR, "outside of its names" },
	{ "a hash table beyond the end", DYNAMIC, DT_GNU_HASH, VALUE, FAR, "no sound hash table" },
	{ "no hash table", DYNAMIC, DT_GNU_HASH, TAG, DT_DEBUG, "no sound hash table" },
	{ "no buckets", GNU_HASH, 0, 0, 4, 0, "no sound hash table" },
	{ "too many buckets", GNU_HASH, 0, 0, 4, UINT32_MAX, "no sound hash table" },
	{ "a later first symbol", GNU_HASH, 0, 4, 4, 0x7fffffff, "no sound hash table" },
	{ "no words in the filter", GNU_HASH, 0, 8, 4, 0, "no sound hash table" },
	{ "too many words in the filter", GNU_HASH, 0, 8, 4, 1u << 31, "no sound hash table" },
	{ "a filter of three words", GNU_HASH, 0, 8, 4, 3, "no sound hash table" },

	{ "no descriptor", SYMBOL, 0, S(st_shndx), SHN_UNDEF, "does not export mcast_handler" },
	{ "a descriptor without a name", SYMBOL, 0, S(st_name), 0xffffff, "a symbol outside of its names" },
	{ "a short descriptor", SYMBOL, 0, S(st_size), 8, "is no struct mcast_handler of 176 bytes" },
	{ "a descriptor elsewhere", SYMBOL, 0, S(st_value), FAR, "is no struct mcast_handler of 176 bytes" },
	{ "a descriptor made by code", SYMBOL, 0, S(st_info), ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC), "is no" },
	{ "a unique symbol", SYMBOL, 0, S(st_info), ELF64_ST_INFO(STB_GNU_UNIQUE, STT_OBJECT), "-fno-gnu-unique" },
};

Test(elf, refuses_every_bent_field_before_any_code_runs)
{
	cr_assert_geq(sizeof(rows) / sizeof(rows[0]), 60);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		size_t at = find(row->place, row->which) + row->at;
		size_t width = row->width < sizeof(row->value) ? row->width : sizeof(row->value);
		uint8_t kept[sizeof(row->value)];

		memcpy(kept, file + at, width);
		memcpy(file + at, &row->value, width);	/* the low bytes first: little endian */
		assert_refused(row->what, file, size, row->words);
		memcpy(file + at, kept, width);
	}
}

Test(elf, refuses_a_file_that_was_cut_anywhere)
{
	for (size_t n = 0; n < size; n += 64)
		assert_refused("cut", file, n, n ? "copied whole?" : "is empty");
	assert_refused("cut by one byte", file, size - 1, "copied whole?");
}

Test(elf, refuses_what_is_no_elf_file)
{
	static const struct {
		const char *what, *text, *words;
	} table[] = {
		{ "empty", "", "is empty; expected a shared object" },
		{ "text", "hello, world\n", "it starts with \"hello, world\\n\"" },
		{ "a script", "#!/bin/sh\necho hello\n", "it starts with \"#!/bin/sh" },
		{ "an archive", "!<arch>\n", "it starts with \"!<arch>\\n\"" },
		{ "a terminal's escape", "\033[2J\033[H", "it starts with \"\\x1B[2J\\x1B[H\"" },
		{ "the magic alone", "\177ELF", "ends in the middle of its header (after 4 bytes): copied whole?" },
		{ "three bytes", "\177EL", "is no shared object" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		assert_refused(table[i].what, (const uint8_t *)table[i].text, strlen(table[i].text), table[i].words);
}

/* Whatever one byte becomes, reading it ends, within the file: valgrind and the sanitizers look on. */
Test(elf, reads_any_single_damage_within_bounds)
{
	struct mcast_note note;

	for (size_t at = 0; at < size; at++) {
		uint8_t kept = file[at];

		file[at] ^= 0xff;
		plugin_read_elf(file, size, "bent.so", &note, NULL);
		file[at] = kept;
	}
}

Test(elf, tells_what_the_note_says)
{
	struct mcast_note note;
	struct why why = { "" };

	cr_assert_eq(plugin_read_elf(file, size, "load_plain.so", &note, &why), 0, "%s", why.text);
	cr_assert_str_eq(note.owner, "mcast");
	cr_assert_eq(note.abi_major, MCAST_ABI_MAJOR);
	cr_assert_eq(note.abi_minor, MCAST_ABI_MINOR);
	cr_assert_eq(note.handler_size, sizeof(struct mcast_handler));
	cr_assert_eq(note.msg_size, sizeof(struct mcast_msg));
	cr_assert_eq(note.batch_size, sizeof(struct mcast_batch));
	cr_assert_eq(note.option_size, sizeof(struct mcast_option));
	cr_assert_str_eq(note.name, "load_plain");
	cr_assert_str_eq(note.version, "1.0");
}

Test(elf, refuses_thread_local_storage_that_is_not_loaded)
{
	const uint64_t far = FAR;

	free(file);
	file = scratch_handler("load_tls", &size);
	memcpy(file + find_segment(PT_TLS) + offsetof(ElfW(Phdr), p_vaddr), &far, sizeof(far));
	memcpy(file + find_segment(PT_TLS) + offsetof(ElfW(Phdr), p_filesz), &(uint64_t){ 16 }, sizeof(uint64_t));
	assert_refused("TLS", file, size, "its thread-local storage is in no segment that is loaded");
}

/* A longer note is one of a later ABI that asks for no more than we have: here its last field grew. */
Test(elf, takes_a_note_that_has_grown)
{
	struct mcast_note note;
	size_t at = find_note();
	uint32_t grown = sizeof(note) - offsetof(struct mcast_note, abi_major) + 4;
	uint64_t longer = segment_of(PT_NOTE)->p_filesz + 4;

	memcpy(file + at + offsetof(struct mcast_note, desc_size), &grown, sizeof(grown));
	memcpy(file + find_segment(PT_NOTE) + offsetof(ElfW(Phdr), p_filesz), &longer, sizeof(longer));
	cr_assert_eq(plugin_read_elf(file, size, "load_plain.so", &note, NULL), 0);
	cr_assert_str_eq(note.version, "1.0");
}
