/* art_test - pictures as text, for tests: one character a pixel.
 *     .  transparent      #  black     w  white     k  dark grey  s  light grey
 *     r  red   R  dark red   g  green   G  dark green   b  blue   B  dark blue   y  yellow   o  orange
 *     1..9 the tens of alpha in percent, of red: 4 is 40 %
 * Only tests include this. */
#ifndef PIXEL_ART_TEST_H
#define PIXEL_ART_TEST_H
#include "image/image.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it */
#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

static const struct {
    char sign;
    struct rgba colour;
} art_colours[] = {
    { '.', { 0, 0, 0, 0 } },        { '#', { 0, 0, 0, 255 } },       { 'w', { 255, 255, 255, 255 } },
    { 'k', { 70, 70, 70, 255 } },   { 's', { 180, 180, 180, 255 } }, { 'r', { 220, 40, 40, 255 } },
    { 'R', { 130, 20, 20, 255 } },  { 'g', { 60, 200, 60, 255 } },   { 'G', { 20, 110, 30, 255 } },
    { 'b', { 60, 90, 230, 255 } },  { 'B', { 20, 30, 120, 255 } },   { 'y', { 250, 230, 90, 255 } },
    { 'o', { 240, 140, 30, 255 } },
};

/* Lines end in '\n' and have one length. The caller frees it (image_fini). */
static inline struct image art(const char *text)
{
    struct image im = { 0 };
    struct spr_error err = { 0 };
    size_t width = strcspn(text, "\n"), height = strlen(text) / (width + 1);
    assert_int_equal(image_init(&im, (int)width, (int)height, &err), SPR_OK);
    for (size_t i = 0; i < width * height; i++) {
        char sign = text[i / width * (width + 1) + i % width];
        if (sign >= '1' && sign <= '9')
            im.pixel[i] = (struct rgba){ 220, 40, 40, (uint8_t)((sign - '0') * 255 / 10) };
        for (size_t k = 0; k < sizeof art_colours / sizeof *art_colours; k++)
            if (art_colours[k].sign == sign)
                im.pixel[i] = art_colours[k].colour;
    }
    return im;
}

/* The text of a picture; '?' for colours that have no sign. */
static inline void art_text(const struct image *im, char *text, size_t size)
{
    size_t at = 0;
    assert_true(((size_t)im->width + 1) * (size_t)im->height < size);
    for (int y = 0; y < im->height; y++) {
        for (int x = 0; x < im->width; x++) {
            text[at] = '?';
            for (size_t k = 0; k < sizeof art_colours / sizeof *art_colours; k++)
                if (rgba_equal(art_colours[k].colour, *image_at(im, x, y)))
                    text[at] = art_colours[k].sign;
            at++;
        }
        text[at++] = '\n';
    }
    text[at] = '\0';
}

static inline void assert_art(const struct image *im, const char *want)
{
    char text[8192];
    art_text(im, text, sizeof text);
    if (strcmp(text, want) != 0)
        fail_msg("got\n%swanted\n%s", text, want);
}

#endif
