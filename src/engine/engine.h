/* engine - one request in, pictures out, whoever makes them.
 * Flow:  cli -> [engine] -> native (paint + pixel) -> pictures with what made them -> cli
 * Invariants: a picture is finished pixel art: alpha 0 or 255, few colours, scaled as asked. Its made_by asks for that
 *   one picture: generating from it again gives the same pixels.
 * Threads: an engine is used by one thread at a time; callbacks come on that thread, between steps.
 * Adding one: a file like native.c that fills an ops table and hands out a struct engine; nothing else changes. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H
#include "base/err.h"
#include "digest/digest.h"
#include "image/image.h"
#include "request/request.h"
#include <stdatomic.h>
#include <stdbool.h>

enum { ENGINE_NAME_BYTES = 64 }; /* of a model's name */

/* Where a picture comes from, beside its request: what makes it possible to make it again, or to see why not. */
struct engine_papers {
    char engine[16];                      /* "native" */
    char model[ENGINE_NAME_BYTES];        /* "sprite32" */
    char model_hash[DIGEST_HEX_BYTES];    /* of the weights file */
    char init_hash[DIGEST_HEX_BYTES];     /* of the file given with --init; "" for none */
    char mask_hash[DIGEST_HEX_BYTES];     /* the same for --mask */
    char palette_hash[DIGEST_HEX_BYTES];  /* the same for a palette file */
    char workflow_hash[DIGEST_HEX_BYTES]; /* the same for a workflow's template */
};

struct engine_picture {
    struct image pixels;
    struct request made_by; /* its own seed, count 1, fields as they were asked for */
    struct engine_papers papers;
    int colors;     /* how many it has, transparent not counted */
    double seconds; /* sampling and finishing */
};

struct engine_progress {
    int step, steps;       /* of the pictures that are being made: done, of */
    int picture, pictures; /* of the request: done, of */
};

/* What the caller hears while it waits. Each may be NULL. All pointers are BORROWED until the call returns. */
struct engine_watch {
    void *context;
    const atomic_bool *cancel; /* looked at between steps; true ends the request with SPR_CANCELLED */
    void (*understood)(void *context,
                       const char *sentence); /* once: "zweihander -> sword 0.8; + item weapon" */
    void (*progress)(void *context, const struct engine_progress *p);
    void (*preview)(void *context, const struct image *im); /* what it looks like so far, not finished */
    /* Each finished picture, in order. A failure ends the request with that failure. */
    enum spr_code (*picture)(void *context, const struct engine_picture *p, struct spr_error *err);
};

struct engine;

struct engine_ops {
    const char *name;
    enum spr_code (*generate)(void *self, const struct request *r, const struct engine_watch *watch,
                              struct spr_error *err);
    void (*close)(void *self); /* TAKES self */
};

/* GIVES *ret (engine_close). TAKES self even on failure. Fails: SPR_NOMEM. For engines, not for their users. */
SPR_MUST_USE enum spr_code engine_new(const struct engine_ops *ops, void *self, struct engine **ret,
                                      struct spr_error *err);
void engine_close(struct engine *e); /* NULL is fine */
const char *engine_name(const struct engine *e);

/* Makes request->count pictures. Fails: SPR_BADARG (request_check, or nothing in the prompt is understood),
 * SPR_NOTFOUND and SPR_BADDATA (model, init, mask, palette), SPR_CANCELLED, SPR_NOMEM, and what watch->picture says. */
SPR_MUST_USE enum spr_code engine_generate(struct engine *e, const struct request *request,
                                           const struct engine_watch *watch, struct spr_error *err);

/* The request of the i-th of request->count pictures: with --vary its vary seed is i further, else its seed; the
 * count is 1. GIVES *ret (request_fini). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code engine_request_of(const struct request *request, int i, struct request *ret,
                                             struct spr_error *err);

/* Only the seeds of that. */
void engine_seeds_of(const struct request *request, int i, uint64_t *ret_seed, uint64_t *ret_vary_seed);

/* The i-th cell of a picture that is a sheet (request_sheet of what made it), or the picture itself. GIVES ret->pixel
 * (image_fini). Fails: SPR_BADARG (no such cell, or a picture of another size), SPR_NOMEM. */
SPR_MUST_USE enum spr_code engine_cell(const struct engine_picture *p, int i, struct image *ret,
                                       struct spr_error *err);

/* The engine in this process: paint/ with the bundled model or another weights file, finished by pixel/. Loads
 * nothing before the first request. threads: 1..256. shelf: the models that several engines share, BORROWED for the
 * engine's life; NULL for one of its own. GIVES *ret. Fails: SPR_NOMEM, SPR_LIMIT. */
struct shelf;
SPR_MUST_USE enum spr_code engine_native(int threads, struct shelf *shelf, struct engine **ret,
                                         struct spr_error *err);

/* ComfyUI servers: url[0..urls-1], as "http://127.0.0.1:8188"; BORROWED until the call returns. Asks none before the
 * first request. Of those that answer, the one with the least to do gets a request; one that does not is left out for a
 * few seconds. Pictures are fetched, made pixel art and finished here. A request's own guidance counts if it was given,
 * else the workflow's. GIVES *ret. Fails: SPR_BADARG (an address, or none at all), SPR_NOMEM. */
SPR_MUST_USE enum spr_code engine_comfyui(const char *const *url, int urls, struct engine **ret,
                                          struct spr_error *err);

#endif
