#include "orchestrate/place.h"

#include "base/file.h"
#include "orchestrate/sum.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REST_BYTES = 200 }; /* what is put behind the folder: a workstream's id and more */

enum spr_code place_init(struct place *ret, const char *plan_file, const struct plan *p,
                         struct spr_error *err)
{
    char real[PATH_MAX];
    struct place at = { 0 };
    if (!realpath(plan_file, real))
        return SPR_FAIL(err, SPR_NOTFOUND, "cannot find %.200s: %s", plan_file, strerror(errno));
    char *slash = strrchr(real, '/');
    size_t home = (size_t)(slash - real);
    if (strlen(real) + strlen(p->name) + REST_BYTES > TASK_PATH_BYTES)
        return SPR_FAIL(err, SPR_LIMIT, "the plan's path has %zu bytes; a run needs it shorter than %d",
                        strlen(real), TASK_PATH_BYTES - REST_BYTES);
    memcpy(at.plan, real, strlen(real) + 1);
    snprintf(at.home, sizeof at.home, "%.*s", home ? (int)home : 1, real);
    snprintf(at.folder, sizeof at.folder, "%.*s/.spritery/%s", (int)home, real, p->name);
    ssize_t n = readlink("/proc/self/exe", at.self, sizeof at.self - 1);
    at.self[n > 0 ? n : 0] = '\0';
    *ret = at;
    return SPR_OK;
}

enum spr_code place_make(const struct place *at, struct spr_error *err)
{
    static const char *const names[] = { "log", "status", "orders", "domain", "socket" };
    char path[TASK_PATH_BYTES + 16];
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; !rc && i < SPR_COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", at->folder, names[i]);
        rc = file_make_folder(path, err);
    }
    if (!rc && chmod(path, 0700)) /* the last: nobody else's business */
        rc = SPR_FAIL(err, SPR_IO, "cannot close %.200s to others: %s", path, strerror(errno));
    return rc;
}

static bool is_program(const char *path)
{
    return access(path, X_OK) == 0;
}

enum spr_code place_tool(const char *name, const char *variable, char path[PATH_MAX], struct spr_error *err)
{
    static const char *const places[] = { "", "../libexec/spritery/", "../cli/" };
    const char *named = getenv(variable);
    char self[PATH_MAX - 64];
    if (named && *named) {
        snprintf(path, PATH_MAX, "%s", named);
        return is_program(path) ? SPR_OK
                                : SPR_FAIL(err, SPR_NOTFOUND, "%s: %.200s cannot be run", variable, named);
    }
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(self, '/');
    for (size_t i = 0; slash && i < SPR_COUNT(places); i++) {
        snprintf(path, PATH_MAX, "%.*s/%s%s", (int)(slash - self), self, places[i], name);
        if (is_program(path))
            return SPR_OK;
    }
    snprintf(path, PATH_MAX, "%s/%s", SPRITERY_LIBEXEC_FOLDER, name); /* where it was installed */
    if (is_program(path))
        return SPR_OK;
    return SPR_FAIL(err, SPR_NOTFOUND,
                    "%s is neither beside this program nor in ../libexec/spritery or %s; %s can name it",
                    name, SPRITERY_LIBEXEC_FOLDER, variable);
}

enum spr_code place_socket(const struct place *at, const char *name, char ret[WIRE_ADDRESS_BYTES],
                           struct spr_error *err)
{
    char other[60];
    int n = snprintf(ret, WIRE_ADDRESS_BYTES, "ipc://%s/socket/%s", at->folder, name);
    if (n - 6 <= WIRE_SOCKET_NAME_MAX)
        return SPR_OK;
    snprintf(other, sizeof other, "plan-%08x-%.40s", sum_more(0, at->folder, strlen(at->folder)), name);
    return wire_ipc_address(other, ret, err);
}

void place_path(const struct place *at, const char *path, char *ret, size_t size)
{
    if (*path == '/')
        snprintf(ret, size, "%s", path);
    else
        snprintf(ret, size, "%s/%s", at->home, path);
}
