/* frames - what every fuzz target of a picture file asks of its reader's answer. */
#ifndef FUZZ_FRAMES_H
#define FUZZ_FRAMES_H
#include "image/animation.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct image_limits frames_limits = { (size_t)1 << 24, (size_t)1 << 18, 4096 };

/* An error has a sentence and gives nothing; what is given can be read whole and keeps the header's promises. */
static inline void frames_judge(enum spr_code rc, struct animation *a, const struct spr_error *err)
{
    volatile unsigned sum = 0; /* so that a sanitiser sees every pixel read */
    if (rc) {
        if (!err->text[0] || a->frame)
            abort();
        return;
    }
    if (a->count < 1 || (size_t)a->count * (size_t)a->width * (size_t)a->height > frames_limits.pixels)
        abort();
    for (int f = 0; f < a->count; f++) {
        const struct image *im = &a->frame[f].image;
        if (im->width != a->width || im->height != a->height || a->frame[f].ms < 0)
            abort();
        for (size_t i = 0, n = (size_t)im->width * (size_t)im->height; i < n; i++)
            sum = sum + im->pixel[i].r + im->pixel[i].g + im->pixel[i].b + im->pixel[i].a;
    }
    for (int i = 0; i < a->tags; i++)
        if (a->tag[i].from < 0 || a->tag[i].to < a->tag[i].from || a->tag[i].to >= a->count)
            abort();
    animation_fini(a);
}

#endif
