#include "pack/atlas.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Doubles at powers of two, so that no room need be kept. */
static void *push(void *array, int *count, size_t size, struct spr_error *err)
{
    void **at = array;
    if (*count >= ATLAS_FRAMES_MAX) {
        (void)SPR_FAIL(err, SPR_LIMIT, "more than %d frames", ATLAS_FRAMES_MAX);
        return NULL;
    }
    if ((*count & (*count - 1)) == 0) {
        void *grown = mem_resize(*at, *count ? (size_t)*count * 2 : 1, size);
        if (!grown) {
            (void)SPR_FAIL(err, SPR_NOMEM, "no memory for a sheet");
            return NULL;
        }
        *at = grown;
    }
    void *element = (char *)*at + (size_t)*count * size;
    memset(element, 0, size);
    return element;
}

static char *copy_name(const char *name, struct spr_error *err)
{
    char *copy = mem_text(name, strlen(name));
    if (!copy)
        (void)SPR_FAIL(err, SPR_NOMEM, "no memory for a name");
    return copy;
}

struct atlas_frame *atlas_add_frame(struct atlas *a, const char *name, struct spr_error *err)
{
    struct atlas_frame *f = push(&a->frame, &a->frames, sizeof *f, err);
    if (!f || !(f->name = copy_name(name, err)))
        return NULL;
    f->same_as = -1;
    a->frames++;
    return f;
}

struct atlas_tag *atlas_add_tag(struct atlas *a, const char *name, struct spr_error *err)
{
    struct atlas_tag *t = push(&a->tag, &a->tags, sizeof *t, err);
    if (!t || !(t->name = copy_name(name, err)))
        return NULL;
    a->tags++;
    return t;
}

struct atlas_slice *atlas_add_slice(struct atlas *a, const char *name, struct spr_error *err)
{
    struct atlas_slice *s = push(&a->slice, &a->slices, sizeof *s, err);
    if (!s || !(s->name = copy_name(name, err)))
        return NULL;
    a->slices++;
    return s;
}

struct atlas_page *atlas_add_page(struct atlas *a, const char *file, struct spr_error *err)
{
    struct atlas_page *p = push(&a->page, &a->pages, sizeof *p, err);
    if (!p || !(p->file = copy_name(file, err)))
        return NULL;
    a->pages++;
    return p;
}

void atlas_fini(struct atlas *a)
{
    for (int i = 0; i < a->frames; i++)
        mem_free(a->frame[i].name);
    for (int i = 0; i < a->tags; i++)
        mem_free(a->tag[i].name);
    for (int i = 0; i < a->slices; i++)
        mem_free(a->slice[i].name);
    for (int i = 0; i < a->pages; i++)
        mem_free(a->page[i].file);
    mem_free(a->frame);
    mem_free(a->tag);
    mem_free(a->slice);
    mem_free(a->page);
    mem_free(a->mask);
    mem_free(a->name);
    *a = (struct atlas){ 0 };
}

/* --- Checking ----------------------------------------------------------------------------------------------------- */

static enum spr_code check_frame(const struct atlas *a, const struct atlas_frame *f, struct spr_error *err)
{
    size_t length = strlen(f->name);
    if (length == 0 || length > ATLAS_NAME_MAX || !utf8_valid(f->name, length, NULL))
        return SPR_FAIL(err, SPR_BADDATA, "a frame's name has %zu bytes; 1 to %d of UTF-8 are allowed",
                        length, ATLAS_NAME_MAX);
    if (f->page < 0 || f->page >= a->pages)
        return SPR_FAIL(err, SPR_BADDATA, "frame \"%.80s\" is on page %d of %d", f->name, f->page, a->pages);
    const struct atlas_page *p = &a->page[f->page];
    if (f->w < 1 || f->h < 1 || f->source_w < 1 || f->source_h < 1 || f->source_w > IMAGE_SIDE_MAX ||
        f->source_h > IMAGE_SIDE_MAX)
        return SPR_FAIL(err, SPR_BADDATA, "frame \"%.80s\" is %d x %d, cut from %d x %d", f->name, f->w, f->h,
                        f->source_w, f->source_h);
    int w = f->turned ? f->h : f->w, h = f->turned ? f->w : f->h;
    if (f->x < 0 || f->y < 0 || f->x > p->w - w || f->y > p->h - h)
        return SPR_FAIL(err, SPR_BADDATA, "frame \"%.80s\" at %d, %d with %d x %d leaves its page of %d x %d",
                        f->name, f->x, f->y, w, h, p->w, p->h);
    if (f->off_x < 0 || f->off_y < 0 || f->off_x > f->source_w - f->w || f->off_y > f->source_h - f->h)
        return SPR_FAIL(err, SPR_BADDATA, "frame \"%.80s\": %d x %d at %d, %d leave its source of %d x %d",
                        f->name, f->w, f->h, f->off_x, f->off_y, f->source_w, f->source_h);
    if (f->duration_ms < 1 || !isfinite(f->pivot_x) || !isfinite(f->pivot_y))
        return SPR_FAIL(err, SPR_BADDATA, "frame \"%.80s\" has a duration of %d ms or no finite pivot",
                        f->name, f->duration_ms);
    return SPR_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum spr_code check_names(const struct atlas *a, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    char **name = mem_zalloc((size_t)a->frames, sizeof *name);
    if (!name)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %d names", a->frames);
    for (int i = 0; i < a->frames; i++)
        name[i] = a->frame[i].name;
    qsort(name, (size_t)a->frames, sizeof *name, by_name);
    for (int i = 1; i < a->frames && !rc; i++)
        if (strcmp(name[i - 1], name[i]) == 0)
            rc = SPR_FAIL(err, SPR_BADDATA, "two frames are called \"%.80s\"", name[i]);
    mem_free(name);
    return rc;
}

enum spr_code atlas_check(const struct atlas *a, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    if (a->frames == 0 || a->pages == 0)
        return SPR_FAIL(err, SPR_BADDATA, "the sheet has %d frames on %d pages", a->frames, a->pages);
    for (int i = 0; i < a->pages && !rc; i++)
        if (a->page[i].w < 1 || a->page[i].h < 1 || a->page[i].w > IMAGE_SIDE_MAX ||
            a->page[i].h > IMAGE_SIDE_MAX)
            rc = SPR_FAIL(err, SPR_BADDATA, "page %d is %d x %d", i, a->page[i].w, a->page[i].h);
    for (int i = 0; i < a->frames && !rc; i++) {
        rc = check_frame(a, &a->frame[i], err);
        if (!rc && (a->frame[i].same_as < -1 || a->frame[i].same_as >= i))
            rc = SPR_FAIL(err, SPR_BADDATA,
                          "frame \"%.80s\" is the same as frame %d, which does not come before it",
                          a->frame[i].name, a->frame[i].same_as);
    }
    for (int i = 0; i < a->tags && !rc; i++)
        if (a->tag[i].from < 0 || a->tag[i].to < a->tag[i].from || a->tag[i].to >= a->frames ||
            a->tag[i].repeat < 0)
            rc = SPR_FAIL(err, SPR_BADDATA, "animation \"%.80s\" goes from %d to %d of %d frames",
                          a->tag[i].name, a->tag[i].from, a->tag[i].to, a->frames);
    for (int i = 0; i < a->slices && !rc; i++)
        if (a->slice[i].frame < 0 || a->slice[i].frame >= a->frames)
            rc = SPR_FAIL(err, SPR_BADDATA, "slice \"%.80s\" begins at frame %d of %d", a->slice[i].name,
                          a->slice[i].frame, a->frames);
    return rc ? rc : check_names(a, err);
}

/* --- Using -------------------------------------------------------------------------------------------------------- */

enum spr_code atlas_cut(const struct atlas_frame *f, const struct image *page, struct image *ret,
                        struct spr_error *err)
{
    int w = f->turned ? f->h : f->w, h = f->turned ? f->w : f->h;
    struct image out = { 0 };
    if (f->x > page->width - w || f->y > page->height - h)
        return SPR_FAIL(err, SPR_BADDATA,
                        "frame \"%.80s\" at %d, %d with %d x %d leaves its picture of %d x %d", f->name, f->x,
                        f->y, w, h, page->width, page->height);
    enum spr_code rc = image_init(&out, f->source_w, f->source_h, err);
    if (rc)
        return rc;
    for (int y = 0; y < f->h; y++)
        for (int x = 0; x < f->w; x++)
            *image_at(&out, f->off_x + x, f->off_y + y) = f->turned
                                                              ? *image_at(page, f->x + f->h - 1 - y, f->y + x)
                                                              : *image_at(page, f->x + x, f->y + y);
    *ret = out;
    return SPR_OK;
}

int atlas_steps(const struct atlas_tag *t)
{
    bool both = t->direction == TAG_PINGPONG || t->direction == TAG_PINGPONG_REVERSE;
    int length = t->to - t->from + 1;
    return both && length > 2 ? 2 * length - 2 : length;
}

int atlas_step(const struct atlas_tag *t, int step)
{
    bool back = t->direction == TAG_REVERSE || t->direction == TAG_PINGPONG_REVERSE;
    int length = t->to - t->from + 1, at = step < length ? step : 2 * length - 2 - step;
    return back ? t->to - at : t->from + at;
}

int atlas_shortest_ms(const struct atlas *a, const struct atlas_tag *t)
{
    int least = a->frame[t->from].duration_ms;
    for (int i = t->from; i <= t->to; i++)
        least = a->frame[i].duration_ms < least ? a->frame[i].duration_ms : least;
    return least;
}

bool atlas_tag_on_one_page(const struct atlas *a, const struct atlas_tag *t)
{
    for (int i = t->from; i <= t->to; i++)
        if (a->frame[i].page != a->frame[t->from].page)
            return false;
    return true;
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

int atlas_name_order(const char *a, const char *b)
{
    const char *p = a, *q = b;
    while (*p && *q) {
        size_t m = digits(p), n = digits(q);
        if (m > 0 && n > 0) {
            const char *i = p + strspn(p, "0"), *j = q + strspn(q, "0");
            size_t k = digits(i), l = digits(j);
            int order = k != l ? (k < l ? -1 : 1) : memcmp(i, j, k);
            if (order)
                return order;
            p += m;
            q += n;
        } else if (*p != *q) {
            return (unsigned char)*p < (unsigned char)*q ? -1 : 1;
        } else {
            p++;
            q++;
        }
    }
    if (*p || *q)
        return *p ? 1 : -1;
    return strcmp(a, b);
}
