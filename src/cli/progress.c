#include "cli/progress.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { BAR = 20, LABEL_BYTES = 30 };
#define REDRAW_NS 50000000LL /* 20 a second is smooth enough and costs nothing */

void progress_begin(struct progress *p, const struct cli *cli, int pictures)
{
    *p = (struct progress){ .to = &cli->err, .pictures = pictures, .begun_ns = clock_steady_ns() };
    p->bar = cli->err.tty && !cli->quiet;
    p->lines = cli->verbose && !cli->quiet && !p->bar;
    p->drawn_ns = p->begun_ns; /* what is done in less than a redraw shows no bar at all */
}

void progress_text(const char *label, int step, int steps, int done, int pictures, double seconds,
                   int columns, char ret[PROGRESS_BYTES])
{
    char left[40] = "", bar[BAR + 1];
    double part = (done + (steps > 0 ? (double)step / steps : 0)) / (pictures > 0 ? pictures : 1);
    int full = (int)(part * BAR);
    memset(bar, '#', BAR);
    memset(bar + full, '-', (size_t)(BAR - full));
    bar[BAR] = '\0';
    if (part > 0.05 && part < 1)
        clock_span(seconds * (1 - part) / part, left, sizeof left);
    int cut = (int)utf8_cut(label, strlen(label), LABEL_BYTES);
    int n = snprintf(ret, PROGRESS_BYTES, "%.*s  [%s] %d/%d", cut, label, bar, step, steps);
    if (pictures > 1)
        n += snprintf(ret + n, PROGRESS_BYTES - (size_t)n, "  %d of %d",
                      done + 1 > pictures ? pictures : done + 1, pictures);
    if (*left)
        n += snprintf(ret + n, PROGRESS_BYTES - (size_t)n, "  %s left", left);
    if (n >= columns)
        ret[utf8_cut(ret, (size_t)n, columns > 1 ? (size_t)columns - 1 : 0)] = '\0';
}

void progress_step(struct progress *p, const char *label, int step, int steps)
{
    int64_t now = clock_steady_ns();
    if (!p->bar || now - p->drawn_ns < REDRAW_NS)
        return;
    char text[PROGRESS_BYTES];
    p->drawn_ns = now;
    progress_text(label, step, steps, p->done, p->pictures, (double)(now - p->begun_ns) / 1e9,
                  terminal_size(p->to).columns, text);
    fputs("\r\x1B[K", p->to->file);
    terminal_safe(p->to, text);
    fflush(p->to->file);
    p->visible = true;
}

void progress_wipe(struct progress *p)
{
    if (!p->visible)
        return;
    fputs("\r\x1B[K", p->to->file);
    fflush(p->to->file);
    p->visible = false;
}

void progress_picture(struct progress *p, const char *label)
{
    p->done++;
    if (!p->lines)
        return;
    fprintf(p->to->file, "%d of %d: ", p->done, p->pictures);
    terminal_safe(p->to, label);
    fputc('\n', p->to->file);
}
