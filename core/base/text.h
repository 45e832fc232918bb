/* text.h - base: UTF-8 (RFC 3629), and which characters are dangerous where people look */
#ifndef CORE_BASE_TEXT_H
#define CORE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the code point at p, of which n >= 1 bytes may be read. Returns its length, 1 to 4, with
 * the code point in *cp; 0 if no valid one starts there (overlong, surrogate, above U+10FFFF, cut). */
unsigned text_decode(const uint8_t *p, size_t n, uint32_t *cp);
/* Writes cp, which must be a valid code point, to out (4 bytes); returns its length. */
unsigned text_encode(uint8_t *out, uint32_t cp);
bool text_is_utf8(const uint8_t *p, size_t n);

bool text_is_control(uint32_t cp);	/* C0 with TAB, LF and CR; DEL; C1 */
bool text_is_separator(uint32_t cp);	/* U+2028, U+2029 */
bool text_is_bidi(uint32_t cp);		/* U+061C, U+200E-F, U+202A-E, U+2066-9 */
bool text_is_unsafe(uint32_t cp);	/* any of the three: never raw where people look */

/* The length of the longest prefix of p[0..n) that is printable ASCII, 0x20 to 0x7E, without the two
 * bytes a and b (give 0x20 twice over for "none": a space is never refused). */
size_t text_plain(const uint8_t *p, size_t n, uint8_t a, uint8_t b);

/* Writes the first character of p[0..n), n >= 1, for a person's eyes to out: as it is, or if it is unsafe or no
 * UTF-8 as \t \n \r \xHH \u{HHHH}. Returns the length, without NUL; *used: bytes of p that it stands for. */
#define TEXT_ESCAPE 8		/* bytes */
unsigned text_escape(char out[TEXT_ESCAPE], const uint8_t *p, size_t n, unsigned *used);

/* Writes src for a person's eyes to out, always ended by NUL and cut between characters to fit: what
 * is no UTF-8, a control, a separator or a bidi character becomes \t \n \r \xHH \u{HHHH}; a backslash
 * stays. Returns out. */
char *text_clean(char *out, size_t size, const char *src, size_t n);

/* nearest.c: the one of names[0..n) that someone who wrote word probably meant, or NULL if none is near. */
const char *text_nearest(const char *word, const char *const *names, size_t n);

#endif
