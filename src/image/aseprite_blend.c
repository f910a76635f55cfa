/* The separable and non-separable blend modes of the W3C's Compositing and Blending Level 1, plus addition, subtraction
 * and division, in the order in which the file counts them; sums in 8 bits, hue and saturation in double precision. */
#include "image/aseprite_file.h"

#include <math.h>

static int times(int a, int b) /* a * b / 255, rounded */
{
    int t = a * b + 128;
    return (t + (t >> 8)) >> 8;
}

static int screen(int b, int s)
{
    return b + s - times(b, s);
}

static int hard_light(int b, int s)
{
    return s < 128 ? times(b, 2 * s) : screen(b, 2 * s - 255);
}

static int dodge(int b, int s)
{
    if (b == 0)
        return 0;
    return b >= 255 - s ? 255 : b * 255 / (255 - s);
}

static int burn(int b, int s)
{
    if (b == 255)
        return 255;
    return 255 - b >= s ? 0 : 255 - (255 - b) * 255 / s;
}

static int soft_light(int b8, int s8)
{
    double b = b8 / 255.0, s = s8 / 255.0;
    double d = b <= 0.25 ? ((16 * b - 12) * b + 4) * b : sqrt(b);
    double r = s <= 0.5 ? b - (1 - 2 * s) * b * (1 - b) : b + (2 * s - 1) * (d - b);
    return (int)(r * 255 + 0.5);
}

static int divide(int b, int s)
{
    if (b == 0)
        return 0;
    return b >= s ? 255 : b * 255 / s;
}

enum { MULTIPLY = 1, SCREEN, OVERLAY, DARKEN, LIGHTEN, DODGE, BURN, HARD, SOFT, DIFFERENCE, EXCLUSION };
enum { HUE = 12, SATURATION, COLOUR, LUMINOSITY, ADDITION, SUBTRACT, DIVIDE };

static int channel(int mode, int b, int s)
{
    switch (mode) {
    case MULTIPLY:
        return times(b, s);
    case SCREEN:
        return screen(b, s);
    case OVERLAY:
        return hard_light(s, b);
    case DARKEN:
        return b < s ? b : s;
    case LIGHTEN:
        return b > s ? b : s;
    case DODGE:
        return dodge(b, s);
    case BURN:
        return burn(b, s);
    case HARD:
        return hard_light(b, s);
    case SOFT:
        return soft_light(b, s);
    case DIFFERENCE:
        return b > s ? b - s : s - b;
    case EXCLUSION:
        return b + s - 2 * times(b, s);
    case ADDITION:
        return b + s > 255 ? 255 : b + s;
    case SUBTRACT:
        return b > s ? b - s : 0;
    case DIVIDE:
        return divide(b, s);
    default:
        return s;
    }
}

struct tone {
    double r, g, b;
};

static double luminance(struct tone c)
{
    return 0.3 * c.r + 0.59 * c.g + 0.11 * c.b;
}

static double lowest(struct tone c)
{
    double m = c.r < c.g ? c.r : c.g;
    return m < c.b ? m : c.b;
}

static double highest(struct tone c)
{
    double m = c.r > c.g ? c.r : c.g;
    return m > c.b ? m : c.b;
}

static struct tone with_luminance(struct tone c, double l)
{
    double d = l - luminance(c);
    c = (struct tone){ c.r + d, c.g + d, c.b + d };
    double low = lowest(c), high = highest(c);
    if (low < 0 && l > low) {
        double k = l / (l - low);
        c = (struct tone){ l + (c.r - l) * k, l + (c.g - l) * k, l + (c.b - l) * k };
    }
    if (high > 1 && high > l) {
        double k = (1 - l) / (high - l);
        c = (struct tone){ l + (c.r - l) * k, l + (c.g - l) * k, l + (c.b - l) * k };
    }
    return c;
}

static struct tone with_saturation(struct tone c, double s)
{
    double low = lowest(c), range = highest(c) - low;
    if (range <= 0)
        return (struct tone){ 0 };
    return (struct tone){ (c.r - low) * s / range, (c.g - low) * s / range, (c.b - low) * s / range };
}

static struct rgba mixed_tone(int mode, struct rgba back, struct rgba front)
{
    struct tone b = { back.r / 255.0, back.g / 255.0, back.b / 255.0 };
    struct tone s = { front.r / 255.0, front.g / 255.0, front.b / 255.0 }, t;
    switch (mode) {
    case HUE:
        t = with_luminance(with_saturation(s, highest(b) - lowest(b)), luminance(b));
        break;
    case SATURATION:
        t = with_luminance(with_saturation(b, highest(s) - lowest(s)), luminance(b));
        break;
    case COLOUR:
        t = with_luminance(s, luminance(b));
        break;
    default:
        t = with_luminance(b, luminance(s));
    }
    return (struct rgba){ (uint8_t)(t.r * 255 + 0.5), (uint8_t)(t.g * 255 + 0.5), (uint8_t)(t.b * 255 + 0.5),
                          255 };
}

/* From a towards b by part/whole, as Aseprite rounds it: towards a. */
static uint8_t towards(int a, int b, int part, int whole)
{
    return (uint8_t)(a + (b - a) * part / whole);
}

struct rgba ase_blend(int mode, struct rgba p, struct rgba q, int opacity)
{
    int alpha = times(q.a, opacity);
    if (alpha == 0)
        return p;
    if (p.a == 0)
        return (struct rgba){ q.r, q.g, q.b, (uint8_t)alpha };
    if (mode > 0) {
        bool tone = mode >= HUE && mode <= LUMINOSITY;
        struct rgba m =
            tone ? mixed_tone(mode, p, q)
                 : (struct rgba){ (uint8_t)channel(mode, p.r, q.r), (uint8_t)channel(mode, p.g, q.g),
                                  (uint8_t)channel(mode, p.b, q.b), 255 };
        q = (struct rgba){ towards(q.r, m.r, p.a, 255), towards(q.g, m.g, p.a, 255),
                           towards(q.b, m.b, p.a, 255), q.a };
    }
    int all = alpha + p.a - times(alpha, p.a);
    return (struct rgba){ towards(p.r, q.r, alpha, all), towards(p.g, q.g, alpha, all),
                          towards(p.b, q.b, alpha, all), (uint8_t)all };
}
