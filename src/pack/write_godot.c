/* Godot's text resources. An AtlasTexture is a region of the page; its margin puts back what was trimmed: position is
 * where the box lay, size how much larger the source was. The page's path is relative, which Godot resolves from the
 * resource's own folder, so that both files may lie anywhere in a project.
 * Sprites without an animation become animations of one frame under their own name, with " still" behind it where an
 * animation has that name.
 * Godot 4 knows a duration for each frame, as a multiple of the animation's; Godot 3 does not: frames are repeated, each as
 * often as the greatest common divisor of the times goes into its own.
 * Sources: documentation of SpriteFrames and AtlasTexture, the text resource format (format=2, format=3). */
#include "pack/target.h"
#include "pack/text.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static void header(struct pen *t, const struct atlas *a, int format)
{
    pen_put(t, "[gd_resource type=\"SpriteFrames\" load_steps=%d format=%d]\n\n", a->pages + a->frames + 1,
            format);
    for (int i = 0; i < a->pages; i++) {
        pen_put(t, "[ext_resource path=");
        text_quoted(t, a->page[i].file);
        if (format == 3)
            pen_put(t, " type=\"Texture2D\" id=\"page_%d\"]\n", i);
        else
            pen_put(t, " type=\"Texture\" id=%d]\n", i + 1);
    }
    for (int i = 0; i < a->frames; i++) {
        const struct atlas_frame *f = &a->frame[i];
        if (format == 3)
            pen_put(
                t,
                "\n[sub_resource type=\"AtlasTexture\" id=\"frame_%d\"]\natlas = ExtResource(\"page_%d\")\n",
                i, f->page);
        else
            pen_put(t, "\n[sub_resource type=\"AtlasTexture\" id=%d]\natlas = ExtResource( %d )\n", i + 1,
                    f->page + 1);
        pen_put(t, "region = Rect2( %d, %d, %d, %d )\n", f->x, f->y, f->w, f->h);
        if (f->w != f->source_w || f->h != f->source_h)
            pen_put(t, "margin = Rect2( %d, %d, %d, %d )\n", f->off_x, f->off_y, f->source_w - f->w,
                    f->source_h - f->h);
        pen_put(t, "filter_clip = true\n");
    }
    pen_put(t, "\n[resource]\nanimations = [ ");
}

static void frame4(struct pen *t, int frame, double duration, bool first)
{
    pen_put(t, "%s{\n\"duration\": ", first ? "" : ", ");
    text_number(t, duration, true);
    pen_put(t, ",\n\"texture\": SubResource(\"frame_%d\")\n}", frame);
}

static void animation_end(struct pen *t, const char *name, double speed, bool loop, bool named)
{
    pen_put(t, " ],\n\"loop\": %s,\n\"name\": %s", loop ? "true" : "false", named ? "&" : "");
    text_quoted(t, name);
    pen_put(t, ",\n\"speed\": ");
    text_number(t, speed, true);
    pen_put(t, "\n}");
}

/* True where the frame belongs to an animation. */
static bool *tagged_frames(const struct atlas *a, struct spr_error *err)
{
    bool *tagged = mem_zalloc((size_t)a->frames, sizeof *tagged);
    if (!tagged)
        (void)SPR_FAIL(err, SPR_NOMEM, "no memory to write a sheet");
    for (int i = 0; tagged && i < a->tags; i++)
        for (int f = a->tag[i].from; f <= a->tag[i].to; f++)
            tagged[f] = true;
    return tagged;
}

static bool has_tag(const struct atlas *a, const char *name)
{
    for (int i = 0; i < a->tags; i++)
        if (strcmp(a->tag[i].name, name) == 0)
            return true;
    return false;
}

static int gcd(int a, int b)
{
    while (b) {
        int rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

enum { REPEAT_MAX = 64 };

/* The common divisor of the times, at least a 64th of the longest, so that odd times do not blow the list up. */
static int beat_of(const struct atlas *a, const struct atlas_tag *g)
{
    int beat = 0, longest = 0;
    for (int i = g->from; i <= g->to; i++) {
        beat = gcd(a->frame[i].duration_ms, beat);
        longest = a->frame[i].duration_ms > longest ? a->frame[i].duration_ms : longest;
    }
    if (beat * REPEAT_MAX < longest)
        beat = (longest + REPEAT_MAX - 1) / REPEAT_MAX;
    return beat > 0 ? beat : 1;
}

static void tag3(struct pen *t, const struct atlas *a, const struct atlas_tag *g)
{
    int beat = beat_of(a, g);
    bool first = true;
    for (int step = 0; step < atlas_steps(g); step++) {
        int f = atlas_step(g, step), times = (a->frame[f].duration_ms + beat / 2) / beat;
        for (int n = 0; n < (times < 1 ? 1 : times); n++) {
            pen_put(t, "%sSubResource( %d )", first ? "" : ", ", f + 1);
            first = false;
        }
    }
    animation_end(t, g->name, 1000.0 / beat, g->repeat != 1, false);
}

static void tag4(struct pen *t, const struct atlas *a, const struct atlas_tag *g)
{
    int beat = atlas_shortest_ms(a, g);
    for (int step = 0; step < atlas_steps(g); step++) {
        int f = atlas_step(g, step);
        frame4(t, f, (double)a->frame[f].duration_ms / beat, step == 0);
    }
    animation_end(t, g->name, 1000.0 / beat, g->repeat != 1, true);
}

static enum spr_code write(const struct atlas *a, int format, struct buf *into, struct spr_error *err)
{
    struct pen t = { .out = into, .err = err };
    bool *tagged = tagged_frames(a, err), first = true;
    if (!tagged)
        return SPR_NOMEM;
    header(&t, a, format);
    for (int i = 0; i < a->tags; i++, first = false) {
        pen_put(&t, "%s{\n\"frames\": [ ", first ? "" : ", ");
        if (format == 3)
            tag4(&t, a, &a->tag[i]);
        else
            tag3(&t, a, &a->tag[i]);
    }
    for (int i = 0; i < a->frames; i++) {
        if (tagged[i])
            continue;
        pen_put(&t, "%s{\n\"frames\": [ ", first ? "" : ", ");
        first = false;
        if (format == 3)
            frame4(&t, i, 1, true);
        else
            pen_put(&t, "SubResource( %d )", i + 1);
        char name[ATLAS_NAME_MAX + 8];
        snprintf(name, sizeof name, "%.*s%s", ATLAS_NAME_MAX, a->frame[i].name,
                 has_tag(a, a->frame[i].name) ? " still" : "");
        animation_end(&t, name, 1000.0 / a->frame[i].duration_ms, false, format == 3);
    }
    pen_put(&t, " ]\n");
    mem_free(tagged);
    return t.rc;
}

enum spr_code write_godot4(const struct atlas *a, int page, const struct target_options *o, struct buf *into,
                           struct spr_error *err)
{
    (void)page;
    (void)o;
    return write(a, 3, into, err);
}

enum spr_code write_godot3(const struct atlas *a, int page, const struct target_options *o, struct buf *into,
                           struct spr_error *err)
{
    (void)page;
    (void)o;
    return write(a, 2, into, err);
}

/* Godot completes the file when it imports; what is said here is what pixel art needs. */
enum spr_code write_godot4_import(const struct atlas *a, int page, const struct target_options *o,
                                  struct buf *into, struct spr_error *err)
{
    struct pen t = { .out = into, .err = err };
    (void)a;
    (void)page;
    (void)o;
    pen_put(&t, "[remap]\n\nimporter=\"texture\"\ntype=\"CompressedTexture2D\"\n\n[deps]\n\n[params]\n\n"
                "compress/mode=0\nmipmaps/generate=false\nprocess/fix_alpha_border=false\nprocess/"
                "premult_alpha=false\n"
                "detect_3d/compress_to=0\n");
    return t.rc;
}

enum spr_code write_godot3_import(const struct atlas *a, int page, const struct target_options *o,
                                  struct buf *into, struct spr_error *err)
{
    struct pen t = { .out = into, .err = err };
    (void)a;
    (void)page;
    (void)o;
    pen_put(&t, "[remap]\n\nimporter=\"texture\"\ntype=\"StreamTexture\"\n\n[deps]\n\n[params]\n\n"
                "compress/mode=0\nflags/repeat=0\nflags/filter=false\nflags/mipmaps=false\nflags/srgb=2\n"
                "process/fix_alpha_border=false\nprocess/premult_alpha=false\ndetect_3d=false\n");
    return t.rc;
}
