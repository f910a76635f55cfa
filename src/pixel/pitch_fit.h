/* pitch_fit - the two ways in which a lattice is laid over one axis' change.
 * Flow:  pixel/pitch -> [pixel/pitch_fit] -> struct fit
 * change[length + 1]: how much changes at each line, 0 where nothing does. */
#ifndef PIXEL_PITCH_FIT_H
#define PIXEL_PITCH_FIT_H
#include "pixel/pitch.h"

/* cos(2 pi t): the same bits on every machine, unlike libm's. */
double turn_cosine(double t);

/* A line every `pitch`, the best pitch within 5 % of the one that is given. ret->pitch is 0 if there is none. */
void fit_rigid(const float *change, int length, double pitch, struct fit *ret);

/* Lines where the change is, cells within 35 % of the pitch. held: the pitch is known and stays. GIVES ret->line. ret->pitch is 0 if there is none, or if
 * the pitch is too small to tell an uneven grid from noise. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code fit_elastic(const float *change, int length, double pitch, bool held,
                                       struct fit *ret, struct spr_error *err);

#endif
