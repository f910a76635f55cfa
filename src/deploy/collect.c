/* Sources become a list of files, each with its place below the target. */
#include "base/mem.h"
#include "deploy/deploy_inner.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 64 };

struct collector {
    const struct deploy_job *job;
    struct deploy_files files;
    dev_t into_device;
    ino_t into_inode; /* 0: not there yet */
    struct spr_error *err;
};

/* below: its path below the source, whose last part is its name. */
static bool wanted(const struct deploy_job *job, const char *below)
{
    const char *slash = strrchr(below, '/'), *name = slash ? slash + 1 : below;
    for (size_t i = 0; i < job->patterns; i++)
        if (strchr(job->pattern[i], '/') ? fnmatch(job->pattern[i], below, FNM_PATHNAME) == 0
                                         : fnmatch(job->pattern[i], name, 0) == 0)
            return true;
    return job->patterns == 0;
}

static enum spr_code walk(struct collector *c, const char *folder, const char *prefix, size_t source,
                          int depth);

/* prefix: of its place, with a '/' at the end or "". The first `source` bytes of it are the source's own name. */
static enum spr_code take(struct collector *c, const char *path, const char *prefix, const char *name,
                          size_t source, int depth)
{
    char place[PATH_MAX];
    struct stat st;
    if (stat(path, &st))
        return SPR_FAIL(c->err, errno == ENOENT ? SPR_NOTFOUND : SPR_IO, "cannot look at %.300s: %s", path,
                        strerror(errno));
    if (snprintf(place, sizeof place, "%s%s%s", prefix, name, S_ISDIR(st.st_mode) ? "/" : "") >=
        (int)sizeof place)
        return SPR_FAIL(c->err, SPR_LIMIT, "%.80s...: the path is too long", path);
    if (S_ISDIR(st.st_mode)) {
        if (c->into_inode && st.st_ino == c->into_inode && st.st_dev == c->into_device)
            return SPR_FAIL(c->err, SPR_BADARG,
                            "%.200s is the target, or it is inside it: nothing can be put into itself", path);
        return walk(c, path, place, source, depth + 1);
    }
    if (!S_ISREG(st.st_mode) || !wanted(c->job, place + source))
        return SPR_OK;
    struct deploy_file *f = deploy_files_add(&c->files, place, path, c->err);
    if (!f)
        return c->files.count == DEPLOY_FILES_MAX ? SPR_LIMIT : SPR_NOMEM;
    f->bytes = (uint64_t)st.st_size;
    return SPR_OK;
}

static enum spr_code walk(struct collector *c, const char *folder, const char *prefix, size_t source,
                          int depth)
{
    char path[PATH_MAX];
    struct dirent *e;
    enum spr_code rc = SPR_OK;
    if (depth > DEPTH_MAX)
        return SPR_FAIL(c->err, SPR_LIMIT, "%.200s: folders lie more than %d deep", folder, DEPTH_MAX);
    DIR *d = opendir(folder);
    if (!d)
        return SPR_FAIL(c->err, SPR_IO, "cannot open the folder %.300s: %s", folder, strerror(errno));
    while (!rc && (errno = 0, e = readdir(d))) {
        if (e->d_name[0] == '.') /* ".", "..", and what is nobody's business: half-written files, .git */
            continue;
        rc = deploy_join(folder, e->d_name, path, c->err);
        if (!rc)
            rc = take(c, path, prefix, e->d_name, source, depth);
    }
    if (!rc && errno)
        rc = SPR_FAIL(c->err, SPR_IO, "cannot read the folder %.300s: %s", folder, strerror(errno));
    closedir(d);
    return rc;
}

/* A folder "art/tiles" comes as tiles/..., "art/tiles/" as its content. */
static enum spr_code take_source(struct collector *c, const char *source)
{
    char path[PATH_MAX], prefix[PATH_MAX] = "";
    size_t length = strlen(source);
    bool content = length > 1 && source[length - 1] == '/';
    struct stat st;
    if (length == 0 || length >= sizeof path)
        return SPR_FAIL(c->err, SPR_BADARG, "a source of %zu bytes is no path", length);
    memcpy(path, source, length + 1);
    while (length > 1 && path[length - 1] == '/')
        path[--length] = '\0';
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (stat(path, &st))
        return SPR_FAIL(c->err, errno == ENOENT ? SPR_NOTFOUND : SPR_IO, "%.200s cannot be deployed: %s",
                        source, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return take(c, path, "", name, 0, 0);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(path, "/") == 0)
        content = true;
    if (!content)
        return take(c, path, "", name, strlen(name) + 1, 0);
    if (c->into_inode && st.st_ino == c->into_inode && st.st_dev == c->into_device)
        return SPR_FAIL(c->err, SPR_BADARG, "%.200s is the target itself", source);
    return walk(c, path, prefix, 0, 1);
}

static enum spr_code take_pattern(struct collector *c, const char *source)
{
    struct stat st;
    glob_t found = { 0 };
    enum spr_code rc = SPR_OK;
    if (!strpbrk(source, "*?[") || lstat(source, &st) == 0)
        return take_source(c, source);
    if (glob(source, GLOB_MARK, NULL, &found))
        rc = SPR_FAIL(c->err, SPR_NOTFOUND, "nothing matches %.200s", source);
    for (size_t i = 0; i < found.gl_pathc && !rc; i++) {
        size_t n = strlen(found.gl_pathv[i]);
        if (n > 1 && source[strlen(source) - 1] != '/' && found.gl_pathv[i][n - 1] == '/')
            found.gl_pathv[i][n - 1] = '\0';
        rc = take_source(c, found.gl_pathv[i]);
    }
    globfree(&found);
    return rc;
}

/* One file given twice counts once; two files of one place are a mistake. */
static enum spr_code settle_places(struct collector *c)
{
    struct deploy_files *f = &c->files;
    size_t kept = 0;
    deploy_files_sort(f);
    for (size_t i = 0; i < f->count; i++) {
        struct deploy_file *x = &f->item[i], *last = kept ? &f->item[kept - 1] : NULL;
        if (last && strcmp(last->path, x->path) == 0) {
            char one[PATH_MAX], two[PATH_MAX];
            if (!realpath(last->from, one) || !realpath(x->from, two) || strcmp(one, two) != 0)
                return SPR_FAIL(c->err, SPR_BADARG, "%.150s and %.150s would both become %.100s", last->from,
                                x->from, x->path);
            mem_free(x->path);
            mem_free(x->from);
            *x = (struct deploy_file){ 0 };
            continue;
        }
        struct deploy_file moved = *x;
        *x = (struct deploy_file){ 0 };
        f->item[kept++] = moved;
    }
    f->count = kept;
    return SPR_OK;
}

enum spr_code deploy_collect(const struct deploy_job *job, struct deploy_files *ret, struct spr_error *err)
{
    struct collector c = { .job = job, .err = err };
    struct stat st;
    enum spr_code rc = SPR_OK;
    if (stat(job->into, &st) == 0) {
        c.into_device = st.st_dev;
        c.into_inode = st.st_ino;
    }
    for (size_t i = 0; i < job->froms && !rc; i++)
        rc = take_pattern(&c, job->from[i]);
    if (!rc)
        rc = settle_places(&c);
    if (!rc && c.files.count == 0)
        rc = SPR_FAIL(err, SPR_NOTFOUND, "there is nothing to deploy: no file in what was given%s",
                      job->patterns ? " matches the pattern" : "");
    if (rc)
        deploy_files_fini(&c.files);
    else
        *ret = c.files;
    return rc;
}
