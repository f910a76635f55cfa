#include "pixel/pitch.h"

#include "base/mem.h"
#include "pixel/pitch_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A rigid lattice that explains so much needs no elastic one beside it, and is better than one that explains so little
 * more: uneven lines always find something. */
static const double all_but_everything = 0.95, all_but_as_much = 0.06;

enum { BLOCK = 8, BLOCK_MOST = 5, SPECTRUM_MAX = 640, PERIODS = 6, CANDIDATES = 24 };

static int ascending(const void *p, const void *q)
{
    float a = *(const float *)p, b = *(const float *)q;
    return (a > b) - (a < b);
}

/* What noise leaves on every line: the profile's lower part, and how much it varies. */
struct floor {
    float low, level;
};

/* Of the lines from, from + step, ... */
static struct floor floor_of(const float *profile, int length, int from, int step, float *sorted)
{
    int n = 0;
    for (int x = from; x < length; x += step)
        sorted[n++] = profile[x];
    if (n == 0)
        return (struct floor){ 0 };
    qsort(sorted, (size_t)n, sizeof *sorted, ascending);
    return (struct floor){ sorted[n / 8], sorted[n * 3 / 8] };
}

/* Whether even the weakest lines between blocks of 8 pixels stand out, but not as cells' borders do. */
static bool has_blocks(const float *profile, int length, const struct floor *all, float *sorted)
{
    if (length < BLOCK * BLOCK || all->level <= 0)
        return false;
    float low = floor_of(profile, length, BLOCK, BLOCK, sorted).low;
    return low > all->level + (all->level - all->low) && low < all->level * BLOCK_MOST;
}

/* change[x]: the profile above its floor, square-rooted. JPEG and WebP work in blocks of 8 pixels and leave more at
 * their borders, all over the picture: then each place within a block has a floor of its own. */
static void lift(const float *profile, int length, float *sorted, float *change)
{
    struct floor all = floor_of(profile, length, 1, 1, sorted);
    float spread = all.level - all.low, floor_to[BLOCK];
    bool blocks = has_blocks(profile, length, &all, sorted);
    for (int k = 0; k < BLOCK; k++) {
        struct floor here = blocks ? floor_of(profile, length, k > 0 ? k : BLOCK, BLOCK, sorted) : all;
        float vary = here.level < 1.25f * here.low ? here.level - here.low : 0.25f * here.low;
        float scaled = blocks ? spread * here.low / all.level : spread;
        floor_to[k] = here.low + 3 * (vary > scaled ? vary : scaled);
        if (floor_to[k] < all.level + 3 * spread)
            floor_to[k] = all.level + 3 * spread;
    }
    change[0] = change[length] = 0;
    for (int x = 1; x < length; x++)
        change[x] = profile[x] > floor_to[x % BLOCK] ? sqrtf(profile[x] - floor_to[x % BLOCK]) : 0;
}

/* lag[t] = sum of (change[x] - mean) * (change[x + t] - mean), for t = 0..most. */
static void autocorrelate(const float *change, int length, int most, float *centred, double *lag)
{
    double mean = 0;
    for (int x = 1; x < length; x++)
        mean += (double)change[x];
    mean /= length - 1;
    for (int x = 0; x < length; x++)
        centred[x] = x == 0 ? 0 : change[x] - (float)mean;
    for (int t = 0; t <= most; t++) {
        float sum[4] = { 0 };
        int x = 0;
        for (; x + t + 4 <= length; x += 4)
            for (int k = 0; k < 4; k++)
                sum[k] += centred[x + k] * centred[x + t + k];
        for (; x + t < length; x++)
            sum[0] += centred[x] * centred[x + t];
        lag[t] = (double)sum[0] + (double)sum[1] + (double)sum[2] + (double)sum[3];
    }
}

/* How periodic the change is with that pitch, seen through a window of a few periods. */
static double periodicity(const double *lag, int most, double pitch)
{
    int last = (int)(pitch * PERIODS);
    if (last > most)
        last = most;
    double step = 2 * turn_cosine(1 / pitch), now = turn_cosine(1 / pitch), before = 1, sum = 0, weights = 0;
    for (int t = 1; t <= last; t++) {
        double part = (double)t / (last + 1), weight = (1 - part) * (1 + part);
        sum += weight * lag[t] * now;
        weights += weight;
        double next = step * now - before;
        before = now;
        now = next;
    }
    return weights > 0 ? sum / weights * pitch : 0;
}

struct spectrum {
    int count;
    double pitch[SPECTRUM_MAX], value[SPECTRUM_MAX];
};

static void spectrum_make(struct spectrum *s, const double *lag, int most, double largest)
{
    s->count = 0;
    for (double pitch = 1.9; pitch <= largest * 1.03 && s->count < SPECTRUM_MAX; pitch *= 1.0125) {
        s->pitch[s->count] = pitch;
        s->value[s->count++] = periodicity(lag, most, pitch);
    }
}

struct candidates {
    int count;
    double pitch[CANDIDATES];
};

static void candidate_add(struct candidates *c, double pitch, double largest)
{
    for (int i = 0; i < c->count; i++)
        if (fabs(c->pitch[i] / pitch - 1) < 0.02)
            return;
    if (pitch >= 1.9 && pitch <= largest && c->count < CANDIDATES)
        c->pitch[c->count++] = pitch;
}

/* The highest peaks, then their doubles and halves, which the spectrum may hide. */
static void choose_candidates(struct candidates *c, const struct spectrum *s, double largest, double extra)
{
    bool taken[SPECTRUM_MAX] = { false };
    double highest = 0;
    c->count = 0;
    candidate_add(c, extra, largest);
    for (int round = 0; round < 9; round++) {
        int best = -1;
        for (int i = 0; i < s->count; i++)
            if (!taken[i] && (i == 0 || s->value[i] >= s->value[i - 1]) &&
                (i == s->count - 1 || s->value[i] >= s->value[i + 1]) &&
                (best < 0 || s->value[i] > s->value[best]))
                best = i;
        if (best < 0 || s->value[best] < highest * 0.15 || s->value[best] <= 0)
            break;
        highest = round == 0 ? s->value[best] : highest;
        taken[best] = true;
        candidate_add(c, s->pitch[best], largest);
    }
    int peaks = c->count;
    for (int i = 0; i < peaks && i < 5; i++) {
        candidate_add(c, c->pitch[i] * 2, largest);
        candidate_add(c, c->pitch[i] / 2, largest);
        candidate_add(c, c->pitch[i] * 3, largest);
    }
}

static void fit_fini(struct fit *f)
{
    mem_free(f->line);
    *f = (struct fit){ 0 };
}

/* Of two that are equally good the firm one is the truth. */
static double worth(const struct fit *f)
{
    return f->score + (f->firm ? 0.02 : 0);
}

/* TAKES fit: keeps it in its place among the best, once for each pitch. */
static void keep(struct fits *f, struct fit *fit)
{
    int at = 0;
    for (int i = 0; i < f->count; i++)
        if (fabs(f->fit[i].pitch / fit->pitch - 1) < 0.03) {
            if (worth(&f->fit[i]) >= worth(fit)) {
                fit_fini(fit);
                return;
            }
            fit_fini(&f->fit[i]);
            memmove(&f->fit[i], &f->fit[i + 1], (size_t)(f->count - i - 1) * sizeof *f->fit);
            f->count--;
            break;
        }
    while (at < f->count && f->fit[at].score >= fit->score)
        at++;
    if (at == PITCH_FITS) {
        fit_fini(fit);
        return;
    }
    if (f->count == PITCH_FITS)
        fit_fini(&f->fit[--f->count]);
    memmove(&f->fit[at + 1], &f->fit[at], (size_t)(f->count - at) * sizeof *f->fit);
    f->fit[at] = *fit;
    f->count++;
}

static enum spr_code try_candidates(struct fits *f, const struct candidates *c, const float *change,
                                    int length, double held, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int i = 0; !rc && i < c->count; i++) {
        struct fit rigid, elastic = { 0 };
        bool near = fabs(c->pitch[i] / held - 1) < 0.1;
        fit_rigid(change, length, c->pitch[i], &rigid);
        if (near || !rigid.firm || rigid.explained < all_but_everything)
            rc = fit_elastic(change, length, near ? held : c->pitch[i], near, &elastic, err);
        if (rc)
            break;
        rigid.firm = rigid.firm && rigid.explained > elastic.explained - all_but_as_much;
        if (rigid.firm && !near)
            fit_fini(&elastic);
        if (rigid.pitch > 0 && !(near && elastic.pitch > 0))
            keep(f, &rigid);
        if (elastic.pitch > 0)
            keep(f, &elastic);
    }
    return rc;
}

enum spr_code fits_init(struct fits *ret, const float *profile, int length, double extra, double held,
                        struct spr_error *err)
{
    struct fits f = { 0 };
    struct candidates candidates;
    double largest = length / 4.0 < 400 ? length / 4.0 : 400;
    int most = largest * PERIODS < length - 1 ? (int)(largest * PERIODS) : length - 1;
    if (length < 8) {
        *ret = f;
        return SPR_OK;
    }
    size_t floats = (size_t)length + 1;
    float *change = mem_zalloc(2 * floats, sizeof *change);
    double *lag = mem_zalloc((size_t)most + 1, sizeof *lag);
    struct spectrum *spectrum = mem_zalloc(1, sizeof *spectrum);
    enum spr_code rc =
        change && lag && spectrum ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "pitch of %d lines", length);
    if (!rc) {
        lift(profile, length, change + floats, change);
        for (int x = 1; x < length; x++)
            f.evident += change[x] > 0;
        autocorrelate(change, length, most, change + floats, lag);
        spectrum_make(spectrum, lag, most, largest);
        choose_candidates(&candidates, spectrum, largest, extra);
        rc = try_candidates(&f, &candidates, change, length, held, err);
    }
    mem_free(change);
    mem_free(lag);
    mem_free(spectrum);
    if (rc)
        fits_fini(&f);
    else
        *ret = f;
    return rc;
}

void fits_fini(struct fits *f)
{
    for (int i = 0; i < f->count; i++)
        fit_fini(&f->fit[i]);
    *f = (struct fits){ 0 };
}
