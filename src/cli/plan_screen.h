/* plan_screen - the moving view of a run on a terminal: domains, what runs in them, what waits for what, gates, the longest
 * path to the end. It stays at the bottom; lines that are said meanwhile go above it.
 *
 *     small-game: 4 of 14 done, 2 running, 5.1 s, at most 15 s left
 *     characters       [----------] 0/2  measure-characters: needs heroes
 *       > heroes  2.8 s  [######----] 65 % knight
 *     | art-good is shut: after characters, items and tiles
 *     longest path: heroes > measure-characters > | art-good > sheet
 *
 * What does not fit is left out from the end of what matters least: domains that are done, then those that wait.
 * Threads: the main one. */
#ifndef CLI_PLAN_SCREEN_H
#define CLI_PLAN_SCREEN_H
#include "cli/terminal.h"
#include "orchestrate/meta.h"

enum { PLAN_SCREEN_ROWS = 200 };

struct plan_screen {
    int rows;                    /* on the terminal now */
    int width[PLAN_SCREEN_ROWS]; /* of each, in columns: a narrower terminal breaks them */
};

/* Takes it from the terminal; fine if it is not there. Not flushed. */
void plan_screen_wipe(struct plan_screen *s, const struct terminal *out);
/* In place of what was there. progress (workstreams). */
void plan_screen_draw(struct plan_screen *s, const struct terminal *out, const struct run *r,
                      const struct meta_progress *progress, int64_t begun_ms, int64_t now_ms);

#endif
