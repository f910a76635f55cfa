/* Gates that look at contours and shading. */
#include "pixel/gate_view.h"

#include <math.h>
#include <string.h>

/* How many of the four neighbours at its sides are of the shape. */
static int sides(const struct gate_view *v, int x, int y)
{
    return gate_in(v, x - 1, y) + gate_in(v, x + 1, y) + gate_in(v, x, y - 1) + gate_in(v, x, y + 1);
}

static bool at_border(const struct gate_view *v, int x, int y)
{
    return gate_in(v, x, y) && sides(v, x, y) < 4;
}

/* Jaggies (Cure: "a pixel out of place, interrupting the flow of a line"): pixels that stick out of the contour, held
 * at one side only, and single ground pixels that cut into it between three sides; in percent of the border. A claw or
 * the end of a thin line is one, too, so even a calm shape has some. */
void gate_jaggies(const struct gate_view *v, struct gate_result *r)
{
    int border = 0;
    for (int y = 0; y < v->height; y++)
        for (int x = 0; x < v->width; x++) {
            int n = sides(v, x, y);
            bool in = gate_in(v, x, y);
            border += in && n < 4;
            if (in ? n == 1 : n == 3)
                gate_mark(r, x, y);
        }
    r->applies = v->grounded && border >= 16;
    r->value = r->applies ? 100.0 * r->places / border : 0;
}

/* A shade beside another of one ramp: another colour, but not far. */
static bool near_shade(const struct gate_view *v, int x, int y, int u, int w)
{
    return gate_in(v, u, w) && !rgba_equal(*image_at(v->im, x, y), *image_at(v->im, u, w)) &&
           !gate_far(gate_lab(v, x, y), gate_lab(v, u, w));
}

static bool same_colour(const struct gate_view *v, int x, int y, int u, int w)
{
    return gate_in(v, x, y) && gate_in(v, u, w) && rgba_equal(*image_at(v->im, x, y), *image_at(v->im, u, w));
}

/* The length of the run of one colour that begins at (x, y) along (dx, dy); 0 where none begins there. */
static int colour_run(const struct gate_view *v, int x, int y, int dx, int dy)
{
    int n = 1;
    if (!gate_in(v, x, y) || same_colour(v, x, y, x - dx, y - dy))
        return 0;
    while (same_colour(v, x, y, x + n * dx, y + n * dy))
        n++;
    return n;
}

/* Banding (Cure, Helm: hugging): two runs of near shades lie side by side with the same beginning and the same end, so
 * that the eye sees the grid. Runs of three pixels and more count, along both axes. */
void gate_banding(const struct gate_view *v, struct gate_result *r)
{
    enum { SHORTEST = 3 };
    long banded = 0;
    for (int axis = 0; axis < 2; axis++) {
        int dx = axis == 0, dy = axis == 1;
        for (int y = 0; y < v->height; y++)
            for (int x = 0; x < v->width; x++) {
                int n = colour_run(v, x, y, dx, dy);
                if (n < SHORTEST || colour_run(v, x + dy, y + dx, dx, dy) != n ||
                    !near_shade(v, x, y, x + dy, y + dx))
                    continue;
                banded += n;
                gate_mark(r, x, y);
            }
    }
    r->value = v->pixels ? 100.0 * (double)banded / v->pixels : 0;
}

/* City-block distance of each pixel of the shape from what is not (1 at the edge), into scratch. What lies outside the
 * picture is not. Two passes (Rosenfeld and Pfaltz, 1966). */
static void distances(const struct gate_view *v)
{
    int *d = v->scratch, w = v->width, h = v->height;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            int up = y > 0 ? d[(y - 1) * w + x] : 0, left = x > 0 ? d[y * w + x - 1] : 0;
            d[y * w + x] = v->in[y * w + x] ? (up < left ? up : left) + 1 : 0;
        }
    for (int y = h - 1; y >= 0; y--)
        for (int x = w - 1; x >= 0; x--) {
            int down = y < h - 1 ? d[(y + 1) * w + x] : 0, right = x < w - 1 ? d[y * w + x + 1] : 0,
                low = (down < right ? down : right) + 1;
            d[y * w + x] = d[y * w + x] > low ? low : d[y * w + x];
        }
}

enum { TERMS = 4 }; /* 1, x, y, distance */

/* Share of the variance of lightness that the first `terms` explain: normal equations, by elimination. */
static double explained(const double m[TERMS][TERMS], const double by[TERMS], double total, int terms)
{
    double a[TERMS][TERMS + 1], sum = 0;
    for (int i = 0; i < terms; i++) {
        memcpy(a[i], m[i], (size_t)terms * sizeof **a);
        a[i][terms] = by[i];
    }
    for (int i = 0; i < terms; i++) {
        if (a[i][i] < 1e-9)
            return 0;
        for (int k = i + 1; k < terms; k++) {
            double f = a[k][i] / a[i][i];
            for (int j = i; j <= terms; j++)
                a[k][j] -= f * a[i][j];
        }
        sum += a[i][terms] * a[i][terms] / a[i][i];
    }
    return total > 0 ? sum / total : 0;
}

/* Pillow shading (Cure): dark at the edges and light in the middle, as if the light sat on the viewer's nose. Lightness is
 * explained by a slope (a light from one side) and by the distance from the edge; the value is what the distance explains
 * beyond the slope, 0 where the middle is darker. The outline, two pixels deep, is left out. */
void gate_pillow(const struct gate_view *v, struct gate_result *r)
{
    enum { FROM = 3, FEWEST = 60, DEPTH = 3 };
    double m[TERMS][TERMS] = { { 0 } }, by[TERMS] = { 0 }, mean[TERMS] = { 0 }, light = 0, total = 0;
    int n = 0, deepest = 0;
    distances(v);
    for (int pass = 0; pass < 2; pass++) {
        for (int y = 0; y < v->height; y++)
            for (int x = 0; x < v->width; x++) {
                int d = v->scratch[y * v->width + x];
                double L = gate_lab(v, x, y).L, t[TERMS] = { 1, x, y, d };
                if (d < FROM)
                    continue;
                deepest = d > deepest ? d : deepest;
                for (int i = 0; pass == 0 && i < TERMS; i++)
                    mean[i] += t[i];
                light += pass == 0 ? L : 0;
                n += pass == 0;
                for (int i = 0; pass == 1 && i < TERMS; i++)
                    for (int k = 0; k < TERMS; k++)
                        m[i][k] += (t[i] - mean[i]) * (t[k] - mean[k]);
                for (int i = 0; pass == 1 && i < TERMS; i++)
                    by[i] += (t[i] - mean[i]) * (L - light);
                total += pass == 1 ? (L - light) * (L - light) : 0;
            }
        for (int i = 0; pass == 0 && i < TERMS; i++)
            mean[i] /= n > 0 ? n : 1;
        light /= pass == 0 && n > 0 ? n : 1;
    }
    r->applies = v->grounded && n >= FEWEST && deepest >= FROM + DEPTH;
    if (!r->applies)
        return;
    /* Centred, the constant is gone: what remains is x, y, distance. */
    double c[TERMS][TERMS] = { { 0 } }, b[TERMS] = { 0 };
    for (int i = 1; i < TERMS; i++) {
        for (int k = 1; k < TERMS; k++)
            c[i - 1][k - 1] = m[i][k];
        b[i - 1] = by[i];
    }
    double all = explained((const double(*)[TERMS])c, b, total, 3),
           slope = explained((const double(*)[TERMS])c, b, total, 2);
    /* With almost one shade there is no shading to blame. */
    bool lighter_inside = by[3] > 0, shaded = total / n > 0.02 * 0.02;
    r->value = lighter_inside && shaded ? all - slope : 0;
}

/* The colour that most of the border has, and how many pixels of it have it: a vote by majority (Boyer and Moore, 1981)
 * finds any that has more than half. */
static struct rgba border_colour(const struct gate_view *v, int *ret_border, int *ret_votes)
{
    struct rgba best = { 0 };
    int lead = 0;
    *ret_border = *ret_votes = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int y = 1; y < v->height - 1; y++)
            for (int x = 1; x < v->width - 1; x++) {
                struct rgba p = *image_at(v->im, x, y);
                if (!at_border(v, x, y))
                    continue;
                if (pass == 0) {
                    best = lead == 0 ? p : best;
                    lead += rgba_equal(p, best) ? 1 : -1;
                    ++*ret_border;
                } else {
                    *ret_votes += rgba_equal(p, best);
                }
            }
    return best;
}

/* Gaps of an outline. A sprite has one where one colour makes at least 90 % of its border, the picture's edge left out; a
 * gap is a pixel of the border that is lighter by more than what is far. */
void gate_outline(const struct gate_view *v, struct gate_result *r)
{
    int border, votes;
    struct rgba line = border_colour(v, &border, &votes);
    r->applies = v->grounded && border >= 16 && votes * 10 >= border * 9;
    if (!r->applies)
        return;
    float limit = oklab_from(line).L + GATE_FAR;
    for (int y = 1; y < v->height - 1; y++)
        for (int x = 1; x < v->width - 1; x++)
            if (at_border(v, x, y) && gate_lab(v, x, y).L > limit)
                gate_mark(r, x, y);
    r->value = r->places;
}
