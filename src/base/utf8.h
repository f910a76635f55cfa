/* utf8 - reading text that may be anything.
 * Threads: any. Source: RFC 3629 (no surrogates, no overlong forms, nothing above U+10FFFF). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads one code point at text[0..length); returns how many bytes it took (1..4) and sets *ret_point, or returns 0
 * where the bytes are not UTF-8 or length is 0. */
size_t utf8_decode(const char *text, size_t length, uint32_t *ret_point);

/* Writes the code point's 1..4 bytes; returns how many, or 0 for a surrogate or a value above U+10FFFF. */
size_t utf8_encode(uint32_t point, char ret[4]);

/* True if all of it is UTF-8; otherwise *ret_offset (NULL is fine) is the first bad byte's place. */
bool utf8_valid(const char *text, size_t length, size_t *ret_offset);

/* The largest n <= limit at which text[0..n) ends between code points. */
size_t utf8_cut(const char *text, size_t length, size_t limit);

#endif
