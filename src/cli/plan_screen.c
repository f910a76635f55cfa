#include "cli/plan_screen.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "orchestrate/status.h"

#include <stdarg.h>
#include <string.h>

enum { ROW_BYTES = 1024, PATH_NODES = 12, NAMES_MAX = 3, BAR_MAX = 20 };
enum look { LOOK_PLAIN, LOOK_BOLD, LOOK_DIM, LOOK_RED };

/* A picture in the making: rows are composed first, then written in one go. */
struct picture {
    const struct run *run;
    const struct meta_progress *progress;
    const struct terminal *out;
    struct plan_screen *screen;
    int64_t now_ms;
    int columns, room; /* rows that are left */
};

struct tally {
    int32_t done, running, bad, waiting;
    int32_t first; /* that waits, or PLAN_NONE */
};

/* ---- rows ---- */

/* Wide characters of East Asia take two columns; this need not be exact, only never too narrow. */
static int width_of(uint32_t point)
{
    return point >= 0x1100 ? 2 : 1;
}

/* The text as far as it fits, with an ellipsis where it does not; nothing in it drives the terminal. */
static int fit(const char *text, int columns, char *ret)
{
    size_t length = strlen(text), at = 0, cut = 0, n = 0;
    int width = 0, cut_width = 0;
    while (at < length) {
        uint32_t point = 0;
        size_t bytes = utf8_decode(text + at, length - at, &point);
        bool bad = bytes == 0 || point < 32 || (point >= 0x7f && point < 0xa0);
        int w = bad ? 1 : width_of(point);
        if (width + w > columns) {
            memcpy(ret + cut, "\u2026", sizeof "\u2026");
            return cut_width + 1;
        }
        if (bad)
            ret[n++] = ' ';
        else
            memcpy(ret + n, text + at, bytes), n += bytes;
        at += bytes ? bytes : 1;
        width += w;
        if (width < columns) { /* up to here there is room for the ellipsis */
            cut = n;
            cut_width = width;
        }
    }
    ret[n] = '\0';
    return width;
}

static void put_row(struct picture *p, enum look look, const char *format, ...) SPR_PRINTF(3, 4);
static void put_row(struct picture *p, enum look look, const char *format, ...)
{
    const struct terminal *t = p->out;
    char text[ROW_BYTES], shown[ROW_BYTES + 8];
    va_list list;
    if (p->room <= 0 || p->screen->rows == PLAN_SCREEN_ROWS)
        return;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    p->screen->width[p->screen->rows++] = fit(text, p->columns - 1, shown);
    p->room--;
    fprintf(t->file, "%s%s%s\n",
            look == LOOK_BOLD  ? terminal_bold(t)
            : look == LOOK_DIM ? terminal_dim(t)
            : look == LOOK_RED ? terminal_red(t)
                               : "",
            shown, look == LOOK_PLAIN ? "" : terminal_plain(t));
}

static const char *bar(const struct picture *p, double part, char text[BAR_MAX + 3])
{
    int cells = p->columns >= 100 ? BAR_MAX : p->columns >= 70 ? BAR_MAX / 2 : 6;
    int full = (int)(part * cells + 0.5);
    text[0] = '[';
    for (int i = 0; i < cells; i++)
        text[i + 1] = i < full ? '#' : '-';
    text[cells + 1] = ']';
    text[cells + 2] = '\0';
    return text;
}

/* ---- what is in them ---- */

static struct tally count(const struct run *r, int32_t domain)
{
    const struct plan_span all = r->plan->domain[domain].workstreams;
    struct tally t = { .first = PLAN_NONE };
    for (int32_t w = all.first; w < all.first + all.count; w++) {
        uint8_t s = r->work[w].state;
        t.done += s == WORK_DONE || s == WORK_SKIPPED;
        t.running += s == WORK_RUNNING || s == WORK_CHECKING;
        t.bad += s == WORK_FAILED || s == WORK_CANCELLED;
        if (s != WORK_WAITING && s != WORK_READY && s != WORK_BLOCKED)
            continue;
        t.waiting++;
        if (t.first == PLAN_NONE)
            t.first = w;
    }
    return t;
}

static void put_title(struct picture *p, int64_t begun_ms)
{
    const struct run *r = p->run;
    char span[40], left[40], text[80] = "", running[40] = "", failed[40] = "";
    double left_s = status_left_s(r, p->now_ms);
    int32_t now = r->count[WORK_RUNNING] + r->count[WORK_CHECKING];
    clock_span((double)(p->now_ms - begun_ms) / 1000, span, sizeof span);
    if (left_s > 0) {
        clock_span(left_s, left, sizeof left);
        snprintf(text, sizeof text, ", at most %s left", left);
    }
    if (now)
        snprintf(running, sizeof running, ", %d running", now);
    if (r->count[WORK_FAILED])
        snprintf(failed, sizeof failed, ", %d failed", r->count[WORK_FAILED]);
    put_row(p, LOOK_BOLD, "%s: %d of %d done%s%s, %s%s%s", r->plan->name,
            r->count[WORK_DONE] + r->count[WORK_SKIPPED], r->plan->workstreams, running, failed, span, text,
            run_mood(r) == RUN_ASKS ? ", waits for a person" : "");
}

/* "model   [#####-----] 3/8  WS-06: needs WS-05, and 2 more wait". */
static void put_domain(struct picture *p, int32_t d)
{
    const struct run *r = p->run;
    const struct plan_domain *x = &r->plan->domain[d];
    struct tally t = count(r, d);
    int32_t all = x->workstreams.count;
    char parts[BAR_MAX + 3], why[200] = "", more[40] = "", failed[40] = "";
    if (t.first != PLAN_NONE)
        status_reason(r, t.first, why, sizeof why);
    if (t.waiting > 1)
        snprintf(more, sizeof more, ", and %d more", t.waiting - 1);
    if (t.bad)
        snprintf(failed, sizeof failed, "  %d failed", t.bad);
    put_row(p,
            t.bad           ? LOOK_RED
            : t.done == all ? LOOK_DIM
                            : LOOK_PLAIN,
            "%-*.*s %s %d/%d%s%s%s%s%s%s", p->columns >= 70 ? 16 : 12, p->columns >= 70 ? 16 : 12, x->id,
            bar(p, all ? (double)t.done / all : 1, parts), t.done, all, failed,
            t.first != PLAN_NONE ? "  " : "", t.first != PLAN_NONE ? r->plan->workstream[t.first].id : "",
            t.first != PLAN_NONE ? ": " : "", why, more);
}

/* "  > heroes  12 s  [######----] 65 % knight, at most 3 s more". */
static void put_work(struct picture *p, int32_t w)
{
    const struct work *x = &p->run->work[w];
    const struct plan_workstream *pw = &p->run->plan->workstream[w];
    const struct meta_progress *g = &p->progress[w];
    char span[40], rest[40], part[BAR_MAX + 60] = "", parts[BAR_MAX + 3], left[80] = "";
    double gone_s = (double)(p->now_ms - x->start_ms) / 1000;
    bool late = pw->max_s && gone_s > (double)pw->max_s;
    clock_span(gone_s, span, sizeof span);
    if (g->part >= 0)
        snprintf(part, sizeof part, "  %s %d %%", bar(p, g->part, parts), (int)(g->part * 100));
    if (pw->max_s) {
        clock_span(late ? gone_s - (double)pw->max_s : (double)pw->max_s - gone_s, rest, sizeof rest);
        snprintf(left, sizeof left, late ? "  %s over its estimate" : "  at most %s more", rest);
    }
    put_row(p, late ? LOOK_RED : LOOK_PLAIN, "  > %s  %s%s%s%s%s%s", pw->id, span,
            x->state == WORK_CHECKING ? "  being looked at" : "", part, g->part >= 0 && g->text[0] ? " " : "",
            g->part >= 0 ? g->text : "", x->state == WORK_CHECKING ? "" : left);
}

static void put_works(struct picture *p, int32_t d)
{
    const struct plan_span all = p->run->plan->domain[d].workstreams;
    for (int32_t w = all.first; w < all.first + all.count && p->room > 0; w++)
        if (p->run->work[w].state == WORK_RUNNING || p->run->work[w].state == WORK_CHECKING)
            put_work(p, w);
}

/* ", after characters, items and 2 more": what it waits for that is not complete. */
static void name_needs(const struct run *r, int32_t node, char *text, size_t size)
{
    const struct plan_graph *g = r->graph;
    int32_t seen = 0;
    size_t n = 0;
    text[0] = '\0';
    for (int32_t k = g->need_first[node]; k < g->need_first[node + 1]; k++) {
        if (r->complete[g->need[k]])
            continue;
        if (++seen <= NAMES_MAX && n < size)
            n += (size_t)snprintf(text + n, size - n, "%s%s", seen == 1 ? ": after " : ", ",
                                  graph_node_id(r->plan, g->need[k]));
    }
    if (seen > NAMES_MAX && n < size)
        snprintf(text + n, size - n, " and %d more", seen - NAMES_MAX);
}

static void put_gate(struct picture *p, int32_t g)
{
    const struct run *r = p->run;
    const struct gate *x = &r->gate[g];
    const char *id = r->plan->gate[g].id;
    char needs[240];
    switch ((enum gate_state)x->state) {
    case GATE_SHUT:
        name_needs(r, graph_gate(r->plan, g), needs, sizeof needs);
        put_row(p, LOOK_PLAIN, "| %s is shut%s", id, needs);
        break;
    case GATE_LOOKING:
        put_row(p, LOOK_PLAIN, "| %s is being looked at", id);
        break;
    case GATE_FAILED:
        put_row(p, LOOK_RED, "| %s stays shut: %s", id, x->why ? x->why : "something does not hold");
        break;
    case GATE_ASKS:
        put_row(p, LOOK_BOLD, "| %s asks: %s", id, x->why ? x->why : "somebody has to approve it");
        break;
    default:
        put_row(p, LOOK_DIM, "| %s is open", id);
    }
}

static void put_path(struct picture *p)
{
    const struct run *r = p->run;
    int32_t path[PATH_NODES], n = status_path(r, p->now_ms, path, PATH_NODES);
    char text[ROW_BYTES];
    size_t at = 0;
    for (int32_t i = 0; i < n && at < sizeof text; i++)
        at +=
            (size_t)snprintf(text + at, sizeof text - at, "%s%s%s", i ? " > " : "",
                             path[i] >= graph_gate(r->plan, 0) ? "| " : "", graph_node_id(r->plan, path[i]));
    if (n > 1)
        put_row(p, LOOK_PLAIN, "longest path: %s", text);
}

/* ---- the whole ---- */

/* What a domain's rows are worth: those that run, that failed, that wait, that are done. */
static int rank(struct tally t, int32_t all)
{
    return t.running ? 0 : t.bad ? 1 : t.done < all ? 2 : 3;
}

/* All in the plan's order where there is room; else by rank, and how many are left out. */
static void put_domains(struct picture *p, int room)
{
    const struct run *r = p->run;
    int after = p->room - room;
    int32_t running = r->count[WORK_RUNNING] + r->count[WORK_CHECKING], shown = 0;
    bool all = r->plan->domains + running <= room;
    p->room = room;
    for (int k = 0; k < (all ? 1 : 4); k++)
        for (int32_t d = 0; d < r->plan->domains && p->room > (all ? 0 : 1); d++) {
            if (!all && rank(count(r, d), r->plan->domain[d].workstreams.count) != k)
                continue;
            put_domain(p, d);
            p->room -= !all; /* a row is kept for what is left out */
            put_works(p, d);
            p->room += !all;
            shown++;
        }
    if (shown < r->plan->domains)
        put_row(p, LOOK_DIM, "and %d more domains", r->plan->domains - shown);
    p->room += after;
}

void plan_screen_wipe(struct plan_screen *s, const struct terminal *out)
{
    int columns = terminal_size(out).columns, lines = 0;
    for (int i = 0; i < s->rows; i++)
        lines += s->width[i] > columns ? (s->width[i] + columns - 1) / columns : 1;
    if (lines)
        fprintf(out->file, "\r\033[%dA\033[J", lines);
    s->rows = 0;
}

void plan_screen_draw(struct plan_screen *s, const struct terminal *out, const struct run *r,
                      const struct meta_progress *progress, int64_t begun_ms, int64_t now_ms)
{
    struct terminal_size size = terminal_size(out);
    struct picture p = { .run = r,
                         .progress = progress,
                         .out = out,
                         .screen = s,
                         .now_ms = now_ms,
                         .columns = size.columns < ROW_BYTES / 4 ? size.columns : ROW_BYTES / 4,
                         .room = size.rows - 2 < PLAN_SCREEN_ROWS ? size.rows - 2 : PLAN_SCREEN_ROWS };
    int32_t gates = r->plan->gates, running = r->count[WORK_RUNNING] + r->count[WORK_CHECKING];
    plan_screen_wipe(s, out);
    put_title(&p, begun_ms);
    bool all = r->plan->domains + running + gates + 1 <= p.room;
    if (!all) {
        gates -= r->gate_count[GATE_OPEN];
        gates = gates < p.room / 4 ? gates : p.room / 4;
    }
    put_domains(&p, p.room - gates - 1);
    for (int32_t g = 0; g < r->plan->gates && gates > 0; g++)
        if (all || r->gate[g].state != GATE_OPEN) {
            put_gate(&p, g);
            gates--;
        }
    put_path(&p);
}
