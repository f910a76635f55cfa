#include "orchestrate/escalation.h"

#include "base/mem.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum spr_code escalations_apply(struct escalations *s, const struct run_event *e, struct spr_error *err)
{
    if (e->kind == EVENT_RESOLVED) {
        for (int32_t i = 0; i < s->count; i++)
            if (s->list[i].number == e->number) {
                s->list[i].open = false;
                s->list[i].until_ms = e->time_ms;
            }
        return SPR_OK;
    }
    if (e->kind != EVENT_ESCALATE)
        return SPR_OK;
    if (s->count == s->room) {
        int32_t room = s->room ? 2 * s->room : 16;
        struct escalation *grown = mem_resize(s->list, (size_t)room, sizeof *grown);
        if (!grown)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for an escalation");
        s->list = grown;
        s->room = room;
    }
    const char *type = json_string_value(json_object_get(e->data, "type"));
    struct escalation x = {
        .number = e->number, .thing = e->thing, .index = e->index, .open = true, .since_ms = e->time_ms
    };
    snprintf(x.type, sizeof x.type, "%.15s", type ? type : "unknown");
    s->list[s->count++] = x;
    return SPR_OK;
}

const struct escalation *escalations_find(const struct escalations *s, const char *type,
                                          enum plan_thing thing, int32_t index)
{
    for (int32_t i = s->count; i-- > 0;)
        if (s->list[i].open && s->list[i].thing == thing && s->list[i].index == index &&
            strcmp(s->list[i].type, type) == 0)
            return &s->list[i];
    return NULL;
}

int32_t escalations_open(const struct escalations *s)
{
    int32_t n = 0;
    for (int32_t i = 0; i < s->count; i++)
        n += s->list[i].open;
    return n;
}

void escalations_fini(struct escalations *s)
{
    mem_free(s->list);
    *s = (struct escalations){ 0 };
}
