/* The sidecar: what pictures cannot say of themselves.
 *
 *     defaults: {duration: 120, pivot: bottom}
 *     sprites:
 *       walk_01: {duration: 80, pivot: [8, 15], terrain: 5}
 *     animations:
 *       walk: {frames: walk_*, direction: pingpong, repeat: 2, duration: 90}
 *       hit:  {frames: [a, b, a, c]}
 *     slices:
 *       body: {frame: walk_01, bounds: [4, 2, 8, 14], center: [2, 2, 4, 10], pivot: [4, 14]}
 *     terrain: corner
 *
 * Every mistake of a run is reported with its line. Frames of an animation that do not stand side by side in the order of
 * names are repeated at the end, as "hit#0", "hit#1"; they share their place on the page. */
#include "base/mem.h"
#include "base/str.h"
#include "pack/sprites.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct sidecar {
    struct schema schema;
    struct sprites *sprites;
    int sorted; /* items that stand in order of names; repeated ones follow */
    struct spr_error *err;
};

/* A map's keys and values: for (k = first; k != DOC_NONE; k = next_pair(...)). */
static int32_t next_pair(const struct doc *d, int32_t key)
{
    return d->node[d->node[key].next].next;
}

static bool read_reals(struct sidecar *c, int32_t node, const char *what, int count, double *ret)
{
    const struct doc *d = c->schema.doc;
    if (!schema_kind(&c->schema, node, what, DOC_LIST))
        return false;
    if (d->node[node].count != count) {
        schema_complain(&c->schema, node, "%s has %d numbers; %d are needed", what, d->node[node].count,
                        count);
        return false;
    }
    int i = 0;
    for (int32_t n = d->node[node].first; n != DOC_NONE; n = d->node[n].next, i++) {
        const char *text;
        if (!schema_word(&c->schema, n, what, &text))
            return false;
        if (!str_to_double(text, &ret[i]) || fabs(ret[i]) > 1e6) {
            schema_complain(&c->schema, n, "%s: \"%.40s\" is not a number up to a million", what, text);
            return false;
        }
    }
    return true;
}

static bool read_wholes(struct sidecar *c, int32_t node, const char *what, int count, int *ret)
{
    double value[4] = { 0 };
    if (!read_reals(c, node, what, count, value))
        return false;
    for (int i = 0; i < count; i++) {
        if (value[i] != floor(value[i])) {
            schema_complain(&c->schema, node, "%s must be whole pixels, not %g", what, value[i]);
            return false;
        }
        ret[i] = (int)value[i];
    }
    return true;
}

bool pivot_named(const char *name, double *ret_x, double *ret_y)
{
    static const struct {
        const char *name;
        double x, y;
    } places[] = { { "center", 0.5, 0.5 }, { "top", 0.5, 0 },       { "bottom", 0.5, 1 },
                   { "left", 0, 0.5 },     { "right", 1, 0.5 },     { "top-left", 0, 0 },
                   { "top-right", 1, 0 },  { "bottom-left", 0, 1 }, { "bottom-right", 1, 1 } };
    for (size_t i = 0; i < SPR_COUNT(places); i++)
        if (strcmp(places[i].name, name) == 0) {
            *ret_x = places[i].x;
            *ret_y = places[i].y;
            return true;
        }
    return false;
}

struct pivot {
    bool given, named;
    double x, y; /* named: 0..1; else pixels */
};

static void read_pivot(struct sidecar *c, int32_t node, struct pivot *ret)
{
    double at[2] = { 0 };
    const char *word;
    if (node == DOC_NONE)
        return;
    if (c->schema.doc->node[node].kind == DOC_SCALAR) {
        if (!schema_word(&c->schema, node, "pivot", &word))
            return;
        if (!pivot_named(word, &at[0], &at[1])) {
            schema_complain(
                &c->schema, node,
                "pivot \"%.40s\": it is [X, Y] in pixels, or one of center, top, bottom, left, right, "
                "top-left, top-right, bottom-left, bottom-right",
                word);
            return;
        }
        *ret = (struct pivot){ true, true, at[0], at[1] };
    } else if (read_reals(c, node, "pivot", 2, at)) {
        *ret = (struct pivot){ true, false, at[0], at[1] };
    }
}

static void set_pivot(struct sprite *item, const struct pivot *p)
{
    if (!p->given)
        return;
    item->pivot_x = p->named ? p->x * item->image.width : p->x;
    item->pivot_y = p->named ? p->y * item->image.height : p->y;
}

static bool good_duration(struct sidecar *c, int32_t node, int32_t ms)
{
    if (ms >= 0 && ms <= 65535 && ms != 0)
        return true;
    schema_complain(&c->schema, node, "duration is %d; 1 to 65535 milliseconds are allowed", ms);
    return false;
}

struct per_sprite {
    int32_t duration, terrain, pivot;
};

static const struct schema_key sprite_keys[] = {
    { "duration", SCHEMA_INT32, offsetof(struct per_sprite, duration) },
    { "pivot", SCHEMA_NODE, offsetof(struct per_sprite, pivot) },
    { "terrain", SCHEMA_INT32, offsetof(struct per_sprite, terrain) },
};

static void apply_sprite(struct sidecar *c, int32_t node, const char *what, size_t keys, struct sprite *first,
                         int count)
{
    struct per_sprite p = { -1, -1, DOC_NONE };
    struct pivot pivot = { 0 };
    schema_read(&c->schema, node, what, sprite_keys, keys, &p);
    read_pivot(c, p.pivot, &pivot);
    bool timed = p.duration >= 0 && good_duration(c, node, p.duration);
    if (p.terrain > 255)
        schema_complain(&c->schema, node, "terrain is %d; 0 to 255 are allowed", p.terrain);
    for (int i = 0; i < count; i++) {
        set_pivot(&first[i], &pivot);
        if (timed)
            first[i].duration_ms = p.duration;
        if (p.terrain >= 0)
            first[i].mask = p.terrain;
    }
}

static int find(const struct sidecar *c, const char *name)
{
    int all = c->sprites->count;
    c->sprites->count = c->sorted;
    int i = sprites_find(c->sprites, name);
    c->sprites->count = all;
    return i;
}

static void complain_name(struct sidecar *c, int32_t node, const char *name)
{
    const char *names[256];
    size_t n = 0;
    for (int i = 0; i < c->sorted && n < SPR_COUNT(names); i++)
        names[n++] = c->sprites->item[i].name;
    const char *near = str_nearest(name, names, n);
    schema_complain(&c->schema, node,
                    near ? "no sprite is called \"%.60s\"; did you mean \"%.60s\"?"
                         : "no sprite is called \"%.60s\"%s",
                    name, near ? near : "; names are file names without ending");
}

static void apply_sprites(struct sidecar *c, int32_t map)
{
    const struct doc *d = c->schema.doc;
    for (int32_t k = d->node[map].first; k != DOC_NONE; k = next_pair(d, k)) {
        const char *name = doc_text(d, k);
        int found = 0;
        if (strpbrk(name, "*?["))
            for (int i = 0; i < c->sorted; i++) {
                if (fnmatch(name, c->sprites->item[i].name, 0) != 0)
                    continue;
                found++;
                apply_sprite(c, d->node[k].next, "a sprite", SPR_COUNT(sprite_keys), &c->sprites->item[i], 1);
            }
        else if (find(c, name) >= 0 && ++found)
            apply_sprite(c, d->node[k].next, "a sprite", SPR_COUNT(sprite_keys),
                         &c->sprites->item[find(c, name)], 1);
        if (!found)
            complain_name(c, k, name);
    }
}

/* --- Animations --------------------------------------------------------------------------------------------------- */

struct per_animation {
    int32_t frames, duration, repeat;
    const char *direction;
};

static const struct schema_key animation_keys[] = {
    { "frames", SCHEMA_NODE, offsetof(struct per_animation, frames) },
    { "duration", SCHEMA_INT32, offsetof(struct per_animation, duration) },
    { "repeat", SCHEMA_INT32, offsetof(struct per_animation, repeat) },
    { "direction", SCHEMA_WORD, offsetof(struct per_animation, direction) },
};

struct frame_list {
    int *index;
    int count, room;
};

static void list_add(struct sidecar *c, struct frame_list *l, int index)
{
    if (l->count == l->room) {
        int room = l->room ? l->room * 2 : 16;
        int *grown = mem_resize(l->index, (size_t)room, sizeof *grown);
        if (!grown) {
            c->schema.rc = SPR_FAIL(c->err, SPR_NOMEM, "no memory for an animation");
            return;
        }
        l->index = grown;
        l->room = room;
    }
    l->index[l->count++] = index;
}

static void list_word(struct sidecar *c, int32_t node, struct frame_list *l)
{
    const char *name;
    if (!schema_word(&c->schema, node, "frames", &name))
        return;
    if (strpbrk(name, "*?[")) {
        int before = l->count;
        for (int i = 0; i < c->sorted && !c->schema.rc; i++)
            if (fnmatch(name, c->sprites->item[i].name, 0) == 0)
                list_add(c, l, i);
        if (l->count == before)
            schema_complain(&c->schema, node, "no sprite's name is like \"%.60s\"", name);
        return;
    }
    int i = find(c, name);
    if (i >= 0)
        list_add(c, l, i);
    else
        complain_name(c, node, name);
}

/* A copy of the item at the end, called "ANIMATION#NUMBER". */
static bool repeat_sprite(struct sidecar *c, int from, const char *animation, int number)
{
    struct sprites *s = c->sprites;
    char name[ATLAS_NAME_MAX + 1];
    struct sprite copy = s->item[from];
    snprintf(name, sizeof name, "%.*s#%d", ATLAS_NAME_MAX - 16, animation, number);
    if (find(c, name) >= 0) {
        c->schema.rc =
            SPR_FAIL(c->err, SPR_BADARG, "a sprite is called \"%.80s\", which the animation needs", name);
        return false;
    }
    copy.name = mem_text(name, strlen(name));
    copy.image = (struct image){ 0 };
    void *grown = mem_resize(s->item, (size_t)s->count + 1, sizeof *s->item);
    if (grown)
        s->item = grown;
    if (!copy.name || !grown || image_copy(&copy.image, &s->item[from].image, c->err)) {
        mem_free(copy.name);
        c->schema.rc = SPR_FAIL(c->err, SPR_NOMEM, "no memory for an animation's frames");
        return false;
    }
    s->item[s->count++] = copy;
    return true;
}

static void drop_tag(struct atlas *a, const char *name)
{
    for (int i = 0; i < a->tags; i++)
        if (strcmp(a->tag[i].name, name) == 0) {
            mem_free(a->tag[i].name);
            memmove(&a->tag[i], &a->tag[i + 1], (size_t)(a->tags - i - 1) * sizeof *a->tag);
            a->tags--;
            return;
        }
}

static void add_tag(struct sidecar *c, const char *name, const struct frame_list *l,
                    const struct atlas_tag *like, int duration)
{
    struct sprites *s = c->sprites;
    bool level = true;
    int from = l->index[0];
    for (int i = 1; i < l->count; i++)
        level = level && l->index[i] == from + i;
    if (!level) {
        from = s->count;
        if (s->count + l->count > ATLAS_FRAMES_MAX) {
            c->schema.rc = SPR_FAIL(c->err, SPR_LIMIT, "more than %d frames", ATLAS_FRAMES_MAX);
            return;
        }
        for (int i = 0; i < l->count; i++)
            if (!repeat_sprite(c, l->index[i], name, i))
                return;
    }
    for (int i = 0; duration > 0 && i < l->count; i++)
        s->item[from + i].duration_ms = duration;
    drop_tag(&s->names, name);
    struct atlas_tag *t = atlas_add_tag(&s->names, name, c->err);
    if (!t) {
        c->schema.rc = c->err->code;
        return;
    }
    t->from = from;
    t->to = from + l->count - 1;
    t->direction = like->direction;
    t->repeat = like->repeat;
}

static void apply_animation(struct sidecar *c, int32_t key)
{
    const struct doc *d = c->schema.doc;
    int32_t node = d->node[key].next;
    struct per_animation p = { DOC_NONE, -1, 0, NULL };
    struct frame_list l = { 0 };
    struct atlas_tag like = { 0 };
    const char *name;
    int before = c->schema.report->count;
    if (!schema_word(&c->schema, key, "an animation's name", &name))
        return;
    schema_read(&c->schema, node, "an animation", animation_keys, SPR_COUNT(animation_keys), &p);
    if (p.frames == DOC_NONE && d->node[node].kind == DOC_MAP)
        schema_complain(&c->schema, node,
                        "animation \"%.60s\" needs frames: a list of names, or a pattern as walk_*", name);
    else if (p.frames != DOC_NONE && d->node[p.frames].kind == DOC_SCALAR)
        list_word(c, p.frames, &l);
    else if (p.frames != DOC_NONE && schema_kind(&c->schema, p.frames, "frames", DOC_LIST))
        for (int32_t n = d->node[p.frames].first; n != DOC_NONE; n = d->node[n].next)
            list_word(c, n, &l);
    int way = 0;
    while (p.direction && way < (int)TAG_DIRECTION_COUNT &&
           strcmp(p.direction, tag_direction_name((enum tag_direction)way)) != 0)
        way++;
    if (way == (int)TAG_DIRECTION_COUNT)
        schema_complain(&c->schema, node,
                        "direction \"%.40s\" must be forward, reverse, pingpong or pingpong_reverse",
                        p.direction);
    if (p.duration >= 0)
        (void)good_duration(c, node, p.duration);
    like.direction = (enum tag_direction)way;
    like.repeat = p.repeat;
    if (c->schema.report->count == before && !c->schema.rc && l.count > 0)
        add_tag(c, name, &l, &like, p.duration);
    else if (c->schema.report->count == before && !c->schema.rc)
        schema_complain(&c->schema, node, "animation \"%.60s\" has no frames", name);
    mem_free(l.index);
}

/* --- Slices ------------------------------------------------------------------------------------------------------- */

struct per_slice {
    int32_t bounds, center, pivot;
    const char *frame;
};

static const struct schema_key slice_keys[] = {
    { "frame", SCHEMA_WORD, offsetof(struct per_slice, frame) },
    { "bounds", SCHEMA_NODE, offsetof(struct per_slice, bounds) },
    { "center", SCHEMA_NODE, offsetof(struct per_slice, center) },
    { "pivot", SCHEMA_NODE, offsetof(struct per_slice, pivot) },
};

static void apply_slice(struct sidecar *c, int32_t key)
{
    const struct doc *d = c->schema.doc;
    int32_t node = d->node[key].next;
    struct per_slice p = { DOC_NONE, DOC_NONE, DOC_NONE, NULL };
    struct atlas_slice read = { 0 };
    int bounds[4] = { 0 }, before = c->schema.report->count;
    const char *name;
    if (!schema_word(&c->schema, key, "a slice's name", &name))
        return;
    schema_read(&c->schema, node, "a slice", slice_keys, SPR_COUNT(slice_keys), &p);
    if (p.bounds == DOC_NONE && d->node[node].kind == DOC_MAP)
        schema_complain(&c->schema, node, "slice \"%.60s\" needs bounds: [X, Y, WIDTH, HEIGHT]", name);
    else if (p.bounds != DOC_NONE && read_wholes(c, p.bounds, "bounds", 4, bounds) &&
             (bounds[2] < 1 || bounds[3] < 1))
        schema_complain(&c->schema, p.bounds, "a slice of %d x %d", bounds[2], bounds[3]);
    read.has_center = p.center != DOC_NONE && read_wholes(c, p.center, "center", 4, read.center);
    read.has_pivot = p.pivot != DOC_NONE && read_wholes(c, p.pivot, "pivot", 2, read.pivot);
    read.frame = p.frame ? find(c, p.frame) : 0;
    if (read.frame < 0)
        complain_name(c, node, p.frame);
    if (c->schema.report->count != before || c->schema.rc)
        return;
    struct atlas_slice *s = atlas_add_slice(&c->sprites->names, name, c->err);
    if (!s) {
        c->schema.rc = c->err->code;
        return;
    }
    read.name = s->name;
    read.x = bounds[0];
    read.y = bounds[1];
    read.w = bounds[2];
    read.h = bounds[3];
    *s = read;
}

static void apply_terrain(struct sidecar *c, int32_t node)
{
    static const char *const kinds[] = { "", "corner", "edge", "mixed" };
    const char *word;
    if (!schema_word(&c->schema, node, "terrain", &word))
        return;
    for (int i = 1; i < (int)SPR_COUNT(kinds); i++)
        if (strcmp(kinds[i], word) == 0) {
            c->sprites->wang = (enum atlas_wang)i;
            return;
        }
    schema_complain(&c->schema, node, "terrain \"%.40s\" must be corner, edge or mixed", word);
}

struct whole {
    int32_t defaults, sprites, animations, slices, terrain;
};

static const struct schema_key whole_keys[] = {
    { "defaults", SCHEMA_MAP, offsetof(struct whole, defaults) },
    { "sprites", SCHEMA_MAP, offsetof(struct whole, sprites) },
    { "animations", SCHEMA_MAP, offsetof(struct whole, animations) },
    { "slices", SCHEMA_MAP, offsetof(struct whole, slices) },
    { "terrain", SCHEMA_NODE, offsetof(struct whole, terrain) },
};

enum spr_code sidecar_apply(struct sprites *s, const char *bytes, size_t length, struct doc_report *report,
                            struct spr_error *err)
{
    static const struct doc_about about = { "sidecar", "\"sprites:\" or \"animations:\"" };
    struct doc d = { 0 };
    enum spr_code rc = schema_load(bytes, length, &about, &d, report, err);
    if (rc)
        return rc;
    struct sidecar c = {
        .schema = { .doc = &d, .report = report }, .sprites = s, .sorted = s->count, .err = err
    };
    struct whole w = { DOC_NONE, DOC_NONE, DOC_NONE, DOC_NONE, DOC_NONE };
    schema_read(&c.schema, 0, "a sidecar", whole_keys, SPR_COUNT(whole_keys), &w);
    if (w.defaults != DOC_NONE)
        apply_sprite(&c, w.defaults, "defaults", SPR_COUNT(sprite_keys) - 1, s->item, s->count);
    if (w.sprites != DOC_NONE)
        apply_sprites(&c, w.sprites);
    if (w.animations != DOC_NONE)
        for (int32_t k = d.node[w.animations].first; k != DOC_NONE && !c.schema.rc; k = next_pair(&d, k))
            apply_animation(&c, k);
    if (w.slices != DOC_NONE)
        for (int32_t k = d.node[w.slices].first; k != DOC_NONE && !c.schema.rc; k = next_pair(&d, k))
            apply_slice(&c, k);
    if (w.terrain != DOC_NONE)
        apply_terrain(&c, w.terrain);
    rc = c.schema.rc;
    if (!rc)
        rc = schema_verdict(report, about.what, err);
    doc_free(&d);
    return rc;
}
