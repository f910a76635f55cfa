/* progress - one line on standard error that says how far a batch is.
 * Flow:  engine's progress calls -> [cli/progress] -> standard error
 * Rules: a moving bar only on a terminal; else one line per picture, and only with --verbose; with --quiet nothing.
 *   The bar is ASCII and is wiped before anything else is printed.
 * Threads: the one that runs the engine. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H
#include "cli/command.h"
#include <stdint.h>

struct progress {
    const struct terminal *to;
    bool bar, lines;
    int done, pictures; /* of the batch */
    int64_t begun_ns, drawn_ns;
    bool visible;
};

void progress_begin(struct progress *p, const struct cli *cli, int pictures); /* BORROWS cli->err */
/* step of steps of the picture that is being made. May be called as often as one likes. */
void progress_step(struct progress *p, const char *label, int step, int steps);
void progress_picture(struct progress *p, const char *label); /* one more is done */
void progress_wipe(struct progress *p);                       /* before printing; fine when there is no bar */

/* The bar's text, at most `columns` of them: "red dragon  [#####-----] 10/20  3 of 8  1.2 s left". Exposed for tests. */
enum { PROGRESS_BYTES = 512 };
void progress_text(const char *label, int step, int steps, int done, int pictures, double seconds,
                   int columns, char ret[PROGRESS_BYTES]);

#endif
