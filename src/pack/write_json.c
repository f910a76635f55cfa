/* The JSON family. Aseprite's and TexturePacker's exports say a frame the same way:
 *     frame            its place; w and h of the box, also where it is turned
 *     rotated          turned clockwise
 *     spriteSourceSize the box's place in the source
 *     sourceSize       the source
 * They differ in what else they say, in lists or maps, and in what stands around. */
#include "pack/target.h"
#include "pack/text.h"

#include <string.h>

enum what { PIVOT = 1, DURATION = 2, BY_NAME = 4, ANCHOR = 8 };

static void frame(struct pen *t, const struct atlas_frame *f, unsigned what, const char *indent)
{
    bool trimmed = f->w != f->source_w || f->h != f->source_h;
    pen_put(t, "%s", indent);
    if (what & BY_NAME) {
        text_quoted(t, f->name);
        pen_put(t, ": {");
    } else {
        pen_put(t, "{\"filename\": ");
        text_quoted(t, f->name);
        pen_put(t, ", ");
    }
    pen_put(t, "\"frame\": {\"x\": %d, \"y\": %d, \"w\": %d, \"h\": %d}, \"rotated\": %s, \"trimmed\": %s, ",
            f->x, f->y, f->w, f->h, f->turned ? "true" : "false", trimmed ? "true" : "false");
    pen_put(t,
            "\"spriteSourceSize\": {\"x\": %d, \"y\": %d, \"w\": %d, \"h\": %d}, "
            "\"sourceSize\": {\"w\": %d, \"h\": %d}",
            f->off_x, f->off_y, f->w, f->h, f->source_w, f->source_h);
    if (what & (PIVOT | ANCHOR)) {
        pen_put(t, ", \"%s\": {\"x\": ", what & ANCHOR ? "anchor" : "pivot");
        text_number(t, f->pivot_x / f->source_w, false);
        pen_put(t, ", \"y\": ");
        text_number(t, f->pivot_y / f->source_h, false);
        pen_put(t, "}");
    }
    if (what & DURATION)
        pen_put(t, ", \"duration\": %d", f->duration_ms);
    pen_put(t, "}");
}

static void frames_of(struct pen *t, const struct atlas *a, int page, unsigned what, const char *indent)
{
    bool first = true;
    for (int i = 0; i < a->frames; i++) {
        if (a->frame[i].page != page)
            continue;
        pen_put(t, first ? "\n" : ",\n");
        frame(t, &a->frame[i], what, indent);
        first = false;
    }
}

static void meta(struct pen *t, const struct atlas *a, int page)
{
    const struct atlas_page *p = &a->page[page];
    pen_put(t, "    \"app\": \"spritery\",\n    \"version\": \"1.0\",\n    \"image\": ");
    text_quoted(t, p->file);
    pen_put(t,
            ",\n    \"format\": \"RGBA8888\",\n    \"size\": {\"w\": %d, \"h\": %d},\n    \"scale\": \"1\"",
            p->w, p->h);
}

static void frame_tags(struct pen *t, const struct atlas *a)
{
    pen_put(t, ",\n    \"frameTags\": [");
    for (int i = 0; i < a->tags; i++) {
        const struct atlas_tag *g = &a->tag[i];
        pen_put(t, "%s\n      {\"name\": ", i ? "," : "");
        text_quoted(t, g->name);
        pen_put(t, ", \"from\": %d, \"to\": %d, \"direction\": \"%s\"", g->from, g->to,
                tag_direction_name(g->direction));
        if (g->repeat)
            pen_put(t, ", \"repeat\": \"%d\"", g->repeat);
        pen_put(t, ", \"color\": \"#000000ff\"}");
    }
    pen_put(t, "%s]", a->tags ? "\n    " : "");
}

static void slice_key(struct pen *t, const struct atlas_slice *s)
{
    pen_put(t, "{\"frame\": %d, \"bounds\": {\"x\": %d, \"y\": %d, \"w\": %d, \"h\": %d}", s->frame, s->x,
            s->y, s->w, s->h);
    if (s->has_center)
        pen_put(t, ", \"center\": {\"x\": %d, \"y\": %d, \"w\": %d, \"h\": %d}", s->center[0], s->center[1],
                s->center[2], s->center[3]);
    if (s->has_pivot)
        pen_put(t, ", \"pivot\": {\"x\": %d, \"y\": %d}", s->pivot[0], s->pivot[1]);
    pen_put(t, "}");
}

/* Neighbours of one name are the keys of one slice. */
static void slices(struct pen *t, const struct atlas *a)
{
    pen_put(t, ",\n    \"slices\": [");
    for (int i = 0; i < a->slices; i++) {
        bool next = i > 0 && strcmp(a->slice[i].name, a->slice[i - 1].name) == 0;
        if (next) {
            pen_put(t, ", ");
        } else {
            pen_put(t, "%s\n      {\"name\": ", i ? "]}," : "");
            text_quoted(t, a->slice[i].name);
            pen_put(t, ", \"color\": \"#0000ffff\", \"keys\": [");
        }
        slice_key(t, &a->slice[i]);
    }
    pen_put(t, "%s]", a->slices ? "]}\n    " : "");
}

static enum spr_code aseprite(const struct atlas *a, int page, bool by_name, struct buf *into,
                              struct spr_error *err)
{
    struct pen t = { .out = into, .err = err };
    pen_put(&t, "{\n  \"frames\": %c", by_name ? '{' : '[');
    frames_of(&t, a, page, DURATION | (by_name ? BY_NAME : 0), "    ");
    pen_put(&t, "\n  %c,\n  \"meta\": {\n", by_name ? '}' : ']');
    meta(&t, a, page);
    frame_tags(&t, a);
    pen_put(&t, ",\n    \"layers\": [\n      {\"name\": ");
    text_quoted(&t, a->name);
    pen_put(&t, ", \"opacity\": 255, \"blendMode\": \"normal\"}\n    ]");
    slices(&t, a);
    pen_put(&t, "\n  }\n}\n");
    return t.rc;
}

enum spr_code write_aseprite_hash(const struct atlas *a, int page, const struct target_options *o,
                                  struct buf *into, struct spr_error *err)
{
    (void)o;
    return aseprite(a, page, true, into, err);
}

enum spr_code write_aseprite_array(const struct atlas *a, int page, const struct target_options *o,
                                   struct buf *into, struct spr_error *err)
{
    (void)o;
    return aseprite(a, page, false, into, err);
}

/* The other pages' files, so that a loader which was given one finds all. */
static void related(struct pen *t, const struct atlas *a, int page)
{
    if (a->pages == 1)
        return;
    pen_put(t, ",\n    \"related_multi_packs\": [");
    for (int i = 0, n = 0; i < a->pages; i++) {
        char file[ATLAS_NAME_MAX + 8];
        if (i == page)
            continue;
        size_t stem = strlen(a->page[i].file) - strlen(".png");
        memcpy(file, a->page[i].file, stem);
        memcpy(file + stem, ".json", sizeof ".json");
        pen_put(t, "%s", n++ ? ", " : "");
        text_quoted(t, file);
    }
    pen_put(t, "]");
}

static enum spr_code texturepacker(const struct atlas *a, int page, bool by_name, struct buf *into,
                                   struct spr_error *err)
{
    struct pen t = { .out = into, .err = err };
    pen_put(&t, "{\n  \"frames\": %c", by_name ? '{' : '[');
    frames_of(&t, a, page, PIVOT | (by_name ? BY_NAME : 0), "    ");
    pen_put(&t, "\n  %c,\n  \"meta\": {\n", by_name ? '}' : ']');
    meta(&t, a, page);
    related(&t, a, page);
    pen_put(&t, "\n  }\n}\n");
    return t.rc;
}

enum spr_code write_texturepacker_hash(const struct atlas *a, int page, const struct target_options *o,
                                       struct buf *into, struct spr_error *err)
{
    (void)o;
    return texturepacker(a, page, true, into, err);
}

enum spr_code write_texturepacker_array(const struct atlas *a, int page, const struct target_options *o,
                                        struct buf *into, struct spr_error *err)
{
    (void)o;
    return texturepacker(a, page, false, into, err);
}

/* PixiJS plays names in order and knows no direction: frames are listed as they are shown. It looks for them in the
 * animation's own file only. */
static void pixi_animations(struct pen *t, const struct atlas *a, int page)
{
    bool first = true;
    pen_put(t, ",\n  \"animations\": {");
    for (int i = 0; i < a->tags; i++) {
        const struct atlas_tag *g = &a->tag[i];
        if (a->frame[g->from].page != page)
            continue;
        pen_put(t, "%s\n    ", first ? "" : ",");
        first = false;
        text_quoted(t, g->name);
        pen_put(t, ": [");
        for (int step = 0; step < atlas_steps(g); step++) {
            pen_put(t, "%s", step ? ", " : "");
            text_quoted(t, a->frame[atlas_step(g, step)].name);
        }
        pen_put(t, "]");
    }
    pen_put(t, "%s}", first ? "" : "\n  ");
}

enum spr_code write_pixi(const struct atlas *a, int page, const struct target_options *o, struct buf *into,
                         struct spr_error *err)
{
    struct pen t = { .out = into, .err = err };
    (void)o;
    for (int i = 0; i < a->tags; i++)
        if (!atlas_tag_on_one_page(a, &a->tag[i]))
            return SPR_FAIL(
                err, SPR_LIMIT,
                "animation \"%.80s\" has frames on several pages, which pixi cannot play: allow larger pages "
                "(--max-size) or leave animations out (--animations none)",
                a->tag[i].name);
    pen_put(&t, "{\n  \"frames\": {");
    frames_of(&t, a, page, ANCHOR | DURATION | BY_NAME, "    ");
    pen_put(&t, "\n  }");
    pixi_animations(&t, a, page);
    pen_put(&t, ",\n  \"meta\": {\n");
    meta(&t, a, page);
    related(&t, a, page);
    pen_put(&t, "\n  }\n}\n");
    return t.rc;
}

enum spr_code write_phaser(const struct atlas *a, int page, const struct target_options *o, struct buf *into,
                           struct spr_error *err)
{
    struct pen t = { .out = into, .err = err };
    (void)page;
    (void)o;
    pen_put(&t, "{\n  \"textures\": [");
    for (int i = 0; i < a->pages; i++) {
        pen_put(&t, "%s\n    {\n      \"image\": ", i ? "," : "");
        text_quoted(&t, a->page[i].file);
        pen_put(&t,
                ",\n      \"format\": \"RGBA8888\",\n      \"size\": {\"w\": %d, \"h\": %d},\n      "
                "\"scale\": 1,\n"
                "      \"frames\": [",
                a->page[i].w, a->page[i].h);
        frames_of(&t, a, i, ANCHOR, "        ");
        pen_put(&t, "\n      ]\n    }");
    }
    pen_put(&t, "\n  ],\n  \"meta\": {\"app\": \"spritery\", \"version\": \"1.0\"}\n}\n");
    return t.rc;
}

/* For this.anims.fromJSON: the texture's key is the sheet's name. A frame's duration is what it is shown longer than
 * the frame rate says, so that the rate is that of the shortest one. */
enum spr_code write_phaser_animations(const struct atlas *a, int page, const struct target_options *o,
                                      struct buf *into, struct spr_error *err)
{
    struct pen t = { .out = into, .err = err };
    (void)page;
    (void)o;
    pen_put(&t, "{\n  \"anims\": [");
    for (int i = 0; i < a->tags; i++) {
        const struct atlas_tag *g = &a->tag[i];
        pen_put(&t, "%s\n    {\"key\": ", i ? "," : "");
        text_quoted(&t, g->name);
        pen_put(&t, ", \"type\": \"frame\", \"frameRate\": ");
        text_number(&t, 1000.0 / atlas_shortest_ms(a, g), false);
        pen_put(&t, ", \"repeat\": %d, \"frames\": [", g->repeat - 1);
        for (int step = 0; step < atlas_steps(g); step++) {
            const struct atlas_frame *f = &a->frame[atlas_step(g, step)];
            pen_put(&t, "%s\n      {\"key\": ", step ? "," : "");
            text_quoted(&t, a->name);
            pen_put(&t, ", \"frame\": ");
            text_quoted(&t, f->name);
            pen_put(&t, ", \"duration\": %d}", f->duration_ms - atlas_shortest_ms(a, g));
        }
        pen_put(&t, "\n    ]}");
    }
    pen_put(&t, "%s],\n  \"globalTimeScale\": 1\n}\n", a->tags ? "\n  " : "");
    return t.rc;
}
