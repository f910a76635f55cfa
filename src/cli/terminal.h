/* terminal - what an output stream can show, and printing to it without surprises.
 * Flow:  cmd_*.c, main -> [cli/terminal] -> standard output and standard error
 * Rules: colours only on a terminal, never with NO_COLOR set to anything, never with TERM=dumb.
 * Threads: the main one. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct terminal {
    FILE *file;
    bool tty;
    bool colour;
};

struct terminal terminal_of(FILE *file);

/* Columns and rows now; 80 x 24 where it is not a terminal or does not say. cell_width and cell_height are pixels of
 * one character, 0 where unknown. */
struct terminal_size {
    int columns, rows;
    int cell_width, cell_height;
};
struct terminal_size terminal_size(const struct terminal *t);

/* SGR sequences, or "" where colours are off. */
const char *terminal_bold(const struct terminal *t);
const char *terminal_dim(const struct terminal *t);
const char *terminal_red(const struct terminal *t);
const char *terminal_plain(const struct terminal *t); /* ends any of them */

/* Prints text that came from a file or a person: control characters and broken UTF-8 become U+FFFD, so that no file
 * can drive the terminal. */
void terminal_safe(const struct terminal *t, const char *text);

/* Flushes; a failure to write is a failure of the program. A reader that went away (EPIPE) gives SPR_IO with an empty
 * sentence: nothing is worth saying. */
SPR_MUST_USE enum spr_code terminal_flush(const struct terminal *t, struct spr_error *err);

#endif
