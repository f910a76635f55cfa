#include "orchestrate/journal.h"

#include "base/file.h"
#include "base/mem.h"
#include "orchestrate/fault.h"
#include "orchestrate/sum.h"
#include "orchestrate/task.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TAIL = 18, WITNESS_BYTES = 64, PATH_BYTES = 1024 }; /* ,"sum":"XXXXXXXX"} */

struct witness {
    uint64_t lines;
    uint32_t sum;
    bool known;
};

static void path_of(char path[PATH_BYTES], const char *folder, const char *name)
{
    snprintf(path, PATH_BYTES, "%s/%s", folder, name);
}

/* One of the two places: "LINES SUM CRC" of fixed width. */
static bool read_place(const char *text, struct witness *ret)
{
    struct witness w = { .known = true };
    uint32_t check;
    char copy[WITNESS_BYTES + 1];
    memcpy(copy, text, WITNESS_BYTES);
    copy[WITNESS_BYTES] = '\0';
    if (sscanf(copy, "%20" SCNu64 " %8" SCNx32 " %8" SCNx32, &w.lines, &w.sum, &check) != 3 ||
        check != sum_more(0, copy, 29))
        return false;
    *ret = w;
    return true;
}

/* The further of the two; *ret_bad: there is something, but none of it is sound. */
static struct witness read_witness(const char *folder, bool *ret_bad)
{
    char path[PATH_BYTES], text[2 * WITNESS_BYTES];
    struct witness best = { 0 }, one;
    path_of(path, folder, "run.witness");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : pread(fd, text, sizeof text, 0);
    if (fd >= 0)
        close(fd);
    for (int i = 0; i < 2; i++)
        if (n >= (i + 1) * WITNESS_BYTES && read_place(text + i * WITNESS_BYTES, &one) &&
            (!best.known || one.lines > best.lines))
            best = one;
    *ret_bad = !best.known;
    return best;
}

struct reading {
    uint64_t lines;
    uint32_t sum;
    int64_t sound;
};

static void blame(struct journal_damage *d, const struct reading *r, const char *text)
{
    *d = (struct journal_damage){ .found = true, .line = r->lines + 1, .sound_bytes = r->sound };
    snprintf(d->text, sizeof d->text, "line %" PRIu64 " (byte %" PRId64 "): %s", d->line, d->sound_bytes,
             text);
}

static bool line_sound(const char *line, size_t length, uint32_t before, uint32_t *ret_sum)
{
    if (length < TAIL + 1 || memcmp(line + length - TAIL, ",\"sum\":\"", 8) != 0)
        return false;
    uint32_t sum = sum_more(before, line, length - TAIL);
    char want[TAIL + 1];
    snprintf(want, sizeof want, ",\"sum\":\"%08" PRIx32 "\"}", sum);
    *ret_sum = sum;
    return memcmp(line + length - TAIL, want, TAIL) == 0;
}

/* Every line that is whole and fits; stops at the first that does not. */
static enum spr_code read_lines(char *data, size_t length, const struct witness *w, journal_line_fn *each,
                                void *context, struct reading *r, struct journal_damage *damage,
                                struct spr_error *err)
{
    bool witnessed = false;
    enum spr_code rc = SPR_OK;
    while (!rc && !damage->found && (size_t)r->sound < length) {
        char *line = data + r->sound, *end = memchr(line, '\n', length - (size_t)r->sound);
        uint32_t sum;
        if (!end)
            break;
        if (!line_sound(line, (size_t)(end - line), r->sum, &sum)) {
            blame(damage, r, "the line was changed, or lines before it are missing");
            break;
        }
        *end = '\0';
        rc = each ? each(context, line, (size_t)(end - line), err) : SPR_OK;
        r->sum = sum;
        r->lines++;
        r->sound += end + 1 - line;
        if (w->known && r->lines == w->lines) {
            witnessed = true;
            if (sum != w->sum)
                blame(damage, r, "the witness has another sum: one of the two files was replaced");
        }
    }
    if (!rc && !damage->found && w->known && w->lines > 0 && !witnessed) {
        char text[120];
        snprintf(text, sizeof text, "the journal ends here, but %" PRIu64 " lines were written", w->lines);
        blame(damage, r, text);
    }
    return rc;
}

static enum spr_code read_all(const char *folder, journal_line_fn *each, void *context, struct reading *r,
                              struct journal_damage *damage, struct spr_error *err)
{
    char path[PATH_BYTES];
    struct buf bytes;
    bool bad;
    *damage = (struct journal_damage){ 0 };
    *r = (struct reading){ 0 };
    struct witness w = read_witness(folder, &bad); /* first: the journal may grow meanwhile, never shrink */
    path_of(path, folder, "run.journal");
    buf_init(&bytes, (size_t)1 << 36);
    enum spr_code rc = file_exists(path) ? file_read(path, &bytes, err) : SPR_OK;
    if (!rc)
        rc = read_lines(bytes.data, bytes.length, &w, each, context, r, damage, err);
    if (!rc && !damage->found && bad && r->lines > 0)
        blame(damage, r, "run.witness is missing or damaged, so lines may be missing here");
    buf_fini(&bytes);
    return rc;
}

enum spr_code journal_read(const char *folder, journal_line_fn *each, void *context,
                           struct journal_damage *damage, struct spr_error *err)
{
    struct reading r;
    return read_all(folder, each, context, &r, damage, err);
}

static enum spr_code fail_io(struct spr_error *err, const char *what, const char *folder, int e)
{
    return SPR_FAIL(err, SPR_IO, "cannot %s the journal in %.200s: %s", what, folder, strerror(e));
}

/* The lock, if it can be had. A child on its way from fork to exec holds its parent's lock a moment longer than the
 * parent lives, when that is killed just then: so whose owner is gone is waited for. */
static bool take_lock(int fd, char who[32])
{
    enum { TRIES = 250, WAIT_US = 20000 };
    struct task_identity owner;
    for (int i = 0; i < TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        bool held = errno == EWOULDBLOCK;
        ssize_t n = pread(fd, who, 31, 0);
        who[n > 0 ? n : 0] = '\0';
        who[strcspn(who, " \n")] = '\0';
        if (!held || task_identify(atoi(who), &owner))
            return false;
        usleep(WAIT_US);
    }
    return false;
}

static enum spr_code lock(const char *folder, int *ret, struct spr_error *err)
{
    char path[PATH_BYTES], who[32] = "";
    path_of(path, folder, "lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return fail_io(err, "lock", folder, errno);
    if (!take_lock(fd, who)) {
        close(fd);
        return SPR_FAIL(
            err, SPR_BUSY,
            "this plan is being run by process %.12s; see 'spritery plan status', or stop that one", who);
    }
    int n = snprintf(who, sizeof who, "%-11d\n", (int)getpid());
    if (pwrite(fd, who, (size_t)n, 0) != n) {
        int e = errno;
        close(fd);
        return fail_io(err, "lock", folder, e);
    }
    *ret = fd;
    return SPR_OK;
}

static enum spr_code write_witness(struct journal *j, struct spr_error *err)
{
    char text[WITNESS_BYTES + 1];
    int n = snprintf(text, sizeof text, "%020" PRIu64 " %08" PRIx32, j->lines, j->sum);
    snprintf(text + n, sizeof text - (size_t)n, " %08" PRIx32 "%*s\n", sum_more(0, text, (size_t)n),
             WITNESS_BYTES - n - 10, "");
    fault_point("witness");
    /* The place that is not overwritten stays sound, whatever happens to this one. */
    if (pwrite(j->witness, text, WITNESS_BYTES, j->lines % 2 * WITNESS_BYTES) != WITNESS_BYTES)
        return SPR_FAIL(err, SPR_IO, "cannot write run.witness: %s", strerror(errno));
    return SPR_OK;
}

enum spr_code journal_open(const char *folder, enum journal_safety safety, journal_line_fn *each,
                           void *context, struct journal *ret, struct journal_damage *damage,
                           struct spr_error *err)
{
    char path[PATH_BYTES];
    struct reading r;
    struct stat st;
    struct journal j = { .file = -1, .witness = -1, .lock = -1, .safety = safety };
    buf_init(&j.pending, (size_t)1 << 30);
    *damage = (struct journal_damage){ 0 };
    enum spr_code rc = file_make_folder(folder, err);
    if (!rc)
        rc = lock(folder, &j.lock, err);
    if (!rc)
        rc = read_all(folder, each, context, &r, damage, err);
    if (!rc && damage->found)
        rc = SPR_FAIL(
            err, SPR_BADDATA,
            "the journal in %.120s is damaged: %.200s. What went before is sound; to go on from there, "
            "run 'spritery plan resume --mend'",
            folder, damage->text);
    if (rc)
        goto out;
    j.lines = r.lines;
    j.sum = j.pending_sum = r.sum;
    j.bytes = r.sound;
    path_of(path, folder, "run.journal");
    j.file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    path_of(path, folder, "run.witness");
    j.witness = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (j.file < 0 || j.witness < 0 || fstat(j.file, &st) ||
        (st.st_size > j.bytes && ftruncate(j.file, j.bytes)) || lseek(j.file, j.bytes, SEEK_SET) < 0)
        rc = fail_io(err, "open", folder, errno);
    else
        rc = write_witness(&j, err);
    if (!rc && st.st_size > j.bytes)
        j.taken_back = st.st_size - j.bytes;
out:
    if (rc)
        journal_close(&j);
    else
        *ret = j;
    return rc;
}

void journal_close(struct journal *j)
{
    const int fds[] = { j->file, j->witness, j->lock };
    buf_fini(&j->pending);
    if (j->file > 0 || j->witness > 0 || j->lock > 0)
        for (size_t i = 0; i < SPR_COUNT(fds); i++)
            if (fds[i] >= 0)
                close(fds[i]);
    *j = (struct journal){ .file = -1, .witness = -1, .lock = -1 };
}

enum spr_code journal_mend(const char *folder, const struct journal_damage *damage, struct spr_error *err)
{
    char path[PATH_BYTES], aside[PATH_BYTES + 32], witness[PATH_BYTES];
    struct buf bytes;
    int held;
    enum spr_code rc = lock(folder, &held, err);
    if (rc)
        return rc;
    buf_init(&bytes, (size_t)1 << 36);
    path_of(path, folder, "run.journal");
    path_of(witness, folder, "run.witness");
    rc = file_exists(path) ? file_read(path, &bytes, err) : SPR_OK;
    for (int n = 1; n == 1 || file_exists(aside); n++)
        snprintf(aside, sizeof aside, "%s.damaged-%d", path, n);
    if (!rc && bytes.length > 0)
        rc = file_write(aside, bytes.data, bytes.length, FILE_NEW, err);
    if (!rc && bytes.length >= (size_t)damage->sound_bytes)
        rc = file_write(path, bytes.data ? bytes.data : "", (size_t)damage->sound_bytes, FILE_REPLACE, err);
    if (!rc && unlink(witness) && errno != ENOENT)
        rc = fail_io(err, "mend", folder, errno);
    if (!rc) { /* an empty witness of a journal that has lines would be damage again */
        struct journal j = { .file = -1, .lock = -1 };
        char *at = bytes.data;
        for (int64_t left = damage->sound_bytes; at && left > 0;) {
            char *end = memchr(at, '\n', (size_t)left);
            if (!end || !line_sound(at, (size_t)(end - at), j.sum, &j.sum))
                break;
            j.lines++;
            left -= end + 1 - at;
            at = end + 1;
        }
        j.witness = open(witness, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        rc = j.witness < 0 ? fail_io(err, "mend", folder, errno) : write_witness(&j, err);
        if (j.witness >= 0)
            close(j.witness);
    }
    buf_fini(&bytes);
    close(held);
    return rc;
}

enum spr_code journal_add(struct journal *j, const char *object, size_t length, struct spr_error *err)
{
    size_t before = j->pending.length;
    uint32_t sum = sum_more(j->pending_sum, object, length - 1);
    enum spr_code rc = buf_add(&j->pending, object, length - 1, err);
    if (!rc)
        rc = buf_addf(&j->pending, err, ",\"sum\":\"%08" PRIx32 "\"}\n", sum);
    if (rc) {
        j->pending.length = before;
        return rc;
    }
    j->pending_sum = sum;
    j->pending_lines++;
    return SPR_OK;
}

/* Half a line is taken back, so that the next reader finds none. */
static enum spr_code give_up(struct journal *j, int e, struct spr_error *err)
{
    j->broken = true;
    bool cut = ftruncate(j->file, j->bytes) == 0;
    return SPR_FAIL(err, SPR_IO, "cannot write the journal, so nothing more is started: %s%s", strerror(e),
                    cut ? "" : " (and what was half written could not be taken back; the next start will)");
}

enum spr_code journal_commit(struct journal *j, struct spr_error *err)
{
    if (j->broken)
        return SPR_FAIL(err, SPR_IO, "the journal could not be written, so nothing more is started");
    if (j->pending.length == 0)
        return SPR_OK;
    for (size_t done = 0; done < j->pending.length;) {
        if (fault_point("journal"))
            return give_up(j, ENOSPC, err);
        ssize_t n = write(j->file, j->pending.data + done, j->pending.length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return give_up(j, n < 0 ? errno : ENOSPC, err);
        done += (size_t)n;
    }
    fault_point("flush");
    if (j->safety == JOURNAL_POWER && fdatasync(j->file))
        return give_up(j, errno, err);
    j->lines += j->pending_lines;
    j->sum = j->pending_sum;
    j->bytes += (int64_t)j->pending.length;
    j->pending.length = 0;
    j->pending_lines = 0;
    return write_witness(j, err);
}
