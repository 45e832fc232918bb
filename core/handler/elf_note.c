/* handler/elf_note.c - stage 4 of 4: the note that MCAST_HANDLER() leaves in a file, and whether we speak its ABI */
#include "handler/elf.h"

#include <errno.h>
#include <string.h>
#include "base/text.h"
#include "handler/loading.h"
#include "handler/name.h"

#define OWNER "mcast"
#define TYPE 1
#define STRUCT_MAX 4096			/* bytes; far above what a struct of the header may grow to */
#define DESC offsetof(struct mcast_note, abi_major)
#define DESC_MIN (sizeof(struct mcast_note) - DESC)	/* ABI 1.0's; what a later one adds, we needn't know */

/* Notes are a header, the owner's name, the description; each but the header is padded to align. */
static bool find_in(const struct elf *elf, const ElfW(Phdr) *segment, ElfW(Nhdr) *head, uint64_t *desc)
{
	uint64_t align = segment->p_align == 8 ? 8 : 4;
	uint64_t at = segment->p_offset, end = at + segment->p_filesz;

	while (at < end && end - at >= sizeof(*head) && elf_get(elf, at, head, sizeof(*head))) {
		uint64_t named = sizeof(*head) + head->n_namesz;
		uint64_t described = (named + align - 1) / align * align;
		uint64_t whole = (described + head->n_descsz + align - 1) / align * align;
		char owner[sizeof(OWNER)];

		if (described + head->n_descsz > end - at)
			return false;
		if (head->n_type == TYPE && head->n_namesz == sizeof(OWNER) &&
		    elf_get(elf, at + sizeof(*head), owner, sizeof(owner)) &&
		    memcmp(owner, OWNER, sizeof(OWNER)) == 0) {
			*desc = at + described;
			return true;
		}
		at += whole;
	}
	return false;
}

static int check_abi(const struct elf *elf, const struct mcast_note *note)
{
	if (note->abi_major != MCAST_ABI_MAJOR) {
		why_set(elf->why,
			"%s: built for ABI %u.%u, this engine speaks %d.%d: rebuild it with this engine's "
			"mcast/handler.h",
			elf->path, note->abi_major, note->abi_minor, MCAST_ABI_MAJOR, MCAST_ABI_MINOR);
		return -ENOEXEC;
	}
	if (note->abi_minor > MCAST_ABI_MINOR) {
		why_set(elf->why,
			"%s: built for ABI %u.%u, this engine speaks %d.%d: update the engine or rebuild with "
			"-DMCAST_HANDLER_MINOR=%d",
			elf->path, note->abi_major, note->abi_minor, MCAST_ABI_MAJOR, MCAST_ABI_MINOR,
			MCAST_ABI_MINOR);
		return -ENOEXEC;
	}
	return 0;
}

static int check_sizes(const struct elf *elf, const struct mcast_note *note)
{
	const struct {
		const char *name;
		size_t found, least;
	} structs[] = {
		{ "mcast_handler", note->handler_size, END_OF(mcast_handler, destroy) },
		{ "mcast_msg", note->msg_size, END_OF(mcast_msg, engine) },
		{ "mcast_batch", note->batch_size, END_OF(mcast_batch, reserved) },
		{ "mcast_option", note->option_size, END_OF(mcast_option, reserved) },
	};

	for (size_t i = 0; i < sizeof(structs) / sizeof(structs[0]); i++) {
		if (structs[i].found >= structs[i].least && structs[i].found <= STRUCT_MAX)
			continue;
		why_set(elf->why,
			"%s: its note says that struct %s has %zu bytes, expected %zu to %d: rebuild it with an "
			"unchanged mcast/handler.h",
			elf->path, structs[i].name, structs[i].found, structs[i].least, STRUCT_MAX);
		return -ENOEXEC;
	}
	return 0;
}

static int check_names(const struct elf *elf, const struct mcast_note *note)
{
	if (!memchr(note->name, 0, sizeof(note->name)) ||
	    !name_is_good(note->name, sizeof(note->name) - 1, '-')) {
		why_set(elf->why, "%s: the name in its note is \"%.31s\", expected [a-z][a-z0-9_-]*, at most 31",
			elf->path, note->name);
		return -ENOEXEC;
	}
	if (!memchr(note->version, 0, sizeof(note->version)) || !note->version[0] ||
	    text_plain((const uint8_t *)note->version, strlen(note->version), ' ', ' ') !=
		    strlen(note->version)) {
		why_set(elf->why,
			"%s: the version in its note is \"%.31s\", expected 1 to 31 characters of ASCII",
			elf->path, note->version);
		return -ENOEXEC;
	}
	return 0;
}

int elf_read_note(const struct elf *elf, struct mcast_note *note)
{
	ElfW(Nhdr) head;
	uint64_t desc = 0;
	size_t size;
	int err;

	for (unsigned i = 0; i < elf->head.e_phnum && !desc; i++) {
		ElfW(Phdr) segment = elf_segment(elf, i);

		if (segment.p_type == PT_NOTE && !find_in(elf, &segment, &head, &desc))
			desc = 0;
	}
	if (!desc) {
		why_set(elf->why, "%s: is no handler: has no note of mcast/handler.h; is MCAST_HANDLER(...) in it?",
			elf->path);
		return -ENOEXEC;
	}

	memset(note, 0, sizeof(*note));
	note->name_size = head.n_namesz;
	note->desc_size = head.n_descsz;
	note->type = head.n_type;
	memcpy(note->owner, OWNER, sizeof(OWNER));
	size = head.n_descsz < DESC_MIN ? head.n_descsz : DESC_MIN;
	if (!elf_get(elf, desc, (uint8_t *)note + DESC, size))
		size = 0;
	if (size >= 2 * sizeof(uint16_t)) {	/* the version first: another one may have other fields */
		err = check_abi(elf, note);
		if (err)
			return err;
	}
	if (size < DESC_MIN) {
		why_set(elf->why, "%s: its note has %zu bytes, expected at least %zu: rebuild it", elf->path, size,
			DESC_MIN);
		return -ENOEXEC;
	}
	err = check_sizes(elf, note);
	return err ? err : check_names(elf, note);
}
