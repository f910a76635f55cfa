#include "pack/sprites.h"

#include "base/mem.h"
#include "image/animation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What reading one file gives; each worker fills its own. */
struct loaded {
    struct animation animation;
    enum spr_code rc;
    struct spr_error err;
};

struct loading {
    const struct sprite_files *files;
    struct loaded *loaded; /* (files) */
};

static void load_one(void *context, int index, int worker)
{
    struct loading *l = context;
    struct loaded *one = &l->loaded[index];
    (void)worker;
    one->rc = animation_load(l->files->item[index].path, NULL, &one->animation, NULL, &one->err);
}

static struct sprite *add(struct sprites *s, const char *name, struct spr_error *err)
{
    if (s->count == ATLAS_FRAMES_MAX) {
        (void)SPR_FAIL(err, SPR_LIMIT, "more than %d frames; pack them in parts", ATLAS_FRAMES_MAX);
        return NULL;
    }
    char *copy = mem_text(name, strlen(name));
    bool full = (s->count & (s->count - 1)) == 0;
    void *grown = full ? mem_resize(s->item, s->count ? (size_t)s->count * 2 : 1, sizeof *s->item) : s->item;
    if (grown)
        s->item = grown;
    if (!copy || !grown) {
        mem_free(copy);
        (void)SPR_FAIL(err, SPR_NOMEM, "no memory for sprites");
        return NULL;
    }
    struct sprite *item = &s->item[s->count++];
    *item = (struct sprite){ .name = copy, .mask = -1 };
    return item;
}

static void frame_name(const struct sprite_file *file, const struct animation *a, int frame,
                       char ret[ATLAS_NAME_MAX + 1])
{
    if (a->count == 1)
        snprintf(ret, ATLAS_NAME_MAX + 1, "%s", file->name);
    else
        snprintf(ret, ATLAS_NAME_MAX + 1, "%s_%d", file->name, frame);
}

static enum spr_code add_frames(struct sprites *s, const struct sprite_files *files, int file,
                                struct loaded *from, struct spr_error *err)
{
    struct animation *a = &from->animation;
    for (int i = 0; i < a->count; i++) {
        char name[ATLAS_NAME_MAX + 1];
        frame_name(&files->item[file], a, i, name);
        struct sprite *item = add(s, name, err);
        if (!item)
            return err->code;
        int said = files->item[file].duration_ms;
        item->file = file;
        item->duration_ms = said ? said : a->frame[i].ms;
        item->image = a->frame[i].image;
        a->frame[i].image = (struct image){ 0 };
    }
    return SPR_OK;
}

static int by_order(const void *a, const void *b)
{
    return sprite_name_order(((const struct sprite *)a)->name, ((const struct sprite *)b)->name);
}

static enum spr_code check_names(const struct sprites *s, const struct sprite_files *files,
                                 struct spr_error *err)
{
    for (int i = 1; i < s->count; i++)
        if (strcmp(s->item[i - 1].name, s->item[i].name) == 0)
            return SPR_FAIL(
                err, SPR_BADARG, "%.150s and %.150s both have a frame \"%.80s\"; rename one of them",
                files->item[s->item[i - 1].file].path, files->item[s->item[i].file].path, s->item[i].name);
    return SPR_OK;
}

/* A file's tags and slices, with its name before theirs where there are several files. */
static enum spr_code take_names(struct sprites *s, const struct sprite_file *file, const struct animation *a,
                                bool alone, struct spr_error *err)
{
    char name[ATLAS_NAME_MAX + 1], full[ATLAS_NAME_MAX + 1];
    frame_name(file, a, 0, name);
    int first = sprites_find(s, name);
    for (int i = 0; i < a->tags; i++) {
        const struct tag *from = &a->tag[i];
        snprintf(full, sizeof full, "%s%s%s", alone ? "" : file->name, alone ? "" : "/", from->name);
        struct atlas_tag *t = atlas_add_tag(&s->names, alone ? from->name : full, err);
        if (!t)
            return err->code;
        t->from = first + from->from;
        t->to = first + from->to;
        t->direction = from->direction;
        t->repeat = from->repeat;
    }
    for (int i = 0; i < a->slices; i++)
        for (int k = 0; k < a->slice[i].count; k++) {
            const struct slice_key *key = &a->slice[i].key[k];
            snprintf(full, sizeof full, "%s%s%s", alone ? "" : file->name, alone ? "" : "/",
                     a->slice[i].name);
            struct atlas_slice *t = atlas_add_slice(&s->names, full, err);
            if (!t)
                return err->code;
            t->frame = first + key->frame;
            t->x = key->bounds.x;
            t->y = key->bounds.y;
            t->w = key->bounds.width;
            t->h = key->bounds.height;
            t->has_center = key->has_centre;
            t->has_pivot = key->has_pivot;
            memcpy(t->center, (int[]){ key->centre.x, key->centre.y, key->centre.width, key->centre.height },
                   sizeof t->center);
            memcpy(t->pivot, (int[]){ key->pivot_x, key->pivot_y }, sizeof t->pivot);
        }
    return SPR_OK;
}

static enum spr_code take_files(struct sprites *s, const struct sprite_files *files, struct loaded *loaded,
                                struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int i = 0; i < files->count && !rc; i++)
        rc = loaded[i].rc ? SPR_FAIL(err, loaded[i].rc, "%s", loaded[i].err.text)
                          : add_frames(s, files, i, &loaded[i], err);
    if (rc)
        return rc;
    if (s->count > 1)
        qsort(s->item, (size_t)s->count, sizeof *s->item, by_order);
    rc = check_names(s, files, err);
    for (int i = 0; i < files->count && !rc; i++)
        rc = take_names(s, &files->item[i], &loaded[i].animation, files->count == 1, err);
    return rc;
}

static enum spr_code load_files(struct sprites *s, const struct sprite_files *files, struct pool *pool,
                                struct spr_error *err)
{
    struct loading l = { files, mem_zalloc((size_t)files->count, sizeof *l.loaded) };
    if (!l.loaded)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to read %d files", files->count);
    pool_run(pool, files->count, load_one, &l);
    enum spr_code rc = take_files(s, files, l.loaded, err);
    for (int i = 0; i < files->count; i++)
        animation_fini(&l.loaded[i].animation);
    mem_free(l.loaded);
    return rc;
}

static enum spr_code tag_run(struct sprites *s, const char *name, size_t length, int from, int to,
                             struct spr_error *err)
{
    char text[ATLAS_NAME_MAX + 1];
    length = length > ATLAS_NAME_MAX ? ATLAS_NAME_MAX : length;
    memcpy(text, name, length);
    text[length] = '\0';
    struct atlas_tag *t = atlas_add_tag(&s->names, text, err);
    if (!t)
        return err->code;
    t->from = from;
    t->to = to;
    return SPR_OK;
}

/* The part of a name that its animation is called by; 0 where it has none. */
static size_t group_length(const char *name, enum sprite_grouping grouping)
{
    size_t base;
    int number;
    if (grouping == GROUP_BY_NAME)
        return sprite_name_split(name, &base, &number) ? base : 0;
    const char *slash = strrchr(name, '/');
    return grouping == GROUP_BY_FOLDER && slash ? (size_t)(slash - name) : 0;
}

static bool has_tag(const struct sprites *s, int from, int to)
{
    for (int i = 0; i < s->names.tags; i++)
        if (s->names.tag[i].from <= to && s->names.tag[i].to >= from)
            return true;
    return false;
}

/* Neighbours of one group are one animation, unless their file has tags of its own. */
static enum spr_code tag_groups(struct sprites *s, enum sprite_grouping grouping, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int i = 0, end; i < s->count && !rc; i = end) {
        const char *name = s->item[i].name;
        size_t length = group_length(name, grouping);
        for (end = i + 1; length > 0 && end < s->count; end++)
            if (group_length(s->item[end].name, grouping) != length ||
                strncmp(s->item[end].name, name, length) != 0)
                break;
        if (end - i > 1 && !has_tag(s, i, end - 1))
            rc = tag_run(s, name, length, i, end - 1, err);
    }
    return rc;
}

static void set_defaults(struct sprites *s, const struct sprite_defaults *d)
{
    s->wang = d->wang;
    for (int i = 0; i < s->count; i++) {
        struct sprite *item = &s->item[i];
        size_t base;
        if (item->duration_ms == 0)
            item->duration_ms = d->duration_ms;
        item->pivot_x = d->pivot_x * item->image.width;
        item->pivot_y = d->pivot_y * item->image.height;
        if (d->wang && !sprite_name_split(item->name, &base, &item->mask))
            item->mask = -1;
    }
}

enum spr_code sprites_load(const struct sprite_files *files, const char *sidecar, size_t length,
                           const struct sprite_defaults *defaults, struct pool *pool, struct sprites *ret,
                           struct doc_report *report, struct spr_error *err)
{
    struct sprites s = { 0 };
    struct spr_error own = { 0 };
    err = err ? err : &own;
    *report = (struct doc_report){ 0 };
    enum spr_code rc = load_files(&s, files, pool, err);
    if (!rc) {
        set_defaults(&s, defaults);
        rc = tag_groups(&s, defaults->grouping, err);
    }
    if (!rc && length > 0)
        rc = sidecar_apply(&s, sidecar, length, report, err);
    if (rc)
        sprites_fini(&s);
    else
        *ret = s;
    return rc;
}

void sprites_fini(struct sprites *s)
{
    for (int i = 0; i < s->count; i++) {
        mem_free(s->item[i].name);
        image_fini(&s->item[i].image);
    }
    mem_free(s->item);
    atlas_fini(&s->names);
    *s = (struct sprites){ 0 };
}

int sprites_find(const struct sprites *s, const char *name)
{
    int low = 0, high = s->count;
    while (low < high) {
        int mid = (low + high) / 2;
        if (sprite_name_order(s->item[mid].name, name) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < s->count && strcmp(s->item[low].name, name) == 0 ? low : -1;
}
