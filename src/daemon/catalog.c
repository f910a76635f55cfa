#include "daemon/catalog.h"

#include "base/clock.h"
#include "base/mem.h"
#include "engine/comfy_look.h"
#include "paint/model_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define OLD_NS 10000000000LL /* a list of ten seconds ago is asked for again */

enum { ITEMS_MAX = 4000, NAME_MAX_BYTES = 250 };

struct catalog {
    uv_loop_t *loop;
    uv_work_t work;
    char *servers;
    bool asking, again;
    int64_t asked_ns;
    struct catalog_list remote; /* what was said last */
    atomic_bool stop;
    /* the thread's while `there`, else the loop's: what one of them wrote the other sees, without knowing libuv's locks */
    atomic_bool there;
    struct catalog_list fresh;
};

void catalog_list_free(struct catalog_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        mem_free(l->item[i].name);
        mem_free(l->item[i].path);
    }
    mem_free(l->item);
    *l = (struct catalog_list){ 0 };
}

/* A copy of both texts. What is too much is left out. */
static enum spr_code add(struct catalog_list *l, const char *name, const char *path, const char *kind,
                         int64_t bytes, struct spr_error *err)
{
    if (l->count == ITEMS_MAX || strlen(name) > NAME_MAX_BYTES)
        return SPR_OK;
    struct catalog_item *grown = mem_resize(l->item, l->count + 1, sizeof *grown);
    if (grown) {
        l->item = grown;
        grown += l->count;
        *grown =
            (struct catalog_item){ mem_text(name, strlen(name)), mem_text(path, strlen(path)), kind, bytes };
        if (grown->name && grown->path) {
            l->count++;
            return SPR_OK;
        }
        mem_free(grown->name);
        mem_free(grown->path);
    }
    return SPR_FAIL(err, SPR_NOMEM, "out of memory listing models");
}

static bool has(const struct catalog_list *l, const char *name, const char *kind)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->item[i].kind, kind) == 0 && strcmp(l->item[i].name, name) == 0)
            return true;
    return false;
}

/* On the thread. A server that does not answer has no models this time. */
static enum spr_code ask_one(struct catalog *c, const char *url, struct spr_error *err)
{
    struct fetch *h = NULL;
    char path[FETCH_URL_BYTES + NAME_MAX_BYTES + 64];
    enum spr_code rc = fetch_open(url, &h, err);
    if (rc)
        return rc;
    fetch_cancel_on(h, &c->stop);
    for (int kind = 0; !rc && kind < COMFY_KINDS; kind++) {
        json_t *names = NULL, *one;
        size_t i;
        rc = comfy_models(h, (enum comfy_kind)kind, &names, err);
        json_array_foreach(names, i, one)
        {
            const char *name = json_string_value(one);
            if (rc || !name || has(&c->fresh, name, comfy_kind_name[kind]))
                continue;
            snprintf(path, sizeof path, "%s/models/%s/%.250s", fetch_url(h), comfy_kind_folder[kind], name);
            rc = add(&c->fresh, name, path, comfy_kind_name[kind], 0, err);
        }
        json_decref(names);
    }
    fetch_close(h);
    return rc;
}

static void on_thread(uv_work_t *work)
{
    struct catalog *c = work->data;
    struct spr_error ignored;
    if (!atomic_load(&c->there))
        return;
    char *list = mem_text(c->servers, strlen(c->servers)), *rest = list;
    for (char *one; rest && (one = strsep(&rest, ", "));)
        if (*one && ask_one(c, one, &ignored) == SPR_NOMEM)
            break;
    mem_free(list);
    atomic_store(&c->there, false);
}

static void on_asked(uv_work_t *work, int status)
{
    struct catalog *c = work->data;
    if (atomic_load(&c->there)) /* it was called off */
        atomic_store(&c->there, false);
    c->asking = false;
    c->asked_ns = clock_steady_ns();
    if (status == 0 && (c->fresh.count || !c->remote.count)) { /* an old list is better than none */
        catalog_list_free(&c->remote);
        c->remote = c->fresh;
        c->fresh = (struct catalog_list){ 0 };
    }
    catalog_list_free(&c->fresh);
    if (c->again)
        catalog_refresh(c, true);
}

void catalog_refresh(struct catalog *c, bool now)
{
    if (!*c->servers || atomic_load(&c->stop))
        return;
    c->again = c->asking && (now || c->again);
    if (c->asking || (!now && clock_steady_ns() - c->asked_ns < OLD_NS))
        return;
    atomic_store(&c->there, true);
    c->asking = uv_queue_work(c->loop, &c->work, on_thread, on_asked) == 0;
}

enum spr_code catalog_new(uv_loop_t *loop, const char *servers, struct catalog **ret, struct spr_error *err)
{
    struct catalog *c = mem_zalloc(1, sizeof *c);
    if (!c || !(c->servers = mem_text(servers, strlen(servers)))) {
        mem_free(c);
        return SPR_FAIL(err, SPR_NOMEM, "out of memory for a list of models");
    }
    c->loop = loop;
    c->work.data = c;
    catalog_refresh(c, true);
    *ret = c;
    return SPR_OK;
}

void catalog_stop(struct catalog *c)
{
    if (c)
        atomic_store(&c->stop, true);
}

void catalog_free(struct catalog *c)
{
    if (!c)
        return;
    catalog_list_free(&c->remote);
    mem_free(c->servers);
    mem_free(c);
}

bool catalog_serves(const struct catalog *c, const char *name, const char *kind)
{
    return has(&c->remote, name, kind);
}

static int by_name(const void *a, const void *b)
{
    const struct catalog_item *one = a, *two = b;
    int order = strcasecmp(one->name, two->name);
    return order ? order : strcmp(one->path, two->path);
}

enum spr_code catalog_list(const struct catalog *c, struct catalog_list *ret, struct spr_error *err)
{
    struct data_list native = { 0 };
    struct catalog_list l = { 0 };
    enum spr_code rc = data_list(&model_kind, &native, err);
    for (size_t i = 0; !rc && i < native.count; i++) {
        struct stat st = { 0 };
        if (stat(native.item[i].path, &st))
            st.st_size = 0;
        rc = add(&l, native.item[i].name, native.item[i].path, comfy_kind_name[COMFY_CHECKPOINT],
                 (int64_t)st.st_size, err);
    }
    data_list_free(&native);
    for (size_t i = 0; !rc && i < c->remote.count; i++)
        rc = add(&l, c->remote.item[i].name, c->remote.item[i].path, c->remote.item[i].kind,
                 c->remote.item[i].bytes, err);
    if (rc) {
        catalog_list_free(&l);
        return rc;
    }
    if (l.count)
        qsort(l.item, l.count, sizeof *l.item, by_name);
    *ret = l;
    return SPR_OK;
}
