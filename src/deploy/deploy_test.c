/* Deploys into real folders, one ended or refused at every call that changes something: what is there afterwards is all
 * of the old or all of the new. */
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "deploy/deploy_inner.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { CALLS_MAX = 400, ENDED = -1, NO_MORE = 100 };

/* ---- calls that end or fail ---- */

/* A deploy is two processes, the one that was started and the one that moves. */
static enum {
    PASS,
    KILL,       /* whichever makes the n-th call; and where that is the mover, both */
    KILL_FIRST, /* the one that was started, at the n-th call of whichever */
    KILL_MOVER, /* the one that moves, if the call is its */
    REFUSE
} mode;
static int calls, at_call;
static pid_t started; /* the process that was started */
static int *most;     /* shared: how many calls whichever made more has made */

/* True: this call fails. */
static bool strike(int error)
{
    if (mode == PASS)
        return false;
    calls++;
    *most = calls > *most ? calls : *most;
    if (calls != at_call)
        return false;
    bool mover = getpid() != started;
    if (mover && (mode == KILL || mode == KILL_FIRST))
        kill(started, SIGKILL);
    if (mode == KILL || (mode == KILL_FIRST && !mover) || (mode == KILL_MOVER && mover))
        raise(SIGKILL);
    errno = error;
    return mode == REFUSE;
}

/* The linker puts these in place of the C library's (meson.build). */
#define WRAP(type, name, parameters, arguments, error)       \
    type __real_##name parameters;                           \
    type __wrap_##name parameters;                           \
    type __wrap_##name parameters                            \
    {                                                        \
        return strike(error) ? -1 : __real_##name arguments; \
    }
WRAP(int, fsync, (int fd), (fd), EIO)
WRAP(int, mkdir, (const char *path, mode_t bits), (path, bits), EACCES)
WRAP(int, rename, (const char *from, const char *to), (from, to), EACCES)
WRAP(int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags),
     (a, from, b, to, flags), EACCES)
WRAP(int, rmdir, (const char *path), (path), EBUSY)
WRAP(int, unlink, (const char *path), (path), EACCES)
WRAP(ssize_t, write, (int fd, const void *data, size_t length), (fd, data, length), ENOSPC)

/* ---- folders ---- */

static char home[40]; /* in memory where that can be: what is flushed here need not survive anything */

static SPR_PRINTF(1, 2) void shell(const char *format, ...)
{
    char command[1000];
    va_list ap;
    va_start(ap, format);
    vsnprintf(command, sizeof command, format, ap);
    va_end(ap);
    assert_int_equal(system(command), 0);
}

static int enter(void **state)
{
    (void)state;
    snprintf(home, sizeof home, "%s/spritery-deploy.XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    mode = PASS;
    return !mkdtemp(home) || chdir(home);
}

static int leave(void **state)
{
    (void)state;
    shell("cd / && rm -rf %s", home);
    return 0;
}

static void put(const char *path, const char *text)
{
    char folder[200];
    struct spr_error err;
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    assert_int_equal(file_make_folder(folder, &err), SPR_OK);
    assert_int_equal(file_write(path, text, strlen(text), FILE_REPLACE, &err), SPR_OK);
}

static void add_tree(struct buf *b, const char *folder)
{
    struct dirent **list;
    struct spr_error err;
    int n = scandir(folder, &list, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char path[600];
        const char *name = list[i]->d_name;
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, DEPLOY_FOLDER) != 0 &&
            !lstat(path, &st)) {
            assert_int_equal(buf_addf(b, &err, "%s%s", path, S_ISDIR(st.st_mode) ? "/\n" : " "), SPR_OK);
            if (S_ISDIR(st.st_mode))
                add_tree(b, path);
            else {
                assert_int_equal(file_read(path, b, &err), SPR_OK);
                assert_int_equal(buf_add(b, "\n", 1, &err), SPR_OK);
            }
        }
        free(list[i]);
    }
    if (n >= 0)
        free(list);
}

/* Everything below "game", with contents, but what is deploy's own. GIVES it (mem_free). */
static char *tree(void)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    add_tree(&b, "game");
    char *text = buf_detach(&b);
    return text ? text : mem_text("", 0);
}

static void is_tree(const char *want)
{
    char *now = tree();
    assert_string_equal(now, want);
    mem_free(now);
}

static struct deploy_job job_of(const char *const *from, size_t froms)
{
    return (struct deploy_job){ .from = from, .froms = froms, .into = "game", .name = "art" };
}

/* Deploys and forgets the list; the error's text in err. */
static enum spr_code go(struct deploy_job job, struct spr_error *err)
{
    struct deploy_files files = { 0 };
    enum spr_code rc = deploy_run(&job, &files, err);
    deploy_files_fini(&files);
    return rc;
}

static const char *const art[] = { "art" };

static int changed(const char *path, struct deploy_job job)
{
    struct deploy_files files = { 0 };
    struct spr_error err = { 0 };
    job.dry_run = true;
    if (deploy_run(&job, &files, &err))
        fail_msg("%s", err.text);
    const struct deploy_file *f = deploy_files_find(&files, path);
    int change = f ? (int)f->change : -1;
    deploy_files_fini(&files);
    return change;
}

/* ---- what it does ---- */

static void it_brings_replaces_and_removes(void **state)
{
    struct spr_error err;
    char hash[DIGEST_HEX_BYTES], again[DIGEST_HEX_BYTES];
    (void)state;
    put("art/a.png", "one");
    put("art/tiles/b.png", "two");
    put("art/tiles/.b.png.part", "no");
    put("game/project.godot", "theirs");
    assert_int_equal(deploy_look("game", "art", hash, &err), SPR_NOTFOUND);
    assert_int_equal(changed("art/a.png", job_of(art, 1)), DEPLOY_NEW);
    is_tree("game/project.godot theirs\n"); /* a dry run */
    assert_int_equal(go(job_of(art, 1), &err), SPR_OK);
    is_tree("game/art/\ngame/art/a.png one\ngame/art/tiles/\ngame/art/tiles/b.png two\ngame/project.godot "
            "theirs\n");
    assert_int_equal(deploy_look("game", "art", hash, &err), SPR_OK);

    assert_int_equal(go(job_of(art, 1), &err), SPR_OK);
    assert_int_equal(deploy_look("game", "art", again, &err), SPR_OK);
    assert_string_equal(hash, again);
    assert_int_equal(changed("art/a.png", job_of(art, 1)), DEPLOY_SAME);

    put("art/a.png", "1");
    shell("rm art/tiles/b.png && mkdir art/new");
    put("art/new/c.png", "three");
    assert_int_equal(changed("art/a.png", job_of(art, 1)), DEPLOY_REPLACED);
    assert_int_equal(changed("art/tiles/b.png", job_of(art, 1)), DEPLOY_REMOVED);
    assert_int_equal(go(job_of(art, 1), &err), SPR_OK);
    is_tree(
        "game/art/\ngame/art/a.png 1\ngame/art/new/\ngame/art/new/c.png three\ngame/project.godot theirs\n");
    assert_int_equal(deploy_look("game", "art", again, &err), SPR_OK);
    assert_string_not_equal(hash, again);

    shell("rm game/art/a.png");
    assert_int_equal(deploy_look("game", "art", hash, &err), SPR_NOTFOUND);
    assert_non_null(strstr(err.text, "art/a.png in game is missing"));
    assert_int_equal(go(job_of(art, 1), &err), SPR_OK);
    assert_int_equal(deploy_look("game", "art", hash, &err), SPR_OK);
    assert_string_equal(hash, again);
}

static void sources_have_places(void **state)
{
    static const struct {
        const char *why, *from, *pattern, *want;
    } rows[] = {
        { "a folder comes with its name", "art/tiles", NULL,
          "game/tiles/\ngame/tiles/b.png B\ngame/tiles/x.json X\n" },
        { "with a slash its content does", "art/tiles/", NULL, "game/b.png B\ngame/x.json X\n" },
        { "a file", "art/a.png", NULL, "game/a.png A\n" },
        { "a pattern of files", "art/*.png", NULL, "game/a.png A\n" },
        { "a pattern of folders", "art/til*", NULL,
          "game/tiles/\ngame/tiles/b.png B\ngame/tiles/x.json X\n" },
        { "names that are wanted", "art/", "*.png", "game/a.png A\ngame/tiles/\ngame/tiles/b.png B\n" },
        { "paths that are wanted", "art", "tiles/*.png",
          "game/art/\ngame/art/tiles/\ngame/art/tiles/b.png B\n" },
    };
    (void)state;
    put("art/a.png", "A");
    put("art/tiles/b.png", "B");
    put("art/tiles/x.json", "X");
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct spr_error err = { 0 };
        struct deploy_job job = job_of(&rows[i].from, 1);
        job.pattern = &rows[i].pattern;
        job.patterns = rows[i].pattern != NULL;
        shell("rm -rf game");
        if (go(job, &err))
            fail_msg("%s: %s", rows[i].why, err.text);
        char *now = tree();
        if (strcmp(now, rows[i].want) != 0)
            fail_msg("%s:\n%s", rows[i].why, now);
        mem_free(now);
    }
}

static void what_is_not_ours_stays(void **state)
{
    struct spr_error err;
    struct deploy_job job = job_of(art, 1);
    (void)state;
    put("art/a.png", "one");
    put("art/b.png", "two");
    put("game/art/a.png", "theirs");
    assert_int_equal(go(job, &err), SPR_EXISTS);
    assert_non_null(strstr(err.text, "art/a.png was not deployed here"));
    assert_non_null(strstr(err.text, "--force"));
    is_tree("game/art/\ngame/art/a.png theirs\n");
    shell("test ! -e game/" DEPLOY_FOLDER);
    job.force = true;
    assert_int_equal(go(job, &err), SPR_OK);
    job.force = false;

    put("game/art/b.png", "painted over");
    put("art/b.png", "2");
    assert_int_equal(go(job, &err), SPR_EXISTS);
    assert_non_null(strstr(err.text, "art/b.png was changed since it was deployed"));
    /* Nothing makes it any more: it stays, and belongs to whoever changed it. */
    shell("rm art/b.png");
    assert_int_equal(changed("art/b.png", job), DEPLOY_KEPT);
    assert_int_equal(go(job, &err), SPR_OK);
    is_tree("game/art/\ngame/art/a.png one\ngame/art/b.png painted over\n");
    /* What lay there before, and was the same, is not removed either. */
    put("art/c.png", "same");
    put("game/art/c.png", "same");
    assert_int_equal(go(job, &err), SPR_OK);
    shell("rm art/c.png");
    assert_int_equal(go(job, &err), SPR_OK);
    is_tree("game/art/\ngame/art/a.png one\ngame/art/b.png painted over\ngame/art/c.png same\n");
    /* No force makes a file of a folder or follows a link. */
    shell("rm game/art/a.png && mkdir game/art/a.png");
    job.force = true;
    assert_int_equal(go(job, &err), SPR_EXISTS);
    assert_null(strstr(err.text, "--force"));
    shell("rmdir game/art/a.png && mkdir away && mv game/art away && ln -s ../away/art game/art");
    assert_int_equal(go(job, &err), SPR_EXISTS);
    /* Two deploys into one folder do not know each other. */
    shell("rm game/art");
    assert_int_equal(go(job, &err), SPR_OK);
    const char *const other[] = { "more" };
    put("more/d.png", "four");
    struct deploy_job second = job_of(other, 1);
    second.name = "more";
    assert_int_equal(go(second, &err), SPR_OK);
    assert_int_equal(go(job, &err), SPR_OK);
    is_tree("game/art/\ngame/art/a.png one\ngame/more/\ngame/more/d.png four\n");
}

static void mistakes_are_said(void **state)
{
    static const char *const two[] = { "art/a.png", "more/a.png" }, *const none[] = { "nothing" },
                             *const empty[] = { "empty" }, *const around[] = { "." },
                             *const twice[] = { "art/a.png", "art/../art/a.png" };
    struct spr_error err;
    struct deploy_job job = job_of(two, 2);
    (void)state;
    put("art/a.png", "A");
    put("more/a.png", "B");
    shell("mkdir empty");
    assert_int_equal(go(job, &err), SPR_BADARG);
    assert_non_null(strstr(err.text, "would both become a.png"));
    assert_int_equal(go(job_of(none, 1), &err), SPR_NOTFOUND);
    assert_int_equal(go(job_of(empty, 1), &err), SPR_NOTFOUND);
    shell("test ! -e game");
    assert_int_equal(go(job_of(twice, 2), &err), SPR_OK);
    assert_int_equal(go(job_of(around, 1), &err), SPR_BADARG);
    assert_non_null(strstr(err.text, "into itself"));
    job = job_of(art, 1);
    job.name = "../x";
    assert_int_equal(go(job, &err), SPR_BADARG);
    /* A manifest that names what lies outside is damage, and removes nothing. */
    put("safe/treasure", "gold");
    put("game/" DEPLOY_FOLDER "/art.json",
        "{\"files\": {\"../safe/treasure\": {\"sha256\": "
        "\"fe11231c5e6dbc6ae1b5ab8d9a5e2e8ec0bd3f3a4cbc8a6bd2c9d1d7b9a8f0f1\"}}}");
    assert_int_equal(go(job_of(art, 1), &err), SPR_BADDATA);
    put("game/" DEPLOY_FOLDER "/art.json", "{");
    assert_int_equal(go(job_of(art, 1), &err), SPR_BADDATA);
}

/* ---- whole or not at all ---- */

static const char old_tree[] = "game/art/\ngame/art/a.png one\ngame/art/gone/\ngame/art/gone/g.png "
                               "gone\ngame/art/same.png same\ngame/theirs theirs\n";
static const char new_tree[] =
    "game/art/\ngame/art/a.png 1\ngame/art/deep/\ngame/art/deep/er/\ngame/art/deep/er/n.png "
    "new\ngame/art/same.png same\n"
    "game/art/z.png last\ngame/theirs theirs\n";

static void set_stage(void)
{
    struct spr_error err;
    shell("rm -rf art game");
    put("game/theirs", "theirs");
    put("art/a.png", "one");
    put("art/same.png", "same");
    put("art/gone/g.png", "gone");
    assert_int_equal(go(job_of(art, 1), &err), SPR_OK);
    is_tree(old_tree);
    shell("rm -r art/gone");
    put("art/a.png", "1");
    put("art/deep/er/n.png", "new");
    put("art/z.png", "last");
}

/* The code of a deploy of which some process is ended at the n-th changing call, or whose call fails; ENDED; NO_MORE:
 * there are not so many calls. Returns when no process of it is left. */
static int struck(int how, int n)
{
    int status, code = ENDED;
    fflush(NULL);
    *most = 0;
    pid_t pid = fork();
    if (pid == 0) {
        struct spr_error err;
        mode = how;
        calls = 0;
        at_call = n;
        started = getpid();
        _exit((int)go(job_of(art, 1), &err));
    }
    for (pid_t gone; (gone = waitpid(-1, &status, 0)) > 0;) /* the mover is ours when its parent is gone */
        if (gone == pid && WIFEXITED(status))
            code = WEXITSTATUS(status);
    return *most < n ? NO_MORE : code;
}

static void ended_anywhere_it_is_whole(void **state)
{
    int olds = 0, news = 0, n = 1;
    (void)state;
    for (;; n++) {
        struct spr_error err = { 0 };
        char hash[DIGEST_HEX_BYTES];
        assert_true(n < CALLS_MAX);
        set_stage();
        int rc = struck(KILL, n);
        if (rc == NO_MORE)
            break;
        assert_int_equal(rc, ENDED);
        if (steps_undo("game", "art", &err))
            fail_msg("ended at call %d: %s", n, err.text);
        char *now = tree();
        bool old = strcmp(now, old_tree) == 0, new = strcmp(now, new_tree) == 0;
        /* what was moved, but not its emptied folder */
        bool nearly = strncmp(now, new_tree, 22) == 0 && strstr(now, "z.png last");
        if (!old && !new && !nearly)
            fail_msg("ended at call %d, this is there:\n%s", n, now);
        olds += old;
        news += !old;
        mem_free(now);
        assert_int_equal(deploy_look("game", "art", hash, &err), SPR_OK);
        if (go(job_of(art, 1), &err))
            fail_msg("ended at call %d, then %s", n, err.text);
        shell("rmdir game/art/gone 2>/dev/null || true");
        is_tree(new_tree);
        shell("test \"$(ls -A game/" DEPLOY_FOLDER ")\" = art.json");
    }
    assert_true(olds >= 10 && news >= 2);
}

/* Whichever of the two is ended, the folder is whole as soon as the other is through: nobody else has to come. */
static void one_of_two_ended_it_is_whole(void **state)
{
    static const int modes[] = { KILL_FIRST, KILL_MOVER };
    (void)state;
    for (size_t m = 0; m < SPR_COUNT(modes); m++) {
        int ends = 0, olds = 0, news = 0;
        for (int n = 1;; n++) {
            struct spr_error err = { 0 };
            char hash[DIGEST_HEX_BYTES];
            assert_true(n < CALLS_MAX);
            set_stage();
            int rc = struck(modes[m], n);
            if (rc == NO_MORE)
                break;
            char *now = tree();
            bool old = strcmp(now, old_tree) == 0, new = strcmp(now, new_tree) == 0;
            if (!old && !new)
                fail_msg("one ended at call %d, this is there:\n%s", n, now);
            if (rc != ENDED)
                assert_true(rc ? old : new);
            ends += rc != SPR_OK;
            olds += old;
            news += new;
            mem_free(now);
            assert_int_equal(deploy_look("game", "art", hash, &err), SPR_OK);
            if (modes[m] == KILL_MOVER)
                shell("test \"$(ls -A game/" DEPLOY_FOLDER ")\" = art.json");
            if (go(job_of(art, 1), &err))
                fail_msg("one ended at call %d, then %s", n, err.text);
            is_tree(new_tree);
        }
        assert_true(ends >= 10 && olds >= 10 && news >= 5);
    }
}

/* Two at once: the later one waits, and finds what the first has brought. */
static void two_at_once_go_one_after_the_other(void **state)
{
    (void)state;
    set_stage();
    for (int round = 0; round < 20; round++) {
        pid_t other[4];
        put("art/a.png", round % 2 ? "odd" : "even");
        fflush(NULL);
        for (int i = 0; i < 4; i++) {
            other[i] = fork();
            if (other[i] == 0) {
                struct spr_error err;
                _exit((int)go(job_of(art, 1), &err));
            }
        }
        for (int i = 0; i < 4; i++) {
            int status;
            assert_int_equal(waitpid(other[i], &status, 0), other[i]);
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == SPR_OK);
        }
        shell("grep -q '^%s$' game/art/a.png", round % 2 ? "odd" : "even");
        shell("test \"$(ls -A game/" DEPLOY_FOLDER ")\" = art.json");
    }
}

static void refused_anywhere_it_is_as_it_was(void **state)
{
    int refusals = 0;
    (void)state;
    for (int n = 1;; n++) {
        struct spr_error err = { 0 };
        assert_true(n < CALLS_MAX);
        set_stage();
        int rc = struck(REFUSE, n);
        if (rc == NO_MORE)
            break;
        if (rc != SPR_OK) {
            refusals++;
            char *now = tree();
            if (strcmp(now, old_tree) != 0)
                fail_msg("refused at call %d, this is there:\n%s", n, now);
            mem_free(now);
        }
        if (go(job_of(art, 1), &err))
            fail_msg("refused at call %d, then %s", n, err.text);
        shell("rmdir game/art/gone 2>/dev/null || true");
        is_tree(new_tree);
        shell("test \"$(ls -A game/" DEPLOY_FOLDER ")\" = art.json");
    }
    assert_true(refusals >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_brings_replaces_and_removes, enter, leave),
        cmocka_unit_test_setup_teardown(sources_have_places, enter, leave),
        cmocka_unit_test_setup_teardown(what_is_not_ours_stays, enter, leave),
        cmocka_unit_test_setup_teardown(mistakes_are_said, enter, leave),
        cmocka_unit_test_setup_teardown(ended_anywhere_it_is_whole, enter, leave),
        cmocka_unit_test_setup_teardown(one_of_two_ended_it_is_whole, enter, leave),
        cmocka_unit_test_setup_teardown(two_at_once_go_one_after_the_other, enter, leave),
        cmocka_unit_test_setup_teardown(refused_anywhere_it_is_as_it_was, enter, leave),
    };
    most = mmap(NULL, sizeof *most, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (most == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
        return 1;
    return cmocka_run_group_tests_name("deploy/deploy", tests, NULL, NULL);
}
