#include "cli/montage.h"

#include <assert.h>
#include <string.h>

static void place(const struct image *im, struct image *on, int x, int y)
{
    for (int row = 0; row < im->height; row++)
        memcpy(image_at(on, x, y + row), image_at(im, 0, row), (size_t)im->width * sizeof *im->pixel);
}

enum spr_code montage(const struct image *im, int count, int columns, int gap, struct image *ret,
                      struct spr_error *err)
{
    int width = 0, height = 0;
    assert(count > 0);
    for (int i = 0; i < count; i++) {
        width = im[i].width > width ? im[i].width : width;
        height = im[i].height > height ? im[i].height : height;
    }
    if (columns == 0)
        while (columns * columns < count)
            columns++;
    columns = columns > count ? count : columns;
    int rows = (count + columns - 1) / columns;
    struct image sheet;
    enum spr_code rc = image_init(&sheet, columns * (width + gap) - gap, rows * (height + gap) - gap, err);
    if (rc)
        return rc;
    for (int i = 0; i < count; i++)
        place(&im[i], &sheet, i % columns * (width + gap), i / columns * (height + gap));
    *ret = sheet;
    return SPR_OK;
}
