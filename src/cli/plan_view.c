#include "cli/plan_view.h"

#include "base/clock.h"
#include "orchestrate/status.h"

#include <string.h>

enum { DRAW_MS = 100, ROWS_MAX = 24 };

static const char *id_of(const struct plan *p, const struct run_event *e)
{
    if (e->index == PLAN_NONE)
        return p->name;
    return e->thing == PLAN_WORKSTREAM ? p->workstream[e->index].id
           : e->thing == PLAN_GATE     ? p->gate[e->index].id
                                       : p->domain[e->index].id;
}

bool plan_view_line(const struct plan *p, const struct run_event *e, char *text, size_t size)
{
    const char *id = id_of(p, e), *why = e->text ? e->text : "";
    char span[40];
    switch (e->kind) {
    case EVENT_START:
        snprintf(text, size, "%s: started%s%s", id, *why ? ": " : "", why);
        return true;
    case EVENT_DONE:
    case EVENT_SAID:
        snprintf(text, size, "%s: done", id);
        return true;
    case EVENT_KEPT:
        snprintf(text, size, "%s: up to date", id);
        return true;
    case EVENT_RETRY:
        clock_span(e->until_ms > e->time_ms ? (double)(e->until_ms - e->time_ms) / 1000 : 0, span,
                   sizeof span);
        snprintf(text, size, "%s: %s; tries again%s%s", id, why, e->until_ms ? " in " : "",
                 e->until_ms ? span : "");
        return true;
    case EVENT_FAIL:
        snprintf(text, size, "%s: failed: %s", id, why);
        return true;
    case EVENT_LOST:
        snprintf(text, size, "%s: lost: %s", id, why);
        return true;
    case EVENT_CANCEL:
        snprintf(text, size, "%s: cancelled", id);
        return true;
    case EVENT_PAUSE:
        snprintf(text, size, "%s: paused: %s", id, why);
        return true;
    case EVENT_RESET:
        snprintf(text, size, "%s: to be tried again", id);
        return true;
    case EVENT_GATE:
        if (e->yes)
            snprintf(text, size, "gate %s: open", id);
        else
            snprintf(text, size, "gate %s: shut: %s", id, why);
        return true;
    case EVENT_APPROVE:
        snprintf(text, size, "gate %s: approved", id);
        return true;
    case EVENT_ESCALATE:
        if (e->thing == PLAN_WORKSTREAM && e->index != PLAN_NONE)
            snprintf(text, size, "%s: look at it: %s", id, why);
        else
            return false; /* the gate's own line says it */
        return true;
    case EVENT_DOMAIN:
        snprintf(text, size, "domain %s: %s", id, e->yes ? "its orchestrator runs" : why);
        return !e->yes;
    default:
        return false;
    }
}

static void count(struct plan_view *v, const struct run_event *e)
{
    v->ran += e->kind == EVENT_DONE || e->kind == EVENT_SAID;
    v->kept += e->kind == EVENT_KEPT;
    v->failed += e->kind == EVENT_FAIL;
}

static void told(void *context, const struct run_event *e, const char *line)
{
    struct plan_view *v = context;
    const struct terminal *out = &v->cli->out;
    char text[700];
    count(v, e);
    if (v->cli->json) {
        fprintf(out->file, "%s\n", line);
        return;
    }
    bool worth = plan_view_line(v->plan, e, text, sizeof text);
    bool bad = e->kind == EVENT_FAIL || e->kind == EVENT_LOST || e->kind == EVENT_PAUSE ||
               e->kind == EVENT_ESCALATE || e->kind == EVENT_RETRY || (e->kind == EVENT_GATE && !e->yes);
    /* On a terminal the moving view shows what goes as it should. */
    if (!worth || (v->cli->quiet && !bad) || (out->tty && !bad && e->kind != EVENT_GATE && !v->cli->verbose))
        return;
    plan_view_wipe(v);
    for (char *c = text; *c; c++)
        *c = *c == '\n' ? ' ' : *c;
    terminal_safe(out, text);
    fputc('\n', out->file);
}

void plan_view_wipe(struct plan_view *v)
{
    if (v->drawn)
        fprintf(v->cli->out.file, "\033[%dA\033[J", v->drawn);
    v->drawn = 0;
}

static void print_row(struct plan_view *v, const char *text, int columns)
{
    char cut[512];
    snprintf(cut, sizeof cut, "%.*s", columns - 1 < (int)sizeof cut - 1 ? columns - 1 : (int)sizeof cut - 1,
             text);
    terminal_safe(&v->cli->out, cut);
    fputc('\n', v->cli->out.file);
    v->drawn++;
}

static void bar(double part, char text[24])
{
    int full = (int)(part * 20 + 0.5);
    for (int i = 0; i < 20; i++)
        text[i] = i < full ? '#' : '-';
    text[20] = '\0';
}

/* "model   [#####-----]  3/8  2 running, WS-06 waits: needs WS-05". */
static void draw_domain(struct plan_view *v, const struct run *r, int32_t d, int columns)
{
    const struct plan_domain *x = &r->plan->domain[d];
    int32_t done = 0, running = 0, failed = 0, waits = PLAN_NONE;
    char text[512], why[200] = "", parts[24];
    for (int32_t w = x->workstreams.first; w < x->workstreams.first + x->workstreams.count; w++) {
        uint8_t s = r->work[w].state;
        done += s == WORK_DONE || s == WORK_SKIPPED;
        running += s == WORK_RUNNING || s == WORK_CHECKING;
        failed += s == WORK_FAILED || s == WORK_CANCELLED;
        if (waits == PLAN_NONE && (s == WORK_WAITING || s == WORK_READY || s == WORK_BLOCKED))
            waits = w;
    }
    bar(x->workstreams.count ? (double)done / x->workstreams.count : 1, parts);
    if (waits != PLAN_NONE)
        status_reason(r, waits, why, sizeof why);
    int n = snprintf(text, sizeof text, "%-16.16s [%s] %d/%d", x->id, parts, done, x->workstreams.count);
    if (running && n > 0)
        n += snprintf(text + n, sizeof text - (size_t)n, "  %d running", running);
    if (failed && n > 0)
        n += snprintf(text + n, sizeof text - (size_t)n, "  %d failed", failed);
    if (waits != PLAN_NONE && n > 0)
        snprintf(text + n, sizeof text - (size_t)n, "  %s: %s", r->plan->workstream[waits].id, why);
    print_row(v, text, columns);
}

static void draw_running(struct plan_view *v, const struct run *r, const struct meta_progress *progress,
                         int rows, int columns)
{
    int64_t now = clock_wall_ms();
    char text[512], span[40];
    for (int32_t w = 0; w < r->plan->workstreams && rows > 0; w++) {
        const struct work *x = &r->work[w];
        const struct meta_progress *p = &progress[w];
        if (x->state != WORK_RUNNING && x->state != WORK_CHECKING)
            continue;
        clock_span((double)(now - x->start_ms) / 1000, span, sizeof span);
        int n = snprintf(text, sizeof text, "  > %s  %s  %s", r->plan->workstream[w].id,
                         x->state == WORK_CHECKING ? "being looked at" : r->plan->workstream[w].name, span);
        if (p->part >= 0 && n > 0)
            snprintf(text + n, sizeof text - (size_t)n, "  %d %%  %s", (int)(p->part * 100), p->text);
        print_row(v, text, columns);
        rows--;
    }
}

static void draw_gates(struct plan_view *v, const struct run *r, int columns)
{
    char text[512];
    for (int32_t g = 0; g < r->plan->gates; g++) {
        const struct gate *x = &r->gate[g];
        snprintf(text, sizeof text, "  | gate %s: %s%s%s", r->plan->gate[g].id,
                 gate_state_name((enum gate_state)x->state), x->why ? ": " : "", x->why ? x->why : "");
        if (x->state != GATE_OPEN)
            print_row(v, text, columns);
    }
}

static void changed(void *context, const struct run *r, const struct meta_progress *progress)
{
    struct plan_view *v = context;
    int64_t now = clock_wall_ms();
    if (v->cli->json) {
        fflush(v->cli->out.file);
        return;
    }
    if (!v->cli->out.tty || v->cli->quiet || now - v->drawn_ms < DRAW_MS)
        return;
    struct terminal_size size = terminal_size(&v->cli->out);
    int rows = size.rows - 4 < ROWS_MAX ? size.rows - 4 : ROWS_MAX;
    char text[200], span[40], left[60] = "";
    double left_s = status_left_s(r, now);
    plan_view_wipe(v);
    clock_span((double)(now - v->begun_ms) / 1000, span, sizeof span);
    if (left_s > 0) {
        clock_span(left_s, left + snprintf(left, sizeof left, ", at most "), sizeof left - 10);
        snprintf(left + strlen(left), sizeof left - strlen(left), " left");
    }
    snprintf(text, sizeof text, "%s: %d of %d done, %s%s", r->plan->name,
             r->count[WORK_DONE] + r->count[WORK_SKIPPED], r->plan->workstreams, span, left);
    print_row(v, text, size.columns);
    for (int32_t d = 0; d < r->plan->domains && v->drawn < rows; d++)
        draw_domain(v, r, d, size.columns);
    draw_running(v, r, progress, rows - v->drawn, size.columns);
    if (v->drawn + r->plan->gates < rows)
        draw_gates(v, r, size.columns);
    fflush(v->cli->out.file);
    v->drawn_ms = now;
}

enum spr_code plan_view_begin(struct plan_view *v, const struct plan *p, struct meta_watcher *ret,
                              struct spr_error *err)
{
    (void)err;
    v->plan = p;
    v->begun_ms = clock_wall_ms();
    *ret = (struct meta_watcher){ .context = v, .told = told, .changed = changed };
    return SPR_OK;
}

void plan_view_sum(const struct plan_view *v)
{
    char span[40];
    clock_span((double)(clock_wall_ms() - v->begun_ms) / 1000, span, sizeof span);
    fprintf(v->cli->out.file, "%s: finished in %s: %d ran, %d were up to date\n", v->plan->name, span, v->ran,
            v->kept);
}

void plan_view_end(struct plan_view *v)
{
    plan_view_wipe(v);
}
