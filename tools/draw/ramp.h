/* ramp - the tones of a material, dark to light, made from one colour as pixel artists make them.
 * Flow:  a name in a description -> [draw/ramp] -> draw/raster
 * Threads: any; no state. */
#ifndef DRAW_RAMP_H
#define DRAW_RAMP_H
#include "image/image.h"

enum { RAMP_TONES = 5 };

/* The number of a material such as "red" or "steel"; -1 where there is none of that name. */
int ramp_named(const char *name);

/* Tone 0 (lines inside a figure) to 4 (highlights) of a material; others are cut to that. */
struct rgba ramp_tone(int ramp, int tone);

/* What its outline is drawn in. */
struct rgba ramp_outline(int ramp);

/* True for what mirrors light: metal, wet things. */
bool ramp_shines(int ramp);

#endif
