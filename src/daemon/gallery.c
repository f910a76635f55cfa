#include "daemon/gallery.h"

#include "base/file.h"
#include "base/str.h"
#include "digest/digest.h"
#include "engine/papers.h"
#include "image/png.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NAME_BYTES = 80, PLAIN_MAX = 64 };

static void hash_of(const char *id, uint8_t ret[DIGEST_BYTES])
{
    struct digest d;
    digest_init(&d);
    digest_add(&d, id, strlen(id));
    digest_end(&d, ret);
}

/* Two ids never share a name: one that is safe stands for itself, and only others begin with "=". */
static void name_of(const char *id, char ret[NAME_BYTES])
{
    size_t safe = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    if (!id[safe] && safe <= PLAIN_MAX && id[0] != '.' && id[0] != '-') {
        snprintf(ret, NAME_BYTES, "%s", id);
        return;
    }
    uint8_t hash[DIGEST_BYTES];
    hash_of(id, hash);
    ret[0] = '=';
    str_hex(hash, sizeof hash, ret + 1);
}

static enum spr_code write_png(const char *path, const struct image *im, const struct notes *notes,
                               struct spr_error *err)
{
    return png_write(path, im, notes, FILE_REPLACE, err);
}

/* PICTURE_01.png and so on: a sheet's cells, for clients that want no sheet. */
static enum spr_code write_cells(const char *picture, const struct engine_picture *p, struct spr_error *err)
{
    struct request_sheet s;
    char path[PATH_MAX];
    enum spr_code rc = SPR_OK;
    for (int i = 0; !rc && request_sheet(&p->made_by, &s) && i < s.cells; i++) {
        struct image cell;
        if (snprintf(path, sizeof path, "%.*s_%02d.png", (int)(strlen(picture) - 4), picture, i + 1) >=
            PATH_MAX)
            return SPR_FAIL(err, SPR_LIMIT, "a picture's name is too long: %.80s...", picture);
        rc = engine_cell(p, i, &cell, err);
        if (rc)
            break;
        rc = write_png(path, &cell, NULL, err);
        image_fini(&cell);
    }
    return rc;
}

enum spr_code gallery_picture(const char *gallery, const char *id, int number, const struct engine_picture *p,
                              char *ret_path, struct spr_error *err)
{
    char name[NAME_BYTES], folder[PATH_MAX];
    struct notes notes = { 0 };
    name_of(id, name);
    uint8_t hash[DIGEST_BYTES];
    hash_of(id, hash);
    unsigned shard = hash[0];
    if (snprintf(folder, sizeof folder, "%s/%02x", gallery, shard) >= (int)sizeof folder ||
        snprintf(ret_path, PATH_MAX, "%s/%02x/%s-%d.png", gallery, shard, name, number) >= PATH_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "the gallery's name is too long: %.80s...", gallery);
    enum spr_code rc = papers_write(p, &notes, err);
    if (!rc) {
        rc = write_png(ret_path, &p->pixels, &notes, err);
        if (rc == SPR_NOTFOUND && !(rc = file_make_folder(folder, err)))
            rc = write_png(ret_path, &p->pixels, &notes, err);
    }
    if (!rc)
        rc = write_cells(ret_path, p, err);
    notes_fini(&notes);
    return rc;
}

static bool preview_path(const char *folder, const char *id, char *ret_path)
{
    char name[NAME_BYTES];
    name_of(id, name);
    return snprintf(ret_path, PATH_MAX, "%s/%s.png", folder, name) < PATH_MAX;
}

enum spr_code gallery_preview(const char *folder, const char *id, const struct image *im, char *ret_path,
                              struct spr_error *err)
{
    if (!preview_path(folder, id, ret_path))
        return SPR_FAIL(err, SPR_LIMIT, "the folder's name is too long: %.80s...", folder);
    return write_png(ret_path, im, NULL, err);
}

void gallery_drop_preview(const char *folder, const char *id)
{
    char path[PATH_MAX];
    if (preview_path(folder, id, path))
        unlink(path);
}

/* Removes the files of a folder that end so, and gives those that begin with two hexadecimal digits to `below`. */
static void sweep(const char *folder, const char *ending, bool below)
{
    char path[PATH_MAX];
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t n = strlen(e->d_name), k = strlen(ending);
        if (e->d_name[0] == '.' && n <= 2)
            continue;
        if (snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= (int)sizeof path)
            continue;
        if (n > k && strcmp(e->d_name + n - k, ending) == 0)
            unlink(path);
        else if (below && n == 2 && strspn(e->d_name, "0123456789abcdef") == 2)
            sweep(path, ending, false);
    }
    if (d)
        closedir(d);
}

void gallery_sweep(const char *gallery, const char *previews)
{
    sweep(gallery, ".part", true);
    sweep(previews, ".part", false);
    sweep(previews, ".png", false);
}
