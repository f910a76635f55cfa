#include "cli/picture_files.h"

#include "image/load.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int by_name(const FTSENT **p, const FTSENT **q)
{
    return strcmp((*p)->fts_name, (*q)->fts_name);
}

enum spr_code picture_files_each(const char *folder,
                                 enum spr_code (*each)(void *context, const char *path, const char *below,
                                                       struct spr_error *err),
                                 void *context, struct spr_error *err)
{
    char root[PATH_MAX];
    size_t length = strlen(folder), found = 0;
    enum spr_code rc = SPR_OK;
    while (length > 1 && folder[length - 1] == '/')
        length--;
    snprintf(root, sizeof root, "%.*s", (int)length, folder);
    char *roots[] = { root, NULL };
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (!walk)
        return SPR_FAIL(err, SPR_IO, "read %.200s: %s", root, strerror(errno));
    for (FTSENT *e; !rc && (errno = 0, e = fts_read(walk));) {
        enum image_kind kind;
        if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR)
            rc = SPR_FAIL(err, SPR_IO, "read %.200s: %s", e->fts_path, strerror(e->fts_errno));
        if (rc || e->fts_info != FTS_F || !image_kind_of_path(e->fts_name, &kind))
            continue;
        found++;
        rc = each(context, e->fts_path, e->fts_path + length + 1, err);
    }
    fts_close(walk);
    if (!rc && !found)
        rc = SPR_FAIL(err, SPR_NOTFOUND, "%.200s: no picture in or below this folder", root);
    return rc;
}
