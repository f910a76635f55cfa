/* Any bytes as a JPEG. */
#include "image/jpeg.h"

#include "frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct animation a = { 0 };
    struct image im = { 0 };
    struct spr_error err = { 0 };
    enum spr_code rc = jpeg_decode(data, size, &frames_limits, &im, &err);
    if (!rc)
        rc = animation_add(&a, &im, 0, &err);
    frames_judge(rc, &a, &err);
    return 0;
}
