#include "engine/comfy_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void texts_become_events(void **state)
{
    (void)state;
    static const struct {
        const char *why, *text;
        enum spr_code rc;
        struct comfy_event want;
    } rows[] = {
        { "the first of all",
          "{\"type\":\"status\",\"data\":{\"status\":{},\"sid\":\"a\"}}",
          SPR_OK,
          { .kind = COMFY_STATUS } },
        { "begun",
          "{\"type\":\"execution_start\",\"data\":{\"prompt_id\":\"p\",\"timestamp\":1}}",
          SPR_OK,
          { .kind = COMFY_STARTED, .prompt_id = "p" } },
        { "a node",
          "{\"type\":\"executing\",\"data\":{\"prompt_id\":\"p\",\"node\":\"3\"}}",
          SPR_OK,
          { .kind = COMFY_NODE, .prompt_id = "p", .node = "3" } },
        { "no node: the end",
          "{\"type\":\"executing\",\"data\":{\"prompt_id\":\"p\",\"node\":null}}",
          SPR_OK,
          { .kind = COMFY_FINISHED, .prompt_id = "p" } },
        { "a step",
          "{\"type\":\"progress\",\"data\":{\"prompt_id\":\"p\",\"node\":\"3\",\"value\":4,\"max\":20}}",
          SPR_OK,
          { .kind = COMFY_STEP, .prompt_id = "p", .node = "3", .value = 4, .max = 20 } },
        { "a step out of bounds counts as none",
          "{\"type\":\"progress\",\"data\":{\"prompt_id\":\"p\",\"value\":-4,\"max\":1e300}}",
          SPR_OK,
          { .kind = COMFY_STEP, .prompt_id = "p" } },
        { "a failure, its first line only",
          "{\"type\":\"execution_error\",\"data\":{\"prompt_id\":\"p\",\"node_id\":\"5\",\"node_type\":"
          "\"KSampler\","
          "\"exception_type\":\"RuntimeError\",\"exception_message\":\"a wall\\nand more\"}}",
          SPR_OK,
          { .kind = COMFY_FAILED, .prompt_id = "p", .node = "5", .text = "KSampler (node 5): a wall" } },
        { "memory",
          "{\"type\":\"execution_error\",\"data\":{\"node_id\":\"5\",\"node_type\":\"K\","
          "\"exception_type\":\"torch.OutOfMemoryError\"}}",
          SPR_OK,
          { .kind = COMFY_FAILED,
            .node = "5",
            .text = "K (node 5): torch.OutOfMemoryError",
            .out_of_memory = true } },
        { "blocked is no end",
          "{\"type\":\"execution_error\",\"data\":{\"node_id\":\"5\",\"exception_type\":\"ExecutionBlocked\"}"
          "}",
          SPR_OK,
          { .kind = COMFY_OTHER, .node = "5" } },
        { "stopped",
          "{\"type\":\"execution_interrupted\",\"data\":{\"prompt_id\":\"p\",\"node_id\":\"5\"}}",
          SPR_OK,
          { .kind = COMFY_INTERRUPTED, .prompt_id = "p", .node = "5" } },
        { "unknown",
          "{\"type\":\"crystools.monitor\",\"data\":{\"gpu\":18446744073709551615}}",
          SPR_OK,
          { .kind = COMFY_OTHER } },
        { "not JSON", "{", SPR_BADDATA, { .kind = COMFY_OTHER } },
        { "no type", "{\"data\":{}}", SPR_BADDATA, { .kind = COMFY_OTHER } },
        { "no data", "{\"type\":\"status\"}", SPR_BADDATA, { .kind = COMFY_OTHER } },
        { "a list", "[]", SPR_BADDATA, { .kind = COMFY_OTHER } },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct comfy_event e = { .kind = COMFY_OTHER };
        struct spr_error err;
        enum spr_code rc = comfy_event_text(rows[i].text, strlen(rows[i].text), &e, &err);
        const struct comfy_event *w = &rows[i].want;
        if (rc != rows[i].rc || e.kind != w->kind || strcmp(e.prompt_id, w->prompt_id) != 0 ||
            strcmp(e.node, w->node) != 0 || e.value != w->value || e.max != w->max ||
            strcmp(e.text, w->text) != 0 || e.out_of_memory != w->out_of_memory)
            fail_msg("%s: rc %d, kind %d, \"%s\"", rows[i].why, rc, e.kind, e.text);
    }
}

static void pictures_are_found_in_binary_frames(void **state)
{
    (void)state;
    static const char plain[] = "\0\0\0\1\0\0\0\2PNG", about[] = "\0\0\0\4\0\0\0\x11{\"prompt_id\":\"p\"}PNG",
                      text[] = "\0\0\0\3\0\0\0\1ahello", cut[] = "\0\0\0\4\xff\xff\xff\xf0{}";
    struct comfy_event e;
    struct spr_error err;
    assert_int_equal(comfy_event_binary(plain, sizeof plain - 1, &e, &err), SPR_OK);
    assert_true(e.kind == COMFY_PICTURE && e.picture_size == 3 && memcmp(e.picture, "PNG", 3) == 0);
    assert_string_equal(e.prompt_id, "");
    assert_int_equal(comfy_event_binary(about, sizeof about - 1, &e, &err), SPR_OK);
    assert_true(e.kind == COMFY_PICTURE && e.picture_size == 3 && memcmp(e.picture, "PNG", 3) == 0);
    assert_string_equal(e.prompt_id, "p");
    assert_int_equal(comfy_event_binary(text, sizeof text - 1, &e, &err), SPR_OK);
    assert_int_equal(e.kind, COMFY_OTHER);
    assert_int_equal(comfy_event_binary(plain, 8, &e, &err), SPR_OK);
    assert_int_equal(e.kind, COMFY_OTHER);
    assert_int_equal(comfy_event_binary(cut, sizeof cut - 1, &e, &err), SPR_BADDATA);
    assert_int_equal(comfy_event_binary(plain, 7, &e, &err), SPR_BADDATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_become_events),
        cmocka_unit_test(pictures_are_found_in_binary_frames),
    };
    return cmocka_run_group_tests_name("engine/comfy_event", tests, NULL, NULL);
}
