/* plan_view - what a person sees while a plan runs: a moving view on a terminal, lines elsewhere, or JSON.
 * Flow:  orchestrate/meta's watcher -> [cli/plan_view] -> standard output
 * Threads: the main one. */
#ifndef CLI_PLAN_VIEW_H
#define CLI_PLAN_VIEW_H
#include "cli/command.h"
#include "cli/plan_screen.h"
#include "orchestrate/meta.h"

struct plan_view {
    struct cli *cli;
    const struct plan *plan;
    int64_t begun_ms, next_ms; /* next: the view may be drawn again from then on */
    struct plan_screen screen;
    int32_t bad_index; /* the last that was said to have failed, and how */
    char bad_text[700];
    int32_t ran, kept, failed;
};

/* Fills in the watcher's functions. BORROWS all. */
SPR_MUST_USE enum spr_code plan_view_begin(struct plan_view *v, const struct plan *p,
                                           struct meta_watcher *ret, struct spr_error *err);
void plan_view_wipe(struct plan_view *v);      /* takes the moving view from the screen */
void plan_view_sum(const struct plan_view *v); /* one line at the end */
void plan_view_end(struct plan_view *v);

/* "WS-04: done", for a person; false for events that are not worth a line. */
bool plan_view_line(const struct plan *p, const struct run_event *e, char *text, size_t size);

#endif
