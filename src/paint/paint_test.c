#include "paint/paint.h"

#include "base/mem.h"
#include "base/random.h"
#include "nn/safetensors.h"
#include "paint/canvas.h"
#include "paint/model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 16, PIXELS = SIZE * SIZE, FLOATS = 4 * PIXELS, MANY = 5 };

/* A network small enough to be run hundreds of times, with numbers by chance. */
static const struct unet_config TINY = {
    .vocab = 5,
    .channels = { 4, 8, 8 },
    .blocks = { 1, 1, 1 },
    .cond = 8,
    .text = 4,
    .group = 4,
    .heads = 2,
    .words_max = 8,
    .mid = 1,
};

static struct unet_layout layout;
static float *params;
static struct nets *nets;
static struct pool *pools[4]; /* of 1, 2 and 3 threads */
static struct painter *painter;
static struct reading red, dragon;

static int set_up(void **state)
{
    (void)state;
    if (unet_layout_init(&layout, &TINY, NULL))
        return -1;
    params = mem_aligned(layout.floats, sizeof *params);
    random_normals((struct random){ 1, 1 }, 0, layout.floats, params);
    for (size_t i = 0; i < layout.floats; i++)
        params[i] *= 0.3f;
    for (int threads = 1; threads <= 3; threads++)
        if (pool_new(threads, &pools[threads], NULL))
            return -1;
    red = (struct reading){ .count = 1, .word = { { .id = 1, .weight = 1 } } };
    dragon =
        (struct reading){ .count = 2, .word = { { .id = 2, .weight = 1 }, { .id = 3, .weight = 0.5f } } };
    return nets_new(&layout, params, &nets, NULL) || painter_new(nets, SIZE, pools[1], &painter, NULL) ? -1
                                                                                                       : 0;
}

static int tear_down(void **state)
{
    (void)state;
    painter_free(painter);
    nets_free(nets);
    for (int threads = 1; threads <= 3; threads++)
        pool_free(pools[threads]);
    mem_free(params);
    unet_layout_fini(&layout);
    return 0;
}

static struct paint_options options(void)
{
    return (struct paint_options){ .size = SIZE, .steps = 4, .guidance = 3, .sampler = SAMPLER_ANCESTRAL };
}

static struct image one(const struct paint_options *o, const struct paint_sprite *s)
{
    struct image im = { 0 };
    struct spr_error err = { 0 };
    if (paint(painter, o, s, 1, NULL, &im, &err))
        fail_msg("%s", err.text);
    return im;
}

static bool same(const struct image *a, const struct image *b)
{
    return a->width == b->width && a->height == b->height &&
           memcmp(a->pixel, b->pixel, (size_t)a->width * (size_t)a->height * sizeof *a->pixel) == 0;
}

static bool paints_same(const struct paint_options *o, const struct paint_sprite *a,
                        const struct paint_sprite *b)
{
    struct image x = one(o, a), y = one(o, b);
    bool equal = same(&x, &y);
    image_fini(&x);
    image_fini(&y);
    return equal;
}

/* A picture of every alpha and colour. */
static struct image colourful(int size)
{
    struct image im;
    assert_int_equal(image_init(&im, size, size, NULL), SPR_OK);
    for (int i = 0; i < size * size; i++) {
        uint32_t bits = random_u32((struct random){ 3, 3 }, (uint64_t)i);
        uint8_t alpha = i % 3 ? 255 : (uint8_t)i;
        if (alpha >= 6)
            im.pixel[i] = (struct rgba){ (uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16), alpha };
    }
    return im;
}

struct heard {
    atomic_bool cancel;
    int last, of, previews, cancel_at;
    uint64_t calls; /* mem_calls at the first step */
};

static void hear_progress(void *context, int done, int of)
{
    struct heard *h = context;
    assert_int_equal(done, h->last + 1);
    if (done == 1)
        h->calls = mem_calls();
    assert_int_equal(mem_calls(), h->calls); /* law 3 */
    h->last = done;
    h->of = of;
    if (done == h->cancel_at)
        atomic_store(&h->cancel, true);
}

static void matches_the_golden_samples(void **state)
{
    (void)state;
    enum { SAMPLES = 8, SIDE = 32, WORDS = 8, ALL = SIDE * SIDE * 4 };
    const char *root = getenv("SPRITERY_SOURCE_ROOT");
    char path[1024],
        model_path[1024]; /* the weights that the golden values are of, not today's bundled ones */
    struct safetensors *golden = NULL;
    struct model *m = NULL;
    struct nets *big_nets = NULL;
    struct painter *big = NULL;
    struct spr_error err = { 0 };
    snprintf(path, sizeof path, "%s/tests/golden/golden.safetensors", root);
    snprintf(model_path, sizeof model_path, "%s/tests/golden/sprite32-403k.safetensors", root);
    if (safetensors_open(path, &golden, &err) || model_load(model_path, &m, &err) ||
        nets_new(&m->layout, m->params, &big_nets, &err) ||
        painter_new(big_nets, m->size, pools[2], &big, &err))
        fail_msg("%s", err.text);
    const float *noise = (const void *)safetensors_find(golden, "sample.noise")->data;
    const float *want = (const void *)safetensors_find(golden, "sample.x0")->data;
    const int32_t *ids = (const void *)safetensors_find(golden, "sample.ids")->data;
    static struct reading reading[SAMPLES];
    struct paint_sprite sprite[SAMPLES] = { 0 };
    float *x = mem_aligned(SAMPLES * ALL, sizeof *x);
    for (int s = 0; s < SAMPLES; s++) {
        for (int w = 0; w < WORDS && ids[s * WORDS + w]; w++)
            reading[s].word[reading[s].count++] =
                (struct reading_word){ .id = ids[s * WORDS + w], .weight = 1 };
        sprite[s].prompt = &reading[s];
    }
    for (size_t i = 0; i < SAMPLES * ALL;
         i++) { /* i counts (sample, pixel, channel); the file has channels first */
        size_t s = i / ALL, p = i % ALL / 4, c = i % 4;
        x[i] = noise[s * ALL + c * SIDE * SIDE + p];
    }
    struct paint_options o = { .size = SIDE, .steps = 20, .guidance = 3, .sampler = SAMPLER_EULER };
    if (paint_raw(big, &o, sprite, SAMPLES, x, &err))
        fail_msg("%s", err.text);
    float worst = 0;
    for (size_t i = 0; i < SAMPLES * ALL; i++) {
        size_t s = i / ALL, p = i % ALL / 4, c = i % 4;
        worst = fmaxf(worst, fabsf(x[i] - want[s * ALL + c * SIDE * SIDE + p]) / 2 * 255);
    }
    print_message("# largest distance from the golden samples: %.4f of 255\n", (double)worst);
    assert_true(worst < 2);
    mem_free(x);
    painter_free(big);
    nets_free(big_nets);
    model_free(m);
    safetensors_close(golden);
}

static void threads_and_company_change_nothing(void **state)
{
    (void)state;
    struct paint_sprite sprite[MANY], turned[MANY];
    struct image alone[MANY];
    for (int i = 0; i < MANY; i++)
        sprite[i] = (struct paint_sprite){ .prompt = i % 2 ? &red : &dragon, .seed = (uint64_t)i + 10 };
    for (int i = 0; i < MANY; i++)
        turned[i] = sprite[(i + 2) % MANY];
    for (int s = 0; s <= SAMPLER_COUNT; s++) { /* the last time round in bf16 */
        struct paint_options o = options();
        o.sampler = s < SAMPLER_COUNT ? (enum sampler)s : SAMPLER_EULER;
        o.precision = s < SAMPLER_COUNT ? CONV_F32 : CONV_BF16;
        for (int i = 0; i < MANY; i++)
            alone[i] = one(&o, &sprite[i]);
        for (int threads = 1; threads <= 3; threads++) {
            struct painter *p = NULL;
            struct image together[MANY];
            assert_int_equal(painter_new(nets, SIZE, pools[threads], &p, NULL), SPR_OK);
            assert_int_equal(paint(p, &o, turned, MANY, NULL, together, NULL), SPR_OK);
            for (int i = 0; i < MANY; i++) {
                if (!same(&together[i], &alone[(i + 2) % MANY]))
                    fail_msg("%s, %d threads, picture %d", sampler_row(o.sampler)->name, threads, i);
                image_fini(&together[i]);
            }
            painter_free(p);
        }
        for (int i = 0; i < MANY; i++)
            image_fini(&alone[i]);
    }
}

/* A little other than f32's, and in between as it was: both sets of weights are kept. */
static void bf16_is_another_picture_but_near(void **state)
{
    (void)state;
    struct paint_sprite sprite = { .prompt = &dragon, .seed = 3 };
    struct paint_options o = options();
    struct image f32 = one(&o, &sprite), again;
    o.precision = CONV_BF16;
    struct image bf16 = one(&o, &sprite);
    o.precision = CONV_F32;
    again = one(&o, &sprite);
    assert_true(same(&f32, &again));
    assert_false(same(&f32, &bf16));
    size_t count = (size_t)f32.width * (size_t)f32.height;
    double off = 0;
    for (size_t i = 0; i < count; i++)
        off += abs(f32.pixel[i].r - bf16.pixel[i].r) + abs(f32.pixel[i].a - bf16.pixel[i].a);
    if (!(off / (double)count / 2 < 4))
        fail_msg("%.2f apart on average", off / (double)count / 2);
    image_fini(&f32);
    image_fini(&bf16);
    image_fini(&again);
}

/* More pictures than go into a wave: the second wave is like the first. */
static void waves_cannot_be_seen(void **state)
{
    (void)state;
    enum { COUNT = 19 };
    struct paint_options o = options();
    struct paint_sprite sprite[COUNT];
    struct image im[COUNT];
    for (int i = 0; i < COUNT; i++)
        sprite[i] = (struct paint_sprite){ .prompt = &red, .seed = (uint64_t)i };
    assert_int_equal(paint(painter, &o, sprite, COUNT, NULL, im, NULL), SPR_OK);
    struct image last = one(&o, &sprite[COUNT - 1]);
    assert_true(same(&last, &im[COUNT - 1]));
    assert_false(same(&im[0], &im[1]));
    image_fini(&last);
    for (int i = 0; i < COUNT; i++)
        image_fini(&im[i]);
}

static void words_seeds_and_variations(void **state)
{
    (void)state;
    struct paint_options o = options(), loose = options();
    struct paint_sprite plain = { .prompt = &red, .seed = 5 }, other;
    loose.guidance = 1;
    assert_true(paints_same(&o, &plain, &plain));

    other = plain, other.seed = 6;
    assert_false(paints_same(&o, &plain, &other));
    other = plain, other.prompt = &dragon;
    assert_false(paints_same(&o, &plain, &other));

    other = plain, other.negative = &dragon;
    assert_false(paints_same(&o, &plain, &other));
    assert_true(paints_same(&loose, &plain, &other)); /* guidance 1 does not look at the negative */

    other = plain, other.vary_seed = 6;
    assert_true(paints_same(&o, &plain, &other)); /* by 0 */
    other.vary = 0.1;
    assert_false(paints_same(&o, &plain, &other));
    o.sampler = SAMPLER_EULER; /* which has no other noise than the first */
    other.vary = 1;
    struct paint_sprite sixth = { .prompt = &red, .seed = 6 };
    assert_true(paints_same(&o, &other, &sixth));

    struct paint_sprite mixed = { .prompt = &red, .blend = &dragon, .seed = 5 },
                        pure = { .prompt = &dragon, .seed = 5 };
    assert_true(paints_same(&o, &mixed, &plain));
    mixed.blend_amount = 1;
    assert_true(paints_same(&o, &mixed, &pure));
    mixed.blend_amount = 0.5;
    assert_false(paints_same(&o, &mixed, &plain));
    assert_false(paints_same(&o, &mixed, &pure));
    struct paint_sprite reversed = { .prompt = &dragon, .blend = &red, .blend_amount = 0.5, .seed = 5 };
    assert_true(paints_same(&o, &mixed, &reversed));
}

static void init_pictures(void **state)
{
    (void)state;
    struct image init = colourful(SIZE), mask;
    struct paint_sprite s = { .prompt = &red, .seed = 5 };
    struct paint_options o = options();
    o.init = &init;
    for (int sampler = 0; sampler < SAMPLER_COUNT; sampler++) {
        o.sampler = (enum sampler)sampler;
        o.strength = 0;
        struct image im = one(&o, &s);
        assert_true(same(&im, &init));
        image_fini(&im);

        long difference[2] = { 0, 0 }; /* more strength, more change */
        for (int i = 0; i < 2; i++) {
            o.strength = i ? 0.9 : 0.1;
            im = one(&o, &s);
            for (int p = 0; p < PIXELS; p++)
                difference[i] += labs((long)im.pixel[p].a - (long)init.pixel[p].a);
            image_fini(&im);
        }
        assert_true(difference[0] > 0 && difference[0] < difference[1]);

        o.strength = 1; /* without a mask nothing is left of it */
        struct paint_options none = o;
        none.init = NULL;
        im = one(&o, &s);
        struct image without = one(&none, &s);
        assert_true(same(&im, &without));
        image_fini(&without);
        image_fini(&im);
    }
    assert_int_equal(image_init(&mask, SIZE, SIZE, NULL), SPR_OK);
    for (int i = 0; i < PIXELS; i++)
        mask.pixel[i] = i % SIZE < 8 ? (struct rgba){ 255, 255, 255, 255 } : (struct rgba){ 0, 0, 0, 255 };
    o.mask = &mask;
    for (int sampler = 0; sampler < SAMPLER_COUNT; sampler++) {
        o.sampler = (enum sampler)sampler;
        struct image im = one(&o, &s);
        int changed = 0;
        for (int i = 0; i < PIXELS; i++) {
            bool equal = memcmp(&im.pixel[i], &init.pixel[i], sizeof *im.pixel) == 0;
            if (i % SIZE >= 8 && !equal)
                fail_msg("pixel %d was to be kept", i);
            changed += !equal;
        }
        assert_true(changed > PIXELS / 4);
        image_fini(&im);
    }
    o.mask = NULL;
    image_fini(&mask);
    image_fini(&init);
}

/* Every size: each picture stands alone, a mask keeps exactly, strength 0 gives back, progress adds up. */
/* A sketch is an init picture that each sprite has of its own. */
static void sketches_are_each_sprites_own(void **state)
{
    (void)state;
    struct image first = colourful(SIZE), second = colourful(SIZE), alone[2], both[2] = { 0 };
    for (int i = 0; i < PIXELS; i++)
        second.pixel[i] = first.pixel[PIXELS - 1 - i];
    struct paint_sprite s[2] = { { .prompt = &red, .seed = 5, .sketch = &first },
                                 { .prompt = &dragon, .seed = 6, .sketch = &second } };
    struct paint_options o = options(), init = options();
    o.sketched = true;
    o.strength = init.strength = 0.5;
    init.init = &first;
    alone[0] = one(&o, &s[0]);
    alone[1] = one(&o, &s[1]);
    struct image as_init = one(&init, &s[0]);
    assert_true(same(&alone[0], &as_init));
    assert_int_equal(paint(painter, &o, s, 2, NULL, both, NULL), SPR_OK);
    for (int i = 0; i < 2; i++) {
        assert_true(same(&both[i], &alone[i]));
        image_fini(&both[i]);
        image_fini(&alone[i]);
    }
    image_fini(&as_init);
    o.size = SIZE * 2; /* the sketch stays at the base size */
    struct image large = one(&o, &s[0]);
    assert_int_equal(large.width, SIZE * 2);
    image_fini(&large);

    struct image none = { 0 };
    struct spr_error err;
    o.size = SIZE;
    s[1].sketch = NULL;
    assert_int_equal(paint(painter, &o, s, 2, NULL, both, &err), SPR_BADARG);
    assert_string_equal(err.text, "picture 1 has no sketch");
    struct image small;
    assert_int_equal(image_init(&small, 8, SIZE, NULL), SPR_OK);
    s[0].sketch = &small;
    assert_int_equal(paint(painter, &o, s, 1, NULL, &none, &err), SPR_BADARG);
    assert_string_equal(err.text, "a sketch is 8x16 pixels; with size 16 it must be 16x16");
    init.sketched = true;
    s[0].sketch = &first;
    assert_int_equal(paint(painter, &init, s, 1, NULL, &none, &err), SPR_BADARG);
    assert_string_equal(err.text, "an init picture and sketches exclude each other");
    image_fini(&small);
    image_fini(&first);
    image_fini(&second);
}

static void other_sizes(void **state)
{
    (void)state;
    for (int n = 0; n < PAINT_SIZES; n++) {
        int size = SIZE * paint_size_at(n)->numerator / paint_size_at(n)->denominator, pixels = size * size;
        struct image init = colourful(size), mask, pair[2];
        struct paint_sprite s[2] = { { .prompt = &red, .seed = 5 }, { .prompt = &dragon, .seed = 6 } };
        struct paint_options o = options();
        struct heard h = { .cancel_at = -1 };
        struct paint_watch w = { .context = &h, .progress = hear_progress };
        o.size = size;
        o.steps = 10;
        assert_int_equal(paint(painter, &o, s, 2, &w, pair, NULL), SPR_OK);
        assert_int_equal(h.of, 10 + (int)ceil(10 * paint_size_at(n)->refine));
        assert_int_equal(h.last, h.of);
        struct image alone = one(&o, &s[1]);
        assert_true(alone.width == size && same(&alone, &pair[1]) && !same(&alone, &pair[0]));
        image_fini(&alone);
        image_fini(&pair[0]);
        image_fini(&pair[1]);

        o.init = &init;
        assert_true(same((pair[0] = one(&o, s), &pair[0]), &init)); /* strength 0 */
        image_fini(&pair[0]);

        assert_int_equal(image_init(&mask, size, size, NULL), SPR_OK);
        for (int i = 0; i < pixels; i++)
            mask.pixel[i] = i % 7 < 4 ? (struct rgba){ 255, 255, 255, 255 } : (struct rgba){ 0, 0, 0, 255 };
        o.mask = &mask;
        static const double strengths[] = { 0.1, 0.7, 1 };
        for (size_t k = 0; k < SPR_COUNT(strengths); k++) {
            int changed = 0;
            o.strength = strengths[k];
            struct image im = one(&o, s);
            for (int i = 0; i < pixels; i++) {
                bool equal = memcmp(&im.pixel[i], &init.pixel[i], sizeof *im.pixel) == 0;
                if (i % 7 >= 4 && !equal)
                    fail_msg("size %d, strength %g: pixel %d was to be kept", size, strengths[k], i);
                changed += !equal;
            }
            assert_true(changed > 0);
            image_fini(&im);
        }
        image_fini(&mask);
        image_fini(&init);
    }
}

/* Noise moved around the edges by 8 gives the picture moved around the edges by 8: there is no edge. Without
 * wrap there is. */
static void wrapped_pictures_have_no_edge(void **state)
{
    (void)state;
    enum { SHIFT = 8 };
    struct paint_sprite s = { .prompt = &red };
    float x[FLOATS], moved[FLOATS], worst[2];
    for (int wrap = 0; wrap < 2; wrap++) {
        struct paint_options o = options();
        o.sampler = SAMPLER_EULER;
        o.wrap = wrap;
        random_normals((struct random){ 9, 9 }, 0, FLOATS, x);
        for (size_t i = 0; i < PIXELS; i++) {
            size_t to = (i / SIZE + SHIFT) % SIZE * SIZE + (i % SIZE + SHIFT) % SIZE;
            memcpy(moved + 4 * to, x + 4 * i, 4 * sizeof *x);
        }
        assert_int_equal(paint_raw(painter, &o, &s, 1, x, NULL), SPR_OK);
        assert_int_equal(paint_raw(painter, &o, &s, 1, moved, NULL), SPR_OK);
        worst[wrap] = 0;
        for (size_t i = 0; i < PIXELS; i++) {
            size_t to = (i / SIZE + SHIFT) % SIZE * SIZE + (i % SIZE + SHIFT) % SIZE;
            for (size_t c = 0; c < 4; c++)
                worst[wrap] = fmaxf(worst[wrap], fabsf(moved[4 * to + c] - x[4 * i + c]));
        }
    }
    print_message("# moved noise, largest difference: %g with edges, %g wrapped\n", (double)worst[0],
                  (double)worst[1]);
    assert_true(worst[1] < 1e-3f && worst[0] > 0.05f);
}

static void refuses_options_out_of_bounds(void **state)
{
    (void)state;
    struct image init = { 0 }, small = { 0 };
    assert_int_equal(image_init(&init, SIZE, SIZE, NULL), SPR_OK);
    assert_int_equal(image_init(&small, 8, SIZE, NULL), SPR_OK);
    const struct {
        struct paint_options o;
        double vary, blend;
        int count;
        const char *text;
    } rows[] = {
        { { .size = SIZE, .steps = 0 }, 0, 0, 1, "steps is 0; 1 to 200 is possible" },
        { { .size = SIZE, .steps = 201 }, 0, 0, 1, "steps is 201; 1 to 200 is possible" },
        { { .size = SIZE, .steps = 1, .guidance = (double)NAN },
          0,
          0,
          1,
          "guidance is nan; 0 to 30 is possible" },
        { { .size = SIZE, .steps = 1, .guidance = (double)INFINITY },
          0,
          0,
          1,
          "guidance is inf; 0 to 30 is possible" },
        { { .size = SIZE, .steps = 1, .guidance = -1 }, 0, 0, 1, "guidance is -1; 0 to 30 is possible" },
        { { .size = SIZE, .steps = 1, .sampler = SAMPLER_COUNT },
          0,
          0,
          1,
          "sampler is number 4; 0 to 3 is possible" },
        { { .size = SIZE, .steps = 1, .init = &init, .strength = (double)NAN },
          0,
          0,
          1,
          "strength is nan; 0 to 1 is possible" },
        { { .size = SIZE, .steps = 1, .init = &init, .strength = 1.5 },
          0,
          0,
          1,
          "strength is 1.5; 0 to 1 is possible" },
        { { .size = SIZE, .steps = 1, .init = &small },
          0,
          0,
          1,
          "the init picture is 8x16 pixels; with size 16 it must be 16x16" },
        { { .size = SIZE, .steps = 1, .init = &init, .mask = &small },
          0,
          0,
          1,
          "the mask is 8x16 pixels; with size 16 it must be 16x16" },
        { { .size = SIZE, .steps = 1, .mask = &init },
          0,
          0,
          1,
          "a mask needs an init picture whose parts it keeps" },
        { { .size = SIZE, .steps = 1 }, (double)NAN, 0, 1, "the variation is nan; 0 to 1 is possible" },
        { { .size = SIZE, .steps = 1 }, 0, -0.5, 1, "the blend's amount is -0.5; 0 to 1 is possible" },
        { { .size = SIZE, .steps = 1 }, 0, 0, 0, "the number of pictures is 0; 1 to 1000 is possible" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct paint_sprite s = { .prompt = &red, .vary = rows[i].vary, .blend_amount = rows[i].blend };
        struct image im = { 0 };
        struct spr_error err = { 0 };
        assert_int_equal(paint(painter, &rows[i].o, &s, rows[i].count, NULL, &im, &err), SPR_BADARG);
        assert_string_equal(err.text, rows[i].text);
        assert_null(im.pixel);
    }
    image_fini(&small);
    image_fini(&init);
}

static void hear_preview(void *context, int sprite, const struct image *so_far)
{
    struct heard *h = context;
    assert_true(sprite >= 0 && sprite < 2 && so_far->pixel);
    h->previews++;
}

static void tells_how_far_it_is_and_stops(void **state)
{
    (void)state;
    struct paint_options o = options();
    struct paint_sprite s[2] = { { .prompt = &red, .seed = 1 }, { .prompt = &dragon, .seed = 2 } };
    struct image im[2] = { { 0 }, { 0 } };
    struct heard h = { .cancel_at = -1 };
    struct spr_error err = { 0 };
    struct paint_watch w = { .context = &h,
                             .cancel = &h.cancel,
                             .progress = hear_progress,
                             .preview_every = 2,
                             .preview = hear_preview };
    o.steps = 6;
    assert_int_equal(paint(painter, &o, s, 2, &w, im, &err), SPR_OK);
    assert_true(h.last == 6 && h.of == 6 &&
                h.previews == 2 * 2); /* after steps 2 and 4; 6 is the picture itself */
    image_fini(&im[0]);
    image_fini(&im[1]);

    h = (struct heard){ .cancel_at = 3 };
    assert_int_equal(paint(painter, &o, s, 2, &w, im, &err), SPR_CANCELLED);
    assert_string_equal(err.text, "cancelled after 3 of 6 steps");
    assert_true(h.last == 3 && !im[0].pixel && !im[1].pixel);
    h.last = 0;
    assert_int_equal(paint(painter, &o, s, 2, &w, im, &err), SPR_CANCELLED); /* before the first step */
    assert_int_equal(h.last, 0);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct image init = colourful(SIZE / 2);
    struct heard h = { .cancel_at = -1 };
    struct paint_watch w = { .context = &h, .preview = hear_preview };
    struct paint_options o = options();
    struct paint_sprite s[2] = { { .prompt = &red },
                                 { .prompt = &dragon, .blend = &red, .blend_amount = 0.5 } };
    o.size = init.width; /* two stages, two seats */
    o.init = o.mask = &init;
    o.strength = 0.5;
    for (uint64_t n = 1;; n++) {
        struct nets *own = NULL;
        struct painter *p = NULL;
        struct image im[2] = { { 0 }, { 0 } };
        struct spr_error err = { 0 };
        mem_fail_nth(n);
        enum spr_code rc = nets_new(&layout, params, &own, &err);
        if (!rc)
            rc = painter_new(own, SIZE, pools[2], &p, &err);
        if (!rc)
            rc = paint(p, &o, s, 2, &w, im, &err);
        mem_fail_nth(0);
        if (rc && rc != SPR_NOMEM)
            fail_msg("allocation %d: %s", (int)n, err.text);
        assert_true(!rc == (im[0].pixel != NULL) && !rc == (im[1].pixel != NULL));
        image_fini(&im[0]);
        image_fini(&im[1]);
        if (p) { /* it works after a failure */
            assert_int_equal(paint(p, &o, s, 1, NULL, im, NULL), SPR_OK);
            image_fini(&im[0]);
        }
        painter_free(p);
        nets_free(own);
        if (!rc)
            break;
    }
    image_fini(&init);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_the_golden_samples),
        cmocka_unit_test(threads_and_company_change_nothing),
        cmocka_unit_test(bf16_is_another_picture_but_near),
        cmocka_unit_test(waves_cannot_be_seen),
        cmocka_unit_test(words_seeds_and_variations),
        cmocka_unit_test(init_pictures),
        cmocka_unit_test(sketches_are_each_sprites_own),
        cmocka_unit_test(other_sizes),
        cmocka_unit_test(wrapped_pictures_have_no_edge),
        cmocka_unit_test(refuses_options_out_of_bounds),
        cmocka_unit_test(tells_how_far_it_is_and_stops),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("paint/paint", tests, set_up, tear_down);
}
