/* libjpeg reports errors by a callback that must not return: it jumps to guarded_read. What must survive the jump
 * lives in struct reader, in the frame of the caller of setjmp. */
#include "image/jpeg.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdio.h>
/* jpeglib.h needs stdio.h before it */
#include <jerror.h>
#include <jpeglib.h>
#include <string.h>

enum { SCANS_MAX = 100 };

struct reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    const struct image_limits *limits;
    struct image image;
    uint8_t *row; /* one row of CMYK */
    int way;      /* EXIF's orientation 1..8 */
    enum spr_code rc;
    struct spr_error *err;
};

static struct reader *reader_of(j_common_ptr jpeg)
{
    return jpeg->client_data;
}

_Noreturn static void failed(j_common_ptr jpeg)
{
    struct reader *r = reader_of(jpeg);
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    if (r->rc)
        ; /* said already */
    else if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY)
        r->rc = SPR_FAIL(r->err, SPR_NOMEM, "no memory to read a JPEG");
    else
        r->rc = SPR_FAIL(r->err, SPR_BADDATA, "broken JPEG: %s", text);
    longjmp(r->jump, 1);
}

/* Warnings come here with level -1: those that mean missing pixels are errors. */
static void message(j_common_ptr jpeg, int level)
{
    struct reader *r = reader_of(jpeg);
    int code = jpeg->err->msg_code;
    if (level >= 0 || (code != JWRN_JPEG_EOF && code != JWRN_HIT_MARKER))
        return;
    r->rc = SPR_FAIL(r->err, SPR_BADDATA, "the JPEG ends too early or is damaged");
    failed(jpeg);
}

static void count_scans(j_common_ptr jpeg)
{
    struct reader *r = reader_of(jpeg);
    if (!jpeg->is_decompressor || r->jpeg.input_scan_number <= SCANS_MAX)
        return;
    r->rc = SPR_FAIL(r->err, SPR_LIMIT, "the JPEG has more than %d scans", SCANS_MAX);
    failed(jpeg);
}

static unsigned number(const uint8_t *p, unsigned bytes, bool big)
{
    unsigned n = 0;
    for (unsigned i = 0; i < bytes; i++)
        n |= (unsigned)p[i] << 8 * (big ? bytes - 1 - i : i);
    return n;
}

/* EXIF's orientation 1..8 from an APP1 marker: "Exif\0\0", a TIFF header, a list of 12-byte entries. 1 if none. */
static int orientation(const struct jpeg_decompress_struct *jpeg)
{
    for (jpeg_saved_marker_ptr m = jpeg->marker_list; m; m = m->next) {
        const uint8_t *p = m->data;
        unsigned length = m->data_length;
        if (m->marker != JPEG_APP0 + 1 || length < 6 + 8 || memcmp(p, "Exif\0\0", 6) != 0)
            continue;
        p += 6, length -= 6;
        bool big = p[0] == 'M';
        unsigned at = number(p + 4, 4, big);
        if (at > length - 2)
            continue;
        unsigned entries = number(p + at, 2, big);
        for (at += 2; entries > 0 && at <= length && length - at >= 12; entries--, at += 12) {
            unsigned value = number(p + at + 8, 2, big);
            if (number(p + at, 2, big) == 0x0112 && value >= 1 && value <= 8)
                return (int)value;
        }
    }
    return 1;
}

static void read_cmyk_row(struct reader *r, struct rgba *to)
{
    JSAMPROW row = r->row;
    jpeg_read_scanlines(&r->jpeg, &row, 1);
    /* Adobe's files hold inverted ink: 255 is none. */
    unsigned flip = r->jpeg.saw_Adobe_marker ? 0 : 255;
    for (int x = 0; x < r->image.width; x++) {
        const uint8_t *p = r->row + 4 * (size_t)x;
        unsigned k = p[3] ^ flip;
        to[x] = (struct rgba){ (uint8_t)(((p[0] ^ flip) * k + 127) / 255),
                               (uint8_t)(((p[1] ^ flip) * k + 127) / 255),
                               (uint8_t)(((p[2] ^ flip) * k + 127) / 255), 255 };
    }
}

static void read_all(struct reader *r, const void *data, size_t size)
{
    struct jpeg_decompress_struct *jpeg = &r->jpeg;
    jpeg_create_decompress(jpeg);
    jpeg->client_data = r;
    jpeg->progress = &r->progress;
    jpeg_mem_src(jpeg, data, size);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(jpeg, TRUE);
    r->way = orientation(jpeg); /* the markers are gone when reading is finished */
    r->rc = image_limits_check(r->limits, "JPEG", jpeg->image_width, jpeg->image_height, r->err);
    if (!r->rc)
        r->rc = image_init(&r->image, (int)jpeg->image_width, (int)jpeg->image_height, r->err);
    if (!r->rc && !(r->row = mem_zalloc(jpeg->image_width, 4)))
        r->rc = SPR_FAIL(r->err, SPR_NOMEM, "no memory for a row of pixels");
    if (r->rc)
        return;
    bool cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = cmyk ? JCS_CMYK : JCS_EXT_RGBA;
    jpeg->dct_method = JDCT_ISLOW;
    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        struct rgba *to = image_at(&r->image, 0, (int)jpeg->output_scanline);
        JSAMPROW row = (JSAMPROW)to;
        if (cmyk)
            read_cmyk_row(r, to);
        else
            jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
}

static void guarded_read(struct reader *r, const void *data, size_t size)
{
    r->jpeg.err = jpeg_std_error(&r->errors);
    r->jpeg.client_data = r;
    r->errors.error_exit = failed;
    r->errors.emit_message = message;
    r->progress.progress_monitor = count_scans;
    if (setjmp(r->jump) == 0)
        read_all(r, data, size);
}

/* Bit 2 of (orientation - 1) swaps the axes; the others say which ones are mirrored afterwards. */
static enum spr_code turn_upright(struct image *im, int way, struct spr_error *err)
{
    static const struct {
        bool swap, mirror_x, mirror_y; /* of the result's coordinates, before the source is looked up */
    } ways[9] = { [2] = { false, true, false }, [3] = { false, true, true }, [4] = { false, false, true },
                  [5] = { true, false, false }, [6] = { true, true, false }, [7] = { true, true, true },
                  [8] = { true, false, true } };
    struct image to;
    if (way == 1)
        return SPR_OK;
    bool swap = ways[way].swap;
    enum spr_code rc = image_init(&to, swap ? im->height : im->width, swap ? im->width : im->height, err);
    if (rc)
        return rc;
    for (int y = 0; y < to.height; y++)
        for (int x = 0; x < to.width; x++) {
            int u = ways[way].mirror_x ? to.width - 1 - x : x, v = ways[way].mirror_y ? to.height - 1 - y : y;
            *image_at(&to, x, y) = swap ? *image_at(im, v, u) : *image_at(im, u, v);
        }
    image_fini(im);
    *im = to;
    return SPR_OK;
}

bool jpeg_is(const void *data, size_t size)
{
    return size >= 3 && memcmp(data, "\xff\xd8\xff", 3) == 0;
}

enum spr_code jpeg_decode(const void *data, size_t size, const struct image_limits *limits, struct image *ret,
                          struct spr_error *err)
{
    if (!jpeg_is(data, size))
        return SPR_FAIL(err, SPR_BADDATA, "not a JPEG file");
    struct reader r = { .limits = limits, .err = err };
    guarded_read(&r, data, size);
    if (!r.rc)
        r.rc = turn_upright(&r.image, r.way, err);
    jpeg_destroy_decompress(&r.jpeg);
    mem_free(r.row);
    if (r.rc)
        image_fini(&r.image);
    else
        *ret = r.image;
    return r.rc;
}
