#include "orchestrate/journal.h"

#include "base/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { LINES = 6 };

static char folder[] = "/tmp/spritery-journal.XXXXXX";

struct heard {
    int lines;
    char last[64];
};

static enum spr_code hear(void *context, char *text, size_t length, struct spr_error *err)
{
    struct heard *h = context;
    (void)err;
    h->lines++;
    snprintf(h->last, sizeof h->last, "%.*s", (int)(length < 60 ? length : 60), text);
    return SPR_OK;
}

static void path_of(char path[100], const char *name)
{
    snprintf(path, 100, "%s/%s", folder, name);
}

static struct buf slurp(const char *name)
{
    char path[100];
    struct spr_error err;
    struct buf b;
    path_of(path, name);
    buf_init(&b, 1 << 20);
    assert_int_equal(file_read(path, &b, &err), SPR_OK);
    return b;
}

static void put(const char *name, const char *bytes, size_t length)
{
    char path[100];
    path_of(path, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, length, f), length);
    assert_int_equal(fclose(f), 0);
}

static void write_some(enum journal_safety safety)
{
    struct journal j;
    struct journal_damage damage;
    struct spr_error err;
    char line[64];
    assert_int_equal(journal_open(folder, safety, NULL, NULL, &j, &damage, &err), SPR_OK);
    for (int i = 0; i < LINES; i++) {
        int n = snprintf(line, sizeof line, "{\"seq\":%d}", (int)j.lines + (int)j.pending_lines + 1);
        assert_int_equal(journal_add(&j, line, (size_t)n, &err), SPR_OK);
        if (i % 3 == 2)
            assert_int_equal(journal_commit(&j, &err), SPR_OK);
    }
    assert_int_equal(journal_commit(&j, &err), SPR_OK);
    journal_close(&j);
}

static int make(void **state)
{
    (void)state;
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop(void **state)
{
    char command[100];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? 0 : -1;
}

static void lines_come_back(void **state)
{
    struct heard h = { 0 };
    struct journal j;
    struct journal_damage damage;
    struct spr_error err;
    (void)state;
    write_some(JOURNAL_POWER);
    write_some(JOURNAL_KILL);
    assert_int_equal(journal_open(folder, JOURNAL_KILL, hear, &h, &j, &damage, &err), SPR_OK);
    assert_int_equal(h.lines, 2 * LINES);
    assert_non_null(strstr(h.last, "{\"seq\":12"));
    assert_int_equal(j.taken_back, 0);
    /* One writer at a time. */
    struct journal second;
    assert_int_equal(journal_open(folder, JOURNAL_KILL, NULL, NULL, &second, &damage, &err), SPR_BUSY);
    journal_close(&j);
}

/* Whatever is cut off is noticed, with its place, and the sound part is read. */
static void every_cut_is_noticed(void **state)
{
    struct spr_error err;
    (void)state;
    write_some(JOURNAL_KILL);
    struct buf whole = slurp("run.journal");
    for (size_t keep = 0; keep < whole.length; keep++) {
        struct heard h = { 0 };
        struct journal_damage damage;
        int sound = 0;
        put("run.journal", whole.data, keep);
        for (size_t i = 0; i < keep; i++)
            sound += whole.data[i] == '\n';
        assert_int_equal(journal_read(folder, hear, &h, &damage, &err), SPR_OK);
        assert_true(damage.found);
        assert_int_equal(h.lines, sound);
        assert_int_equal(damage.line, sound + 1);
    }
    buf_fini(&whole);
}

static void every_flipped_bit_is_noticed(void **state)
{
    struct spr_error err;
    (void)state;
    write_some(JOURNAL_KILL);
    struct buf whole = slurp("run.journal");
    for (size_t bit = 0; bit < 8 * whole.length; bit++) {
        struct journal_damage damage;
        whole.data[bit / 8] ^= (char)(1 << bit % 8);
        put("run.journal", whole.data, whole.length);
        assert_int_equal(journal_read(folder, NULL, NULL, &damage, &err), SPR_OK);
        assert_true(damage.found);
        whole.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    buf_fini(&whole);
}

/* The witness has two places; one may be lost, and then the other tells. */
static void a_damaged_witness_hides_nothing(void **state)
{
    struct spr_error err;
    (void)state;
    write_some(JOURNAL_KILL);
    struct buf whole = slurp("run.journal"), witness = slurp("run.witness");
    for (size_t bit = 0; bit < 8 * witness.length; bit++) {
        struct journal_damage damage;
        witness.data[bit / 8] ^= (char)(1 << bit % 8);
        put("run.witness", witness.data, witness.length);
        struct heard h = { 0 };
        assert_int_equal(journal_read(folder, hear, &h, &damage, &err), SPR_OK);
        assert_int_equal(h.lines, LINES); /* sound lines are read, whatever the witness looks like */
        witness.data[bit / 8] ^= (char)(1 << bit % 8);
    }
    put("run.witness", "", 0);
    struct journal_damage damage;
    assert_int_equal(journal_read(folder, NULL, NULL, &damage, &err), SPR_OK);
    assert_true(damage.found);
    assert_non_null(strstr(damage.text, "run.witness"));
    buf_fini(&witness);
    buf_fini(&whole);
}

static void half_a_line_that_nobody_was_told_of_is_taken_back(void **state)
{
    struct spr_error err;
    struct journal j;
    struct journal_damage damage;
    struct heard h = { 0 };
    (void)state;
    write_some(JOURNAL_KILL);
    struct buf whole = slurp("run.journal");
    assert_int_equal(buf_add(&whole, "{\"seq\":99,\"ev", 13, &err), SPR_OK);
    put("run.journal", whole.data, whole.length);
    assert_int_equal(journal_open(folder, JOURNAL_KILL, hear, &h, &j, &damage, &err), SPR_OK);
    assert_int_equal(h.lines, LINES);
    assert_int_equal(j.taken_back, 13);
    journal_close(&j);
    buf_fini(&whole);
}

static void mending_keeps_what_is_sound(void **state)
{
    struct spr_error err;
    struct journal j;
    struct journal_damage damage;
    struct heard h = { 0 };
    (void)state;
    write_some(JOURNAL_KILL);
    struct buf whole = slurp("run.journal");
    whole.data[whole.length / 2] ^= 4;
    put("run.journal", whole.data, whole.length);
    assert_int_equal(journal_open(folder, JOURNAL_KILL, NULL, NULL, &j, &damage, &err), SPR_BADDATA);
    assert_non_null(strstr(err.text, "--mend"));
    assert_int_equal(journal_mend(folder, &damage, &err), SPR_OK);
    assert_int_equal(journal_open(folder, JOURNAL_KILL, hear, &h, &j, &damage, &err), SPR_OK);
    assert_true(h.lines > 0 && h.lines < LINES);
    journal_close(&j);
    struct buf aside = slurp("run.journal.damaged-1");
    assert_int_equal(aside.length, whole.length);
    buf_fini(&aside);
    buf_fini(&whole);
}

/* A lock whose owner is alive is refused at once; one that outlives its owner is waited for. */
static void a_lock_is_its_owners(void **state)
{
    struct spr_error err;
    struct journal j;
    struct journal_damage damage;
    char path[100], text[40];
    int status;
    (void)state;
    snprintf(path, sizeof path, "%s/lock", folder);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    int n = snprintf(text, sizeof text, "%-11d\n", (int)getpid());
    assert_int_equal(pwrite(fd, text, (size_t)n, 0), n);
    assert_int_equal(journal_open(folder, JOURNAL_KILL, NULL, NULL, &j, &damage, &err), SPR_BUSY);
    snprintf(text, sizeof text, "process %d;", (int)getpid());
    assert_non_null(strstr(err.text, text));

    pid_t dead = fork();
    if (dead == 0)
        _exit(0);
    assert_int_equal(waitpid(dead, &status, 0), dead);
    n = snprintf(text, sizeof text, "%-11d\n", (int)dead);
    assert_int_equal(pwrite(fd, text, (size_t)n, 0), n);
    pid_t heir = fork(); /* has the lock, as between fork and exec */
    if (heir == 0) {
        usleep(300000);
        _exit(0);
    }
    close(fd);
    assert_int_equal(journal_open(folder, JOURNAL_KILL, NULL, NULL, &j, &damage, &err), SPR_OK);
    assert_int_equal(waitpid(heir, &status, 0), heir);
    journal_close(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_come_back, make, drop),
        cmocka_unit_test_setup_teardown(every_cut_is_noticed, make, drop),
        cmocka_unit_test_setup_teardown(every_flipped_bit_is_noticed, make, drop),
        cmocka_unit_test_setup_teardown(a_damaged_witness_hides_nothing, make, drop),
        cmocka_unit_test_setup_teardown(half_a_line_that_nobody_was_told_of_is_taken_back, make, drop),
        cmocka_unit_test_setup_teardown(mending_keeps_what_is_sound, make, drop),
        cmocka_unit_test_setup_teardown(a_lock_is_its_owners, make, drop),
    };
    return cmocka_run_group_tests_name("orchestrate/journal", tests, NULL, NULL);
}
