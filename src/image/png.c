/* libpng does the work. Its errors come by longjmp: everything between setjmp and a possible longjmp lives in a
 * struct of the caller's frame, and the function that calls setjmp has no changing locals of its own. Its warnings
 * are dropped: what makes a picture wrong is an error there too. */
#include "image/png.h"

#include "base/mem.h"
#include "image/png_chunk.h"

#include <assert.h>
#include <png.h>
#include <setjmp.h>
#include <string.h>

/* Deflate never makes more than 1032 bytes from one (zlib's technical note): less input cannot hold the pixels. */
enum { DEFLATE_RATIO_MAX = 1032 };
enum { COMPRESS_TEXT_OVER = 2048 }; /* bytes */

struct reader {
    png_structp png;
    png_infop info;
    const uint8_t *data;
    size_t size, at; /* bytes in all, bytes given to libpng */
    const struct image_limits *limits;
    struct image image;
    png_bytep *row; /* (height) */
    bool starved;   /* an allocation failed */
    enum spr_code rc;
    struct spr_error *err;
};

/* libpng's sentences do not always say when memory was what it lacked; this tells. */
static void *png_take(png_structp png, png_alloc_size_t size)
{
    bool *starved = png_get_mem_ptr(png);
    void *p = mem_zalloc(1, size);
    *starved = *starved || !p;
    return p;
}

static void png_give(png_structp png, void *p)
{
    (void)png;
    mem_free(p);
}

static void quiet(png_structp png, const char *text)
{
    (void)png;
    (void)text;
}

_Noreturn static void read_failed(png_structp png, const char *text)
{
    struct reader *r = png_get_error_ptr(png);
    if (!r->rc && r->starved)
        r->rc = SPR_FAIL(r->err, SPR_NOMEM, "no memory to read a PNG");
    else if (!r->rc)
        r->rc = SPR_FAIL(r->err, SPR_BADDATA, "broken PNG before byte %zu of %zu: %s", r->at, r->size, text);
    png_longjmp(png, 1);
}

static void read_bytes(png_structp png, png_bytep to, size_t length)
{
    struct reader *r = png_get_io_ptr(png);
    if (length > r->size - r->at) {
        r->rc = SPR_FAIL(r->err, SPR_BADDATA, "the PNG ends too early, after %zu bytes", r->size);
        png_error(png, "short");
    }
    memcpy(to, r->data + r->at, length);
    r->at += length;
}

/* Whether what is left of the file can hold the pixels at all. */
static enum spr_code enough_data(struct reader *r, uint64_t width, uint64_t height)
{
    uint64_t bits = png_get_bit_depth(r->png, r->info) * (uint64_t)png_get_channels(r->png, r->info);
    uint64_t raw = (width * bits + 7) / 8 * height;
    if (raw / DEFLATE_RATIO_MAX > r->size)
        return SPR_FAIL(r->err, SPR_BADDATA, "a PNG of %zu bytes cannot hold %ju x %ju pixels", r->size,
                        (uintmax_t)width, (uintmax_t)height);
    return SPR_OK;
}

static void to_srgb(struct reader *r)
{
    int intent;
    double gamma = 0;
    png_charp name;
    int method;
    png_bytep profile;
    png_uint_32 length;
    if (png_get_sRGB(r->png, r->info, &intent) ||
        png_get_iCCP(r->png, r->info, &name, &method, &profile, &length) ||
        !png_get_gAMA(r->png, r->info, &gamma))
        return;
    if (gamma > 0.01 && gamma < 10)
        png_set_gamma(r->png, PNG_DEFAULT_sRGB, gamma);
}

static void read_all(struct reader *r)
{
    png_set_user_limits(r->png, PNG_UINT_31_MAX,
                        PNG_UINT_31_MAX); /* ours are checked below, with better words */
    png_set_chunk_cache_max(r->png, 1000);
    png_set_chunk_malloc_max(r->png, (png_alloc_size_t)8 << 20);
    /* Texts are read by png_chunk.c; the other chunks that are kept nowhere need not be parsed. */
    static const png_byte unread[] = "tEXt\0zTXt\0iTXt\0sPLT\0hIST\0pCAL\0sCAL\0eXIf\0tIME";
    png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_NEVER, unread, sizeof unread / 5);
    png_set_read_fn(r->png, r, read_bytes);
    png_read_info(r->png, r->info);
    png_uint_32 width = png_get_image_width(r->png, r->info), height = png_get_image_height(r->png, r->info);
    r->rc = image_limits_check(r->limits, "PNG", width, height, r->err);
    if (!r->rc)
        r->rc = enough_data(r, width, height);
    if (!r->rc)
        r->rc = image_init(&r->image, (int)width, (int)height, r->err);
    if (!r->rc && !(r->row = mem_zalloc(height, sizeof *r->row)))
        r->rc = SPR_FAIL(r->err, SPR_NOMEM, "no memory for a picture of %u rows", height);
    if (r->rc)
        return;
    to_srgb(r);
    png_set_expand(r->png);
    png_set_scale_16(r->png);
    png_set_gray_to_rgb(r->png);
    png_set_add_alpha(r->png, 255, PNG_FILLER_AFTER);
    (void)png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    if (png_get_rowbytes(r->png, r->info) != (size_t)width * sizeof(struct rgba))
        png_error(r->png, "unexpected row length");
    for (png_uint_32 y = 0; y < height; y++)
        r->row[y] = (png_bytep)image_at(&r->image, 0, (int)y);
    png_read_image(r->png, r->row);
    png_read_end(r->png, NULL);
}

static void guarded_read(struct reader *r)
{
    if (setjmp(png_jmpbuf(r->png)) == 0)
        read_all(r);
}

bool png_is(const void *data, size_t size)
{
    return size >= PNG_SIGNATURE_BYTES && png_sig_cmp((png_const_bytep)data, 0, PNG_SIGNATURE_BYTES) == 0;
}

static enum spr_code not_png(struct spr_error *err)
{
    return SPR_FAIL(err, SPR_BADDATA, "not a PNG file");
}

enum spr_code png_decode_notes(const void *data, size_t size, struct notes *ret, struct spr_error *err)
{
    if (!png_is(data, size))
        return not_png(err);
    struct notes found = { 0 };
    struct png_chunk c;
    size_t offset = PNG_SIGNATURE_BYTES;
    while (png_chunk_next(data, size, &offset, &c)) {
        enum spr_code rc = SPR_OK;
        if (!memcmp(c.type, "IEND", 4))
            break;
        if (!memcmp(c.type, "tEXt", 4) || !memcmp(c.type, "zTXt", 4) || !memcmp(c.type, "iTXt", 4))
            rc = png_chunk_note(&c, &found, err);
        if (rc) {
            notes_fini(&found);
            return rc;
        }
    }
    *ret = found;
    return SPR_OK;
}

enum spr_code png_decode_palette(const void *data, size_t size, struct palette *ret, struct spr_error *err)
{
    if (!png_is(data, size))
        return not_png(err);
    struct palette p = { 0 };
    struct png_chunk c;
    size_t offset = PNG_SIGNATURE_BYTES;
    while (png_chunk_next(data, size, &offset, &c) && memcmp(c.type, "IDAT", 4) != 0) {
        if (!memcmp(c.type, "IHDR", 4) && (c.length < 13 || c.data[9] != PNG_COLOR_TYPE_PALETTE))
            return SPR_FAIL(err, SPR_NOTFOUND, "the PNG has no colour table");
        bool colours = !memcmp(c.type, "PLTE", 4), alphas = !memcmp(c.type, "tRNS", 4);
        if ((colours && (c.length % 3 || c.length > 768 || p.count)) || (alphas && (int)c.length > p.count) ||
            ((colours || alphas) && !c.crc_good))
            return SPR_FAIL(err, SPR_BADDATA, "broken %s chunk at byte %zu of the PNG", c.type, c.offset);
        for (uint32_t i = 0; colours && i < c.length / 3; i++)
            p.colour[p.count++] = (struct rgba){ c.data[3 * i], c.data[3 * i + 1], c.data[3 * i + 2], 255 };
        for (uint32_t i = 0; alphas && i < c.length; i++)
            p.colour[i].a = c.data[i];
    }
    if (p.count == 0)
        return SPR_FAIL(err, SPR_NOTFOUND, "the PNG has no colour table");
    *ret = p;
    return SPR_OK;
}

enum spr_code png_decode(const void *data, size_t size, const struct image_limits *limits, struct image *ret,
                         struct notes *ret_notes, struct spr_error *err)
{
    if (!png_is(data, size))
        return not_png(err);
    struct reader r = { .data = data, .size = size, .limits = limits, .err = err };
    r.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &r, read_failed, quiet, &r.starved, png_take,
                                     png_give);
    r.info = r.png ? png_create_info_struct(r.png) : NULL;
    if (!r.info)
        r.rc = SPR_FAIL(err, SPR_NOMEM, "no memory to read a PNG");
    else
        guarded_read(&r);
    png_destroy_read_struct(&r.png, &r.info, NULL);
    mem_free(r.row);
    if (!r.rc && ret_notes)
        r.rc = png_decode_notes(data, size, ret_notes, err);
    if (r.rc)
        image_fini(&r.image);
    else
        *ret = r.image;
    return r.rc;
}

enum spr_code png_read(const char *path, const struct image_limits *limits, struct image *ret,
                       struct notes *ret_notes, struct spr_error *err)
{
    struct buf file;
    buf_init(&file, limits ? limits->file_bytes : image_limits_default.file_bytes);
    enum spr_code rc = file_read(path, &file, err);
    if (!rc) {
        rc = png_decode(file.data, file.length, limits, ret, ret_notes, err);
        if (rc)
            spr_prefix(err, "%.200s", path);
    }
    buf_fini(&file);
    return rc;
}

struct writer {
    png_structp png;
    png_infop info;
    const struct image *image;     /* one of these two */
    const struct indexed *indexed; /* is not NULL */
    bool alpha;                    /* RGBA though every pixel is opaque */
    int bits;                      /* per sample */
    uint8_t *row;                  /* one packed row */
    bool starved;                  /* an allocation failed */
    png_text *text;
    int texts;
    struct buf *into;
    enum spr_code rc;
    struct spr_error *err;
};

_Noreturn static void write_failed(png_structp png, const char *text)
{
    struct writer *w = png_get_error_ptr(png);
    if (!w->rc && w->starved)
        w->rc = SPR_FAIL(w->err, SPR_NOMEM, "no memory to write a PNG");
    else if (!w->rc)
        w->rc = SPR_FAIL(w->err, SPR_INTERNAL, "cannot write a PNG: %s", text);
    png_longjmp(png, 1);
}

static void write_bytes(png_structp png, png_bytep from, size_t length)
{
    struct writer *w = png_get_io_ptr(png);
    w->rc = buf_add(w->into, from, length, w->err);
    if (w->rc)
        png_error(png, "full");
}

static void nothing_to_flush(png_structp png)
{
    (void)png;
}

static bool key_is_good(const char *key)
{
    size_t n = strlen(key);
    if (n < 1 || n > 79 || key[0] == ' ' || key[n - 1] == ' ' || strstr(key, "  "))
        return false;
    for (size_t i = 0; i < n; i++)
        if (key[i] < ' ' || key[i] > '~')
            return false;
    return true;
}

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x7f)
            return false;
    return true;
}

static enum spr_code prepare_texts(struct writer *w, const struct notes *notes)
{
    if (!notes || notes->count == 0)
        return SPR_OK;
    w->text = mem_zalloc((size_t)notes->count, sizeof *w->text);
    if (!w->text)
        return SPR_FAIL(w->err, SPR_NOMEM, "no memory for %d texts", notes->count);
    for (int i = 0; i < notes->count; i++) {
        const struct image_note *n = &notes->item[i];
        if (!key_is_good(n->key))
            return SPR_FAIL(
                w->err, SPR_BADARG,
                "\"%.100s\" cannot be a PNG text's key: 1..79 printable ASCII characters, single blanks",
                n->key);
        bool ascii = is_ascii(n->text), big = strlen(n->text) > COMPRESS_TEXT_OVER;
        w->text[w->texts++] = (png_text){
            .compression = ascii ? (big ? PNG_TEXT_COMPRESSION_zTXt : PNG_TEXT_COMPRESSION_NONE)
                                 : (big ? PNG_ITXT_COMPRESSION_zTXt : PNG_ITXT_COMPRESSION_NONE),
            .key = n->key,
            .text = n->text,
            .text_length = ascii ? strlen(n->text) : 0,
            .itxt_length = ascii ? 0 : strlen(n->text),
            .lang = NULL,
            .lang_key = NULL,
        };
    }
    return SPR_OK;
}

/* Whether neighbours are often equal, as in pixel art and screens. There zlib does better with the pixels themselves than with
 * differences: on a sheet of 512 x 512 with 300 sprites 174 KB instead of 241, in a tenth of the time. */
static bool is_flat(const struct image *im)
{
    size_t equal = 0, pairs = (size_t)im->height * (size_t)(im->width - 1);
    for (int y = 0; y < im->height; y++)
        for (int x = 1; x < im->width; x++)
            equal += rgba_equal(*image_at(im, x, y), *image_at(im, x - 1, y));
    return equal * 4 >= pairs;
}

static void write_head(struct writer *w, int width, int height, int colour_type)
{
    png_set_write_fn(w->png, w, write_bytes, nothing_to_flush);
    png_set_user_limits(w->png, IMAGE_SIDE_MAX, IMAGE_SIDE_MAX);
    bool flat = w->indexed || is_flat(w->image);
    /* The last few percent cost much time on large pictures only, and much more where much repeats. */
    int64_t small = flat && !w->indexed ? 1 << 12 : 1 << 18;
    png_set_compression_level(w->png, (int64_t)width * height <= small ? 9 : 6);
    png_set_compression_mem_level(w->png, 8);
    png_set_compression_strategy(w->png, 0);
    png_set_text_compression_level(w->png, 9);
    png_set_text_compression_strategy(w->png, 0);
    png_set_filter(w->png, 0, flat ? PNG_FILTER_NONE : PNG_ALL_FILTERS);
    png_set_IHDR(w->png, w->info, (png_uint_32)width, (png_uint_32)height, w->bits, colour_type,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_sRGB(w->png, w->info, PNG_sRGB_INTENT_PERCEPTUAL);
    if (w->texts)
        png_set_text(w->png, w->info, w->text, w->texts);
}

static void write_indexed(struct writer *w)
{
    const struct palette *p = &w->indexed->palette;
    png_color colour[256];
    png_byte alpha[256];
    int last = -1; /* the last colour that is not opaque */
    for (int i = 0; i < p->count; i++) {
        colour[i] = (png_color){ p->colour[i].r, p->colour[i].g, p->colour[i].b };
        alpha[i] = p->colour[i].a;
        if (alpha[i] != 255)
            last = i;
    }
    write_head(w, w->indexed->width, w->indexed->height, PNG_COLOR_TYPE_PALETTE);
    png_set_PLTE(w->png, w->info, colour, p->count);
    if (last >= 0)
        png_set_tRNS(w->png, w->info, alpha, last + 1, NULL);
    png_write_info(w->png, w->info);
    size_t width = (size_t)w->indexed->width;
    for (int y = 0; y < w->indexed->height; y++) {
        const uint8_t *from = w->indexed->index + (size_t)y * width;
        memset(w->row, 0, width);
        for (size_t x = 0, per = 8 / (size_t)w->bits; x < width; x++)
            w->row[x / per] |= (uint8_t)(from[x] << (8 - w->bits - (int)(x % per) * w->bits));
        png_write_row(w->png, w->row);
    }
}

static void write_image(struct writer *w)
{
    const struct image *im = w->image;
    size_t count = (size_t)im->width * (size_t)im->height;
    bool opaque = !w->alpha;
    for (size_t i = 0; i < count && opaque; i++)
        opaque = im->pixel[i].a == 255;
    write_head(w, im->width, im->height, opaque ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGB_ALPHA);
    png_write_info(w->png, w->info);
    if (opaque)
        png_set_filler(w->png, 0, PNG_FILLER_AFTER);
    for (int y = 0; y < im->height; y++)
        png_write_row(w->png, (png_const_bytep)image_at(im, 0, y));
}

static void guarded_write(struct writer *w)
{
    if (setjmp(png_jmpbuf(w->png)))
        return;
    if (w->indexed)
        write_indexed(w);
    else
        write_image(w);
    png_write_end(w->png, NULL);
}

static enum spr_code encode(struct writer *w, const struct notes *notes)
{
    size_t before = w->into->length;
    w->rc = prepare_texts(w, notes);
    if (!w->rc && w->indexed && !(w->row = mem_zalloc((size_t)w->indexed->width, 1)))
        w->rc = SPR_FAIL(w->err, SPR_NOMEM, "no memory for a row of pixels");
    if (!w->rc) {
        w->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, w, write_failed, quiet, &w->starved,
                                           png_take, png_give);
        w->info = w->png ? png_create_info_struct(w->png) : NULL;
        if (w->info)
            guarded_write(w);
        else
            w->rc = SPR_FAIL(w->err, SPR_NOMEM, "no memory to write a PNG");
        png_destroy_write_struct(&w->png, &w->info);
    }
    mem_free(w->row);
    mem_free(w->text);
    if (w->rc && w->into->data) {
        w->into->length = before;
        w->into->data[before] = '\0';
    }
    return w->rc;
}

enum spr_code png_encode(const struct image *im, const struct notes *notes, struct buf *into,
                         struct spr_error *err)
{
    struct writer w = { .image = im, .bits = 8, .into = into, .err = err };
    return encode(&w, notes);
}

enum spr_code png_encode_rgba(const struct image *im, const struct notes *notes, struct buf *into,
                              struct spr_error *err)
{
    struct writer w = { .image = im, .alpha = true, .bits = 8, .into = into, .err = err };
    return encode(&w, notes);
}

enum spr_code png_encode_indexed(const struct indexed *im, const struct notes *notes, struct buf *into,
                                 struct spr_error *err)
{
    int count = im->palette.count;
    assert(count >= 1 && count <= 256);
    int bits = count <= 2 ? 1 : count <= 4 ? 2 : count <= 16 ? 4 : 8;
    struct writer w = { .indexed = im, .bits = bits, .into = into, .err = err };
    return encode(&w, notes);
}

enum spr_code png_encode_best(const struct image *im, const struct notes *notes, struct buf *into,
                              struct spr_error *err)
{
    struct indexed few;
    enum spr_code rc = indexed_from_image(&few, im, err);
    if (rc == SPR_LIMIT)
        return png_encode(im, notes, into, err);
    if (rc)
        return rc;
    rc = png_encode_indexed(&few, notes, into, err);
    indexed_fini(&few);
    return rc;
}

enum spr_code png_write(const char *path, const struct image *im, const struct notes *notes,
                        enum file_mode mode, struct spr_error *err)
{
    struct buf file;
    buf_init(&file, SIZE_MAX / 2);
    enum spr_code rc = png_encode_best(im, notes, &file, err);
    if (!rc)
        rc = file_write(path, file.data, file.length, mode, err);
    buf_fini(&file);
    return rc;
}

enum spr_code png_write_indexed(const char *path, const struct indexed *im, const struct notes *notes,
                                enum file_mode mode, struct spr_error *err)
{
    struct buf file;
    buf_init(&file, SIZE_MAX / 2);
    enum spr_code rc = png_encode_indexed(im, notes, &file, err);
    if (!rc)
        rc = file_write(path, file.data, file.length, mode, err);
    buf_fini(&file);
    return rc;
}
