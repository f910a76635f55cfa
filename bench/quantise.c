/* How long 32 colours for a picture take, and how close they come.
 * Usage: bench_quantise [COLOURS] [FILE.png...]     without files: a made-up 1024x1024 picture
 *        bench_quantise --psnr A.png B.png          what another program made of A
 *        bench_quantise --make oklab|srgb COLOURS A.png B.png    the whole job of such a program: A in few colours as B
 * Prints one line per picture: milliseconds (median of 5), PSNR over opaque pixels in 8-bit sRGB, and the root of the
 * mean squared OkLab distance in thousandths. */
#include "pixel/quantise.h"
#include "base/clock.h"
#include "base/random.h"
#include "image/colour.h"
#include "image/load.h"
#include "image/png.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double psnr(const struct image *a, const struct image *b)
{
    double sum = 0, n = 0;
    for (size_t i = 0, count = (size_t)a->width * (size_t)a->height; i < count; i++) {
        struct rgba p = a->pixel[i], q = b->pixel[i];
        if (p.a < 128)
            continue;
        int dr = p.r - q.r, dg = p.g - q.g, db = p.b - q.b;
        sum += dr * dr + dg * dg + db * db;
        n += 3;
    }
    return sum > 0 ? 10 * log10(255.0 * 255.0 * n / sum) : INFINITY;
}

/* Root of the mean squared OkLab distance, in thousandths: what the eye sees rather than what the bytes say. */
static double oklab_error(const struct image *a, const struct image *b)
{
    double sum = 0, n = 0;
    for (size_t i = 0, count = (size_t)a->width * (size_t)a->height; i < count; i++) {
        if (a->pixel[i].a < 128)
            continue;
        sum += (double)oklab_distance2(oklab_from(a->pixel[i]), oklab_from(b->pixel[i]));
        n++;
    }
    return n > 0 ? 1000 * sqrt(sum / n) : 0;
}

/* Hills of colour with a little grain: some 200,000 different colours. */
static struct image made_up(void)
{
    struct image im;
    struct random r = { 1, 0 };
    if (image_init(&im, 1024, 1024, NULL))
        exit(1);
    for (int y = 0; y < 1024; y++)
        for (int x = 0; x < 1024; x++) {
            float u = (float)x / 1024, v = (float)y / 1024,
                  grain = random_unit(r, (uint64_t)(y * 1024 + x)) * 12;
            *image_at(&im, x, y) =
                (struct rgba){ (uint8_t)(120 + 100 * sinf(9 * u + 4 * v * v) + grain),
                               (uint8_t)(110 + 90 * sinf(7 * v - 5 * u * v) + grain),
                               (uint8_t)(90 + 70 * cosf(11 * u * v + 3 * u) + grain), 255 };
        }
    return im;
}

static int by_value(const void *a, const void *b)
{
    double d = *(const double *)a - *(const double *)b;
    return d < 0 ? -1 : d > 0;
}

static void measure(const char *name, const struct image *im, int colours, enum colour_space space)
{
    struct indexed few = { 0 };
    struct image back;
    struct spr_error err = { 0 };
    struct quantise_options o = { .colours = colours, .space = space };
    double ms[5];
    for (int i = 0; i < 5; i++) {
        indexed_fini(&few);
        int64_t start = clock_steady_ns();
        if (quantise(im, &o, &few, &err)) {
            fprintf(stderr, "%s: %s\n", name, err.text);
            exit(1);
        }
        ms[i] = (double)(clock_steady_ns() - start) * 1e-6;
    }
    qsort(ms, 5, sizeof *ms, by_value);
    if (image_from_indexed(&back, &few, &err))
        exit(1);
    printf("quantise %-5s %3d colours %4dx%-4d %7.1f ms  %6.2f dB  OkLab %5.1f  %s\n",
           space == COLOUR_OKLAB ? "oklab" : "srgb", colours, im->width, im->height, ms[2], psnr(im, &back),
           oklab_error(im, &back), name);
    image_fini(&back);
    indexed_fini(&few);
}

static struct image load(const char *path)
{
    struct image im;
    struct spr_error err;
    if (image_load(path, NULL, &im, NULL, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return im;
}

static int make(enum colour_space space, int colours, const char *from, const char *to)
{
    struct image im = load(from);
    struct indexed few;
    struct spr_error err;
    struct quantise_options o = { .colours = colours, .space = space };
    enum spr_code rc = quantise(&im, &o, &few, &err);
    image_fini(&im);
    if (!rc) {
        rc = png_write_indexed(to, &few, NULL, FILE_REPLACE, &err);
        indexed_fini(&few);
    }
    if (rc)
        fprintf(stderr, "%s: %s\n", from, err.text);
    return rc != 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--psnr") == 0) {
        struct image a = load(argv[2]), b = load(argv[3]);
        if (a.width != b.width || a.height != b.height)
            return 1;
        printf("%.2f dB  OkLab %5.1f\n", psnr(&a, &b), oklab_error(&a, &b));
        return 0;
    }
    if (argc == 6 && strcmp(argv[1], "--make") == 0)
        return make(strcmp(argv[2], "srgb") == 0 ? COLOUR_SRGB : COLOUR_OKLAB, atoi(argv[3]), argv[4],
                    argv[5]);
    int colours = argc > 1 ? atoi(argv[1]) : 32;
    for (int i = 2; i < argc; i++) {
        struct image im = load(argv[i]);
        measure(argv[i], &im, colours, COLOUR_OKLAB);
        measure(argv[i], &im, colours, COLOUR_SRGB);
        image_fini(&im);
    }
    if (argc < 3) {
        struct image im = made_up();
        measure("made up", &im, colours, COLOUR_OKLAB);
        measure("made up", &im, colours, COLOUR_SRGB);
        image_fini(&im);
    }
    return 0;
}
