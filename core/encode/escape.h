/* encode/escape.h - payload bytes as text that is safe to print, and back */
#ifndef CORE_ENCODE_ESCAPE_H
#define CORE_ENCODE_ESCAPE_H

#include <stddef.h>
#include <stdint.h>

/* \t \n \r \\, \xHH for a byte that is C0, DEL or no UTF-8, \u{HHHH} for C1, separators and bidi. out: at least
 * 4 * n + 1 bytes (a byte makes at most 4). Returns the length; no NUL. */
size_t escape_text(char *out, const uint8_t *data, size_t n);
/* The bytes that escape_text() wrote text from; out: at least n bytes. The length, or -EINVAL. */
long unescape_text(uint8_t *out, const char *text, size_t n);

/* The inside of a JSON string (RFC 8259): \" \\ \t \n \r, and the other controls, separators and bidi as \uhhhh;
 * data must be UTF-8 (what is none becomes \ufffd). out: at least 6 * n bytes. Returns the length. */
size_t escape_json(char *out, const uint8_t *data, size_t n);
/* A valid JSON text on one line: white space that breaks lines becomes a space, and what is dangerous inside
 * strings a \u escape. out: at least 6 * n bytes. Returns the length. */
size_t escape_json_document(char *out, const uint8_t *data, size_t n);

/* RFC 4648, section 4, with padding; out: 4 * ((n + 2) / 3) bytes. Returns the length. */
size_t escape_base64(char *out, const uint8_t *data, size_t n);

#endif
