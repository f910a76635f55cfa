#include "image/animation.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A ball that moves over a ground: colours, and alpha 0 where `holes`; frame 3 repeats frame 2. */
struct scene {
    const char *why;
    int width, height, frames, colours;
    bool holes; /* the ground is transparent, so that pixels vanish */
    bool soft;  /* alpha between */
    int plays;
};

static struct rgba ground(const struct scene *s, int x, int y)
{
    uint8_t v = (uint8_t)((x * 7 + y * 13) % s->colours);
    if (s->holes)
        return (struct rgba){ 0 };
    return s->colours > 256 ? (struct rgba){ (uint8_t)(x * 5), (uint8_t)(y * 5), (uint8_t)(x ^ y), 255 }
                            : (struct rgba){ v, (uint8_t)(v * 3), 9, 255 };
}

static struct animation make(const struct scene *s)
{
    struct animation a = { 0 };
    struct spr_error err;
    for (int f = 0; f < s->frames; f++) {
        struct image im;
        int at = f == 3 ? 2 : f;
        assert_int_equal(image_init(&im, s->width, s->height, &err), SPR_OK);
        for (int y = 0; y < s->height; y++)
            for (int x = 0; x < s->width; x++) {
                bool ball = abs(x - at * 2) + abs(y - at) < 4;
                uint8_t alpha = s->soft ? (uint8_t)(40 + 20 * abs(x - at * 2)) : 255;
                *image_at(&im, x, y) =
                    ball ? (struct rgba){ 200, (uint8_t)(at * s->soft), 30, alpha } : ground(s, x, y);
            }
        assert_int_equal(animation_add(&a, &im, 20 + 10 * f, &err), SPR_OK);
    }
    a.plays = s->plays;
    return a;
}

static void same_frames(const char *why, const char *kind, const struct animation *a,
                        const struct animation *b)
{
    struct box box;
    if (a->count != b->count || a->width != b->width || a->height != b->height || a->plays != b->plays)
        fail_msg("%s as %s: %d frames of %dx%d, %d plays; were %d of %dx%d, %d", why, kind, b->count,
                 b->width, b->height, b->plays, a->count, a->width, a->height, a->plays);
    for (int i = 0; i < a->count; i++) {
        if (a->frame[i].ms != b->frame[i].ms)
            fail_msg("%s as %s: frame %d lasts %d ms, was %d", why, kind, i, b->frame[i].ms, a->frame[i].ms);
        if (image_difference(&a->frame[i].image, &b->frame[i].image, &box))
            fail_msg("%s as %s: frame %d differs at %d,%d", why, kind, i, box.x, box.y);
    }
}

static const struct scene scenes[] = {
    { "few colours", 16, 12, 5, 7, false, false, 0 },       { "pixels vanish", 16, 12, 5, 7, true, false, 3 },
    { "one pixel", 1, 1, 4, 2, false, false, 1 },           { "odd sizes", 7, 33, 6, 100, false, false, 0 },
    { "many colours", 40, 40, 3, 1000, false, false, 2 },   { "soft alpha", 21, 15, 5, 30, true, true, 0 },
    { "two hundred frames", 9, 9, 200, 4, true, false, 0 },
};

static void comes_back(void **state)
{
    (void)state;
    static const enum image_kind kinds[] = { IMAGE_PNG, IMAGE_GIF, IMAGE_WEBP, IMAGE_ASEPRITE };
    for (size_t i = 0; i < SPR_COUNT(scenes); i++)
        for (size_t k = 0; k < SPR_COUNT(kinds); k++) {
            const struct scene *s = &scenes[i];
            struct animation a = make(s), b = { 0 };
            struct spr_error err = { 0 };
            struct buf file;
            bool unfit = kinds[k] == IMAGE_GIF && (s->soft || s->colours > 256);
            buf_init(&file, 1 << 24);
            enum spr_code rc = animation_encode(kinds[k], &a, NULL, &file, &err);
            if (kinds[k] == IMAGE_ASEPRITE)
                a.plays = 0; /* it has none */
            if (rc && !(unfit && rc == SPR_LIMIT))
                fail_msg("%s as %s: %s", s->why, image_kind_name(kinds[k]), err.text);
            if (!rc && animation_decode(file.data, file.length, NULL, &b, NULL, &err))
                fail_msg("%s as %s: %s", s->why, image_kind_name(kinds[k]), err.text);
            if (!unfit)
                same_frames(s->why, image_kind_name(kinds[k]), &a, &b);
            animation_fini(&b);
            animation_fini(&a);
            buf_fini(&file);
        }
}

static void stills_are_one_frame(void **state)
{
    (void)state;
    static const enum image_kind kinds[] = { IMAGE_PNG, IMAGE_GIF, IMAGE_WEBP, IMAGE_ASEPRITE };
    for (size_t k = 0; k < SPR_COUNT(kinds); k++) {
        struct scene s = { "still", 8, 8, 1, 4, true, false, 0 };
        struct animation a = make(&s), b = { 0 };
        struct spr_error err = { 0 };
        struct image im = { 0 };
        struct buf file;
        buf_init(&file, 1 << 20);
        a.frame->ms = 0;
        assert_int_equal(animation_encode(kinds[k], &a, NULL, &file, &err), SPR_OK);
        assert_int_equal(animation_decode(file.data, file.length, NULL, &b, NULL, &err), SPR_OK);
        same_frames("a still", image_kind_name(kinds[k]), &a, &b);
        assert_int_equal(image_decode(file.data, file.length, NULL, &im, NULL, &err), SPR_OK);
        assert_memory_equal(im.pixel, a.frame->image.pixel, 64 * sizeof *im.pixel);
        image_fini(&im);
        animation_fini(&b);
        animation_fini(&a);
        buf_fini(&file);
    }
}

static void aseprite_keeps_tags_slices_and_palette(void **state)
{
    (void)state;
    struct animation a = make(&scenes[1]), b = { 0 };
    struct spr_error err = { 0 };
    struct buf file;
    static const struct slice_key keys[] = {
        { 0, { 1, 2, 5, 6 }, true, true, { 1, 1, 3, 4 }, 2, 5 },
        { 3, { -2, 2, 5, 6 }, true, true, { 0, 1, 3, 4 }, -7, 5 },
    };
    buf_init(&file, 1 << 20);
    a.palette = (struct palette){ 4, { { 1, 2, 3, 255 }, { 200, 0, 30, 255 }, { 0 }, { 9, 9, 9, 255 } } };
    assert_int_equal(animation_add_tag(&a, "walk \xc3\xa9", 1, 3, TAG_PINGPONG, 2, &err), SPR_OK);
    assert_int_equal(animation_add_tag(&a, "idle", 0, 0, TAG_REVERSE, 0, &err), SPR_OK);
    assert_int_equal(animation_add_slice(&a, "foot", keys, 2, &err), SPR_OK);
    assert_int_equal(animation_encode(IMAGE_ASEPRITE, &a, NULL, &file, &err), SPR_OK);
    if (animation_decode(file.data, file.length, NULL, &b, NULL, &err))
        fail_msg("%s", err.text);
    a.plays = 0;
    same_frames("tags", "aseprite", &a, &b);
    assert_int_equal(b.tags, 2);
    assert_string_equal(b.tag[0].name, "walk \xc3\xa9");
    assert_int_equal(b.tag[0].from, 1);
    assert_int_equal(b.tag[0].to, 3);
    assert_int_equal(b.tag[0].direction, TAG_PINGPONG);
    assert_int_equal(b.tag[0].repeat, 2);
    assert_ptr_equal(animation_tag(&b, "idle"), &b.tag[1]);
    assert_null(animation_tag(&b, "run"));
    assert_int_equal(b.slices, 1);
    assert_string_equal(b.slice->name, "foot");
    assert_int_equal(b.slice->count, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(b.slice->key[i].frame, keys[i].frame);
        assert_memory_equal(&b.slice->key[i].bounds, &keys[i].bounds, sizeof keys->bounds);
        assert_memory_equal(&b.slice->key[i].centre, &keys[i].centre, sizeof keys->centre);
        assert_int_equal(b.slice->key[i].pivot_x, keys[i].pivot_x);
        assert_int_equal(b.slice->key[i].pivot_y, keys[i].pivot_y);
    }
    assert_int_equal(b.palette.count, 4); /* the unused colour too */
    assert_memory_equal(b.palette.colour, a.palette.colour, 4 * sizeof(struct rgba));
    animation_fini(&b);
    animation_fini(&a);
    buf_fini(&file);
}

static void refuses(void **state)
{
    (void)state;
    struct animation a = make(&scenes[0]);
    struct spr_error err = { 0 };
    struct image other;
    struct slice_key back[2] = { { .frame = 2 }, { .frame = 1 } };
    assert_int_equal(image_init(&other, 3, 3, &err), SPR_OK);
    assert_int_equal(animation_add(&a, &other, 10, &err), SPR_BADARG);
    assert_string_equal(err.text, "frame 5 is 3x3, the first one 16x12");
    assert_int_equal(animation_add_tag(&a, "x", 3, 5, TAG_FORWARD, 0, &err), SPR_BADARG);
    assert_string_equal(err.text, "tag \"x\" spans frames 3 to 5; there are 0 to 4");
    assert_int_equal(animation_add_tag(&a, "\xff", 0, 0, TAG_FORWARD, 0, &err), SPR_BADARG);
    assert_int_equal(animation_add_slice(&a, "s", back, 2, &err), SPR_BADARG);
    assert_int_equal(animation_encode(IMAGE_JPEG, &a, NULL, &(struct buf){ .limit = 9 }, &err),
                     SPR_UNSUPPORTED);
    image_fini(&other);
    animation_fini(&a);
}

/* Every kind, with each allocation failing once: an error, nothing given, nothing lost. */
static void survives_lack_of_memory(void **state)
{
    (void)state;
    static const enum image_kind kinds[] = { IMAGE_PNG, IMAGE_GIF, IMAGE_ASEPRITE };
    struct animation a = make(&scenes[1]);
    struct spr_error err = { 0 };
    static const struct slice_key key = { .frame = 1 };
    assert_int_equal(animation_add_tag(&a, "walk", 1, 3, TAG_PINGPONG, 2, &err), SPR_OK);
    assert_int_equal(animation_add_slice(&a, "foot", &key, 1, &err), SPR_OK);
    for (size_t k = 0; k < SPR_COUNT(kinds); k++) {
        struct buf file;
        buf_init(&file, 1 << 20);
        enum spr_code rc = SPR_NOMEM;
        for (uint64_t n = 1; rc; n++) {
            mem_fail_nth(n);
            rc = animation_encode(kinds[k], &a, NULL, &file, &err);
            mem_fail_nth(0);
            assert_true(rc == SPR_OK || (rc == SPR_NOMEM && file.length == 0 && err.text[0]));
        }
        struct animation b = { 0 };
        rc = SPR_NOMEM;
        for (uint64_t n = 1; rc; n++) {
            mem_fail_nth(n);
            rc = animation_decode(file.data, file.length, NULL, &b, NULL, &err);
            mem_fail_nth(0);
            assert_true(rc == SPR_OK || (rc == SPR_NOMEM && b.frame == NULL && err.text[0]));
        }
        assert_int_equal(b.count, a.count);
        animation_fini(&b);
        buf_fini(&file);
    }
    animation_fini(&a);
}

static void limits_hold(void **state)
{
    (void)state;
    static const enum image_kind kinds[] = { IMAGE_PNG, IMAGE_GIF, IMAGE_WEBP, IMAGE_ASEPRITE };
    struct animation a = make(&scenes[0]);
    struct image_limits limits = { (size_t)1 << 20, 16 * 12 * 4, 100 }; /* four of five frames */
    struct spr_error err = { 0 };
    for (size_t k = 0; k < SPR_COUNT(kinds); k++) {
        struct buf file;
        struct animation b = { 0 };
        buf_init(&file, 1 << 20);
        assert_int_equal(animation_encode(kinds[k], &a, NULL, &file, &err), SPR_OK);
        assert_int_equal(animation_decode(file.data, file.length, &limits, &b, NULL, &err), SPR_LIMIT);
        assert_non_null(strstr(err.text, "16x12"));
        assert_null(b.frame);
        buf_fini(&file);
    }
    animation_fini(&a);
}

/* Cut anywhere or with any byte changed: an answer, nothing read beyond the end, nothing given on failure. */
static void survives_damage(void **state)
{
    (void)state;
    static const enum image_kind kinds[] = { IMAGE_PNG, IMAGE_GIF, IMAGE_WEBP, IMAGE_ASEPRITE };
    static const struct image_limits small = { 1 << 20, 1 << 16, 4000 };
    for (size_t k = 0; k < SPR_COUNT(kinds); k++) {
        struct animation a = make(&scenes[1]);
        struct spr_error err = { 0 };
        struct buf file;
        buf_init(&file, 1 << 20);
        assert_int_equal(animation_encode(kinds[k], &a, NULL, &file, &err), SPR_OK);
        for (size_t at = 0; at < file.length * 2; at++) {
            size_t size = at < file.length ? at : file.length;
            char *copy = malloc(size + 1);
            memcpy(copy, file.data, size);
            if (at >= file.length)
                copy[at - file.length] = (char)(copy[at - file.length] ^ 0x91);
            struct animation back = { 0 };
            enum spr_code rc = animation_decode(copy, size, &small, &back, NULL, &err);
            assert_true(rc == SPR_OK ? back.count > 0 : back.frame == NULL && err.text[0]);
            animation_fini(&back);
            free(copy);
        }
        buf_fini(&file);
        animation_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),
        cmocka_unit_test(stills_are_one_frame),
        cmocka_unit_test(aseprite_keeps_tags_slices_and_palette),
        cmocka_unit_test(refuses),
        cmocka_unit_test(survives_lack_of_memory),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(survives_damage),
    };
    return cmocka_run_group_tests_name("image/animation", tests, NULL, NULL);
}
