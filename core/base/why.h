/* why.h - base: words for people about one failure
 *
 * A function that can fail returns -errno for its caller and says in a struct why what was found,
 * where, what was expected and what to do. The caller decides who hears it. */
#ifndef CORE_BASE_WHY_H
#define CORE_BASE_WHY_H

struct why {
	char text[512];		/* one line without its newline; "" when nothing was said */
};

/* Writes the words, cut to fit; NULL is fine and says nothing. Control characters, which may come
 * from a file or the network, are written as \xHH. */
void why_set(struct why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
