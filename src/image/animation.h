/* animation - pictures that move: frames of one size with times, tags and slices; any file that we read, by content.
 * Flow:  GIF, APNG, WebP, Aseprite, stills -> [image/animation] -> struct animation -> the same kinds of file
 * Every frame is whole: disposal, blending, layers and linked cels are resolved by the readers. A still picture is an
 *   animation of one frame that lasts 0 ms.
 * Invariants: count >= 1 after a reader; every frame is width x height; 0 <= tag.from <= tag.to < count; 0 <= key.frame
 *   < count, keys in rising order.
 * Threads: a plain value; whoever owns it says.
 * Not here: layers as such (aseprite.h flattens them, or one of them); sheets (pack/). */
#ifndef IMAGE_ANIMATION_H
#define IMAGE_ANIMATION_H
#include "base/buf.h"
#include "base/err.h"
#include "image/image.h"
#include "image/load.h"
#include "image/notes.h"

enum {
    ANIMATION_FRAMES_MAX = 65535,
    ANIMATION_TAGS_MAX = 4096,
    ANIMATION_SLICES_MAX = 4096,
    ANIMATION_MS_MAX = 65535,  /* of one frame: what every kind of file can say */
    ANIMATION_MS_UNSAID = 100, /* a frame of an animation whose file says 0: what browsers show */
};

struct frame {
    struct image image;
    int ms; /* how long it is shown, 1..ANIMATION_MS_MAX; 0 in a still picture */
};

enum tag_direction { TAG_FORWARD, TAG_REVERSE, TAG_PINGPONG, TAG_PINGPONG_REVERSE, TAG_DIRECTION_COUNT };
/* "forward", "reverse", "pingpong", "pingpong_reverse" */
const char *tag_direction_name(enum tag_direction d);

/* Frames from..to, both included. */
struct tag {
    char *name; /* UTF-8 */
    int from, to;
    enum tag_direction direction;
    int repeat; /* 0: not said, which is for ever */
};

struct box {
    int x, y, width, height;
};

/* A named rectangle of the canvas, from its key's frame on. */
struct slice_key {
    int frame;
    struct box bounds; /* may reach out of the canvas */
    bool has_centre, has_pivot;
    struct box centre;    /* of a nine-patch, relative to bounds */
    int pivot_x, pivot_y; /* relative to bounds */
};

struct slice {
    char *name; /* UTF-8 */
    int count;
    struct slice_key *key; /* (count) */
};

struct animation {
    int width, height;
    int count;
    struct frame *frame; /* (count) */
    int plays;           /* how often it is shown; 0: for ever */
    int tags;
    struct tag *tag; /* (tags) */
    int slices;
    struct slice *slice;    /* (slices) */
    struct palette palette; /* the file's own colours, unused ones too; count 0 where it has none */
    int room;               /* frames allocated */
};

void animation_fini(struct animation *a); /* fine on a zeroed one */

/* For readers: SPR_LIMIT where one more frame as large as `like` is over limits->pixels or the number of frames. */
SPR_MUST_USE enum spr_code animation_check(const struct animation *a, const struct image_limits *limits,
                                           const char *kind, const struct image *like, struct spr_error *err);

/* Appends a frame; the first one decides the size. TAKES im (empties it) on success. Fails: SPR_BADARG (another size, ms
 * out of range), SPR_LIMIT (too many frames), SPR_NOMEM. */
SPR_MUST_USE enum spr_code animation_add(struct animation *a, struct image *im, int ms,
                                         struct spr_error *err);
/* The same with a copy of im. */
SPR_MUST_USE enum spr_code animation_add_copy(struct animation *a, const struct image *im, int ms,
                                              struct spr_error *err);

/* BORROWS name. Fails: SPR_BADARG (frames that are not there; a name that is not UTF-8), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code animation_add_tag(struct animation *a, const char *name, int from, int to,
                                             enum tag_direction direction, int repeat, struct spr_error *err);
SPR_MUST_USE enum spr_code animation_add_slice(struct animation *a, const char *name,
                                               const struct slice_key *key, int count, struct spr_error *err);
const struct tag *animation_tag(const struct animation *a, const char *name); /* the first; NULL if none */

int64_t animation_ms(const struct animation *a); /* of all frames, once */

/* The frames as indices into one palette, every colour kept exactly: a's own palette where it has all the colours, else
 * one made as by indexed_from_image. GIVES ret[count] (each by indexed_fini). Fails: SPR_LIMIT (over 256), SPR_NOMEM. */
SPR_MUST_USE enum spr_code animation_indexed(const struct animation *a, struct indexed *ret,
                                             struct spr_error *err);

/* The smallest box that holds every pixel in which the two pictures of one size differ; false where they are equal. */
bool image_difference(const struct image *a, const struct image *b, struct box *ret);

/* BORROWS data. limits NULL: the default; limits->pixels counts all frames together. ret_notes may be NULL.
 * GIVES *ret (animation_fini). Fails: as image_decode; a damaged frame fails the whole. */
SPR_MUST_USE enum spr_code animation_decode(const void *data, size_t size, const struct image_limits *limits,
                                            struct animation *ret, struct notes *ret_notes,
                                            struct spr_error *err);
/* The same from a file ("-" is standard input), whose name stands before the sentence. */
SPR_MUST_USE enum spr_code animation_load(const char *path, const struct image_limits *limits,
                                          struct animation *ret, struct notes *ret_notes,
                                          struct spr_error *err);

/* Appends a file: IMAGE_PNG (an APNG where there is more than one frame), IMAGE_GIF (one palette, at most 256 colours,
 * alpha cut at 128, times in 10 ms), IMAGE_WEBP (lossless), IMAGE_ASEPRITE (one layer; tags, slices and palette kept).
 * notes may be NULL; PNG alone keeps them. Fails: SPR_UNSUPPORTED (JPEG), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code animation_encode(enum image_kind kind, const struct animation *a,
                                            const struct notes *notes, struct buf *into,
                                            struct spr_error *err);
SPR_MUST_USE enum spr_code animation_save(const char *path, enum image_kind kind, const struct animation *a,
                                          const struct notes *notes, enum file_mode mode,
                                          struct spr_error *err);

#endif
