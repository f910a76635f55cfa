/* text - what several kinds of metadata write alike: quoted strings, numbers.
 * Flow:  pack/write_* -> [pack/text] -> base/pen
 * Threads: as the pen. */
#ifndef PACK_TEXT_H
#define PACK_TEXT_H
#include "base/pen.h"
#include <stdbool.h>

/* A string in quotes, with everything that JSON (and RON, Godot's and Unity's double-quoted texts) wants escaped. */
void text_quoted(struct pen *t, const char *s);
/* Escaped for XML attributes, with quotes. Control characters become U+FFFD. */
void text_xml(struct pen *t, const char *s);
/* The shortest decimal number; with ".0" where `point` and it is whole. */
void text_number(struct pen *t, double value, bool point);

#endif
