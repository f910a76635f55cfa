#include "base/data_find.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FOLDERS_MAX = 32, PARENTS_MAX = 4, SENTENCE_BYTES = 4096 };

/* The folders to look in, in order: texts in one buffer. */
struct folders {
    int count;
    const char *path[FOLDERS_MAX];
    char text[16384];
    size_t used;
};

/* Adds DIRECTORY followed by rest; what does not fit is left out, as a folder that is not there would be. */
static void add_folder(struct folders *f, const char *directory, size_t length, const char *rest)
{
    size_t need = length + strlen(rest) + 1;
    if (length == 0 || f->count == FOLDERS_MAX || need > sizeof f->text - f->used)
        return;
    char *to = f->text + f->used;
    snprintf(to, need, "%.*s%s", (int)length, directory, rest);
    f->path[f->count++] = to;
    f->used += need;
}

/* The folder that belongs to where the running program is: share/spritery/ beside its bin/, or the folder itself beside
 * a meson.build in one of the folders above. */
static void add_program_folders(struct folders *f, const char *folder)
{
    char path[PATH_MAX], probe[PATH_MAX + 16], shared[128], plain[128];
    snprintf(shared, sizeof shared, "/share/spritery/%.100s", folder);
    snprintf(plain, sizeof plain, "/%.100s", folder);
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0)
        return;
    path[length] = '\0';
    for (int i = 0; i <= PARENTS_MAX; i++) {
        char *slash = strrchr(path, '/');
        if (!slash || slash == path)
            return;
        *slash = '\0';
        if (i == 1)
            add_folder(f, path, strlen(path), shared);
        snprintf(probe, sizeof probe, "%s/meson.build", path);
        if (i > 0 && file_exists(probe))
            add_folder(f, path, strlen(path), plain);
    }
}

static void folders_init(struct folders *f, const struct data_kind *kind)
{
    char own[128];
    f->count = 0;
    f->used = 0;
    const char *list = getenv(kind->variable), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    while (list && *list) {
        size_t length = strcspn(list, ":");
        add_folder(f, list, length, "");
        list += length + (list[length] == ':');
    }
    snprintf(own, sizeof own, "%s/spritery/%.80s", data && *data == '/' ? "" : "/.local/share", kind->folder);
    if (data && *data == '/')
        add_folder(f, data, strlen(data), own);
    else if (home)
        add_folder(f, home, strlen(home), own);
    add_program_folders(f, kind->folder);
    snprintf(own, sizeof own, "/%.80s", kind->folder);
    add_folder(f, SPRITERY_DATA_FOLDER, strlen(SPRITERY_DATA_FOLDER), own);
}

/* The length of the name without its ending; 0 where it is of another kind. */
static size_t stem(const struct data_kind *kind, const char *file)
{
    size_t length = strlen(file), ending = strlen(kind->ending);
    bool is_one = file[0] != '.' && length > ending && strcmp(file + length - ending, kind->ending) == 0;
    return is_one ? length - ending : 0;
}

static bool has(const struct data_list *l, const char *name, size_t length)
{
    for (size_t i = 0; i < l->count; i++)
        if (strlen(l->item[i].name) == length && memcmp(l->item[i].name, name, length) == 0)
            return true;
    return false;
}

static enum spr_code add_item(const struct data_kind *kind, struct data_list *l, const char *folder,
                              const char *file, struct spr_error *err)
{
    size_t length = strlen(folder) + strlen(file) + 2;
    char *name = mem_text(file, stem(kind, file)), *path = mem_zalloc(length, 1);
    struct data_found *item = NULL;
    if (name && path)
        item = mem_resize(l->item, l->count + 1, sizeof *item);
    if (!item) {
        mem_free(name);
        mem_free(path);
        return SPR_FAIL(err, SPR_NOMEM, "no memory to list what is in %.200s", folder);
    }
    snprintf(path, length, "%s/%s", folder, file);
    l->item = item;
    l->item[l->count++] = (struct data_found){ name, path };
    return SPR_OK;
}

static enum spr_code list_folder(const struct data_kind *kind, struct data_list *l, const char *folder,
                                 struct spr_error *err)
{
    DIR *d = opendir(folder);
    enum spr_code rc = SPR_OK;
    for (struct dirent *e; d && !rc && (e = readdir(d));)
        if (stem(kind, e->d_name) > 0 && !has(l, e->d_name, stem(kind, e->d_name)))
            rc = add_item(kind, l, folder, e->d_name, err);
    if (d)
        closedir(d);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct data_found *)a)->name, ((const struct data_found *)b)->name);
}

static enum spr_code list_folders(const struct data_kind *kind, const struct folders *f,
                                  struct data_list *ret, struct spr_error *err)
{
    struct data_list l = { 0 };
    enum spr_code rc = SPR_OK;
    for (int i = 0; i < f->count && !rc; i++)
        rc = list_folder(kind, &l, f->path[i], err);
    if (rc) {
        data_list_free(&l);
        return rc;
    }
    if (l.count > 0)
        qsort(l.item, l.count, sizeof *l.item, by_name);
    *ret = l;
    return SPR_OK;
}

enum spr_code data_list(const struct data_kind *kind, struct data_list *ret, struct spr_error *err)
{
    struct folders f;
    folders_init(&f, kind);
    return list_folders(kind, &f, ret, err);
}

void data_list_free(struct data_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        mem_free(l->item[i].name);
        mem_free(l->item[i].path);
    }
    mem_free(l->item);
    *l = (struct data_list){ 0 };
}

/* Says what there is, and where was looked. */
static enum spr_code fail_unknown(const struct data_kind *kind, const char *name, const struct folders *f,
                                  const struct data_list *l, struct spr_error *err)
{
    struct buf b;
    buf_init(&b, SENTENCE_BYTES);
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; i < l->count && !rc; i++)
        rc = buf_addf(&b, NULL, "%s%.40s",
                      i              ? ", "
                      : l->count > 1 ? "; there are "
                                     : "; there is ",
                      l->item[i].name);
    for (int i = 0; i < f->count && l->count == 0 && !rc; i++)
        rc = buf_addf(&b, NULL, "%s%.100s", i ? ", " : "; looked in ", f->path[i]);
    rc = SPR_FAIL(err, SPR_NOTFOUND, "no %s \"%.60s\"%s", kind->word, name, b.data ? b.data : "");
    buf_fini(&b);
    return rc;
}

enum spr_code data_find(const struct data_kind *kind, const char *name, char **ret_path,
                        struct spr_error *err)
{
    if (!name || !*name)
        name = kind->standard;
    char *path = NULL;
    if (strchr(name, '/') || stem(kind, name) > 0) {
        path = mem_text(name, strlen(name));
        if (!path)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for a file name");
        *ret_path = path;
        return SPR_OK;
    }
    struct folders f;
    struct data_list l = { 0 };
    folders_init(&f, kind);
    enum spr_code rc = list_folders(kind, &f, &l, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < l.count && !path; i++)
        if (strcmp(l.item[i].name, name) == 0) {
            path = l.item[i].path;
            l.item[i].path = NULL;
        }
    if (path)
        *ret_path = path;
    else
        rc = fail_unknown(kind, name, &f, &l, err);
    data_list_free(&l);
    return rc;
}
