/* Besag's iterated conditional modes (1986) on a Potts model: few sweeps settle, since it starts from the best
 * colours pixel by pixel. */
#include "pixel/clean.h"

#include "pixel/nearest.h"

#include <assert.h>
#include <stdbool.h>

enum { SWEEPS = 4 };

static const int near_x[8] = { 1, -1, 0, 0, 1, 1, -1, -1 }, near_y[8] = { 0, 0, 1, -1, 1, -1, 1, -1 };

/* The indices around (x, y) inside the picture; how many. */
static int around(const struct indexed *im, int x, int y, uint8_t found[8])
{
    int n = 0;
    for (int k = 0; k < 8; k++) {
        int u = x + near_x[k], v = y + near_y[k];
        if (u >= 0 && v >= 0 && u < im->width && v < im->height)
            found[n++] = im->index[(size_t)v * (size_t)im->width + (size_t)u];
    }
    return n;
}

static int others(const uint8_t *found, int n, uint8_t index)
{
    int count = 0;
    for (int k = 0; k < n; k++)
        count += found[k] != index;
    return count;
}

struct point {
    float x, y, z;
};

static struct point point_of(enum colour_space space, struct rgba c)
{
    struct point p;
    colour_space_map(space, &c, 1, &p.x, &p.y, &p.z);
    return p;
}

static float distance2(struct point p, struct point q)
{
    float x = p.x - q.x, y = p.y - q.y, z = p.z - q.z;
    return x * x + y * y + z * z;
}

int clean_grain(struct indexed *im, const struct image *before, enum colour_space space, float reluctance)
{
    struct point colour[256];
    int changed = 0, changed_now = 1;
    float price = reluctance * reluctance;
    assert(im->width == before->width && im->height == before->height);
    for (int i = 0; i < im->palette.count; i++)
        colour[i] = point_of(space, im->palette.colour[i]);
    for (int sweep = 0; sweep < SWEEPS && changed_now; sweep++) {
        changed_now = 0;
        for (int y = 0; y < im->height; y++)
            for (int x = 0; x < im->width; x++) {
                uint8_t *at = &im->index[(size_t)y * (size_t)im->width + (size_t)x], found[8], best = *at;
                int n = around(im, x, y, found), differ = others(found, n, best);
                if (im->palette.colour[best].a == 0 || differ == 0)
                    continue;
                struct point own = point_of(space, *image_at(before, x, y));
                float least = distance2(own, colour[best]) + price * (float)differ;
                for (int k = 0; k < n; k++) {
                    float cost = distance2(own, colour[found[k]]) + price * (float)others(found, n, found[k]);
                    if (im->palette.colour[found[k]].a != 0 && cost < least) {
                        least = cost;
                        best = found[k];
                    }
                }
                changed_now += best != *at;
                *at = best;
            }
        changed += changed_now;
    }
    return changed;
}

int clean_count_orphans(const struct indexed *im)
{
    int count = 0;
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++) {
            uint8_t own = im->index[(size_t)y * (size_t)im->width + (size_t)x], found[8];
            int n = around(im, x, y, found);
            count += im->palette.colour[own].a != 0 && others(found, n, own) == n;
        }
    return count;
}
