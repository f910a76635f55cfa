#include "pixel/search.h"

#include <assert.h>

void search_init(struct search *s, const float *x, const float *y, const float *z, int count)
{
    assert(count >= 1 && count <= SEARCH_MAX);
    *s = (struct search){ .count = count };
    for (int i = 0; i < count; i++) { /* insertion: few, and often sorted already */
        int k = i;
        for (; k > 0 && s->x[k - 1] > x[i]; k--) {
            s->x[k] = s->x[k - 1], s->y[k] = s->y[k - 1], s->z[k] = s->z[k - 1];
            s->number[k] = s->number[k - 1];
        }
        s->x[k] = x[i], s->y[k] = y[i], s->z[k] = z[i];
        s->number[k] = (uint8_t)i;
    }
    for (int k = 0; k < count; k++)
        s->place[s->number[k]] = (uint8_t)k;
    float width = s->x[count - 1] - s->x[0];
    s->low = s->x[0];
    s->per_x = width > 0 ? (SEARCH_STARTS - 1) / width : 0;
    for (int i = 0, k = 0; i < SEARCH_STARTS; i++) {
        float from = s->per_x > 0 ? s->low + (float)i / s->per_x : s->low;
        while (k < count - 1 && s->x[k] < from)
            k++;
        s->start[i] = k;
    }
}
