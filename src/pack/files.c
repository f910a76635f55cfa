/* Operands become a list of named files. */
#include "base/mem.h"
#include "base/str.h"
#include "pack/sprites.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { FOLDER_DEPTH_MAX = 32 };

struct finder {
    struct sprite_files files;
    int room;
    struct spr_error *err;
};

static const char *const endings[] = {
    ".png", ".gif", ".webp", ".jpg", ".jpeg", ".apng", ".ase", ".aseprite"
};

static size_t stem_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && dot != name ? (size_t)(dot - name) : strlen(name);
}

static bool is_picture(const char *name)
{
    const char *ending = name + stem_length(name);
    for (size_t i = 0; i < SPR_COUNT(endings); i++)
        if (strcasecmp(ending, endings[i]) == 0)
            return true;
    return false;
}

/* "walk_01_120ms" -> "walk_01" and 120. */
static int cut_duration(char *name)
{
    size_t end = strlen(name);
    if (end < 4 || strcmp(name + end - 2, "ms") != 0)
        return 0;
    size_t first = end - 2;
    while (first > 0 && name[first - 1] >= '0' && name[first - 1] <= '9')
        first--;
    uint64_t ms;
    char digits[8];
    if (first < 2 || first == end - 2 || end - 2 - first >= sizeof digits || !strchr("_- .", name[first - 1]))
        return 0;
    memcpy(digits, name + first, end - 2 - first);
    digits[end - 2 - first] = '\0';
    if (!str_to_u64(digits, &ms) || ms < 1 || ms > 65535)
        return 0;
    name[first - 1] = '\0';
    return (int)ms;
}

/* prefix: of the name, with its '/' at the end, or "". */
static enum spr_code add_file(struct finder *f, const char *path, const char *prefix, const char *base)
{
    struct sprite_files *all = &f->files;
    if (all->count == SPRITE_FILES_MAX)
        return SPR_FAIL(f->err, SPR_LIMIT, "more than %d files; pack them in parts", SPRITE_FILES_MAX);
    if (all->count == f->room) {
        int room = f->room ? f->room * 2 : 64;
        void *grown = mem_resize(all->item, (size_t)room, sizeof *all->item);
        if (!grown)
            return SPR_FAIL(f->err, SPR_NOMEM, "no memory for %d files", room);
        all->item = grown;
        f->room = room;
    }
    size_t before = strlen(prefix), stem = stem_length(base);
    struct sprite_file *file = &all->item[all->count];
    *file = (struct sprite_file){ .path = mem_text(path, strlen(path)),
                                  .name = mem_zalloc(before + stem + 1, 1) };
    all->count++;
    if (!file->path || !file->name)
        return SPR_FAIL(f->err, SPR_NOMEM, "no memory for a file's name");
    memcpy(file->name, prefix, before);
    memcpy(file->name + before, base, stem);
    if (before + stem > ATLAS_NAME_MAX - 16)
        return SPR_FAIL(f->err, SPR_LIMIT, "%.80s...: a name of %zu bytes; %d are allowed", file->name,
                        before + stem, ATLAS_NAME_MAX - 16);
    file->duration_ms = cut_duration(file->name);
    return SPR_OK;
}

static enum spr_code walk(struct finder *f, const char *folder, const char *prefix, int depth);

static enum spr_code take_entry(struct finder *f, const char *folder, const char *prefix, const char *name,
                                int depth)
{
    char path[PATH_MAX], below[ATLAS_NAME_MAX];
    struct stat st;
    if (name[0] == '.')
        return SPR_OK;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return SPR_FAIL(f->err, SPR_LIMIT, "%.80s...: the path is too long", folder);
    if (stat(path, &st))
        return SPR_FAIL(f->err, SPR_IO, "cannot look at %.300s: %s", path, strerror(errno));
    if (S_ISREG(st.st_mode))
        return is_picture(name) ? add_file(f, path, prefix, name) : SPR_OK;
    if (!S_ISDIR(st.st_mode))
        return SPR_OK;
    if (snprintf(below, sizeof below, "%s%s/", prefix, name) >= (int)sizeof below)
        return SPR_FAIL(f->err, SPR_LIMIT, "%.80s...: names below it are too long", path);
    return walk(f, path, below, depth + 1);
}

static enum spr_code walk(struct finder *f, const char *folder, const char *prefix, int depth)
{
    if (depth > FOLDER_DEPTH_MAX)
        return SPR_FAIL(f->err, SPR_LIMIT, "%.200s: folders lie more than %d deep", folder, FOLDER_DEPTH_MAX);
    DIR *d = opendir(folder);
    if (!d)
        return SPR_FAIL(f->err, SPR_IO, "cannot open the folder %.300s: %s", folder, strerror(errno));
    enum spr_code rc = SPR_OK;
    struct dirent *e;
    while (!rc && (errno = 0, e = readdir(d)))
        rc = take_entry(f, folder, prefix, e->d_name, depth);
    if (!rc && errno)
        rc = SPR_FAIL(f->err, SPR_IO, "cannot read the folder %.300s: %s", folder, strerror(errno));
    closedir(d);
    return rc;
}

static int by_order(const void *a, const void *b)
{
    const struct sprite_file *x = a, *y = b;
    int order = sprite_name_order(x->name, y->name);
    return order ? order : strcmp(x->path, y->path);
}

/* One file given twice counts once; two files of one name are a mistake. */
static enum spr_code settle_names(struct finder *f)
{
    struct sprite_files *all = &f->files;
    int kept = 0;
    if (all->count > 1)
        qsort(all->item, (size_t)all->count, sizeof *all->item, by_order);
    for (int i = 0; i < all->count; i++) {
        struct sprite_file *file = &all->item[i], *last = kept ? &all->item[kept - 1] : NULL;
        if (last && strcmp(last->name, file->name) == 0) {
            if (strcmp(last->path, file->path) != 0)
                return SPR_FAIL(
                    f->err, SPR_BADARG,
                    "%.150s and %.150s would both be called \"%.80s\"; give their folder instead, so that "
                    "names tell them apart",
                    last->path, file->path, file->name);
            mem_free(file->path);
            mem_free(file->name);
            *file = (struct sprite_file){ 0 };
            continue;
        }
        struct sprite_file moved = *file;
        *file = (struct sprite_file){ 0 };
        all->item[kept++] = moved;
    }
    all->count = kept;
    return SPR_OK;
}

static enum spr_code take_operand(struct finder *f, const char *path)
{
    struct stat st;
    if (stat(path, &st))
        return SPR_FAIL(f->err, errno == ENOENT ? SPR_NOTFOUND : SPR_IO, "cannot open %.300s: %s", path,
                        strerror(errno));
    if (!S_ISDIR(st.st_mode)) {
        const char *slash = strrchr(path, '/');
        return add_file(f, path, "", slash ? slash + 1 : path);
    }
    char folder[PATH_MAX];
    size_t length = strlen(path);
    if (length >= sizeof folder)
        return SPR_FAIL(f->err, SPR_LIMIT, "%.80s...: the path is too long", path);
    memcpy(folder, path, length + 1);
    while (length > 1 && folder[length - 1] == '/')
        folder[--length] = '\0';
    int before = f->files.count;
    enum spr_code rc = walk(f, folder, "", 0);
    if (!rc && f->files.count == before)
        rc = SPR_FAIL(f->err, SPR_NOTFOUND, "%.300s holds no picture", path);
    return rc;
}

enum spr_code sprite_files_find(const char *const *path, int count, struct sprite_files *ret,
                                struct spr_error *err)
{
    struct finder f = { .err = err };
    enum spr_code rc = SPR_OK;
    for (int i = 0; i < count && !rc; i++)
        rc = take_operand(&f, path[i]);
    if (!rc)
        rc = settle_names(&f);
    if (rc)
        sprite_files_fini(&f.files);
    else
        *ret = f.files;
    return rc;
}

void sprite_files_fini(struct sprite_files *f)
{
    for (int i = 0; i < f->count; i++) {
        mem_free(f->item[i].path);
        mem_free(f->item[i].name);
    }
    mem_free(f->item);
    *f = (struct sprite_files){ 0 };
}

bool sprite_name_split(const char *name, size_t *ret_base, int *ret_number)
{
    size_t end = strlen(name), first = end;
    while (first > 0 && name[first - 1] >= '0' && name[first - 1] <= '9')
        first--;
    size_t base = first;
    while (base > 0 && strchr("_- .#", name[base - 1]))
        base--;
    if (base == 0 || name[base - 1] == '/' || first == end || end - first > 9)
        return false;
    uint64_t n;
    *ret_base = base;
    *ret_number = str_to_u64(name + first, &n) ? (int)n : 0;
    return true;
}

int sprite_name_order(const char *a, const char *b)
{
    size_t m, n;
    int i = -1, j = -1;
    char base[2][ATLAS_NAME_MAX + 1];
    const char *name[2] = { a, b };
    size_t length[2] = { sprite_name_split(a, &m, &i) ? m : strlen(a),
                         sprite_name_split(b, &n, &j) ? n : strlen(b) };
    for (int k = 0; k < 2; k++) {
        length[k] = length[k] > ATLAS_NAME_MAX ? ATLAS_NAME_MAX : length[k];
        memcpy(base[k], name[k], length[k]);
        base[k][length[k]] = '\0';
    }
    int order = atlas_name_order(base[0], base[1]);
    if (order)
        return order;
    return i != j ? (i < j ? -1 : 1) : strcmp(a, b);
}
