#include "cli/command.h"
#include "cli/settings.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include "daemon/daemon.h"

enum { DATA = OPTION_OWN, WORKERS, CONFIG, SET };
enum { LARGE_BYTES = 128 * 1024 };

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    static const struct settings_flags flags = { CONFIG,
                                                 SET,
                                                 { { DATA, "data.folder" }, { WORKERS, "engine.workers" } } };
    struct settings s;
    struct log log = { .level = LOG_INFO, .fd = 2 };
    enum spr_code rc = settings_read(args, &flags, &s, err);
    if (rc)
        return rc;
    log_level_named(s.config.log.level, &log.level);
    log.level = cli->quiet ? LOG_ERROR : cli->verbose ? LOG_DEBUG : log.level;
    log.json = cli->json || s.config.log.json;
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD,
            LARGE_BYTES); /* large messages of strangers go back to the system when they are done with */
#endif
    rc = daemon_run(&s.config, s.file, s.sets, s.count, &log, err);
    settings_fini(&s);
    return rc;
}

static const struct option options[] = {
    { CONFIG, 0, "config", "FILE", "the configuration; default: ~/.config/spritery/config.yaml",
      COMPLETE_FILE, NULL },
    { DATA, 0, "data", "DIR", "where the queue and the gallery are (data.folder)", COMPLETE_FOLDER, NULL },
    { WORKERS, 0, "workers", "N", "jobs at a time (engine.workers)", COMPLETE_NOTHING, NULL },
    { SET, 0, "set", "NAME=VALUE", "any setting of 'spritery config show'; as often as needed",
      COMPLETE_NOTHING, NULL },
};

static const struct example examples[] = {
    { "spritery serve", "in the foreground; Ctrl-C ends it, jobs stay" },
    { "spritery serve --set listen.http= --set queue.keep=30d", "no HTTP, and a shorter memory" },
};

const struct command cmd_serve = {
    .name = "serve",
    .operands = "",
    .summary = "run the daemon: a queue that survives, for all clients",
    .about = "Takes jobs from clients (generate, jobs, and those of the protocol in docs/protocol.md), keeps "
             "them in a file, "
             "and draws them one after the other. What was accepted is done even if the daemon is killed.\n"
             "SIGTERM or Ctrl-C: running jobs get time to end (stop_after), else they are queued again; a "
             "second signal "
             "does not wait. SIGHUP reads the configuration again.\n"
             "Everything listens on this machine only. To be reached from others: 'spritery help keys'.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .run = run,
};
