/* Our own form: written line by line, so that a change in one sprite is a change in one line of a repository. */
#include "pack/sheet.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "pack/text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum spr_code sheet_list_add(struct sheet_list *l, const char *path, const char *hash, struct spr_error *err)
{
    bool full = (l->count & (l->count - 1)) == 0;
    void *grown = full ? mem_resize(l->item, l->count ? (size_t)l->count * 2 : 1, sizeof *l->item) : l->item;
    char *copy = mem_text(path, strlen(path));
    if (grown)
        l->item = grown;
    if (!grown || !copy) {
        mem_free(copy);
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a list of files");
    }
    struct sheet_file *f = &l->item[l->count++];
    f->path = copy;
    snprintf(f->hash, sizeof f->hash, "%s", hash);
    return SPR_OK;
}

void sheet_list_fini(struct sheet_list *l)
{
    for (int i = 0; i < l->count; i++)
        mem_free(l->item[i].path);
    mem_free(l->item);
    *l = (struct sheet_list){ 0 };
}

void sheet_fini(struct sheet *s)
{
    atlas_fini(&s->atlas);
    mem_free(s->rules);
    mem_free(s->settings);
    sheet_list_fini(&s->inputs);
    sheet_list_fini(&s->outputs);
    sheet_list_fini(&s->pixels);
    for (int i = 0; i < s->related_count; i++)
        mem_free(s->related[i]);
    mem_free(s->related);
    *s = (struct sheet){ 0 };
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

static void write_list(struct pen *t, const char *key, const struct sheet_list *l)
{
    pen_put(t, "  \"%s\": [", key);
    for (int i = 0; i < l->count; i++) {
        pen_put(t, "%s\n    [", i ? "," : "");
        text_quoted(t, l->item[i].path);
        pen_put(t, ", \"%s\"]", l->item[i].hash);
    }
    pen_put(t, "%s],\n", l->count ? "\n  " : "");
}

static void write_frame(struct pen *t, const struct atlas *a, int i)
{
    const struct atlas_frame *f = &a->frame[i];
    pen_put(t, "%s\n    {\"name\": ", i ? "," : "");
    text_quoted(t, f->name);
    pen_put(t, ", \"page\": %d, \"at\": [%d, %d], \"size\": [%d, %d], ", f->page, f->x, f->y, f->w, f->h);
    if (f->turned)
        pen_put(t, "\"turned\": true, ");
    pen_put(t, "\"offset\": [%d, %d], \"source\": [%d, %d], \"duration\": %d, \"pivot\": [", f->off_x,
            f->off_y, f->source_w, f->source_h, f->duration_ms);
    text_number(t, f->pivot_x, false);
    pen_put(t, ", ");
    text_number(t, f->pivot_y, false);
    pen_put(t, "]");
    if (f->same_as >= 0)
        pen_put(t, ", \"same_as\": %d", f->same_as);
    if (a->mask && a->mask[i] >= 0)
        pen_put(t, ", \"terrain\": %d", a->mask[i]);
    pen_put(t, "}");
}

static void write_tags(struct pen *t, const struct atlas *a)
{
    pen_put(t, "  \"tags\": [");
    for (int i = 0; i < a->tags; i++) {
        const struct atlas_tag *g = &a->tag[i];
        pen_put(t, "%s\n    {\"name\": ", i ? "," : "");
        text_quoted(t, g->name);
        pen_put(t, ", \"from\": %d, \"to\": %d, \"direction\": \"%s\", \"repeat\": %d}", g->from, g->to,
                tag_direction_name(g->direction), g->repeat);
    }
    pen_put(t, "%s],\n  \"slices\": [", a->tags ? "\n  " : "");
    for (int i = 0; i < a->slices; i++) {
        const struct atlas_slice *s = &a->slice[i];
        pen_put(t, "%s\n    {\"name\": ", i ? "," : "");
        text_quoted(t, s->name);
        pen_put(t, ", \"frame\": %d, \"bounds\": [%d, %d, %d, %d]", s->frame, s->x, s->y, s->w, s->h);
        if (s->has_center)
            pen_put(t, ", \"center\": [%d, %d, %d, %d]", s->center[0], s->center[1], s->center[2],
                    s->center[3]);
        if (s->has_pivot)
            pen_put(t, ", \"pivot\": [%d, %d]", s->pivot[0], s->pivot[1]);
        pen_put(t, "}");
    }
    pen_put(t, "%s],\n", a->slices ? "\n  " : "");
}

enum spr_code sheet_encode(const struct sheet *s, struct buf *into, struct spr_error *err)
{
    static const char *const terrain[] = { "", "corner", "edge", "mixed" };
    struct pen t = { .out = into, .err = err };
    const struct atlas *a = &s->atlas;
    pen_put(&t, "{\n  \"spritery\": \"sheet\",\n  \"version\": 1,\n  \"name\": ");
    text_quoted(&t, a->name);
    pen_put(&t, ",\n  \"rules\": ");
    text_quoted(&t, s->rules ? s->rules : "");
    pen_put(&t, ",\n  \"settings\": ");
    text_quoted(&t, s->settings ? s->settings : "");
    pen_put(&t, ",\n  \"border\": %d, \"padding\": %d, \"extrude\": %d,\n", a->border, a->padding,
            a->extrude);
    if (s->empty)
        pen_put(&t, "  \"empty\": %d,\n", s->empty);
    if (a->columns)
        pen_put(&t, "  \"columns\": %d, \"cell\": [%d, %d],\n", a->columns, a->cell_w, a->cell_h);
    if (a->wang)
        pen_put(&t, "  \"terrain\": \"%s\",\n", terrain[a->wang]);
    pen_put(&t, "  \"pages\": [");
    for (int i = 0; i < a->pages; i++) {
        pen_put(&t, "%s\n    {\"file\": ", i ? "," : "");
        text_quoted(&t, a->page[i].file);
        pen_put(&t, ", \"size\": [%d, %d], \"pixels\": \"%s\"}", a->page[i].w, a->page[i].h,
                i < s->pixels.count ? s->pixels.item[i].hash : "");
    }
    pen_put(&t, "\n  ],\n  \"frames\": [");
    for (int i = 0; i < a->frames; i++)
        write_frame(&t, a, i);
    pen_put(&t, "\n  ],\n");
    write_tags(&t, a);
    write_list(&t, "inputs", &s->inputs);
    write_list(&t, "outputs", &s->outputs);
    pen_put(&t, "  \"end\": true\n}\n");
    return t.rc;
}

/* --- Pages and frames --------------------------------------------------------------------------------------------- */

void sheet_folder(const char *path, char *ret, size_t size)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    if (slash == path)
        snprintf(ret, size, "/");
    else
        snprintf(ret, size, "%.*s", slash ? (int)n : 1, slash ? path : ".");
}

void sheet_pages_free(const struct sheet *s, struct image *page)
{
    for (int i = 0; page && i < s->atlas.pages; i++)
        image_fini(&page[i]);
    mem_free(page);
}

enum spr_code sheet_pages_load(const struct sheet *s, const char *folder, struct image **ret_page,
                               struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    struct image *page = mem_zalloc((size_t)s->atlas.pages, sizeof *page);
    if (!page)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %d pages", s->atlas.pages);
    for (int i = 0; i < s->atlas.pages && !rc; i++) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof path, "%s/%s", folder, s->atlas.page[i].file) >= (int)sizeof path)
            rc = SPR_FAIL(err, SPR_LIMIT, "%.80s...: the path is too long", folder);
        else
            rc = image_load(path, NULL, &page[i], NULL, err);
    }
    if (rc)
        sheet_pages_free(s, page);
    else
        *ret_page = page;
    return rc;
}

bool sheet_is_file(const char *path)
{
    FILE *f = strcmp(path, "-") == 0 ? NULL : fopen(path, "re");
    int c = 0;
    while (f && (c = fgetc(f)) != EOF && strchr(" \t\r\n", c) && c)
        continue;
    if (f)
        fclose(f);
    return c == '{';
}

static enum spr_code add_frame(const struct sheet *s, const struct image *page, int frame, int times,
                               struct animation *ret, struct spr_error *err)
{
    const struct atlas_frame *f = &s->atlas.frame[frame];
    struct image im = { 0 };
    enum spr_code rc = atlas_cut(f, &page[f->page], &im, err);
    if (!rc && ret->count > 0 && (im.width != ret->width || im.height != ret->height))
        rc = SPR_FAIL(
            err, SPR_BADARG,
            "frame \"%.80s\" is %d x %d, the first one %d x %d; an animation has one size: name a tag",
            f->name, im.width, im.height, ret->width, ret->height);
    if (!rc)
        rc = animation_add(ret, &im, times, err);
    image_fini(&im);
    return rc;
}

enum spr_code sheet_animation(const char *path, const char *tag, struct animation *ret, struct spr_error *err)
{
    struct sheet s = { 0 };
    struct animation out = { 0 };
    struct image *page = NULL;
    char folder[PATH_MAX];
    enum spr_code rc = sheet_read(path, &s, err);
    if (rc)
        return rc;
    const struct atlas *a = &s.atlas;
    const struct atlas_tag *only = NULL;
    for (int i = 0; tag && i < a->tags && !only; i++)
        only = strcmp(a->tag[i].name, tag) == 0 ? &a->tag[i] : NULL;
    if (tag && !only)
        rc = SPR_FAIL(err, SPR_NOTFOUND,
                      "%.200s has no animation \"%.80s\"; it has %d, the first is \"%.80s\"", path, tag,
                      a->tags, a->tags ? a->tag[0].name : "");
    sheet_folder(path, folder, sizeof folder);
    if (!rc)
        rc = sheet_pages_load(&s, folder, &page, err);
    int from = only ? only->from : 0, to = only ? only->to : a->frames - 1;
    for (int i = from; i <= to && !rc; i++)
        rc = add_frame(&s, page, i, a->frame[i].duration_ms, &out, err);
    for (int i = 0; i < a->tags && !rc; i++)
        if (a->tag[i].from >= from && a->tag[i].to <= to)
            rc = animation_add_tag(&out, a->tag[i].name, a->tag[i].from - from, a->tag[i].to - from,
                                   a->tag[i].direction, a->tag[i].repeat, err);
    sheet_pages_free(&s, page);
    sheet_fini(&s);
    if (rc)
        animation_fini(&out);
    else
        *ret = out;
    return rc;
}
