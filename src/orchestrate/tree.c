#include "orchestrate/tree.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_BYTES = 400 };

/* git -C folder ...: its exit status, and what it said, on one line. */
static int git(const char *folder, char said[SAID_BYTES], const char *const *words)
{
    const char *argv[20] = { "git", "-C", folder };
    int n = 3, out[2], status = -1;
    size_t length = 0;
    pid_t pid;
    while (*words && n < 19)
        argv[n++] = *words++;
    argv[n] = NULL;
    said[0] = '\0';
    if (pipe2(out, O_CLOEXEC))
        return -1;
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out[1], 1);
    posix_spawn_file_actions_adddup2(&files, out[1], 2);
    int e = posix_spawnp(&pid, "git", &files, NULL, (char *const *)(const void *)argv, environ);
    posix_spawn_file_actions_destroy(&files);
    close(out[1]);
    char bytes[1024];
    for (ssize_t k; !e && (k = read(out[0], bytes, sizeof bytes)) != 0;) {
        if (k < 0 && errno != EINTR)
            break;
        for (ssize_t i = 0; i < k && length < SAID_BYTES - 1; i++)
            said[length++] = bytes[i] == '\n' ? ' ' : bytes[i];
    }
    said[length] = '\0';
    close(out[0]);
    while (!e && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return e ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

#define GIT(folder, said, ...) git((folder), (said), (const char *const[]){ __VA_ARGS__, NULL })

static void names(const struct place *at, const char *id, char *folder, size_t size, char *branch,
                  size_t branch_size)
{
    const char *plan = strrchr(at->folder, '/') + 1;
    snprintf(folder, size, "%s/tree/%s", at->folder, id);
    snprintf(branch, branch_size, "spritery/%s/%s", plan, id);
}

enum spr_code tree_make(const struct place *at, const char *id, struct spr_error *err)
{
    char folder[TASK_PATH_BYTES + 128], branch[200], said[SAID_BYTES];
    names(at, id, folder, sizeof folder, branch, sizeof branch);
    if (file_exists(folder))
        return SPR_OK;
    if (GIT(at->home, said, "rev-parse", "--verify", "HEAD"))
        return SPR_FAIL(err, SPR_BADARG,
                        "branch: true needs the plan in a git repository with a commit: %.200s", said);
    bool there = GIT(at->home, said, "rev-parse", "--verify", "--quiet", branch) == 0;
    int status = there ? GIT(at->home, said, "worktree", "add", "--force", folder, branch)
                       : GIT(at->home, said, "worktree", "add", "-b", branch, folder, "HEAD");
    return status ? SPR_FAIL(err, SPR_IO, "cannot make the worktree of %s: %.300s", id, said) : SPR_OK;
}

enum spr_code tree_commit(const struct place *at, const char *id, int attempt, struct spr_error *err)
{
    char folder[TASK_PATH_BYTES + 128], branch[200], said[SAID_BYTES], message[120];
    names(at, id, folder, sizeof folder, branch, sizeof branch);
    snprintf(message, sizeof message, "%s, attempt %d", id, attempt);
    if (GIT(folder, said, "add", "--all"))
        return SPR_FAIL(err, SPR_IO, "cannot add what %s changed: %.300s", id, said);
    if (GIT(folder, said, "diff", "--cached", "--quiet") == 0)
        return SPR_OK;
    if (GIT(folder, said, "-c", "user.name=spritery", "-c", "user.email=spritery@localhost", "commit", "-m",
            message))
        return SPR_FAIL(err, SPR_IO, "cannot commit what %s changed: %.300s", id, said);
    return SPR_OK;
}

enum spr_code tree_merge(const struct place *at, const char *id, const char *again, struct spr_error *err)
{
    char folder[TASK_PATH_BYTES + 128], branch[200], said[SAID_BYTES], both[SAID_BYTES], aborted[SAID_BYTES];
    names(at, id, folder, sizeof folder, branch, sizeof branch);
    if (GIT(at->home, said, "rev-parse", "--verify", "--quiet", branch) != 0 && !*said)
        return SPR_OK;
    if (GIT(at->home, said, "merge-base", "--is-ancestor", branch, "HEAD") == 0)
        return SPR_OK;
    /* Nothing of theirs is given up for ours. */
    if (GIT(at->home, said, "rev-parse", "--verify", "--quiet", "MERGE_HEAD") == 0)
        return SPR_FAIL(err, SPR_BUSY,
                        "%s waits: somebody is in the middle of a merge; when it is committed, 'spritery "
                        "plan %s' goes on",
                        branch, again);
    if (GIT(at->home, said, "-c", "user.name=spritery", "-c", "user.email=spritery@localhost", "merge",
            "--no-ff", "--no-edit", branch) == 0)
        return SPR_OK;
    GIT(at->home, both, "diff", "--name-only", "--diff-filter=U");
    GIT(at->home, aborted, "merge", "--abort");
    if (!*both)
        return SPR_FAIL(err, SPR_BUSY, "%s cannot be merged: %.300s", branch, said);
    return SPR_FAIL(err, SPR_BUSY,
                    "%s cannot be merged, both sides changed %.200s: merge it by hand (git merge %s), then "
                    "'spritery plan %s' or resume",
                    branch, both, branch, again);
}
