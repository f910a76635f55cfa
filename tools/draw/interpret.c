#include "interpret.h"

#include "ramp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CURVE_STEPS = 6, KNOTS_MAX = 20 };

struct frame frame_inside(const struct frame *f, struct point at, float scale, float degrees, float z)
{
    const float c = scale * cosf(degrees * 0.01745329f), s = scale * sinf(degrees * 0.01745329f);
    return (
        struct frame){ .xx = f->xx * c + f->xy * s,
                       .xy = f->xy * c - f->xx * s,
                       .yx = f->yx * c + f->yy * s,
                       .yy = f->yy * c - f->yx * s,
                       .at = { f->xx * at.x + f->xy * at.y + f->at.x, f->yx * at.x + f->yy * at.y + f->at.y },
                       .z = f->z + f->scale * z,
                       .scale = f->scale * scale };
}

struct frame frame_mirrored(const struct frame *f)
{
    struct frame m = *f;
    m.xx = -m.xx;
    m.yx = -m.yx;
    return m;
}

static float number_at(struct run *r, int i)
{
    return run_number(r, r->token[i]);
}

static struct point place(const struct run *r, float x, float y)
{
    const float wave =
        0.16f; /* radians a pixel: a figure has less than one wave, so what touches still does */
    const struct frame *f = &r->frame;
    const struct point p = { f->xx * x + f->xy * y + f->at.x, f->yx * x + f->yy * y + f->at.y };
    return (struct point){ p.x + r->sway.lean * sinf(wave * p.y + r->sway.lean_at),
                           p.y + r->sway.rise * sinf(wave * p.x + r->sway.rise_at) };
}

/* sway PIXELS: a figure seen from the side holds head and tail higher or lower, by at most so much. */
bool run_sway(struct run *r)
{
    if (r->tokens != 2)
        return false;
    r->sway.rise = number_at(r, 1) * (0.3f + 0.7f * random_unit(r->chance, r->draws++));
    r->sway.rise_at = 6.2831853f * random_unit(r->chance, r->draws++);
    return true;
}

/* A new solid of the current part in the material of token 1; NULL where there is no room or material. */
static struct solid *add(struct run *r, enum solid_kind kind)
{
    struct drawing *d = &r->variant->drawing;
    int tone, ramp = r->tokens > 1 ? run_ramp(r, r->token[1], &tone) : -1;
    if (ramp < 0 || d->solids == SOLIDS_MAX)
        return NULL;
    if (d->parts == 0)
        d->part[d->parts++] = (struct part){ .line = 1 };
    struct solid *s = &d->solid[d->solids++];
    *s = (struct solid){ .kind = kind, .part = d->parts - 1, .ramp = ramp, .tone = tone };
    return s;
}

/* part [dim N] [line N] [TEXTURE] */
bool run_part(struct run *r)
{
    struct drawing *d = &r->variant->drawing;
    struct part p = { .line = 1 };
    for (int i = 1; i < r->tokens; i++) {
        int texture = 0;
        while (texture < TEXTURES && strcmp(texture_name[texture], r->token[i]) != 0)
            texture++;
        if (texture < TEXTURES)
            p.texture = (enum texture)texture;
        else if (strcmp(r->token[i], "dim") == 0 && i + 1 < r->tokens)
            p.dim = atoi(r->token[++i]);
        else if (strcmp(r->token[i], "line") == 0 && i + 1 < r->tokens)
            p.line = atoi(r->token[++i]);
        else
            return false;
    }
    if (d->parts == PARTS_MAX)
        return false;
    d->part[d->parts++] = p;
    return true;
}

/* ball MATERIAL x y z rx ry [depth [degrees]] */
bool run_ball(struct run *r)
{
    struct solid *s = add(r, SOLID_BALL);
    if (!s || r->tokens < 7 || r->tokens > 9)
        return false;
    float x = number_at(r, 2), y = number_at(r, 3);
    s->at[0] = place(r, x, y);
    s->z[0] = r->frame.z + r->frame.scale * number_at(r, 4);
    s->radius = r->frame.scale * number_at(r, 5);
    s->radius_y = r->frame.scale * number_at(r, 6);
    s->depth = r->tokens > 7 ? r->frame.scale * number_at(r, 7) : fminf(s->radius, s->radius_y);
    const float own = (r->tokens > 8 ? number_at(r, 8) : 0) * 0.01745329f;
    /* Where the ball's own x axis points in the figure. */
    s->turn = atan2f(r->frame.yx * cosf(own) + r->frame.yy * sinf(own),
                     r->frame.xx * cosf(own) + r->frame.xy * sinf(own));
    return s->radius > 0 && s->radius_y > 0 && s->depth > 0;
}

struct knot {
    float x, y, z, r;
};

static int read_knots(struct run *r, struct knot knot[KNOTS_MAX])
{
    const int n = (r->tokens - 2) / 4;
    if ((r->tokens - 2) % 4 || n < 2 || n > KNOTS_MAX)
        return 0;
    for (int i = 0; i < n; i++)
        knot[i] = (struct knot){ number_at(r, 2 + 4 * i), number_at(r, 3 + 4 * i), number_at(r, 4 + 4 * i),
                                 number_at(r, 5 + 4 * i) };
    return n;
}

static bool add_limb(struct run *r, struct knot p, struct knot q)
{
    struct solid *s = add(r, SOLID_LIMB);
    if (!s)
        return false;
    s->at[0] = place(r, p.x, p.y);
    s->at[1] = place(r, q.x, q.y);
    s->z[0] = r->frame.z + r->frame.scale * p.z;
    s->z[1] = r->frame.z + r->frame.scale * q.z;
    s->radius = r->frame.scale * p.r;
    s->radius_y = r->frame.scale * q.r;
    return p.r > 0 && q.r > 0;
}

/* limb MATERIAL x y z r  x y z r ...: straight from each to the next. */
bool run_limb(struct run *r)
{
    struct knot k[KNOTS_MAX];
    const int n = read_knots(r, k);
    bool good = n > 0;
    for (int i = 0; i + 1 < n; i++)
        good = good && add_limb(r, k[i], k[i + 1]);
    return good;
}

/* Catmull and Rom's spline (1974): through b at t = 0 and c at t = 1. */
static float between(float a, float b, float c, float d, float t)
{
    return b + 0.5f * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

/* curve MATERIAL x y z r ...: the same, round. */
bool run_curve(struct run *r)
{
    struct knot k[KNOTS_MAX];
    const int n = read_knots(r, k);
    bool good = n > 0;
    struct knot last = k[0];
    for (int i = 0; i + 1 < n; i++)
        for (int step = 1; step <= CURVE_STEPS; step++) {
            const struct knot a = k[i > 0 ? i - 1 : 0], b = k[i], c = k[i + 1],
                              d = k[i + 2 < n ? i + 2 : n - 1];
            const float t = (float)step / CURVE_STEPS;
            const struct knot next = { between(a.x, b.x, c.x, d.x, t), between(a.y, b.y, c.y, d.y, t),
                                       b.z + t * (c.z - b.z), b.r + t * (c.r - b.r) };
            good = good && add_limb(r, last, next);
            last = next;
        }
    return good;
}

/* plate MATERIAL z light dark  x y  x y  x y ...: light at the first corner, dark at the last; 0..1 */
bool run_plate(struct run *r)
{
    struct solid *s = add(r, SOLID_PLATE);
    const int n = (r->tokens - 5) / 2;
    if (!s || r->tokens < 11 || (r->tokens - 5) % 2 || n > CORNERS_MAX)
        return false;
    s->z[0] = r->frame.z + r->frame.scale * number_at(r, 2);
    s->light = number_at(r, 3);
    s->dark = number_at(r, 4);
    s->corners = n;
    for (int i = 0; i < n; i++) {
        float x = number_at(r, 5 + 2 * i), y = number_at(r, 6 + 2 * i);
        s->at[i] = place(r, x, y);
    }
    return true;
}

/* lathe MATERIAL x z  y w  y w ...: as turned on a lathe: half width w at height y, from top to bottom. Stands upright, also
 * in a turned shape. */
bool run_lathe(struct run *r)
{
    struct solid *s = add(r, SOLID_LATHE);
    const int n = (r->tokens - 4) / 2;
    if (!s || r->tokens < 8 || r->tokens % 2 || n > CORNERS_MAX)
        return false;
    const float x = number_at(r, 2);
    s->z[0] = r->frame.z + r->frame.scale * number_at(r, 3);
    s->corners = n;
    for (int i = 0; i < n; i++) {
        float y = number_at(r, 4 + 2 * i), w = number_at(r, 5 + 2 * i);
        struct point p = place(r, x, y);
        s->middle = p.x;
        s->at[i] = (struct point){ r->frame.scale * w, p.y };
    }
    return true;
}

/* ink, shine, or MATERIAL with .0 to .4 for the tone; .3 is meant without. */
static bool colour_of(struct run *r, const char *text, struct rgba *ret)
{
    char name[NAME_BYTES];
    const char *dot = strchr(text, '.');
    size_t n = dot ? (size_t)(dot - text) : strlen(text);
    int more, tone = dot ? atoi(dot + 1) : 3;
    if (n >= sizeof name)
        return false;
    memcpy(name, text, n);
    name[n] = '\0';
    if (strcmp(name, "ink") == 0)
        *ret = (struct rgba){ 24, 18, 26, 255 };
    else if (strcmp(name, "shine") == 0)
        *ret = (struct rgba){ 255, 252, 244, 255 };
    else {
        int ramp = run_ramp(r, name, &more);
        if (ramp < 0)
            return false;
        *ret = ramp_tone(ramp, tone + more);
    }
    return true;
}

static bool set(struct run *r, struct point at, int dx, int dy, struct rgba colour)
{
    struct drawing *d = &r->variant->drawing;
    if (d->details == DETAILS_MAX)
        return false;
    d->detail[d->details++] = (struct detail){ at, r->frame.xx < 0 ? -dx : dx, dy, colour };
    return true;
}

/* dot COLOUR x y [w h]: a block of whole pixels whose first is at x, y. */
bool run_dot(struct run *r)
{
    struct rgba colour;
    if ((r->tokens != 4 && r->tokens != 6) || !colour_of(r, r->token[1], &colour))
        return false;
    float x = number_at(r, 2), y = number_at(r, 3);
    int w = r->tokens > 4 ? atoi(r->token[4]) : 1, h = r->tokens > 4 ? atoi(r->token[5]) : 1;
    bool good = w > 0 && h > 0;
    for (int i = 0; good && i < w * h; i++)
        good = set(r, place(r, x, y), i % w, i / w, colour);
    return good;
}

/* line COLOUR x y x y: one pixel wide, roughly. */
bool run_line(struct run *r)
{
    enum { STEPS = 40 };
    struct rgba colour;
    if (r->tokens != 6 || !colour_of(r, r->token[1], &colour))
        return false;
    float x0 = number_at(r, 2), y0 = number_at(r, 3), x1 = number_at(r, 4), y1 = number_at(r, 5);
    bool good = true;
    const int steps = 1 + (int)fminf(STEPS, 1.2f * fmaxf(fabsf(x1 - x0), fabsf(y1 - y0)) * r->frame.scale);
    for (int i = 0; i <= steps && good; i++) {
        float t = (float)i / (float)steps;
        good = set(r, place(r, x0 + t * (x1 - x0), y0 + t * (y1 - y0)), 0, 0, colour);
    }
    return good;
}

static const char *letter(char c)
{
    static const struct {
        char letter;
        const char *colour;
    } letters[] = { { 'k', "ink" },     { 'w', "shine" },    { 't', "bone.3" },   { 'r', "red.3" },
                    { 'R', "red.1" },   { 'y', "yellow.4" }, { 'o', "orange.3" }, { 'b', "blue.3" },
                    { 'B', "blue.1" },  { 'e', "green.3" },  { 'p', "purple.3" }, { 'n', "brown.2" },
                    { 'N', "brown.0" }, { 'g', "grey.3" },   { 'G', "grey.1" },   { 'c', "cyan.4" },
                    { 's', "skin.2" },  { 'S', "skin.1" },   { 'd', "gold.3" },   { 'P', "pink.3" },
                    { '1', "@.0" },     { '2', "@.1" },      { '3', "@.2" },      { '4', "@.3" },
                    { '5', "@.4" } };
    for (size_t i = 0; i < SPR_COUNT(letters); i++)
        if (letters[i].letter == c)
            return letters[i].colour;
    return NULL;
}

/* stamp x y kwk|.r.: rows of pixels, "." for none; x is their middle, y their top. */
bool run_stamp(struct run *r)
{
    if (r->tokens != 4)
        return false;
    const float x = number_at(r, 1), y = number_at(r, 2);
    int dx = 0, dy = 0;
    const int width = (int)strcspn(r->token[3], "|");
    for (const char *c = r->token[3]; *c; c++, dx++) {
        struct rgba colour;
        if (*c == '|') {
            dx = -1;
            dy++;
        } else if (*c != '.' && (!letter(*c) || !colour_of(r, letter(*c), &colour) ||
                                 !set(r, place(r, x, y), dx - width / 2, dy, colour))) {
            return false;
        }
    }
    return true;
}
