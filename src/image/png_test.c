#include "image/png.h"

#include "base/mem.h"
#include "base/random.h"

#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

static const struct image_limits small_limits = { 1 << 20, 1 << 20, 2000 };

static void to_buf(png_structp png, png_bytep from, size_t length)
{
    struct spr_error err;
    assert_int_equal(buf_add(png_get_io_ptr(png), from, length, &err), SPR_OK);
}

static void no_flush(png_structp png)
{
    (void)png;
}

struct kind {
    int type, bits, interlace;
    bool trns;
};

/* The sample in channel c of pixel (x, y): every value of the depth occurs. */
static unsigned sample(struct kind k, int x, int y, int c)
{
    unsigned max = (1u << k.bits) - 1;
    return (unsigned)(x * 40503 + y * 977 * (c + 1) + c * 12345) & max;
}

static int channels(int type)
{
    return type == PNG_COLOR_TYPE_RGB          ? 3
           : type == PNG_COLOR_TYPE_RGBA       ? 4
           : type == PNG_COLOR_TYPE_GRAY_ALPHA ? 2
                                               : 1;
}

enum { W = 19, H = 11 };

/* A PNG of that kind, made with libpng's lowest-level calls and nothing of ours. */
static void make(struct kind k, struct buf *file)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, file, to_buf, no_flush);
    png_set_IHDR(png, info, W, H, k.bits, k.type, k.interlace, 0, 0);
    if (k.type == PNG_COLOR_TYPE_PALETTE) {
        png_color p[256];
        png_byte a[256];
        int count = 1 << k.bits;
        for (int i = 0; i < count; i++) {
            p[i] = (png_color){ (png_byte)(i * 3), (png_byte)(255 - i), (png_byte)(i * 29) };
            a[i] = (png_byte)(i * 5);
        }
        png_set_PLTE(png, info, p, count);
        if (k.trns)
            png_set_tRNS(png, info, a, count, NULL);
    } else if (k.trns) {
        png_color_16 c = { 0, (png_uint_16)sample(k, 3, 2, 0), (png_uint_16)sample(k, 3, 2, 1),
                           (png_uint_16)sample(k, 3, 2, 2), (png_uint_16)sample(k, 3, 2, 0) };
        png_set_tRNS(png, info, NULL, 0, &c);
    }
    png_write_info(png, info);
    static png_byte rows[H][W * 8];
    memset(rows, 0, sizeof rows);
    png_bytep row[H];
    int n = channels(k.type);
    for (int y = 0; y < H; y++) {
        row[y] = rows[y];
        for (int x = 0; x < W; x++)
            for (int c = 0; c < n; c++) {
                unsigned v = sample(k, x, y, c);
                size_t bit = (size_t)((x * n + c) * k.bits);
                if (k.bits == 16) {
                    rows[y][bit / 8] = (png_byte)(v >> 8);
                    rows[y][bit / 8 + 1] = (png_byte)v;
                } else {
                    rows[y][bit / 8] |= (png_byte)(v << (8 - k.bits - (int)(bit % 8)));
                }
            }
    }
    png_write_image(png, row);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
}

static uint8_t to8(unsigned v, int bits)
{
    unsigned max = (1u << bits) - 1;
    return (uint8_t)((v * 255u + max / 2) / max);
}

static struct rgba expected(struct kind k, int x, int y)
{
    unsigned v[4];
    for (int c = 0; c < channels(k.type); c++)
        v[c] = sample(k, x, y, c);
    if (k.type == PNG_COLOR_TYPE_PALETTE)
        return (struct rgba){ (uint8_t)(v[0] * 3), (uint8_t)(255 - v[0]), (uint8_t)(v[0] * 29),
                              k.trns ? (uint8_t)(v[0] * 5) : 255 };
    bool grey = channels(k.type) < 3;
    struct rgba e = { to8(v[0], k.bits), to8(v[grey ? 0 : 1], k.bits), to8(v[grey ? 0 : 2], k.bits), 255 };
    if (channels(k.type) % 2 == 0)
        e.a = to8(v[channels(k.type) - 1], k.bits);
    bool same = true;
    for (int c = 0; c < channels(k.type); c++)
        same = same && v[c] == sample(k, 3, 2, c);
    if (k.trns && same)
        e.a = 0;
    return e;
}

static void reads_every_kind(void **state)
{
    (void)state;
    static const struct {
        int type, bits;
    } kinds[] = { { 0, 1 }, { 0, 2 }, { 0, 4 }, { 0, 8 }, { 0, 16 }, { 2, 8 }, { 2, 16 }, { 3, 1 },
                  { 3, 2 }, { 3, 4 }, { 3, 8 }, { 4, 8 }, { 4, 16 }, { 6, 8 }, { 6, 16 } };
    for (size_t i = 0; i < SPR_COUNT(kinds) * 4; i++) {
        struct kind k = { kinds[i / 4].type, kinds[i / 4].bits, i & 1, (i & 2) != 0 };
        if (k.trns && k.type >= 4)
            continue;
        struct buf file;
        struct image im = { 0 };
        struct spr_error err = { 0 };
        buf_init(&file, 1 << 20);
        make(k, &file);
        if (png_decode(file.data, file.length, &small_limits, &im, NULL, &err))
            fail_msg("type %d bits %d interlace %d tRNS %d: %s", k.type, k.bits, k.interlace, k.trns,
                     err.text);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                struct rgba got = *image_at(&im, x, y), want = expected(k, x, y);
                if (!rgba_equal(got, want))
                    fail_msg("type %d bits %d interlace %d tRNS %d at %d,%d: %d %d %d %d, not %d %d %d %d",
                             k.type, k.bits, k.interlace, k.trns, x, y, got.r, got.g, got.b, got.a, want.r,
                             want.g, want.b, want.a);
            }
        image_fini(&im);
        buf_fini(&file);
    }
}

static struct image picture(int w, int h, int colours, bool opaque)
{
    struct image im;
    struct spr_error err;
    assert_int_equal(image_init(&im, w, h, &err), SPR_OK);
    for (int i = 0; i < w * h; i++) {
        int c = (i * 31 + i / w) % colours;
        im.pixel[i] = (struct rgba){ (uint8_t)(c * 5), (uint8_t)(c >> 3), (uint8_t)(200 - c),
                                     opaque || c ? 255 : (uint8_t)(c * 9) };
    }
    return im;
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    static const struct {
        int colours, bits, type;
        bool opaque;
    } rows[] = {
        { 1, 1, 3, true },    { 2, 1, 3, false },   { 3, 2, 3, true },
        { 4, 2, 3, false },   { 16, 4, 3, false },  { 17, 8, 3, true },
        { 256, 8, 3, false }, { 5000, 8, 2, true }, { 5000, 8, 6, false },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct image im = picture(101, 67, rows[i].colours, rows[i].opaque), back = { 0 };
        struct buf file, again;
        struct spr_error err = { 0 };
        buf_init(&file, 1 << 20);
        buf_init(&again, 1 << 20);
        assert_int_equal(png_encode_best(&im, NULL, &file, &err), SPR_OK);
        assert_int_equal(png_encode_best(&im, NULL, &again, &err), SPR_OK);
        assert_int_equal(file.length, again.length);
        assert_memory_equal(file.data, again.data, file.length);
        assert_int_equal(file.data[24], rows[i].bits);
        assert_int_equal(file.data[25], rows[i].type);
        assert_int_equal(png_decode(file.data, file.length, NULL, &back, NULL, &err), SPR_OK);
        assert_int_equal(back.width, 101);
        assert_memory_equal(back.pixel, im.pixel, 101 * 67 * sizeof *im.pixel);
        if (rows[i].type == 3) {
            struct palette p = { 0 };
            assert_int_equal(png_decode_palette(file.data, file.length, &p, &err), SPR_OK);
            assert_int_equal(p.count, rows[i].colours);
        }
        image_fini(&im);
        image_fini(&back);
        buf_fini(&file);
        buf_fini(&again);
    }
}

/* A sheet of sprites in too many colours for a palette, a gradient beside it: each is filtered as suits it. */
static void much_that_repeats_is_packed_well(void **state)
{
    (void)state;
    enum { SIDE = 128 };
    struct image art, smooth;
    struct buf bytes[2];
    struct random r = { 3, 1 };
    struct spr_error err;
    assert_int_equal(image_init(&art, SIDE, SIDE, &err), SPR_OK);
    assert_int_equal(image_init(&smooth, SIDE, SIDE, &err), SPR_OK);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            uint32_t c = random_below(r, (uint64_t)(y / 2 * SIDE + x / 2), 1 << 10);
            *image_at(&art, x, y) = (struct rgba){ (uint8_t)c, (uint8_t)(c * 7), (uint8_t)(c >> 2), 255 };
            *image_at(&smooth, x, y) =
                (struct rgba){ (uint8_t)(x + y), (uint8_t)(2 * y), (uint8_t)(3 * x), 255 };
        }
    for (int i = 0; i < 2; i++) {
        buf_init(&bytes[i], 1 << 20);
        assert_int_equal(png_encode(i ? &smooth : &art, NULL, &bytes[i], &err), SPR_OK);
    }
    /* 10,942 bytes, and 14,122 with differences; 275, and far more without. */
    assert_in_range(bytes[0].length, 5120, 12000);
    assert_in_range(bytes[1].length, 100, 400);
    buf_fini(&bytes[0]);
    buf_fini(&bytes[1]);
    image_fini(&art);
    image_fini(&smooth);
}

static void notes_come_back(void **state)
{
    (void)state;
    static char big[5000];
    memset(big, 'x', sizeof big - 1);
    static const char *const texts[][2] = {
        { "Prompt", "red dragon" },         { "Empty", "" }, { "Comment", "zwei\nZeilen" },
        { "Title", "Drachentöter \u9f8d" }, { "Long", big },
    };
    struct notes in = { 0 }, out = { 0 };
    struct spr_error err = { 0 };
    for (size_t i = 0; i < SPR_COUNT(texts); i++)
        assert_int_equal(notes_put(&in, texts[i][0], texts[i][1], &err), SPR_OK);
    struct image im = picture(8, 8, 9, true), back = { 0 };
    struct buf file;
    buf_init(&file, 1 << 20);
    assert_int_equal(png_encode_best(&im, &in, &file, &err), SPR_OK);
    assert_true(file.length < 2000); /* the long one is compressed */
    assert_int_equal(png_decode(file.data, file.length, NULL, &back, &out, &err), SPR_OK);
    assert_int_equal(out.skipped, 0);
    assert_int_equal(out.count, (int)SPR_COUNT(texts));
    for (size_t i = 0; i < SPR_COUNT(texts); i++) {
        assert_string_equal(out.item[i].key, texts[i][0]);
        assert_string_equal(out.item[i].text, texts[i][1]);
    }
    notes_fini(&in);
    notes_fini(&out);
    image_fini(&im);
    image_fini(&back);
    buf_fini(&file);
}

static void add_chunk(struct buf *b, const char *type, const void *data, size_t length, uint32_t spoil)
{
    struct spr_error err;
    uint32_t crc = (uint32_t)crc32(crc32(0, (const Bytef *)type, 4), data, (uInt)length) ^ spoil;
    const uint8_t head[4] = { (uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8),
                              (uint8_t)length };
    const uint8_t tail[4] = { (uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8), (uint8_t)crc };
    assert_int_equal(buf_add(b, head, 4, &err), SPR_OK);
    assert_int_equal(buf_add(b, type, 4, &err), SPR_OK);
    assert_int_equal(buf_add(b, data, length, &err), SPR_OK);
    assert_int_equal(buf_add(b, tail, 4, &err), SPR_OK);
}

/* A 1x1 PNG with one chunk more after the header. */
static void with_chunk(struct buf *file, const char *type, const void *data, size_t length, uint32_t spoil)
{
    struct image im = picture(1, 1, 1, true);
    struct buf plain;
    struct spr_error err;
    buf_init(&plain, 1 << 20);
    buf_init(file, 8 << 20);
    assert_int_equal(png_encode(&im, NULL, &plain, &err), SPR_OK);
    assert_int_equal(buf_add(file, plain.data, 33, &err), SPR_OK);
    add_chunk(file, type, data, length, spoil);
    assert_int_equal(buf_add(file, plain.data + 33, plain.length - 33, &err), SPR_OK);
    image_fini(&im);
    buf_fini(&plain);
}

static void damaged_notes_are_skipped(void **state)
{
    (void)state;
    static uint8_t bomb[64 << 10], packed[64 << 10]; /* 8 MiB of one letter, packed */
    memcpy(bomb, "B\0\0", 3);
    z_stream z = { 0 };
    assert_int_equal(deflateInit(&z, 9), Z_OK);
    z.next_out = bomb + 3;
    z.avail_out = sizeof bomb - 3;
    memset(packed, 'a', sizeof packed);
    for (int i = 0; i < 128; i++) {
        z.next_in = packed;
        z.avail_in = sizeof packed;
        assert_int_equal(deflate(&z, i == 127 ? Z_FINISH : Z_NO_FLUSH), i == 127 ? Z_STREAM_END : Z_OK);
    }
    size_t bomb_bytes = sizeof bomb - z.avail_out;
    deflateEnd(&z);
    static const char plain[] = "A\0Gr\xfc\xdf";
    const struct {
        const char *why, *type;
        const void *data;
        size_t length;
        uint32_t spoil;
        const char *say; /* "" where the note is good */
    } rows[] = {
        { "Latin-1", "tEXt", plain, 6, 0, "" },
        { "checksum", "tEXt", plain, 6, 1, "tEXt at byte 33: wrong checksum" },
        { "no 0", "tEXt", "abc", 3, 0, "tEXt at byte 33: not in the form of a text chunk" },
        { "no key", "tEXt", "\0abc", 4, 0, "tEXt at byte 33: a text without a key" },
        { "0 in text", "tEXt", "A\0a\0c", 5, 0, "tEXt at byte 33: the text \"A\" has a 0 byte in it" },
        { "not deflate", "zTXt", "A\0\0abcdef", 9, 0, "zTXt at byte 33: the compressed text is damaged" },
        { "method", "zTXt", "A\0\1abcdef", 9, 0, "zTXt at byte 33: not in the form of a text chunk" },
        { "bomb", "zTXt", bomb, bomb_bytes, 0,
          "zTXt at byte 33: the text is over the limit of 4194304 bytes" },
        { "iTXt", "iTXt", "A\0\0\0de\0\0Gr\xc3\xbc\xc3\x9f", 14, 0, "" },
        { "iTXt Latin-1", "iTXt", "A\0\0\0\0\0Gr\xfc\xdf", 10, 0,
          "iTXt at byte 33: the text \"A\" is not UTF-8 at byte 2" },
        { "iTXt short", "iTXt", "A\0\0\0de", 6, 0, "iTXt at byte 33: not in the form of a text chunk" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct buf file;
        struct notes n = { 0 };
        struct image im = { 0 };
        struct spr_error err = { 0 };
        with_chunk(&file, rows[i].type, rows[i].data, rows[i].length, rows[i].spoil);
        assert_int_equal(png_decode(file.data, file.length, NULL, &im, &n, &err), SPR_OK);
        if (strcmp(n.why, rows[i].say) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", rows[i].why, n.why, rows[i].say);
        assert_int_equal(n.skipped, rows[i].say[0] != '\0');
        if (!n.skipped)
            assert_string_equal(notes_get(&n, "A"), "Grüß");
        notes_fini(&n);
        image_fini(&im);
        buf_fini(&file);
    }
}

static void bad_keys_are_refused(void **state)
{
    (void)state;
    static const char *const keys[] = { " a", "a ", "a  b", "sch\xc3\xb6n", "a\nb" };
    struct image im = picture(2, 2, 2, true);
    for (size_t i = 0; i < SPR_COUNT(keys); i++) {
        struct notes n = { 0 };
        struct spr_error err = { 0 };
        struct buf file;
        buf_init(&file, 1 << 20);
        assert_int_equal(notes_put(&n, keys[i], "x", &err), SPR_OK);
        assert_int_equal(png_encode(&im, &n, &file, &err), SPR_BADARG);
        assert_int_equal(file.length, 0);
        notes_fini(&n);
        buf_fini(&file);
    }
    image_fini(&im);
}

/* Whatever happens to the bytes: an answer, no crash, and nothing given on failure. */
static void survives_damage(void **state)
{
    (void)state;
    struct kind kinds[] = { { 3, 4, 1, true }, { 6, 16, 0, false }, { 0, 1, 0, true } };
    for (size_t k = 0; k < SPR_COUNT(kinds); k++) {
        struct buf file;
        buf_init(&file, 1 << 20);
        make(kinds[k], &file);
        for (size_t cut = 0; cut < file.length; cut++) {
            struct image im = { 0 };
            struct spr_error err = { 0 };
            char *part = malloc(cut + 1); /* its own block, so that a sanitiser sees a step beyond the end */
            memcpy(part, file.data, cut);
            assert_int_not_equal(png_decode(part, cut, &small_limits, &im, NULL, &err), SPR_OK);
            assert_null(im.pixel);
            free(part);
        }
        for (size_t at = 0; at < file.length; at++) {
            struct image im = { 0 };
            struct notes n = { 0 };
            struct spr_error err = { 0 };
            file.data[at] ^= 0x41;
            enum spr_code rc = png_decode(file.data, file.length, &small_limits, &im, &n, &err);
            assert_true(rc == SPR_OK ? im.pixel != NULL : im.pixel == NULL && err.text[0]);
            file.data[at] ^= 0x41;
            image_fini(&im);
            notes_fini(&n);
        }
        buf_fini(&file);
    }
}

static void survives_lack_of_memory(void **state)
{
    (void)state;
    struct image im = picture(40, 40, 700, false);
    struct notes n = { 0 };
    struct spr_error err = { 0 };
    struct buf good;
    buf_init(&good, 1 << 20);
    assert_int_equal(notes_put(&n, "Prompt", "red dragon", &err), SPR_OK);
    assert_int_equal(png_encode(&im, &n, &good, &err), SPR_OK);
    bool done = false;
    for (uint64_t nth = 1; !done && nth < 500; nth++) {
        struct buf file;
        buf_init(&file, 1 << 20);
        mem_fail_nth(nth);
        enum spr_code rc = png_encode(&im, &n, &file, &err);
        mem_fail_nth(0);
        done = rc == SPR_OK;
        if (!done && rc != SPR_NOMEM)
            fail_msg("write, request %d: %s", (int)nth, err.text);
        assert_true(done || file.length == 0);
        buf_fini(&file);
    }
    assert_true(done);
    done = false;
    for (uint64_t nth = 1; !done && nth < 500; nth++) {
        struct image back = { 0 };
        struct notes notes = { 0 };
        mem_fail_nth(nth);
        enum spr_code rc = png_decode(good.data, good.length, NULL, &back, &notes, &err);
        mem_fail_nth(0);
        done = rc == SPR_OK;
        if (!done && (rc != SPR_NOMEM || back.pixel || notes.item))
            fail_msg("read, request %d: %s", (int)nth, err.text);
        image_fini(&back);
        notes_fini(&notes);
    }
    assert_true(done);
    notes_fini(&n);
    image_fini(&im);
    buf_fini(&good);
}

static void files_are_named_in_errors(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "/tmp/spritery-png-test-%ld.png", (long)getpid());
    struct image im = picture(5, 5, 3, false), back = { 0 };
    struct spr_error err = { 0 };
    assert_int_equal(png_write(path, &im, NULL, FILE_NEW, &err), SPR_OK);
    assert_int_equal(png_write(path, &im, NULL, FILE_NEW, &err), SPR_EXISTS);
    assert_int_equal(png_read(path, NULL, &back, NULL, &err), SPR_OK);
    assert_memory_equal(back.pixel, im.pixel, 25 * sizeof *im.pixel);
    assert_int_equal(truncate(path, 50), 0);
    char want[128];
    snprintf(want, sizeof want, "%s: the PNG ends too early, after 50 bytes", path);
    image_fini(&back);
    assert_int_equal(png_read(path, NULL, &back, NULL, &err), SPR_BADDATA);
    assert_string_equal(err.text, want);
    assert_int_equal(png_read("/nowhere/x.png", NULL, &back, NULL, &err), SPR_NOTFOUND);
    unlink(path);
    image_fini(&im);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(much_that_repeats_is_packed_well),
        cmocka_unit_test(notes_come_back),
        cmocka_unit_test(damaged_notes_are_skipped),
        cmocka_unit_test(bad_keys_are_refused),
        cmocka_unit_test(survives_damage),
        cmocka_unit_test(survives_lack_of_memory),
        cmocka_unit_test(files_are_named_in_errors),
    };
    return cmocka_run_group_tests_name("image/png", tests, NULL, NULL);
}
