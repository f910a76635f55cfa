/* jpeg_bytes - a picture as a lossy codec leaves it, for what spoils pictures.
 * Flow:  store, grounds -> [fix/jpeg_bytes] -> libjpeg
 * Not here: reading JPEG (image/jpeg.h). */
#ifndef FIX_JPEG_BYTES_H
#define FIX_JPEG_BYTES_H

#include "image/image.h"

/* The bytes of a JPEG file of the picture's colours (alpha is left out), quality 1 to 100. GIVES them (free). */
unsigned char *jpeg_bytes(const struct image *im, int quality, size_t *ret_size);

#endif
