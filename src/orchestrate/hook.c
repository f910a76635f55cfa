#include "orchestrate/hook.h"

#include "orchestrate/action.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum spr_code environment(const struct plan *p, const struct place *at, const char *type,
                                 const char *severity, const char *id, const char *text, struct words *env,
                                 struct spr_error *err)
{
    enum spr_code rc = action_env(p, PLAN_NONE, 0, at, env, err);
    if (!rc)
        rc = words_add(env, err, "SPRITERY_ESCALATION=%s", type);
    if (!rc)
        rc = words_add(env, err, "SPRITERY_SEVERITY=%s", severity);
    if (!rc)
        rc = words_add(env, err, "SPRITERY_SUBJECT=%s", id);
    return rc ? rc : words_add(env, err, "SPRITERY_ISSUE=%s", text ? text : "");
}

void hook_call(const struct plan *p, const struct place *at, const char *type, const char *severity,
               enum plan_thing thing, int32_t index, const char *text)
{
    struct words argv = { 0 }, env = { 0 };
    struct spr_error err;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t pid;
    char log[TASK_PATH_BYTES + 16];
    const char *id = index == PLAN_NONE         ? p->name
                     : thing == PLAN_WORKSTREAM ? p->workstream[index].id
                     : thing == PLAN_GATE       ? p->gate[index].id
                                                : p->domain[index].id;
    snprintf(log, sizeof log, "%s/log/hook.out", at->folder);
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    posix_spawn_file_actions_addchdir_np(&files, at->home);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &none);
    if (action_shell(p, p->hook, &argv, &err) == SPR_OK &&
        environment(p, at, type, severity, id, text, &env, &err) == SPR_OK &&
        posix_spawn(&pid, argv.word[0], &files, &attributes, argv.word, env.word))
        pid = 0; /* a hook that cannot be started is like one that fails */
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    words_fini(&env);
    words_fini(&argv);
}
