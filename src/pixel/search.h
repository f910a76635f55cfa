/* search - the closest of at most 256 points in three dimensions, many times.
 * Flow:  [pixel/search] -> nearest (a palette's colours), cluster (centres)
 * Points are kept sorted by x; a search goes outward from its own x and stops where x alone is farther than the best
 * so far. A hint, such as the answer for the pixel before, makes that soon.
 * Invariants: the answer does not depend on the hint; ties go to the lowest number.
 * Threads: immutable once built. */
#ifndef PIXEL_SEARCH_H
#define PIXEL_SEARCH_H
#include <stdint.h>

enum { SEARCH_MAX = 256, SEARCH_STARTS = 64 };

struct search {
    int count;
    float x[SEARCH_MAX], y[SEARCH_MAX], z[SEARCH_MAX]; /* sorted by x, then by number */
    uint8_t number[SEARCH_MAX];                        /* of each, in the caller's order */
    uint8_t place[SEARCH_MAX];                         /* the way back: place of each number */
    float low, per_x;                                  /* start[] is for x = low, low + 1 / per_x, ... */
    int start[SEARCH_STARTS];                          /* the first place with at least that x */
};

/* 1 <= count <= SEARCH_MAX. BORROWS the coordinates. */
void search_init(struct search *s, const float *x, const float *y, const float *z, int count);

/* The number of the closest point; hint is any number. *distance2 is the squared distance. */
static inline int search_closest(const struct search *s, float x, float y, float z, int hint,
                                 float *distance2)
{
    int best = s->place[hint], at = (int)((x - s->low) * s->per_x);
    float dx = s->x[best] - x, dy = s->y[best] - y, dz = s->z[best] - z, least = dx * dx + dy * dy + dz * dz;
    int middle = s->start[at < 0 ? 0 : at >= SEARCH_STARTS ? SEARCH_STARTS - 1 : at];
    for (int way = 1; way >= -1; way -= 2)
        for (int k = way > 0 ? middle : middle - 1; k >= 0 && k < s->count; k += way) {
            dx = s->x[k] - x;
            if (dx * dx > least) {
                if (dx * (float)way > 0)
                    break;
                continue;
            }
            dy = s->y[k] - y, dz = s->z[k] - z;
            float d = dx * dx + dy * dy + dz * dz;
            if (d < least || (d <= least && s->number[k] < s->number[best])) {
                least = d;
                best = k;
            }
        }
    *distance2 = least;
    return s->number[best];
}

#endif
