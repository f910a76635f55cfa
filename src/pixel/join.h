/* join - colours that noise made of one become one again; real ones stay.
 * Flow:  pixel/cells (one picture, or the frames of a sequence) -> [pixel/join] -> the same with few colours
 * 1. In a sequence each cell is compared over time: values that noise can explain become their mean in all frames.
 * 2. Neighbouring cells within noise of their region's mean are a region; its mean is known better the larger it is.
 * 3. Regions join, largest first, if the difference of their means is within what noise does to means of so many cells.
 * 4. Cells beside the ground, the colour that most of the border has, and almost of it are ground.
 * 5. Colours that noise moved away from 0 and 255, because it was cut off there, go back.
 * Where there is no noise nothing changes (law P5).
 * Invariants: alpha of the result is 0 or 255; a cell that stays the same over time has one colour over time.
 * Threads: any; nothing is shared. Deterministic. */
#ifndef PIXEL_JOIN_H
#define PIXEL_JOIN_H
#include "base/err.h"
#include "pixel/cells.h"

/* Changes the colours of frame[count], all of one size, in place. Fails: SPR_NOMEM, and then nothing is changed. */
SPR_MUST_USE enum spr_code join_noise(struct cells *frame, int count, struct spr_error *err);

#endif
