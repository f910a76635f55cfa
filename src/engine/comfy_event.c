/* Text frames are {"type": T, "data": {...}}; binary frames begin with a big-endian event number: 1 is a picture after
 * a format number, 4 a picture after the length of a JSON object and that object. */
#include "engine/comfy_event.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static int whole_of(const json_t *object, const char *key)
{
    double number = json_number_value(json_object_get(object, key));
    return number >= 0 && number <= 1e6 ? (int)number : 0;
}

static void read_failure(const json_t *data, struct comfy_event *ret)
{
    const char *kind = text_of(data, "exception_type"), *message = text_of(data, "exception_message");
    char first[COMFY_TEXT_BYTES / 2];
    snprintf(first, sizeof first, "%.*s", (int)strcspn(message, "\n"), message);
    snprintf(ret->text, sizeof ret->text, "%.60s (node %.30s): %s", text_of(data, "node_type"), ret->node,
             *first ? first : kind);
    ret->out_of_memory = strstr(kind, "OutOfMemory") != NULL;
}

static void read_event(const char *type, const json_t *data, struct comfy_event *ret)
{
    snprintf(ret->prompt_id, sizeof ret->prompt_id, "%s", text_of(data, "prompt_id"));
    snprintf(ret->node, sizeof ret->node, "%s",
             text_of(data, strncmp(type, "execution_", 10) == 0 ? "node_id" : "node"));
    if (strcmp(type, "status") == 0)
        ret->kind = COMFY_STATUS;
    else if (strcmp(type, "execution_start") == 0)
        ret->kind = COMFY_STARTED;
    else if (strcmp(type, "executing") == 0)
        ret->kind = ret->node[0] ? COMFY_NODE : COMFY_FINISHED;
    else if (strcmp(type, "execution_interrupted") == 0)
        ret->kind = COMFY_INTERRUPTED;
    else if (strcmp(type, "execution_error") == 0 &&
             strcmp(text_of(data, "exception_type"), "ExecutionBlocked") != 0) {
        ret->kind = COMFY_FAILED;
        read_failure(data, ret);
    } else if (strcmp(type, "progress") == 0) {
        ret->kind = COMFY_STEP;
        ret->value = whole_of(data, "value");
        ret->max = whole_of(data, "max");
    }
}

enum spr_code comfy_event_text(const void *data, size_t size, struct comfy_event *ret, struct spr_error *err)
{
    json_error_t at;
    struct comfy_event event = { .kind = COMFY_OTHER };
    enum spr_code rc = SPR_OK;
    if (size > COMFY_FRAME_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "a message of %zu bytes from the server; at most %d", size,
                        COMFY_FRAME_MAX);
    json_t *root = json_loadb(data, size, JSON_DECODE_INT_AS_REAL, &at);
    const char *type = json_string_value(json_object_get(root, "type"));
    const json_t *body = json_object_get(root, "data");
    if (!root)
        rc = SPR_FAIL(err, SPR_BADDATA, "a message from the server is not JSON: %.200s", at.text);
    else if (!type || !json_is_object(body))
        rc = SPR_FAIL(err, SPR_BADDATA, "a message from the server has no type and data");
    else
        read_event(type, body, &event);
    json_decref(root);
    if (!rc)
        *ret = event;
    return rc;
}

static uint32_t big_endian(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void read_about(const unsigned char *json, size_t size, struct comfy_event *ret)
{
    json_t *about = json_loadb((const char *)json, size, 0, NULL);
    snprintf(ret->prompt_id, sizeof ret->prompt_id, "%s", text_of(about, "prompt_id"));
    snprintf(ret->node, sizeof ret->node, "%s", text_of(about, "node_id"));
    json_decref(about);
}

enum spr_code comfy_event_binary(const void *data, size_t size, struct comfy_event *ret,
                                 struct spr_error *err)
{
    const unsigned char *bytes = data;
    struct comfy_event event = { .kind = COMFY_OTHER };
    size_t skip = 8;
    if (size < 8)
        return SPR_FAIL(err, SPR_BADDATA, "a binary message of %zu bytes from the server; 8 at least", size);
    uint32_t kind = big_endian(bytes);
    if (kind == 4) {
        skip = (size_t)8 + big_endian(bytes + 4);
        if (skip > size)
            return SPR_FAIL(err, SPR_BADDATA, "a binary message from the server is cut short");
        read_about(bytes + 8, skip - 8, &event);
    }
    if ((kind == 1 || kind == 4) && size > skip) {
        event.kind = COMFY_PICTURE;
        event.picture = bytes + skip;
        event.picture_size = size - skip;
    }
    *ret = event;
    return SPR_OK;
}
