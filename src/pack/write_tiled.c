/* Tiled's tile sets: equal cells, counted in rows. An extruded sheet has its tiles `extrude` further in and apart.
 * Terrain bits become Wang ids, whose eight places run clockwise from the top. Corner sets count top right, bottom right,
 * bottom left, top left as 1, 2, 4, 8; edge sets top, right, bottom, left; mixed ones all eight, clockwise from the top.
 * A set bit is the terrain, colour 1; an unset one the ground, colour 2. */
#include "pack/target.h"
#include "pack/text.h"

#include <string.h>

/* Tile of a frame: frames fill cells in order. */
static int tile_of(const struct atlas *a, int frame)
{
    int first = frame;
    while (first > 0 && a->frame[first - 1].page == a->frame[frame].page)
        first--;
    return frame - first;
}

static void tile(struct pen *t, const struct atlas *a, int i)
{
    pen_put(t, " <tile id=\"%d\">\n  <properties>\n   <property name=\"name\" value=", tile_of(a, i));
    text_xml(t, a->frame[i].name);
    pen_put(t, "/>\n  </properties>\n");
    for (int g = 0; g < a->tags; g++) { /* the animation that begins here; a tile has one */
        if (a->tag[g].from != i || a->tag[g].to == i)
            continue;
        pen_put(t, "  <animation>\n");
        for (int step = 0; step < atlas_steps(&a->tag[g]); step++) {
            int f = atlas_step(&a->tag[g], step);
            pen_put(t, "   <frame tileid=\"%d\" duration=\"%d\"/>\n", tile_of(a, f), a->frame[f].duration_ms);
        }
        pen_put(t, "  </animation>\n");
        break;
    }
    pen_put(t, " </tile>\n");
}

static void wang_id(struct pen *t, enum atlas_wang kind, int mask)
{
    for (int place = 0; place < 8; place++) {
        int bit = kind == ATLAS_WANG_MIXED ? place : place / 2;
        bool used = kind == ATLAS_WANG_MIXED || (place % 2 == 1) == (kind == ATLAS_WANG_CORNER);
        pen_put(t, "%s%d", place ? "," : "", !used ? 0 : mask >> bit & 1 ? 1 : 2);
    }
}

static void wang_sets(struct pen *t, const struct atlas *a, int page)
{
    static const char *const kinds[] = { "", "corner", "edge", "mixed" };
    if (a->wang == ATLAS_WANG_NONE || !a->mask)
        return;
    pen_put(t, " <wangsets>\n  <wangset name=\"terrain\" type=\"%s\" tile=\"-1\">\n", kinds[a->wang]);
    pen_put(t, "   <wangcolor name=\"terrain\" color=\"#ff0000\" tile=\"-1\" probability=\"1\"/>\n"
               "   <wangcolor name=\"ground\" color=\"#00ff00\" tile=\"-1\" probability=\"1\"/>\n");
    for (int i = 0; i < a->frames; i++) {
        if (a->frame[i].page != page || a->mask[i] < 0)
            continue;
        pen_put(t, "   <wangtile tileid=\"%d\" wangid=\"", tile_of(a, i));
        wang_id(t, a->wang, a->mask[i]);
        pen_put(t, "\"/>\n");
    }
    pen_put(t, "  </wangset>\n </wangsets>\n");
}

enum spr_code write_tsx(const struct atlas *a, int page, const struct target_options *o, struct buf *into,
                        struct spr_error *err)
{
    struct pen t = { .out = into, .err = err };
    const struct atlas_page *p = &a->page[page];
    int count = 0, step_x = a->cell_w + 2 * a->extrude + a->padding;
    (void)o;
    if (a->columns == 0)
        return SPR_FAIL(err, SPR_BADARG, "a tile set needs equal cells: pack as a grid");
    for (int i = 0; i < a->tags; i++)
        if (!atlas_tag_on_one_page(a, &a->tag[i]))
            return SPR_FAIL(err, SPR_LIMIT,
                            "animation \"%.80s\" has frames on several pages, which tiled cannot play: allow "
                            "larger pages "
                            "(--max-size) or leave animations out (--animations none)",
                            a->tag[i].name);
    for (int i = 0; i < a->frames; i++)
        count += a->frame[i].page == page;
    pen_put(
        &t,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<tileset version=\"1.8\" tiledversion=\"1.8.2\" name=");
    text_xml(&t, a->name);
    pen_put(&t, " tilewidth=\"%d\" tileheight=\"%d\"", a->cell_w, a->cell_h);
    if (step_x != a->cell_w)
        pen_put(&t, " spacing=\"%d\"", step_x - a->cell_w);
    if (a->border + a->extrude > 0)
        pen_put(&t, " margin=\"%d\"", a->border + a->extrude);
    pen_put(&t, " tilecount=\"%d\" columns=\"%d\">\n <image source=", count, a->columns);
    text_xml(&t, p->file);
    pen_put(&t, " width=\"%d\" height=\"%d\"/>\n", p->w, p->h);
    for (int i = 0; i < a->frames; i++)
        if (a->frame[i].page == page)
            tile(&t, a, i);
    wang_sets(&t, a, page);
    pen_put(&t, "</tileset>\n");
    return t.rc;
}
