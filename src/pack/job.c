#include "pack/job.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/png.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Everything one run holds. */
struct run {
    const struct pack_job *job;
    struct pool *pool;
    struct sprite_files files;
    struct buf sidecar;
    struct sheet_list inputs; /* hashed; the sidecar last */
    struct sprites sprites;
    bool loaded;
    char folder[PATH_MAX]; /* of OUT */
    const char *base;      /* OUT's last part */
    char rules[512], settings[1024];
    struct pack_report *report;
    struct doc_report *complaints;
    struct spr_error *err;
};

/* One sheet of the run. */
struct part {
    bool grid;
    char sheet[PATH_MAX]; /* path of our description */
    struct sheet former;
    bool has_former;
};

static enum spr_code tell(const struct run *r, const char *stage, int step, int steps)
{
    if (r->job->progress)
        r->job->progress(r->job->context, stage, step, steps);
    if (r->job->stop && atomic_load(r->job->stop))
        return SPR_FAIL(r->err, SPR_CANCELLED, "stopped; nothing was written");
    return SPR_OK;
}

/* --- What was asked for, as text ---------------------------------------------------------------------------------- */

static void describe(struct run *r)
{
    const struct pack_job *j = r->job;
    const struct pack_rules *p = &j->rules;
    snprintf(
        r->rules, sizeof r->rules,
        "max %d x %d, border %d, padding %d, shape %d, turn %d, extrude %d, trim %d, share %d, columns %d",
        p->rects.max_w, p->rects.max_h, p->rects.border, p->rects.padding, p->rects.shape, p->rects.turn,
        p->extrude, p->trim, p->share, p->columns);
    char pivot[2][40];
    str_from_double(j->defaults.pivot_x, pivot[0], sizeof pivot[0]);
    str_from_double(j->defaults.pivot_y, pivot[1], sizeof pivot[1]);
    int n = snprintf(r->settings, sizeof r->settings,
                     "spritery " SPRITERY_VERSION
                     ", bleed %d, grid %d, duration %d, pivot %s %s, tags %d, terrain %d, "
                     "units %d, for",
                     p->bleed, p->grid, j->defaults.duration_ms, pivot[0], pivot[1], j->defaults.grouping,
                     j->defaults.wang, j->options.pixels_per_unit);
    for (int i = 0; i < j->targets; i++)
        n += snprintf(r->settings + n, sizeof r->settings - (size_t)n, " %s", j->target[i]->name);
}

static enum spr_code check_targets(const struct run *r)
{
    const struct pack_job *j = r->job;
    for (int i = 0; i < j->targets; i++)
        if (j->rules.rects.turn && !j->target[i]->turned)
            return SPR_FAIL(
                r->err, SPR_BADARG,
                "%s knows no turned sprites: leave --rotate out, or pack for texturepacker, phaser or pixi",
                j->target[i]->name);
    return SPR_OK;
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

struct hashing {
    const struct sprite_files *files;
    char (*hash)[DIGEST_HEX_BYTES];
    struct spr_error *why; /* (files) */
    enum spr_code *rc;
};

static void hash_one(void *context, int index, int worker)
{
    struct hashing *h = context;
    (void)worker;
    h->rc[index] = digest_file(h->files->item[index].path, h->hash[index], NULL, &h->why[index]);
}

static enum spr_code hash_inputs(struct run *r)
{
    size_t n = (size_t)r->files.count;
    struct hashing h = { &r->files, mem_zalloc(n, sizeof *h.hash), mem_zalloc(n, sizeof *h.why),
                         mem_zalloc(n, sizeof *h.rc) };
    enum spr_code rc = h.hash && h.why && h.rc
                           ? SPR_OK
                           : SPR_FAIL(r->err, SPR_NOMEM, "no memory for %d files", r->files.count);
    if (!rc)
        pool_run(r->pool, r->files.count, hash_one, &h);
    for (int i = 0; i < r->files.count && !rc; i++)
        rc = h.rc[i] ? SPR_FAIL(r->err, h.rc[i], "%s", h.why[i].text)
                     : sheet_list_add(&r->inputs, r->files.item[i].path, h.hash[i], r->err);
    mem_free(h.hash);
    mem_free(h.why);
    mem_free(h.rc);
    if (!rc && r->job->sidecar) {
        char hash[DIGEST_HEX_BYTES];
        rc = file_read(r->job->sidecar, &r->sidecar, r->err);
        if (!rc) {
            digest_hex(r->sidecar.data, r->sidecar.length, hash);
            rc = sheet_list_add(&r->inputs, r->job->sidecar, hash, r->err);
        }
    }
    return rc;
}

/* A damaged former sheet, or a file that is none, counts as none: writing decides whether it may be replaced. */
static void read_former(struct part *p)
{
    struct spr_error why;
    p->has_former = file_exists(p->sheet) && sheet_read(p->sheet, &p->former, &why) == SPR_OK;
    if (p->has_former && !p->former.ours) {
        sheet_fini(&p->former);
        p->has_former = false;
    }
}

static bool same_list(const struct sheet_list *a, const struct sheet_list *b)
{
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (strcmp(a->item[i].path, b->item[i].path) != 0 || strcmp(a->item[i].hash, b->item[i].hash) != 0)
            return false;
    return true;
}

/* The same was asked for the same files, and what was written is still there. */
static bool up_to_date(const struct run *r, const struct part *p)
{
    if (!p->has_former || strcmp(p->former.rules, r->rules) != 0 ||
        strcmp(p->former.settings, r->settings) != 0 || !same_list(&p->former.inputs, &r->inputs))
        return false;
    for (int i = 0; i < p->former.outputs.count; i++) {
        char path[PATH_MAX], hash[DIGEST_HEX_BYTES];
        const struct sheet_file *f = &p->former.outputs.item[i];
        if (snprintf(path, sizeof path, "%s/%s", r->folder, f->path) >= (int)sizeof path ||
            digest_file(path, hash, NULL, NULL) || strcmp(hash, f->hash) != 0)
            return false;
    }
    return true;
}

static int by_path(const struct sheet_list *l, const char *path)
{
    for (int i = 0; i < l->count; i++)
        if (strcmp(l->item[i].path, path) == 0)
            return i;
    return -1;
}

/* Both lists stand in one order, so looking goes on where the last one was found. */
static enum spr_code compare_inputs(struct run *r, const struct sheet_list *was)
{
    enum spr_code rc = SPR_OK;
    int next = 0;
    r->report->compared = true;
    for (int i = 0; i < r->inputs.count && !rc; i++) {
        const struct sheet_file *f = &r->inputs.item[i];
        int at =
            next < was->count && strcmp(was->item[next].path, f->path) == 0 ? next : by_path(was, f->path);
        if (at < 0)
            rc = sheet_list_add(&r->report->added, f->path, f->hash, r->err);
        else if (strcmp(was->item[at].hash, f->hash) != 0)
            rc = sheet_list_add(&r->report->changed, f->path, f->hash, r->err);
        next = at < 0 ? next : at + 1;
    }
    next = 0;
    for (int i = 0; i < was->count && !rc; i++) {
        const char *path = was->item[i].path;
        int at = next < r->inputs.count && strcmp(r->inputs.item[next].path, path) == 0
                     ? next
                     : by_path(&r->inputs, path);
        if (at < 0)
            rc = sheet_list_add(&r->report->gone, path, "", r->err);
        next = at < 0 ? next : at + 1;
    }
    return rc;
}

/* --- Making ------------------------------------------------------------------------------------------------------- */

static bool part_has(const struct run *r, const struct part *p, const struct target *t)
{
    return r->job->rules.grid || t->grid == p->grid;
}

/* Folder of a target's files, relative to OUT's, with '/' at its end, or "". */
static void target_folder(const struct run *r, const struct target *t, char *ret, size_t size)
{
    if (r->job->targets > 1)
        snprintf(ret, size, "%s/%s/", r->base, t->name);
    else
        snprintf(ret, size, "%s", "");
}

/* The GUID of a .meta file that is there, which the project refers to by now. */
static bool known_guid(const char *path, char ret[33])
{
    struct buf b;
    bool found = false;
    buf_init(&b, (size_t)16 << 20);
    if (file_exists(path) && file_read(path, &b, NULL) == SPR_OK && b.data) {
        const char *at = strstr(b.data, "guid: ");
        found = at && strspn(at + 6, "0123456789abcdef") == 32;
        if (found)
            snprintf(ret, 33, "%s", at + 6);
    }
    buf_fini(&b);
    return found;
}

static enum spr_code add_metadata(struct run *r, const struct target *t, const struct target_file *f,
                                  const struct atlas *a, int page, struct publish *out)
{
    char folder[PATH_MAX / 2], path[PATH_MAX], full[PATH_MAX + 8], guid[33];
    struct buf b;
    struct target_options o = r->job->options;
    buf_init(&b, (size_t)1 << 30);
    target_folder(r, t, folder, sizeof folder);
    const char *stem = page < 0 ? r->base : a->page[page].file;
    int length = page < 0 ? (int)strlen(stem) : (int)(strlen(stem) - strlen(".png"));
    if (snprintf(path, sizeof path, "%s%.*s%s", folder, length, stem, f->ending) >= (int)sizeof path ||
        snprintf(full, sizeof full, "%s/%s", r->folder, path) >= (int)sizeof full)
        return SPR_FAIL(r->err, SPR_LIMIT, "%.80s...: the path is too long", r->job->out);
    o.guid = known_guid(full, guid) ? guid : NULL;
    enum spr_code rc = f->write(a, page, &o, &b, r->err);
    if (!rc)
        rc = publish_add(out, path, b.data, b.length, r->err);
    buf_fini(&b);
    return rc;
}

static enum spr_code add_target(struct run *r, const struct target *t, const struct atlas *a,
                                struct publish *out)
{
    enum spr_code rc = SPR_OK;
    for (int i = 0; i < TARGET_FILES && t->file[i].write && !rc; i++)
        for (int page = t->file[i].per_page ? 0 : -1; page < (t->file[i].per_page ? a->pages : 0) && !rc;
             page++)
            rc = add_metadata(r, t, &t->file[i], a, page, out);
    return rc;
}

/* A page's picture for every target; encoded only where one of them lacks it. */
static enum spr_code add_page(struct run *r, const struct part *p, const struct pack_result *made, int page,
                              const char *hash, struct publish *out)
{
    struct buf b;
    buf_init(&b, (size_t)1 << 30);
    bool same =
        p->has_former && page < p->former.pixels.count && strcmp(p->former.pixels.item[page].hash, hash) == 0;
    enum spr_code rc = SPR_OK;
    int first = 0, last = r->job->targets > 1 ? r->job->targets - 1 : 0;
    for (int i = first; i <= last && !rc; i++) {
        char folder[PATH_MAX / 2] = "", path[PATH_MAX];
        if (r->job->targets > 1) {
            if (!part_has(r, p, r->job->target[i]))
                continue;
            target_folder(r, r->job->target[i], folder, sizeof folder);
        }
        snprintf(path, sizeof path, "%s%s", folder, made->atlas.page[page].file);
        if (same && publish_keep(out, path, r->err))
            continue;
        if (!b.data)
            rc = png_encode_best(&made->page[page], NULL, &b, r->err);
        if (!rc)
            rc = publish_add(out, path, b.data, b.length, r->err);
    }
    buf_fini(&b);
    return rc;
}

static void hash_page(const struct image *im, char ret[DIGEST_HEX_BYTES])
{
    digest_hex(im->pixel, (size_t)im->width * (size_t)im->height * sizeof *im->pixel, ret);
}

/* Page files as the description sees them: relative to its own folder. */
static enum spr_code move_pages(struct run *r, const struct part *p, struct atlas *a)
{
    char folder[PATH_MAX / 2];
    const struct target *t = NULL;
    for (int i = 0; i < r->job->targets && !t; i++)
        t = part_has(r, p, r->job->target[i]) ? r->job->target[i] : NULL;
    if (r->job->targets < 2 || !t)
        return SPR_OK;
    target_folder(r, t, folder, sizeof folder);
    for (int i = 0; i < a->pages; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s%s", folder, a->page[i].file);
        char *copy = mem_text(path, strlen(path));
        if (!copy)
            return SPR_FAIL(r->err, SPR_NOMEM, "no memory for a page's name");
        mem_free(a->page[i].file);
        a->page[i].file = copy;
    }
    return SPR_OK;
}

static enum spr_code add_description(struct run *r, const struct part *p, struct pack_result *made,
                                     struct sheet_list *pixels, struct publish *out)
{
    struct buf b;
    struct sheet s = { .atlas = made->atlas,
                       .empty = made->empty,
                       .rules = r->rules,
                       .settings = r->settings,
                       .inputs = r->inputs,
                       .pixels = *pixels };
    buf_init(&b, SHEET_BYTES_MAX);
    enum spr_code rc = SPR_OK;
    for (int i = 0; i < out->count && !rc; i++)
        rc = sheet_list_add(&s.outputs, out->item[i].path, out->item[i].hash, r->err);
    if (!rc)
        rc = sheet_encode(&s, &b, r->err);
    const char *slash = strrchr(p->sheet, '/');
    if (!rc)
        rc = publish_add(out, slash + 1, b.data, b.length, r->err);
    sheet_list_fini(&s.outputs);
    buf_fini(&b);
    return rc;
}

static enum spr_code check_pages(const struct run *r, const struct part *p, const struct atlas *a)
{
    for (int i = 0; i < r->job->targets; i++)
        if (a->pages > 1 && r->job->target[i]->one_page && part_has(r, p, r->job->target[i]))
            return SPR_FAIL(
                r->err, SPR_LIMIT,
                "%s knows one picture, and %d pages of %d x %d are needed: allow larger ones (--max-size) or "
                "pack for another target",
                r->job->target[i]->name, a->pages, r->job->rules.rects.max_w, r->job->rules.rects.max_h);
    return SPR_OK;
}

static enum spr_code write_part(struct run *r, struct part *p, struct pack_result *made)
{
    struct sheet_list pixels = { 0 };
    /* The description is the former run's too, whatever is in it. */
    struct sheet_list former = { 0 };
    char now[DIGEST_HEX_BYTES];
    struct publish out = { .folder = r->folder, .force = r->job->force, .former = &former };
    enum spr_code rc = check_pages(r, p, &made->atlas);
    for (int i = 0; p->has_former && i < p->former.outputs.count && !rc; i++)
        rc = sheet_list_add(&former, p->former.outputs.item[i].path, p->former.outputs.item[i].hash, r->err);
    if (!rc && p->has_former && digest_file(p->sheet, now, NULL, NULL) == SPR_OK)
        rc = sheet_list_add(&former, strrchr(p->sheet, '/') + 1, now, r->err);
    for (int i = 0; i < made->atlas.pages && !rc; i++) {
        char hash[DIGEST_HEX_BYTES];
        hash_page(&made->page[i], hash);
        rc = tell(r, "drawing", i, made->atlas.pages);
        rc = rc ? rc : sheet_list_add(&pixels, "", hash, r->err);
        rc = rc ? rc : add_page(r, p, made, i, hash, &out);
    }
    for (int i = 0; i < r->job->targets && !rc; i++)
        if (part_has(r, p, r->job->target[i]))
            rc = add_target(r, r->job->target[i], &made->atlas, &out);
    rc = rc ? rc : move_pages(r, p, &made->atlas);
    rc = rc ? rc : add_description(r, p, made, &pixels, &out);
    rc = rc ? rc : tell(r, "writing", 0, 1);
    rc = rc ? rc : publish_all(&out, r->report, r->err);
    sheet_list_fini(&pixels);
    sheet_list_fini(&former);
    publish_fini(&out);
    return rc;
}

static void report_part(struct run *r, const struct part *p, struct pack_result *made)
{
    struct pack_part *t = &r->report->part[r->report->parts++];
    snprintf(t->sheet, sizeof t->sheet, "%.1000s", p->sheet);
    t->shared = made->shared;
    t->empty = made->empty;
    t->kept_pages = made->kept_pages;
    t->used_px = made->used_px;
    t->page_px = made->page_px;
    t->place_ms = made->place_ms;
    t->atlas = made->atlas;
    made->atlas = (struct atlas){ 0 };
}

static enum spr_code make_part(struct run *r, struct part *p)
{
    struct pack_result made = { 0 };
    struct pack_rules rules = r->job->rules;
    enum spr_code rc = SPR_OK;
    if (!r->loaded) {
        rc = sprites_load(&r->files, r->sidecar.data, r->sidecar.length, &r->job->defaults, r->pool,
                          &r->sprites, r->complaints, r->err);
        r->loaded = !rc;
    }
    rc = rc ? rc : tell(r, "placing", 0, 1);
    rules.grid = p->grid;
    bool keep = p->has_former && !r->job->fresh && !p->grid && strcmp(p->former.rules, r->rules) == 0;
    if (!rc)
        rc = pack_build(&r->sprites, &rules, keep ? &p->former.atlas : NULL, r->base, r->pool, &made, r->err);
    const int pages = made.atlas.pages;
    rc = rc ? rc : write_part(r, p, &made);
    for (int i = 0; made.page && i < pages; i++)
        image_fini(&made.page[i]);
    mem_free(made.page);
    made.page = NULL;
    if (!rc)
        report_part(r, p, &made);
    pack_result_fini(&made);
    return rc;
}

/* --- The run ------------------------------------------------------------------------------------------------------ */

static enum spr_code split_out(struct run *r)
{
    const char *slash = strrchr(r->job->out, '/');
    r->base = slash ? slash + 1 : r->job->out;
    size_t length = strlen(r->base);
    if (length == 0 || length > 200 || r->base[0] == '.' || strlen(r->job->out) > PATH_MAX / 4)
        return SPR_FAIL(
            r->err, SPR_BADARG,
            "--out \"%.100s\" must end in a name of 1 to 200 bytes that does not begin with a dot, as in "
            "build/hero",
            r->job->out);
    sheet_folder(r->job->out, r->folder, sizeof r->folder);
    return SPR_OK;
}

static int find_parts(const struct run *r, struct part part[PACK_PARTS])
{
    bool grid = r->job->rules.grid, dense = r->job->targets == 0;
    for (int i = 0; i < r->job->targets; i++) {
        grid = grid || r->job->target[i]->grid;
        dense = dense || !r->job->target[i]->grid;
    }
    int parts = 0;
    if (dense && !r->job->rules.grid)
        part[parts++].grid = false;
    if (grid)
        part[parts++].grid = true;
    for (int i = 0; i < parts; i++)
        snprintf(part[i].sheet, sizeof part[i].sheet, "%.2000s/%.200s%s.pack.json", r->folder, r->base,
                 i ? ".grid" : "");
    return parts;
}

/* The former atlas is what there is to report. */
static void report_former(struct run *r, struct part *p)
{
    struct pack_part *t = &r->report->part[r->report->parts++];
    struct atlas *a = &p->former.atlas;
    snprintf(t->sheet, sizeof t->sheet, "%.1000s", p->sheet);
    for (int i = 0; i < a->frames; i++) {
        t->shared += a->frame[i].same_as >= 0;
        t->used_px += a->frame[i].same_as >= 0 ? 0 : (int64_t)a->frame[i].w * a->frame[i].h;
    }
    for (int i = 0; i < a->pages; i++)
        t->page_px += (int64_t)a->page[i].w * a->page[i].h;
    t->kept_pages = a->pages;
    t->empty = p->former.empty;
    t->atlas = *a;
    *a = (struct atlas){ 0 };
}

/* A grid's sheet beside the dense one that the former run made and this one does not. */
static enum spr_code drop_grid(struct run *r)
{
    struct part p = { 0 };
    snprintf(p.sheet, sizeof p.sheet, "%.2000s/%.200s.grid.pack.json", r->folder, r->base);
    read_former(&p);
    if (!p.has_former)
        return SPR_OK;
    char hash[DIGEST_HEX_BYTES];
    struct publish out = { .folder = r->folder, .former = &p.former.outputs };
    enum spr_code rc = digest_file(p.sheet, hash, NULL, r->err);
    rc = rc ? rc : sheet_list_add(&p.former.outputs, strrchr(p.sheet, '/') + 1, hash, r->err);
    rc = rc ? rc : publish_all(&out, r->report, r->err);
    publish_fini(&out);
    sheet_fini(&p.former);
    return rc;
}

static enum spr_code run_parts(struct run *r)
{
    struct part part[PACK_PARTS] = { 0 };
    int parts = find_parts(r, part);
    bool fine = !r->job->fresh;
    enum spr_code rc = SPR_OK;
    for (int i = 0; i < parts; i++) {
        read_former(&part[i]);
        fine = fine && up_to_date(r, &part[i]);
    }
    if (part[0].has_former)
        rc = compare_inputs(r, &part[0].former.inputs);
    r->report->unchanged = fine;
    for (int i = 0; i < parts && !rc; i++) {
        if (fine)
            report_former(r, &part[i]);
        else
            rc = make_part(r, &part[i]);
    }
    if (!rc && parts == 1)
        rc = drop_grid(r);
    for (int i = 0; i < parts; i++)
        sheet_fini(&part[i].former);
    return rc;
}

enum spr_code pack_run(const struct pack_job *job, struct pool *pool, struct pack_report *ret,
                       struct doc_report *complaints, struct spr_error *err)
{
    struct pack_report report = { 0 };
    struct spr_error own = { 0 };
    struct run r = {
        .job = job, .pool = pool, .report = &report, .complaints = complaints, .err = err ? err : &own
    };
    *complaints = (struct doc_report){ 0 };
    buf_init(&r.sidecar, DOC_BYTES_MAX);
    describe(&r);
    enum spr_code rc = split_out(&r);
    rc = rc ? rc : check_targets(&r);
    rc = rc ? rc : tell(&r, "reading", 0, 1);
    rc = rc ? rc : sprite_files_find(job->path, job->paths, &r.files, r.err);
    rc = rc ? rc : hash_inputs(&r);
    rc = rc ? rc : run_parts(&r);
    if (r.loaded)
        sprites_fini(&r.sprites);
    sheet_list_fini(&r.inputs);
    sprite_files_fini(&r.files);
    buf_fini(&r.sidecar);
    if (rc)
        pack_report_fini(&report);
    else
        *ret = report;
    return rc;
}

void pack_report_fini(struct pack_report *r)
{
    struct sheet_list *list[] = {
        &r->written, &r->same, &r->removed, &r->added, &r->changed, &r->gone, NULL
    };
    for (int i = 0; i < PACK_PARTS; i++)
        atlas_fini(&r->part[i].atlas);
    for (size_t i = 0; list[i]; i++)
        sheet_list_fini(list[i]);
    *r = (struct pack_report){ 0 };
}
