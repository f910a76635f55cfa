/* The small and the hostile animations of tests/bad/{gif,apng,webp,aseprite}: what tests/golden/frames/KIND.txt says of
 * each, pixels as letters or a sentence. SPRITERY_UPDATE=1 writes those files anew; the animations are made by
 * tests/bad/make-animations. */
#include "base/file.h"
#include "image/animation.h"
#include "image/aseprite.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SAY(...) assert_int_equal(buf_addf(said, NULL, __VA_ARGS__), SPR_OK)

static const char *root(void)
{
    const char *r = getenv("SPRITERY_SOURCE_ROOT");
    return r ? r : ".";
}

struct inks {
    int count;
    struct rgba colour[64];
};

/* A letter for the colour; those without one of their own get a, b, c ... */
static char letter(struct inks *own, struct rgba c)
{
    static const struct {
        char letter;
        struct rgba colour;
    } known[] = { { '.', { 0, 0, 0, 0 } },     { 'K', { 0, 0, 0, 255 } },   { 'R', { 255, 0, 0, 255 } },
                  { 'G', { 0, 255, 0, 255 } }, { 'B', { 0, 0, 255, 255 } }, { 'W', { 255, 255, 255, 255 } } };
    for (size_t i = 0; i < SPR_COUNT(known); i++)
        if (rgba_equal(c, known[i].colour))
            return known[i].letter;
    int i = 0;
    while (i < own->count && !rgba_equal(own->colour[i], c))
        i++;
    assert_true(i < 52);
    if (i == own->count)
        own->colour[own->count++] = c;
    return (char)(i < 26 ? 'a' + i : "ACDEFHIJLMNOPQSTUVXYZ123456789"[i - 26]);
}

static void say_frames(const struct animation *a, struct buf *said)
{
    struct inks own = { 0 };
    SAY("%dx%d, plays %d:", a->width, a->height, a->plays);
    for (int f = 0; f < a->count; f++)
        SAY(" %d ms", a->frame[f].ms);
    for (int y = 0; y < a->height; y++) {
        SAY("\n   ");
        for (int f = 0; f < a->count; f++) {
            SAY(" ");
            for (int x = 0; x < a->width; x++)
                SAY("%c", letter(&own, *image_at(&a->frame[f].image, x, y)));
        }
    }
    SAY("\n");
    for (int i = 0; i < own.count; i++)
        SAY("    %c = %d %d %d %d\n", letter(&own, own.colour[i]), own.colour[i].r, own.colour[i].g,
            own.colour[i].b, own.colour[i].a);
    for (int i = 0; i < a->tags; i++)
        SAY("    tag %s: %d to %d, %s, %d times\n", a->tag[i].name, a->tag[i].from, a->tag[i].to,
            tag_direction_name(a->tag[i].direction), a->tag[i].repeat);
    for (int i = 0; i < a->slices; i++)
        for (int k = 0; k < a->slice[i].count; k++) {
            const struct slice_key *key = &a->slice[i].key[k];
            SAY("    slice %s from %d: %d,%d %dx%d", a->slice[i].name, key->frame, key->bounds.x,
                key->bounds.y, key->bounds.width, key->bounds.height);
            if (key->has_centre)
                SAY(", centre %d,%d %dx%d", key->centre.x, key->centre.y, key->centre.width,
                    key->centre.height);
            if (key->has_pivot)
                SAY(", pivot %d,%d", key->pivot_x, key->pivot_y);
            SAY("\n");
        }
    if (a->palette.count)
        SAY("    palette of %d\n", a->palette.count);
}

static void say_file(const char *kind, const char *name, struct buf *said)
{
    char path[4096];
    struct buf file;
    struct animation a = { 0 };
    struct spr_error err = { 0 };
    buf_init(&file, 1 << 20);
    snprintf(path, sizeof path, "%s/tests/bad/%s/%s", root(), kind, name);
    assert_int_equal(file_read(path, &file, &err), SPR_OK);
    char *exact = malloc(file.length); /* its own block, so that a sanitiser sees a step beyond the end */
    memcpy(exact, file.data, file.length);
    enum spr_code rc = animation_decode(exact, file.length, NULL, &a, NULL, &err);
    SAY("%s: ", name);
    if (rc)
        SAY("%s\n", err.text);
    else
        say_frames(&a, said);
    assert_true(rc == SPR_OK || a.frame == NULL);
    animation_fini(&a);
    free(exact);
    buf_fini(&file);
}

static int visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static void replay(const char *kind)
{
    char path[4096];
    struct dirent **names;
    struct buf seen, want, *said = &seen;
    struct spr_error err = { 0 };
    buf_init(&seen, 1 << 20);
    buf_init(&want, 1 << 20);
    snprintf(path, sizeof path, "%s/tests/bad/%s", root(), kind);
    int count = scandir(path, &names, visible, alphasort);
    assert_true(count > 10);
    for (int i = 0; i < count; i++) {
        say_file(kind, names[i]->d_name, said);
        free(names[i]);
    }
    free(names);
    snprintf(path, sizeof path, "%s/tests/golden/frames/%s.txt", root(), kind);
    if (getenv("SPRITERY_UPDATE"))
        assert_int_equal(file_write(path, seen.data, seen.length, FILE_REPLACE, &err), SPR_OK);
    assert_int_equal(file_read(path, &want, &err), SPR_OK);
    assert_string_equal(seen.data, want.data);
    buf_fini(&want);
    buf_fini(&seen);
}

static void gif_files(void **state)
{
    (void)state;
    replay("gif");
}

static void apng_files(void **state)
{
    (void)state;
    replay("apng");
}

static void webp_files(void **state)
{
    (void)state;
    replay("webp");
}

static void aseprite_files(void **state)
{
    (void)state;
    replay("aseprite");
}

/* Layers by name, and the limit on drawing. */
static void aseprite_layers(void **state)
{
    (void)state;
    static const struct image_limits few = { 1 << 20, 170, 100 };
    static const struct {
        const char *file, *layer;
        const struct image_limits *limits;
        const char *say;
    } rows[] = {
        { "layers", "above", NULL, "4x4, plays 0: 0 ms\n    ....\n    .BB.\n    .BB.\n    ....\n" },
        { "hidden", "above", NULL, "4x4, plays 0: 0 ms\n    ....\n    .BB.\n    .BB.\n    ....\n" },
        { "groups", "group", NULL, "4x4, plays 0: 0 ms\n    K...\n    .BB.\n    .BB.\n    ....\n" },
        { "groups", "sky", NULL,
          "the file has no layer \"sky\"; it has \"below\", \"group\", \"in it\", \"deeper\", \"deepest\", "
          "\"top\"" },
        { "much-drawing", NULL, &few, "drawing the Aseprite file takes over 2720 pixels" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        char path[4096];
        struct buf file, text, *said = &text;
        struct animation a = { 0 };
        struct spr_error err = { 0 };
        buf_init(&file, 1 << 20);
        buf_init(&text, 1 << 20);
        snprintf(path, sizeof path, "%s/tests/bad/aseprite/%s", root(), rows[i].file);
        assert_int_equal(file_read(path, &file, &err), SPR_OK);
        if (aseprite_decode_all(file.data, file.length, rows[i].limits, rows[i].layer, &a, &err))
            SAY("%s", err.text);
        else
            say_frames(&a, said);
        assert_string_equal(text.data, rows[i].say);
        animation_fini(&a);
        buf_fini(&text);
        buf_fini(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gif_files),      cmocka_unit_test(apng_files),      cmocka_unit_test(webp_files),
        cmocka_unit_test(aseprite_files), cmocka_unit_test(aseprite_layers),
    };
    return cmocka_run_group_tests_name("image/frames", tests, NULL, NULL);
}
