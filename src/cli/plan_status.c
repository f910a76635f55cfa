/* `spritery plan status` and `plan events`: from the journal and the slots, whether anybody runs the plan or not. */
#include "base/clock.h"
#include "cli/json_line.h"
#include "cli/plan_command.h"
#include "cli/plan_view.h"
#include "orchestrate/past.h"
#include "orchestrate/status.h"

#include <jansson.h>
#include <string.h>

static void print_work(const struct cli *cli, const struct past *x, int32_t w)
{
    const struct run *r = &x->run;
    const struct work *k = &r->work[w];
    const struct terminal *out = &cli->out;
    char why[200], span[40];
    fprintf(out->file, "  %-10s ",
            k->state == WORK_READY ? "waiting" : work_state_name((enum work_state)k->state));
    terminal_safe(out, r->plan->workstream[w].id);
    status_reason(r, w, why, sizeof why);
    if (*why) {
        fputs("  ", out->file);
        terminal_safe(out, why);
    } else if (k->state == WORK_RUNNING || k->state == WORK_CHECKING) {
        clock_span((double)(clock_wall_ms() - k->start_ms) / 1000, span, sizeof span);
        fprintf(out->file, "  attempt %d, %s", k->attempt, span);
        if (x->progress[w].part >= 0)
            fprintf(out->file, ", %d %%%s", (int)(x->progress[w].part * 100),
                    x->progress[w].text[0] ? " " : "");
        terminal_safe(out, x->progress[w].text);
        if (x->gone[w])
            fputs(", but its process is gone: 'spritery plan resume' finds out how it ended", out->file);
    }
    if (k->why && (k->state == WORK_FAILED || k->state == WORK_BLOCKED)) {
        fputs("  ", out->file);
        terminal_safe(out, k->why);
    }
    fputc('\n', out->file);
}

static void print_escalation(const struct terminal *out, const struct plan *p, const struct escalation *e)
{
    if (!e->open || e->index == PLAN_NONE)
        return;
    const char *id = e->thing == PLAN_WORKSTREAM ? p->workstream[e->index].id
                     : e->thing == PLAN_GATE     ? p->gate[e->index].id
                                                 : p->domain[e->index].id;
    fprintf(out->file, "escalation %d, %s of %s, for %s: ", e->number, e->type, id,
            e->meta ? "meta" : escalation_orchestrator(p, e->thing, e->index));
    terminal_safe(out, e->issue ? e->issue : "");
    fprintf(out->file, "\n  %s\n", escalation_help(e->type));
}

static void print_status(const struct cli *cli, const struct past *x)
{
    const struct run *r = &x->run;
    const struct plan *p = r->plan;
    const struct terminal *out = &cli->out;
    fprintf(out->file, "%s%s%s: %s; %d of %d done\n", terminal_bold(out), p->name, terminal_plain(out),
            x->runs     ? "is being run"
            : x->ended  ? "not running"
            : x->events ? "was interrupted"
                        : "was never run",
            r->count[WORK_DONE] + r->count[WORK_SKIPPED], p->workstreams);
    for (int32_t d = 0; d < p->domains; d++) {
        fprintf(out->file, "%s%s%s  ", terminal_bold(out), p->domain[d].id, terminal_plain(out));
        terminal_safe(out, p->domain[d].name);
        fputc('\n', out->file);
        for (int32_t i = 0; i < p->domain[d].workstreams.count; i++)
            print_work(cli, x, p->domain[d].workstreams.first + i);
    }
    for (int32_t g = 0; g < p->gates; g++) {
        fprintf(out->file, "gate %s: %s", p->gate[g].id, gate_state_name((enum gate_state)r->gate[g].state));
        if (r->gate[g].why) {
            fputs(": ", out->file);
            terminal_safe(out, r->gate[g].why);
        }
        fputc('\n', out->file);
    }
    for (int32_t i = 0; i < x->escalations.count; i++)
        print_escalation(out, p, &x->escalations.list[i]);
}

enum spr_code plan_status(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct plan p;
    struct past x = { 0 };
    enum spr_code rc = plan_open(cli, args->operand[1], &p, NULL, err);
    if (rc)
        return rc;
    rc = past_open(&x, args->operand[1], &p, NULL, NULL, err);
    if (!rc && x.damage.found && !cli->json)
        fprintf(cli->err.file, "spritery: the journal is damaged: %s; what follows is what was before\n",
                x.damage.text);
    if (!rc && cli->json) {
        json_t *o = status_plan(&x.run, x.progress, &x.escalations, clock_wall_ms());
        json_object_set_new(o, "running", json_boolean(x.runs));
        if (x.damage.found)
            json_object_set_new(o, "damage", json_string(x.damage.text));
        rc = json_line(cli, o, 6, args->operand[1], "text", err);
    } else if (!rc) {
        print_status(cli, &x);
    }
    if (!rc)
        past_close(&x);
    plan_free(&p);
    return rc;
}

struct listing {
    const struct cli *cli;
    const struct plan *plan;
};

static enum spr_code print_event(void *context, const struct run_event *e, const char *line,
                                 struct spr_error *err)
{
    const struct listing *l = context;
    char text[700], time[CLOCK_ISO_BYTES];
    const char *sum = strstr(line, ",\"sum\":\"");
    (void)err;
    if (l->cli->json) {
        fprintf(l->cli->out.file, "%.*s}\n", sum ? (int)(sum - line) : (int)strlen(line), line);
        return SPR_OK;
    }
    if (!plan_view_line(l->plan, e, text, sizeof text))
        snprintf(text, sizeof text, "%s", event_name(e->kind));
    clock_iso(e->time_ms, time);
    for (char *c = text; *c; c++)
        *c = *c == '\n' ? ' ' : *c;
    fprintf(l->cli->out.file, "%s  ", time);
    terminal_safe(&l->cli->out, text);
    fputc('\n', l->cli->out.file);
    return SPR_OK;
}

enum spr_code plan_events(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct plan p;
    struct past x = { 0 };
    enum spr_code rc = plan_open(cli, args->operand[1], &p, NULL, err);
    if (rc)
        return rc;
    struct listing l = { cli, &p };
    rc = past_open(&x, args->operand[1], &p, print_event, &l, err);
    if (!rc && x.damage.found)
        rc = SPR_FAIL(err, SPR_BADDATA, "the journal is damaged: %s", x.damage.text);
    if (!rc || x.damage.found)
        past_close(&x);
    plan_free(&p);
    return rc;
}
