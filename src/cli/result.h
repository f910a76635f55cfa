/* result - where a command that changes pictures puts what it makes: --out as one file, --out as a folder, or here.
 * Flow:  --out, the file that went in -> [cli/result] -> a path and a kind of file -> image/load, image/animation
 * --out is one file where it ends in a kind of picture and is no folder; else it is a folder, made where it is missing.
 * Without --out the result of art/hero.png lies here as hero-WHAT.png, so that nothing takes its source's place.
 * Threads: the main one.
 * Not here: generate's files, which are named by prompt and seed (cli/output.h). */
#ifndef CLI_RESULT_H
#define CLI_RESULT_H
#include "cli/command.h"
#include "image/load.h"
#include <limits.h>

struct result {
    const char *out; /* BORROWS argv; NULL: here */
    bool one;        /* out is the one file */
    bool force;
    enum image_kind kind; /* of the one file */
    const char *what;     /* "-pixel": what a name without --out gets */
};

/* Whether --out is one file, and of which kind. Reads no more than what lies there. */
bool result_one(const char *out, enum image_kind *ret_kind);

/* out may be NULL; results: how many there will be. BORROWS out and what. Makes no folder yet. Fails: SPR_BADARG (JPEG;
 * one file for several results; an ending that no picture has, for one result). */
SPR_MUST_USE enum spr_code result_read(const char *out, size_t results, bool force, const char *what,
                                       struct result *ret, struct spr_error *err);

/* Makes the folder, if there is one to make. */
SPR_MUST_USE enum spr_code result_folder(const struct result *r, struct spr_error *err);

/* What the result of `from` will be: the one file's kind, or from's own, or PNG where that cannot be written. */
enum image_kind result_kind(const struct result *r, const char *from);

/* Where it goes. name: of the file that went in; its folders are kept below --out and dropped here, so hand in the part
 * that is to be kept. member: one of several results of a file ("-left"; "" for none), which stands for `what` then.
 * Fails: SPR_LIMIT. */
SPR_MUST_USE enum spr_code result_path(const struct result *r, const char *name, const char *member,
                                       enum image_kind kind, char ret[PATH_MAX], struct spr_error *err);

enum file_mode result_mode(const struct result *r);

/* The last part of a path. BORROWS it. */
const char *result_name(const char *path);

/* rc as it is; where it is SPR_EXISTS, the sentence is that path is taken and --force replaces it. */
enum spr_code result_taken(enum spr_code rc, const char *path, struct spr_error *err);

#endif
