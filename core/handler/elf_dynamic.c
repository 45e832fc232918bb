/* handler/elf_dynamic.c - stage 4 of 4: what ld.so is told by the dynamic section: tables, paths, symbols
 *
 * Addresses in it are followed by ld.so without a look, some sizes are asserted (abort), and a few things
 * that are lawful can't work here: $ORIGIN (the copy lies in no directory) and unique symbols (a second
 * version of the handler would get the first one's). */
#include "handler/elf.h"

#include <errno.h>
#include <string.h>

#define TAGS 48			/* those that matter have small numbers; DT_GNU_HASH is kept beside them */

struct dynamic {
	uint64_t value[TAGS];
	bool has[TAGS];
	uint64_t gnu_hash;	/* address; 0: none */
	uint64_t names, names_size;	/* DT_STRTAB's offset in the file; its last byte is NUL */
	uint64_t symbols, symbols_room;	/* DT_SYMTAB's offset, and the bytes that may follow there */
};

static int damaged(const struct elf *elf, const char *what)
{
	why_set(elf->why, "%s: is damaged: its dynamic section %s", elf->path, what);
	return -ENOEXEC;
}

static int read_entries(const struct elf *elf, struct dynamic *dynamic, uint64_t at, uint64_t size)
{
	for (ElfW(Dyn) entry; size >= sizeof(entry); size -= sizeof(entry), at += sizeof(entry)) {
		if (!elf_get(elf, at, &entry, sizeof(entry)))
			break;
		if (entry.d_tag == DT_NULL)
			return 0;
		if (entry.d_tag == DT_GNU_HASH)
			dynamic->gnu_hash = entry.d_un.d_ptr;
		if (entry.d_tag < 0 || entry.d_tag >= TAGS)
			continue;
		dynamic->value[entry.d_tag] = entry.d_un.d_val;
		dynamic->has[entry.d_tag] = true;
	}
	return damaged(elf, "has no end (DT_NULL)");
}

/* The tables that ld.so reads lie, whole, in what it loads. */
static int check_tables(const struct elf *elf, const struct dynamic *dynamic)
{
	static const struct {
		int address, size;	/* tags */
	} tables[] = {
		{ DT_STRTAB, DT_STRSZ },	       { DT_RELA, DT_RELASZ },
		{ DT_REL, DT_RELSZ },		       { DT_JMPREL, DT_PLTRELSZ },
		{ DT_INIT_ARRAY, DT_INIT_ARRAYSZ },    { DT_FINI_ARRAY, DT_FINI_ARRAYSZ },
		{ DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ }, { DT_INIT, DT_NULL },
		{ DT_FINI, DT_NULL },		       { DT_SYMTAB, DT_NULL },
		{ DT_HASH, DT_NULL },
	};
	uint64_t offset, room;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		uint64_t size = tables[i].size == DT_NULL ? 1 : dynamic->value[tables[i].size];

		if (!dynamic->has[tables[i].address] || !size)
			continue;
		if (!elf_offset(elf, dynamic->value[tables[i].address], &offset, &room) || room < size)
			return damaged(elf, "points to a table that is in no segment that is loaded");
	}
	return 0;
}

/* ld.so aborts where these differ from what it was built for. */
static int check_entry_sizes(const struct elf *elf, const struct dynamic *dynamic)
{
	static const struct {
		int tag;
		uint64_t size;
	} entries[] = {
		{ DT_SYMENT, sizeof(ElfW(Sym)) },
		{ DT_RELAENT, sizeof(ElfW(Rela)) },
		{ DT_RELENT, sizeof(ElfW(Rel)) },
	};

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (dynamic->has[entries[i].tag] && dynamic->value[entries[i].tag] != entries[i].size)
			return damaged(elf, "gives a table's entries a wrong size");
	if (dynamic->has[DT_PLTREL] && dynamic->value[DT_PLTREL] != DT_RELA && dynamic->value[DT_PLTREL] != DT_REL)
		return damaged(elf, "has an unknown kind of relocations (DT_PLTREL)");
	return 0;
}

static int find_names(const struct elf *elf, struct dynamic *dynamic)
{
	uint64_t room;
	char last;

	if (!dynamic->has[DT_STRTAB] || !dynamic->value[DT_STRSZ] || !dynamic->has[DT_SYMTAB])
		return damaged(elf, "names no symbols");
	if (!elf_offset(elf, dynamic->value[DT_SYMTAB], &dynamic->symbols, &dynamic->symbols_room) ||
	    !elf_offset(elf, dynamic->value[DT_STRTAB], &dynamic->names, &room) ||
	    room < dynamic->value[DT_STRSZ])
		return damaged(elf, "points to a table that is in no segment that is loaded");
	dynamic->names_size = dynamic->value[DT_STRSZ];
	if (!elf_get(elf, dynamic->names + dynamic->names_size - 1, &last, 1) || last)
		return damaged(elf, "has names without an end");
	return 0;
}

/* Borrowed from the file; NULL: outside of the names. */
static const char *name_at(const struct elf *elf, const struct dynamic *dynamic, uint64_t index)
{
	if (index >= dynamic->names_size)
		return NULL;
	return (const char *)elf->data + dynamic->names + index;
}

static int check_paths(const struct elf *elf, const struct dynamic *dynamic, uint64_t at)
{
	ElfW(Dyn) entry;

	for (; elf_get(elf, at, &entry, sizeof(entry)) && entry.d_tag != DT_NULL; at += sizeof(entry)) {
		const char *text;

		if (entry.d_tag != DT_RUNPATH && entry.d_tag != DT_RPATH && entry.d_tag != DT_NEEDED)
			continue;
		text = name_at(elf, dynamic, entry.d_un.d_val);
		if (!text)
			return damaged(elf, "names a library or a path outside of its names");
		if (!strstr(text, "$ORIGIN") && !strstr(text, "${ORIGIN}"))
			continue;
		why_set(elf->why,
			"%s: looks for libraries in \"%s\", but a handler is loaded from a copy in memory, which has "
			"no $ORIGIN: link it with an absolute -rpath, or with the library's archive (.a)",
			elf->path, text);
		return -ENOEXEC;
	}
	return 0;
}

/* The number of symbols, which no field says: one more than the last in the chain that starts last. */
static int count_by_gnu_hash(const struct elf *elf, uint64_t address, uint64_t *count)
{
	struct {
		uint32_t buckets, first, bloom_words, shift;
	} head;
	uint64_t offset, room, buckets, chains, last = 0;
	uint32_t value;

	if (!elf_offset(elf, address, &offset, &room) || room < sizeof(head) ||
	    !elf_get(elf, offset, &head, sizeof(head)))
		return -ENOEXEC;
	buckets = sizeof(head) + head.bloom_words * (uint64_t)sizeof(ElfW(Addr));
	chains = buckets + head.buckets * (uint64_t)sizeof(uint32_t);
	/* ld.so takes hashes modulo both numbers, and masks by the second less one */
	if (chains > room || !head.buckets || !head.bloom_words ||
	    (head.bloom_words & (head.bloom_words - 1)) || head.shift >= 8 * sizeof(uint32_t))
		return -ENOEXEC;

	for (uint64_t i = 0; i < head.buckets; i++) {
		if (!elf_get(elf, offset + buckets + i * sizeof(value), &value, sizeof(value)))
			return -ENOEXEC;
		if (value && value < head.first)
			return -ENOEXEC;
		if (value > last)
			last = value;
	}
	*count = head.first;
	if (!last)
		return 0;
	for (;; last++) {
		uint64_t at = chains + (last - head.first) * sizeof(value);

		if (at + sizeof(value) > room || !elf_get(elf, offset + at, &value, sizeof(value)))
			return -ENOEXEC;
		if (value & 1)
			break;
	}
	*count = last + 1;
	return 0;
}

static int count_by_hash(const struct elf *elf, uint64_t address, uint64_t *count)
{
	uint32_t head[2];		/* buckets, chains: one for each symbol */
	uint64_t offset, room;

	if (!elf_offset(elf, address, &offset, &room) || room < sizeof(head) ||
	    !elf_get(elf, offset, head, sizeof(head)))
		return -ENOEXEC;
	if (!head[0] || (2 + (uint64_t)head[0] + head[1]) * sizeof(uint32_t) > room)
		return -ENOEXEC;
	*count = head[1];
	return 0;
}

static int count_symbols(const struct elf *elf, const struct dynamic *dynamic, uint64_t *count)
{
	if (dynamic->gnu_hash)
		return count_by_gnu_hash(elf, dynamic->gnu_hash, count);
	if (dynamic->has[DT_HASH])
		return count_by_hash(elf, dynamic->value[DT_HASH], count);
	return -ENOEXEC;
}

static int check_descriptor(const struct elf *elf, const ElfW(Sym) *symbol, const struct mcast_note *note)
{
	uint64_t offset, room;

	if (ELF32_ST_TYPE(symbol->st_info) != STT_OBJECT || symbol->st_size < note->handler_size ||
	    !elf_offset(elf, symbol->st_value, &offset, &room) || room < note->handler_size) {
		why_set(elf->why,
			"%s: its mcast_handler is no struct mcast_handler of %u bytes, as its note says: rebuild all "
			"of it",
			elf->path, note->handler_size);
		return -ENOEXEC;
	}
	return 0;
}

static int check_symbols(const struct elf *elf, const struct dynamic *dynamic, const struct mcast_note *note)
{
	bool found = false;
	uint64_t count;
	int err;

	err = count_symbols(elf, dynamic, &count);
	if (err || count > dynamic->symbols_room / sizeof(ElfW(Sym)))
		return damaged(elf, "has no sound hash table of symbols");

	for (uint64_t i = 0; i < count && !err; i++) {
		ElfW(Sym) symbol;
		const char *name;

		if (!elf_get(elf, dynamic->symbols + i * sizeof(symbol), &symbol, sizeof(symbol)))
			break;
		name = name_at(elf, dynamic, symbol.st_name);
		if (!name)
			return damaged(elf, "has a symbol outside of its names");
		if (symbol.st_shndx == SHN_UNDEF)
			continue;
		if (ELF32_ST_BIND(symbol.st_info) == STB_GNU_UNIQUE) {
			why_set(elf->why,
				"%s: defines the unique symbol %s, which a newer version of it would share with this "
				"one: compile it with -fno-gnu-unique",
				elf->path, name);
			return -ENOEXEC;
		}
		if (strcmp(name, "mcast_handler") == 0) {
			found = true;
			err = check_descriptor(elf, &symbol, note);
		}
	}
	if (!err && !found) {
		why_set(elf->why, "%s: does not export mcast_handler: did a version script or strip take it away?",
			elf->path);
		err = -ENOEXEC;
	}
	return err;
}

int elf_check_dynamic(const struct elf *elf, const struct mcast_note *note)
{
	struct dynamic dynamic = { 0 };
	uint64_t at = 0, size = 0;
	int err;

	for (unsigned i = 0; i < elf->head.e_phnum; i++) {
		ElfW(Phdr) segment = elf_segment(elf, i);

		if (segment.p_type == PT_DYNAMIC) {
			at = segment.p_offset;
			size = segment.p_filesz;
		}
	}
	err = read_entries(elf, &dynamic, at, size);
	if (!err)
		err = check_tables(elf, &dynamic);
	if (!err)
		err = check_entry_sizes(elf, &dynamic);
	if (!err)
		err = find_names(elf, &dynamic);
	if (!err)
		err = check_paths(elf, &dynamic, at);
	return err ? err : check_symbols(elf, &dynamic, note);
}
