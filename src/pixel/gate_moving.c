/* Gates that look at several frames of one size. */
#include "pixel/gate_view.h"

#include <math.h>
#include <string.h>

static void mark_in(struct gate_result *r, int x, int y, int frame)
{
    gate_mark(r, x, y);
    if (r->places <= GATE_PLACES)
        r->place[r->places - 1].frame = frame;
}

/* What is transparent is equal whatever colour lies under it. */
static bool same(const struct gate_view *a, const struct gate_view *b, size_t i)
{
    struct rgba p = a->im->pixel[i], q = b->im->pixel[i];
    return (p.a == 0 && q.a == 0) || rgba_equal(p, q);
}

static bool frames_equal(const struct gate_view *a, const struct gate_view *b)
{
    for (size_t i = 0, n = (size_t)a->width * (size_t)a->height; i < n; i++)
        if (!same(a, b, i))
            return false;
    return true;
}

void gate_duplicates(const struct gate_view *views, int count, struct gate_result *r)
{
    for (int i = 1; i < count; i++)
        if (frames_equal(&views[i - 1], &views[i]))
            mark_in(r, 0, 0, i);
    r->value = r->places;
}

void gate_size(const struct gate_view *views, int count, struct gate_result *r)
{
    int sizes = 0;
    for (int i = 0; i < count; i++) {
        bool seen = false;
        for (int k = 0; k < i && !seen; k++)
            seen = views[k].width == views[i].width && views[k].height == views[i].height;
        sizes += !seen;
        if (!seen && i > 0)
            mark_in(r, 0, 0, i);
    }
    r->value = sizes;
}

void gate_palette(const struct gate_view *views, int count, struct gate_result *r)
{
    int most = 1;
    for (int i = 0; i < count; i++) {
        int n = gate_count_colours(&views[i], 1);
        most = n > most ? n : most;
    }
    r->value = (double)gate_count_colours(views, count) / most;
}

/* The colour that (x, y) has in b was beside it in a: something moved by a pixel. */
static bool moved_in(const struct gate_view *a, const struct gate_view *b, int x, int y)
{
    struct rgba p = *image_at(b->im, x, y);
    for (int k = 0; k < 9; k++) {
        int u = x + k % 3 - 1, w = y + k / 3 - 1;
        if (k != 4 && gate_in(a, u, w) && rgba_equal(p, *image_at(a->im, u, w)))
            return true;
    }
    return false;
}

/* A pixel flickers where it leaves its colour for another that is not far and that no neighbour had, and has its own back
 * a frame later. What moves changes to far or to neighbours' colours, or does not come back at once. */
void gate_flicker(const struct gate_view *views, int count, struct gate_result *r)
{
    double looked = 0;
    r->applies = count >= 3;
    for (int t = 1; t + 1 < count; t++) {
        const struct gate_view *a = &views[t - 1], *b = &views[t], *c = &views[t + 1];
        for (size_t i = 0, n = (size_t)a->width * (size_t)a->height; i < n; i++) {
            if (!a->in[i] || !b->in[i] || !c->in[i])
                continue;
            looked++;
            int x = (int)(i % (size_t)a->width), y = (int)(i / (size_t)a->width);
            if (!same(a, b, i) && same(a, c, i) && !gate_far(a->lab[i], b->lab[i]) && !moved_in(a, b, x, y))
                mark_in(r, x, y, t);
        }
    }
    r->value = looked > 0 ? 100 * r->places / looked : 0;
}

/* The change from one frame to another, over all pixels: 1 for one that comes or goes, else OkLab distance. */
static double change(const struct gate_view *a, const struct gate_view *b)
{
    double sum = 0;
    for (size_t i = 0, n = (size_t)a->width * (size_t)a->height; i < n; i++) {
        if (a->in[i] != b->in[i])
            sum += 1;
        else if (a->in[i] && !same(a, b, i))
            sum += sqrt((double)oklab_distance2(a->lab[i], b->lab[i]));
    }
    return sum;
}

/* An animation that repeats must not jump where it does: the change from the last frame to the first against the largest
 * one inside. */
void gate_loop(const struct gate_view *views, int count, struct gate_result *r)
{
    double most = 1e-2 * views[0].pixels + 1e-3; /* what hardly moves may close as roughly */
    r->applies = count >= 3;
    if (!r->applies)
        return;
    for (int i = 1; i < count; i++)
        most = fmax(most, change(&views[i - 1], &views[i]));
    r->value = change(&views[count - 1], &views[0]) / most;
    if (r->value > 1)
        mark_in(r, 0, 0, count - 1);
}

static bool centre(const struct gate_view *v, double *ret_x, double *ret_y)
{
    double sx = 0, sy = 0;
    for (int y = 0; y < v->height; y++)
        for (int x = 0; x < v->width; x++)
            if (gate_in(v, x, y)) {
                sx += x;
                sy += y;
            }
    *ret_x = sx / (v->pixels ? v->pixels : 1);
    *ret_y = sy / (v->pixels ? v->pixels : 1);
    return v->pixels > 0;
}

/* An animation in place keeps its centre of mass: how far it gets from the first frame's. */
void gate_drift(const struct gate_view *views, int count, struct gate_result *r)
{
    double x0, y0, x, y;
    int worst = 0;
    r->applies = centre(&views[0], &x0, &y0);
    for (int i = 1; r->applies && i < count; i++) {
        if (!centre(&views[i], &x, &y))
            continue;
        double d = hypot(x - x0, y - y0);
        if (d > r->value) {
            r->value = d;
            worst = i;
        }
    }
    if (worst)
        mark_in(r, (int)x0, (int)y0, worst);
}
