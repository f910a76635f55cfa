/* The catalog beside a server of our own that says what a ComfyUI server would. */
#include "daemon/catalog.h"

#include "base/file.h"
#include "base/mem.h"
#include "daemon/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SERVERS = 2 };

/* What a server says: JSON lists. NULL: it answers 500. */
struct server {
    const char *checkpoints, *loras;
    int asked;
    struct http *http;
};

static uv_loop_t loop;
static struct server server[SERVERS];
static char folder[64];
static struct catalog *catalog; /* of a test */
static struct spr_error err;

static unsigned answer(void *context, const char *path, struct buf *body)
{
    struct server *s = context;
    const char *class = strrchr(path, '/') + 1, *input = "vae_name", *choices = "[]";
    s->asked++;
    if (!s->checkpoints)
        return 500;
    if (strcmp(class, "CheckpointLoaderSimple") == 0) {
        input = "ckpt_name";
        choices = s->checkpoints;
    } else if (strcmp(class, "LoraLoader") == 0) {
        input = "lora_name";
        choices = s->loras;
    }
    return buf_addf(body, NULL, "{\"%s\":{\"input\":{\"required\":{\"%s\":[%s]}}}}", class, input, choices)
               ? 500
               : 200;
}

static void write_model(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s.safetensors", folder, name);
    assert_int_equal(file_write(path, "not looked into", 15, FILE_REPLACE, &err), SPR_OK);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/spritery-catalog.XXXXXX");
    if (!mkdtemp(folder) || setenv("SPRITERY_MODELS", folder, 1) || setenv("HOME", folder, 1) ||
        uv_loop_init(&loop))
        return -1;
    for (int i = 0; i < SERVERS; i++) {
        server[i] = (struct server){ .checkpoints = "[]", .loras = "[]" };
        if (http_start(&loop, "127.0.0.1:0", answer, &server[i], &server[i].http, &err))
            return -1;
    }
    return 0;
}

static void close_handle(uv_handle_t *h, void *context)
{
    (void)context;
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    char line[128];
    catalog_stop(catalog);
    for (int i = 0; i < SERVERS; i++)
        http_stop(server[i].http);
    uv_walk(&loop, close_handle, NULL);
    uv_run(&loop, UV_RUN_DEFAULT); /* until nobody is being asked */
    catalog_free(catalog);
    catalog = NULL;
    snprintf(line, sizeof line, "rm -rf %s", folder);
    return uv_loop_close(&loop) || system(line) ? -1 : 0;
}

static struct catalog *open_it(const char *more)
{
    char servers[256];
    snprintf(servers, sizeof servers, "http://%s, http://%s%s", http_address(server[0].http),
             http_address(server[1].http), more);
    assert_int_equal(catalog_new(&loop, servers, &catalog, &err), SPR_OK);
    return catalog;
}

static void turn(int turns)
{
    for (int i = 0; i < turns; i++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        uv_sleep(5);
    }
}

/* Until the last server was asked so often, or for ten seconds. */
static void until_asked(int times)
{
    for (int i = 0; i < 2000 && server[1].asked < times; i++)
        turn(1);
    turn(20); /* what it said arrives, and a question too many */
}

/* "name/kind name/kind ", less the model that the program itself brings. */
static void print(const struct catalog *c, struct buf *text)
{
    struct catalog_list l = { 0 };
    assert_int_equal(catalog_list(c, &l, &err), SPR_OK);
    text->length = 0;
    assert_int_equal(buf_addf(text, &err, "%s", ""), SPR_OK);
    for (size_t i = 0; i < l.count; i++)
        if (strcmp(l.item[i].name, "sprite32") != 0)
            assert_int_equal(buf_addf(text, &err, "%s/%s ", l.item[i].name, l.item[i].kind), SPR_OK);
    catalog_list_free(&l);
}

/* Now, or within ten seconds. */
static void expect(const struct catalog *c, const char *want)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    print(c, &text);
    for (int i = 0; i < 2000 && strcmp(text.data, want) != 0; i++) {
        turn(1);
        print(c, &text);
    }
    assert_string_equal(text.data, want);
    buf_fini(&text);
}

static void ours_and_the_servers_by_name(void **state)
{
    (void)state;
    write_model("Knights");
    write_model("beasts");
    server[0].checkpoints = "[\"sdxl.safetensors\", \"Apples.ckpt\"]";
    server[0].loras = "[\"style/mine.safetensors\"]";
    server[1].checkpoints = "[\"sdxl.safetensors\", \"zebra\", 7, null]";
    struct catalog *c = open_it("");
    expect(c, "beasts/checkpoint Knights/checkpoint "); /* before any server has said something */
    until_asked(3);
    expect(c, "Apples.ckpt/checkpoint beasts/checkpoint Knights/checkpoint sdxl.safetensors/checkpoint "
              "style/mine.safetensors/lora zebra/checkpoint ");
    assert_true(catalog_serves(c, "zebra", "checkpoint"));
    assert_false(catalog_serves(c, "zebra", "lora"));
    assert_false(catalog_serves(c, "beasts", "checkpoint")); /* ours, not a server's */
    struct catalog_list l = { 0 };
    char want[256];
    assert_int_equal(catalog_list(c, &l, &err), SPR_OK);
    snprintf(want, sizeof want, "http://%s/models/checkpoints/Apples.ckpt", http_address(server[0].http));
    assert_string_equal(l.item[0].path, want);
    assert_int_equal(l.item[0].bytes, 0);
    snprintf(want, sizeof want, "%s/beasts.safetensors", folder);
    assert_string_equal(l.item[1].path, want);
    assert_int_equal(l.item[1].bytes, 15);
    snprintf(want, sizeof want, "http://%s/", http_address(server[0].http));
    assert_memory_equal(l.item[3].path, want, strlen(want)); /* of two servers that have it, the first */
    catalog_list_free(&l);
}

static void what_a_server_said_stays_while_it_is_away(void **state)
{
    (void)state;
    server[0].checkpoints = "[\"one\"]";
    struct catalog *c = open_it(",http://127.0.0.1:1,nonsense");
    until_asked(3);
    expect(c, "one/checkpoint ");
    server[0].checkpoints = server[1].checkpoints = NULL; /* both answer 500 */
    catalog_refresh(c, false);                            /* asked a moment ago: not again */
    until_asked(3);
    assert_int_equal(server[1].asked, 3);
    catalog_refresh(c, true);
    until_asked(4);
    expect(c, "one/checkpoint ");
    server[0].checkpoints = server[1].checkpoints = "[\"two\"]";
    catalog_refresh(c, true);
    until_asked(7);
    expect(c, "two/checkpoint ");
}

/* SIGHUP while the servers are being asked, then somebody's list_models: they are asked once more all the same. */
static void asking_again_is_not_forgotten(void **state)
{
    (void)state;
    server[1].checkpoints = "[\"old\"]";
    struct catalog *c = open_it("");
    catalog_refresh(c, true); /* while the first is going on */
    catalog_refresh(c, false);
    until_asked(6);
    assert_int_equal(server[1].asked, 6); /* three kinds, twice, and not a third time */
    expect(c, "old/checkpoint ");
}

static void too_much_is_left_out(void **state)
{
    (void)state;
    struct buf many;
    char name[512];
    buf_init(&many, 1 << 20);
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(buf_addf(&many, &err, "[\"%s\"", name), SPR_OK); /* longer than the protocol's names */
    for (int i = 0; i < 5000; i++)
        assert_int_equal(buf_addf(&many, &err, ",\"m%d\"", i), SPR_OK);
    assert_int_equal(buf_addf(&many, &err, "]"), SPR_OK);
    server[0].checkpoints = many.data;
    write_model("ours");
    struct catalog *c = open_it("");
    for (int i = 0; i < 2000 && !catalog_serves(c, "m0", "checkpoint"); i++)
        turn(1);
    struct catalog_list l = { 0 };
    assert_int_equal(catalog_list(c, &l, &err), SPR_OK);
    assert_int_equal(l.count, 4000);
    bool ours = false;
    for (size_t i = 0; i < l.count; i++)
        ours |= strcmp(l.item[i].name, "ours") == 0;
    assert_true(ours);
    catalog_list_free(&l);
    buf_fini(&many);
}

static void without_servers_nothing_is_asked(void **state)
{
    (void)state;
    write_model("ours");
    assert_int_equal(catalog_new(&loop, "", &catalog, &err), SPR_OK);
    struct catalog *c = catalog;
    catalog_refresh(c, true);
    expect(c, "ours/checkpoint ");
    for (uint64_t n = 1;; n++) { /* whatever allocation of a list fails, the list fails, and nothing else */
        struct catalog_list l = { 0 };
        mem_fail_nth(n);
        enum spr_code rc = catalog_list(c, &l, &err);
        mem_fail_nth(0);
        catalog_list_free(&l);
        if (!rc)
            break;
        assert_int_equal(rc, SPR_NOMEM);
    }
    catalog_stop(NULL);
    catalog_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ours_and_the_servers_by_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_server_said_stays_while_it_is_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(asking_again_is_not_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_much_is_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_servers_nothing_is_asked, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("daemon/catalog", tests, NULL, NULL);
}
