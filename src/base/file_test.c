#include "base/file.h"

#include "base/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/spritery-file-XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int count_entries(void)
{
    DIR *d = opendir(".");
    int n = 0;
    for (struct dirent *e; (e = readdir(d));)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

static int drop_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void written_is_read(void **state)
{
    (void)state;
    struct spr_error err = { 0 };
    struct buf b;
    buf_init(&b, 100);
    assert_int_equal(file_write("a", "hello", 5, FILE_NEW, &err), SPR_OK);
    assert_int_equal(file_read("a", &b, &err), SPR_OK);
    assert_string_equal(b.data, "hello");
    assert_int_equal(file_write("a", "x", 1, FILE_NEW, &err), SPR_EXISTS);
    assert_string_equal(err.text, "a exists already");
    assert_int_equal(file_write("a", "", 0, FILE_REPLACE, &err), SPR_OK);
    struct file_bytes m;
    assert_int_equal(file_load("a", &m, &err), SPR_OK);
    assert_int_equal(m.size, 0);
    file_unload(&m);
    buf_fini(&b);
    assert_int_equal(count_entries(), 1);
}

/* What was taken of a file stays, whatever is done to the file: a mapped one would change, or end the process. */
static void what_was_loaded_stays(void **state)
{
    (void)state;
    static char text[300000];
    struct spr_error err = { 0 };
    struct file_bytes m;
    memset(text, 'a', sizeof text);
    assert_int_equal(file_write("a", text, sizeof text, FILE_NEW, &err), SPR_OK);
    assert_int_equal(file_load("a", &m, &err), SPR_OK);
    int fd = open("a", O_WRONLY);
    assert_int_equal(pwrite(fd, "b", 1, 0), 1);
    assert_int_equal(ftruncate(fd, 10), 0);
    close(fd);
    assert_int_equal(m.size, sizeof text);
    assert_memory_equal(m.data, text, sizeof text);
    file_unload(&m);
    assert_null(m.data);
    file_unload(&m);
}

static atomic_bool enough;

static void *write_on(void *context)
{
    int fd = open("a", O_WRONLY | O_APPEND);
    while (!atomic_load(&enough) && write(fd, context, 1) == 1)
        ;
    close(fd);
    return NULL;
}

/* What is written to while it is read would be partly the old file, partly the new one. */
static void a_file_that_is_written_to_is_refused(void **state)
{
    (void)state;
    static char text[1 << 22];
    struct spr_error err = { 0 };
    struct file_bytes m;
    pthread_t writer;
    enum spr_code rc = SPR_OK;
    assert_int_equal(file_write("a", text, sizeof text, FILE_NEW, &err), SPR_OK);
    assert_int_equal(pthread_create(&writer, NULL, write_on, text), 0);
    for (int i = 0; i < 2000 && !rc; i++)
        if (!(rc = file_load("a", &m, &err)))
            file_unload(&m);
    atomic_store(&enough, true);
    pthread_join(writer, NULL);
    assert_int_equal(rc, SPR_BUSY);
    assert_string_equal(err.text, "a was written to while it was read; try again when it is whole");
    assert_int_equal(file_load("a", &m, &err), SPR_OK);
    file_unload(&m);
}

static enum spr_code count_bytes(void *context, const void *bytes, size_t length, struct spr_error *err)
{
    size_t *seen = context;
    *seen += length;
    return ((const char *)bytes)[length - 1] == 'x' ? SPR_FAIL(err, SPR_BADDATA, "x") : SPR_OK;
}

static void a_stream_ends_with_the_file_or_a_failure(void **state)
{
    (void)state;
    static char text[3 * 65536 + 7];
    static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 2 * 65536, sizeof text };
    struct spr_error err = { 0 };
    for (size_t i = 0; i < SPR_COUNT(sizes); i++) {
        size_t seen = 0;
        assert_int_equal(file_write("a", text, sizes[i], FILE_REPLACE, &err), SPR_OK);
        assert_int_equal(file_stream("a", count_bytes, &seen, &err), SPR_OK);
        assert_int_equal(seen, sizes[i]);
    }
    size_t seen = 0;
    text[2 * 65536 - 1] = 'x';
    assert_int_equal(file_write("a", text, sizeof text, FILE_REPLACE, &err), SPR_OK);
    assert_int_equal(file_stream("a", count_bytes, &seen, &err), SPR_BADDATA);
    assert_int_equal(seen, 2 * 65536);
    assert_int_equal(file_stream(".", count_bytes, &seen, &err), SPR_IO);
    assert_int_equal(file_stream("none", count_bytes, &seen, &err), SPR_NOTFOUND);
}

static void limit_is_kept(void **state)
{
    (void)state;
    struct spr_error err = { 0 };
    struct buf b;
    assert_int_equal(file_write("a", "0123456789", 10, FILE_NEW, &err), SPR_OK);
    buf_init(&b, 10);
    assert_int_equal(file_read("a", &b, &err), SPR_OK);
    assert_int_equal(file_read("a", &b, &err), SPR_LIMIT);
    assert_string_equal(err.text, "a is larger than the limit of 10 bytes");
    assert_int_equal(b.length, 10);
    buf_fini(&b);
}

static void what_cannot_be_opened_says_why(void **state)
{
    (void)state;
    struct spr_error err = { 0 };
    struct buf b;
    struct file_bytes m;
    buf_init(&b, 10);
    assert_int_equal(file_read("none", &b, &err), SPR_NOTFOUND);
    assert_string_equal(err.text, "cannot open none: No such file or directory");
    assert_int_equal(file_read(".", &b, &err), SPR_IO);
    assert_string_equal(err.text, "cannot read .: Is a directory");
    assert_int_equal(file_load("/dev/null", &m, &err), SPR_IO);
    assert_string_equal(err.text, "cannot read /dev/null: not a regular file");
    assert_int_equal(file_write("none/a", "x", 1, FILE_NEW, &err), SPR_NOTFOUND);
    assert_int_equal(file_make_folder("p/q/r", &err), SPR_OK);
    assert_int_equal(file_make_folder("p/q/r", &err), SPR_OK);
    assert_int_equal(file_write("p/f", "x", 1, FILE_NEW, &err), SPR_OK);
    assert_int_equal(file_make_folder("p/f/g", &err), SPR_IO);
    assert_string_equal(err.text, "cannot make folder p/f: a file of that name is there");
    buf_fini(&b);
}

static void failed_write_leaves_nothing(void **state)
{
    (void)state;
    struct spr_error err = { 0 };
    static char big[200000];
    assert_int_equal(file_write("kept", "old", 3, FILE_NEW, &err), SPR_OK);
    struct rlimit before, small = { 65536, 65536 };
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    enum spr_code fresh = file_write("fresh", big, sizeof big, FILE_NEW, &err);
    enum spr_code over = file_write("kept", big, sizeof big, FILE_REPLACE, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(fresh, SPR_IO);
    assert_int_equal(over, SPR_IO);
    assert_string_equal(err.text, "cannot write kept: File too large");
    assert_int_equal(count_entries(), 1);
    struct buf b;
    buf_init(&b, 10);
    assert_int_equal(file_read("kept", &b, &err), SPR_OK);
    assert_string_equal(b.data, "old");
    buf_fini(&b);
}

/* A writer stopped by a signal while its disk hangs: the handler removes the temporary file. */
static void on_term(int signo)
{
    (void)signo;
    file_abandon();
    _exit(3);
}

static void signal_in_the_middle_leaves_nothing(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        static char big[64 << 20];
        signal(SIGTERM, on_term);
        for (;;)
            if (file_write("never", big, sizeof big, FILE_REPLACE, NULL))
                _exit(4);
    }
    int seen = 0;
    for (int i = 0; i < 500 && !seen; i++) {
        usleep(1000);
        seen = count_entries() > 0;
    }
    kill(child, SIGTERM);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(seen);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    assert_true(count_entries() <= 1); /* "never" itself, whole, if one round was done */
    struct stat st;
    assert_true(stat("never", &st) != 0 || st.st_size == 64 << 20);
}

static void only_the_dead_are_swept(void **state)
{
    (void)state;
    struct spr_error err;
    char dead[64], alive[64];
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    snprintf(dead, sizeof dead, ".spritery-%ld-0.part", (long)pid);
    snprintf(alive, sizeof alive, ".spritery-%ld-7.part", (long)getpid());
    const char *const names[] = { dead, alive, ".spritery-0-0.part", ".spritery-x-0.part", "mine.part" };
    for (size_t i = 0; i < SPR_COUNT(names); i++)
        assert_int_equal(file_write(names[i], "x", 1, FILE_NEW, &err), SPR_OK);
    file_sweep(".");
    for (size_t i = 0; i < SPR_COUNT(names); i++) {
        assert_true(file_exists(names[i]) == (i > 0));
        unlink(names[i]);
    }
    file_sweep("no such folder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(written_is_read, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(what_was_loaded_stays, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(a_file_that_is_written_to_is_refused, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(a_stream_ends_with_the_file_or_a_failure, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(limit_is_kept, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(what_cannot_be_opened_says_why, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(failed_write_leaves_nothing, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(only_the_dead_are_swept, make_folder, drop_folder),
        cmocka_unit_test_setup_teardown(signal_in_the_middle_leaves_nothing, make_folder, drop_folder),
    };
    return cmocka_run_group_tests_name("base/file", tests, NULL, NULL);
}
