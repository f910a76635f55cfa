#include "pixel/skew.h"

#include "base/mem.h"

#include <math.h>

static const double largest = 0.0227; /* tan 1.3 degrees */
static const double gain_wanted = 1.12;

static double variance(const float *v, int count)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < count; i++) {
        sum += (double)v[i];
        squares += (double)v[i] * (double)v[i];
    }
    return squares / count - sum / count * (sum / count);
}

/* How sharp the lines of both axes are at that angle. */
static double sharpness(const struct edge_map *m, double tangent, float *profile)
{
    edges_profile(&m->x, -tangent, profile);
    double sum = variance(profile + 1, m->x.length - 1);
    edges_profile(&m->y, tangent, profile);
    return sum + variance(profile + 1, m->y.length - 1);
}

enum spr_code skew_find(const struct edge_map *m, double *ret_tangent, struct spr_error *err)
{
    int longer = m->x.length > m->y.length ? m->x.length : m->y.length;
    if (m->x.length < 16 || m->y.length < 16) {
        *ret_tangent = 0;
        return SPR_OK;
    }
    float *profile = mem_zalloc((size_t)longer + 1, sizeof *profile);
    if (!profile)
        return SPR_FAIL(err, SPR_NOMEM, "profile of %d lines", longer);
    double step = 1.0 / longer, upright = sharpness(m, 0, profile), best = upright;
    int steps = (int)(largest / step), at = 0;
    for (int k = -steps; k <= steps; k++) {
        double now = k == 0 ? upright : sharpness(m, k * step, profile);
        if (now > best) {
            best = now;
            at = k;
        }
    }
    double tangent = at * step;
    double fine = step / 2;
    for (int round = 0; round < 4; round++, fine /= 2)
        for (int way = -1; way <= 1; way += 2) {
            double now = sharpness(m, tangent + way * fine, profile);
            if (now > best) {
                best = now;
                tangent += way * fine;
            }
        }
    mem_free(profile);
    *ret_tangent = best > upright * gain_wanted && fabs(tangent) * longer > 1 ? tangent : 0;
    return SPR_OK;
}

struct mix {
    float r, g, b, a;
};

static void mix_add(struct mix *m, const struct rgba *p, float weight)
{
    float alpha = weight * (float)p->a;
    m->r += alpha * (float)p->r;
    m->g += alpha * (float)p->g;
    m->b += alpha * (float)p->b;
    m->a += alpha;
}

static uint8_t byte(float v)
{
    return (uint8_t)(v + 0.5f);
}

static struct rgba between(const struct image *im, double x, double y)
{
    int limit_x = im->width - 1, limit_y = im->height - 1;
    x = x < 0 ? 0 : x > limit_x ? limit_x : x;
    y = y < 0 ? 0 : y > limit_y ? limit_y : y;
    int left = (int)x, top = (int)y, right = left < limit_x ? left + 1 : left,
        under = top < limit_y ? top + 1 : top;
    float fx = (float)(x - left), fy = (float)(y - top);
    struct mix m = { 0 };
    mix_add(&m, image_at(im, left, top), (1 - fx) * (1 - fy));
    mix_add(&m, image_at(im, right, top), fx * (1 - fy));
    mix_add(&m, image_at(im, left, under), (1 - fx) * fy);
    mix_add(&m, image_at(im, right, under), fx * fy);
    if (m.a < 0.5f)
        return (struct rgba){ 0, 0, 0, 0 };
    return (struct rgba){ byte(m.r / m.a), byte(m.g / m.a), byte(m.b / m.a), byte(m.a) };
}

enum spr_code skew_straighten(const struct image *im, double tangent, struct image *ret,
                              struct spr_error *err)
{
    struct image upright;
    enum spr_code rc = image_init(&upright, im->width, im->height, err);
    if (rc)
        return rc;
    double c = 1 / sqrt(1 + tangent * tangent), s = tangent * c;
    double middle_x = (im->width - 1) * 0.5, middle_y = (im->height - 1) * 0.5;
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++) {
            double dx = x - middle_x, dy = y - middle_y;
            *image_at(&upright, x, y) = between(im, middle_x + c * dx - s * dy, middle_y + s * dx + c * dy);
        }
    *ret = upright;
    return SPR_OK;
}
