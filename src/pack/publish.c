#include "base/file.h"
#include "base/mem.h"
#include "pack/job.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum spr_code full_path(const struct publish *p, const char *path, char ret[PATH_MAX],
                               struct spr_error *err)
{
    if (snprintf(ret, PATH_MAX, "%s/%s", p->folder, path) >= PATH_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "%.80s...: the path is too long", path);
    return SPR_OK;
}

static const char *former_hash(const struct publish *p, const char *path)
{
    for (int i = 0; p->former && i < p->former->count; i++)
        if (strcmp(p->former->item[i].path, path) == 0)
            return p->former->item[i].hash;
    return NULL;
}

static struct publish_item *add(struct publish *p, const char *path, struct spr_error *err)
{
    bool full = (p->count & (p->count - 1)) == 0;
    void *grown = full ? mem_resize(p->item, p->count ? (size_t)p->count * 2 : 1, sizeof *p->item) : p->item;
    char *copy = mem_text(path, strlen(path));
    if (grown)
        p->item = grown;
    if (!grown || !copy) {
        mem_free(copy);
        (void)SPR_FAIL(err, SPR_NOMEM, "no memory for a file's name");
        return NULL;
    }
    struct publish_item *i = &p->item[p->count++];
    *i = (struct publish_item){ .path = copy };
    return i;
}

enum spr_code publish_add(struct publish *p, const char *path, const void *bytes, size_t length,
                          struct spr_error *err)
{
    struct publish_item *i = add(p, path, err);
    if (!i)
        return SPR_NOMEM;
    i->data = mem_text(length ? bytes : "", length);
    i->length = length;
    if (!i->data)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %.200s", path);
    digest_hex(i->data, length, i->hash);
    return SPR_OK;
}

bool publish_keep(struct publish *p, const char *path, struct spr_error *err)
{
    char full[PATH_MAX], now[DIGEST_HEX_BYTES];
    const char *was = former_hash(p, path);
    if (!was || full_path(p, path, full, NULL) || digest_file(full, now, NULL, NULL) || strcmp(now, was) != 0)
        return false;
    struct publish_item *i = add(p, path, err);
    if (!i)
        return false;
    memcpy(i->hash, now, sizeof i->hash);
    return true;
}

/* Data is dropped where the same is there already. */
static enum spr_code check(struct publish *p, struct publish_item *i, struct spr_error *err)
{
    char full[PATH_MAX], now[DIGEST_HEX_BYTES];
    struct spr_error why = { 0 };
    enum spr_code rc = full_path(p, i->path, full, err);
    if (rc || !i->data)
        return rc;
    rc = digest_file(full, now, NULL, &why);
    if (rc == SPR_NOTFOUND)
        return SPR_OK;
    if (rc)
        return SPR_FAIL(err, rc, "%s", why.text);
    const char *was = former_hash(p, i->path);
    if (strcmp(now, i->hash) == 0) {
        mem_free(i->data);
        i->data = NULL;
    } else if (!p->force && (!was || strcmp(was, now) != 0)) {
        return SPR_FAIL(err, SPR_EXISTS, "%.300s is there already and %s; use --force to replace it", full,
                        was ? "was changed since it was packed" : "was not packed here");
    }
    return SPR_OK;
}

static enum spr_code write_item(const struct publish *p, const struct publish_item *i, struct spr_error *err)
{
    char full[PATH_MAX], folder[PATH_MAX];
    enum spr_code rc = full_path(p, i->path, full, err);
    if (rc)
        return rc;
    sheet_folder(full, folder, sizeof folder);
    rc = file_make_folder(folder, err);
    return rc ? rc : file_write(full, i->data, i->length, FILE_REPLACE, err);
}

static bool still_made(const struct publish *p, const char *path)
{
    for (int i = 0; i < p->count; i++)
        if (strcmp(p->item[i].path, path) == 0)
            return true;
    return false;
}

/* What the former run wrote and nobody changed; what is in the way of nobody may stay if it cannot go. */
static enum spr_code remove_leftovers(struct publish *p, struct pack_report *report, struct spr_error *err)
{
    for (int i = 0; p->former && i < p->former->count; i++) {
        char full[PATH_MAX], now[DIGEST_HEX_BYTES];
        const struct sheet_file *f = &p->former->item[i];
        if (still_made(p, f->path) || full_path(p, f->path, full, NULL) ||
            digest_file(full, now, NULL, NULL) || strcmp(now, f->hash) != 0 || unlink(full))
            continue;
        enum spr_code rc = sheet_list_add(&report->removed, full, "", err);
        if (rc)
            return rc;
    }
    return SPR_OK;
}

enum spr_code publish_all(struct publish *p, struct pack_report *report, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int i = 0; i < p->count && !rc; i++)
        rc = check(p, &p->item[i], err);
    for (int i = 0; i < p->count && !rc; i++) {
        char full[PATH_MAX];
        if (p->item[i].data)
            rc = write_item(p, &p->item[i], err);
        if (!rc)
            rc = full_path(p, p->item[i].path, full, err);
        if (!rc)
            rc = sheet_list_add(p->item[i].data ? &report->written : &report->same, full, p->item[i].hash,
                                err);
    }
    return rc ? rc : remove_leftovers(p, report, err);
}

void publish_fini(struct publish *p)
{
    for (int i = 0; i < p->count; i++) {
        mem_free(p->item[i].path);
        mem_free(p->item[i].data);
    }
    mem_free(p->item);
    *p = (struct publish){ 0 };
}
