/* Any bytes as an Aseprite file: what is seen, or the layer called "group". */
#include "image/aseprite.h"

#include "frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct animation a = { 0 };
    struct spr_error err = { 0 };
    const char *layer = size & 1 ? "group" : NULL;
    frames_judge(aseprite_decode_all(data, size, &frames_limits, layer, &a, &err), &a, &err);
    return 0;
}
