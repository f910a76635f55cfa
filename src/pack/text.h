/* text - a metadata file being written: the first failure stays, later calls do nothing.
 * Flow:  pack/write_* -> [pack/text] -> base/buf
 * Threads: one text belongs to one thread. */
#ifndef PACK_TEXT_H
#define PACK_TEXT_H
#include "base/buf.h"
#include <stdbool.h>

struct text {
    struct buf *into;
    enum spr_code rc;
    struct spr_error *err;
};

void text_add(struct text *t, const char *format, ...) SPR_PRINTF(2, 3);

/* A string in quotes, with everything that JSON (and RON, Godot's and Unity's double-quoted texts) wants escaped. */
void text_quoted(struct text *t, const char *s);
/* Escaped for XML attributes, with quotes. Control characters become U+FFFD. */
void text_xml(struct text *t, const char *s);
/* The shortest decimal number; with ".0" where `point` and it is whole. */
void text_number(struct text *t, double value, bool point);

#endif
