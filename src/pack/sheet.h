/* sheet - sheets as files: our own description (NAME.pack.json), and the JSON that other programs write.
 * Flow:  bytes -> [pack/sheet] -> struct sheet -> unpack, animate, an incremental pack;  struct sheet -> [pack/sheet] -> bytes
 * Reads our own form, Aseprite's and TexturePacker's JSON (list or map, also PixiJS's), Phaser's with several textures,
 *   Tiled's tile sets and Godot's SpriteFrames.
 * Invariants: what is read has passed atlas_check; page files are plain relative paths that do not leave the folder.
 * Threads: any. */
#ifndef PACK_SHEET_H
#define PACK_SHEET_H
#include "base/buf.h"
#include "digest/digest.h"
#include "pack/atlas.h"

#define SHEET_BYTES_MAX ((size_t)64 << 20)

struct sheet_file {
    char *path; /* owned */
    char hash[DIGEST_HEX_BYTES];
};

struct sheet_list {
    struct sheet_file *item;
    int count;
};

struct sheet {
    struct atlas atlas;
    bool ours;                 /* our own form: what follows is known */
    int empty;                 /* frames without a visible pixel */
    char *rules;               /* owned: what decides places */
    char *settings;            /* owned: everything that was asked for */
    struct sheet_list inputs;  /* files that were packed, in order of names; the sidecar last */
    struct sheet_list outputs; /* relative to the sheet's folder */
    struct sheet_list pixels;  /* one for each page: hash of its pixels */
    char **related; /* (related_count) names of other files with more pages; TexturePacker's and PixiJS's */
    int related_count;
};

void sheet_fini(struct sheet *s); /* fine on a zeroed one */

/* BORROWS data. GIVES *ret (sheet_fini). Fails: SPR_BADDATA (not JSON: with line; not a sheet; damaged), SPR_LIMIT,
 * SPR_NOMEM. */
SPR_MUST_USE enum spr_code sheet_decode(const char *data, size_t length, struct sheet *ret,
                                        struct spr_error *err);

/* The same from a file, with the files it is related to; the path stands before the sentence. */
SPR_MUST_USE enum spr_code sheet_read(const char *path, struct sheet *ret, struct spr_error *err);

/* Our own description of the sheet that the file at `path` was written for, if the file is as it was written. It lies beside
 * it or, of several targets (OUT/css/NAME.css), two folders up; false if not. */
bool sheet_described(const char *path, char *ret, size_t size);

/* Appends our own form. Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code sheet_encode(const struct sheet *s, struct buf *into, struct spr_error *err);

/* Appends a copy. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code sheet_list_add(struct sheet_list *l, const char *path, const char *hash,
                                          struct spr_error *err);

void sheet_list_fini(struct sheet_list *l); /* fine on a zeroed one */

/* True where the file begins as a JSON object does; false also where it cannot be read. "-" is no sheet. */
bool sheet_is_file(const char *path);

/* Every frame at its source size, in the order of the sheet, with times and tags: what plays. Frames must be of one size;
 * path: of the sheet, for the pages beside it. tag NULL: all frames. GIVES *ret (animation_fini). Fails: SPR_NOTFOUND (no
 * such tag), SPR_BADARG (sizes differ), and as reading does. */
SPR_MUST_USE enum spr_code sheet_animation(const char *path, const char *tag, struct animation *ret,
                                           struct spr_error *err);

/* Loads the pages' pictures. folder: of the sheet. GIVES *ret_page[atlas.pages] (sheet_pages_free). */
SPR_MUST_USE enum spr_code sheet_pages_load(const struct sheet *s, const char *folder,
                                            struct image **ret_page, struct spr_error *err);
void sheet_pages_free(const struct sheet *s, struct image *page);

/* "a/b.json" -> "a", "b.json" -> ".". */
void sheet_folder(const char *path, char *ret, size_t size);

#endif
