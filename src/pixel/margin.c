/* Cells of one mean width and one variance: n of them are as wide as n means, give or take the root of n variances. What
 * is seen inside tells both. For a number of cells in each of the four margins the likeliest mean is all pixels by all
 * cells, and how far every part is from it says how likely those numbers are.
 * Pixel art has as many columns as rows more often than not: where the margins leave it open, it is taken to have. */
#include "pixel/margin.h"

#include <math.h>

enum { SIDES = 2, MARGINS = 2, CHOICES = 3, SEEN_LEAST = 4 };

/* How much likelier a size is if it is square: twice the logarithm of 20. */
static const double square_bonus = 6;
/* Deviation of a cell's width, of the mean: where too little is seen of it, and at least. */
static const double usual_spread = 0.07, least_spread = 0.03;
/* Axes whose cells differ by more do not share one mean. */
static const double alike = 0.08;

/* One axis: pixels and cells between its outermost lines, and its margins. */
struct side {
    double px, margin[MARGINS];
    int cells;
    int least[MARGINS]; /* the fewest cells that are tried in each margin */
    bool even;          /* all cells are counted */
};

struct sides {
    struct side side[SIDES];
    double variance[SIDES]; /* of a cell's width, px^2 */
    bool shared;            /* both axes have one mean */
};

/* exp(-cost / 2), about. */
static double likelihood(double cost)
{
    double x = cost > 60 ? 0 : 1 - cost / 2048;
    for (int i = 0; i < 10; i++)
        x *= x;
    return x;
}

static double variance_of(double sum, double seen, double mean)
{
    double least = least_spread * mean * least_spread * mean;
    if (seen < SEEN_LEAST)
        return usual_spread * mean * usual_spread * mean;
    return sum / seen > least ? sum / seen : least;
}

static void side_init(struct side *s, const struct fit *f, int length, int cells)
{
    *s = (struct side){ .px = length, .cells = cells, .even = !f->elastic };
    if (s->even)
        return;
    double first = (double)f->line[f->first], last = (double)f->line[f->last];
    *s = (struct side){ .px = last - first, .margin = { first, length - last }, .cells = f->last - f->first };
    for (int k = 0; k < MARGINS; k++) {
        int about = (int)(s->margin[k] / f->pitch + 0.5);
        s->least[k] = about > 1 ? about - 1 : 0;
    }
}

static void sides_init(struct sides *s, const struct fit *x, const struct fit *y)
{
    s->shared = x->elastic && y->elastic && fabs(x->pitch / y->pitch - 1) <= alike;
    s->variance[0] = variance_of(x->vary * x->seen, x->seen, x->pitch);
    s->variance[1] = variance_of(y->vary * y->seen, y->seen, y->pitch);
    if (s->shared)
        s->variance[0] = s->variance[1] =
            variance_of(x->vary * x->seen + y->vary * y->seen, x->seen + y->seen, x->pitch);
}

static double off2(double px, int cells, double mean)
{
    double off = px - cells * mean;
    return off * off / (cells > 0 ? cells : 1);
}

/* Twice the negative logarithm of how likely those numbers of cells are. */
static double cost_of(const struct sides *s, const struct margin count[SIDES])
{
    double px[SIDES], cells[SIDES], cost = 0;
    for (int i = 0; i < SIDES; i++) {
        px[i] = s->side[i].px + s->side[i].margin[0] + s->side[i].margin[1];
        cells[i] = s->side[i].cells + count[i].before + count[i].after;
    }
    for (int i = 0; i < SIDES; i++) {
        const struct side *a = &s->side[i];
        double mean = s->shared ? (px[0] + px[1]) / (cells[0] + cells[1]) : px[i] / cells[i];
        if (!a->even)
            cost += (off2(a->px, a->cells, mean) + off2(a->margin[0], count[i].before, mean) +
                     off2(a->margin[1], count[i].after, mean)) /
                    s->variance[i];
    }
    return cost;
}

/* Keeps a size in its place among the best, once. likely: its cost still. */
static int keep(struct margin_size *best, int count, const struct margin_size *size)
{
    int at = 0;
    while (at < count && (best[at].cells_x != size->cells_x || best[at].cells_y != size->cells_y))
        at++;
    if (at < count && best[at].likely <= size->likely)
        return count;
    if (at == count) {
        if (count == MARGIN_SIZES && best[count - 1].likely <= size->likely)
            return count;
        at = count < MARGIN_SIZES ? count++ : count - 1;
    }
    for (; at > 0 && best[at - 1].likely > size->likely; at--)
        best[at] = best[at - 1];
    best[at] = *size;
    return count;
}

int margin_sizes(const struct fit *x, int width, int cells_x, const struct fit *y, int height, int cells_y,
                 struct margin_size ret[MARGIN_SIZES])
{
    struct sides s;
    int count = 0;
    sides_init(&s, x, y);
    side_init(&s.side[0], x, width, cells_x);
    side_init(&s.side[1], y, height, cells_y);
    for (int n = 0; n < CHOICES * CHOICES * CHOICES * CHOICES; n++) {
        const struct side *a = &s.side[0], *b = &s.side[1];
        struct margin m[SIDES] = { { a->least[0] + n % 3, a->least[1] + n / 3 % 3 },
                                   { b->least[0] + n / 9 % 3, b->least[1] + n / 27 } };
        if ((a->even && n % 9 > 0) || (b->even && n / 9 > 0))
            continue;
        struct margin_size size = { m[0], m[1], a->cells + m[0].before + m[0].after,
                                    b->cells + m[1].before + m[1].after, 0 };
        if (size.cells_x <= 0 || size.cells_y <= 0)
            continue;
        size.likely = cost_of(&s, m) - (size.cells_x == size.cells_y ? square_bonus : 0);
        count = keep(ret, count, &size);
    }
    for (int i = count - 1; i >= 0; i--)
        ret[i].likely = likelihood(ret[i].likely - ret[0].likely);
    return count;
}
