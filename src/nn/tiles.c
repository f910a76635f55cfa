/* tiles - see tiles.h. Compiled once for each kind of vector register, TILES being the table's name; and once more with
 * PAIRS, for bf16.
 *
 * Forward, for one term (tap, channel): load the panel's weights once, then for each pixel broadcast its input and
 * fuse-multiply-add it onto the pixel's row of registers:
 *
 *                 w[0] w[1]           rows * vectors sums in registers; rows + vectors loads per
 *       x[0]  ->  s00  s01            rows * vectors multiply-adds, which is what keeps the
 *       x[1]  ->  s10  s11            multipliers and not the load ports busy
 *       ...
 * The weight gradient is the same with the roles changed: rows are input channels, a term is a pixel.
 *
 * Every loop bound over registers is a constant after inlining, so that the sums never live in memory. */
#include "nn/tiles.h"
#include "nn/vec.h"

/* Adds the terms of one tap for pixels first..last-1 of the tile. */
INLINE void sum_tap(vec sum[][TILE_VECTORS_MAX], const struct tile *t, const struct tap *tap, int first,
                    int last, int vectors)
{
    const float *x = tap->x, *w = tap->w, *ahead = t->ahead;
    size_t channels = t->channels, stride = t->x_stride;
    for (size_t k = 0; k < channels; k++, w += vectors * LANES, ahead += 16) {
        __builtin_prefetch(ahead, 0, 2);
        vec weight[TILE_VECTORS_MAX];
        EACH (v, 0, vectors)
            weight[v] = vec_load(w + v * LANES);
        EACH (r, first, last) {
            vec input = vec_splat(x[(size_t)(r - first) * stride + k]);
            EACH (v, 0, vectors)
                sum[r][v] = vec_multiply(input, weight[v], sum[r][v]);
        }
    }
}

/* Each sum in its place: (sum + bias) + add. */
INLINE void finish_tile(const struct tile *t, vec sum[][TILE_VECTORS_MAX], int rows, int vectors)
{
    const float *bias = t->bias, *add = t->add;
    float *y = t->y;
    size_t stride = t->y_stride;
    if (bias)
        EACH (v, 0, vectors) {
            vec b = vec_load(bias + v * LANES);
            EACH (r, 0, rows)
                sum[r][v] = vec_add(sum[r][v], b);
        }
    if (add)
        EACH (r, 0, rows)
            EACH (v, 0, vectors)
                sum[r][v] = vec_add(sum[r][v], vec_load(add + (size_t)r * stride + v * LANES));
    EACH (r, 0, rows)
        EACH (v, 0, vectors)
            vec_store(y + (size_t)r * stride + v * LANES, sum[r][v]);
}

INLINE void run_tile(const struct tile *t, int rows, int vectors)
{
    vec sum[TILE_ROWS_MAX][TILE_VECTORS_MAX];
    float *sums = t->sums;
    EACH (r, 0, rows)
        EACH (v, 0, vectors)
            sum[r][v] = t->resume ? vec_load(sums + (r * vectors + v) * LANES) : vec_zero();
    const struct tap *end = t->tap + t->taps;
    for (const struct tap *tap = t->tap; tap < end; tap++) {
        if (tap->cut == TAP_WHOLE)
            sum_tap(sum, t, tap, 0, rows, vectors);
        else if (tap->cut == TAP_CUT_FIRST)
            sum_tap(sum, t, tap, 1, rows, vectors);
        else
            sum_tap(sum, t, tap, 0, rows - 1, vectors);
    }
    if (t->finish) {
        finish_tile(t, sum, rows, vectors);
        return;
    }
    EACH (r, 0, rows)
        EACH (v, 0, vectors)
            vec_store(sums + (r * vectors + v) * LANES, sum[r][v]);
}

INLINE void run_outer(const struct outer *o, int block, int vectors)
{
    vec sum[OUTER_BLOCK][TILE_VECTORS_MAX];
    float *dw = o->dw;
    size_t stride = o->dw_stride;
    EACH (i, 0, block)
        EACH (v, 0, vectors)
            sum[i][v] = o->fresh ? vec_zero() : vec_load(dw + (size_t)i * stride + v * LANES);
    for (size_t s = 0; s < o->samples; s++)
        for (size_t r = 0; r < o->height; r++) {
            const float *x = o->x + s * o->x_sample + r * o->x_row;
            const float *dy = o->dy + s * o->dy_sample + r * o->dy_row;
            for (size_t c = 0; c < o->width; c++, x += o->x_pixel, dy += o->dy_pixel) {
                vec gradient[TILE_VECTORS_MAX];
                EACH (v, 0, vectors)
                    gradient[v] = vec_load(dy + v * LANES);
                EACH (i, 0, block) {
                    vec input = vec_splat(x[i]);
                    EACH (v, 0, vectors)
                        sum[i][v] = vec_multiply(input, gradient[v], sum[i][v]);
                }
            }
        }
    EACH (i, 0, block)
        EACH (v, 0, vectors)
            vec_store(dw + (size_t)i * stride + v * LANES, sum[i][v]);
}

#ifdef PAIRS
static void pair_rows(const float *low, const float *high, size_t count, float *to)
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        vec_store(to + i, vec_pair(vec_load(low + i), vec_load(high + i)));
    for (; i < count; i++)
        to[i] = bf16_pair(low[i], high[i]);
}

static void pair_neighbours(const float *x, size_t pairs, float *to)
{
    size_t i = 0;
    for (; i + LANES <= pairs; i += LANES)
        vec_store(to + i, vec_neighbours(vec_load(x + 2 * i), vec_load(x + 2 * i + LANES)));
    for (; i < pairs; i++)
        to[i] = bf16_pair(x[2 * i], x[2 * i + 1]);
}
#endif

extern const struct transforms TRANSFORMS[2];
#ifndef PAIRS
extern const struct pointwise POINTWISE;
#endif

/* One function for each number of rows and vectors, and the tables of them. */
#define TILE(rows, vectors)                                   \
    static void tile_##rows##_##vectors(const struct tile *t) \
    {                                                         \
        run_tile(t, rows, vectors);                           \
    }
#define OUTER(block, vectors)                                    \
    static void outer_##block##_##vectors(const struct outer *o) \
    {                                                            \
        run_outer(o, block, vectors);                            \
    }
#if defined(__AVX512F__)
#define EACH_ROWS(F, vectors) \
    F(1, vectors)             \
    F(2, vectors) F(3, vectors) F(4, vectors) F(5, vectors) F(6, vectors) F(7, vectors) F(8, vectors)
#define EACH_BLOCK(F, vectors) \
    EACH_ROWS(F, vectors)      \
    F(9, vectors) F(10, vectors) F(11, vectors) F(12, vectors) F(13, vectors) F(14, vectors)
#else
#define EACH_ROWS(F, vectors) \
    F(1, vectors) F(2, vectors) F(3, vectors) F(4, vectors) F(5, vectors) F(6, vectors)
#define EACH_BLOCK(F, vectors) EACH_ROWS(F, vectors)
#endif
#if defined(__ARM_NEON)
#define EACH_VECTORS(M) M(1) M(2) M(3) M(4)
#else
#define EACH_VECTORS(M) M(1) M(2)
#endif

#define DEFINE(vectors) EACH_ROWS(TILE, vectors) EACH_BLOCK(OUTER, vectors)
EACH_VECTORS(DEFINE)

#define TILE_NAME(rows, vectors)   tile_##rows##_##vectors,
#define OUTER_NAME(block, vectors) outer_##block##_##vectors,
#define TILE_LIST(vectors)         { EACH_ROWS(TILE_NAME, vectors) },
#define OUTER_LIST(vectors)        { EACH_BLOCK(OUTER_NAME, vectors) },

static tile_fn *const tile_table[VECTORS][TILE_ROWS_MAX] = { EACH_VECTORS(TILE_LIST) };
static outer_fn *const outer_table[VECTORS][OUTER_BLOCK] = { EACH_VECTORS(OUTER_LIST) };

const struct tiles TILES = {
    .lanes = LANES,
    .vectors = VECTORS,
    .rows = ROWS,
    .block = BLOCK,
    .depth = DEPTH,
    .tile = tile_table,
    .outer = outer_table,
    .square = TRANSFORMS,
#ifdef PAIRS
    .pairs = true,
    .pair_rows = pair_rows,
    .pair_neighbours = pair_neighbours,
#else
    .pointwise = &POINTWISE,
#endif
};
