/* Any bytes as a palette: what can be read can be written in every kind and read again. */
#include "pixel/palette.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct palette *p, enum palette_format f)
{
    struct buf file;
    struct palette back = { 0 };
    enum palette_format found;
    struct spr_error err = { 0 };
    int opaque = 0, at = 0;
    bool clear = f == PALETTE_TXT || f == PALETTE_PNG || f == PALETTE_ASEPRITE;
    for (int i = 0; i < p->count; i++)
        opaque += p->colour[i].a == 255;
    buf_init(&file, (size_t)1 << 20);
    enum spr_code rc = palette_encode(f, p, "name", &file, &err);
    if (rc ? opaque > 0 : palette_decode(file.data, file.length, &back, &found, &err) || found != f)
        abort();
    if (!rc && back.count != (clear ? p->count : opaque))
        abort();
    for (int i = 0; !rc && i < p->count; i++)
        if ((clear || p->colour[i].a == 255) && !rgba_equal(p->colour[i], back.colour[at++]))
            abort();
    buf_fini(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct palette p = { 0 };
    struct spr_error err = { 0 };
    if (palette_decode(data, size, &p, NULL, &err)) {
        if (!err.text[0] || p.count)
            abort();
        return 0;
    }
    if (p.count < 1 || p.count > 256)
        abort();
    for (int f = 0; f < PALETTE_FORMAT_COUNT; f++)
        again(&p, (enum palette_format)f);
    return 0;
}
