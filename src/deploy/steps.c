/* Moving into place, and back. A step is [path, old, new]: hashes of what lay there and of what shall, "" for nothing; its
 * file in the stage has its number. The last step is the manifest's.
 *
 * New names are taken by a rename that replaces nothing, old ones are exchanged, so that a reader finds the one or the
 * other at any moment. What comes out by exchange is looked at once more: if somebody wrote there since it was decided,
 * everything is moved back.
 *
 * A process of its own moves, and the one that was started waits for it: whichever of the two is ended, the other sees to it
 * that all is moved, or all back. */
#include "base/file.h"
#include "deploy/deploy_inner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FLUSH_EACH_MAX = 256, STEPS_BYTES_MAX = 512 << 20 };

struct stage {
    const char *into;
    char folder[PATH_MAX]; /* into/.spritery-deploy/NAME.part */
    char list[PATH_MAX];   /* its steps.json */
    bool many;             /* too many files to flush one by one */
};

static enum spr_code stage_init(struct stage *s, const char *into, const char *name, struct spr_error *err)
{
    *s = (struct stage){ .into = into };
    if (snprintf(s->folder, sizeof s->folder, "%s/" DEPLOY_FOLDER "/%s.part", into, name) >=
        (int)sizeof s->folder - 40)
        return SPR_FAIL(err, SPR_LIMIT, "%.80s...: the path is too long", into);
    return deploy_join(s->folder, "steps.json", s->list, err);
}

static enum spr_code fail(struct spr_error *err, const char *what, const char *path)
{
    int e = errno;
    return SPR_FAIL(err, SPR_IO, "cannot %s %.300s: %s", what, path, strerror(e));
}

/* ---- the disk ---- */

static enum spr_code flush_folder(const char *path, bool whole_disk, struct spr_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool bad = fd < 0 || (whole_disk ? syncfs(fd) : fsync(fd));
    enum spr_code rc = bad ? fail(err, "flush", path) : SPR_OK;
    if (fd >= 0)
        close(fd);
    return rc;
}

/* TAKES fd: closes it. */
static enum spr_code write_out(int fd, const char *path, const void *data, size_t length, bool flush,
                               struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (size_t done = 0; done < length && !rc;) {
        ssize_t n = write(fd, (const char *)data + done, length - done);
        if (n < 0 && errno != EINTR)
            rc = fail(err, "write", path);
        done += n > 0 ? (size_t)n : 0;
    }
    if (!rc && flush && fsync(fd))
        rc = fail(err, "flush", path);
    if (close(fd) && !rc)
        rc = fail(err, "write", path);
    return rc;
}

/* Writes bytes into the stage and looks whether they are there. */
static enum spr_code make(const struct stage *s, size_t number, const void *data, size_t length,
                          const char *hash, const char *from, struct spr_error *err)
{
    char path[PATH_MAX + 32], seen[DIGEST_HEX_BYTES];
    snprintf(path, sizeof path, "%s/%zu", s->folder, number);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return fail(err, "make", path);
    enum spr_code rc = write_out(fd, path, data, length, !s->many, err);
    if (!rc)
        rc = digest_file(path, seen, NULL, err);
    if (!rc && strcmp(seen, hash) != 0)
        rc =
            SPR_FAIL(err, SPR_IO,
                     "%.300s was changed while it was read, or the disk does not keep what is written", from);
    return rc;
}

static void clear_stage(const struct stage *s)
{
    DIR *d = opendir(s->folder);
    char path[PATH_MAX];
    for (struct dirent *e; d && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            deploy_join(s->folder, e->d_name, path, NULL) == SPR_OK)
            unlink(path);
    if (d)
        closedir(d);
    rmdir(s->folder);
}

/* ---- moving ---- */

static bool unsupported(int e)
{
    return e == EINVAL || e == ENOSYS || e == EOPNOTSUPP;
}

static int move_new(const char *from, const char *to)
{
    struct stat st;
    int bad = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
    if (!bad || !unsupported(errno))
        return bad;
    if (lstat(to, &st) == 0) { /* a file system that cannot promise it */
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

static int exchange(const char *mine, const char *place)
{
    char old[PATH_MAX + 32];
    int bad = renameat2(AT_FDCWD, mine, AT_FDCWD, place, RENAME_EXCHANGE);
    if (!bad || !unsupported(errno))
        return bad;
    snprintf(old, sizeof old, "%s.old", mine);
    return rename(place, old) || rename(mine, place) || rename(old, mine);
}

struct step {
    char place[PATH_MAX], mine[PATH_MAX + 24];
    const char *path, *old, *new;
};

static enum spr_code read_step(const struct stage *s, json_t *list, size_t i, struct step *ret,
                               struct spr_error *err)
{
    json_t *o = json_array_get(list, i);
    ret->path = json_string_value(json_array_get(o, 0));
    ret->old = json_string_value(json_array_get(o, 1));
    ret->new = json_string_value(json_array_get(o, 2));
    if (!ret->path || !ret->old || !ret->new || !deploy_path_good(ret->path))
        return SPR_FAIL(err, SPR_BADDATA, "%.300s is damaged; look what is in its folder, then remove that",
                        s->list);
    snprintf(ret->mine, sizeof ret->mine, "%s/%zu", s->folder, i);
    return deploy_join(s->into, ret->path, ret->place, err);
}

static enum spr_code do_step(const struct step *x, bool force, struct spr_error *err)
{
    char out[DIGEST_HEX_BYTES];
    int bad = !*x->new   ? rename(x->place, x->mine)
              : !*x->old ? move_new(x->mine, x->place)
                         : exchange(x->mine, x->place);
    if (bad && (errno == EEXIST || errno == ENOENT))
        return SPR_FAIL(err, SPR_EXISTS, "%.300s was changed while it was being deployed", x->path);
    if (bad)
        return fail(err, "move into place", x->place);
    if (!*x->old)
        return SPR_OK;
    enum spr_code rc = digest_file(x->mine, out, NULL, err);
    if (!rc && !force && strcmp(out, x->old) != 0)
        rc = SPR_FAIL(err, SPR_EXISTS, "%.300s was changed while it was being deployed", x->path);
    return rc;
}

static bool is(const char *path, const char *hash)
{
    char seen[DIGEST_HEX_BYTES];
    return digest_file(path, seen, NULL, NULL) == SPR_OK && strcmp(seen, hash) == 0;
}

static bool exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

/* From whatever moment it was left at; what somebody else wrote meanwhile stays. */
static enum spr_code undo_step(const struct step *x, struct spr_error *err)
{
    char old[PATH_MAX + 32];
    int bad = 0;
    snprintf(old, sizeof old, "%s.old", x->mine);
    if (!*x->new) {
        bad = exists(x->mine) && move_new(x->mine, x->place) && errno != EEXIST;
    } else if (!*x->old) {
        bad = !exists(x->mine) && is(x->place, x->new) && unlink(x->place);
    } else if (exists(old)) {
        bad = (!exists(x->place) || is(x->place, x->new)) && rename(old, x->place);
    } else if (exists(x->mine) && !is(x->mine, x->new)) {
        bad = (!exists(x->place) || is(x->place, x->new)) && rename(x->mine, x->place);
    }
    return bad ? fail(err, "move back", x->place) : SPR_OK;
}

static enum spr_code undo(const struct stage *s, json_t *root, struct spr_error *err)
{
    json_t *list = json_object_get(root, "steps"), *folders = json_object_get(root, "folders");
    struct step x;
    char path[PATH_MAX];
    enum spr_code rc = SPR_OK;
    for (size_t i = json_array_size(list); i-- > 0 && !rc;) {
        rc = read_step(s, list, i, &x, err);
        if (!rc)
            rc = undo_step(&x, err);
    }
    for (size_t i = json_array_size(folders); i-- > 0 && !rc;) {
        const char *name = json_string_value(json_array_get(folders, i));
        if (name && deploy_path_good(name) && deploy_join(s->into, name, path, NULL) == SPR_OK)
            rmdir(path); /* not if somebody put something there */
    }
    if (!rc)
        rc = flush_folder(s->into, true, err);
    if (!rc && unlink(s->list))
        rc = fail(err, "remove", s->list);
    if (!rc)
        clear_stage(s);
    return rc;
}

enum spr_code steps_undo(const char *into, const char *name, struct spr_error *err)
{
    struct stage s;
    struct buf text;
    enum spr_code rc = stage_init(&s, into, name, err);
    if (rc || !exists(s.folder))
        return rc;
    buf_init(&text, STEPS_BYTES_MAX);
    rc = file_read(s.list, &text, err);
    if (rc == SPR_NOTFOUND) { /* not begun, or finished */
        clear_stage(&s);
        rc = SPR_OK;
    } else if (!rc) {
        json_t *root = json_loadb(text.data ? text.data : "", text.length, 0, NULL);
        rc = root ? undo(&s, root, err)
                  : SPR_FAIL(err, SPR_BADDATA,
                             "%.300s is damaged; look what is in its folder, then remove that", s.list);
        json_decref(root);
    }
    buf_fini(&text);
    return rc;
}

/* ---- all of it ---- */

/* Folders above a path that are not there, topmost first. before: the path that was looked at before, or "". */
static enum spr_code add_folders(const struct stage *s, json_t *folders, const char *path, const char *before,
                                 struct spr_error *err)
{
    char full[PATH_MAX], name[PATH_MAX];
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t n = (size_t)(slash - path);
        if (strncmp(path, before, n + 1) == 0)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)n, path);
        enum spr_code rc = deploy_join(s->into, name, full, err);
        if (rc)
            return rc;
        if (!exists(full))
            json_array_append_new(folders, json_string(name));
    }
    return SPR_OK;
}

static void tell(const struct deploy_job *job, size_t done, size_t all)
{
    if (job->progress)
        job->progress(job->context, "copying", done, all);
}

/* Every file that is new, into the stage; root gets what has to be done. */
static enum spr_code prepare(struct stage *s, const struct deploy_job *job, const struct deploy_files *files,
                             json_t *root, struct spr_error *err)
{
    json_t *list = json_object_get(root, "steps"), *folders = json_object_get(root, "folders");
    const char *before = "";
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; i < files->count && !rc; i++) {
        const struct deploy_file *f = &files->item[i];
        size_t number = json_array_size(list);
        tell(job, i, files->count);
        if (job->cancel && atomic_load(job->cancel))
            return SPR_FAIL(err, SPR_CANCELLED, "interrupted; nothing was deployed");
        if (f->change == DEPLOY_SAME || f->change == DEPLOY_KEPT)
            continue;
        if (f->change != DEPLOY_REMOVED) {
            struct file_bytes m;
            rc = file_load(f->from, &m, err);
            if (rc)
                break;
            rc = make(s, number, m.data, m.size, f->hash, f->from, err);
            file_unload(&m);
        }
        if (!rc && f->change == DEPLOY_NEW) {
            rc = add_folders(s, folders, f->path, before, err);
            before = f->path;
        }
        json_array_append_new(list, json_pack("[s,s,s]", f->path, f->there, f->hash));
    }
    return rc;
}

static enum spr_code add_manifest(const struct stage *s, const struct deploy_job *job, const struct buf *text,
                                  json_t *root, struct spr_error *err)
{
    json_t *list = json_object_get(root, "steps");
    size_t number = json_array_size(list);
    char place[PATH_MAX], name[DEPLOY_NAME_MAX + 40], path[PATH_MAX + 32], old[DIGEST_HEX_BYTES] = "",
                                                                           hash[DIGEST_HEX_BYTES];
    snprintf(name, sizeof name, DEPLOY_FOLDER "/%s.json", job->name);
    snprintf(path, sizeof path, "%s/%zu", s->folder, number);
    enum spr_code rc = deploy_join(s->into, name, place, err);
    if (!rc && exists(place))
        rc = digest_file(place, old, NULL, err);
    if (!rc)
        rc = file_write(path, text->data, text->length, FILE_NEW, err);
    if (!rc)
        rc = digest_file(path, hash, NULL, err);
    if (!rc && strcmp(old, hash) == 0)
        return SPR_OK; /* as it is, while a file had to be brought again */
    if (!rc && json_array_append_new(list, json_pack("[s,s,s]", name, old, hash)))
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for a manifest");
    return rc;
}

static enum spr_code write_list(const struct stage *s, json_t *root, struct spr_error *err)
{
    char *text = json_dumps(root, JSON_COMPACT);
    enum spr_code rc = text ? file_write(s->list, text, strlen(text), FILE_NEW, err)
                            : SPR_FAIL(err, SPR_NOMEM, "no memory for %zu files",
                                       json_array_size(json_object_get(root, "steps")));
    free(text);
    return rc;
}

/* The folder that a file was moved to, on the disk too. */
static enum spr_code flush_above(const char *place, char last[PATH_MAX], struct spr_error *err)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(place, '/') - place), place);
    if (strcmp(folder, last) == 0)
        return SPR_OK;
    memcpy(last, folder, sizeof folder);
    return flush_folder(folder, false, err);
}

static enum spr_code move_all(const struct stage *s, json_t *root, bool force, struct spr_error *err)
{
    json_t *list = json_object_get(root, "steps"), *folders = json_object_get(root, "folders");
    char path[PATH_MAX], last[PATH_MAX] = "";
    struct step x;
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; i < json_array_size(folders) && !rc; i++) {
        rc = deploy_join(s->into, json_string_value(json_array_get(folders, i)), path, err);
        if (!rc && mkdir(path, 0777) && errno != EEXIST)
            rc = fail(err, "make the folder", path);
    }
    for (size_t i = 0; i < json_array_size(list) && !rc; i++) {
        rc = read_step(s, list, i, &x, err);
        if (!rc)
            rc = do_step(&x, force, err);
    }
    for (size_t i = 0; i < json_array_size(list) && !rc && !s->many; i++) {
        rc = read_step(s, list, i, &x, err);
        if (!rc)
            rc = flush_above(x.place, last, err);
    }
    if (!rc && s->many)
        rc = flush_folder(s->into, true, err);
    if (!rc && unlink(s->list))
        rc = fail(err, "remove", s->list);
    return rc;
}

/* Folders that only held what was removed. */
static void remove_empty(const struct deploy_job *job, const struct deploy_files *files)
{
    char path[PATH_MAX];
    size_t above = strlen(job->into);
    for (size_t i = files->count; i-- > 0;) {
        if (files->item[i].change != DEPLOY_REMOVED ||
            deploy_join(job->into, files->item[i].path, path, NULL) != SPR_OK)
            continue;
        for (char *slash = strrchr(path, '/'); slash && (size_t)(slash - path) > above;
             slash = strrchr(path, '/')) {
            *slash = '\0';
            if (rmdir(path))
                break;
        }
    }
}

/* Moves everything, or what was moved back; the stage is gone then, but where even that failed. */
static enum spr_code move_or_undo(const struct stage *s, const struct deploy_job *job,
                                  const struct deploy_files *files, json_t *root, struct spr_error *err)
{
    struct spr_error why;
    enum spr_code rc = move_all(s, root, job->force, err);
    if (rc && undo(s, root, &why))
        return SPR_FAIL(
            err, SPR_IO,
            "%.250s; and moving back what was moved failed too (%.200s): the next deploy tries again",
            err->text, why.text);
    clear_stage(s);
    if (!rc)
        remove_empty(job, files);
    return rc;
}

/* What the mover says at its end. */
struct verdict {
    enum spr_code rc;
    struct spr_error err;
};

/* Out of the reach of signals to a terminal or a process group. */
static _Noreturn void mover(const struct stage *s, const struct deploy_job *job,
                            const struct deploy_files *files, json_t *root, int to)
{
    static const int deaf[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM };
    struct verdict v = { 0 };
    setsid();
    for (size_t i = 0; i < SPR_COUNT(deaf); i++)
        signal(deaf[i], SIG_IGN);
    v.rc = move_or_undo(s, job, files, root, &v.err);
    while (write(to, &v, sizeof v) < 0 && errno == EINTR)
        continue;
    _exit(0);
}

/* The mover is gone without a word: somebody ended it. */
static enum spr_code take_over(const struct stage *s, const struct deploy_job *job,
                               const struct deploy_files *files, json_t *root, struct spr_error *err)
{
    struct spr_error why;
    if (!exists(s->list)) { /* it was through */
        clear_stage(s);
        remove_empty(job, files);
        return SPR_OK;
    }
    if (undo(s, root, &why))
        return SPR_FAIL(err, SPR_IO,
                        "the process that moves files was ended, and moving back failed too (%.250s): the "
                        "next deploy tries again",
                        why.text);
    return SPR_FAIL(err, SPR_IO, "the process that moves files was ended; what it had moved was moved back");
}

static enum spr_code move_apart(const struct stage *s, const struct deploy_job *job,
                                const struct deploy_files *files, json_t *root, struct spr_error *err)
{
    struct verdict v;
    size_t length = 0;
    int way[2];
    ssize_t n;
    if (pipe2(way, O_CLOEXEC))
        return move_or_undo(s, job, files, root, err);
    pid_t pid = fork();
    if (pid == 0)
        mover(s, job, files, root, way[1]);
    close(way[1]);
    while (pid > 0 && length < sizeof v &&
           ((n = read(way[0], (char *)&v + length, sizeof v - length)) > 0 || (n < 0 && errno == EINTR)))
        length += n > 0 ? (size_t)n : 0;
    close(way[0]);
    if (pid < 0)
        return move_or_undo(s, job, files, root, err);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (length < sizeof v)
        return take_over(s, job, files, root, err);
    if (v.rc && err)
        *err = v.err;
    return v.rc;
}

enum spr_code steps_run(const struct deploy_job *job, const struct deploy_files *files,
                        const struct buf *manifest, struct spr_error *err)
{
    struct stage s;
    json_t *root = json_pack("{s:[], s:[]}", "folders", "steps");
    enum spr_code rc = stage_init(&s, job->into, job->name, err);
    if (!rc && !root)
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory to deploy");
    if (!rc && mkdir(s.folder, 0777))
        rc = fail(err, "make the folder", s.folder);
    s.many = files->count > FLUSH_EACH_MAX;
    if (!rc)
        rc = prepare(&s, job, files, root, err);
    if (!rc)
        rc = add_manifest(&s, job, manifest, root, err);
    if (!rc && s.many)
        rc = flush_folder(s.folder, true, err);
    if (!rc)
        rc = write_list(&s, root, err);
    if (rc)
        clear_stage(&s);
    else
        rc = move_apart(&s, job, files, root, err);
    json_decref(root);
    return rc;
}
