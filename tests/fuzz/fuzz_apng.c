/* Any bytes as an APNG. */
#include "image/apng.h"

#include "frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct animation a = { 0 };
    struct spr_error err = { 0 };
    frames_judge(apng_decode(data, size, &frames_limits, &a, NULL, &err), &a, &err);
    return 0;
}
