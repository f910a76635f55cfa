/* safetensors - named tensors and text notes in one file, read without trusting it and written whole.
 * Flow:  file -> [nn/safetensors] -> paint/model, train;  train -> [nn/safetensors] -> file
 * Invariants: what opened is sound: every tensor lies inside the file and is as long as its type and shape say, the
 *   tensors cover the data without gap or overlap, names are unique. Whether numbers are finite is not looked at.
 * Threads: immutable once open; any number of readers.
 * A file is read into memory, so that what others do to it afterwards does not show.
 * Not here: what the tensors mean (paint/model.h). */
#ifndef NN_SAFETENSORS_H
#define NN_SAFETENSORS_H
#include "base/err.h"
#include "base/file.h"
#include <stdbool.h>
#include <stddef.h>

enum {
    SAFETENSORS_HEADER_MAX = 16 << 20, /* bytes; the published model has 31 kB */
    SAFETENSORS_TENSORS_MAX = 65536,
    SAFETENSORS_RANK_MAX = 8
};

enum tensor_type {
    TENSOR_F32, /* the first three are the ones tensor_floats reads */
    TENSOR_F16,
    TENSOR_BF16,
    TENSOR_F64,
    TENSOR_I64,
    TENSOR_I32,
    TENSOR_I16,
    TENSOR_I8,
    TENSOR_U64,
    TENSOR_U32,
    TENSOR_U16,
    TENSOR_U8,
    TENSOR_BOOL,
    TENSOR_TYPE_COUNT
};

const char *tensor_type_name(enum tensor_type type); /* "F32" */
size_t tensor_type_bytes(enum tensor_type type);     /* of one element */
static inline bool tensor_type_is_float(enum tensor_type type)
{
    return type <= TENSOR_BF16;
}

struct tensor {
    const char *name;
    enum tensor_type type;
    int rank;                           /* 0 is a single number */
    size_t shape[SAFETENSORS_RANK_MAX]; /* [rank] */
    size_t count;                       /* elements */
    const unsigned char *data;          /* count elements, little-endian, perhaps not aligned */
};

/* Writes elements first .. first + count - 1 as floats. The type must be one of the float types. */
void tensor_floats(const struct tensor *t, size_t first, size_t count, float *ret);
/* "[32, 4, 3, 3]", cut to fit. */
void tensor_shape_text(int rank, const size_t *shape, char *text, size_t size);

struct safetensors;

/* GIVES *ret (safetensors_close). Fails: SPR_NOTFOUND, SPR_IO, SPR_BADDATA, SPR_LIMIT, SPR_UNSUPPORTED (a type this
 * program does not know), SPR_NOMEM; the sentence begins with the path. */
SPR_MUST_USE enum spr_code safetensors_open(const char *path, struct safetensors **ret,
                                            struct spr_error *err);
/* The same on bytes in memory, which it BORROWS until it is closed. */
SPR_MUST_USE enum spr_code safetensors_parse(const void *bytes, size_t size, struct safetensors **ret,
                                             struct spr_error *err);
void safetensors_close(struct safetensors *s); /* NULL is fine */

/* Gives back the memory of those tensors that `keep` does not want: their bytes, and safetensors_bytes', are no longer
 * what they were. A no-op after safetensors_parse. Until this returns nobody else may read *s. */
void safetensors_trim(struct safetensors *s, bool (*keep)(const struct tensor *t));

/* Tensors sorted by name; they and their names live as long as the file is open. */
size_t safetensors_count(const struct safetensors *s);
const struct tensor *safetensors_at(const struct safetensors *s, size_t i);
const struct tensor *safetensors_find(const struct safetensors *s, const char *name); /* NULL if none */

/* The whole file's bytes, for a checksum. */
struct file_bytes safetensors_bytes(const struct safetensors *s);

/* A line of the file's metadata. */
struct note {
    const char *key, *value;
};
size_t safetensors_notes(const struct safetensors *s);
struct note safetensors_note_at(const struct safetensors *s, size_t i);     /* sorted by key */
const char *safetensors_note(const struct safetensors *s, const char *key); /* NULL if none */

/* A tensor to be written. */
struct tensor_source {
    const char *name;
    int rank;
    enum tensor_type raw_type; /* with raw */
    size_t shape[SAFETENSORS_RANK_MAX];
    const float *data;
    const void *raw; /* not NULL: elements of raw_type, written as they are, and data is not looked at */
};

/* Publishes tensors and notes under path, sorted by name; numbers as F32, or F16 rounded to nearest even. The bytes
 * depend on nothing but what is asked for. BORROWS all. Fails: SPR_BADARG (a name or key twice, a name that is
 * "__metadata__" or not UTF-8), SPR_LIMIT (header too long), SPR_NOMEM, and as file_write does. */
struct safetensors_content {
    const struct tensor_source *tensor;
    size_t tensors;
    const struct note *note;
    size_t notes;
    enum tensor_type type; /* TENSOR_F32 or TENSOR_F16 */
};
SPR_MUST_USE enum spr_code safetensors_write(const char *path, const struct safetensors_content *content,
                                             enum file_mode mode, struct spr_error *err);
/* The same bytes, appended to *into instead. */
SPR_MUST_USE enum spr_code safetensors_encode(const struct safetensors_content *content, struct buf *into,
                                              struct spr_error *err);

#endif
