/* term_picture - a sprite in the terminal, by the best means the terminal has.
 * Flow:  struct image -> [cli/term_picture] -> libchafa -> standard output
 * Kitty, iTerm2 and Sixel graphics where the terminal is known to have them; else half blocks in 24-bit, 256 or 16
 * colours; else letters (no colours wanted, a locale that is not UTF-8, a dumb terminal). Which one is read from the
 * environment alone: the terminal is never asked, so nothing can hang or leak into the next prompt.
 * Every pixel becomes the same whole number of screen pixels or cells; transparent pixels show the terminal's ground.
 * Threads: the main one. */
#ifndef CLI_TERM_PICTURE_H
#define CLI_TERM_PICTURE_H
#include "base/err.h"
#include "cli/terminal.h"
#include "image/image.h"

enum term_means { TERM_KITTY, TERM_ITERM2, TERM_SIXEL, TERM_BLOCKS, TERM_LETTERS };

/* Prints the picture and a line end. Fails: SPR_LIMIT (larger than 1024 pixels on a side), SPR_NOMEM. */
SPR_MUST_USE enum spr_code term_picture(const struct terminal *t, const struct image *im,
                                        struct spr_error *err);

enum term_means term_means(const struct terminal *t); /* what it would use */
const char *term_means_name(enum term_means means);   /* "kitty", "half blocks" ... */

/* How many lines it takes. */
int term_picture_rows(const struct terminal *t, const struct image *im);

/* How many sprites of this size fit beside each other with one empty column between. At least 1. */
int term_picture_columns(const struct terminal *t, int sprite_px);

#endif
