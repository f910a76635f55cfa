/* enlarge_test - pixel art drawn by numbers, and what screens, scalers, cameras and codecs make of it. Only tests
 * include this. */
#ifndef PIXEL_ENLARGE_TEST_H
#define PIXEL_ENLARGE_TEST_H
#include "base/mem.h"
#include "base/random.h"
#include "pixel/art_test.h"

#include <math.h>

static const struct rgba drawn_ground = { 236, 236, 236, 255 };

/* A creature of cells on flat ground: symmetric, outlined, eight colours, other ones for every seed. */
static inline struct image draw_creature(int width, int height, uint64_t seed)
{
    static const struct rgba colours[] = { { 24, 20, 37, 255 },    { 190, 38, 51, 255 },
                                           { 224, 111, 139, 255 }, { 73, 60, 43, 255 },
                                           { 164, 100, 34, 255 },  { 235, 137, 49, 255 },
                                           { 68, 137, 26, 255 },   { 49, 162, 242, 255 } };
    struct random r = { seed, 1 };
    struct image im;
    struct spr_error err;
    assert_int_equal(image_init(&im, width, height, &err), SPR_OK);
    for (int i = 0; i < width * height; i++)
        im.pixel[i] = drawn_ground;
    double middle = (width - 1) * 0.5;
    for (int y = 3; y < height - 3; y++) {
        double reach = (width * 0.5 - 3) * (0.55 + 0.45 * (double)random_unit(r, (uint64_t)y));
        for (int x = 3; x < width - 3; x++) {
            double off = fabs(x - middle);
            int mirrored = (int)off;
            uint32_t pick = random_below(r, (uint64_t)(1000 + y * 100 + mirrored), 8);
            if (off <= reach)
                *image_at(&im, x, y) = off > reach - 1 ? colours[0] : colours[pick];
        }
    }
    return im;
}

struct enlarging {
    double x, y;    /* pixels per cell */
    double uneven;  /* each cell is up to that share wider or narrower */
    double degrees; /* turned clockwise */
    double noise;   /* standard deviation */
    bool antialiased;
};

/* Cell that the place lies in. */
static inline int cell_at(const double *edge, int cells, double at)
{
    int k = 0;
    while (k < cells - 1 && at >= edge[k + 1])
        k++;
    return k;
}

static inline double *cell_edges(int cells, double size, double uneven, struct random r)
{
    double *edge = mem_zalloc((size_t)cells + 1, sizeof *edge);
    assert_non_null(edge);
    for (int k = 0; k < cells; k++)
        edge[k + 1] = edge[k] + size * (1 + uneven * (2 * (double)random_unit(r, (uint64_t)k) - 1));
    return edge;
}

static inline struct image enlarge_art(const struct image *cells, const struct enlarging *how, uint64_t seed)
{
    double *ex = cell_edges(cells->width, how->x, how->uneven, (struct random){ seed, 2 });
    double *ey = cell_edges(cells->height, how->y, how->uneven, (struct random){ seed, 3 });
    int width = (int)(ex[cells->width] + 0.5), height = (int)(ey[cells->height] + 0.5);
    int fine = how->antialiased ? 4 : 1;
    double turn = how->degrees / 57.29577951308232, c = cos(turn), s = sin(turn);
    struct image im;
    struct spr_error err;
    assert_int_equal(image_init(&im, width, height, &err), SPR_OK);
    float *noise = mem_zalloc((size_t)width * 3, sizeof *noise);
    assert_non_null(noise);
    for (int y = 0; y < height; y++) {
        random_normals((struct random){ seed, 4 }, (uint64_t)y * (uint64_t)width * 3, (size_t)width * 3,
                       noise);
        for (int x = 0; x < width; x++) {
            double sum[4] = { 0 };
            for (int k = 0; k < fine * fine; k++) {
                double u = x + (k % fine + 0.5) / fine - width * 0.5,
                       v = y + (k / fine + 0.5) / fine - height * 0.5;
                struct rgba p = *image_at(cells, cell_at(ex, cells->width, c * u + s * v + width * 0.5),
                                          cell_at(ey, cells->height, c * v - s * u + height * 0.5));
                sum[0] += p.r * p.a;
                sum[1] += p.g * p.a;
                sum[2] += p.b * p.a;
                sum[3] += p.a;
            }
            uint8_t *to = &image_at(&im, x, y)->r;
            for (int k = 0; k < 3; k++) {
                double v = sum[3] > 0 ? sum[k] / sum[3] + how->noise * (double)noise[x * 3 + k] : 0;
                to[k] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5);
            }
            to[3] = (uint8_t)(sum[3] / (fine * fine) + 0.5);
        }
    }
    mem_free(noise);
    mem_free(ex);
    mem_free(ey);
    return im;
}

#endif
