#include "fix/soft.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *must_alloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size);
    if (!p) {
        fprintf(stderr, "bench_pixelfix: no memory for %zu x %zu bytes\n", count, size);
        exit(1);
    }
    return p;
}

struct spans spans_even(int count, double pixels, double phase)
{
    struct spans c = { count, must_alloc((size_t)count + 1, sizeof *c.edge) };
    for (int i = 0; i <= count; i++)
        c.edge[i] = pixels * i / count + phase;
    return c;
}

struct spans spans_uneven(int count, double size, double spread, struct random r)
{
    struct spans c = { count, must_alloc((size_t)count + 1, sizeof *c.edge) };
    for (int i = 0; i < count; i++)
        c.edge[i + 1] = c.edge[i] + size * (1 + spread * (2 * random_unit(r, (uint64_t)i) - 1));
    return c;
}

void spans_fini(struct spans *c)
{
    free(c->edge);
    *c = (struct spans){ 0 };
}

static struct soft soft_new(int width, int height)
{
    return (struct soft){ width, height, must_alloc((size_t)width * (size_t)height * 4, sizeof(float)) };
}

static float *soft_at(const struct soft *s, int x, int y)
{
    return &s->v[((size_t)y * (size_t)s->width + (size_t)x) * 4];
}

static void add_pixel(float to[4], struct rgba p, float weight)
{
    float a = (float)p.a / 255 * weight;
    to[0] += (float)p.r * a;
    to[1] += (float)p.g * a;
    to[2] += (float)p.b * a;
    to[3] += (float)p.a * weight;
}

/* Share of [from, to) that each cell covers: first cell and up to `most` weights; how many. */
static int cover(const struct spans *c, double from, double to, bool smooth, int *first, float weight[16])
{
    int i = 0;
    double centre = (from + to) / 2;
    while (i < c->count - 1 && c->edge[i + 1] <= (smooth ? from : centre))
        i++;
    *first = i;
    if (!smooth) {
        weight[0] = 1;
        return 1;
    }
    int n = 0;
    double sum = 0;
    for (; i < c->count && n < 16; i++, n++) {
        double low = i == 0 ? from : fmax(from, c->edge[i]),
               high = i == c->count - 1 ? to : fmin(to, c->edge[i + 1]);
        weight[n] = (float)fmax(0, high - low);
        sum += weight[n];
        if (high >= to)
            break;
    }
    n = n < 16 && i < c->count ? n + 1 : n;
    for (int k = 0; k < n; k++)
        weight[k] = (float)(weight[k] / sum);
    return n;
}

struct soft soft_enlarge(const struct image *truth, const struct spans *x, const struct spans *y, int width,
                         int height, bool smooth)
{
    struct soft wide = soft_new(width, truth->height), s = soft_new(width, height);
    float weight[16];
    int first;
    for (int u = 0; u < width; u++) {
        int n = cover(x, u, u + 1, smooth, &first, weight);
        for (int v = 0; v < truth->height; v++)
            for (int k = 0; k < n; k++)
                add_pixel(soft_at(&wide, u, v), *image_at(truth, first + k, v), weight[k]);
    }
    for (int v = 0; v < height; v++) {
        int n = cover(y, v, v + 1, smooth, &first, weight);
        float *to = soft_at(&s, 0, v);
        for (int k = 0; k < n; k++) {
            const float *from = soft_at(&wide, 0, first + k);
            for (int i = 0; i < width * 4; i++)
                to[i] += from[i] * weight[k];
        }
    }
    soft_fini(&wide);
    return s;
}

struct soft soft_enlarge_turned(const struct image *truth, int width, int height, double degrees)
{
    enum { SUB = 4 };
    struct soft s = soft_new(width, height);
    double angle = degrees * 3.14159265358979 / 180, c = cos(angle), n = sin(angle);
    double mx = width / 2.0, my = height / 2.0, cw = (double)truth->width / width,
           ch = (double)truth->height / height;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int k = 0; k < SUB * SUB; k++) {
                double u = x + (k % SUB + 0.5) / SUB - mx, v = y + (k / SUB + 0.5) / SUB - my;
                int i = (int)floor((c * u + n * v + mx) * cw), j = (int)floor((c * v - n * u + my) * ch);
                i = i < 0 ? 0 : i >= truth->width ? truth->width - 1 : i;
                j = j < 0 ? 0 : j >= truth->height ? truth->height - 1 : j;
                add_pixel(soft_at(&s, x, y), *image_at(truth, i, j), 1.0f / (SUB * SUB));
            }
    return s;
}

/* One line of count pixels of 4 values, `step` floats apart. */
static void blur_line(float *line, int count, size_t step, const float *kernel, int radius, float *scratch)
{
    for (int i = 0; i < count; i++)
        memcpy(&scratch[i * 4], &line[(size_t)i * step], 4 * sizeof(float));
    for (int i = 0; i < count; i++)
        for (int k = 0; k < 4; k++) {
            float sum = 0;
            for (int j = -radius; j <= radius; j++) {
                int at = i + j < 0 ? 0 : i + j >= count ? count - 1 : i + j;
                sum += scratch[at * 4 + k] * kernel[j + radius];
            }
            line[(size_t)i * step + (size_t)k] = sum;
        }
}

void soft_blur(struct soft *s, double sigma)
{
    int radius = (int)ceil(3 * sigma), longest = s->width > s->height ? s->width : s->height;
    float *kernel = must_alloc((size_t)radius * 2 + 1, sizeof *kernel), sum = 0;
    float *scratch = must_alloc((size_t)longest * 4, sizeof *scratch);
    for (int i = -radius; i <= radius; i++)
        sum += kernel[i + radius] = (float)exp(-i * i / (2 * sigma * sigma));
    for (int i = 0; i <= 2 * radius; i++)
        kernel[i] /= sum;
    for (int y = 0; y < s->height; y++)
        blur_line(soft_at(s, 0, y), s->width, 4, kernel, radius, scratch);
    for (int x = 0; x < s->width; x++)
        blur_line(soft_at(s, x, 0), s->height, (size_t)s->width * 4, kernel, radius, scratch);
    free(kernel);
    free(scratch);
}

void soft_sharpen(struct soft *s, double sigma, double strength)
{
    size_t count = (size_t)s->width * (size_t)s->height * 4;
    struct soft dull = soft_new(s->width, s->height);
    memcpy(dull.v, s->v, count * sizeof *s->v);
    soft_blur(&dull, sigma);
    for (size_t i = 0; i < count; i++)
        if (i % 4 != 3)
            s->v[i] += (float)strength * (s->v[i] - dull.v[i]);
    soft_fini(&dull);
}

void soft_noise(struct soft *s, double sigma, struct random r)
{
    size_t row = (size_t)s->width * 3;
    float *normal = must_alloc(row, sizeof *normal);
    for (int y = 0; y < s->height; y++) {
        random_normals(r, (uint64_t)y * row, row, normal);
        for (int x = 0; x < s->width; x++) {
            float *p = soft_at(s, x, y), weight = (float)sigma * p[3] / 255;
            for (int k = 0; k < 3; k++)
                p[k] += normal[x * 3 + k] * weight;
        }
    }
    free(normal);
}

static uint8_t byte_of(float v)
{
    return v <= 0 ? 0 : v >= 255 ? 255 : (uint8_t)lrintf(v);
}

struct image soft_to_image(const struct soft *s)
{
    struct image im;
    struct spr_error err;
    if (image_init(&im, s->width, s->height, &err)) {
        fprintf(stderr, "bench_pixelfix: %s\n", err.text);
        exit(1);
    }
    for (size_t i = 0, n = (size_t)s->width * (size_t)s->height; i < n; i++) {
        const float *p = &s->v[i * 4];
        float a = p[3] / 255;
        uint8_t alpha = byte_of(p[3]);
        if (alpha)
            im.pixel[i] = (struct rgba){ byte_of(p[0] / a), byte_of(p[1] / a), byte_of(p[2] / a), alpha };
    }
    return im;
}

void soft_fini(struct soft *s)
{
    free(s->v);
    *s = (struct soft){ 0 };
}
