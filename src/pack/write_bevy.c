/* Bevy's asset settings and serde's RON. The layout is a TextureAtlasLayout field by field (crate feature "serialize");
 * it knows rectangles only, so names, anchors and animations stand in a file of their own.
 * An anchor is the pivot in parts of the box from its middle, y upwards, as Anchor::Custom wants it. */
#include "pack/target.h"
#include "pack/text.h"

enum spr_code write_bevy_meta(const struct atlas *a, int page, const struct target_options *o,
                              struct buf *into, struct spr_error *err)
{
    struct pen t = { .out = into, .err = err };
    (void)a;
    (void)page;
    (void)o;
    pen_put(&t, "(\n    meta_format_version: \"1.0\",\n    asset: Load(\n"
                "        loader: \"bevy_image::image_loader::ImageLoader\",\n        settings: (\n"
                "            format: FromExtension,\n            is_srgb: true,\n            sampler: "
                "Descriptor((\n");
    pen_put(&t,
            "                label: None,\n                address_mode_u: ClampToEdge,\n"
            "                address_mode_v: ClampToEdge,\n                address_mode_w: ClampToEdge,\n"
            "                mag_filter: Nearest,\n                min_filter: Nearest,\n"
            "                mipmap_filter: Nearest,\n                lod_min_clamp: 0.0,\n"
            "                lod_max_clamp: 32.0,\n                compare: None,\n"
            "                anisotropy_clamp: 1,\n                border_color: None,\n            )),\n");
    pen_put(&t, "            asset_usage: (\"MAIN_WORLD | RENDER_WORLD\"),\n        ),\n    ),\n)\n");
    return t.rc;
}

enum spr_code write_bevy_layout(const struct atlas *a, int page, const struct target_options *o,
                                struct buf *into, struct spr_error *err)
{
    struct pen t = { .out = into, .err = err };
    (void)o;
    pen_put(&t, "(\n    size: (%d, %d),\n    textures: [\n", a->page[page].w, a->page[page].h);
    for (int i = 0; i < a->frames; i++) {
        const struct atlas_frame *f = &a->frame[i];
        if (f->page == page)
            pen_put(&t, "        (min: (%d, %d), max: (%d, %d)),\n", f->x, f->y, f->x + f->w, f->y + f->h);
    }
    pen_put(&t, "    ],\n)\n");
    return t.rc;
}

/* The frame's place in its page's layout. */
static int index_on_page(const struct atlas *a, int frame)
{
    int index = 0;
    for (int i = 0; a->pages > 1 && i < frame; i++)
        index += a->frame[i].page == a->frame[frame].page;
    return a->pages > 1 ? index : frame;
}

static void sprite(struct pen *t, const struct atlas *a, int i)
{
    const struct atlas_frame *f = &a->frame[i];
    pen_put(t, "        (name: ");
    text_quoted(t, f->name);
    pen_put(t, ", page: %d, index: %d, anchor: (", f->page, index_on_page(a, i));
    text_number(t, (f->pivot_x - f->off_x) / f->w - 0.5, true);
    pen_put(t, ", ");
    text_number(t, 0.5 - (f->pivot_y - f->off_y) / f->h, true);
    pen_put(t, "), offset: (%d, %d), source: (%d, %d), duration_ms: %d),\n", f->off_x, f->off_y, f->source_w,
            f->source_h, f->duration_ms);
}

enum spr_code write_bevy_sprites(const struct atlas *a, int page, const struct target_options *o,
                                 struct buf *into, struct spr_error *err)
{
    struct pen t = { .out = into, .err = err };
    (void)page;
    (void)o;
    pen_put(&t, "(\n    pages: [\n");
    for (int i = 0; i < a->pages; i++) {
        pen_put(&t, "        ");
        text_quoted(&t, a->page[i].file);
        pen_put(&t, ",\n");
    }
    pen_put(&t, "    ],\n    sprites: [\n");
    for (int i = 0; i < a->frames; i++)
        sprite(&t, a, i);
    pen_put(&t, "    ],\n    animations: [\n");
    for (int i = 0; i < a->tags; i++) {
        const struct atlas_tag *g = &a->tag[i];
        pen_put(&t, "        (name: ");
        text_quoted(&t, g->name);
        pen_put(&t, ", repeat: %d, sprites: [", g->repeat);
        for (int step = 0; step < atlas_steps(g); step++)
            pen_put(&t, "%s%d", step ? ", " : "", atlas_step(g, step));
        pen_put(&t, "]),\n");
    }
    pen_put(&t, "    ],\n)\n");
    return t.rc;
}
