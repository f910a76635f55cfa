#include "cli/term_play.h"

#include "base/clock.h"
#include "cli/interrupt.h"
#include "cli/term_picture.h"

#include <time.h>

enum { STEP_NS = 20 * 1000 * 1000 }; /* how long Ctrl-C may wait */

/* False when somebody asked to stop. */
static bool wait_until(int64_t end_ns, const atomic_bool *stop)
{
    for (;;) {
        int64_t left = end_ns - clock_steady_ns();
        if (atomic_load(stop))
            return false;
        if (left <= 0)
            return true;
        struct timespec nap = { 0, (long)(left < STEP_NS ? left : STEP_NS) };
        nanosleep(&nap, NULL);
    }
}

static enum spr_code draw(const struct terminal *t, const struct image *im, bool again, int rows,
                          struct spr_error *err)
{
    fputs("\x1B[?2026h", t->file); /* one picture at once, where the terminal knows that */
    if (again)
        fprintf(t->file, "\x1B[%dA\r", rows);
    enum spr_code rc = term_picture(t, im, err);
    fputs("\x1B[?2026l", t->file);
    return rc ? rc : terminal_flush(t, err);
}

static enum spr_code play(const struct terminal *t, const struct animation *a, int plays, int rows,
                          const atomic_bool *stop, struct spr_error *err)
{
    int64_t end_ns = clock_steady_ns();
    bool drawn = false;
    enum spr_code rc = SPR_OK;
    for (int round = 0; !rc && (plays == 0 || round < plays); round++)
        for (int f = 0; f < a->count && !rc; f++) {
            int ms = a->frame[f].ms ? a->frame[f].ms : ANIMATION_MS_UNSAID;
            end_ns += (int64_t)ms * 1000000;
            bool last = f == a->count - 1 && round == plays - 1;
            if (clock_steady_ns() > end_ns && !last && drawn)
                continue;
            rc = draw(t, &a->frame[f].image, drawn, rows, err);
            drawn = true;
            if (!rc && !wait_until(end_ns, stop))
                rc = SPR_FAIL(err, SPR_CANCELLED, "stopped");
        }
    return rc;
}

enum spr_code term_play(const struct terminal *t, const struct animation *a, int plays, struct spr_error *err)
{
    int rows = term_picture_rows(t, &a->frame->image), room = terminal_size(t).rows;
    if (rows >= room)
        return SPR_FAIL(err, SPR_LIMIT, "the animation takes %d lines, the terminal has %d", rows, room);
    const atomic_bool *stop = interrupt_watch();
    fputs("\x1B[?25l", t->file);
    enum spr_code rc = play(t, a, plays, rows, stop, err);
    fputs("\x1B[?25h", t->file);
    fflush(t->file);
    return rc;
}
