/* script - descriptions of things to draw, and one variant of one of them as solids.
 * Flow:  tools/draw/ *.txt -> [draw/script] -> struct drawing + words -> draw/raster, captions
 * The language is told in tools/draw/README.md.
 * Threads: immutable once read. */
#ifndef DRAW_SCRIPT_H
#define DRAW_SCRIPT_H
#include "base/err.h"
#include "raster.h"

enum { SCRIPT_WORDS_MAX = 12, SCRIPT_WORD_BYTES = 24, SCRIPT_VARIANTS_MAX = 200 };

struct script;

/* Reads path[files]. GIVES *ret (script_free). Fails: SPR_BADDATA (the sentence names file and line), SPR_NOTFOUND, SPR_IO,
 * SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code script_read(char *const *path, int files, struct script **ret,
                                       struct spr_error *err);
void script_free(struct script *s); /* NULL is fine */

int script_things(const struct script *s);
const char *script_thing(const struct script *s, int thing); /* its name, such as "fire elemental" */

struct variant {
    int variants; /* how many of this thing there are */
    struct drawing drawing;
    char named[SCRIPT_WORDS_MAX][SCRIPT_WORD_BYTES]; /* what it is */
    char kind[SCRIPT_WORDS_MAX][SCRIPT_WORD_BYTES];  /* what it is a kind of */
    char general[SCRIPT_WORDS_MAX][SCRIPT_WORD_BYTES];
    int names, kinds, generals;
    bool hue;  /* may be drawn in any hue */
    bool flip; /* may be mirrored */
};

/* number: 0..variants-1 (any, for the first time). Fails: SPR_BADDATA. */
SPR_MUST_USE enum spr_code script_draw(const struct script *s, int thing, int number, struct variant *ret,
                                       struct spr_error *err);

#endif
