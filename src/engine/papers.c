#include "engine/papers.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>

static const char SOFTWARE[] = "Software";

/* The texts of struct engine_papers and their keys. */
static const struct {
    const char *key;
    size_t offset, size;
} rows[] = {
#define ROW(key, member)                                                                       \
    {                                                                                          \
        key, offsetof(struct engine_papers, member), sizeof((struct engine_papers *)0)->member \
    }
    ROW("spritery:engine", engine),
    ROW("spritery:model-name", model),
    ROW("spritery:model-sha256", model_hash),
    ROW("spritery:init-sha256", init_hash),
    ROW("spritery:mask-sha256", mask_hash),
    ROW("spritery:palette-sha256", palette_hash),
    ROW("spritery:workflow-sha256", workflow_hash),
#undef ROW
};

enum spr_code papers_write(const struct engine_picture *p, struct notes *into, struct spr_error *err)
{
    struct buf text;
    buf_init(&text, (size_t)REQUEST_PROMPT_MAX * 4 + 1);
    enum spr_code rc = SPR_OK;
    for (int f = 0; !rc && f < REQUEST_FIELD_COUNT; f++) {
        if (f == REQUEST_FRAMES && p->made_by.frames == 1) /* a still picture has the bytes it always had */
            continue;
        text.length = 0;
        rc = request_print(&p->made_by, (enum request_field)f, &text, err);
        if (!rc && text.length > 0)
            rc = notes_put(into, request_row((enum request_field)f)->png, text.data, err);
    }
    buf_fini(&text);
    for (size_t i = 0; !rc && i < SPR_COUNT(rows); i++) {
        const char *value = (const char *)&p->papers + rows[i].offset;
        if (*value && request_field_of_png(rows[i].key) < 0) /* the engine is a field too */
            rc = notes_put(into, rows[i].key, value, err);
    }
    return rc ? rc : notes_put(into, SOFTWARE, "spritery " SPRITERY_VERSION, err);
}

static void take(const struct image_note *n, struct engine_papers *p, char *software)
{
    if (strcmp(n->key, SOFTWARE) == 0)
        snprintf(software, ENGINE_NAME_BYTES, "%s", n->text);
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        if (strcmp(n->key, rows[i].key) == 0)
            snprintf((char *)p + rows[i].offset, rows[i].size, "%s", n->text);
}

/* What is not the default counts as asked for; so does what another engine would have a default of its own for. */
static enum spr_code mark_given(struct request *r, struct spr_error *err)
{
    struct request standard;
    struct buf is, was;
    enum spr_code rc = SPR_OK;
    request_init(&standard);
    buf_init(&is, (size_t)REQUEST_PROMPT_MAX * 4 + 1);
    buf_init(&was, (size_t)REQUEST_PROMPT_MAX * 4 + 1);
    r->given = 0;
    for (int f = 0; !rc && f < REQUEST_FIELD_COUNT; f++) {
        is.length = was.length = 0;
        rc = request_print(r, (enum request_field)f, &is, err);
        if (!rc)
            rc = request_print(&standard, (enum request_field)f, &was, err);
        bool same = is.length == was.length && (is.length == 0 || memcmp(is.data, was.data, is.length) == 0);
        if (!rc && (!same || (f == REQUEST_GUIDANCE && r->engine.name != REQUEST_NATIVE)))
            r->given |= 1u << f;
    }
    buf_fini(&is);
    buf_fini(&was);
    request_fini(&standard);
    return rc;
}

enum spr_code papers_read(const struct notes *notes, struct request *r, struct engine_papers *ret,
                          char ret_software[ENGINE_NAME_BYTES], struct spr_error *err)
{
    struct request request;
    struct engine_papers papers = { 0 };
    char software[ENGINE_NAME_BYTES] = "";
    int fields = 0;
    enum spr_code rc = SPR_OK;
    request_init(&request);
    for (int i = 0; !rc && i < notes->count; i++) {
        const struct image_note *n = &notes->item[i];
        int field = request_field_of_png(n->key);
        take(n, &papers, software);
        if (field < 0)
            continue;
        fields++;
        rc = request_set(&request, (enum request_field)field, n->key, n->text, err);
    }
    if (!rc && fields == 0)
        rc = SPR_FAIL(err, SPR_NOTFOUND, "it does not say how it was made");
    if (!rc)
        rc = mark_given(&request, err);
    if (rc) {
        request_fini(&request);
        return rc;
    }
    *r = request;
    *ret = papers;
    memcpy(ret_software, software, sizeof software);
    return SPR_OK;
}
