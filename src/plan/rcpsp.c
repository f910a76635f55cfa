/* Both formats are numbers between headings. .sm: after the heading "PRECEDENCE RELATIONS" rows of job, modes, number
 * of followers, followers; after "REQUESTS/DURATIONS" rows of job, mode, duration, demands; after
 * "RESOURCEAVAILABILITIES" the capacities. .rcp: jobs, resources, capacities, then per job duration, demands, number
 * of followers, followers. A file with no heading is .rcp. */
#include "plan/rcpsp.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { JOBS_MAX = 100000, RESOURCES_MAX = 64, PAIRS_MAX = 10000000 };

enum spr_code rcpsp_make(const struct rcpsp_parts *parts, struct rcpsp *ret, struct spr_error *err)
{
    size_t jobs = (size_t)parts->jobs;
    struct rcpsp r = { .problem.resources = parts->resources };
    struct schedule_problem *s = &r.problem;
    int32_t *first = mem_zalloc(jobs + 1, sizeof *first),
            *need = mem_zalloc((size_t)parts->pairs, sizeof *need);
    int32_t *at = mem_zalloc(jobs + 1, sizeof *at);
    enum spr_code rc = SPR_OK;
    r.duration = mem_zalloc(jobs, sizeof *r.duration);
    s->capacity = mem_zalloc((size_t)parts->resources, sizeof *s->capacity);
    s->use_first = mem_zalloc(jobs + 1, sizeof *s->use_first);
    s->use = mem_zalloc(jobs * (size_t)parts->resources, sizeof *s->use);
    s->priority = mem_zalloc(jobs, sizeof *s->priority);
    if (!first || !need || !at || !r.duration || !s->capacity || !s->use_first || !s->use || !s->priority) {
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for %d jobs", parts->jobs);
        mem_free(first);
        mem_free(need);
        goto out;
    }
    for (int32_t i = 0; i < parts->pairs; i++)
        first[parts->pair[i][0] + 1]++;
    for (size_t n = 0; n < jobs; n++)
        at[n + 1] = first[n + 1] += first[n];
    for (int32_t i = 0; i < parts->pairs; i++)
        need[at[parts->pair[i][0]]++] = parts->pair[i][1];
    rc = graph_init_needs(&r.graph, parts->jobs, first, need, err);
    memcpy(r.duration, parts->duration, jobs * sizeof *r.duration);
    memcpy(s->capacity, parts->capacity, (size_t)parts->resources * sizeof *s->capacity);
    for (int32_t n = 0, used = 0; n < parts->jobs && !rc; n++) {
        for (int32_t k = 0; k < parts->resources; k++) {
            int64_t amount = parts->demand[(size_t)n * (size_t)parts->resources + (size_t)k];
            if (amount > 0)
                s->use[used++] = (struct plan_use){ k, amount };
            if (amount > s->capacity[k])
                rc = SPR_FAIL(err, SPR_BADDATA, "job %d asks for %lld of resource %d, which has %lld", n + 1,
                              (long long)amount, k + 1, (long long)s->capacity[k]);
        }
        s->use_first[n + 1] = used;
    }
out:
    mem_free(at);
    if (rc) {
        rcpsp_fini(&r);
    } else {
        *ret = r;
        ret->problem.graph = &ret->graph;
    }
    return rc;
}

void rcpsp_fini(struct rcpsp *r)
{
    graph_fini(&r->graph);
    schedule_fini(&r->problem);
    mem_free(r->duration);
    *r = (struct rcpsp){ 0 };
}

struct scanner {
    const char *at, *end;
    int line;
    struct spr_error *err;
    enum spr_code rc; /* the first failure; everything after it reads 0 */
    int32_t jobs, resources, pairs, room;
    int32_t (*pair)[2];
    int64_t *duration, *demand, capacity[RESOURCES_MAX];
};

static void fail(struct scanner *s, const char *what)
{
    if (!s->rc)
        s->rc = SPR_FAIL(s->err, SPR_BADDATA, "line %d: %s", s->line, what);
}

static int64_t number(struct scanner *s, int64_t least, int64_t most, const char *what)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\r' || *s->at == '\n'))
        s->line += *s->at++ == '\n';
    int64_t value = 0;
    const char *begin = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9' && value <= most)
        value = value * 10 + (*s->at++ - '0');
    if (s->rc || begin == s->at || value < least || value > most) {
        fail(s, what);
        return least;
    }
    return value;
}

/* Goes behind the next place of a text, then behind so many ends of lines; false if the text is not there. */
static bool seek(struct scanner *s, const char *text, int lines)
{
    size_t length = strlen(text);
    const char *p = memmem(s->at, (size_t)(s->end - s->at), text, length);
    if (!p)
        return false;
    p += length;
    for (const char *end; lines > 0 && (end = memchr(p, '\n', (size_t)(s->end - p))); lines--)
        p = end + 1;
    for (; s->at < p; s->at++)
        s->line += *s->at == '\n';
    return true;
}

static void room_for_jobs(struct scanner *s)
{
    if (s->rc)
        return;
    s->duration = mem_zalloc((size_t)s->jobs, sizeof *s->duration);
    s->demand = mem_zalloc((size_t)s->jobs * (size_t)s->resources, sizeof *s->demand);
    if (!s->duration || !s->demand)
        s->rc = SPR_FAIL(s->err, SPR_NOMEM, "no memory for %d jobs", s->jobs);
}

/* "count follower..." of a job. */
static void followers(struct scanner *s, int32_t job)
{
    int32_t count = (int32_t)number(s, 0, s->jobs, "the number of followers is expected");
    for (int32_t i = 0; i < count && !s->rc; i++) {
        int32_t next = (int32_t)number(s, 1, s->jobs, "the number of a job that follows is expected") - 1;
        if (s->pairs == s->room) {
            int32_t room = s->room ? s->room * 2 : 256;
            void *grown = room <= PAIRS_MAX ? mem_resize(s->pair, (size_t)room, sizeof *s->pair) : NULL;
            if (!grown) {
                s->rc = SPR_FAIL(s->err, SPR_NOMEM, "no memory for %d arrows", room);
                return;
            }
            s->pair = grown;
            s->room = room;
        }
        s->pair[s->pairs][0] = next;
        s->pair[s->pairs++][1] = job;
    }
}

static void demands(struct scanner *s, int32_t job)
{
    for (int32_t k = 0; k < s->resources; k++) {
        int64_t amount = number(s, 0, 1000000000, "a demand is expected");
        if (!s->rc)
            s->demand[(size_t)job * (size_t)s->resources + (size_t)k] = amount;
    }
}

static void read_rcp(struct scanner *s)
{
    s->jobs = (int32_t)number(s, 1, JOBS_MAX, "the number of jobs is expected");
    s->resources = (int32_t)number(s, 0, RESOURCES_MAX, "the number of resources is expected");
    for (int32_t k = 0; k < s->resources; k++)
        s->capacity[k] = number(s, 0, 1000000000, "a capacity is expected");
    room_for_jobs(s);
    for (int32_t n = 0; n < s->jobs && !s->rc; n++) {
        s->duration[n] = number(s, 0, 1000000000, "a duration is expected");
        demands(s, n);
        followers(s, n);
    }
}

static void read_sm(struct scanner *s)
{
    static const char lacks[] = "this is no single-mode PSPLIB file: a heading is missing";
    if (!seek(s, "jobs (incl.", 0) || !seek(s, ":", 0)) {
        fail(s, lacks);
        return;
    }
    s->jobs = (int32_t)number(s, 1, JOBS_MAX, "the number of jobs is expected");
    if (!seek(s, "- renewable", 0) || !seek(s, ":", 0)) {
        fail(s, lacks);
        return;
    }
    s->resources = (int32_t)number(s, 0, RESOURCES_MAX, "the number of resources is expected");
    room_for_jobs(s);
    if (!seek(s, "PRECEDENCE RELATIONS", 2))
        fail(s, lacks);
    for (int32_t n = 0; n < s->jobs && !s->rc; n++) {
        number(s, n + 1, n + 1, "the jobs' numbers must go up by one");
        number(s, 1, 1, "a job has one mode here");
        followers(s, n);
    }
    if (!seek(s, "REQUESTS/DURATIONS", 3))
        fail(s, lacks);
    for (int32_t n = 0; n < s->jobs && !s->rc; n++) {
        number(s, n + 1, n + 1, "the jobs' numbers must go up by one");
        number(s, 1, 1, "a job has one mode here");
        s->duration[n] = number(s, 0, 1000000000, "a duration is expected");
        demands(s, n);
    }
    if (!seek(s, "RESOURCEAVAILABILITIES", 2))
        fail(s, lacks);
    for (int32_t k = 0; k < s->resources; k++)
        s->capacity[k] = number(s, 0, 1000000000, "a capacity is expected");
}

enum spr_code rcpsp_read(const char *bytes, size_t length, struct rcpsp *ret, struct spr_error *err)
{
    struct scanner s = { .at = bytes, .end = bytes + length, .line = 1, .err = err };
    struct scanner probe = s;
    if (seek(&probe, "PRECEDENCE RELATIONS", 0))
        read_sm(&s);
    else
        read_rcp(&s);
    enum spr_code rc = s.rc;
    if (!rc) {
        struct rcpsp_parts parts = { s.jobs,     s.resources, s.pairs, (const int32_t(*)[2])s.pair,
                                     s.duration, s.capacity,  s.demand };
        rc = rcpsp_make(&parts, ret, err);
    }
    mem_free(s.pair);
    mem_free(s.duration);
    mem_free(s.demand);
    return rc;
}
