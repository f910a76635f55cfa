#include "orchestrate/inbox.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "orchestrate/fault.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ORDER_BYTES_MAX = 65536 };

static void path_of(const struct place *at, const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/orders/%.100s", at->folder, name);
}

enum spr_code inbox_post(const struct place *at, const struct json_t *order, char ret_name[80],
                         struct spr_error *err)
{
    char path[TASK_PATH_BYTES + 128];
    char *text = json_dumps(order, JSON_COMPACT);
    snprintf(ret_name, 80, "%013" PRId64 "-%08x.json", clock_wall_ms(), (unsigned)random_fresh_seed());
    path_of(at, ret_name, path, sizeof path);
    enum spr_code rc = text ? file_write(path, text, strlen(text), FILE_NEW, err)
                            : SPR_FAIL(err, SPR_NOMEM, "no memory for an order");
    free(text);
    return rc;
}

static int is_order(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return n > 5 && d->d_name[0] != '.' && strcmp(d->d_name + n - 5, ".json") == 0;
}

static enum spr_code read_one(const struct place *at, const char *name, inbox_fn *take, void *context,
                              struct spr_error *err)
{
    char path[TASK_PATH_BYTES + 128], bad[TASK_PATH_BYTES + 160];
    struct buf bytes;
    buf_init(&bytes, ORDER_BYTES_MAX);
    path_of(at, name, path, sizeof path);
    enum spr_code rc = file_read(path, &bytes, err);
    json_t *order = rc ? NULL : json_loadb(bytes.data ? bytes.data : "", bytes.length, 0, NULL);
    if (!rc && order)
        rc = take(context, name, order, err);
    else if (!rc || rc == SPR_LIMIT) {
        snprintf(bad, sizeof bad, "%s.bad", path);
        rc = rename(path, bad) ? SPR_FAIL(err, SPR_IO, "cannot put %.200s aside: %s", path, strerror(errno))
                               : SPR_OK;
    } else if (rc == SPR_NOTFOUND) {
        rc = SPR_OK; /* somebody else took it */
    }
    json_decref(order);
    buf_fini(&bytes);
    return rc;
}

enum spr_code inbox_read(const struct place *at, inbox_fn *take, void *context, struct spr_error *err)
{
    char folder[TASK_PATH_BYTES + 16];
    struct dirent **list;
    snprintf(folder, sizeof folder, "%s/orders", at->folder);
    int n = scandir(folder, &list, is_order, alphasort);
    if (n < 0)
        return errno == ENOENT ? SPR_OK
                               : SPR_FAIL(err, SPR_IO, "cannot read %.200s: %s", folder, strerror(errno));
    enum spr_code rc = SPR_OK;
    for (int i = 0; i < n; i++) {
        if (!rc)
            rc = read_one(at, list[i]->d_name, take, context, err);
        free(list[i]);
    }
    free(list);
    return rc;
}

void inbox_refuse(const struct place *at, const char *name, const char *why)
{
    char path[TASK_PATH_BYTES + 160];
    struct spr_error err;
    path_of(at, name, path, sizeof path);
    snprintf(path + strlen(path), 16, ".refused");
    if (file_write(path, why, strlen(why), FILE_REPLACE, &err))
        unlink(path);
    inbox_done(at, name);
}

bool inbox_refused(const struct place *at, const char *name, struct buf *why)
{
    char path[TASK_PATH_BYTES + 160];
    struct spr_error err;
    path_of(at, name, path, sizeof path);
    snprintf(path + strlen(path), 16, ".refused");
    if (!file_exists(path) || file_read(path, why, &err))
        return false;
    unlink(path);
    return true;
}

bool inbox_has(const struct place *at, const char *name)
{
    char path[TASK_PATH_BYTES + 128];
    path_of(at, name, path, sizeof path);
    return file_exists(path);
}

void inbox_done(const struct place *at, const char *name)
{
    char path[TASK_PATH_BYTES + 128];
    path_of(at, name, path, sizeof path);
    fault_point("order");
    unlink(path);
    fault_point("order");
}
