/* How long it takes to make a picture four times as large, and to turn it.
 * Usage: bench_scale [FILE]     without a file: 64 made-up sprites on 256x256
 * Prints one line per method: processor time in milliseconds, the least of 9. */
#include "pixel/scale.h"
#include "image/load.h"
#include "pixel/turn.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Blobs of few colours with outlines and holes: dense, as sheets of sprites are. */
static struct image made_up(void)
{
    static const struct rgba colours[] = { { 0 },
                                           { 20, 12, 28, 255 },
                                           { 200, 60, 50, 255 },
                                           { 240, 180, 60, 255 },
                                           { 60, 120, 80, 255 },
                                           { 230, 230, 210, 255 } };
    struct image im;
    uint32_t seed = 7;
    if (image_init(&im, 256, 256, NULL))
        exit(1);
    for (int y = 0; y < 256; y++)
        for (int x = 0; x < 256; x++) {
            int dx = x % 32 - 16, dy = y % 32 - 16, d = dx * dx + dy * dy;
            seed = seed * 1664525u + 1013904223u;
            int shade = 2 + (int)((unsigned)(dx + 2 * dy + 64 + x / 32 * 5) / 7 + (seed >> 30) / 3) % 4;
            *image_at(&im, x, y) = colours[d > 200 ? 0 : d > 165 ? 1 : shade];
        }
    return im;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
    struct image im;
    struct spr_error err = { 0 };
    if (argc > 1 && image_load(argv[1], NULL, &im, NULL, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    if (argc < 2)
        im = made_up();
    for (int m = 0; m < SCALE_METHOD_COUNT + TURN_METHOD_COUNT; m++) {
        double least = 1e9;
        for (int round = 0; round < 9; round++) {
            struct image to;
            double begin = now_ms();
            enum spr_code rc =
                m < SCALE_METHOD_COUNT
                    ? scale_by(&im, (enum scale_method)m, 4, &to, &err)
                    : turn_rotate(&im, 30, (enum turn_method)(m - SCALE_METHOD_COUNT), false, &to, &err);
            double took = now_ms() - begin;
            if (rc) {
                fprintf(stderr, "%s\n", err.text);
                return 1;
            }
            least = took < least ? took : least;
            image_fini(&to);
        }
        printf("%dx%d %-16s %7.2f ms\n", im.width, im.height,
               m < SCALE_METHOD_COUNT    ? scale_method_name((enum scale_method)m)
               : m == SCALE_METHOD_COUNT ? "turned, nearest"
                                         : "turned, smart",
               least);
    }
    image_fini(&im);
    return 0;
}
