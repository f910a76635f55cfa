/* Any bytes as a sheet: refused with a sentence, or read so that every frame can be cut, every target writes it, and our
 * own form of it reads back as the same. */
#include "pack/sheet.h"
#include "pack/target.h"
#include "pack/unpack.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool what)
{
    if (!what)
        abort();
}

static void check_frames(const struct atlas *a)
{
    for (int i = 0; i < a->frames; i++) {
        const struct atlas_frame *f = &a->frame[i];
        const struct atlas_page *p = &a->page[f->page];
        char path[2048];
        struct image page = { 0 }, out = { 0 };
        struct spr_error err;
        if (unpack_path("out", f->name, path, sizeof path, &err) == SPR_OK)
            need(strncmp(path, "out/", 4) == 0 && !strstr(path, "/../"));
        if ((int64_t)p->w * p->h > 1 << 16 || (int64_t)f->source_w * f->source_h > 1 << 16 || i > 64)
            continue;
        need(image_init(&page, p->w, p->h, &err) == SPR_OK);
        need(atlas_cut(f, &page, &out, &err) == SPR_OK && out.width == f->source_w &&
             out.height == f->source_h);
        image_fini(&page);
        image_fini(&out);
    }
}

static void check_targets(const struct atlas *a)
{
    static const struct target_options o = { .pixels_per_unit = 16 };
    for (int t = 0; t < target_count; t++)
        for (int i = 0; i < TARGET_FILES && targets[t].file[i].write; i++) {
            struct buf b;
            struct spr_error err;
            buf_init(&b, (size_t)1 << 24);
            enum spr_code rc =
                targets[t].file[i].write(a, targets[t].file[i].per_page ? 0 : -1, &o, &b, &err);
            need(rc == SPR_OK || rc == SPR_LIMIT || rc == SPR_BADARG);
            buf_fini(&b);
        }
}

static void check_again(const struct sheet *s)
{
    struct buf first, second;
    struct sheet back = { 0 };
    struct spr_error err;
    buf_init(&first, SHEET_BYTES_MAX);
    buf_init(&second, SHEET_BYTES_MAX);
    need(sheet_encode(s, &first, &err) == SPR_OK &&
         sheet_decode(first.data, first.length, &back, &err) == SPR_OK);
    need(sheet_encode(&back, &second, &err) == SPR_OK);
    need(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
    buf_fini(&first);
    buf_fini(&second);
    sheet_fini(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sheet s = { 0 };
    struct spr_error err = { 0 };
    if (sheet_decode((const char *)data, size, &s, &err)) {
        need(err.text[0] && !s.atlas.frame);
        return 0;
    }
    need(atlas_check(&s.atlas, &err) == SPR_OK);
    check_frames(&s.atlas);
    if (s.atlas.frames < 2000 && s.atlas.tags < 200) {
        bool unnamed = !s.atlas.name;
        static char name[] = "x";
        if (unnamed)
            s.atlas.name = name;
        check_targets(&s.atlas);
        check_again(&s);
        if (unnamed)
            s.atlas.name = NULL;
    }
    sheet_fini(&s);
    return 0;
}
