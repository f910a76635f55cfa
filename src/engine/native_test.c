#include "base/mem.h"
#include "engine/engine.h"
#include "engine/finishing.h"
#include "image/png.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SEEN_MAX = 16 };

/* What an engine said. */
struct seen {
    int pictures, steps, previews;
    struct image picture[SEEN_MAX];
    uint64_t seed[SEEN_MAX];
    struct engine_papers papers;
    char understood[256];
    atomic_bool cancel;
    int cancel_at; /* step; 0: never */
    int refuse_at; /* picture; 0: never */
};

static void on_understood(void *context, const char *sentence)
{
    struct seen *s = context;
    snprintf(s->understood, sizeof s->understood, "%s", sentence);
}

static void on_progress(void *context, const struct engine_progress *p)
{
    struct seen *s = context;
    assert_true(p->step >= 0 && p->step <= p->steps && p->picture <= p->pictures);
    s->steps++;
    if (s->steps == s->cancel_at)
        atomic_store(&s->cancel, true);
}

static void on_preview(void *context, const struct image *im)
{
    struct seen *s = context;
    assert_int_equal(im->width, 32);
    s->previews++;
}

static enum spr_code on_picture(void *context, const struct engine_picture *p, struct spr_error *err)
{
    struct seen *s = context;
    if (s->pictures + 1 == s->refuse_at)
        return SPR_FAIL(err, SPR_IO, "no room");
    assert_true(s->pictures < SEEN_MAX);
    assert_int_equal(p->made_by.count, 1);
    s->seed[s->pictures] = p->made_by.seed;
    s->papers = p->papers;
    enum spr_code rc = image_copy(&s->picture[s->pictures], &p->pixels, err);
    if (!rc)
        s->pictures++;
    return rc;
}

static struct engine_watch watch_of(struct seen *s)
{
    return (struct engine_watch){ s, &s->cancel, on_understood, on_progress, on_preview, on_picture };
}

static void forget(struct seen *s)
{
    for (int i = 0; i < s->pictures; i++)
        image_fini(&s->picture[i]);
    *s = (struct seen){ 0 };
}

static void ask(struct request *r, enum request_field field, const char *text)
{
    struct spr_error err = { 0 };
    if (request_set(r, field, "test", text, &err))
        fail_msg("%s", err.text);
}

static int make(void **state)
{
    static struct request r;
    request_init(&r);
    ask(&r, REQUEST_PROMPT, "gold ring");
    ask(&r, REQUEST_SEED, "5");
    ask(&r, REQUEST_STEPS, "2");
    *state = &r;
    return 0;
}

static int drop(void **state)
{
    request_fini(*state);
    return 0;
}

static struct engine *open_engine(int threads)
{
    struct engine *e = NULL;
    assert_int_equal(engine_native(threads, NULL, &e, NULL), SPR_OK);
    return e;
}

static void a_picture_is_the_same_alone_and_in_company(void **state)
{
    struct request *r = *state;
    struct seen many = { 0 }, one = { 0 };
    struct spr_error err = { 0 };
    struct engine *e = open_engine(2);
    struct engine_watch watch = watch_of(&many);
    ask(r, REQUEST_COUNT, "10"); /* more than one group */
    if (engine_generate(e, r, &watch, &err))
        fail_msg("%s", err.text);
    assert_int_equal(many.pictures, 10);
    assert_true(many.steps > 0);
    assert_string_equal(many.papers.model, "sprite32");
    assert_int_equal(strlen(many.papers.model_hash), 64);
    assert_non_null(strstr(many.understood, "ring"));
    engine_close(e);
    e = open_engine(1);
    watch = watch_of(&one);
    ask(r, REQUEST_COUNT, "1");
    ask(r, REQUEST_SEED, "14");
    assert_int_equal(engine_generate(e, r, &watch, &err), SPR_OK);
    assert_true(one.seed[0] == 14 && many.seed[9] == 14);
    assert_memory_equal(one.picture[0].pixel, many.picture[9].pixel, 32 * 32 * sizeof(struct rgba));
    forget(&one);
    forget(&many);
    engine_close(e);
}

static void alpha_and_colours_are_those_of_pixel_art(void **state)
{
    struct request *r = *state;
    struct seen s = { 0 };
    struct engine_watch watch = watch_of(&s);
    struct engine *e = open_engine(1);
    struct indexed few;
    ask(r, REQUEST_PROMPT, "long sword"); /* no sketch: every step is walked, so that previews come */
    ask(r, REQUEST_COLORS, "5");
    ask(r, REQUEST_SCALE, "2");
    ask(r, REQUEST_STEPS, "8");
    assert_int_equal(engine_generate(e, r, &watch, NULL), SPR_OK);
    assert_int_equal(s.picture[0].width, 64);
    assert_true(s.previews > 0);
    assert_int_equal(indexed_from_image(&few, &s.picture[0], NULL), SPR_OK);
    assert_true(few.palette.count >= 2 && few.palette.count <= 1 + 5); /* transparent is not counted */
    for (int i = 0; i < few.palette.count; i++)
        assert_true(few.palette.colour[i].a == 0 || few.palette.colour[i].a == 255);
    for (int y = 0; y < 64; y++)
        for (int x = 0; x < 64; x++)
            assert_true(rgba_equal(*image_at(&s.picture[0], x, y), *image_at(&s.picture[0], x & ~1, y & ~1)));
    indexed_fini(&few);
    forget(&s);
    engine_close(e);
}

static void it_stops_between_steps_and_goes_on_later(void **state)
{
    struct request *r = *state;
    struct seen s = { .cancel_at = 1 };
    struct spr_error err = { 0 };
    struct engine_watch watch = watch_of(&s);
    struct engine *e = open_engine(2);
    ask(r, REQUEST_STEPS, "50");
    assert_int_equal(engine_generate(e, r, &watch, &err), SPR_CANCELLED);
    assert_int_equal(s.pictures, 0);
    assert_true(s.steps < 10);
    s = (struct seen){ .refuse_at = 2 };
    ask(r, REQUEST_STEPS, "1");
    ask(r, REQUEST_COUNT, "3");
    assert_int_equal(engine_generate(e, r, &watch, &err), SPR_IO);
    assert_string_equal(err.text, "no room");
    assert_int_equal(s.pictures, 1);
    forget(&s);
    assert_int_equal(engine_generate(e, r, &watch, &err), SPR_OK);
    assert_int_equal(s.pictures, 3);
    forget(&s);
    engine_close(e);
}

static void what_cannot_be_done_is_said(void **state)
{
    static const struct {
        enum request_field field;
        const char *text;
        enum spr_code code;
        const char *sentence; /* its beginning */
    } rows[] = {
        { REQUEST_PROMPT, "xyzzyq", SPR_BADARG, "" },
        { REQUEST_MODEL, "nothing", SPR_NOTFOUND, "no model \"nothing\"" },
        { REQUEST_NEGATIVE, "xyzzyq", SPR_BADARG, "--negative: " },
        { REQUEST_BLEND, "xyzzyq", SPR_BADARG, "--blend: " },
        { REQUEST_INIT, "/nonexistent.png", SPR_NOTFOUND, "--init /nonexistent.png: cannot open" },
        { REQUEST_PALETTE, "/nonexistent.png", SPR_NOTFOUND, "--palette: no palette and no file is called" },
    };
    struct engine *e = open_engine(1);
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct request r;
        struct seen s = { 0 };
        struct spr_error err = { 0 };
        struct engine_watch watch = watch_of(&s);
        request_init(&r);
        ask(&r, REQUEST_PROMPT, "orc");
        ask(&r, rows[i].field, rows[i].text);
        assert_int_equal(engine_generate(e, &r, &watch, &err), rows[i].code);
        if (strncmp(err.text, rows[i].sentence, strlen(rows[i].sentence)) != 0)
            fail_msg("%s", err.text);
        assert_int_equal(s.steps, 0);
        request_fini(&r);
    }
    engine_close(e);
}

/* A file with a size x size picture, red in its left half. */
static void write_picture(const char *path, int width, int height)
{
    struct image im;
    assert_int_equal(image_init(&im, width, height, NULL), SPR_OK);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            *image_at(&im, x, y) =
                x < width / 2 ? (struct rgba){ 200, 30, 20, 255 } : (struct rgba){ 0, 0, 0, 255 };
    assert_int_equal(png_write(path, &im, NULL, FILE_REPLACE, NULL), SPR_OK);
    image_fini(&im);
}

static void files_that_go_in(void **state)
{
    struct request *r = *state;
    struct material m;
    struct spr_error err = { 0 };
    char path[] = "/tmp/spritery-material-XXXXXX", want[200];
    int fd = mkstemp(path);
    assert_true(fd >= 0 && close(fd) == 0);
    ask(r, REQUEST_INIT, path);
    write_picture(path, 96, 96); /* three times enlarged */
    assert_int_equal(material_load(&m, r, &err), SPR_OK);
    assert_int_equal(m.init.width, 32);
    assert_int_equal(image_at(&m.init, 15, 0)->r, 200);
    assert_int_equal(image_at(&m.init, 16, 31)->r, 0);
    assert_int_equal(strlen(m.papers.init_hash), 64);
    material_fini(&m);
    write_picture(path, 40, 40);
    assert_int_equal(material_load(&m, r, &err), SPR_BADARG);
    snprintf(want, sizeof want,
             "--init %s: the picture is 40 x 40; it must be 32 x 32, or that enlarged by a whole factor",
             path);
    assert_string_equal(err.text, want);
    material_fini(&m);
    write_picture(path, 16, 16);
    assert_int_equal(material_load(&m, r, &err), SPR_BADARG); /* factor 0 */
    material_fini(&m);
    ask(r, REQUEST_INIT, "");
    ask(r, REQUEST_PALETTE, path);
    assert_int_equal(material_load(&m, r, &err), SPR_OK);
    assert_int_equal(m.palette.count, 2);
    struct seen s = { 0 };
    struct engine_watch watch = watch_of(&s);
    struct engine *e = open_engine(1);
    assert_int_equal(engine_generate(e, r, &watch, &err), SPR_OK);
    for (int i = 0; i < 32 * 32; i++) {
        struct rgba c = s.picture[0].pixel[i];
        assert_true(c.a == 0 || (c.r == 200 && c.g == 30) || (c.r == 0 && c.g == 0));
    }
    forget(&s);
    engine_close(e);
    material_fini(&m);
    unlink(path);
}

/* Every allocation of a whole request fails once: an error, no crash, no leak (the sanitisers' builds see those). */
static void fail_every_allocation(const struct request *r)
{
    bool done = false;
    int failures = 0;
    for (uint64_t n = 1; !done; n++) {
        struct seen s = { 0 };
        struct spr_error err = { 0 };
        struct engine *e = NULL;
        struct engine_watch watch = watch_of(&s);
        mem_fail_nth(n);
        enum spr_code rc = engine_native(1, NULL, &e, &err);
        if (!rc)
            rc = engine_generate(e, r, &watch, &err);
        mem_fail_nth(0);
        done = rc == SPR_OK;
        if (!done) {
            failures++;
            assert_int_equal(rc, SPR_NOMEM);
            assert_true(err.text[0]);
        }
        forget(&s);
        engine_close(e);
    }
    assert_true(failures > 20);
}

static void no_memory_anywhere_is_an_error(void **state)
{
    ask(*state, REQUEST_STEPS, "1");
    fail_every_allocation(*state);
}

static void no_memory_for_a_sheet_is_an_error(void **state)
{
    ask(*state, REQUEST_STEPS, "1");
    ask(*state, REQUEST_GRID, "2x1");
    fail_every_allocation(*state);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, make, drop)

static size_t differing(const struct image *a, const struct image *b)
{
    size_t n = 0, pixels = (size_t)a->width * (size_t)a->height;
    assert_true(a->width == b->width && a->height == b->height);
    for (size_t i = 0; i < pixels; i++)
        n += memcmp(&a->pixel[i], &b->pixel[i], sizeof *a->pixel) != 0;
    return n;
}

/* The cells of the one sheet that was seen. */
static void cells_of(struct seen *s, const struct request *r, int count, struct image *ret)
{
    struct engine_picture p = { .pixels = s->picture[0], .made_by = *r };
    struct spr_error err = { 0 };
    assert_int_equal(s->pictures, 1);
    for (int i = 0; i < count; i++)
        if (engine_cell(&p, i, &ret[i], &err))
            fail_msg("%s", err.text);
    assert_int_equal(engine_cell(&p, count, &ret[0], &err), SPR_BADARG);
}

static void an_animation_is_one_figure_that_moves_and_loops(void **state)
{
    enum { FRAMES = 6 };
    struct request *r = *state;
    struct seen s = { 0 }, again = { 0 };
    struct spr_error err = { 0 };
    struct image frame[FRAMES];
    struct engine *e = open_engine(2), *one = open_engine(1);
    struct engine_watch watch = watch_of(&s), watch_again = watch_of(&again);
    ask(r, REQUEST_PROMPT, "blue potion");
    ask(r, REQUEST_STEPS, "8");
    ask(r, REQUEST_FRAMES, "6");
    if (engine_generate(e, r, &watch, &err) || engine_generate(one, r, &watch_again, &err))
        fail_msg("%s", err.text);
    assert_int_equal(differing(&s.picture[0], &again.picture[0]), 0); /* on any number of threads */
    cells_of(&s, r, FRAMES, frame);
    size_t moved = 0, most = 0, pixels = 32 * 32;
    for (int i = 0; i < FRAMES; i++) { /* each to the next, and the last to the first */
        size_t n = differing(&frame[i], &frame[(i + 1) % FRAMES]);
        moved += n;
        most = n > most ? n : most;
    }
    print_message("# of 1024 pixels %.1f change from frame to frame, %d at most\n", (double)moved / FRAMES,
                  (int)most);
    assert_true(moved > 0 && most < pixels / 5);                   /* it moves, and it stays the same thing */
    assert_true((double)most < 4.0 * (double)moved / FRAMES + 16); /* without a jump, where it loops too */
    for (int i = 0; i < FRAMES; i++)
        image_fini(&frame[i]);
    forget(&s);
    forget(&again);
    engine_close(e);
    engine_close(one);
}

static void tiles_of_a_set_fit_beside_each_other(void **state)
{
    enum { TILES = 6, SIDE = 32 };
    struct request *r = *state;
    struct seen s = { 0 };
    struct spr_error err = { 0 };
    struct image tile[TILES];
    struct engine *e = open_engine(2);
    struct engine_watch watch = watch_of(&s);
    ask(r, REQUEST_PROMPT, "stone wall");
    ask(r, REQUEST_STEPS, "8");
    ask(r, REQUEST_GRID, "3x2");
    if (engine_generate(e, r, &watch, &err))
        fail_msg("%s", err.text);
    assert_true(s.picture[0].width == 3 * SIDE && s.picture[0].height == 2 * SIDE);
    cells_of(&s, r, TILES, tile);
    for (int i = 1; i < TILES; i++) {
        assert_true(differing(&tile[0], &tile[i]) > SIDE); /* another inside */
        for (int k = 0; k < SIDE; k++) {                   /* the same border */
            const struct rgba *a = tile[0].pixel, *b = tile[i].pixel;
            assert_memory_equal(&a[k], &b[k], sizeof *a);
            assert_memory_equal(&a[(SIDE - 1) * SIDE + k], &b[(SIDE - 1) * SIDE + k], sizeof *a);
            assert_memory_equal(&a[k * SIDE], &b[k * SIDE], sizeof *a);
            assert_memory_equal(&a[k * SIDE + SIDE - 1], &b[k * SIDE + SIDE - 1], sizeof *a);
        }
    }
    for (int i = 0; i < TILES; i++)
        image_fini(&tile[i]);
    forget(&s);
    engine_close(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_picture_is_the_same_alone_and_in_company),
        WITH(alpha_and_colours_are_those_of_pixel_art),
        WITH(it_stops_between_steps_and_goes_on_later),
        WITH(what_cannot_be_done_is_said),
        WITH(files_that_go_in),
        WITH(an_animation_is_one_figure_that_moves_and_loops),
        WITH(tiles_of_a_set_fit_beside_each_other),
        WITH(no_memory_anywhere_is_an_error),
        WITH(no_memory_for_a_sheet_is_an_error),
    };
    return cmocka_run_group_tests_name("engine/native", tests, NULL, NULL);
}
