#include "fix/jpeg_bytes.h"

#include "fix/soft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* wants stdio.h before it */
#include <jpeglib.h>

unsigned char *jpeg_bytes(const struct image *im, int quality, size_t *ret_size)
{
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL, *line = must_alloc((size_t)im->width, 3);
    unsigned long size = 0;
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &bytes, &size);
    c.image_width = (JDIMENSION)im->width;
    c.image_height = (JDIMENSION)im->height;
    c.input_components = 3;
    c.in_color_space = JCS_RGB;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, quality, TRUE);
    jpeg_start_compress(&c, TRUE);
    while (c.next_scanline < c.image_height) {
        const struct rgba *from = im->pixel + (size_t)c.next_scanline * (size_t)im->width;
        for (int x = 0; x < im->width; x++)
            memcpy(line + (ptrdiff_t)x * 3, &from[x], 3);
        jpeg_write_scanlines(&c, &line, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    free(line);
    *ret_size = size;
    return bytes;
}
