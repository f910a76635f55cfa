#include "pack/sheet_engine.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TILES_MAX = 1 << 16, TEXTURES_MAX = 1 << 14, DURATION = 100, ID_MAX = 64 };

static bool begins(const char *data, size_t length, const char *with)
{
    size_t n = strlen(with);
    while (length > 0 && isspace((unsigned char)*data)) {
        data++;
        length--;
    }
    return length >= n && strncmp(data, with, n) == 0;
}

bool sheet_is_tiled(const char *data, size_t length)
{
    return begins(data, length, "<?xml") || begins(data, length, "<tileset");
}

bool sheet_is_godot(const char *data, size_t length)
{
    return begins(data, length, "[gd_resource");
}

static enum spr_code add_page(struct atlas *a, const char *file, int w, int h, struct spr_error *err)
{
    if (!*file || *file == '/' || strchr(file, '\\') || strstr(file, ".."))
        return SPR_FAIL(err, SPR_BADDATA,
                        "the picture's name \"%.80s\" is not a file in the sheet's folder or below", file);
    struct atlas_page *p = atlas_add_page(a, file, err);
    if (!p)
        return SPR_NOMEM;
    p->w = w;
    p->h = h;
    return SPR_OK;
}

/* A frame that is its box, at a place. */
static struct atlas_frame *add_frame(struct atlas *a, const char *name, const int box[4],
                                     struct spr_error *err)
{
    struct atlas_frame *f = atlas_add_frame(a, name, err);
    if (!f)
        return NULL;
    f->x = box[0];
    f->y = box[1];
    f->w = f->source_w = box[2];
    f->h = f->source_h = box[3];
    f->duration_ms = DURATION;
    f->same_as = -1;
    return f;
}

/* --- Tiled: XML ---------------------------------------------------------------------------------------------------- */

/* What follows an "&": one character of five, by name or by number up to 127; other ones stay as they are written. */
static const char *entity(const char *at, char *ret)
{
    static const struct {
        const char *name;
        char is;
    } known[] = { { "amp;", '&' }, { "lt;", '<' }, { "gt;", '>' }, { "quot;", '"' }, { "apos;", '\'' } };
    for (size_t i = 0; i < SPR_COUNT(known); i++)
        if (strncmp(at, known[i].name, strlen(known[i].name)) == 0) {
            *ret = known[i].is;
            return at + strlen(known[i].name);
        }
    char *end;
    unsigned long code =
        at[0] == '#' ? strtoul(at + (at[1] == 'x' ? 2 : 1), &end, at[1] == 'x' ? 16 : 10) : 0;
    if (code == 0 || code > 127 || *end != ';')
        return NULL;
    *ret = (char)code;
    return end + 1;
}

/* The value of an attribute within one tag, which ends at its ">"; false if it is not there or too long. */
static bool attribute(const char *tag, const char *name, char *ret, size_t size)
{
    size_t n = strlen(name), used = 0;
    char quote = 0;
    const char *at = tag;
    for (; *at && (quote || *at != '>'); at++) {
        if (*at == '"' || *at == '\'')
            quote = !quote ? *at : quote == *at ? (char)0 : quote;
        else if (!quote && isspace((unsigned char)*at) && strncmp(at + 1, name, n) == 0 && at[1 + n] == '=' &&
                 (at[2 + n] == '"' || at[2 + n] == '\''))
            break;
    }
    if (!*at || *at == '>')
        return false;
    quote = at[2 + n];
    for (at += 3 + n; *at && *at != quote; used++) {
        const char *after = NULL;
        if (used + 1 >= size)
            return false;
        if (*at == '&')
            after = entity(at + 1, &ret[used]);
        if (!after) {
            ret[used] = *at;
            after = at + 1;
        }
        at = after;
    }
    ret[used] = '\0';
    return *at == quote;
}

/* A whole number of an attribute; `otherwise` where there is none. */
static int number(const char *tag, const char *name, int otherwise)
{
    char text[16], *end;
    if (!attribute(tag, name, text, sizeof text))
        return otherwise;
    long v = strtol(text, &end, 10);
    return *end || v < -1 || v > 1000000 ? -1 : (int)v;
}

static bool is_tag(const char *at, const char *name)
{
    size_t n = strlen(name);
    return strncmp(at, name, n) == 0 && (isspace((unsigned char)at[n]) || at[n] == '>' || at[n] == '/');
}

struct tiled {
    int w, h, spacing, margin, count, columns;
};

static enum spr_code tiled_head(const char *tag, struct tiled *t, struct spr_error *err)
{
    *t = (struct tiled){ number(tag, "tilewidth", -1), number(tag, "tileheight", -1),
                         number(tag, "spacing", 0),    number(tag, "margin", 0),
                         number(tag, "tilecount", -1), number(tag, "columns", -1) };
    if (t->w < 1 || t->h < 1 || t->spacing < 0 || t->margin < 0 || t->count < 1 || t->columns < 1)
        return SPR_FAIL(
            err, SPR_BADDATA,
            "a tile set of one picture says tilewidth, tileheight, tilecount and columns, all at least 1");
    return t->count > TILES_MAX ? SPR_FAIL(err, SPR_LIMIT, "%d tiles; %d are allowed", t->count, TILES_MAX)
                                : SPR_OK;
}

static enum spr_code tiled_tiles(const struct tiled *t, struct atlas *a, struct spr_error *err)
{
    for (int i = 0; i < t->count; i++) {
        char name[ID_MAX];
        const int64_t x = t->margin + (int64_t)(i % t->columns) * (t->w + t->spacing),
                      y = t->margin + (int64_t)(i / t->columns) * (t->h + t->spacing);
        if (x > IMAGE_SIDE_MAX || y > IMAGE_SIDE_MAX)
            return SPR_FAIL(err, SPR_BADDATA, "tile %d lies beyond its picture", i);
        snprintf(name, sizeof name, "tile_%d", i);
        if (!add_frame(a, name, (const int[4]){ (int)x, (int)y, t->w, t->h }, err))
            return SPR_NOMEM;
    }
    return SPR_OK;
}

static enum spr_code tiled_name(struct atlas *a, int tile, const char *tag, struct spr_error *err)
{
    char key[8], value[ATLAS_NAME_MAX + 1];
    if (tile < 0 || tile >= a->frames || !attribute(tag, "name", key, sizeof key) ||
        strcmp(key, "name") != 0 || !attribute(tag, "value", value, sizeof value) || !value[0])
        return SPR_OK;
    char *copy = mem_text(value, strlen(value));
    if (!copy)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to read a sheet");
    mem_free(a->frame[tile].name);
    a->frame[tile].name = copy;
    return SPR_OK;
}

enum spr_code sheet_read_tiled(const char *data, struct atlas *ret, struct spr_error *err)
{
    struct tiled t = { 0 };
    int tile = -1;
    enum spr_code rc = SPR_OK;
    for (const char *at = strchr(data, '<'); at && !rc; at = strchr(at + 1, '<')) {
        char file[512] = "";
        if (is_tag(at + 1, "tileset") && t.count == 0)
            rc = tiled_head(at, &t, err);
        else if (is_tag(at + 1, "image") && (t.count == 0 || ret->pages > 0))
            rc = SPR_FAIL(err, SPR_BADDATA,
                          "a tile set of several pictures: only one of one picture can be taken apart");
        else if (is_tag(at + 1, "image") && !attribute(at, "source", file, sizeof file))
            rc = SPR_FAIL(err, SPR_BADDATA, "the tile set's picture has no source");
        else if (is_tag(at + 1, "image") &&
                 !(rc = add_page(ret, file, number(at, "width", -1), number(at, "height", -1), err)))
            rc = tiled_tiles(&t, ret, err);
        else if (is_tag(at + 1, "tile"))
            tile = number(at, "id", -1);
        else if (is_tag(at + 1, "property"))
            rc = tiled_name(ret, tile, at, err);
    }
    return rc || ret->pages ? rc : SPR_FAIL(err, SPR_BADDATA, "not a tile set with a picture");
}

/* --- Godot: its text resources --------------------------------------------------------------------------------------- */

/* The text behind `key`, in quotes or up to a blank or bracket; false if it is not in the line. */
static bool field(const char *line, size_t length, const char *key, char *ret, size_t size)
{
    size_t n = strlen(key), used = 0;
    const char *end = line + length, *at = line;
    while (at + n < end && strncmp(at, key, n) != 0)
        at++;
    if (at + n >= end)
        return false;
    at += n;
    bool quoted = *at == '"';
    for (at += quoted; at < end && (quoted ? *at != '"' : !strchr(" ])\t\r", *at)); at++) {
        if (used + 1 >= size)
            return false;
        if (quoted && *at == '\\' && at + 1 < end)
            at++;
        ret[used++] = *at;
    }
    ret[used] = '\0';
    return used > 0;
}

/* "Rect2( 1, 2, 3, 4 )"; whole numbers, also written as 1.0. */
static bool rect(const char *text, int ret[4])
{
    const char *at = strchr(text, '(');
    for (int i = 0; i < 4; i++) {
        char *end;
        double v = at ? strtod(at + 1, &end) : -1;
        if (!at || !(v >= 0 && v <= IMAGE_SIDE_MAX) || v > (int)v) /* nolint: whole */
            return false;
        ret[i] = (int)v;
        at = end + strspn(end, " ");
        if (*at != (i < 3 ? ',' : ')'))
            return false;
    }
    return true;
}

struct godot {
    struct atlas *atlas;
    struct id {
        char text[ID_MAX];
    } * page, *texture; /* (pages), (frames): as the file calls them */
    bool *named;        /* (frames) */
    struct spr_error *err;
};

static int id_among(const struct id *ids, int count, const char *text)
{
    for (int i = 0; i < count; i++)
        if (strcmp(ids[i].text, text) == 0)
            return i;
    return -1;
}

static int lines_with(const char *data, const char *what)
{
    int count = 0;
    for (const char *at = strstr(data, what); at; at = strstr(at + 1, what))
        count++;
    return count;
}

static enum spr_code godot_page(struct godot *g, const char *line, size_t length)
{
    char path[512] = "";
    struct id *id = &g->page[g->atlas->pages];
    if (!field(line, length, " path=", path, sizeof path) ||
        !field(line, length, " id=", id->text, sizeof id->text))
        return SPR_FAIL(g->err, SPR_BADDATA, "an ext_resource without path or id");
    const char *name = strncmp(path, "res://", 6) == 0 ? strrchr(path, '/') + 1 : path;
    return add_page(g->atlas, name, 0, 0, g->err);
}

static enum spr_code godot_texture(struct godot *g, const char *line, size_t length)
{
    char name[ID_MAX];
    int at = g->atlas->frames;
    if (!field(line, length, " id=", g->texture[at].text, ID_MAX))
        return SPR_FAIL(g->err, SPR_BADDATA, "an AtlasTexture without id");
    snprintf(name, sizeof name, "frame_%d", at);
    struct atlas_frame *f = add_frame(g->atlas, name, (const int[4]){ 0 }, g->err);
    if (f)
        f->page = -1;
    return f ? SPR_OK : SPR_NOMEM;
}

/* "atlas = ...", "region = ...", "margin = ..." of the texture that was named last. */
static enum spr_code godot_value(struct godot *g, const char *line, size_t length)
{
    struct atlas *a = g->atlas;
    struct atlas_frame *f = &a->frame[a->frames - 1];
    char id[ID_MAX];
    int v[4];
    if (strncmp(line, "atlas = ", 8) == 0) {
        if (!field(line, length, "ExtResource( ", id, sizeof id) &&
            !field(line, length, "ExtResource(", id, sizeof id))
            return SPR_FAIL(g->err, SPR_BADDATA, "frame %d: its picture is no ExtResource", a->frames - 1);
        f->page = id_among(g->page, a->pages, id);
    } else if (strncmp(line, "region = ", 9) == 0 && rect(line, v)) {
        f->x = v[0];
        f->y = v[1];
        f->w = v[2];
        f->h = v[3];
        f->source_w += v[2];
        f->source_h += v[3];
    } else if (strncmp(line, "margin = ", 9) == 0 && rect(line, v)) {
        f->off_x = v[0];
        f->off_y = v[1];
        f->source_w += v[2];
        f->source_h += v[3];
    } else if (strncmp(line, "region = ", 9) == 0 || strncmp(line, "margin = ", 9) == 0) {
        return SPR_FAIL(g->err, SPR_BADDATA, "frame %d: not four whole numbers: %.40s", a->frames - 1, line);
    }
    return SPR_OK;
}

static enum spr_code godot_name(struct godot *g, int frame, const char *animation, int step, bool alone)
{
    char name[ATLAS_NAME_MAX + 16];
    if (frame < 0 || g->named[frame])
        return SPR_OK;
    if (alone)
        snprintf(name, sizeof name, "%s", animation);
    else
        snprintf(name, sizeof name, "%s_%d", animation, step);
    for (int i = 0; i < g->atlas->frames; i++)
        if (g->named[i] && strcmp(g->atlas->frame[i].name, name) == 0)
            return SPR_OK; /* taken: it keeps its number */
    char *copy = mem_text(name, strlen(name));
    if (!copy)
        return SPR_FAIL(g->err, SPR_NOMEM, "no memory to read a sheet");
    mem_free(g->atlas->frame[frame].name);
    g->atlas->frame[frame].name = copy;
    g->named[frame] = true;
    return SPR_OK;
}

/* One animation: its textures from `from` on, its name behind them. Returns where it ends; NULL: there is none more. */
static const char *godot_animation(struct godot *g, const char *from, enum spr_code *rc)
{
    char name[ATLAS_NAME_MAX + 1], id[ID_MAX];
    const char *end = strstr(from, "\"name\": "), *line = end ? end + strcspn(end, "\n") : NULL;
    int textures = 0, step = 0;
    if (!end)
        return NULL;
    if (!field(end, (size_t)(line - end), end[8] == '&' ? "\"name\": &" : "\"name\": ", name, sizeof name))
        return line;
    for (const char *at = strstr(from, "SubResource("); at && at < end; at = strstr(at + 1, "SubResource("))
        textures++;
    for (const char *at = strstr(from, "SubResource("); at && at < end && !*rc;
         at = strstr(at + 1, "SubResource(")) {
        size_t length = strcspn(at, "\n");
        if (field(at, length, "SubResource( ", id, sizeof id) ||
            field(at, length, "SubResource(", id, sizeof id))
            *rc = godot_name(g, id_among(g->texture, g->atlas->frames, id), name, step++, textures == 1);
    }
    return line;
}

static enum spr_code godot_lines(struct godot *g, const char *data)
{
    enum spr_code rc = SPR_OK;
    const char *resource = NULL;
    bool texture = false;
    for (const char *line = data; *line && !resource && !rc;) {
        size_t length = strcspn(line, "\n");
        if (*line == '[')
            texture = false;
        if (strncmp(line, "[ext_resource ", 14) == 0) {
            rc = godot_page(g, line, length);
        } else if (strncmp(line, "[sub_resource type=\"AtlasTexture\"", 33) == 0) {
            rc = godot_texture(g, line, length);
            texture = true;
        } else if (strncmp(line, "[resource]", 10) == 0) {
            resource = line;
        } else if (texture) {
            rc = godot_value(g, line, length);
        }
        line += length + (line[length] == '\n');
    }
    while (resource && !rc)
        resource = godot_animation(g, resource, &rc);
    return rc;
}

/* What the file does not say: how large its pictures are. At least so large that they hold their frames; whoever cuts
 * looks again. */
static void godot_sizes(struct atlas *a)
{
    for (int i = 0; i < a->frames; i++) {
        const struct atlas_frame *f = &a->frame[i];
        struct atlas_page *p = f->page >= 0 ? &a->page[f->page] : NULL;
        if (p && f->x + f->w > p->w)
            p->w = f->x + f->w;
        if (p && f->y + f->h > p->h)
            p->h = f->y + f->h;
    }
}

enum spr_code sheet_read_godot(const char *data, struct atlas *ret, struct spr_error *err)
{
    size_t pages = (size_t)lines_with(data, "[ext_resource ") + 1,
           frames = (size_t)lines_with(data, "[sub_resource ") + 1;
    if (frames > TEXTURES_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "%zu textures; %d are allowed", frames - 1, TEXTURES_MAX);
    struct godot g = { .atlas = ret, .err = err };
    g.page = mem_zalloc(pages, sizeof *g.page);
    g.texture = mem_zalloc(frames, sizeof *g.texture);
    g.named = mem_zalloc(frames, sizeof *g.named);
    enum spr_code rc = g.page && g.texture && g.named ? godot_lines(&g, data)
                                                      : SPR_FAIL(err, SPR_NOMEM, "no memory to read a sheet");
    if (!rc && !ret->frames)
        rc = SPR_FAIL(err, SPR_BADDATA, "a resource without AtlasTextures: nothing to take apart");
    godot_sizes(ret);
    mem_free(g.page);
    mem_free(g.texture);
    mem_free(g.named);
    return rc;
}
