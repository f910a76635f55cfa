/* palette - palettes by name and in files of every usual kind.
 * Flow:  --palette NAME|FILE -> [pixel/palette] -> struct palette -> quantise, finish;  struct palette -> a file
 * Files are known by their content, not by their name. Colour names in files are not kept. Order is file order.
 * Invariants: 1 <= count <= 256 for everything that is read; a colour with alpha under 128 is the transparent one.
 * Threads: any; the built-in palettes are immutable.
 *
 *     gpl   GIMP, Aseprite, Krita      hex   one rrggbb a line (Lospec)   txt   Paint.NET: aarrggbb, ';' comments
 *     jasc  JASC .pal (Aseprite, ...)  riff  Microsoft .pal               act   Adobe colour table
 *     ase   Adobe swatch exchange      png   the colour table of a palette PNG, else its pixels' colours in order
 *     aseprite   the palette of an Aseprite file, of any sprite; written as a sprite of one row */
#ifndef PIXEL_PALETTE_H
#define PIXEL_PALETTE_H
#include "base/buf.h"
#include "base/err.h"
#include "image/image.h"
#include <stdbool.h>

enum palette_format {
    PALETTE_GPL,
    PALETTE_HEX,
    PALETTE_TXT,
    PALETTE_JASC,
    PALETTE_RIFF,
    PALETTE_ACT,
    PALETTE_ASE,
    PALETTE_PNG,
    PALETTE_ASEPRITE,
    PALETTE_FORMAT_COUNT
};

const char *palette_format_name(enum palette_format f);                /* "gpl" and so on, as above */
bool palette_format_named(const char *name, enum palette_format *ret); /* any case; false if none */
/* By the ending of a file's name: .pal is jasc, .ase Adobe's. */
bool palette_format_of_path(const char *path, enum palette_format *ret);

/* BORROWS data. ret_format may be NULL. Fails: SPR_BADDATA (line or byte, and what is wrong there), SPR_LIMIT (more
 * than 256 colours), SPR_UNSUPPORTED, SPR_NOMEM. */
SPR_MUST_USE enum spr_code palette_decode(const void *data, size_t size, struct palette *ret,
                                          enum palette_format *ret_format, struct spr_error *err);

/* Appends a file of that kind to *into. name is written where the kind has one. A transparent colour is left out of
 * kinds without transparency (all but txt, png and aseprite). Fails: SPR_BADARG (nothing but transparent colours), SPR_LIMIT,
 * SPR_NOMEM. */
SPR_MUST_USE enum spr_code palette_encode(enum palette_format f, const struct palette *p, const char *name,
                                          struct buf *into, struct spr_error *err);

struct palette_about {
    const char *name;  /* as it is asked for: "pico-8" */
    const char *title; /* as people write it: "PICO-8" */
};

/* The built-in palettes, sorted by name; 0 <= i < palette_builtin_count(). */
int palette_builtin_count(void);
struct palette_about palette_builtin_about(int i);

/* Any case, blanks and underscores as hyphens. False if there is none. */
bool palette_builtin(const char *name, struct palette *ret);

/* A built-in palette, or else the file of that name ("-" is standard input). ret_bytes may be NULL; else it gets the
 * file's bytes appended, or the built-in's colours as hex lines: what a hash that identifies the palette is made of.
 * Fails: SPR_NOTFOUND (with the nearest name), and as palette_decode and file_read with the path before the sentence. */
SPR_MUST_USE enum spr_code palette_find(const char *name_or_path, struct palette *ret, struct buf *ret_bytes,
                                        struct spr_error *err);

#endif
