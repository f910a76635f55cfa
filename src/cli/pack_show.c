#include "cli/json_line.h"
#include "cli/pack_command.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static double occupancy(const struct pack_part *p)
{
    return p->page_px ? (double)p->used_px / (double)p->page_px : 0;
}

static json_t *paths(const struct sheet_list *l)
{
    json_t *list = json_array();
    for (int i = 0; i < l->count; i++)
        json_array_append_new(list, json_string(l->item[i].path));
    return list;
}

static json_t *part_json(const struct pack_part *p)
{
    json_t *pages = json_array();
    const struct atlas *a = &p->atlas;
    for (int i = 0; i < a->pages; i++)
        json_array_append_new(pages, json_pack("{s:s, s:i, s:i}", "file", a->page[i].file, "width",
                                               a->page[i].w, "height", a->page[i].h));
    json_t *o =
        json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:f, s:o, s:f}", "sheet", p->sheet, "frames", a->frames,
                  "animations", a->tags, "shared", p->shared, "empty", p->empty, "kept_pages", p->kept_pages,
                  "occupancy", occupancy(p), "pages", pages, "place_ms", p->place_ms);
    if (o && a->columns)
        json_object_set_new(o, "grid",
                            json_pack("{s:i, s:i, s:i, s:i, s:i}", "columns", a->columns, "cell_width",
                                      a->cell_w, "cell_height", a->cell_h, "margin", a->border + a->extrude,
                                      "spacing", a->padding + 2 * a->extrude));
    return o;
}

enum spr_code pack_print_json(const struct cli *cli, const struct pack_report *r, struct spr_error *err)
{
    json_t *sheets = json_array();
    for (int i = 0; i < r->parts; i++)
        json_array_append_new(sheets, part_json(&r->part[i]));
    json_t *o = json_pack("{s:b, s:o, s:o, s:o, s:o}", "unchanged", r->unchanged, "sheets", sheets, "written",
                          paths(&r->written), "same", paths(&r->same), "removed", paths(&r->removed));
    if (o && r->compared)
        json_object_set_new(o, "since_last",
                            json_pack("{s:o, s:o, s:o}", "added", paths(&r->added), "changed",
                                      paths(&r->changed), "gone", paths(&r->gone)));
    return json_line(cli, o, 6, NULL, "path", err);
}

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

static void print_part(const struct terminal *t, const struct pack_part *p)
{
    const struct atlas *a = &p->atlas;
    terminal_safe(t, p->sheet);
    fprintf(t->file, ": %d frame%s", a->frames, plural(a->frames));
    if (a->tags)
        fprintf(t->file, ", %d animation%s", a->tags, plural(a->tags));
    if (p->shared)
        fprintf(t->file, ", %d shared", p->shared);
    if (p->empty)
        fprintf(t->file, ", %d empty", p->empty);
    fprintf(t->file, "; %d page%s", a->pages, plural(a->pages));
    for (int i = 0; i < a->pages && i < 4; i++)
        fprintf(t->file, "%s%d x %d", i ? ", " : " of ", a->page[i].w, a->page[i].h);
    fprintf(t->file, "%s, %.1f %% used", a->pages > 4 ? " ..." : "", occupancy(p) * 100);
    if (a->columns)
        fprintf(t->file, "; cells of %d x %d, %d columns, margin %d, spacing %d", a->cell_w, a->cell_h,
                a->columns, a->border + a->extrude, a->padding + 2 * a->extrude);
    fputc('\n', t->file);
}

static void print_paths(const struct cli *cli, const char *word, const struct sheet_list *l)
{
    for (int i = 0; i < l->count; i++) {
        fprintf(cli->out.file, "  %s%-8s%s ", terminal_dim(&cli->out), word, terminal_plain(&cli->out));
        terminal_safe(&cli->out, l->item[i].path);
        fputc('\n', cli->out.file);
    }
}

void pack_print_text(const struct cli *cli, const struct pack_report *r)
{
    FILE *f = cli->out.file;
    for (int i = 0; i < r->parts; i++)
        print_part(&cli->out, &r->part[i]);
    if (r->unchanged) {
        fprintf(f, "  nothing has changed since the last time\n");
        return;
    }
    if (r->compared)
        fprintf(f, "  since the last time: %d added, %d changed, %d gone\n", r->added.count, r->changed.count,
                r->gone.count);
    print_paths(cli, "written", &r->written);
    if (cli->verbose)
        print_paths(cli, "same", &r->same);
    else if (r->same.count)
        fprintf(f, "  %d file%s stayed the same\n", r->same.count, plural(r->same.count));
    print_paths(cli, "removed", &r->removed);
}
