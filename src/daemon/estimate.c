#include "daemon/estimate.h"

#include "base/random.h"

#include <math.h>

#define FIRST_PER_WORK 2e-5 /* seconds for a step of a pixel before anything was measured: a slow core */
#define NEWEST_COUNTS  0.3  /* of a moving average */

/* Percent at which each stage begins: the shares 2, 10, 3, 80, 4, 1. */
static const double begins[] = { 0, 2, 12, 15, 95, 99, 100 };

static double work_of(const struct request *r)
{
    int passes = r->guidance == 1.0 ? 1 : 2;
    double part = r->init.file ? fmax(r->init.strength, 0.05) : 1;
    return (double)r->size * r->size * r->steps * passes * part * (r->sampler == REQUEST_HEUN ? 2 : 1);
}

static uint64_t key_of(const struct request *r)
{
    uint64_t key = random_mix((uint64_t)r->size * 1000 + (uint64_t)r->steps);
    key = random_mix(key ^ (uint64_t)r->sampler ^ (r->guidance == 1.0 ? 16u : 0) ^ (r->init.file ? 32u : 0) ^
                     (r->count > 1 ? 64u : 0) ^ (uint64_t)(r->init.strength * 100) << 8);
    for (const char *c = request_text(r, REQUEST_MODEL); *c; c++)
        key = random_mix(key ^ (unsigned char)*c);
    return key | 1;
}

void estimate_learn(struct estimate *e, const struct request *r, double seconds)
{
    struct estimate_kind *k = &e->kind[0];
    uint64_t key = key_of(r);
    e->per_work = seconds / work_of(r);
    e->clock++;
    for (int i = 0; i < ESTIMATE_KINDS; i++) {
        if (e->kind[i].key == key) {
            e->kind[i].seconds += NEWEST_COUNTS * (seconds - e->kind[i].seconds);
            e->kind[i].used = e->clock;
            return;
        }
        if (e->kind[i].used < k->used)
            k = &e->kind[i];
    }
    *k = (struct estimate_kind){ key, seconds, e->clock };
}

double estimate_seconds(const struct estimate *e, const struct request *r)
{
    uint64_t key = key_of(r);
    for (int i = 0; i < ESTIMATE_KINDS; i++)
        if (e->kind[i].key == key)
            return e->kind[i].seconds * r->count;
    return work_of(r) * (e->per_work > 0 ? e->per_work : FIRST_PER_WORK) * r->count;
}

void advance_begin(struct advance *a, double expected_s, int64_t now_ns)
{
    *a = (struct advance){ .expected_s = expected_s, .eta_s = expected_s, .begun_ns = now_ns };
}

static double elapsed(const struct advance *a, int64_t now_ns)
{
    return (double)(now_ns - a->begun_ns) / 1e9;
}

bool advance_stage(struct advance *a, enum stage stage, int64_t now_ns)
{
    if (stage <= a->stage)
        return false;
    a->stage = stage;
    a->percent = fmax(a->percent, begins[stage]);
    a->eta_s = fmax(a->expected_s - elapsed(a, now_ns), 0);
    return true;
}

bool advance_step(struct advance *a, const struct engine_progress *p, int group, int64_t now_ns)
{
    int rest = p->pictures - p->picture, now = rest < group ? rest : group;
    double part =
        p->pictures > 0 && p->steps > 0 ? (p->picture + now * (double)p->step / p->steps) / p->pictures : 0;
    double percent =
        begins[STAGE_SAMPLING] + fmin(part, 1) * (begins[STAGE_DECODING] - begins[STAGE_SAMPLING]);
    if (percent < a->percent && a->stage >= STAGE_SAMPLING && p->step == a->step)
        return false;
    if (a->stage < STAGE_SAMPLING)
        a->stage = STAGE_SAMPLING;
    a->percent = fmax(a->percent, percent);
    a->step = p->step;
    a->steps = p->steps;
    double passed = elapsed(a, now_ns);
    a->eta_s = part > 0.1 ? passed * (1 - part) / part : fmax(a->expected_s - passed, 0);
    return true;
}
