/* Any bytes as an animated WebP. */
#include "image/webp.h"

#include "frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct animation a = { 0 };
    struct spr_error err = { 0 };
    frames_judge(webp_decode_all(data, size, &frames_limits, &a, &err), &a, &err);
    return 0;
}
