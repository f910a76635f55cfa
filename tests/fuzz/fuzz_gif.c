/* Any bytes as a GIF, all frames. */
#include "image/gif.h"

#include "frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct animation a = { 0 };
    struct spr_error err = { 0 };
    frames_judge(gif_decode_all(data, size, &frames_limits, &a, &err), &a, &err);
    return 0;
}
