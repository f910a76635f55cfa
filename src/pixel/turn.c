#include "pixel/turn.h"

#include "base/mem.h"
#include "pixel/scale.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { SMART = 8, SMART_PIXELS_MAX = 1 << 20 };

void turn_mirror(struct image *im, bool x, bool y)
{
    for (int v = 0; v < im->height && x; v++)
        for (int u = 0; u < im->width / 2; u++) {
            struct rgba *p = image_at(im, u, v), *q = image_at(im, im->width - 1 - u, v), swap = *p;
            *p = *q;
            *q = swap;
        }
    for (int v = 0; v < im->height / 2 && y; v++)
        for (int u = 0; u < im->width; u++) {
            struct rgba *p = image_at(im, u, v), *q = image_at(im, u, im->height - 1 - v), swap = *p;
            *p = *q;
            *q = swap;
        }
}

/* Taylor's series of sine for |x| <= pi / 4: the error is below 1e-17. */
static double small_sine(double x)
{
    double term = x, sum = x;
    for (int n = 2; n < 20; n += 2) {
        term *= -x * x / (n * (n + 1));
        sum += term;
    }
    return sum;
}

static double small_cosine(double x)
{
    double term = 1, sum = 1;
    for (int n = 1; n < 20; n += 2) {
        term *= -x * x / (n * (n + 1));
        sum += term;
    }
    return sum;
}

/* degrees 0..360; exact at multiples of 90. */
static void direction(double degrees, double *ret_sine, double *ret_cosine)
{
    int quarter = (int)((degrees + 45) / 90);
    double x = (degrees - 90 * quarter) * 0.017453292519943295, s = small_sine(x), c = small_cosine(x);
    switch (quarter & 3) {
    case 0:
        *ret_sine = s, *ret_cosine = c;
        break;
    case 1:
        *ret_sine = c, *ret_cosine = -s;
        break;
    case 2:
        *ret_sine = -s, *ret_cosine = -c;
        break;
    default:
        *ret_sine = -c, *ret_cosine = s;
    }
}

/* Draws `from`, which is `scale` times as large as the picture, rotated about the middle of both. */
static void sample(const struct image *from, int scale, double sine, double cosine, const struct image *to)
{
    double from_x = from->width / 2.0, from_y = from->height / 2.0;
    double to_x = to->width / 2.0, to_y = to->height / 2.0;
    for (int y = 0; y < to->height; y++)
        for (int x = 0; x < to->width; x++) {
            double dx = x + 0.5 - to_x, dy = y + 0.5 - to_y;
            int u = (int)floor((cosine * dx + sine * dy) * scale + from_x);
            int v = (int)floor((cosine * dy - sine * dx) * scale + from_y);
            if (u >= 0 && v >= 0 && u < from->width && v < from->height)
                *image_at(to, x, y) = *image_at(from, u, v);
        }
}

/* The pixels of a side that must be there so that the rotated middle keeps its place: as even or odd as `like`. */
static int side_for(double length, int like)
{
    int n = (int)ceil(length - 1e-9);
    return n + ((n ^ like) & 1);
}

static void quarters(const struct image *im, int count, const struct image *to)
{
    int w = to->width, h = to->height;
    int left = (w - (count & 1 ? im->height : im->width)) / 2,
        top = (h - (count & 1 ? im->width : im->height)) / 2;
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++) {
            int u = count == 1 ? im->height - 1 - y : count == 2 ? im->width - 1 - x : count == 3 ? y : x;
            int v = count == 1 ? x : count == 2 ? im->height - 1 - y : count == 3 ? im->width - 1 - x : y;
            u += left;
            v += top;
            if (u >= 0 && v >= 0 && u < w && v < h)
                *image_at(to, u, v) = *image_at(im, x, y);
        }
}

/* On the canvas, which is clear. */
static enum spr_code rotate_onto(const struct image *im, double degrees, enum turn_method method,
                                 const struct image *to, struct spr_error *err)
{
    double sine, cosine;
    struct image large = { 0 };
    direction(degrees, &sine, &cosine);
    if (sine == 0 || cosine == 0) {
        quarters(im, sine > 0 ? 1 : cosine < 0 ? 2 : sine < 0 ? 3 : 0, to);
        return SPR_OK;
    }
    if (method == TURN_NEAREST) {
        sample(im, 1, sine, cosine, to);
        return SPR_OK;
    }
    if ((size_t)im->width * (size_t)im->height > SMART_PIXELS_MAX)
        return SPR_FAIL(
            err, SPR_LIMIT,
            "a picture of %dx%d is too large to rotate smartly; up to %d pixels are, and any by nearest",
            im->width, im->height, (int)SMART_PIXELS_MAX);
    enum spr_code rc = scale_by(im, SCALE_EPX, SMART, &large, err);
    if (!rc)
        sample(&large, SMART, sine, cosine, to);
    image_fini(&large);
    return rc;
}

static double whole_turn(double degrees)
{
    degrees = fmod(degrees, 360);
    return degrees < 0 ? degrees + 360 : degrees;
}

enum spr_code turn_rotate(const struct image *im, double degrees, enum turn_method method, bool keep_size,
                          struct image *ret, struct spr_error *err)
{
    struct image to;
    double sine, cosine;
    int width = im->width, height = im->height;
    degrees = whole_turn(degrees);
    direction(degrees, &sine, &cosine);
    if (!keep_size && (sine == 0 || cosine == 0)) {
        width = cosine == 0 ? im->height : im->width;
        height = cosine == 0 ? im->width : im->height;
    } else if (!keep_size) {
        width = side_for(fabs(cosine) * im->width + fabs(sine) * im->height, im->width);
        height = side_for(fabs(sine) * im->width + fabs(cosine) * im->height, im->height);
    }
    enum spr_code rc = image_init(&to, width, height, err);
    if (rc)
        return rc;
    rc = rotate_onto(im, degrees, method, &to, err);
    if (rc)
        image_fini(&to);
    else
        *ret = to;
    return rc;
}

enum spr_code turn_set(const struct image *im, int count, enum turn_method method, struct image *ret,
                       struct spr_error *err)
{
    assert(count >= 1);
    double diagonal = sqrt((double)im->width * im->width + (double)im->height * im->height);
    int larger = im->width > im->height ? im->width : im->height;
    int side = side_for(count == 4 || count < 3 ? larger : diagonal, im->width);
    enum spr_code rc = SPR_OK;
    int made = 0;
    for (; made < count && !rc; made++) {
        rc = image_init(&ret[made], side, side, err);
        if (!rc && (rc = rotate_onto(im, whole_turn(360.0 * made / count), method, &ret[made], err)))
            image_fini(&ret[made]);
    }
    for (int i = 0; i < made - 1 && rc; i++)
        image_fini(&ret[i]);
    return rc;
}
