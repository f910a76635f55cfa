/* Any bytes as what a ComfyUI server or a workflow file may hold. The first byte chooses: a text frame, a binary frame, a
 * template that is then filled and printed. */
#include "engine/comfy_event.h"
#include "engine/comfy_graph.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_event(const struct comfy_event *e, const uint8_t *data, size_t size)
{
    const uint8_t *picture = e->picture;
    if (e->value < 0 || e->max < 0 || strnlen(e->text, sizeof e->text) == sizeof e->text)
        abort();
    if (e->kind == COMFY_PICTURE && (picture < data || picture + e->picture_size != data + size))
        abort();
}

static void use_template(const char *text, size_t size)
{
    static const struct comfy_values values = { .prompt = "a \"b\"\n{{seed}}",
                                                .lora = "l",
                                                .seed = UINT64_MAX,
                                                .steps = 3,
                                                .cfg = 0.1,
                                                .sampler = "euler",
                                                .batch = 1,
                                                .prefix = "p" };
    struct comfy_graph g;
    struct spr_error err;
    struct buf out;
    buf_init(&out, 1 << 24);
    if (comfy_graph_parse(text, size, &g, &err))
        return;
    if (!comfy_graph_fill(&g, &values, &err) && !comfy_graph_print(&g, values.seed, &out, &err)) {
        json_t *again = json_loadb(out.data, out.length, JSON_DECODE_INT_AS_REAL, NULL);
        if (!again)
            abort(); /* whatever goes in, JSON comes out */
        json_decref(again);
    }
    buf_fini(&out);
    comfy_graph_fini(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct comfy_event e;
    struct spr_error err;
    if (size == 0)
        return 0;
    const uint8_t *rest = data + 1;
    if (data[0] % 3 == 0 && !comfy_event_text(rest, size - 1, &e, &err))
        check_event(&e, rest, size - 1);
    if (data[0] % 3 == 1 && !comfy_event_binary(rest, size - 1, &e, &err))
        check_event(&e, rest, size - 1);
    if (data[0] % 3 == 2)
        use_template((const char *)rest, size - 1);
    return 0;
}
