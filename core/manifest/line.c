/* line.c - manifest: the line of a JSON pointer, for jansson keeps none
 *
 * Trusts no byte: what is no JSON leads nowhere, never outside the text. Nothing here recurses. */
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "manifest/manifest.h"

struct cursor {
	const char *p;
	const char *end;
	unsigned line;
};

static void step(struct cursor *c)
{
	c->line += *c->p++ == '\n';
}

static bool at(const struct cursor *c, const char *bytes)
{
	return c->p < c->end && *c->p && strchr(bytes, *c->p);
}

static void skip_space(struct cursor *c)
{
	while (at(c, " \t\r\n"))
		step(c);
}

/* Skips space, the byte and space again; false if another byte stands there. */
static bool skip_byte(struct cursor *c, char byte)
{
	skip_space(c);
	if (c->p == c->end || *c->p != byte)
		return false;
	c->p++;
	skip_space(c);
	return true;
}

static bool skip_string(struct cursor *c)
{
	if (!at(c, "\""))
		return false;
	for (c->p++; c->p < c->end && *c->p != '"'; step(c))
		if (*c->p == '\\' && c->p + 1 < c->end)
			c->p++;
	if (c->p == c->end)
		return false;
	c->p++;
	return true;
}

/* Skips a number or a word; false if none stands there. */
static bool skip_scalar(struct cursor *c)
{
	const char *start = c->p;

	while (c->p < c->end && !at(c, ",:\"[]{} \t\r\n"))
		c->p++;
	return c->p > start;
}

static bool skip_value(struct cursor *c)
{
	size_t depth = 0;
	bool is_mark; /* a byte between values */

	skip_space(c);
	do {
		is_mark = true;
		if (at(c, "[{"))
			depth++;
		else if (depth && at(c, "]}"))
			depth--;
		else if (!depth || !at(c, ",: \t\r\n"))
			is_mark = false;

		if (is_mark)
			step(c);
		else if (!(at(c, "\"") ? skip_string(c) : skip_scalar(c)))
			return false;
	} while (depth);
	return true;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *found = c ? strchr(digits, c) : NULL;

	if (!found)
		return -1;
	return (int)(found - digits) - (found - digits > 15 ? 6 : 0);
}

/* Reads the four digits of \uXXXX at p. */
static bool read_unit(const char *p, const char *end, uint32_t *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++) {
		if (p + i >= end || hex_digit(p[i]) < 0)
			return false;
		*out = *out << 4 | (uint32_t)hex_digit(p[i]);
	}
	return true;
}

/* Reads the escape whose backslash is at c->p, as UTF-8. Its length, or 0: it is none. */
static unsigned read_escape(struct cursor *c, uint8_t out[4])
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	uint32_t cp, low;
	const char *name;

	if (c->end - c->p < 2 || !c->p[1])
		return 0;
	name = strchr(names, c->p[1]);
	if (name) {
		c->p += 2;
		out[0] = (uint8_t)values[name - names];
		return 1;
	}
	if (c->p[1] != 'u' || !read_unit(c->p + 2, c->end, &cp))
		return 0;
	c->p += 6;
	if (cp >= 0xD800 && cp < 0xE000) {
		if (cp >= 0xDC00 || c->end - c->p < 6 || c->p[0] != '\\' || c->p[1] != 'u' ||
		    !read_unit(c->p + 2, c->end, &low) || low < 0xDC00 || low >= 0xE000)
			return 0;
		c->p += 6;
		cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
	}
	return text_encode(out, cp);
}

/* Whether the string at the cursor is the pointer's token[0..n), in which ~0 is ~ and ~1 is /. */
static bool is_key(struct cursor c, const char *token, size_t n)
{
	const char *end = token + n;
	uint8_t bytes[4];
	unsigned len;

	for (c.p++; c.p < c.end && *c.p != '"';) {
		bytes[0] = (uint8_t)*c.p;
		len = *c.p == '\\' ? read_escape(&c, bytes) : (c.p++, 1);
		if (!len)
			return false;
		for (unsigned i = 0; i < len; i++, token++) {
			char want;

			if (token == end)
				return false;
			want = *token;
			if (want == '~' && token + 1 < end)
				want = *++token == '0' ? '~' : '/';
			if ((uint8_t)want != bytes[i])
				return false;
		}
	}
	return token == end;
}

/* From an object to the value of a member; *line becomes its key's. */
static bool enter_member(struct cursor *c, const char *token, size_t n, unsigned *line)
{
	bool found;

	if (!skip_byte(c, '{'))
		return false;
	do {
		if (!at(c, "\""))
			return false;
		found = is_key(*c, token, n);
		*line = c->line;
		if (!skip_string(c) || !skip_byte(c, ':'))
			return false;
		if (found)
			return true;
		if (!skip_value(c))
			return false;
	} while (skip_byte(c, ','));
	return false;
}

/* From an array to one of its items; *line becomes the item's. */
static bool enter_item(struct cursor *c, const char *token, size_t n, unsigned *line)
{
	size_t index = 0;

	for (size_t i = 0; i < n; i++) {
		if (token[i] < '0' || token[i] > '9' || index > SIZE_MAX / 16)
			return false;
		index = 10 * index + (size_t)(token[i] - '0');
	}
	if (!n || !skip_byte(c, '['))
		return false;
	while (index--)
		if (!skip_value(c) || !skip_byte(c, ','))
			return false;
	*line = c->line;
	return c->p < c->end && *c->p != ']';
}

unsigned manifest_line(const char *text, size_t n, const char *pointer)
{
	struct cursor c = { .p = text, .end = text + n, .line = 1 };
	unsigned line;
	size_t len;

	skip_space(&c);
	line = c.p < c.end ? c.line : 0;
	while (line && *pointer == '/') {
		len = strcspn(++pointer, "/");
		if (!(at(&c, "{") ? enter_member(&c, pointer, len, &line)
				  : enter_item(&c, pointer, len, &line)))
			return 0;
		pointer += len;
	}
	return *pointer ? 0 : line;
}
