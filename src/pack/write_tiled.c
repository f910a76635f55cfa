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

static void tile(struct text *t, const struct atlas *a, int i)
{
    text_add(t, " <tile id=\"%d\">\n  <properties>\n   <property name=\"name\" value=", tile_of(a, i));
    text_xml(t, a->frame[i].name);
    text_add(t, "/>\n  </properties>\n");
    for (int g = 0; g < a->tags; g++) { /* the animation that begins here; a tile has one */
        if (a->tag[g].from != i || a->tag[g].to == i)
            continue;
        text_add(t, "  <animation>\n");
        for (int step = 0; step < atlas_steps(&a->tag[g]); step++) {
            int f = atlas_step(&a->tag[g], step);
            text_add(t, "   <frame tileid=\"%d\" duration=\"%d\"/>\n", tile_of(a, f),
                     a->frame[f].duration_ms);
        }
        text_add(t, "  </animation>\n");
        break;
    }
    text_add(t, " </tile>\n");
}

static void wang_id(struct text *t, enum atlas_wang kind, int mask)
{
    for (int place = 0; place < 8; place++) {
        int bit = kind == ATLAS_WANG_MIXED ? place : place / 2;
        bool used = kind == ATLAS_WANG_MIXED || (place % 2 == 1) == (kind == ATLAS_WANG_CORNER);
        text_add(t, "%s%d", place ? "," : "", !used ? 0 : mask >> bit & 1 ? 1 : 2);
    }
}

static void wang_sets(struct text *t, const struct atlas *a, int page)
{
    static const char *const kinds[] = { "", "corner", "edge", "mixed" };
    if (a->wang == ATLAS_WANG_NONE || !a->mask)
        return;
    text_add(t, " <wangsets>\n  <wangset name=\"terrain\" type=\"%s\" tile=\"-1\">\n", kinds[a->wang]);
    text_add(t, "   <wangcolor name=\"terrain\" color=\"#ff0000\" tile=\"-1\" probability=\"1\"/>\n"
                "   <wangcolor name=\"ground\" color=\"#00ff00\" tile=\"-1\" probability=\"1\"/>\n");
    for (int i = 0; i < a->frames; i++) {
        if (a->frame[i].page != page || a->mask[i] < 0)
            continue;
        text_add(t, "   <wangtile tileid=\"%d\" wangid=\"", tile_of(a, i));
        wang_id(t, a->wang, a->mask[i]);
        text_add(t, "\"/>\n");
    }
    text_add(t, "  </wangset>\n </wangsets>\n");
}

enum spr_code write_tsx(const struct atlas *a, int page, const struct target_options *o, struct buf *into,
                        struct spr_error *err)
{
    struct text t = { .into = into, .err = err };
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
    text_add(
        &t,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<tileset version=\"1.8\" tiledversion=\"1.8.2\" name=");
    text_xml(&t, a->name);
    text_add(&t, " tilewidth=\"%d\" tileheight=\"%d\"", a->cell_w, a->cell_h);
    if (step_x != a->cell_w)
        text_add(&t, " spacing=\"%d\"", step_x - a->cell_w);
    if (a->border + a->extrude > 0)
        text_add(&t, " margin=\"%d\"", a->border + a->extrude);
    text_add(&t, " tilecount=\"%d\" columns=\"%d\">\n <image source=", count, a->columns);
    text_xml(&t, p->file);
    text_add(&t, " width=\"%d\" height=\"%d\"/>\n", p->w, p->h);
    for (int i = 0; i < a->frames; i++)
        if (a->frame[i].page == page)
            tile(&t, a, i);
    wang_sets(&t, a, page);
    text_add(&t, "</tileset>\n");
    return t.rc;
}
