/* Any bytes as a sidecar of six sprites: complaints with places, or sprites that keep their promises. */
#include "pack/sprites.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool what)
{
    if (!what)
        abort();
}

static void make(struct sprites *s)
{
    static const char *const names[] = { "a", "hero/walk_1", "hero/walk_2", "hero/walk_10", "tree", "x7" };
    struct spr_error err;
    *s = (struct sprites){ .item = mem_zalloc(SPR_COUNT(names), sizeof *s->item) };
    need(s->item != NULL);
    for (size_t i = 0; i < SPR_COUNT(names); i++) {
        struct sprite *item = &s->item[s->count++];
        *item =
            (struct sprite){ .name = mem_text(names[i], strlen(names[i])), .duration_ms = 100, .mask = -1 };
        need(item->name && image_init(&item->image, 4, 4, &err) == SPR_OK);
    }
    struct atlas_tag *t = atlas_add_tag(&s->names, "hero/walk", &err);
    need(t != NULL);
    t->from = 1;
    t->to = 3;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct doc_report report;
    struct sprites s;
    struct spr_error err = { 0 };
    make(&s);
    enum spr_code rc = sidecar_apply(&s, (const char *)data, size, &report, &err);
    need(!rc || err.text[0]);
    need(rc != SPR_BADDATA || report.count > 0);
    for (int i = 0; i < report.count; i++) {
        const struct doc_complaint *c = &report.complaint[i];
        need(c->text[0] && utf8_valid(c->text, strlen(c->text), NULL) && c->line >= 1 && c->column >= 1);
    }
    for (int i = 0; !rc && i < s.count; i++)
        need(s.item[i].duration_ms >= 1 && s.item[i].duration_ms <= 65535 && s.item[i].mask <= 255);
    for (int i = 0; !rc && i < s.names.tags; i++)
        need(s.names.tag[i].from >= 0 && s.names.tag[i].from <= s.names.tag[i].to &&
             s.names.tag[i].to < s.count);
    for (int i = 0; !rc && i < s.names.slices; i++)
        need(s.names.slice[i].frame >= 0 && s.names.slice[i].frame < s.count && s.names.slice[i].w > 0);
    sprites_fini(&s);
    return 0;
}
