/* Deciding: what is there, what shall be there, whose it is. */
#include "base/clock.h"
#include "base/file.h"
#include "deploy/deploy_inner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* What stands in the way, as one sentence. */
struct ways {
    char text[360];
    size_t count;
    bool force_helps;
};

static void in_the_way(struct ways *w, const char *path, const char *why, bool force_helps)
{
    size_t n = strlen(w->text);
    w->force_helps = force_helps && (w->count == 0 || w->force_helps);
    if (w->count++ < 4)
        snprintf(w->text + n, sizeof w->text - n, "%s%.80s %s", n ? ", " : "", path, why);
}

/* What lies at that place: its hash, "" for nothing, or why no file of ours can. */
static enum spr_code look_there(const char *into, const char *path, char ret_hash[DIGEST_HEX_BYTES],
                                const char **ret_why, struct spr_error *err)
{
    char full[PATH_MAX];
    struct stat st;
    enum spr_code rc = deploy_join(into, path, full, err);
    *ret_hash = '\0';
    *ret_why = NULL;
    size_t above = strlen(into) + 1;
    for (char *slash = rc ? NULL : strchr(full + above, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool there = lstat(full, &st) == 0;
        *slash = '/';
        if (!there)
            return SPR_OK;
        if (!S_ISDIR(st.st_mode)) {
            *ret_why = "would be below something that is no folder";
            return SPR_OK;
        }
    }
    if (rc || (lstat(full, &st) && errno == ENOENT))
        return rc;
    if (!S_ISREG(st.st_mode)) {
        *ret_why = "is a folder, a link or the like there";
        return SPR_OK;
    }
    return digest_file(full, ret_hash, NULL, err);
}

static enum spr_code decide(const struct deploy_job *job, struct deploy_file *f,
                            const struct deploy_file *before, struct ways *w, struct spr_error *err)
{
    const char *why;
    enum spr_code rc = digest_file(f->from, f->hash, &f->bytes, err);
    if (!rc)
        rc = look_there(job->into, f->path, f->there, &why, err);
    if (rc)
        return rc;
    f->found = before && before->found;
    if (why) {
        in_the_way(w, f->path, why, false);
    } else if (!*f->there) {
        f->change = DEPLOY_NEW;
        f->found = false;
    } else if (strcmp(f->there, f->hash) == 0) {
        f->change = DEPLOY_SAME;
        f->found = !before || before->found;
    } else {
        f->change = DEPLOY_REPLACED;
        if (!before && !job->force)
            in_the_way(w, f->path, "was not deployed here", true);
        else if (before && strcmp(f->there, before->hash) != 0 && !job->force)
            in_the_way(w, f->path, "was changed since it was deployed", true);
    }
    return SPR_OK;
}

/* What is in the manifest and is not made any more. */
static enum spr_code decide_leftovers(const struct deploy_job *job, const struct deploy_files *before,
                                      struct deploy_files *files, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    size_t made = files->count;
    for (size_t i = 0; i < before->count && !rc; i++) {
        const struct deploy_file *old = &before->item[i];
        const struct deploy_files sorted = { files->item, made, 0 }; /* what follows is not */
        char there[DIGEST_HEX_BYTES];
        const char *why;
        if (deploy_files_find(&sorted, old->path))
            continue;
        rc = look_there(job->into, old->path, there, &why, err);
        if (rc || why || !*there)
            continue;
        struct deploy_file *f = deploy_files_add(files, old->path, old->from, err);
        if (!f)
            return SPR_NOMEM;
        memcpy(f->there, there, sizeof there);
        f->bytes = old->bytes;
        f->change = strcmp(there, old->hash) == 0 && !old->found ? DEPLOY_REMOVED : DEPLOY_KEPT;
    }
    return rc;
}

static enum spr_code decide_all(const struct deploy_job *job, const struct deploy_files *before,
                                struct deploy_files *files, struct spr_error *err)
{
    struct ways w = { 0 };
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; i < files->count && !rc; i++) {
        if (job->progress)
            job->progress(job->context, "looking", i, files->count);
        if (job->cancel && atomic_load(job->cancel))
            return SPR_FAIL(err, SPR_CANCELLED, "interrupted; nothing was deployed");
        rc = decide(job, &files->item[i], deploy_files_find(before, files->item[i].path), &w, err);
    }
    if (!rc && w.count > 0)
        rc = SPR_FAIL(err, SPR_EXISTS, "in %.60s %s%s, so nothing was deployed%s", job->into, w.text,
                      w.count > 4 ? " and more" : "", w.force_helps ? "; --force replaces" : "");
    if (!rc)
        rc = decide_leftovers(job, before, files, err);
    deploy_files_sort(files);
    return rc;
}

static bool changes(const struct deploy_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->item[i].change != DEPLOY_SAME)
            return true;
    return false;
}

static bool manifest_differs(const struct deploy_job *job, const struct buf *text)
{
    char path[PATH_MAX];
    struct buf now;
    buf_init(&now, text->length + 1);
    bool same = snprintf(path, sizeof path, "%s/" DEPLOY_FOLDER "/%s.json", job->into, job->name) <
                    (int)sizeof path &&
                file_read(path, &now, NULL) == SPR_OK && now.length == text->length &&
                memcmp(now.data, text->data, text->length) == 0;
    buf_fini(&now);
    return !same;
}

static enum spr_code deploy_locked(const struct deploy_job *job, struct deploy_files *files,
                                   struct spr_error *err)
{
    struct deploy_files before = { 0 };
    struct buf text;
    buf_init(&text, (size_t)512 << 20);
    enum spr_code rc = job->dry_run ? SPR_OK : steps_undo(job->into, job->name, err);
    if (!rc)
        rc = deploy_collect(job, files, err);
    if (!rc)
        rc = manifest_read(job->into, job->name, &before, err);
    if (!rc)
        rc = decide_all(job, &before, files, err);
    if (!rc)
        rc = manifest_text(job, files, &text, err);
    if (!rc && !job->dry_run && (changes(files) || manifest_differs(job, &text)))
        rc = steps_run(job, files, &text, err);
    buf_fini(&text);
    deploy_files_fini(&before);
    return rc;
}

static enum spr_code check_job(const struct deploy_job *job, struct spr_error *err)
{
    if (!job->into || !*job->into)
        return SPR_FAIL(err, SPR_BADARG, "deploy needs a folder to put things into");
    if (job->froms == 0)
        return SPR_FAIL(err, SPR_BADARG, "deploy needs something to put there");
    if (!deploy_name_good(job->name))
        return SPR_FAIL(err, SPR_BADARG,
                        "a deploy's name has letters, digits, '.', '_' and '-', at most %d; not \"%.100s\"",
                        DEPLOY_NAME_MAX, job->name);
    return SPR_OK;
}

/* Waits for another deploy, which may be the rest of one that was ended: what it moves is soon moved. The folder that is
 * locked is the one that is there: the other may have taken it away, as one that failed does. */
static enum spr_code take_lock(const struct deploy_job *job, const char *folder, int *ret,
                               struct spr_error *err)
{
    enum { PATIENCE_MS = 30000, LOOK_MS = 20 };
    struct stat mine, there;
    for (int64_t until = clock_wall_ms() + PATIENCE_MS;;) {
        enum spr_code rc = file_make_folder(folder, err);
        if (rc)
            return rc;
        int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && errno != ENOENT)
            return SPR_FAIL(err, SPR_IO, "cannot open %.300s: %s", folder, strerror(errno));
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &mine) == 0 &&
            stat(folder, &there) == 0 && mine.st_ino == there.st_ino && mine.st_dev == there.st_dev) {
            *ret = fd;
            return SPR_OK;
        }
        if (fd >= 0)
            close(fd);
        if (job->cancel && atomic_load(job->cancel))
            return SPR_FAIL(err, SPR_CANCELLED, "interrupted; nothing was deployed");
        if (clock_wall_ms() > until)
            return SPR_FAIL(err, SPR_BUSY, "another deploy writes to %.300s now", job->into);
        clock_sleep_ms(LOOK_MS);
    }
}

enum spr_code deploy_run(const struct deploy_job *job, struct deploy_files *ret, struct spr_error *err)
{
    char folder[PATH_MAX];
    struct deploy_files files = { 0 };
    int lock = -1;
    enum spr_code rc = check_job(job, err);
    if (!rc)
        rc = deploy_join(job->into, DEPLOY_FOLDER, folder, err);
    if (rc)
        return rc;
    bool was_there = file_exists(job->into);
    if (!job->dry_run)
        rc = take_lock(job, folder, &lock, err);
    if (!rc)
        rc = deploy_locked(job, &files, err);
    if (rc && lock >= 0) { /* nothing stays behind but what was there */
        rmdir(folder);
        if (!was_there)
            rmdir(job->into);
    }
    if (lock >= 0)
        close(lock);
    if (rc)
        deploy_files_fini(&files);
    else
        *ret = files;
    return rc;
}

enum spr_code deploy_look(const char *into, const char *name, char ret_hash[DIGEST_HEX_BYTES],
                          struct spr_error *err)
{
    struct deploy_files files;
    char path[PATH_MAX], hash[DIGEST_HEX_BYTES];
    if (snprintf(path, sizeof path, "%s/" DEPLOY_FOLDER "/%s.json", into, name) >= (int)sizeof path)
        return SPR_FAIL(err, SPR_LIMIT, "%.80s...: the path is too long", into);
    if (!file_exists(path))
        return SPR_FAIL(err, SPR_NOTFOUND, "nothing was deployed to %.200s", into);
    enum spr_code rc = digest_file(path, ret_hash, NULL, err);
    if (!rc)
        rc = manifest_read(into, name, &files, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < files.count && !rc; i++) {
        const char *why;
        rc = look_there(into, files.item[i].path, hash, &why, err);
        if (!rc && strcmp(hash, files.item[i].hash) != 0)
            rc = SPR_FAIL(err, SPR_NOTFOUND, "%.200s in %.200s %s", files.item[i].path, into,
                          *hash || why ? "was changed since it was deployed" : "is missing");
    }
    deploy_files_fini(&files);
    return rc;
}
