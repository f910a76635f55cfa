/* Any bytes as a picture of any kind. */
#include "image/load.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct image_limits limits = { (size_t)1 << 24, (size_t)1 << 18, 4096 };
    struct image im = { 0 };
    struct spr_error err = { 0 };
    if (image_decode(data, size, &limits, &im, NULL, &err)) {
        if (!err.text[0] || im.pixel)
            abort();
        return 0;
    }
    unsigned sum = 0;
    for (size_t i = 0, n = (size_t)im.width * (size_t)im.height; i < n; i++)
        sum += (unsigned)im.pixel[i].r + im.pixel[i].g + im.pixel[i].b + im.pixel[i].a;
    volatile unsigned keep = sum; /* so that a sanitiser sees every pixel read */
    (void)keep;
    image_fini(&im);
    return 0;
}
