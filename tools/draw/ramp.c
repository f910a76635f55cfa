/* Shadows are not only darker: they turn towards blue and lose colour, lights turn towards yellow. In OkLab both are
 * steps of lightness, of chroma, and of the hue's angle on its shorter way to blue or yellow. */
#include "ramp.h"

#include "image/colour.h"

#include <math.h>
#include <string.h>

enum shine { DULL, SHINES };
static const float pi = 3.14159265f, to_blue = 4.85f, to_yellow = 1.75f; /* radians */

static const struct material {
    const char *name;
    unsigned rgb; /* of the middle tone */
    float reach;  /* how far apart the tones are: 1 as below */
    enum shine shine;
} materials[] = {
    /* clang-format off */
    { "red",       0xb8302c, 1,    DULL },   { "crimson",   0x8f1f34, 1,    DULL },
    { "orange",    0xd9722a, 1,    DULL },   { "yellow",    0xdcb432, 1,    DULL },
    { "green",     0x4a8f3a, 1,    DULL },   { "darkgreen", 0x2f6437, 1,    DULL },
    { "lime",      0x86b83c, 1,    DULL },   { "olive",     0x777a3a, 1,    DULL },
    { "cyan",      0x3fa8b4, 1,    DULL },   { "teal",      0x2f7f7c, 1,    DULL },
    { "blue",      0x3a5fb8, 1,    DULL },   { "navy",      0x2c3f80, 0.9f, DULL },
    { "sky",       0x6ba6dc, 0.9f, DULL },   { "purple",    0x7b45a6, 1,    DULL },
    { "violet",    0x5b3f9a, 1,    DULL },   { "pink",      0xd9799f, 0.9f, DULL },
    { "magenta",   0xb53c8e, 1,    DULL },   { "brown",     0x84552f, 1,    DULL },
    { "darkbrown", 0x593a24, 0.9f, DULL },   { "tan",       0xb88d58, 1,    DULL },
    { "sand",      0xc9ad74, 0.9f, DULL },   { "cream",     0xd9c79b, 0.8f, DULL },
    { "black",     0x3d3b46, 0.9f, DULL },   { "darkgrey",  0x55565f, 0.9f, DULL },
    { "grey",      0x82848c, 1,    DULL },   { "white",     0xc9cbd2, 0.8f, DULL },
    { "bone",      0xcdbf9d, 0.9f, DULL },   { "skin",      0xd09a6e, 0.9f, DULL },
    { "darkskin",  0x8a5a3c, 0.9f, DULL },   { "paleskin",  0xd9b89a, 0.8f, DULL },
    { "deadskin",  0x87936b, 0.9f, DULL },   { "stone",     0x84807a, 1,    DULL },
    { "rust",      0x93502c, 1,    DULL },   { "wood",      0x8a5c30, 1,    DULL },
    { "darkwood",  0x5f3f26, 1,    DULL },   { "leather",   0x7a4d2b, 1,    DULL },
    { "leaf",      0x4f8a35, 1,    DULL },   { "straw",     0xc8a048, 0.9f, DULL },
    { "steel",     0x8d97a6, 1.2f, SHINES }, { "iron",      0x666c78, 1.2f, SHINES },
    { "silver",    0xaeb6c2, 1.1f, SHINES }, { "gold",      0xd2a02c, 1.2f, SHINES },
    { "bronze",    0xa8703a, 1.2f, SHINES }, { "copper",    0xb8663e, 1.2f, SHINES },
    { "ice",       0x8cc6e0, 1.1f, SHINES }, { "water",     0x3f86c8, 1.2f, SHINES },
    { "fire",      0xe8741e, 1.2f, DULL },   { "flame",     0xf2b832, 1,    DULL },
    { "lava",      0xd2401e, 1.3f, DULL },   { "slime",     0x5fae3a, 1.1f, SHINES },
    { "ghost",     0xa9c0cf, 0.9f, DULL },   { "blood",     0xa01820, 1.1f, SHINES },
    { "glass",     0x9cc4cc, 1.1f, SHINES }, { "ruby",      0xc4203c, 1.3f, SHINES },
    { "emerald",   0x1f9f58, 1.3f, SHINES }, { "sapphire",  0x2c55c8, 1.3f, SHINES },
    { "amethyst",  0x8f3fc0, 1.3f, SHINES }, { "topaz",     0xe0992c, 1.3f, SHINES },
    { "diamond",   0xa9d4e6, 1.1f, SHINES }, { "ruddy",     0xb4603c, 1,    DULL },
    { "ink",       0x1c1822, 0.3f, DULL },
    /* clang-format on */
};

int ramp_named(const char *name)
{
    for (size_t i = 0; i < SPR_COUNT(materials); i++)
        if (strcmp(materials[i].name, name) == 0)
            return (int)i;
    return -1;
}

static struct oklab middle_of(int ramp)
{
    const unsigned rgb = materials[ramp].rgb;
    return oklab_from(
        (struct rgba){ (uint8_t)(rgb >> 16), (uint8_t)(rgb >> 8 & 255), (uint8_t)(rgb & 255), 255 });
}

/* c with its hue turned by at most `by` radians towards `to`. */
static struct oklab turn_towards(struct oklab c, float to, float by)
{
    const float chroma = sqrtf(c.a * c.a + c.b * c.b);
    float angle = atan2f(c.b, c.a), way = remainderf(to - angle, 2 * pi);
    angle += fmaxf(-by, fminf(by, way));
    return (struct oklab){ c.L, chroma * cosf(angle), chroma * sinf(angle) };
}

struct rgba ramp_tone(int ramp, int tone)
{
    static const struct {
        float lightness, chroma, turn, blue;
    } step[RAMP_TONES] = { { -0.27f, 0.75f, 0.34f, 0.014f },
                           { -0.14f, 0.92f, 0.20f, 0.010f },
                           { 0, 1, 0, 0 },
                           { 0.10f, 0.98f, 0.14f, -0.008f },
                           { 0.20f, 0.75f, 0.28f, -0.012f } };
    const int at = tone < 0 ? 0 : tone >= RAMP_TONES ? RAMP_TONES - 1 : tone;
    struct oklab c = middle_of(ramp);
    c.L = fmaxf(0.13f, fminf(0.97f, c.L + step[at].lightness * materials[ramp].reach));
    c = turn_towards(c, at < 2 ? to_blue : to_yellow, step[at].turn);
    c.a *= step[at].chroma;
    c.b = c.b * step[at].chroma - step[at].blue;
    return oklab_to(c);
}

struct rgba ramp_outline(int ramp)
{
    struct oklab c = turn_towards(middle_of(ramp), to_blue, 0.3f);
    c.L = 0.19f;
    c.a *= 0.3f;
    c.b *= 0.3f;
    return oklab_to(c);
}

bool ramp_shines(int ramp)
{
    return materials[ramp].shine == SHINES;
}
