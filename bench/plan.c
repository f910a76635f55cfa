/* Plans of a thousand to a hundred thousand workstreams: read and checked, scheduled, simulated.
 * The large one has 300,000 needs and a join that waits for all of it, the shape that is quadratic elsewhere. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/random.h"
#include "plan/simulate.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static void stop(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* count workstreams in domains of a thousand; each needs three of the fifty before it. */
static void make(struct buf *text, int count, bool join)
{
    struct random r = { 5, 1 };
    uint64_t at = 0;
    enum spr_code rc = buf_addf(text, NULL,
                                "plan: bench\ncapacity: {workstreams: 64, gpu: 8}\n"
                                "agents: {a: {limit: 40}, b: {limit: 30}}\ndomains:\n");
    for (int n = 0; n < count && !rc; n++) {
        if (n % 1000 == 0)
            rc = buf_addf(text, NULL, "  - id: d%d\n    workstreams:\n", n / 1000);
        if (!rc)
            rc = buf_addf(text, NULL, "      - {id: w%d, estimate: %uh..%uh, agent: %s%s, needs: [", n,
                          1 + random_below(r, at, 9), 10 + random_below(r, at + 1, 20), n % 3 ? "a" : "b",
                          n % 7 ? "" : ", uses: {gpu: 1}");
        for (int k = 0; k < 3 && k < n && !rc; k++)
            rc = buf_addf(text, NULL, "%sw%d", k ? ", " : "",
                          n - 1 - (int)random_below(r, at + 2 + (uint64_t)k, (uint32_t)(n < 50 ? n : 50)));
        at += 5;
        if (!rc)
            rc = buf_addf(text, NULL, "]}\n");
    }
    if (join && !rc)
        rc =
            buf_addf(text, NULL, "  - id: last\n    workstreams:\n      - {id: join, estimate: 1h, needs: [");
    for (int n = 0; join && n < count && !rc; n++)
        rc = buf_addf(text, NULL, "%sw%d", n ? ", " : "", n);
    if (join && !rc)
        rc = buf_addf(text, NULL, "]}\n");
    if (rc)
        stop("no memory");
}

static double since(int64_t *began)
{
    int64_t now = clock_steady_ns(), was = *began;
    *began = now;
    return (double)(now - was) / 1e6;
}

static void measure(int count, bool join, int runs)
{
    static struct doc_report report;
    struct buf text;
    struct plan p;
    struct plan_graph g;
    struct schedule_problem s;
    struct plan_figures f;
    struct simulation sim;
    struct pool *pool;
    struct spr_error err = { 0 };
    buf_init(&text, (size_t)1 << 30);
    make(&text, count, join);
    int64_t at = clock_steady_ns();
    clock_t processor = clock();
    if (plan_load(text.data, text.length, &p, &report, &err) || graph_init(&g, &p, NULL, NULL, &err))
        stop(err.text);
    double load = since(&at), loaded = (double)(clock() - processor) * 1e3 / CLOCKS_PER_SEC;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    if (schedule_init(&s, &p, &g, &err) || figures_init(&f, &p, &g, &s, false, &err))
        stop(err.text);
    double figures = since(&at);
    if (schedule_verify(&s, f.duration_ms, f.start_ms, &err))
        stop(err.text);
    if (pool_new(pool_default_threads(), &pool, &err))
        stop(err.text);
    since(&at);
    if (simulation_init(&sim, &p, &g, &s, runs, 1, false, pool, &err))
        stop(err.text);
    double unlimited = since(&at);
    simulation_fini(&sim);
    if (simulation_init(&sim, &p, &g, &s, runs, 1, true, pool, &err))
        stop(err.text);
    double both = since(&at);
    printf("plan %6d%s: read and checked %.1f ms (%.1f of processor time, %.0f MB at most, %.1f MB of text), "
           "3 schedules and the "
           "bound %.1f ms, %d runs "
           "%.1f ms, with limits too %.1f ms (%d threads)\n",
           count, join ? " and a join" : "", load, loaded, (double)usage.ru_maxrss / 1024,
           (double)text.length / 1e6, figures, runs, unlimited, both, pool_threads(pool));
    simulation_fini(&sim);
    pool_free(pool);
    figures_fini(&f);
    schedule_fini(&s);
    graph_fini(&g);
    plan_free(&p);
    buf_fini(&text);
}

int main(void)
{
    measure(1000, false, 1000);
    measure(10000, true, 100);
    measure(100000, false, 20);
    measure(100000, true, 20);
    return 0;
}
