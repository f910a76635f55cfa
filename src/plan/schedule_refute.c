/* A bound by refutation: a makespan that can be shown to be impossible is too short, so one more is a bound. Every job
 * gets a window, from its earliest begin to its latest end, and the windows are narrowed until nothing moves or one is
 * too small for its job:
 *   needs        a job begins after what it waits for
 *   pairs        two jobs that together ask for more than there is take turns
 *   energy       between two times a resource gives no more than capacity times their distance; what a job must use of
 *                it, wherever in its window it lies, is taken off; if the rest cannot hold it early, it begins later
 *   shaving      a window's first (last) part in which the job can be shown not to begin (end) is cut off
 * Sources: Klein and Scholl, "Computing lower bounds by destructive improvement" (1999); Baptiste, Le Pape and Nuijten,
 * "Satisfiability tests and time-bound adjustments for cumulative scheduling problems" (1999); Martin and Shmoys, "A
 * new approach to computing optimal schedules for the job-shop scheduling problem" (1996), for shaving. */
#include "plan/schedule_refute.h"

#include "base/mem.h"

#include <string.h>

enum { WORK_MAX = 30000000 }; /* looks at a job between two times: some 0.1 s */

struct user {
    int32_t job;
    int64_t amount;
};

struct refuter {
    const struct schedule_problem *s;
    const int64_t *duration;
    int64_t *early, *late;           /* (nodes) window: earliest begin, latest end */
    int64_t *early_kept, *late_kept; /* (nodes) while shaving */
    int64_t *point;                  /* (2, 2 nodes) where intervals begin, where they end */
    int32_t *user_first;             /* (resources + 1) */
    struct user *user;               /* (uses) by resource */
    bool *apart;                     /* (nodes, nodes) together more than there is */
    int64_t work;                    /* looks taken */
    bool changed;
};

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool raise_early(struct refuter *f, int32_t n, int64_t to)
{
    if (to > f->early[n]) {
        f->early[n] = to;
        f->changed = true;
    }
    return f->early[n] + f->duration[n] <= f->late[n];
}

static bool lower_late(struct refuter *f, int32_t n, int64_t to)
{
    if (to < f->late[n]) {
        f->late[n] = to;
        f->changed = true;
    }
    return f->early[n] + f->duration[n] <= f->late[n];
}

static bool narrow_by_needs(struct refuter *f)
{
    const struct plan_graph *g = f->s->graph;
    bool possible = true;
    for (int32_t i = 0; i < g->nodes && possible; i++) {
        int32_t n = g->order[i];
        for (int32_t e = g->need_first[n]; e < g->need_first[n + 1] && possible; e++)
            possible = raise_early(f, n, f->early[g->need[e]] + f->duration[g->need[e]]);
    }
    for (int32_t i = g->nodes - 1; i >= 0 && possible; i--) {
        int32_t n = g->order[i];
        for (int32_t e = g->next_first[n]; e < g->next_first[n + 1] && possible; e++)
            possible = lower_late(f, n, f->late[g->next[e]] - f->duration[g->next[e]]);
    }
    return possible;
}

/* a cannot be before b: b is before a. */
static bool narrow_by_pairs(struct refuter *f)
{
    int32_t nodes = f->s->graph->nodes;
    f->work += (int64_t)nodes * nodes / 8;
    for (int32_t a = 0; a < nodes; a++)
        for (int32_t b = 0; b < nodes; b++)
            if (f->apart[(size_t)a * (size_t)nodes + (size_t)b] &&
                f->early[a] + f->duration[a] > f->late[b] - f->duration[b])
                if (!raise_early(f, a, f->early[b] + f->duration[b]) ||
                    !lower_late(f, b, f->late[a] - f->duration[a]))
                    return false;
    return true;
}

/* The least that job n is at work between two times, wherever in its window it lies. */
static int64_t least_between(const struct refuter *f, int32_t n, int64_t from, int64_t to)
{
    int64_t at_left = f->early[n] + f->duration[n] - from, at_right = to - (f->late[n] - f->duration[n]);
    return later(0, sooner(sooner(at_left, at_right), sooner(f->duration[n], to - from)));
}

static bool narrow_between(struct refuter *f, int32_t resource, int64_t from, int64_t to)
{
    int64_t rest = f->s->capacity[resource] * (to - from);
    int32_t first = f->user_first[resource], end = f->user_first[resource + 1];
    f->work += end - first;
    for (int32_t u = first; u < end; u++)
        rest -= f->user[u].amount * least_between(f, f->user[u].job, from, to);
    if (rest < 0)
        return false;
    for (int32_t u = first; u < end; u++) {
        int32_t n = f->user[u].job;
        int64_t amount = f->user[u].amount, d = f->duration[n], could = amount * sooner(d, to - from);
        if (could <= rest)
            continue;
        int64_t room = (rest + amount * least_between(f, n, from, to)) / amount;
        if (sooner(f->early[n] + d, to) - later(f->early[n], from) > room && !raise_early(f, n, to - room))
            return false;
        if (sooner(f->late[n], to) - later(f->late[n] - d, from) > room && !lower_late(f, n, from + room))
            return false;
    }
    return true;
}

static bool narrow_by_energy(struct refuter *f, int32_t resource)
{
    int32_t first = f->user_first[resource], end = f->user_first[resource + 1], points = 0;
    int64_t *from = f->point, *to = f->point + 2 * (size_t)f->s->graph->nodes;
    for (int32_t u = first; u < end; u++) {
        int32_t n = f->user[u].job;
        from[points] = f->early[n];
        to[points++] = f->late[n];
        from[points] = f->late[n] - f->duration[n];
        to[points++] = f->early[n] + f->duration[n];
    }
    for (int32_t i = 0; i < points; i++)
        for (int32_t k = 0; k < points; k++)
            if (from[i] < to[k] && !narrow_between(f, resource, from[i], to[k]))
                return false;
    return true;
}

/* False if the windows cannot all hold their jobs. */
static bool narrow(struct refuter *f)
{
    do {
        f->changed = false;
        if (!narrow_by_needs(f) || !narrow_by_pairs(f))
            return false;
        for (int32_t r = 0; r < f->s->resources && !f->changed; r++)
            if (!narrow_by_energy(f, r))
                return false;
    } while (f->changed && f->work < WORK_MAX);
    return true;
}

/* Whether n can be shown not to begin in the first half of its window (or end in the last): if so it is cut off. */
static bool shave(struct refuter *f, int32_t n, bool left, bool *possible)
{
    size_t bytes = (size_t)f->s->graph->nodes * sizeof *f->early;
    int64_t room = f->late[n] - f->early[n] - f->duration[n], half = (room - 1) / 2;
    if (room < 1)
        return false;
    memcpy(f->early_kept, f->early, bytes);
    memcpy(f->late_kept, f->late, bytes);
    if (left)
        f->late[n] = f->early[n] + f->duration[n] + half;
    else
        f->early[n] = f->late[n] - f->duration[n] - half;
    bool holds = narrow(f);
    memcpy(f->early, f->early_kept, bytes);
    memcpy(f->late, f->late_kept, bytes);
    if (holds)
        return false;
    if (left)
        f->early[n] += half + 1;
    else
        f->late[n] -= half + 1;
    *possible = narrow(f);
    return true;
}

/* Whether no schedule ends by `end`. */
static bool refuted(struct refuter *f, const int64_t *head, int64_t end)
{
    int32_t nodes = f->s->graph->nodes;
    memcpy(f->early, head, (size_t)nodes * sizeof *head);
    for (int32_t n = 0; n < nodes; n++)
        f->late[n] = end;
    bool possible = narrow(f), moved = true;
    while (possible && moved && f->work < WORK_MAX) {
        moved = false;
        for (int32_t n = 0; n < nodes && possible && f->work < WORK_MAX; n++)
            if (f->s->use_first[n + 1] > f->s->use_first[n] && f->duration[n] > 0)
                for (int side = 0; side < 2 && possible; side++)
                    moved = shave(f, n, side == 0, &possible) || moved;
    }
    return !possible;
}

static void find_users(struct refuter *f)
{
    const struct schedule_problem *s = f->s;
    int32_t nodes = s->graph->nodes, users = 0;
    for (int32_t r = 0; r < s->resources; r++) {
        f->user_first[r] = users;
        for (int32_t n = 0; n < nodes; n++)
            for (int32_t u = s->use_first[n]; u < s->use_first[n + 1]; u++)
                if (s->use[u].resource == r && f->duration[n] > 0)
                    f->user[users++] = (struct user){ n, s->use[u].amount };
        for (int32_t i = f->user_first[r]; i < users; i++)
            for (int32_t k = f->user_first[r]; k < users; k++)
                if (i != k && f->user[i].amount + f->user[k].amount > s->capacity[r])
                    f->apart[(size_t)f->user[i].job * (size_t)nodes + (size_t)f->user[k].job] = true;
    }
    f->user_first[s->resources] = users;
}

static bool refuter_init(struct refuter *f, const struct schedule_problem *s, const int64_t *duration)
{
    size_t nodes = (size_t)s->graph->nodes;
    *f = (struct refuter){ .s = s, .duration = duration };
    int64_t **const arrays[] = { &f->early, &f->late, &f->early_kept, &f->late_kept };
    bool whole = true;
    for (size_t i = 0; i < SPR_COUNT(arrays); i++)
        whole = (*arrays[i] = mem_zalloc(nodes, sizeof(int64_t))) && whole;
    whole = (f->point = mem_zalloc(4 * nodes, sizeof *f->point)) && whole;
    whole = (f->user_first = mem_zalloc((size_t)s->resources + 1, sizeof *f->user_first)) && whole;
    whole = (f->user = mem_zalloc((size_t)s->use_first[nodes], sizeof *f->user)) && whole;
    whole = (f->apart = mem_zalloc(nodes * nodes, sizeof *f->apart)) && whole;
    if (whole)
        find_users(f);
    return whole;
}

static void refuter_fini(struct refuter *f)
{
    int64_t *const arrays[] = { f->early, f->late, f->early_kept, f->late_kept, f->point };
    for (size_t i = 0; i < SPR_COUNT(arrays); i++)
        mem_free(arrays[i]);
    mem_free(f->user_first);
    mem_free(f->user);
    mem_free(f->apart);
}

/* Times and amounts so large that their products would not fit are left to the plain bounds. */
static bool products_fit(const struct schedule_problem *s, const int64_t *duration)
{
    double total = 0, most = 1;
    for (int32_t n = 0; n < s->graph->nodes; n++)
        total += (double)duration[n];
    for (int32_t r = 0; r < s->resources; r++)
        most = (double)s->capacity[r] > most ? (double)s->capacity[r] : most;
    return 4 * total * most * (s->graph->nodes + 1.0) < 9e18;
}

enum spr_code schedule_refute(const struct schedule_problem *s, const int64_t *duration, const int64_t *head,
                              int64_t *bound, struct spr_error *err)
{
    if (s->graph->nodes > SCHEDULE_REFUTE_JOBS || s->resources < 1 || !products_fit(s, duration))
        return SPR_OK;
    struct refuter f;
    enum spr_code rc = SPR_OK;
    if (!refuter_init(&f, s, duration)) {
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory to bound a schedule of %d jobs", s->graph->nodes);
        goto out;
    }
    int64_t least = *bound, end = INT64_MAX; /* nothing shorter than `least` is possible; `end` may be */
    for (int64_t step = 1; end == INT64_MAX; step *= 2)
        if (refuted(&f, head, least + step - 1))
            least += step;
        else
            end = least + step - 1;
    while (least < end && f.work < WORK_MAX) {
        int64_t middle = least + (end - least) / 2;
        if (refuted(&f, head, middle))
            least = middle + 1;
        else
            end = middle;
    }
    *bound = least;
out:
    refuter_fini(&f);
    return rc;
}
