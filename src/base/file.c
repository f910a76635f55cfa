#include "base/file.h"

#include "base/mem.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names of temporary files being written, for file_abandon. A slot is taken with 0 -> 1, readable at 2. */
enum { PENDING_MAX = 64 };
static struct {
    atomic_int state;
    char path[PATH_MAX];
} pending[PENDING_MAX];

static enum spr_code fail_errno(struct spr_error *err, const char *verb, const char *path, int e)
{
    enum spr_code code = e == ENOENT ? SPR_NOTFOUND : e == EEXIST ? SPR_EXISTS : SPR_IO;
    return SPR_FAIL(err, code, "cannot %s %.200s: %s", verb, path, strerror(e));
}

static enum spr_code open_file(const char *path, int *ret_fd, struct stat *ret_stat, struct spr_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(err, "open", path, errno);
    if (fstat(fd, ret_stat) || S_ISDIR(ret_stat->st_mode)) {
        int e = S_ISDIR(ret_stat->st_mode) ? EISDIR : errno;
        close(fd);
        return fail_errno(err, "read", path, e);
    }
    *ret_fd = fd;
    return SPR_OK;
}

enum spr_code file_read(const char *path, struct buf *into, struct spr_error *err)
{
    struct stat st = { 0 };
    int fd = STDIN_FILENO;
    bool standard = strcmp(path, "-") == 0;
    enum spr_code rc = standard ? SPR_OK : open_file(path, &fd, &st, err);
    if (rc)
        return rc;
    size_t before = into->length;
    for (;;) {
        size_t room = into->limit - into->length;
        char extra;
        size_t chunk = room < 65536 ? room : 65536;
        if (chunk > 0 && (rc = buf_reserve(into, chunk, err)))
            break;
        ssize_t n = chunk ? read(fd, into->data + into->length, chunk) : read(fd, &extra, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            rc = fail_errno(err, "read", path, errno);
        else if (n > 0 && !chunk)
            rc = SPR_FAIL(err, SPR_LIMIT, "%.200s is larger than the limit of %zu bytes", path, into->limit);
        if (rc || n <= 0)
            break;
        into->length += (size_t)n;
    }
    if (!standard)
        close(fd);
    if (rc)
        into->length = before;
    if (into->data)
        into->data[into->length] = '\0';
    return rc;
}

/* At most size bytes, fewer only at the file's end. */
static enum spr_code read_some(int fd, const char *path, unsigned char *into, size_t size, size_t *ret_length,
                               struct spr_error *err)
{
    size_t length = 0;
    while (length < size) {
        ssize_t n = read(fd, into + length, size - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno(err, "read", path, errno);
        if (n == 0)
            break;
        length += (size_t)n;
    }
    *ret_length = length;
    return SPR_OK;
}

static enum spr_code open_regular(const char *path, int *ret_fd, struct stat *ret_stat, struct spr_error *err)
{
    int fd = -1;
    enum spr_code rc = open_file(path, &fd, ret_stat, err);
    if (rc)
        return rc;
    if (!S_ISREG(ret_stat->st_mode)) {
        close(fd);
        return SPR_FAIL(err, SPR_IO, "cannot read %.200s: not a regular file", path);
    }
    *ret_fd = fd;
    return SPR_OK;
}

enum spr_code file_load_begin(const char *path, struct file_loading *ret, struct spr_error *err)
{
    struct stat st = { 0 };
    struct file_loading l = { .path = path };
    enum spr_code rc = open_regular(path, &l.fd, &st, err);
    if (rc)
        return rc;
    l.written = st.st_mtim;
    l.bytes.size = (size_t)st.st_size;
    if (st.st_size > 0 && !(l.bytes.data = mem_aligned((size_t)st.st_size, 1))) {
        close(l.fd);
        return SPR_FAIL(err, SPR_NOMEM, "no memory for the %lld bytes of %.200s", (long long)st.st_size,
                        path);
    }
    *ret = l;
    return SPR_OK;
}

/* The time of the inode would say more, but also that another file took its name. */
static enum spr_code fail_changed(const struct file_loading *l, struct spr_error *err)
{
    return SPR_FAIL(err, SPR_BUSY, "%.200s was written to while it was read; try again when it is whole",
                    l->path);
}

enum spr_code file_load_more(struct file_loading *l, size_t upto, struct spr_error *err)
{
    assert(upto <= l->bytes.size);
    if (upto <= l->have)
        return SPR_OK;
    size_t length = 0, wanted = upto - l->have;
    enum spr_code rc =
        read_some(l->fd, l->path, (unsigned char *)(uintptr_t)l->bytes.data + l->have, wanted, &length, err);
    l->have += length;
    return rc || length == wanted ? rc : fail_changed(l, err);
}

enum spr_code file_load_end(struct file_loading *l, struct file_bytes *ret, struct spr_error *err)
{
    struct stat now;
    enum spr_code rc = file_load_more(l, l->bytes.size, err);
    if (rc)
        return rc;
    if (fstat(l->fd, &now))
        return fail_errno(err, "read", l->path, errno);
    if ((size_t)now.st_size != l->bytes.size || now.st_mtim.tv_sec != l->written.tv_sec ||
        now.st_mtim.tv_nsec != l->written.tv_nsec)
        return fail_changed(l, err);
    close(l->fd);
    *ret = l->bytes;
    return SPR_OK;
}

void file_load_drop(struct file_loading *l)
{
    close(l->fd);
    file_unload(&l->bytes);
}

enum spr_code file_load(const char *path, struct file_bytes *ret, struct spr_error *err)
{
    struct file_loading l;
    enum spr_code rc = file_load_begin(path, &l, err);
    if (rc)
        return rc;
    rc = file_load_end(&l, ret, err);
    if (rc)
        file_load_drop(&l);
    return rc;
}

void file_unload(struct file_bytes *b)
{
    mem_free((void *)(uintptr_t)b->data);
    *b = (struct file_bytes){ 0 };
}

enum spr_code file_stream(const char *path,
                          enum spr_code (*take)(void *context, const void *bytes, size_t length,
                                                struct spr_error *err),
                          void *context, struct spr_error *err)
{
    struct stat st = { 0 };
    unsigned char piece[65536];
    size_t length = sizeof piece;
    int fd = -1;
    enum spr_code rc = open_regular(path, &fd, &st, err);
    if (rc)
        return rc;
    while (!rc && length == sizeof piece) {
        rc = read_some(fd, path, piece, sizeof piece, &length, err);
        if (!rc && length > 0)
            rc = take(context, piece, length, err);
    }
    close(fd);
    return rc;
}

static int claim_slot(const char *path)
{
    for (int i = 0; i < PENDING_MAX; i++) {
        int zero = 0;
        if (atomic_compare_exchange_strong(&pending[i].state, &zero, 1)) {
            snprintf(pending[i].path, sizeof pending[i].path, "%s", path);
            atomic_store(&pending[i].state, 2);
            return i;
        }
    }
    return -1;
}

static void release_slot(int slot)
{
    if (slot >= 0)
        atomic_store(&pending[slot].state, 0);
}

void file_abandon(void)
{
    for (int i = 0; i < PENDING_MAX; i++)
        if (atomic_load(&pending[i].state) == 2)
            unlink(pending[i].path);
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, data, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        data += n;
        length -= (size_t)n;
    }
    return 0;
}

/* Flushes the folder that holds path, so that the new name survives a power cut. Not every file system can. */
static void flush_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(folder, sizeof folder, ".");
    else
        snprintf(folder, sizeof folder, "%.*s", (int)(slash == path ? 1 : slash - path), path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

static int publish(const char *temporary, const char *path, enum file_mode mode)
{
    if (mode == FILE_REPLACE)
        return rename(temporary, path);
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (link(temporary, path)) /* a file system without RENAME_NOREPLACE */
        return -1;
    unlink(temporary);
    return 0;
}

enum spr_code file_write(const char *path, const void *data, size_t length, enum file_mode mode,
                         struct spr_error *err)
{
    static atomic_uint serial;
    char temporary[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path + 1) : 0;
    int n = snprintf(temporary, sizeof temporary, "%.*s.spritery-%ld-%u.part", folder, path, (long)getpid(),
                     atomic_fetch_add(&serial, 1));
    if (n < 0 || (size_t)n >= sizeof temporary || strlen(path) >= PATH_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "file name is too long: %.80s...", path);
    if (mode == FILE_NEW && file_exists(path))
        return SPR_FAIL(err, SPR_EXISTS, "%.200s exists already", path);

    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return fail_errno(err, "write", path, errno);
    int slot = claim_slot(temporary);
    enum spr_code rc = SPR_OK;
    if (write_all(fd, data, length) || fsync(fd))
        rc = fail_errno(err, "write", path, errno);
    if (close(fd) && !rc)
        rc = fail_errno(err, "write", path, errno);
    if (!rc && publish(temporary, path, mode))
        rc = errno == EEXIST ? SPR_FAIL(err, SPR_EXISTS, "%.200s exists already", path)
                             : fail_errno(err, "publish", path, errno);
    if (rc)
        unlink(temporary);
    else
        flush_folder(path);
    release_slot(slot);
    return rc;
}

void file_sweep(const char *folder)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        long pid;
        unsigned number;
        int length = 0;
        if (sscanf(e->d_name, ".spritery-%ld-%u.part%n", &pid, &number, &length) == 2 && length > 0 &&
            !e->d_name[length] && pid > 0 && kill((pid_t)pid, 0) && errno == ESRCH)
            unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d)
        closedir(d);
}

enum spr_code file_make_folder(const char *path, struct spr_error *err)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof part)
        return SPR_FAIL(err, SPR_LIMIT, "folder name is empty or too long: \"%.80s\"", path);
    memcpy(part, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        char kept = part[i];
        part[i] = '\0';
        struct stat st;
        if (mkdir(part, 0777) && (errno != EEXIST || stat(part, &st) || !S_ISDIR(st.st_mode)))
            return SPR_FAIL(err, SPR_IO, "cannot make folder %.200s: %s", part,
                            errno == EEXIST ? "a file of that name is there" : strerror(errno));
        part[i] = kept;
    }
    return SPR_OK;
}

bool file_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

bool file_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}
