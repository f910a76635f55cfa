/* comfy_event - what a ComfyUI server says over its WebSocket, as plain values.
 * Flow:  engine/comfy_socket -> bytes of one whole frame -> [engine/comfy_event] -> engine/comfy_job
 * Events of other prompts are read too: the caller compares prompt_id ("" where the server does not say).
 * Threads: any; nothing is shared. */
#ifndef ENGINE_COMFY_EVENT_H
#define ENGINE_COMFY_EVENT_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>

enum comfy_event_kind {
    COMFY_OTHER,       /* of a kind that does not matter here, or that is not known */
    COMFY_STATUS,      /* the socket is served: the first thing that a server says */
    COMFY_STARTED,     /* the prompt has begun */
    COMFY_NODE,        /* a node works now: node */
    COMFY_STEP,        /* value of max steps are done at node */
    COMFY_PICTURE,     /* a preview: picture */
    COMFY_FAILED,      /* a node failed: node, text, out_of_memory */
    COMFY_INTERRUPTED, /* somebody stopped it */
    COMFY_FINISHED     /* the worker is done with the prompt and its history is written */
};

enum { COMFY_ID_BYTES = 64, COMFY_NODE_BYTES = 64, COMFY_TEXT_BYTES = 400, COMFY_FRAME_MAX = 32 << 20 };

struct comfy_event {
    enum comfy_event_kind kind;
    char prompt_id[COMFY_ID_BYTES];
    char node[COMFY_NODE_BYTES];
    int value, max;
    char text[COMFY_TEXT_BYTES]; /* "KSampler (node 3): CUDA error" */
    bool out_of_memory;
    const void *picture; /* PNG or JPEG, within the frame that was read: BORROWED */
    size_t picture_size;
};

/* A text frame: JSON. Fails: SPR_BADDATA (not JSON, or not in the form {"type", "data"}), SPR_LIMIT (over
 * COMFY_FRAME_MAX). */
SPR_MUST_USE enum spr_code comfy_event_text(const void *data, size_t size, struct comfy_event *ret,
                                            struct spr_error *err);

/* A binary frame: a preview, or something that does not matter. Fails: SPR_BADDATA (cut short). */
SPR_MUST_USE enum spr_code comfy_event_binary(const void *data, size_t size, struct comfy_event *ret,
                                              struct spr_error *err);

#endif
