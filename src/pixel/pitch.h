/* pitch - which lattices one axis may have: from how much changes at each line to where the cells' borders are.
 * Flow:  pixel/edges' profile -> [pixel/pitch] -> fits, best first -> pixel/grid
 * 1. The profile loses its floor and is compressed, so that weak lines count beside strong ones.
 * 2. Its autocorrelation, seen through windows of a few periods, shows candidate pitches: a window is short enough that
 *    a grid that drifts is still seen.
 * 3. Each candidate is fitted twice: rigid (a line every `pitch`, found by phase and regression) and elastic (dynamic
 *    programming over line places, stiff against uneven cells).
 * 4. A fit is worth what it explains of all change, less what chance would, less lines where nothing changes: that is
 *    what tells a pitch from its half (empty lines) and its double (unexplained change).
 * Threads: any; nothing is shared. Deterministic: no libm but correctly rounded square roots. */
#ifndef PIXEL_PITCH_H
#define PIXEL_PITCH_H
#include "base/err.h"
#include <stdbool.h>

enum { PITCH_FITS = 8 };

struct fit {
    double pitch, phase; /* px: line k of a rigid grid is at phase + k * pitch; 0 <= phase < pitch */
    double explained;    /* share of change on lines beyond chance, up to 1 */
    double empty;        /* share of lines where nothing changes */
    double
        uneven; /* elastic: rms of (cell width / pitch - 1); rigid: rms of how far change is from lines / pitch */
    double score;
    bool elastic;
    bool firm;       /* rigid, and change lies where its lines are: cells are not uneven */
    int seen;        /* cells whose borders are both seen */
    int lines;       /* how many there are */
    float *line;     /* elastic: (lines) px, ascending; else NULL */
    int first, last; /* elastic: the outermost lines where change is seen */
    double vary;     /* elastic: variance of the width of cells whose borders are both seen, px^2 */
};

struct fits {
    int count;
    struct fit fit[PITCH_FITS]; /* best first; pitches differ by 3 % or more */
    int evident;                /* lines of the profile that stand out at all */
};

/* profile[length + 1]. extra: a pitch to try too, that the other axis has; 0 for none. held: fits near it are elastic, with
 * exactly that pitch; 0 for none. GIVES the lines (fits_fini). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code fits_init(struct fits *ret, const float *profile, int length, double extra,
                                     double held, struct spr_error *err);
void fits_fini(struct fits *f); /* fine on a zeroed one */

#endif
