/* Any bytes as a PNG: what can be read can be written and read again, pixel for pixel and text for text. */
#include "image/png.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct image *im, const struct notes *notes)
{
    struct buf file;
    struct image back = { 0 };
    struct notes texts = { 0 };
    struct spr_error err = { 0 };
    buf_init(&file, (size_t)64 << 20);
    enum spr_code rc = png_encode_best(im, notes, &file, &err);
    if (rc == SPR_BADARG) /* a key that may be read but not written */
        rc = png_encode_best(im, NULL, &file, &err);
    else if (!rc && png_decode_notes(file.data, file.length, &texts, &err))
        abort();
    if (rc || png_decode(file.data, file.length, NULL, &back, NULL, &err))
        abort();
    if (memcmp(back.pixel, im->pixel, (size_t)im->width * (size_t)im->height * sizeof *im->pixel) != 0)
        abort();
    for (int i = 0; i < texts.count; i++)
        if (strcmp(texts.item[i].text, notes->item[i].text) != 0)
            abort();
    notes_fini(&texts);
    image_fini(&back);
    buf_fini(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct image_limits limits = { (size_t)1 << 24, (size_t)1 << 18, 4096 };
    struct image im = { 0 };
    struct notes notes = { 0 };
    struct palette p;
    struct spr_error err = { 0 };
    if (png_decode(data, size, &limits, &im, &notes, &err)) {
        if (!err.text[0] || im.pixel || notes.item)
            abort();
    } else {
        again(&im, &notes);
    }
    if (png_decode_palette(data, size, &p, &err) == SPR_OK && (p.count < 1 || p.count > 256))
        abort();
    notes_fini(&notes);
    image_fini(&im);
    return 0;
}
