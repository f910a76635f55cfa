#include "pixel/grid_check.h"

#include "base/mem.h"
#include "pixel/cells.h"

#include <math.h>
#include <stdlib.h>

static const double edge = 0.2; /* of a cell's width, at each side: blur and rounding reach that far */

/* Variance of the four channels together, premultiplied. */
static double variance(const struct image *im, struct span x, struct span y)
{
    int64_t sum[4] = { 0 }, squares = 0, n = (int64_t)(x.to - x.from) * (y.to - y.from);
    for (int row = y.from; row < y.to; row++) {
        const struct rgba *p = image_at(im, x.from, row);
        for (int i = 0; i < x.to - x.from; i++) {
            int a = p[i].a, r = p[i].r, g = p[i].g, b = p[i].b;
            if (a != 255) {
                r = (r * a + 127) / 255;
                g = (g * a + 127) / 255;
                b = (b * a + 127) / 255;
            }
            sum[0] += r;
            sum[1] += g;
            sum[2] += b;
            sum[3] += a;
            squares += r * r + g * g + b * b + a * a;
        }
    }
    double mean2 = 0;
    for (int k = 0; k < 4; k++)
        mean2 += (double)sum[k] * (double)sum[k];
    return (double)squares / (double)n - mean2 / ((double)n * (double)n);
}

static int ascending(const void *p, const void *q)
{
    float a = *(const float *)p, b = *(const float *)q;
    return (a > b) - (a < b);
}

/* Mean variance; ret_quiet: of the quietest third's upper end. */
static double measure(const struct image *im, const struct grid *g, double aside, float *value,
                      double *ret_quiet)
{
    int count = 0, cells_x = g->x.cells - (aside > 0), cells_y = g->y.cells - (aside > 0);
    double sum = 0;
    for (int j = 0; j < cells_y; j++) {
        double dy = aside * g->y.pitch;
        struct span y =
            span_within((double)g->y.line[j] + dy, (double)g->y.line[j + 1] + dy, edge, im->height);
        for (int i = 0; i < cells_x; i++) {
            double dx = aside * g->x.pitch;
            struct span x =
                span_within((double)g->x.line[i] + dx, (double)g->x.line[i + 1] + dx, edge, im->width);
            double v = variance(im, x, y);
            value[count++] = (float)v;
            sum += v;
        }
    }
    if (count == 0) {
        *ret_quiet = 0;
        return 0;
    }
    qsort(value, (size_t)count, sizeof *value, ascending);
    *ret_quiet = (double)value[count / 3];
    return sum / count;
}

enum spr_code grid_check(const struct image *im, const struct grid *g, struct grid_check *ret,
                         struct spr_error *err)
{
    size_t cells = (size_t)g->x.cells * (size_t)g->y.cells;
    float *value = mem_zalloc(cells, sizeof *value);
    double quiet, ignored;
    if (!value)
        return SPR_FAIL(err, SPR_NOMEM, "variance of %zu cells", cells);
    double within = measure(im, g, 0, value, &quiet), aside = measure(im, g, 0.5, value, &ignored);
    mem_free(value);
    double extra = within > quiet ? within - quiet : 0, extra_aside = aside > quiet ? aside - quiet : 0;
    double plain = extra_aside > 0 ? 1 - extra / extra_aside : 0;
    *ret = (struct grid_check){ sqrt(quiet / 3), extra, extra_aside, plain < 0 ? 0 : plain };
    return SPR_OK;
}
