#include "engine/shelf.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 4, ROUNDS = 6 };

static char folder[64], path[128];
static struct buf bytes; /* of a small model */
static struct shelf *shelf;

/* A file appears whole, as every command writes it. */
static void publish(const char *data, size_t length)
{
    char next[160];
    snprintf(next, sizeof next, "%s.next", path);
    FILE *f = fopen(next, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, length, f), length);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(rename(next, path), 0);
}

static int set_up(void **state)
{
    char golden[4096];
    const char *root = getenv("SPRITERY_SOURCE_ROOT");
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/shelf.XXXXXX");
    if (!root || !mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/small.safetensors", folder);
    snprintf(golden, sizeof golden, "%s/tests/golden/sprite32-403k.safetensors", root);
    buf_init(&bytes, 64 << 20);
    if (file_read(golden, &bytes, NULL))
        return -1;
    publish(bytes.data, bytes.length);
    return shelf_new(&shelf, NULL) ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    shelf_free(shelf);
    buf_fini(&bytes);
    unlink(path);
    return rmdir(folder);
}

static const struct stock *take(void)
{
    const struct stock *s = NULL;
    struct spr_error err = { 0 };
    if (shelf_take(shelf, path, &s, &err))
        fail_msg("%s", err.text);
    return s;
}

static void one_copy_for_all(void **state)
{
    (void)state;
    assert_int_equal(shelf_count(shelf), 0);
    const struct stock *a = take(), *b = take();
    assert_ptr_equal(a, b);
    assert_int_equal(shelf_count(shelf), 1);
    shelf_put(shelf, a);
    assert_int_equal(shelf_count(shelf), 1); /* b is still in use */
    shelf_put(shelf, b);
    assert_int_equal(shelf_count(shelf), 0);
    shelf_put(shelf, NULL);
}

static void a_new_file_is_seen_and_disturbs_nobody(void **state)
{
    (void)state;
    const struct stock *old = take();
    char hash[DIGEST_HEX_BYTES];
    memcpy(hash, old->hash, sizeof hash);
    float first = old->model->params[0];
    publish(bytes.data, bytes.length); /* the same bytes in another file */
    const struct stock *new = take();
    assert_ptr_not_equal(old, new);
    assert_string_equal(new->hash, hash);
    assert_int_equal(shelf_count(shelf), 2);
    assert_true(old->model->params[0] == first && lexicon_find(old->lexicon, old->model->word[1]) == 1);
    shelf_put(shelf, old);
    assert_int_equal(shelf_count(shelf), 1);
    shelf_put(shelf, new);
}

static void a_broken_file_is_refused_and_the_old_one_works_on(void **state)
{
    (void)state;
    const struct stock *old = take(), *none = NULL;
    struct spr_error err = { 0 };
    publish(bytes.data, bytes.length / 2);
    assert_int_equal(shelf_take(shelf, path, &none, &err), SPR_BADDATA);
    assert_null(none);
    assert_non_null(strstr(err.text, "small.safetensors"));
    assert_true(old->model->layout.floats > 0);
    publish(bytes.data, bytes.length);
    const struct stock *mended = take();
    shelf_put(shelf, mended);
    shelf_put(shelf, old);
    assert_int_equal(shelf_count(shelf), 0);
    assert_int_equal(shelf_take(shelf, "no-such-model", &none, &err), SPR_NOTFOUND);
}

/* `cp` over the file: the bytes change under whoever mapped them, and are gone where the new file is shorter. */
static void a_file_overwritten_in_place_disturbs_nobody(void **state)
{
    (void)state;
    const struct stock *old = take(), *none = NULL;
    struct spr_error err = { 0 };
    char hash[DIGEST_HEX_BYTES];
    int words = old->model->layout.config.vocab, found = 0;
    memcpy(hash, old->hash, sizeof hash);
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    for (size_t i = 0; i < bytes.length; i++)
        assert_int_equal(fputc(0xFF, f), 0xFF);
    assert_int_equal(fclose(f), 0);
    assert_int_not_equal(shelf_take(shelf, path, &none, &err), SPR_OK);
    assert_int_equal(truncate(path, 1000), 0);
    for (int i = 1; i < words; i++) /* reads all of its tables */
        found += lexicon_find(old->lexicon, old->model->word[i]) == i;
    assert_int_equal(found, words - 1);
    for (size_t i = 0; i < safetensors_count(old->model->file); i++) { /* as who copies its tables does */
        const struct tensor *t = safetensors_at(old->model->file, i);
        if (strncmp(t->name, "lexicon.", 8) == 0)
            assert_memory_equal(t->data, bytes.data + (t->data - safetensors_bytes(old->model->file).data),
                                t->count * tensor_type_bytes(t->type));
    }
    assert_int_not_equal(shelf_take(shelf, path, &none, &err), SPR_OK);
    assert_int_equal(truncate(path, 0), 0);
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.data, 1, bytes.length, f), bytes.length);
    assert_int_equal(fclose(f), 0);
    const struct stock *mended = take();
    assert_ptr_not_equal(mended, old);
    assert_string_equal(mended->hash, hash);
    shelf_put(shelf, mended);
    shelf_put(shelf, old);
}

static void refreshing_reads_it_anew(void **state)
{
    (void)state;
    const struct stock *a = take();
    shelf_refresh(shelf);
    const struct stock *b = take(), *c = take();
    assert_ptr_not_equal(a, b);
    assert_ptr_equal(b, c);
    shelf_put(shelf, a);
    shelf_put(shelf, b);
    shelf_put(shelf, c);
    assert_int_equal(shelf_count(shelf), 0);
}

/* Takes, looks and puts back while others do, and while the file is replaced. */
static void *user(void *context)
{
    unsigned *seen = context;
    for (int i = 0; i < ROUNDS; i++) {
        const struct stock *s = NULL;
        const struct unet *net = NULL;
        if (shelf_take(shelf, path, &s, NULL) || nets_get(s->nets, CONV_F32, &net, NULL))
            return NULL;
        *seen += net && s->model->layout.floats > 0 && s->hash[0];
        shelf_put(shelf, s);
    }
    return NULL;
}

static void threads_may_share_it(void **state)
{
    (void)state;
    pthread_t thread[THREADS];
    unsigned seen[THREADS] = { 0 };
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, user, &seen[i]), 0);
    for (int i = 0; i < 3; i++) {
        publish(bytes.data, bytes.length);
        shelf_refresh(shelf);
        usleep(2000);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(seen[i], ROUNDS);
    }
    assert_int_equal(shelf_count(shelf), 0);
}

static void lack_of_memory_is_an_error(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n += 1 + n / 8) {
        const struct stock *s = NULL;
        struct spr_error err = { 0 };
        mem_fail_nth(n);
        enum spr_code rc = shelf_take(shelf, path, &s, &err);
        mem_fail_nth(0);
        assert_int_equal(shelf_count(shelf), rc ? 0 : 1);
        shelf_put(shelf, s);
        if (!rc)
            break;
        if (rc != SPR_NOMEM)
            fail_msg("allocation %d: %s", (int)n, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_copy_for_all),
        cmocka_unit_test(a_new_file_is_seen_and_disturbs_nobody),
        cmocka_unit_test(a_broken_file_is_refused_and_the_old_one_works_on),
        cmocka_unit_test(a_file_overwritten_in_place_disturbs_nobody),
        cmocka_unit_test(refreshing_reads_it_anew),
        cmocka_unit_test(threads_may_share_it),
        cmocka_unit_test(lack_of_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("engine/shelf", tests, set_up, tear_down);
}
