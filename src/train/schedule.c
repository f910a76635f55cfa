/* Rate over samples:            ____________
 *                              /            `.
 *                             /               `.___ last * peak
 *                            0  warmup   hold    total        */
#include "train/schedule.h"

#include <assert.h>
#include <math.h>

static const double PI = 3.14159265358979323846;

enum spr_code schedule_check(const struct schedule *s, struct spr_error *err)
{
    if (!(s->peak > 0 && s->peak <= 1))
        return SPR_FAIL(err, SPR_BADARG, "learning rate %g is outside 0..1", s->peak);
    if (!(s->hold >= 0 && s->hold <= 1))
        return SPR_FAIL(err, SPR_BADARG, "hold %g is outside 0..1", s->hold);
    if (!(s->last >= 0 && s->last <= 1))
        return SPR_FAIL(err, SPR_BADARG, "last rate %g is outside 0..1 of the peak", s->last);
    if (s->total < 1)
        return SPR_FAIL(err, SPR_BADARG, "a run of 0 samples trains nothing");
    return SPR_OK;
}

double schedule_rate(const struct schedule *s, uint64_t seen, uint64_t batch)
{
    assert(s->total > 0);
    double rise = 1;
    if (seen + batch < s->warmup)
        rise = (double)(seen + batch) / (double)s->warmup;
    double from = s->hold * (double)s->total;
    if (from < (double)s->warmup)
        from = (double)s->warmup;
    double fall = 1;
    if ((double)seen > from) {
        double part = ((double)seen - from) / ((double)s->total - from);
        if (!(part < 1)) /* also where warm-up is longer than the run */
            part = 1;
        fall = s->last + (1 - s->last) * 0.5 * (1 + cos(PI * part));
    }
    return s->peak * rise * fall;
}
