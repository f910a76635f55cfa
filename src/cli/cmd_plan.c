#include "base/file.h"
#include "base/mem.h"
#include "cli/failure.h"
#include "cli/json_line.h"
#include "cli/plan_command.h"
#include "cli/verb.h"
#include "plan/diff.h"
#include "plan/example.h"
#include "yaml/doc.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

void plan_print_complaints(const struct terminal *t, const char *path, const struct doc_report *r)
{
    for (int i = 0; i < r->count; i++) {
        terminal_safe(t, path);
        fprintf(t->file, ":%d:%d: ", r->complaint[i].line, r->complaint[i].column);
        terminal_safe(t, r->complaint[i].text);
        fputc('\n', t->file);
    }
    if (r->dropped) {
        terminal_safe(t, path);
        fprintf(t->file, ": and %d more\n", r->dropped);
    }
}

enum spr_code plan_open_text(const struct cli *cli, const char *path, struct buf *bytes, struct plan *ret,
                             struct doc_report *report, struct spr_error *err)
{
    struct doc_report *own = report ? report : mem_zalloc(1, sizeof *own);
    enum spr_code rc =
        own ? file_read(path, bytes, err) : SPR_FAIL(err, SPR_NOMEM, "no memory for complaints");
    if (own)
        *own = (struct doc_report){ 0 };
    if (!rc) {
        rc = plan_load(bytes->data ? bytes->data : "", bytes->length, ret, own, err);
        if (rc && own->count > 0) {
            if (!report)
                plan_print_complaints(&cli->err, path, own);
            SPR_FAIL(err, rc, "%.300s has %d mistake%s", path, own->count + own->dropped,
                     own->count + own->dropped == 1 ? "" : "s");
        } else if (rc) {
            spr_prefix(err, "%.200s", path);
        }
    }
    if (!report)
        mem_free(own);
    return rc;
}

enum spr_code plan_open(const struct cli *cli, const char *path, struct plan *ret, struct doc_report *report,
                        struct spr_error *err)
{
    struct buf bytes;
    buf_init(&bytes, DOC_BYTES_MAX);
    enum spr_code rc = plan_open_text(cli, path, &bytes, ret, report, err);
    buf_fini(&bytes);
    return rc;
}

static enum spr_code check_json(const struct cli *cli, const char *path, const struct plan *p,
                                const struct doc_report *r, struct spr_error *err)
{
    json_t *list = json_array(), *object;
    for (int i = 0; i < r->count; i++)
        json_array_append_new(list, json_pack("{s:i, s:i, s:s}", "line", r->complaint[i].line, "column",
                                              r->complaint[i].column, "message", r->complaint[i].text));
    if (p)
        object = json_pack("{s:s, s:b, s:s, s:i, s:i, s:i, s:o}", "file", path, "sound", 1, "plan", p->name,
                           "domains", p->domains, "workstreams", p->workstreams, "gates", p->gates,
                           "complaints", list);
    else
        object = json_pack("{s:s, s:b, s:i, s:o}", "file", path, "sound", 0, "dropped", r->dropped,
                           "complaints", list);
    return json_line(cli, object, 0, path, "path", err);
}

static const char *plural(int32_t count)
{
    return count == 1 ? "" : "s";
}

static enum spr_code check_one(struct cli *cli, const char *path, struct doc_report *report,
                               struct spr_error *err)
{
    struct plan p;
    enum spr_code rc = plan_open(cli, path, &p, report, err), printed = SPR_OK;
    if (rc && report->count == 0)
        return rc;
    if (!rc) {
        rc = plan_check_actions(&p, report, err);
        if (rc)
            plan_free(&p);
    }
    if (cli->json)
        printed = check_json(cli, path, rc ? NULL : &p, report, err);
    else if (rc)
        plan_print_complaints(&cli->err, path, report);
    else {
        terminal_safe(&cli->out, path);
        fprintf(cli->out.file, ": sound: %d domain%s, %d workstream%s, %d gate%s\n", p.domains,
                plural(p.domains), p.workstreams, plural(p.workstreams), p.gates, plural(p.gates));
    }
    if (!rc)
        plan_free(&p);
    return rc ? rc : printed;
}

/* One bad plan does not keep the others from being looked at; the last sentence is the one that is returned. */
static enum spr_code run_check(struct cli *cli, const struct args *args, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    struct doc_report *report = mem_zalloc(1, sizeof *report);
    if (!report)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for complaints");
    for (size_t i = 1; i < args->operands; i++) {
        struct spr_error why = { 0 };
        enum spr_code one = check_one(cli, args->operand[i], report, &why);
        if (one && rc)
            failure_print(cli, err);
        if (one) {
            rc = one;
            *err = why;
        }
    }
    mem_free(report);
    return rc;
}

void plan_print_lines(const struct terminal *t, char *text)
{
    for (char *end; (end = strchr(text, '\n')); text = end + 1) {
        *end = '\0';
        terminal_safe(t, text);
        fputc('\n', t->file);
    }
}

static enum spr_code run_diff(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct plan from = { 0 }, to = { 0 };
    struct buf out;
    int lines = 0;
    buf_init(&out, (size_t)1 << 30);
    enum spr_code rc = plan_open(cli, args->operand[1], &from, NULL, err);
    if (!rc)
        rc = plan_open(cli, args->operand[2], &to, NULL, err);
    if (!rc)
        rc = plan_diff(&from, &to, &out, &lines, err);
    if (!rc && lines > 0)
        plan_print_lines(&cli->out, out.data);
    else if (!rc && !cli->quiet)
        fprintf(cli->err.file, "the plans say the same\n");
    buf_fini(&out);
    plan_free(&from);
    plan_free(&to);
    return rc;
}

static enum spr_code run_new(struct cli *cli, const struct args *args, struct spr_error *err)
{
    const char *name = args->operand[1];
    size_t length = strlen(name);
    char path[512];
    struct buf text;
    bool whole = length > 5 && strcmp(name + length - 5, ".yaml") == 0;
    if (length > 400)
        return SPR_FAIL(err, SPR_BADARG, "the name has %zu bytes; 400 are allowed", length);
    snprintf(path, sizeof path, "%s%s", name, whole ? "" : ".yaml");
    buf_init(&text, 1 << 16);
    enum spr_code rc = plan_example(path, &text, err);
    if (!rc)
        rc = file_write(path, text.data, text.length, FILE_NEW, err);
    if (!rc && !cli->quiet) {
        terminal_safe(&cli->out, path);
        fputc('\n', cli->out.file);
    }
    buf_fini(&text);
    return rc;
}

static const struct verb verbs[] = {
    { "approve", "FILE GATE|WORKSTREAM", 2, 2, { PLAN_AS, PLAN_BY }, plan_approve },
    { "cancel", "FILE [WORKSTREAM]", 1, 2, { PLAN_BY }, plan_cancel },
    { "check", "FILE...", 1, VERB_ANY, { 0 }, run_check },
    { "decide", "FILE TITLE", 2, 2, { PLAN_TEXT, PLAN_BY }, plan_decide },
    { "diff", "OLD NEW", 2, 2, { 0 }, run_diff },
    { "events", "FILE", 1, 1, { 0 }, plan_events },
    { "gate", "FILE GATE", 2, 2, { PLAN_BY }, plan_gate },
    { "new", "NAME", 1, 1, { 0 }, run_new },
    { "report", "FILE", 1, 1, { PLAN_WEEK }, plan_report },
    { "resume",
      "FILE",
      1,
      1,
      { PLAN_JOBS, PLAN_SURVIVE, PLAN_NO_WAIT, PLAN_MEND, PLAN_TOGETHER },
      plan_resume },
    { "retry", "FILE WORKSTREAM", 2, 2, { PLAN_BY }, plan_retry },
    { "run",
      "FILE",
      1,
      1,
      { PLAN_FORCE, PLAN_JOBS, PLAN_SURVIVE, PLAN_NO_WAIT, PLAN_MEND, PLAN_TOGETHER },
      plan_run },
    { "show", "FILE", 1, 1, { PLAN_TREE, PLAN_GANTT, PLAN_DOT, PLAN_SVG }, plan_show },
    { "simulate", "FILE", 1, 1, { PLAN_RUNS, PLAN_SEED }, plan_simulate },
    { "status", "FILE", 1, 1, { 0 }, plan_status },
    { "watch", "FILE", 1, 1, { 0 }, plan_watch },
};

static const char *const survive_words[] = { "kill", "power", NULL };

static const struct option options[] = {
    { PLAN_TREE, 0, "tree", NULL, "show: domains, workstreams and gates as a tree (the default)",
      COMPLETE_NOTHING, NULL },
    { PLAN_GANTT, 0, "gantt", NULL, "show: a bar for each workstream over time", COMPLETE_NOTHING, NULL },
    { PLAN_DOT, 0, "dot", NULL, "show: the graph for Graphviz", COMPLETE_NOTHING, NULL },
    { PLAN_SVG, 0, "svg", NULL, "show: the bars as an SVG picture", COMPLETE_NOTHING, NULL },
    { PLAN_RUNS, 'n', "runs", "N", "simulate: how many random runs; 1 to 1000000, default 1000",
      COMPLETE_NOTHING, NULL },
    { PLAN_SEED, 's', "seed", "N", "simulate: the same seed gives the same numbers; default 1",
      COMPLETE_NOTHING, NULL },
    { PLAN_JOBS, 'j', "jobs", "N",
      "run: at most so many workstreams at once; default the plan's capacity, or the CPUs", COMPLETE_NOTHING,
      NULL },
    { PLAN_FORCE, 'f', "force", NULL, "run: also what is up to date", COMPLETE_NOTHING, NULL },
    { PLAN_NO_WAIT, 0, "no-wait", NULL, "run: end when only a person can move it, instead of waiting",
      COMPLETE_NOTHING, NULL },
    { PLAN_SURVIVE, 0, "survive", "kill|power",
      "run: what the journal survives: the end of the program, or of the machine (default)", COMPLETE_WORDS,
      survive_words },
    { PLAN_TOGETHER, 0, "no-domains", NULL, "run: no processes for domains; one looks after all of them",
      COMPLETE_NOTHING, NULL },
    { PLAN_MEND, 0, "mend", NULL, "resume: put a damaged journal aside and go on from its sound part",
      COMPLETE_NOTHING, NULL },
    { PLAN_WEEK, 0, "week", "N", "report: only the N-th seven days of the run", COMPLETE_NOTHING, NULL },
    { PLAN_AS, 0, "as", "ROLE", "approve: the role that the gate asks for", COMPLETE_NOTHING, NULL },
    { PLAN_TEXT, 0, "text", "TEXT", "decide: why, and what follows; Markdown", COMPLETE_NOTHING, NULL },
    { PLAN_BY, 0, "by", "NAME", "approve, cancel, gate, retry: who says so; default your account's name",
      COMPLETE_NOTHING, NULL },
};

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    return verb_run(&cmd_plan, verbs, SPR_COUNT(verbs), cli, args, err);
}

static const struct example examples[] = {
    { "spritery plan new my-game", "writes my-game.yaml, a commented example to change" },
    { "spritery plan check my-game.yaml", "every mistake with its line, column and what would be right" },
    { "spritery plan show my-game.yaml --gantt", "what can start when, in the terminal" },
    { "spritery plan show my-game.yaml --svg > my-game.svg", "the same as a picture" },
    { "spritery plan simulate my-game.yaml --runs 10000", "how long it will take, and how sure that is" },
    { "spritery plan run my-game.yaml", "does it: what may start starts, gates open when they hold" },
    { "spritery plan status my-game.yaml", "what is done, what runs, what waits for what" },
    { "spritery plan watch my-game.yaml", "the same, live, from another terminal" },
    { "spritery plan report my-game.yaml > report.md", "how it went, for those who were not there" },
    { "spritery plan approve my-game.yaml style-settled --as lead", "a gate's approval" },
    { "spritery plan resume my-game.yaml", "goes on after an interruption; nothing runs twice" },
};

const struct command cmd_plan = {
    .name = "plan",
    .operands = "WORD FILE...",
    .summary = "check, draw, simulate and run the plan of a production",
    .about =
        "A plan is a YAML file: domains of workstreams with estimates and needs, gates between them, "
        "and what there "
        "is only so much of.\n"
        "  check FILE...   every mistake of every file, as FILE:LINE:COLUMN: what; exit status 1 if "
        "there is one\n"
        "  show FILE       a tree; or --gantt, --dot, --svg, --json\n"
        "  simulate FILE   effort, longest path, schedule under the plan's limits, and what chance "
        "makes of it\n"
        "  diff OLD NEW    what came (+), went (-) and changed (~)\n"
        "  new NAME        writes NAME.yaml, a commented example; never over a file that is there\n"
        "  run FILE        does it; again, it does what is not up to date\n"
        "  resume FILE     goes on after an interruption: what is done stays done, what still runs is "
        "taken over\n"
        "  status FILE     what is done, what runs, what waits and why; events FILE: what happened\n"
        "  watch FILE      a run that goes on elsewhere, live, until it ends; --json: its events and status\n"
        "  report FILE     planned and actual, gates with evidence, blockers, decisions, the critical path; "
        "Markdown or --json\n"
        "  approve FILE GATE --as ROLE   an approval that a gate asks for; approve FILE WORKSTREAM: a "
        "manual one is done\n"
        "  gate FILE GATE  tries a shut gate again; retry FILE WORKSTREAM: what failed, was cancelled, "
        "paused, or could\n"
        "                  not be merged\n"
        "  cancel FILE [WORKSTREAM]   stops one, or all; what needs it is blocked\n"
        "A run lies in .spritery/NAME beside the plan. Ctrl-C stops what runs and leaves; TERM leaves "
        "what runs "
        "running.\n"
        "Each domain with work has a process; it outlives a run that is killed for the plan's defaults: "
        "{grace} (1 "
        "minute), and is taken over.\n"
        "A workstream's estimate is MIN..MAX; chance draws from PERT's beta distribution with its mode "
        "in the "
        "middle. Bars and limits go by priority, then by the longest remaining path.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .min_operands = 1,
    .max_operands = -1,
    .complete = COMPLETE_FILE,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .run = run,
};
