#include "engine/comfy_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct comfy_values values = {
    .prompt = "a \"red\" dragon {{seed}}",
    .negative = "",
    .model = "",
    .lora = "",
    .seed = UINT64_MAX,
    .steps = 20,
    .cfg = 7,
    .sampler = "euler",
    .denoise = 0.5,
    .batch = 2,
    .prefix = "p",
};

#define NODE(inputs) "{\"1\":{\"class_type\":\"C\",\"inputs\":{" inputs "}}}"
#define EXTRA(inputs)                                                                \
    "{\"_spritery\":{\"defaults\":{\"width\":768,\"negative\":\"blur\",\"cfg\":5}}," \
    "\"1\":{\"class_type\":\"C\",\"inputs\":{" inputs "}}}"

static void slots_are_filled(void **state)
{
    (void)state;
    static const struct {
        const char *why, *template, *want; /* of the inputs */
    } rows[] = {
        { "a number stays a number", NODE("\"a\":\"{{steps}}\",\"b\":\"{{cfg}}\""), "\"a\":20,\"b\":7.0" },
        { "a seed has all of its digits", NODE("\"a\":\"{{seed}}\""), "\"a\":18446744073709551615" },
        { "within a text, all is text", NODE("\"a\":\"s {{steps}}/{{cfg}} {{seed}}\""),
          "\"a\":\"s 20/7 18446744073709551615\"" },
        { "a prompt cannot bring slots or quotes of its own", NODE("\"a\":\"{{prompt}}\""),
          "\"a\":\"a \\\"red\\\" dragon {{seed}}\"" },
        { "not even quoted ones", NODE("\"a\":\"<{{prompt}}>\""),
          "\"a\":\"<a \\\"red\\\" dragon {{seed}}>\"" },
        { "1024 where nobody says a width", NODE("\"a\":\"{{width}}\""), "\"a\":1024" },
        { "the template's own defaults", EXTRA("\"a\":\"{{width}}\",\"b\":\"{{negative}}\""),
          "\"a\":768,\"b\":\"blur\"" },
        { "lists and links are left alone", NODE("\"a\":[\"4\",0],\"b\":[\"{{steps}}\"]"),
          "\"a\":[\"4\",0],\"b\":[20]" },
        { "braces that are no slot", NODE("\"a\":\"{{ x\",\"b\":\"}}\""), "\"a\":\"{{ x\",\"b\":\"}}\"" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct comfy_graph g;
        struct spr_error err;
        struct buf out;
        char want[400];
        buf_init(&out, 10000);
        snprintf(want, sizeof want, "{\"1\":{\"class_type\":\"C\",\"inputs\":{%s}}}", rows[i].want);
        if (comfy_graph_parse(rows[i].template, strlen(rows[i].template), &g, &err) ||
            comfy_graph_fill(&g, &values, &err) || comfy_graph_print(&g, values.seed, &out, &err))
            fail_msg("%s: %s", rows[i].why, err.text);
        if (strcmp(out.data, want) != 0)
            fail_msg("%s:\n%s\nwant\n%s", rows[i].why, out.data, want);
        buf_fini(&out);
        comfy_graph_fini(&g);
    }
}

static void what_is_no_template_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *template, *want;
    } rows[] = {
        { "{", "line 1, column 1" },
        { "[]", "an object of nodes" },
        { "{}", "no nodes" },
        { "{\"nodes\":[]}", "Export (API)" },
        { "{\"1\":{\"class_type\":\"C\"}}", "node 1 has no class_type with inputs" },
        { NODE("\"a\":\"{{seeed}}\""), "no slot is called {{seeed}}" },
        { NODE("\"a\":[\"x {{prompt}} {{y}}\"]"), "no slot is called {{y}}" },
        { NODE("\"a\":1,\"a\":2"), "duplicate" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct comfy_graph g;
        struct spr_error err = { 0 };
        if (comfy_graph_parse(rows[i].template, strlen(rows[i].template), &g, &err) != SPR_BADDATA ||
            !strstr(err.text, rows[i].want))
            fail_msg("%s: %s", rows[i].template, err.text);
    }
}

static enum spr_code class_of(void *context, const char *class, json_t **ret, struct spr_error *err)
{
    (void)context;
    static const char known[] =
        "{\"input\":{\"required\":{\"ckpt\":[[\"a.st\",\"b.st\"]],\"n\":[\"INT\",{}]},"
        "\"optional\":{\"s\":[\"COMBO\",{\"options\":[\"euler\",\"heun\"]}]}}}";
    *ret = strcmp(class, "C") == 0 ? json_loads(known, 0, NULL) : json_object();
    return *ret ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory");
}

static void a_server_is_asked_what_it_has(void **state)
{
    (void)state;
    static const struct {
        const char *template;
        enum spr_code rc;
        const char *want; /* in the failure, or in what is printed */
    } rows[] = {
        { NODE("\"ckpt\":\"a.st\",\"n\":1"), SPR_OK, "\"a.st\"" },
        { NODE("\"ckpt\":\"\",\"n\":1"), SPR_OK, "\"ckpt\":\"a.st\"" },
        { NODE("\"ckpt\":\"a.st\",\"n\":1,\"s\":\"heun\""), SPR_OK, "heun" },
        { NODE("\"ckpt\":[\"4\",0],\"n\":1"), SPR_OK, "[\"4\",0]" },
        { NODE("\"ckpt\":\"a.sf\",\"n\":1"), SPR_NOTFOUND, "no ckpt \"a.sf\"; did you mean \"a.st\"?" },
        { NODE("\"ckpt\":\"a.st\",\"n\":1,\"s\":\"dpm\""), SPR_NOTFOUND,
          "no s \"dpm\"; it has 2, as \"euler\"" },
        { NODE("\"ckpt\":\"a.st\""), SPR_BADDATA, "node 1: C lacks the input n" },
        { "{\"7\":{\"class_type\":\"Fancy\",\"inputs\":{}}}", SPR_UNSUPPORTED,
          "node 7: the server has no node class \"Fancy\"" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct comfy_graph g;
        struct spr_error err = { 0 };
        struct buf out;
        buf_init(&out, 10000);
        assert_int_equal(comfy_graph_parse(rows[i].template, strlen(rows[i].template), &g, &err), SPR_OK);
        enum spr_code rc = comfy_graph_check(&g, class_of, NULL, &err);
        assert_int_equal(comfy_graph_print(&g, 0, &out, rc ? NULL : &err), SPR_OK);
        if (rc != rows[i].rc || !strstr(rc ? err.text : out.data, rows[i].want))
            fail_msg("%s: %d %s %s", rows[i].template, rc, err.text, out.data);
        buf_fini(&out);
        comfy_graph_fini(&g);
    }
}

static void every_template_that_we_ship_is_one(void **state)
{
    (void)state;
    static const char *const names[] = { "txt2img-sdxl", "txt2img-sdxl-lora", "img2img-sdxl",
                                         "batch-sdxl",   "tileset-sdxl",      "animation-sdxl" };
    char folder[4096];
    struct comfy_values v = values;
    v.lora = "l";
    v.image = "i.png";
    snprintf(folder, sizeof folder, "%s/workflows", getenv("SPRITERY_SOURCE_ROOT"));
    setenv("SPRITERY_WORKFLOWS", folder, 1);
    for (size_t i = 0; i < SPR_COUNT(names); i++) {
        struct comfy_graph g;
        struct spr_error err;
        struct buf out;
        buf_init(&out, 100000);
        if (comfy_graph_load(names[i], &g, &err))
            fail_msg("%s", err.text);
        assert_string_equal(g.name, names[i]);
        assert_int_equal(strlen(g.hash), 64);
        assert_true(comfy_graph_uses(&g, "prompt") && comfy_graph_uses(&g, "seed"));
        assert_int_equal(comfy_graph_fill(&g, &v, &err), SPR_OK);
        assert_int_equal(comfy_graph_print(&g, v.seed, &out, &err), SPR_OK);
        assert_non_null(strstr(out.data, "\"seed\":18446744073709551615"));
        buf_fini(&out);
        comfy_graph_fini(&g);
    }
    struct comfy_graph g;
    struct spr_error err;
    v.image = NULL;
    assert_int_equal(comfy_graph_load("img2img-sdxl", &g, &err), SPR_OK);
    assert_int_equal(comfy_graph_fill(&g, &v, &err), SPR_BADARG);
    assert_non_null(strstr(err.text, "--init FILE"));
    comfy_graph_fini(&g);
    assert_int_equal(comfy_graph_load("txt2img", &g, &err), SPR_NOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_filled),
        cmocka_unit_test(what_is_no_template_is_refused),
        cmocka_unit_test(a_server_is_asked_what_it_has),
        cmocka_unit_test(every_template_that_we_ship_is_one),
    };
    return cmocka_run_group_tests_name("engine/comfy_graph", tests, NULL, NULL);
}
