/* `spritery plan show` and `plan simulate`. */
#include "base/str.h"
#include "cli/plan_command.h"
#include "plan/draw.h"

#include <string.h>

/* A plan and all that is worked out from it. */
struct whole {
    struct plan p;
    struct plan_graph g;
    struct schedule_problem s;
    struct plan_figures f;
};

static void whole_close(struct whole *w)
{
    figures_fini(&w->f);
    schedule_fini(&w->s);
    graph_fini(&w->g);
    plan_free(&w->p);
}

static enum spr_code whole_open(const struct cli *cli, const char *path, bool search, struct whole *w,
                                struct spr_error *err)
{
    *w = (struct whole){ 0 };
    enum spr_code rc = plan_open(cli, path, &w->p, NULL, err);
    if (!rc)
        rc = graph_init(&w->g, &w->p, NULL, NULL, err);
    if (!rc)
        rc = schedule_init(&w->s, &w->p, &w->g, err);
    if (!rc)
        rc = figures_init(&w->f, &w->p, &w->g, &w->s, search, err);
    if (rc)
        whole_close(w);
    return rc;
}

static enum spr_code draw(const struct cli *cli, const struct args *args, const struct drawing *d,
                          struct buf *out, struct spr_error *err)
{
    if (cli->json)
        return draw_json(d, out, err);
    if (args_has(args, PLAN_SVG))
        return draw_svg(d, out, err);
    if (args_has(args, PLAN_DOT))
        return draw_dot(d, out, err);
    if (args_has(args, PLAN_GANTT))
        return draw_gantt(d, terminal_size(&cli->out).columns, out, err);
    return draw_tree(d, out, err);
}

enum spr_code plan_show(struct cli *cli, const struct args *args, struct spr_error *err)
{
    static const int forms[] = { PLAN_TREE, PLAN_GANTT, PLAN_DOT, PLAN_SVG };
    struct whole w;
    struct buf out;
    int asked = cli->json;
    for (size_t i = 0; i < SPR_COUNT(forms); i++)
        asked += args_has(args, forms[i]);
    if (asked > 1)
        return SPR_FAIL(err, SPR_BADARG, "--tree, --gantt, --dot, --svg and --json: one of them at a time");
    enum spr_code rc = whole_open(cli, args->operand[1], false, &w, err);
    if (rc)
        return rc;
    buf_init(&out, (size_t)1 << 31);
    struct drawing d = { &w.p, &w.g, &w.f };
    rc = draw(cli, args, &d, &out, err);
    if (!rc && (cli->json || args_has(args, PLAN_SVG) || args_has(args, PLAN_DOT)))
        fwrite(out.data, 1, out.length, cli->out.file);
    else if (!rc)
        plan_print_lines(&cli->out, out.data);
    buf_fini(&out);
    whole_close(&w);
    return rc;
}

static void print_row(const struct cli *cli, const struct plan *p, const char *what, const double *value,
                      int count)
{
    fprintf(cli->out.file, "%-34s", what);
    for (int i = 0; i < count; i++) {
        char text[40];
        plan_span_text(p, value[i], text, sizeof text);
        fprintf(cli->out.file, "%12s", text);
    }
    fputc('\n', cli->out.file);
}

static void print_figures(const struct cli *cli, const struct whole *w, const struct simulation *s)
{
    const struct plan_figures *f = &w->f;
    FILE *out = cli->out.file;
    char mean[40], sd[40], best[40], bound[40];
    const double unlimited[] = { s->unlimited.p50, s->unlimited.p80, s->unlimited.p95 };
    const double limited[] = { s->limited.p50, s->limited.p80, s->limited.p95 };
    fprintf(out, "%s%s%s\n\n", terminal_bold(&cli->out), w->p.name, terminal_plain(&cli->out));
    fprintf(out, "%-34s%12s%12s%12s\n", "without chance", "smallest", "expected", "largest");
    print_row(cli, &w->p, "one after the other", f->effort, SIMULATE_ENDS);
    print_row(cli, &w->p, "unlimited hands", f->unlimited, SIMULATE_ENDS);
    print_row(cli, &w->p, "this plan's limits, by priority", f->limited, SIMULATE_ENDS);
    plan_span_text(&w->p, f->best, best, sizeof best);
    plan_span_text(&w->p, f->bound, bound, sizeof bound);
    fprintf(out, "The best order found takes %s with expected durations; no order takes less than %s.\n\n",
            best, bound);
    fprintf(out, "%-34s%12s%12s%12s\n", "by chance: done within", "50 %", "80 %", "95 %");
    print_row(cli, &w->p, "unlimited hands", unlimited, 3);
    print_row(cli, &w->p, "this plan's limits, by priority", limited, 3);
    plan_span_text(&w->p, f->pert_mean, mean, sizeof mean);
    plan_span_text(&w->p, f->pert_sd, sd, sizeof sd);
    fprintf(out, "%d runs, seed %llu; PERT along the critical path: %s, standard deviation %s.\n\n", s->runs,
            (unsigned long long)s->seed, mean, sd);
}

enum { PATH_SHOWN = 30, ROWS_SHOWN = 40 };

static void print_critical(const struct cli *cli, const struct whole *w, const struct simulation *s)
{
    FILE *out = cli->out.file;
    int rows = 0, left = 0;
    fprintf(out, "critical path: ");
    for (int32_t i = 0; i < w->f.path_length && i < PATH_SHOWN; i++)
        fprintf(out, "%s%s", i ? " > " : "", w->p.workstream[w->f.path[i]].id);
    fprintf(out, "%s\n\n%-34s%12s%12s\n", w->f.path_length > PATH_SHOWN ? " > ..." : "",
            "how often it sets the end", "unlimited", "limited");
    for (int32_t n = 0; n < w->p.workstreams; n++) {
        if (s->critical[n] * 100.0 < s->runs && s->critical_chain[n] * 100.0 < s->runs)
            continue;
        if (rows++ >= ROWS_SHOWN) {
            left++;
            continue;
        }
        fprintf(out, "%-34s%10.1f %%%10.1f %%  ", w->p.workstream[n].id, 100.0 * s->critical[n] / s->runs,
                100.0 * s->critical_chain[n] / s->runs);
        terminal_safe(&cli->out, w->p.workstream[n].name);
        fputc('\n', out);
    }
    if (left)
        fprintf(out, "and %d more; --json has them all\n", left);
}

static void json_numbers(FILE *out, const char *key, const char *const *names, const double *value, int count)
{
    fprintf(out, ",\"%s\":{", key);
    for (int i = 0; i < count; i++) {
        char text[32];
        str_from_double(value[i], text, sizeof text);
        fprintf(out, "%s\"%s\":%s", i ? "," : "", names[i], text);
    }
    fputc('}', out);
}

static void print_json(const struct cli *cli, const struct whole *w, const struct simulation *s)
{
    static const char *const ends[] = { "min_s", "expected_s", "max_s" };
    static const char *const ranks[] = { "mean_s", "least_s", "p50_s", "p80_s", "p95_s", "most_s" };
    static const char *const others[] = { "best_s", "bound_s", "pert_mean_s", "pert_sd_s" };
    const struct plan_figures *f = &w->f;
    const struct simulate_spread *u = &s->unlimited, *l = &s->limited;
    const double free_hands[] = { u->mean, u->least, u->p50, u->p80, u->p95, u->most };
    const double limits[] = { l->mean, l->least, l->p50, l->p80, l->p95, l->most };
    const double other[] = { f->best, f->bound, f->pert_mean, f->pert_sd };
    FILE *out = cli->out.file;
    fprintf(out, "{\"plan\":\"%s\",\"day_s\":%lld,\"runs\":%d,\"seed\":%llu", w->p.name,
            (long long)w->p.day_s, s->runs, (unsigned long long)s->seed);
    json_numbers(out, "effort", ends, f->effort, SIMULATE_ENDS);
    json_numbers(out, "unlimited", ends, f->unlimited, SIMULATE_ENDS);
    json_numbers(out, "limited", ends, f->limited, SIMULATE_ENDS);
    json_numbers(out, "expected", others, other, 4);
    json_numbers(out, "unlimited_runs", ranks, free_hands, 6);
    json_numbers(out, "limited_runs", ranks, limits, 6);
    fputs(",\"critical_path\":[", out);
    for (int32_t i = 0; i < f->path_length; i++)
        fprintf(out, "%s\"%s\"", i ? "," : "", w->p.workstream[f->path[i]].id);
    fputs("],\"workstreams\":[", out);
    for (int32_t n = 0; n < w->p.workstreams; n++)
        fprintf(out, "%s{\"id\":\"%s\",\"critical\":%.6f,\"critical_limited\":%.6f}", n ? "," : "",
                w->p.workstream[n].id, (double)s->critical[n] / s->runs,
                (double)s->critical_chain[n] / s->runs);
    fputs("]}\n", out);
}

enum spr_code plan_simulate(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct whole w;
    struct simulation s = { 0 };
    struct pool *pool = NULL;
    int64_t runs = 1000, seed = 1;
    enum spr_code rc = args_whole(args, PLAN_RUNS, "runs", 1, SIMULATE_RUNS_MAX, &runs, err);
    if (!rc)
        rc = args_whole(args, PLAN_SEED, "seed", 0, (int64_t)1 << 53, &seed, err);
    if (!rc)
        rc = whole_open(cli, args->operand[1], true, &w, err);
    if (rc)
        return rc;
    rc = pool_new(pool_default_threads(), &pool, err);
    if (!rc)
        rc = simulation_init(&s, &w.p, &w.g, &w.s, (int)runs, (uint64_t)seed, true, pool, err);
    if (!rc && cli->json) {
        print_json(cli, &w, &s);
    } else if (!rc) {
        print_figures(cli, &w, &s);
        print_critical(cli, &w, &s);
    }
    simulation_fini(&s);
    pool_free(pool);
    whole_close(&w);
    return rc;
}
