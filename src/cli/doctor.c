#include "cli/doctor.h"

#include "base/mem.h"
#include "base/pool.h"
#include "cli/term_picture.h"
#include "daemon/gpu.h"
#include "daemon/remote.h"
#include "nn/conv.h"
#include "paint/model.h"
#include "paint/model_find.h"
#include "queue/queue.h"
#include "wire/messages.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { ANSWER_MS = 1000, MEMORY_NEEDED_MIB = 512, DISK_NEEDED_MIB = 512 };

SPR_PRINTF(3, 4)
static void say(struct doctor_finding *f, enum doctor_grade grade, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(f->seen, sizeof f->seen, format, args);
    va_end(args);
    f->grade = grade;
}

SPR_PRINTF(2, 3)
static void advise(struct doctor_finding *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(f->advice, sizeof f->advice, format, args);
    va_end(args);
}

/* The value of "name : value" in a file of /proc; "" if it is not there. */
static void proc_value(const char *file, const char *name, char *ret, size_t size)
{
    char line[512];
    FILE *f = fopen(file, "r");
    ret[0] = '\0';
    while (f && !ret[0] && fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, name, strlen(name)) != 0 || !colon)
            continue;
        colon += 1 + strspn(colon + 1, " \t");
        snprintf(ret, size, "%.*s", (int)strcspn(colon, "\n"), colon);
    }
    if (f)
        fclose(f);
}

static void look_cpu(const struct config *c, const struct terminal *t, struct doctor_finding *f)
{
    char model[128];
    int threads = pool_default_threads();
    (void)c;
    (void)t;
    proc_value("/proc/cpuinfo", "model name", model, sizeof model);
    say(f, DOCTOR_GOOD, "%s, %d thread%s, kernels %s", model[0] ? model : "unknown", threads,
        threads == 1 ? "" : "s", nn_kernels_name());
    if (strcmp(nn_kernels_name(), "cblas") == 0) {
        f->grade = DOCTOR_NOTE;
        advise(f, "the kernels know no vector instructions of this CPU, so BLAS does the work: sprites take "
                  "longer");
    } else if (threads == 1) {
        f->grade = DOCTOR_NOTE;
        advise(f, "a sprite can use two threads: SPRITERY_THREADS or the container's CPU limit allows one");
    }
}

static void look_memory(const struct config *c, const struct terminal *t, struct doctor_finding *f)
{
    char available[64], total[64];
    (void)c;
    (void)t;
    proc_value("/proc/meminfo", "MemAvailable", available, sizeof available);
    proc_value("/proc/meminfo", "MemTotal", total, sizeof total);
    long mib = strtol(available, NULL, 10) / 1024;
    say(f, mib < MEMORY_NEEDED_MIB ? DOCTOR_BAD : DOCTOR_GOOD, "%ld MiB free of %ld MiB", mib,
        strtol(total, NULL, 10) / 1024);
    if (mib < MEMORY_NEEDED_MIB)
        advise(f, "drawing takes some 200 MiB for each worker: end something, or set engine.workers to 1");
}

static void look_blas(const struct config *c, const struct terminal *t, struct doctor_finding *f)
{
    char *(*config)(void);
    char *(*core)(void);
    int (*threads)(void);
    void *symbols[] = { dlsym(RTLD_DEFAULT, "openblas_get_config"),
                        dlsym(RTLD_DEFAULT, "openblas_get_corename"),
                        dlsym(RTLD_DEFAULT, "openblas_get_num_threads") };
    (void)c;
    (void)t;
    memcpy(&config, &symbols[0], sizeof config);
    memcpy(&core, &symbols[1], sizeof core);
    memcpy(&threads, &symbols[2], sizeof threads);
    if (!config || !core) {
        say(f, DOCTOR_GOOD, "a CBLAS that is not OpenBLAS");
        return;
    }
    int n = threads ? threads() : 1;
    say(f, DOCTOR_GOOD, "%.120s; kernel %.40s, %d thread%s", config(), core(), n, n == 1 ? "" : "s");
    if (n > 1)
        advise(f, "threads are shared out by sprite here, so BLAS is told to use one");
}

static void look_terminal(const struct config *c, const struct terminal *t, struct doctor_finding *f)
{
    enum term_means means = term_means(t);
    (void)c;
    say(f, DOCTOR_GOOD, "%s%s", term_means_name(means), t->tty ? "" : " (standard output is not a terminal)");
    if (t->tty && means == TERM_LETTERS) {
        f->grade = DOCTOR_NOTE;
        advise(f, "pictures are shown as letters: set a UTF-8 locale and unset NO_COLOR, or use kitty, "
                  "WezTerm, foot or iTerm2");
    } else if (t->tty && means == TERM_BLOCKS) {
        advise(f, "kitty, WezTerm, foot and iTerm2 show real pixels");
    }
}

static void look_models(const struct config *c, const struct terminal *t, struct doctor_finding *f)
{
    struct data_list list = { 0 };
    struct spr_error err;
    struct model *m = NULL;
    char *path = NULL;
    (void)t;
    enum spr_code rc = data_list(&model_kind, &list, &err);
    if (!rc)
        rc = data_find(&model_kind, c->engine.model, &path, &err);
    if (!rc)
        rc = model_load(path, &m, &err);
    if (rc) {
        say(f, DOCTOR_BAD, "%s", err.text);
        advise(f, "install the bundled model, or say where models are: SPRITERY_MODELS=FOLDER");
    } else {
        say(f, DOCTOR_GOOD, "%zu; the default is %s (%s), sound", list.count, m->name, path);
    }
    model_free(m);
    mem_free(path);
    data_list_free(&list);
}

static void look_config(const struct config *c, const struct terminal *t, struct doctor_finding *f)
{
    size_t own = 0;
    (void)t;
    for (size_t i = 0; config_row(i); i++)
        own += c->from[i] != CONFIG_DEFAULT;
    say(f, DOCTOR_GOOD, "%s, %zu settings of your own", c->file, own);
}

static enum spr_code ask_server(const char *address, struct doctor_finding *f, struct spr_error *err)
{
    struct wire_context *context = NULL;
    struct client *client = NULL;
    struct client_options o = { .timeout_ms = ANSWER_MS };
    struct wire_pool pool = { 0 };
    struct message_empty ask = { 0 };
    const struct wire_schema *schema;
    void *answer;
    enum spr_code rc = wire_context_new(&context, err);
    if (!rc)
        rc = client_open(context, address, &o, &client, err);
    if (!rc)
        rc = client_ask(client, &message_server, &ask, message_answers, &pool, &schema, &answer, err);
    if (!rc && schema == &message_server_info) {
        const struct message_server *m = answer;
        say(f, DOCTOR_GOOD, "%.40s, process %lld, at %s", m->software, (long long)m->pid, address);
        if (m->paused) {
            f->grade = DOCTOR_NOTE;
            advise(f, "the queue is paused: 'spritery jobs resume'");
        }
    } else if (!rc) {
        say(f, DOCTOR_NOTE, "%s answers, but knows only version 1.0", address);
    }
    wire_pool_reset(&pool);
    client_close(client);
    wire_context_free(context);
    return rc;
}

static void look_daemon(const struct config *c, const struct terminal *t, struct doctor_finding *f)
{
    char address[WIRE_ADDRESS_BYTES];
    struct spr_error err;
    (void)c;
    (void)t;
    enum spr_code rc = remote_address(address, &err);
    if (!rc && !remote_is_up(address)) {
        say(f, DOCTOR_NOTE, "none is up");
        advise(f, "nothing is missing without one; 'spritery serve' shares one queue between programs");
        return;
    }
    if (!rc)
        rc = ask_server(address, f, &err);
    if (rc) {
        say(f, DOCTOR_BAD, "%s", err.text);
        advise(f, "if its process hangs, end it: what it had accepted is safe, and the next start goes on");
    }
}

/* True while a daemon holds the folder: then its queue is its own business. */
static bool is_locked(const char *folder)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/daemon.lock", folder);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0;
    if (fd >= 0)
        close(fd);
    return locked;
}

static void look_queue(const struct config *c, const struct terminal *t, struct doctor_finding *f)
{
    char path[PATH_MAX];
    struct queue *q = NULL;
    struct queue_counts n;
    struct queue_options o = { 0 };
    struct spr_error err;
    (void)t;
    snprintf(path, sizeof path, "%.4000s/queue.db", c->data.folder);
    if (access(path, F_OK) != 0) {
        say(f, DOCTOR_GOOD, "none yet in %s", c->data.folder);
        return;
    }
    if (is_locked(c->data.folder)) {
        say(f, DOCTOR_GOOD, "%s, in the daemon's hands", path);
        return;
    }
    enum spr_code rc = queue_open(path, &o, &q, &err);
    if (!rc)
        rc = queue_check(q, &err);
    if (!rc)
        rc = queue_count(q, &n, &err);
    if (!rc) {
        say(f, DOCTOR_GOOD, "%s: every law holds; %lld queued, %lld done, %lld failed", path,
            (long long)n.of[JOB_QUEUED], (long long)n.of[JOB_DONE], (long long)n.of[JOB_FAILED]);
    } else {
        say(f, DOCTOR_BAD, "%s", err.text);
        advise(f,
               "move queue.db and the files beside it away: the daemon begins a new one, and pictures stay");
    }
    queue_close(q);
}

static void look_gpu(const struct config *c, const struct terminal *t, struct doctor_finding *f)
{
    struct gpu gpu[GPU_MAX];
    int count = gpu_read(gpu);
    (void)c;
    (void)t;
    if (!count) {
        say(f, DOCTOR_GOOD, "%s", *gpu_driver() ? "a driver without a GPU" : "no NVIDIA driver");
        advise(f, "none is needed: the bundled model draws on the CPU");
        return;
    }
    say(f, DOCTOR_GOOD, "%d x %s, driver %s, %.1f of %.1f GiB used, %.0f C", count, gpu[0].name, gpu_driver(),
        gpu[0].memory_used / (1 << 30), gpu[0].memory_total / (1 << 30), gpu[0].celsius);
}

static void look_disk(const struct config *c, const struct terminal *t, struct doctor_finding *f)
{
    char folder[PATH_MAX];
    struct statvfs st;
    (void)t;
    snprintf(folder, sizeof folder, "%s", c->data.folder);
    while (statvfs(folder, &st) && strlen(folder) > 1) { /* the nearest that is there */
        char *slash = strrchr(folder, '/');
        if (!slash)
            break;
        slash[slash == folder] = '\0';
    }
    double mib = (double)st.f_bavail * (double)st.f_frsize / (1 << 20);
    bool closed = access(folder, W_OK) != 0;
    say(f, closed || mib < DISK_NEEDED_MIB ? DOCTOR_BAD : DOCTOR_GOOD, "%.1f GiB free for %s%s", mib / 1024,
        c->data.folder, closed ? ", but it cannot be written" : "");
    if (closed)
        advise(f, "give yourself the folder, or set data.folder to another");
    else if (mib < DISK_NEEDED_MIB)
        advise(f,
               "a sprite takes a few KiB, but the queue needs room to work: free some, or set data.folder");
}

static const struct doctor_row rows[] = {
    { "cpu", look_cpu, NULL },           { "memory", look_memory, NULL }, { "blas", look_blas, NULL },
    { "terminal", look_terminal, NULL }, { "models", look_models, NULL }, { "config", look_config, NULL },
    { "daemon", look_daemon, NULL },     { "queue", look_queue, NULL },   { "comfyui", NULL, doctor_comfyui },
    { "gpu", look_gpu, NULL },           { "disk", look_disk, NULL },
};

const struct doctor_row *doctor_row(size_t i)
{
    return i < SPR_COUNT(rows) ? &rows[i] : NULL;
}
