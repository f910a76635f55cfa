#include "pixel/inward.h"

#include <math.h>

enum { TERMS = 6, CHANNELS = 3, LEAST_PIXELS = 30 };

/* Pixels on a cell's border belong to two cells. */
static const double border = 0.11;
/* Keeps sides apart where few pixels see them. */
static const double ridge = 0.02;

/* The upper tail of a normal distribution, to 0.012: 1/2 at 0, 0.155 at 1, 0.022 at 2. */
static double tail(double deviations)
{
    double t = 1 - deviations / 3.1;
    return t > 0 ? 0.5 * t * t * t : 0;
}

/* Normal equations: products of the terms, and of terms and channels. */
struct equations {
    double matrix[TERMS][TERMS], right[TERMS][CHANNELS], squares[CHANNELS];
    int pixels;
};

static void add_pixel(struct equations *e, const double term[TERMS], const struct rgba *p)
{
    const double value[CHANNELS] = { p->r, p->g, p->b };
    for (int i = 0; i < TERMS; i++) {
        for (int k = 0; k <= i; k++)
            e->matrix[i][k] += term[i] * term[k];
        for (int c = 0; c < CHANNELS; c++)
            e->right[i][c] += term[i] * value[c];
    }
    for (int c = 0; c < CHANNELS; c++)
        e->squares[c] += value[c] * value[c];
    e->pixels++;
}

static bool gather(struct equations *e, const struct image *im, const struct inward_box *b, double deviation)
{
    double w = b->right - b->left, h = b->bottom - b->top;
    int x0 = (int)ceil(b->left + border * w - 0.5), x1 = (int)floor(b->right - border * w - 0.5);
    int y0 = (int)ceil(b->top + border * h - 0.5), y1 = (int)floor(b->bottom - border * h - 0.5);
    x0 = x0 < 0 ? 0 : x0;
    y0 = y0 < 0 ? 0 : y0;
    x1 = x1 >= im->width ? im->width - 1 : x1;
    y1 = y1 >= im->height ? im->height - 1 : y1;
    for (int y = y0; y <= y1; y++) {
        double v = y + 0.5, top = tail((v - b->top) / (deviation * h)),
               bottom = tail((b->bottom - v) / (deviation * h));
        for (int x = x0; x <= x1; x++) {
            double u = x + 0.5;
            const struct rgba *p = image_at(im, x, y);
            if (p->a != 255)
                return false;
            double left = tail((u - b->left) / (deviation * w)),
                   right = tail((b->right - u) / (deviation * w));
            const double term[TERMS] = { 1, left, right, top, bottom, (left + right) * (top + bottom) };
            add_pixel(e, term, p);
        }
    }
    return e->pixels >= LEAST_PIXELS;
}

/* Cholesky's decomposition in place. */
static bool decompose(struct equations *e)
{
    double(*m)[TERMS] = e->matrix;
    for (int i = 0; i < TERMS; i++)
        for (int k = 0; k <= i; k++) {
            double sum = m[i][k];
            for (int j = 0; j < k; j++)
                sum -= m[i][j] * m[k][j];
            if (i == k && sum <= 1e-9)
                return false;
            m[i][k] = i == k ? sqrt(sum) : sum / m[k][k];
        }
    return true;
}

static void solve(struct equations *e, const double right[TERMS], double ret[TERMS])
{
    double(*m)[TERMS] = e->matrix;
    for (int i = 0; i < TERMS; i++) {
        ret[i] = right[i];
        for (int k = 0; k < i; k++)
            ret[i] -= m[i][k] * ret[k];
        ret[i] /= m[i][i];
    }
    for (int i = TERMS - 1; i >= 0; i--) {
        for (int k = i + 1; k < TERMS; k++)
            ret[i] -= m[k][i] * ret[k];
        ret[i] /= m[i][i];
    }
}

bool inward_fit(const struct image *im, const struct inward_box *box, double deviation, struct inward *ret)
{
    struct equations e = { 0 };
    if (!gather(&e, im, box, deviation))
        return false;
    for (int i = 1; i < TERMS; i++)
        e.matrix[i][i] += ridge;
    if (!decompose(&e))
        return false;
    double c[CHANNELS], residual = 0, spread = 0, unit[TERMS] = { 1 }, inverse[TERMS];
    for (int k = 0; k < CHANNELS; k++) {
        double right[TERMS], found[TERMS], left = e.squares[k];
        for (int i = 0; i < TERMS; i++)
            right[i] = e.right[i][k];
        solve(&e, right, found);
        for (int i = 0; i < TERMS; i++)
            left -= found[i] * right[i];
        residual += left > 0 ? left : 0;
        spread += e.squares[k] - e.right[0][k] * e.right[0][k] / e.pixels;
        c[k] = found[0];
    }
    solve(&e, unit, inverse);
    *ret = (struct inward){
        c[0], c[1], c[2], residual / (e.pixels - TERMS), spread / e.pixels, sqrt(inverse[0]), e.pixels
    };
    return true;
}
