/* Any bytes as a message: refused with a sentence, or read; what is read is written and read again the same. */
#include "base/utf8.h"
#include "wire/messages.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool what)
{
    if (!what)
        abort();
}

static void again(const struct wire_schema *const *set, const struct wire_schema *schema, const void *object)
{
    const struct wire_schema *got;
    struct wire_pool pool = { 0 };
    struct buf first, second;
    struct spr_error err = { 0 };
    void *copy;
    buf_init(&first, WIRE_MESSAGE_MAX);
    buf_init(&second, WIRE_MESSAGE_MAX);
    enum spr_code rc = wire_encode(schema, object, &first, &err);
    need(rc == SPR_OK ||
         rc == SPR_LIMIT); /* small numbers grow: a message just under the limit may pass it */
    if (!rc) {
        need(wire_decode(set, first.data, first.length, &pool, &got, &copy, &err) == SPR_OK && got == schema);
        need(wire_encode(schema, copy, &second, &err) == SPR_OK);
        need(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
    }
    buf_fini(&first);
    buf_fini(&second);
    wire_pool_reset(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct wire_schema *const *const sets[] = { message_requests, message_answers, message_updates,
                                                      message_events };
    for (size_t i = 0; i < SPR_COUNT(sets); i++) {
        const struct wire_schema *schema = NULL;
        struct wire_pool pool = { 0 };
        struct spr_error err = { 0 };
        void *object = NULL;
        enum spr_code rc = wire_decode(sets[i], data, size, &pool, &schema, &object, &err);
        need(rc != SPR_INTERNAL && pool.used <= 64 * size + ((size_t)1 << 20));
        need(rc ? err.text[0] && utf8_valid(err.text, strlen(err.text), NULL) : schema && object);
        if (!rc)
            again(sets[i], schema, object);
        wire_pool_reset(&pool);
    }
    return 0;
}
