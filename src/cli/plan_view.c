#include "cli/plan_view.h"

#include "base/clock.h"

#include <string.h>

enum {
    DRAW_MS = 100,
    TICK_MS = 250,
    SHARE = 20
}; /* a large plan takes at most a twentieth of the time to draw */

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
    case EVENT_UNMERGED:
        snprintf(text, size, "%s: accepted, but not merged: %s", id, why);
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
    bool again =
        e->kind == EVENT_ESCALATE && e->index == v->bad_index && e->text && strcmp(e->text, v->bad_text) == 0;
    if (e->kind == EVENT_FAIL || e->kind == EVENT_PAUSE || e->kind == EVENT_LOST ||
        e->kind == EVENT_UNMERGED) {
        v->bad_index = e->index;
        snprintf(v->bad_text, sizeof v->bad_text, "%s", e->text ? e->text : "");
    }
    if (again) /* its own line has said it */
        return;
    bool worth = plan_view_line(v->plan, e, text, sizeof text);
    bool bad = e->kind == EVENT_FAIL || e->kind == EVENT_LOST || e->kind == EVENT_PAUSE ||
               e->kind == EVENT_UNMERGED || e->kind == EVENT_ESCALATE || e->kind == EVENT_RETRY ||
               (e->kind == EVENT_GATE && !e->yes);
    /* On a terminal the moving view shows what goes as it should. */
    if (!worth || (v->cli->quiet && !bad) || (out->tty && !bad && e->kind != EVENT_GATE && !v->cli->verbose))
        return;
    plan_screen_wipe(&v->screen, out);
    v->next_ms = 0;
    for (char *c = text; *c; c++)
        *c = *c == '\n' ? ' ' : *c;
    terminal_safe(out, text);
    fputc('\n', out->file);
}

void plan_view_wipe(struct plan_view *v)
{
    plan_screen_wipe(&v->screen, &v->cli->out);
    fflush(v->cli->out.file);
}

static void changed(void *context, const struct run *r, const struct meta_progress *progress)
{
    struct plan_view *v = context;
    int64_t now = clock_wall_ms();
    if (v->cli->json || !v->cli->out.tty || v->cli->quiet) {
        fflush(v->cli->out.file);
        return;
    }
    if (now < v->next_ms)
        return;
    plan_screen_draw(&v->screen, &v->cli->out, r, progress, v->begun_ms, now);
    fflush(v->cli->out.file);
    int64_t pause = SHARE * (clock_wall_ms() - now);
    v->next_ms = now + (pause > DRAW_MS ? pause : DRAW_MS);
}

enum spr_code plan_view_begin(struct plan_view *v, const struct plan *p, struct meta_watcher *ret,
                              struct spr_error *err)
{
    (void)err;
    v->plan = p;
    v->begun_ms = clock_wall_ms();
    *ret = (struct meta_watcher){ .context = v, .told = told, .changed = changed };
    if (v->cli->out.tty && !v->cli->json && !v->cli->quiet) {
        ret->tick_ms = TICK_MS;
        setvbuf(v->cli->out.file, NULL, _IOFBF, 1 << 16); /* a picture in one write */
    }
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
