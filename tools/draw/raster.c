/* Solids are sampled 4 x 4 times a pixel into a depth buffer. A pixel is opaque where half of its samples are, and
 * belongs to the part that has most of them; its tone is the mean light on that part. Then, as a pixel artist would:
 * a line where a part ends in front of another, single pixels taken away, an outline around all, details on top, and the
 * colours that are nearest to each other made one until there are few enough. */
#include "raster.h"

#include "base/random.h"
#include "image/colour.h"
#include "ramp.h"

#include <math.h>
#include <string.h>

enum { SAMPLES = 4, FINE = DRAW_SIDE * SAMPLES, GROUND = DRAW_SIDE - 1, PIXELS = DRAW_SIDE * DRAW_SIDE };
static const float behind_least = 0.35f; /* pixels of depth between two parts that make a line */

const char *const texture_name[TEXTURES] = { "plain", "scales", "fur",    "stripes",
                                             "spots", "bands",  "bricks", "rough" };

struct vec {
    float x, y, z;
};

struct sample {
    float z, shade; /* shade 0..1 */
    int16_t part;   /* -1: nothing */
    int16_t ramp, tone;
};

struct cell {
    int part; /* -1: nothing */
    int ramp, tone;
    float z;
    bool outline, detail;
};

struct raster {
    const struct drawing *d;
    float scale, left, top; /* model = fine / SAMPLES / scale + left */
    struct sample fine[FINE * FINE];
    struct cell cell[PIXELS];
};

struct bounds {
    float x0, y0, x1, y1;
};

static void widen(struct bounds *b, float x, float y, float rx, float ry)
{
    b->x0 = fminf(b->x0, x - rx);
    b->x1 = fmaxf(b->x1, x + rx);
    b->y0 = fminf(b->y0, y - ry);
    b->y1 = fmaxf(b->y1, y + ry);
}

static struct bounds bounds_of(const struct solid *s)
{
    struct bounds b = { INFINITY, INFINITY, -INFINITY, -INFINITY };
    const float c = cosf(s->turn), t = sinf(s->turn);
    switch (s->kind) {
    case SOLID_BALL:
        widen(&b, s->at[0].x, s->at[0].y, hypotf(s->radius * c, s->radius_y * t),
              hypotf(s->radius * t, s->radius_y * c));
        break;
    case SOLID_LIMB:
        widen(&b, s->at[0].x, s->at[0].y, s->radius, s->radius);
        widen(&b, s->at[1].x, s->at[1].y, s->radius_y, s->radius_y);
        break;
    case SOLID_PLATE:
        for (int i = 0; i < s->corners; i++)
            widen(&b, s->at[i].x, s->at[i].y, 0, 0);
        break;
    case SOLID_LATHE:
        for (int i = 0; i < s->corners; i++)
            widen(&b, s->middle, s->at[i].y, s->at[i].x, 0);
        break;
    }
    return b;
}

/* Depth and normal of a solid's front at a point; false beside it. */
static bool hit_ball(const struct solid *s, float x, float y, float *z, struct vec *n)
{
    const float c = cosf(s->turn), t = sinf(s->turn), dx = x - s->at[0].x, dy = y - s->at[0].y;
    const float u = (dx * c + dy * t) / s->radius, v = (dy * c - dx * t) / s->radius_y;
    const float w2 = 1 - u * u - v * v;
    if (w2 < 0)
        return false;
    const float w = sqrtf(w2), nu = u / s->radius, nv = v / s->radius_y;
    *z = s->z[0] + s->depth * w;
    *n = (struct vec){ nu * c - nv * t, nu * t + nv * c, w / s->depth };
    return true;
}

static bool hit_limb(const struct solid *s, float x, float y, float *z, struct vec *n)
{
    const float ax = s->at[1].x - s->at[0].x, ay = s->at[1].y - s->at[0].y, length2 = ax * ax + ay * ay;
    const float px = x - s->at[0].x, py = y - s->at[0].y;
    float t = length2 > 0 ? fmaxf(0, fminf(1, (px * ax + py * ay) / length2)) : 0;
    const float r = s->radius + t * (s->radius_y - s->radius), dx = px - t * ax, dy = py - t * ay;
    const float w2 = r * r - dx * dx - dy * dy;
    if (w2 < 0)
        return false;
    *z = s->z[0] + t * (s->z[1] - s->z[0]) + sqrtf(w2);
    *n = (struct vec){ dx, dy, sqrtf(w2) };
    return true;
}

static bool hit_plate(const struct solid *s, float x, float y, float *z)
{
    bool inside = false;
    for (int i = 0, j = s->corners - 1; i < s->corners; j = i++) {
        const struct point p = s->at[i], q = s->at[j];
        if ((p.y > y) != (q.y > y) && x < (q.x - p.x) * (y - p.y) / (q.y - p.y) + p.x)
            inside = !inside;
    }
    *z = s->z[0];
    return inside;
}

static bool hit_lathe(const struct solid *s, float x, float y, float *z, struct vec *n)
{
    for (int i = 0; i + 1 < s->corners; i++) {
        const struct point p = s->at[i], q = s->at[i + 1];
        if (y < p.y || y >= q.y)
            continue;
        const float w = p.x + (y - p.y) / (q.y - p.y) * (q.x - p.x), u = (x - s->middle) / fmaxf(w, 0.01f);
        if (u < -1 || u > 1)
            return false;
        const float slope = fmaxf(-1.5f, fminf(1.5f, (q.x - p.x) / (q.y - p.y)));
        *z = s->z[0] + w * sqrtf(1 - u * u);
        *n = (struct vec){ u, -slope, sqrtf(1 - u * u) };
        return true;
    }
    return false;
}

static float light_on(struct vec n, bool mirror, bool shines)
{
    const struct vec l = { -0.50f, -0.62f, 0.604f };
    const float length = sqrtf(n.x * n.x + n.y * n.y + n.z * n.z) + 1e-9f;
    const float x = (mirror ? -n.x : n.x) / length, y = n.y / length, z = n.z / length;
    const float dot = x * l.x + y * l.y + z * l.z;
    const float shade = dot > 0 ? 0.22f + 0.68f * dot : 0.22f + 0.2f * dot;
    const float mirrored = 2 * dot * z - l.z; /* of the light, towards the eye */
    return shines && mirrored > 0.86f ? 1 : shade;
}

static float plate_light(const struct solid *s, float x, float y)
{
    const struct point p = s->at[0], q = s->at[s->corners - 1];
    const float ax = q.x - p.x, ay = q.y - p.y;
    const float t = ((x - p.x) * ax + (y - p.y) * ay) / (ax * ax + ay * ay + 1e-6f);
    return s->light + fmaxf(0, fminf(1, t)) * (s->dark - s->light);
}

static void put_solid(struct raster *r, const struct solid *s)
{
    const struct bounds b = bounds_of(s);
    const float step = 1 / (r->scale * SAMPLES);
    int x0 = (int)floorf((b.x0 - r->left) / step), x1 = (int)ceilf((b.x1 - r->left) / step);
    int y0 = (int)floorf((b.y0 - r->top) / step), y1 = (int)ceilf((b.y1 - r->top) / step);
    x0 = x0 < 0 ? 0 : x0;
    y0 = y0 < 0 ? 0 : y0;
    x1 = x1 > FINE ? FINE : x1;
    y1 = y1 > FINE ? FINE : y1;
    for (int fy = y0; fy < y1; fy++)
        for (int fx = x0; fx < x1; fx++) {
            const float x = r->left + ((float)fx + 0.5f) * step, y = r->top + ((float)fy + 0.5f) * step;
            float z = 0, shade = 0;
            struct vec n = { 0, 0, 1 };
            bool hit = s->kind == SOLID_BALL    ? hit_ball(s, x, y, &z, &n)
                       : s->kind == SOLID_LIMB  ? hit_limb(s, x, y, &z, &n)
                       : s->kind == SOLID_LATHE ? hit_lathe(s, x, y, &z, &n)
                                                : hit_plate(s, x, y, &z);
            struct sample *to = &r->fine[fy * FINE + (r->d->mirror ? FINE - 1 - fx : fx)];
            if (!hit || (to->part >= 0 && to->z > z))
                continue;
            shade = s->kind == SOLID_PLATE ? plate_light(s, x, y)
                                           : light_on(n, r->d->mirror, ramp_shines(s->ramp));
            *to = (struct sample){ z, shade, (int16_t)s->part, (int16_t)s->ramp, (int16_t)s->tone };
        }
}

/* Which tone the light makes. */
static int tone_of(float shade)
{
    static const float from[] = { 0.13f, 0.40f, 0.66f, 0.85f };
    int tone = 0;
    while (tone < (int)SPR_COUNT(from) && shade >= from[tone])
        tone++;
    return tone;
}

static int texture_at(const struct drawing *d, enum texture texture, int x, int y)
{
    const struct random r = { d->seed, 77 };
    const uint64_t place = (uint64_t)y * DRAW_SIDE + (uint64_t)x;
    switch (texture) {
    case TEXTURE_SCALES:
        return (x + y / 2 * 2) % 4 == 0 && y % 2 == 0 ? -1 : 0;
    case TEXTURE_FUR:
        return random_unit(r, (uint64_t)((y + x % 2) / 2) * DRAW_SIDE + (uint64_t)x) < 0.16f ? -1 : 0;
    case TEXTURE_STRIPES:
        return (x * 2 + (y % 5 > 2 ? 1 : 0)) % 7 < 2 ? -9 : 0;
    case TEXTURE_SPOTS:
        return (x + y / 4 * 2) % 5 < 2 && y % 4 < 2 ? -2 : 0;
    case TEXTURE_BANDS:
        return (y * 2 + x) % 6 < 2 ? -1 : 0;
    case TEXTURE_BRICKS:
        return y % 4 == 3 || (x + y / 4 * 3) % 6 == 0 ? -1 : 0;
    case TEXTURE_ROUGH:
        return random_unit(r, place / 2) < 0.14f ? -1 : random_unit(r, 5000 + place / 2) < 0.1f ? 1 : 0;
    default:
        return 0;
    }
}

/* Which part has most of a pixel's samples, and their means. */
static struct cell gather(const struct raster *r, int px, int py)
{
    int count[PARTS_MAX] = { 0 }, all = 0, best = -1;
    struct cell c = { .part = -1 };
    float shade = 0;
    int tone = 0, ramp[64] = { 0 };
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < SAMPLES * SAMPLES; i++) {
            const struct sample *s =
                &r->fine[(py * SAMPLES + i / SAMPLES) * FINE + px * SAMPLES + i % SAMPLES];
            if (s->part < 0)
                continue;
            if (pass == 0) {
                all++;
                if (++count[s->part] > (best < 0 ? 0 : count[best]))
                    best = s->part;
            } else if (s->part == best) {
                c.z += s->z;
                shade += s->shade;
                if (++ramp[s->ramp] >= ramp[c.ramp]) {
                    c.ramp = s->ramp;
                    tone = s->tone;
                }
            }
        }
    if (all * 2 < SAMPLES * SAMPLES)
        return (struct cell){ .part = -1 };
    const struct part *part = &r->d->part[best];
    c.part = best;
    c.z /= (float)count[best];
    c.tone = tone_of(shade / (float)count[best]);
    c.tone = c.tone < 1 ? 1 : c.tone; /* 0 is for lines */
    int more = texture_at(r->d, part->texture, px, py);
    c.tone += tone - part->dim + (part->texture == TEXTURE_STRIPES ? 0 : more);
    c.tone = c.tone < 1 ? 1 : c.tone > 4 ? 4 : c.tone;
    if (part->texture == TEXTURE_STRIPES && more)
        c.tone = 0;
    return c;
}

static const int step_x[4] = { 0, -1, 1, 0 }, step_y[4] = { -1, 0, 0, 1 };

static struct cell *cell_at(struct raster *r, int x, int y)
{
    return x < 0 || y < 0 || x >= DRAW_SIDE || y >= DRAW_SIDE ? NULL : &r->cell[y * DRAW_SIDE + x];
}

static void draw_lines(struct raster *r)
{
    static uint8_t line[PIXELS];
    memset(line, 0, sizeof line);
    for (int i = 0; i < PIXELS; i++)
        for (int k = 0; k < 4 && r->cell[i].part >= 0; k++) {
            const struct cell *q = cell_at(r, i % DRAW_SIDE + step_x[k], i / DRAW_SIDE + step_y[k]);
            if (!q || q->part < 0 || q->part == r->cell[i].part)
                continue;
            const float depth = (q->z - r->cell[i].z) * r->scale;
            const uint8_t want = (uint8_t)r->d->part[q->part].line;
            if (depth > behind_least && want > line[i])
                line[i] = want;
        }
    for (int i = 0; i < PIXELS; i++)
        if (line[i]) {
            r->cell[i].tone = 0;
            r->cell[i].outline = line[i] == 2;
        }
}

static bool same(const struct cell *p, const struct cell *q)
{
    return p->part >= 0 && q->part >= 0 && p->ramp == q->ramp && p->tone == q->tone &&
           p->outline == q->outline;
}

/* Takes away pixels alone in the open, fills holes of one pixel, and gives pixels alone in their colour their
 * neighbours' tone. */
static void clean(struct raster *r)
{
    for (int i = 0; i < PIXELS; i++) {
        struct cell *c = &r->cell[i], *last = NULL;
        int opaque = 0;
        for (int k = 0; k < 4; k++) {
            struct cell *q = cell_at(r, i % DRAW_SIDE + step_x[k], i / DRAW_SIDE + step_y[k]);
            if (q && q->part >= 0) {
                opaque++;
                last = q;
            }
        }
        if (c->part >= 0 && opaque == 0)
            c->part = -1;
        else if (c->part < 0 && opaque == 4)
            *c = *last;
    }
    for (int i = 0; i < PIXELS; i++) {
        struct cell *c = &r->cell[i], *best = NULL;
        int alike = 0, most = 0;
        for (int k = 0; k < 9 && c->part >= 0; k++) {
            struct cell *q = cell_at(r, i % DRAW_SIDE + k % 3 - 1, i / DRAW_SIDE + k / 3 - 1);
            if (!q || q == c || q->part < 0)
                continue;
            alike += same(c, q);
            int votes = 0;
            for (int j = 0; j < 4; j++) {
                const struct cell *o = cell_at(r, i % DRAW_SIDE + step_x[j], i / DRAW_SIDE + step_y[j]);
                votes += o && same(o, q);
            }
            if (votes > most) {
                most = votes;
                best = q;
            }
        }
        if (alike == 0 && best) {
            c->ramp = best->ramp;
            c->tone = best->tone;
            c->outline = best->outline;
        }
    }
}

static int frequent_ramp(const struct raster *r)
{
    int count[64] = { 0 }, best = 0;
    for (int i = 0; i < PIXELS; i++)
        if (r->cell[i].part >= 0 && ++count[r->cell[i].ramp] > count[best])
            best = r->cell[i].ramp;
    return best;
}

static bool beside_figure(struct raster *r, int i)
{
    for (int k = 0; k < 4; k++) {
        const struct cell *q = cell_at(r, i % DRAW_SIDE + step_x[k], i / DRAW_SIDE + step_y[k]);
        if (q && q->part >= 0)
            return true;
    }
    return false;
}

static struct rgba shifted(const struct drawing *d, struct rgba colour)
{
    const struct oklab c = oklab_from(colour);
    const float x = cosf(d->turned), y = sinf(d->turned);
    return oklab_to((struct oklab){ c.L + d->lighter, c.a * x - c.b * y, c.a * y + c.b * x });
}

static void colour(struct raster *r, struct rgba *pixel)
{
    const struct drawing *d = r->d;
    const struct rgba outline = ramp_outline(d->outline >= 0 ? d->outline : frequent_ramp(r));
    for (int i = 0; i < PIXELS; i++) {
        const struct cell *c = &r->cell[i];
        if (c->part >= 0)
            pixel[i] = c->outline ? outline : shifted(d, ramp_tone(c->ramp, c->tone));
        else
            pixel[i] = beside_figure(r, i) ? outline : (struct rgba){ 0 };
    }
    for (int k = 0; k < d->details; k++) {
        const struct detail *t = &d->detail[k];
        float x = (t->at.x - r->left) * r->scale;
        int px = (int)floorf(x) + t->dx;
        const int py = (int)floorf((t->at.y - r->top) * r->scale) + t->dy;
        if (d->mirror)
            px = DRAW_SIDE - 1 - px;
        struct cell *c = cell_at(r, px, py);
        if (c) {
            pixel[py * DRAW_SIDE + px] = t->colour;
            c->detail = true;
        }
    }
}

/* Makes the two colours one that are missed least, until there are few enough; details keep theirs. */
static void reduce(const struct raster *r, struct rgba *pixel)
{
    for (;;) {
        struct rgba seen[PIXELS];
        int count[PIXELS] = { 0 }, colours = 0, from = -1, to = -1;
        bool kept[PIXELS] = { false };
        float least = INFINITY;
        for (int i = 0; i < PIXELS; i++) {
            int k = 0;
            if (!pixel[i].a)
                continue;
            while (k < colours && !rgba_equal(seen[k], pixel[i]))
                k++;
            colours += k == colours;
            seen[k] = pixel[i];
            count[k]++;
            kept[k] = kept[k] || r->cell[i].detail;
        }
        if (colours <= DRAW_COLOURS)
            return;
        for (int p = 0; p < colours; p++)
            for (int q = 0; q < colours; q++) {
                float cost = oklab_distance2(oklab_from(seen[p]), oklab_from(seen[q])) *
                             ((float)count[p] + (kept[p] ? 20 : 0));
                if (p != q && count[p] <= count[q] && cost < least) {
                    least = cost;
                    from = p;
                    to = q;
                }
            }
        for (int i = 0; i < PIXELS; i++)
            if (pixel[i].a && rgba_equal(pixel[i], seen[from]))
                pixel[i] = seen[to];
    }
}

static bool fit(struct raster *r)
{
    struct bounds b = { INFINITY, INFINITY, -INFINITY, -INFINITY };
    for (int i = 0; i < r->d->solids; i++) {
        const struct bounds s = bounds_of(&r->d->solid[i]);
        widen(&b, s.x0, s.y0, 0, 0);
        widen(&b, s.x1, s.y1, 0, 0);
    }
    const float width = b.x1 - b.x0, height = b.y1 - b.y0;
    if (!(width > 0 && height > 0))
        return false;
    r->scale = r->d->size / fmaxf(width, height);
    /* The middle of the figure on the border of two pixels, so that what is symmetric stays so. */
    r->left = (b.x0 + b.x1) / 2 - DRAW_SIDE / 2.0f / r->scale;
    if (fabsf(b.x0 + b.x1) < 0.02f * width)
        r->left = -DRAW_SIDE / 2.0f / r->scale;
    r->top = r->d->floats ? (b.y0 + b.y1) / 2 - DRAW_SIDE / 2.0f / r->scale : b.y1 - (float)GROUND / r->scale;
    return true;
}

bool drawing_make(const struct drawing *d, struct rgba *pixel)
{
    static struct raster r; /* large; the program has one thread */
    int seen = 0;
    r.d = d;
    if (!fit(&r))
        return false;
    for (int i = 0; i < FINE * FINE; i++)
        r.fine[i] = (struct sample){ .part = -1 };
    for (int i = 0; i < d->solids; i++)
        put_solid(&r, &d->solid[i]);
    for (int i = 0; i < PIXELS; i++) {
        r.cell[i] = gather(&r, i % DRAW_SIDE, i / DRAW_SIDE);
        seen += r.cell[i].part >= 0;
    }
    draw_lines(&r);
    clean(&r);
    clean(&r);
    colour(&r, pixel);
    reduce(&r, pixel);
    return seen > 0;
}
