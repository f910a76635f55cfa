#include "daemon/gallery.h"

#include "base/buf.h"
#include "base/file.h"
#include "engine/papers.h"
#include "image/png.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/gallery.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -rf %s", folder);
    return system(line);
}

/* A picture of width x height, all of one colour, made by "gem". */
static void paint_one(struct engine_picture *p, int width, int height, uint8_t red)
{
    struct spr_error err;
    *p = (struct engine_picture){ .colors = 1 };
    request_init(&p->made_by);
    assert_int_equal(request_set(&p->made_by, REQUEST_PROMPT, "prompt", "gem", &err), SPR_OK);
    assert_int_equal(image_init(&p->pixels, width, height, &err), SPR_OK);
    for (int i = 0; i < width * height; i++)
        p->pixels.pixel[i] = (struct rgba){ red, (uint8_t)i, 0, 255 };
}

static void drop(struct engine_picture *p)
{
    image_fini(&p->pixels);
    request_fini(&p->made_by);
}

static void a_picture_lies_where_its_id_says(void **state)
{
    (void)state;
    static const struct {
        const char *why, *id;
        bool plain; /* the name is in the file's */
    } rows[] = {
        { "a plain id", "abc-1_2.x", true },
        { "a path", "../../etc/passwd", false },
        { "hidden", ".hidden", false },
        { "like an option", "-rf", false },
        { "a folder", "a/b", false },
        { "another language", "\xD0\xB4", false },
        { "long", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
    };
    char seen[SPR_COUNT(rows)][PATH_MAX];
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct engine_picture p;
        struct spr_error err = { 0 };
        struct image im;
        struct notes notes = { 0 };
        struct engine_papers papers;
        struct request made_by;
        char software[ENGINE_NAME_BYTES];
        paint_one(&p, 8, 8, (uint8_t)i);
        if (gallery_picture(folder, rows[i].id, 2, &p, seen[i], &err))
            fail_msg("%s: %s", rows[i].why, err.text);
        size_t n = strlen(folder);
        assert_true(strncmp(seen[i], folder, n) == 0 && !strstr(seen[i], ".."));
        assert_int_equal(strlen(seen[i]) - strlen(strrchr(seen[i], '/')), n + 3); /* FOLDER/ab/NAME */
        if ((strstr(seen[i], rows[i].id) != NULL) != rows[i].plain)
            fail_msg("%s: %s", rows[i].why, seen[i]);
        assert_non_null(strstr(seen[i], "-2.png"));
        assert_int_equal(png_read(seen[i], NULL, &im, &notes, &err), SPR_OK); /* whole, with its papers */
        assert_int_equal(im.pixel[0].r, i);
        assert_int_equal(papers_read(&notes, &made_by, &papers, software, &err), SPR_OK);
        assert_string_equal(request_text(&made_by, REQUEST_PROMPT), "gem");
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(seen[i], seen[k]);
        request_fini(&made_by);
        notes_fini(&notes);
        image_fini(&im);
        drop(&p);
    }
}

static void a_job_that_runs_again_writes_the_same_names(void **state)
{
    (void)state;
    char first[PATH_MAX], second[PATH_MAX];
    struct engine_picture p;
    struct spr_error err;
    struct image im;
    for (int i = 0; i < 2; i++) {
        paint_one(&p, 4, 4, (uint8_t)(10 + i));
        assert_int_equal(gallery_picture(folder, "again", 0, &p, i ? second : first, &err), SPR_OK);
        drop(&p);
    }
    assert_string_equal(first, second);
    assert_int_equal(png_read(first, NULL, &im, NULL, &err), SPR_OK);
    assert_int_equal(im.pixel[0].r, 11);
    image_fini(&im);
}

static void a_sheet_s_cells_lie_beside_it(void **state)
{
    (void)state;
    char path[PATH_MAX], cell[PATH_MAX + 8];
    struct engine_picture p;
    struct spr_error err;
    struct image im;
    paint_one(&p, 12, 4, 7);
    p.made_by.frames = 3;
    assert_int_equal(gallery_picture(folder, "sheet", 0, &p, path, &err), SPR_OK);
    for (int i = 0; i < 3; i++) {
        snprintf(cell, sizeof cell, "%.*s_%02d.png", (int)strlen(path) - 4, path, i + 1);
        assert_int_equal(png_read(cell, NULL, &im, NULL, &err), SPR_OK);
        assert_true(im.width == 4 && im.height == 4);
        assert_int_equal(im.pixel[0].g, 4 * i); /* the first pixel of its part */
        image_fini(&im);
    }
    drop(&p);
}

static void previews_come_and_go(void **state)
{
    (void)state;
    char path[PATH_MAX], half[PATH_MAX];
    struct engine_picture p;
    struct spr_error err;
    paint_one(&p, 4, 4, 1);
    assert_int_equal(gallery_preview(folder, "p", &p.pixels, path, &err), SPR_OK);
    assert_true(file_exists(path));
    gallery_drop_preview(folder, "p");
    assert_false(file_exists(path));
    gallery_drop_preview(folder, "p"); /* again is fine */

    /* What a killed daemon left: half files in both, and previews that nobody will end. */
    char picture[PATH_MAX];
    assert_int_equal(gallery_preview(folder, "p", &p.pixels, path, &err), SPR_OK);
    assert_int_equal(gallery_picture(folder, "kept", 0, &p, picture, &err), SPR_OK);
    snprintf(half, sizeof half, "%.4000s.part", picture);
    assert_int_equal(file_write(half, "x", 1, FILE_NEW, &err), SPR_OK);
    gallery_sweep(folder, folder);
    assert_true(file_exists(picture));
    assert_false(file_exists(half) || file_exists(path));
    drop(&p);
}

static void a_place_that_cannot_be_is_an_error(void **state)
{
    (void)state;
    char path[PATH_MAX], file[128];
    static char name[PATH_MAX + 8];
    struct engine_picture p;
    struct spr_error err;
    paint_one(&p, 4, 4, 1);
    snprintf(file, sizeof file, "%s/file", folder);
    assert_int_equal(file_write(file, "x", 1, FILE_NEW, &err), SPR_OK);
    assert_int_not_equal(gallery_picture(file, "a", 0, &p, path, &err), SPR_OK); /* a file is no folder */
    assert_true(err.text[0]);
    memset(name, 'n', sizeof name - 1);
    assert_int_equal(gallery_picture(name, "a", 0, &p, path, &err), SPR_LIMIT);
    assert_int_equal(gallery_preview(name, "a", &p.pixels, path, &err), SPR_LIMIT);
    drop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_lies_where_its_id_says),
        cmocka_unit_test(a_job_that_runs_again_writes_the_same_names),
        cmocka_unit_test(a_sheet_s_cells_lie_beside_it),
        cmocka_unit_test(previews_come_and_go),
        cmocka_unit_test(a_place_that_cannot_be_is_an_error),
    };
    return cmocka_run_group_tests_name("daemon/gallery", tests, set_up, tear_down);
}
