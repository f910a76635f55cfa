/* A class for each sprite. The element is as large as the source; padding takes the trimmed rim's place, and the
 * background fills the content alone, so neighbours never show. An animation is a class with keyframes that jump
 * (step-end) from one such state to the next. */
#include "pack/target.h"
#include "pack/text.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A CSS identifier: letters, digits, '-' and '_' stay; other bytes become "-". */
static void class_of(const char *name, char ret[ATLAS_NAME_MAX + 1])
{
    size_t n = 0;
    for (; name[n] && n < ATLAS_NAME_MAX; n++) {
        unsigned char c = (unsigned char)name[n];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                     c == '-' || c >= 0x80;
        ret[n] = (char)(plain ? c : '-');
    }
    ret[n] = '\0';
}

static void class_name(struct pen *t, const char *prefix, const char *name)
{
    char out[ATLAS_NAME_MAX + 1];
    class_of(name, out);
    pen_put(t, "%s%s", prefix, out);
}

static int by_class(const void *a, const void *b)
{
    char x[ATLAS_NAME_MAX + 1], y[ATLAS_NAME_MAX + 1];
    class_of(*(const char *const *)a, x);
    class_of(*(const char *const *)b, y);
    return strcmp(x, y);
}

/* Names that differ only in what a class cannot say would show one sprite for the other. */
static enum spr_code check_classes(const struct atlas *a, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    const char **name = mem_zalloc((size_t)a->frames, sizeof *name);
    if (!name)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %d names", a->frames);
    for (int i = 0; i < a->frames; i++)
        name[i] = a->frame[i].name;
    qsort(name, (size_t)a->frames, sizeof *name, by_class);
    for (int i = 1; i < a->frames && !rc; i++)
        if (by_class(&name[i - 1], &name[i]) == 0)
            rc = SPR_FAIL(err, SPR_BADARG,
                          "css: \"%.80s\" and \"%.80s\" would be one class; rename one of them", name[i - 1],
                          name[i]);
    mem_free(name);
    return rc;
}

static void state(struct pen *t, const struct atlas *a, const struct atlas_frame *f)
{
    int right = f->source_w - f->off_x - f->w, bottom = f->source_h - f->off_y - f->h;
    if (a->pages > 1) {
        pen_put(t, "background-image: url(");
        text_quoted(t, a->page[f->page].file);
        pen_put(t, "); ");
    }
    pen_put(t, "width: %dpx; height: %dpx; padding: %dpx %dpx %dpx %dpx; background-position: %dpx %dpx;",
            f->w, f->h, f->off_y, right, bottom, f->off_x, -f->x, -f->y);
}

static void keyframes(struct pen *t, const struct atlas *a, const struct atlas_tag *g)
{
    int64_t all = 0, at = 0;
    int steps = atlas_steps(g);
    for (int i = 0; i < steps; i++)
        all += a->frame[atlas_step(g, i)].duration_ms;
    pen_put(t, "@keyframes ");
    class_name(t, "sprite-", g->name);
    pen_put(t, " {\n");
    for (int i = 0; i < steps; i++) {
        pen_put(t, "  ");
        const int64_t parts = at * 1000000 / all; /* of a million */
        text_number(t, (double)parts / 10000, false);
        pen_put(t, "%% { ");
        state(t, a, &a->frame[atlas_step(g, i)]);
        pen_put(t, " }\n");
        at += a->frame[atlas_step(g, i)].duration_ms;
    }
    pen_put(t, "}\n.sprite.");
    class_name(t, "play-", g->name);
    pen_put(t, " { ");
    state(t, a, &a->frame[atlas_step(g, 0)]);
    pen_put(t, " animation: ");
    class_name(t, "sprite-", g->name);
    pen_put(t, " ");
    text_number(t, (double)all / 1000, false);
    if (g->repeat)
        pen_put(t, "s step-end %d; }\n", g->repeat);
    else
        pen_put(t, "s step-end infinite; }\n");
}

enum spr_code write_css(const struct atlas *a, int page, const struct target_options *o, struct buf *into,
                        struct spr_error *err)
{
    struct pen t = { .out = into, .err = err };
    (void)page;
    (void)o;
    t.rc = check_classes(a, err);
    pen_put(&t, ".sprite {\n  display: inline-block;\n  box-sizing: content-box;\n  ");
    if (a->pages == 1) {
        pen_put(&t, "background-image: url(");
        text_quoted(&t, a->page[0].file);
        pen_put(&t, ");\n  ");
    }
    pen_put(
        &t,
        "background-repeat: no-repeat;\n  background-origin: content-box;\n  background-clip: content-box;\n"
        "  image-rendering: pixelated;\n}\n");
    for (int i = 0; i < a->frames; i++) {
        pen_put(&t, ".sprite.");
        class_name(&t, "is-", a->frame[i].name);
        pen_put(&t, " { ");
        state(&t, a, &a->frame[i]);
        pen_put(&t, " }\n");
    }
    for (int i = 0; i < a->tags; i++)
        keyframes(&t, a, &a->tag[i]);
    return t.rc;
}
