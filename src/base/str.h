/* str - text to numbers and back, strictly: all of the text must be the number; bytes as hexadecimal digits.
 * Threads: any; the locale does not matter. */
#ifndef BASE_STR_H
#define BASE_STR_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each reads all of text (no blanks, no rest); false where it is not such a number or does not fit.
 * Doubles are finite decimal numbers: "nan", "inf" and hexadecimal are refused. */
bool str_to_u64(const char *text, uint64_t *ret);
bool str_to_i64(const char *text, int64_t *ret);
bool str_to_double(const char *text, double *ret);

/* The shortest decimal text that reads back as the same double; with an exponent only below 1e-4 and from 1e15 on.
 * size >= 32. */
void str_from_double(double value, char *text, size_t size);

/* n bytes as 2n lower-case hexadecimal digits and a NUL: ret has 2n + 1 bytes. */
void str_hex(const void *bytes, size_t n, char *ret);
/* The reverse of the first 2n characters of text, in either case; what follows them is not looked at. False where one of
 * them is no such digit or text ends before: then ret[n] is untouched. */
bool str_unhex(const char *text, size_t n, void *ret);

/* The candidate nearest to word by edit distance (insert, delete, replace, swap neighbours), for "did you mean";
 * NULL where none is within a third of the word's length. BORROWS the array. */
const char *str_nearest(const char *word, const char *const *candidates, size_t count);

#endif
