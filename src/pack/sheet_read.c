/* JSON to a sheet; what engines keep otherwise is read in sheet_engine.c. Numbers are whole and within an image's limits; anything else is refused with the frame's name. */
#include "base/file.h"
#include "base/mem.h"
#include "pack/sheet.h"
#include "pack/sheet_engine.h"

#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct sheet sheet;
    struct spr_error *err;
    const char *where; /* the frame's or tag's name, for sentences */
};

static enum spr_code bad(const struct reader *r, const char *key, const char *wanted)
{
    return SPR_FAIL(r->err, SPR_BADDATA, "%s%.80s%s\"%s\" must be %s", r->where ? "\"" : "",
                    r->where ? r->where : "", r->where ? "\": " : "", key, wanted);
}

/* A whole number; floats that are whole count, as some exporters write 32.0. */
static enum spr_code whole(const struct reader *r, const json_t *value, const char *key, int *ret)
{
    double v = json_is_number(value) ? json_number_value(value) : NAN;
    if (!(v >= -IMAGE_SIDE_MAX * 4.0 && v <= IMAGE_SIDE_MAX * 4.0) || v != floor(v))
        return bad(r, key, "a whole number of pixels");
    *ret = (int)v;
    return SPR_OK;
}

static enum spr_code member(const struct reader *r, const json_t *object, const char *key, int *ret)
{
    return whole(r, json_object_get(object, key), key, ret);
}

static enum spr_code wholes(const struct reader *r, const json_t *object, const char *key, size_t count,
                            int *ret)
{
    const json_t *list = json_object_get(object, key);
    enum spr_code rc = SPR_OK;
    if (json_array_size(list) != count)
        return bad(r, key, count == 2 ? "a list of two numbers" : "a list of four numbers");
    for (size_t i = 0; i < count && !rc; i++)
        rc = whole(r, json_array_get(list, i), key, &ret[i]);
    return rc;
}

static const char *word(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static enum spr_code copy_word(const struct reader *r, const json_t *object, const char *key, char **ret)
{
    const char *text = word(object, key);
    if (!text)
        return bad(r, key, "a text");
    *ret = mem_text(text, strlen(text));
    return *ret ? SPR_OK : SPR_FAIL(r->err, SPR_NOMEM, "no memory to read a sheet");
}

/* Inside the sheet's folder or below it. */
static bool plain_path(const char *path)
{
    if (!path[0] || path[0] == '/' || strchr(path, '\\') || strlen(path) > 1000)
        return false;
    for (const char *p = path; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
        if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || p[2] == '\0'))
            return false;
    return true;
}

static enum spr_code add_page(struct reader *r, const char *file, int w, int h)
{
    if (!file || !plain_path(file))
        return SPR_FAIL(r->err, SPR_BADDATA,
                        "the picture's name \"%.80s\" is not a file in the sheet's folder or below",
                        file ? file : "");
    struct atlas_page *p = atlas_add_page(&r->sheet.atlas, file, r->err);
    if (!p)
        return r->err->code;
    p->w = w;
    p->h = h;
    return SPR_OK;
}

static enum tag_direction direction_of(const char *name)
{
    for (int d = 0; name && d < TAG_DIRECTION_COUNT; d++)
        if (strcmp(tag_direction_name((enum tag_direction)d), name) == 0)
            return (enum tag_direction)d;
    return TAG_FORWARD;
}

/* --- What other programs write ------------------------------------------------------------------------------------ */

static enum spr_code rect(struct reader *r, const json_t *frame, const char *key, int ret[4])
{
    static const char *const names[] = { "x", "y", "w", "h" };
    const json_t *o = json_object_get(frame, key);
    enum spr_code rc = json_is_object(o) ? SPR_OK : bad(r, key, "an object with x, y, w and h");
    for (int i = 0; i < 4 && !rc; i++)
        rc = member(r, o, names[i], &ret[i]);
    return rc;
}

static enum spr_code foreign_frame(struct reader *r, const char *name, const json_t *o, int page)
{
    int at[4] = { 0 }, box[4] = { 0 }, source[2] = { 0 };
    if (!name || !json_is_object(o))
        return SPR_FAIL(r->err, SPR_BADDATA, "a frame of page %d has no name or is no object", page);
    r->where = name;
    enum spr_code rc = rect(r, o, "frame", at);
    const json_t *size = json_object_get(o, "sourceSize");
    if (!rc && json_object_get(o, "spriteSourceSize"))
        rc = rect(r, o, "spriteSourceSize", box);
    else
        memcpy(box, (int[]){ 0, 0, at[2], at[3] }, sizeof box);
    if (!rc && size)
        rc = member(r, size, "w", &source[0]);
    if (!rc && size)
        rc = member(r, size, "h", &source[1]);
    if (!rc && !size)
        memcpy(source, (int[]){ box[0] + at[2], box[1] + at[3] }, sizeof source);
    if (rc)
        return rc;
    struct atlas_frame *f = atlas_add_frame(&r->sheet.atlas, name, r->err);
    if (!f)
        return r->err->code;
    const json_t *pivot = json_object_get(o, json_object_get(o, "anchor") ? "anchor" : "pivot");
    const json_t *px = json_object_get(pivot, "x"), *py = json_object_get(pivot, "y");
    f->page = page;
    f->x = at[0];
    f->y = at[1];
    f->w = at[2];
    f->h = at[3];
    f->turned = json_is_true(json_object_get(o, "rotated"));
    f->off_x = box[0];
    f->off_y = box[1];
    f->source_w = source[0];
    f->source_h = source[1];
    f->pivot_x = (json_is_number(px) ? json_number_value(px) : 0.5) * source[0];
    f->pivot_y = (json_is_number(py) ? json_number_value(py) : 0.5) * source[1];
    int duration = 100;
    if (json_object_get(o, "duration"))
        rc = member(r, o, "duration", &duration);
    f->duration_ms = duration;
    return rc;
}

static enum spr_code foreign_frames(struct reader *r, const json_t *frames, int page)
{
    enum spr_code rc = SPR_OK;
    const char *name;
    json_t *o;
    size_t i;
    if (json_is_object(frames))
        for (void *at = json_object_iter((json_t *)frames); at && !rc;
             at = json_object_iter_next((json_t *)frames, at)) {
            name = json_object_iter_key(at);
            rc = foreign_frame(r, name, json_object_iter_value(at), page);
        }
    else if (json_is_array(frames))
        json_array_foreach(frames, i, o)
        {
            rc = rc ? rc : foreign_frame(r, word(o, "filename"), o, page);
        }
    else
        rc = bad(r, "frames", "a list or an object of frames");
    r->where = NULL;
    return rc;
}

static enum spr_code foreign_tags(struct reader *r, const json_t *tags)
{
    enum spr_code rc = SPR_OK;
    json_t *o;
    size_t i;
    json_array_foreach(tags, i, o)
    {
        const char *name = word(o, "name");
        int from = 0, to = 0;
        r->where = name;
        if (!rc)
            rc = name ? member(r, o, "from", &from) : bad(r, "name", "a text");
        if (!rc)
            rc = member(r, o, "to", &to);
        struct atlas_tag *t = rc ? NULL : atlas_add_tag(&r->sheet.atlas, name, r->err);
        if (!t)
            return rc ? rc : r->err->code;
        const char *repeat = word(o, "repeat");
        t->from = from;
        t->to = to;
        t->direction = direction_of(word(o, "direction"));
        t->repeat = repeat && strspn(repeat, "0123456789") == strlen(repeat) && strlen(repeat) < 6
                        ? (int)strtol(repeat, NULL, 10)
                        : 0;
    }
    r->where = NULL;
    return rc;
}

static enum spr_code foreign_related(struct reader *r, const json_t *list)
{
    json_t *o;
    size_t i;
    json_array_foreach(list, i, o)
    {
        const char *name = json_string_value(o);
        struct sheet *s = &r->sheet;
        if (!name || !plain_path(name) || s->related_count == 4096)
            return SPR_FAIL(r->err, SPR_BADDATA,
                            "related_multi_packs names \"%.80s\", which is no file beside the sheet",
                            name ? name : "");
        char **grown = mem_resize(s->related, (size_t)s->related_count + 1, sizeof *grown);
        if (grown)
            s->related = grown;
        if (!grown || !(s->related[s->related_count] = mem_text(name, strlen(name))))
            return SPR_FAIL(r->err, SPR_NOMEM, "no memory to read a sheet");
        s->related_count++;
    }
    return SPR_OK;
}

static enum spr_code foreign_page(struct reader *r, const json_t *about, const json_t *frames)
{
    int w = 0, h = 0;
    const json_t *size = json_object_get(about, "size");
    enum spr_code rc =
        json_is_object(size) ? member(r, size, "w", &w) : bad(r, "size", "an object with w and h");
    if (!rc)
        rc = member(r, size, "h", &h);
    if (!rc)
        rc = add_page(r, word(about, "image"), w, h);
    return rc ? rc : foreign_frames(r, frames, r->sheet.atlas.pages - 1);
}

static enum spr_code read_foreign(struct reader *r, const json_t *root)
{
    const json_t *textures = json_object_get(root, "textures"), *meta = json_object_get(root, "meta");
    enum spr_code rc = SPR_OK;
    json_t *o;
    size_t i;
    if (json_is_array(textures))
        json_array_foreach(textures, i, o)
        {
            rc = rc ? rc : foreign_page(r, o, json_object_get(o, "frames"));
        }
    else if (json_object_get(root, "frames"))
        rc = foreign_page(r, meta, json_object_get(root, "frames"));
    else
        return SPR_FAIL(
            r->err, SPR_BADDATA,
            "not a sheet: it has neither \"frames\" nor \"textures\", as Aseprite, TexturePacker, PixiJS and "
            "Phaser write them");
    if (!rc)
        rc = foreign_tags(r, json_object_get(meta, "frameTags"));
    return rc ? rc : foreign_related(r, json_object_get(meta, "related_multi_packs"));
}

/* --- Our own form ------------------------------------------------------------------------------------------------- */

static enum spr_code own_frame(struct reader *r, const json_t *o)
{
    int page = 0, at[2] = { 0 }, size[2] = { 0 }, offset[2] = { 0 }, source[2] = { 0 }, duration = 0,
        same = -1;
    const char *name = word(o, "name");
    if (!name)
        return bad(r, "name", "a text");
    r->where = name;
    const json_t *pivot = json_object_get(o, "pivot");
    enum spr_code rc = member(r, o, "page", &page);
    rc = rc ? rc : wholes(r, o, "at", 2, at);
    rc = rc ? rc : wholes(r, o, "size", 2, size);
    rc = rc ? rc : wholes(r, o, "offset", 2, offset);
    rc = rc ? rc : wholes(r, o, "source", 2, source);
    rc = rc ? rc : member(r, o, "duration", &duration);
    if (!rc && (json_array_size(pivot) != 2 || !json_is_number(json_array_get(pivot, 0)) ||
                !json_is_number(json_array_get(pivot, 1))))
        rc = bad(r, "pivot", "a list of two numbers");
    if (!rc && json_object_get(o, "same_as"))
        rc = json_is_integer(json_object_get(o, "same_as")) &&
                     json_integer_value(json_object_get(o, "same_as")) >= 0 &&
                     json_integer_value(json_object_get(o, "same_as")) < r->sheet.atlas.frames
                 ? SPR_OK
                 : bad(r, "same_as", "the number of a frame before it");
    if (!rc && json_object_get(o, "same_as"))
        same = (int)json_integer_value(json_object_get(o, "same_as"));
    struct atlas_frame *f = rc ? NULL : atlas_add_frame(&r->sheet.atlas, name, r->err);
    if (!f)
        return rc ? rc : r->err->code;
    char *kept = f->name;
    *f = (struct atlas_frame){ .name = kept,
                               .page = page,
                               .x = at[0],
                               .y = at[1],
                               .w = size[0],
                               .h = size[1],
                               .turned = json_is_true(json_object_get(o, "turned")),
                               .off_x = offset[0],
                               .off_y = offset[1],
                               .source_w = source[0],
                               .source_h = source[1],
                               .duration_ms = duration,
                               .pivot_x = json_number_value(json_array_get(pivot, 0)),
                               .pivot_y = json_number_value(json_array_get(pivot, 1)),
                               .same_as = same };
    return SPR_OK;
}

static enum spr_code own_page(struct reader *r, const json_t *o)
{
    int size[2] = { 0 };
    const char *hash = word(o, "pixels");
    enum spr_code rc = wholes(r, o, "size", 2, size);
    rc = rc ? rc : add_page(r, word(o, "file"), size[0], size[1]);
    return rc ? rc : sheet_list_add(&r->sheet.pixels, "", hash ? hash : "", r->err);
}

static enum spr_code own_tag(struct reader *r, const json_t *o)
{
    const char *name = word(o, "name");
    int from = 0, to = 0, repeat = 0;
    r->where = name;
    enum spr_code rc = name ? member(r, o, "from", &from) : bad(r, "name", "a text");
    rc = rc ? rc : member(r, o, "to", &to);
    rc = rc ? rc : member(r, o, "repeat", &repeat);
    struct atlas_tag *t = rc ? NULL : atlas_add_tag(&r->sheet.atlas, name, r->err);
    if (!t)
        return rc ? rc : r->err->code;
    t->from = from;
    t->to = to;
    t->repeat = repeat;
    t->direction = direction_of(word(o, "direction"));
    return SPR_OK;
}

static enum spr_code own_slice(struct reader *r, const json_t *o)
{
    const char *name = word(o, "name");
    struct atlas_slice s = { 0 };
    int bounds[4] = { 0 };
    r->where = name;
    enum spr_code rc = name ? member(r, o, "frame", &s.frame) : bad(r, "name", "a text");
    rc = rc ? rc : wholes(r, o, "bounds", 4, bounds);
    s.has_center = json_object_get(o, "center") != NULL;
    s.has_pivot = json_object_get(o, "pivot") != NULL;
    rc = rc || !s.has_center ? rc : wholes(r, o, "center", 4, s.center);
    rc = rc || !s.has_pivot ? rc : wholes(r, o, "pivot", 2, s.pivot);
    struct atlas_slice *t = rc ? NULL : atlas_add_slice(&r->sheet.atlas, name, r->err);
    if (!t)
        return rc ? rc : r->err->code;
    s.name = t->name;
    s.x = bounds[0];
    s.y = bounds[1];
    s.w = bounds[2];
    s.h = bounds[3];
    *t = s;
    return SPR_OK;
}

static enum spr_code own_list(struct reader *r, const json_t *root, const char *key, struct sheet_list *into)
{
    json_t *o;
    size_t i;
    json_array_foreach(json_object_get(root, key), i, o)
    {
        const char *path = json_string_value(json_array_get(o, 0)),
                   *hash = json_string_value(json_array_get(o, 1));
        enum spr_code rc = path && hash ? sheet_list_add(into, path, hash, r->err)
                                        : bad(r, key, "a list of pairs of path and checksum");
        if (rc)
            return rc;
    }
    return SPR_OK;
}

typedef enum spr_code item_fn(struct reader *r, const json_t *o);

static enum spr_code each(struct reader *r, const json_t *root, const char *key, item_fn *item)
{
    const json_t *list = json_object_get(root, key);
    enum spr_code rc = json_is_array(list) ? SPR_OK : bad(r, key, "a list");
    for (size_t i = 0; i < json_array_size(list) && !rc; i++)
        rc = item(r, json_array_get(list, i));
    r->where = NULL;
    return rc;
}

static enum spr_code own_masks(struct reader *r, const json_t *root)
{
    static const char *const kinds[] = { "", "corner", "edge", "mixed" };
    const char *kind = word(root, "terrain");
    struct atlas *a = &r->sheet.atlas;
    for (int i = 1; kind && i < (int)SPR_COUNT(kinds); i++)
        if (strcmp(kind, kinds[i]) == 0)
            a->wang = (enum atlas_wang)i;
    if (!a->wang || a->frames == 0)
        return SPR_OK;
    a->mask = mem_zalloc((size_t)a->frames, sizeof *a->mask);
    if (!a->mask)
        return SPR_FAIL(r->err, SPR_NOMEM, "no memory to read a sheet");
    for (int i = 0; i < a->frames; i++) {
        const json_t *bits =
            json_object_get(json_array_get(json_object_get(root, "frames"), (size_t)i), "terrain");
        json_int_t v = json_integer_value(bits);
        a->mask[i] = json_is_integer(bits) && v >= 0 && v < 256 ? (int)v : -1;
    }
    return SPR_OK;
}

static enum spr_code read_own(struct reader *r, const json_t *root)
{
    struct sheet *s = &r->sheet;
    if (json_integer_value(json_object_get(root, "version")) != 1)
        return SPR_FAIL(r->err, SPR_UNSUPPORTED, "a sheet of version %lld; this program reads version 1",
                        (long long)json_integer_value(json_object_get(root, "version")));
    s->ours = true;
    enum spr_code rc = copy_word(r, root, "name", &s->atlas.name);
    rc = rc ? rc : copy_word(r, root, "rules", &s->rules);
    rc = rc ? rc : copy_word(r, root, "settings", &s->settings);
    rc = rc ? rc : member(r, root, "border", &s->atlas.border);
    rc = rc ? rc : member(r, root, "padding", &s->atlas.padding);
    rc = rc ? rc : member(r, root, "extrude", &s->atlas.extrude);
    if (!rc && json_object_get(root, "empty"))
        rc = member(r, root, "empty", &s->empty);
    if (!rc && json_object_get(root, "columns")) {
        int cell[2] = { 0 };
        rc = member(r, root, "columns", &s->atlas.columns);
        rc = rc ? rc : wholes(r, root, "cell", 2, cell);
        s->atlas.cell_w = cell[0];
        s->atlas.cell_h = cell[1];
    }
    rc = rc ? rc : each(r, root, "pages", own_page);
    rc = rc ? rc : each(r, root, "frames", own_frame);
    rc = rc ? rc : each(r, root, "tags", own_tag);
    rc = rc ? rc : each(r, root, "slices", own_slice);
    rc = rc ? rc : own_list(r, root, "inputs", &s->inputs);
    rc = rc ? rc : own_list(r, root, "outputs", &s->outputs);
    return rc ? rc : own_masks(r, root);
}

/* --- Files -------------------------------------------------------------------------------------------------------- */

static enum spr_code decode_engine(const char *data, size_t length, struct sheet *s, struct spr_error *err)
{
    char *text = mem_text(data, length);
    if (!text)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to read a sheet");
    enum spr_code rc = sheet_is_tiled(data, length) ? sheet_read_tiled(text, &s->atlas, err)
                                                    : sheet_read_godot(text, &s->atlas, err);
    mem_free(text);
    return rc;
}

static enum spr_code decode_json(const char *data, size_t length, struct reader *r)
{
    json_error_t why;
    json_t *root = json_loadb(data, length, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        return SPR_FAIL(
            r->err, SPR_BADDATA, "line %d, column %d: not JSON: %.100s%s", why.line, why.column, why.text,
            length > 0 && *data != '{' ? "; for a sheet of 'spritery pack' give its .pack.json" : "");
    const char *kind = word(root, "spritery");
    enum spr_code rc = !json_is_object(root) ? SPR_FAIL(r->err, SPR_BADDATA, "not a sheet: no JSON object")
                       : kind && strcmp(kind, "sheet") == 0 ? read_own(r, root)
                                                            : read_foreign(r, root);
    json_decref(root);
    return rc;
}

enum spr_code sheet_decode(const char *data, size_t length, struct sheet *ret, struct spr_error *err)
{
    struct spr_error own = { 0 };
    struct reader r = { .err = err ? err : &own };
    if (length > SHEET_BYTES_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "the sheet has %zu bytes; %zu are allowed", length, SHEET_BYTES_MAX);
    enum spr_code rc = sheet_is_tiled(data, length) || sheet_is_godot(data, length)
                           ? decode_engine(data, length, &r.sheet, r.err)
                           : decode_json(data, length, &r);
    if (!rc)
        rc = atlas_check(&r.sheet.atlas, r.err);
    if (rc)
        sheet_fini(&r.sheet);
    else
        *ret = r.sheet;
    return rc;
}

static enum spr_code read_one(const char *path, struct sheet *ret, struct spr_error *err)
{
    struct buf bytes;
    buf_init(&bytes, SHEET_BYTES_MAX);
    enum spr_code rc = file_read(path, &bytes, err);
    if (!rc) {
        rc = sheet_decode(bytes.data, bytes.length, ret, err);
        if (rc)
            spr_prefix(err, "%.200s", path);
    }
    buf_fini(&bytes);
    return rc;
}

/* Pages and frames of one more file go behind those that are there. */
static enum spr_code append(struct atlas *to, const struct atlas *from, struct spr_error *err)
{
    int first = to->pages;
    for (int i = 0; i < from->pages; i++) {
        struct atlas_page *p = atlas_add_page(to, from->page[i].file, err);
        if (!p)
            return SPR_NOMEM;
        p->w = from->page[i].w;
        p->h = from->page[i].h;
    }
    for (int i = 0; i < from->frames; i++) {
        struct atlas_frame *f = atlas_add_frame(to, from->frame[i].name, err);
        if (!f)
            return SPR_NOMEM;
        char *name = f->name;
        *f = from->frame[i];
        f->name = name;
        f->page += first;
    }
    return SPR_OK;
}

enum spr_code sheet_read(const char *path, struct sheet *ret, struct spr_error *err)
{
    struct sheet s = { 0 };
    char folder[PATH_MAX], beside[PATH_MAX];
    enum spr_code rc = read_one(path, &s, err);
    if (rc)
        return rc;
    sheet_folder(path, folder, sizeof folder);
    for (int i = 0; i < s.related_count && !rc; i++) {
        struct sheet more = { 0 };
        if (snprintf(beside, sizeof beside, "%s/%s", folder, s.related[i]) >= (int)sizeof beside)
            rc = SPR_FAIL(err, SPR_LIMIT, "%.80s...: the path is too long", path);
        rc = rc ? rc : read_one(beside, &more, err);
        rc = rc ? rc : append(&s.atlas, &more.atlas, err);
        sheet_fini(&more);
    }
    if (!rc && s.related_count && (rc = atlas_check(&s.atlas, err)))
        spr_prefix(err, "%.200s and the files it names", path);
    if (rc)
        sheet_fini(&s);
    else
        *ret = s;
    return rc;
}

/* "hero-1.png.meta" may belong to "hero-1.png", "hero-1" and "hero": the end goes, from the last dot on and then from a
 * page's number on. False: nothing is left to go. */
static bool shorten(char *stem)
{
    char *base = strrchr(stem, '/'), *dot = strrchr(base ? base : stem, '.'),
         *dash = strrchr(base ? base : stem, '-');
    char *cut = dot                                                                     ? dot
                : dash && dash[1] && strspn(dash + 1, "0123456789") == strlen(dash + 1) ? dash
                                                                                        : NULL;
    if (cut)
        *cut = '\0';
    return cut && cut > (base ? base + 1 : stem);
}

/* Whether the file at path is the one that s calls name, unchanged. */
static bool wrote(const struct sheet *s, const char *path, const char *name)
{
    char hash[DIGEST_HEX_BYTES];
    struct buf bytes;
    bool same = false;
    buf_init(&bytes, SHEET_BYTES_MAX);
    for (int i = 0; s->ours && i < s->outputs.count && !same; i++)
        if (strcmp(s->outputs.item[i].path, name) == 0 && file_read(path, &bytes, NULL) == SPR_OK) {
            digest_hex(bytes.data, bytes.length, hash);
            same = strcmp(hash, s->outputs.item[i].hash) == 0;
        }
    buf_fini(&bytes);
    return same;
}

static bool describes(const char *description, const char *path, const char *name)
{
    struct sheet s = { 0 };
    bool does =
        file_exists(description) && read_one(description, &s, NULL) == SPR_OK && wrote(&s, path, name);
    sheet_fini(&s);
    return does;
}

/* Of several targets each has a folder in that of the sheet: OUT/css/NAME.css is described by OUT.pack.json. */
static bool described_above(const char *path, char *ret, size_t size)
{
    static const char *const kinds[] = { "", ".grid" };
    char *real = realpath(path, NULL), *cut[3] = { 0 }; /* before NAME.css, css, OUT */
    bool found = false;
    for (size_t at = real ? strlen(real) : 0, n = 0; at-- > 0 && n < SPR_COUNT(cut);)
        if (real[at] == '/')
            cut[n++] = real + at;
    for (size_t i = 0; cut[2] && i < SPR_COUNT(kinds) && !found; i++)
        found = snprintf(ret, size, "%.*s%s.pack.json", (int)(cut[1] - real), real, kinds[i]) < (int)size &&
                describes(ret, path, cut[2] + 1);
    free(real);
    return found;
}

bool sheet_described(const char *path, char *ret, size_t size)
{
    const char *slash = strrchr(path, '/');
    char stem[PATH_MAX];
    bool found = false;
    if (snprintf(stem, sizeof stem, "%s", path) >= (int)sizeof stem)
        return false;
    while (!found && shorten(stem))
        found = snprintf(ret, size, "%s.pack.json", stem) < (int)size &&
                describes(ret, path, slash ? slash + 1 : path);
    return found || described_above(path, ret, size);
}
