/* config - every setting of the daemon, declared once: config.yaml, environment, flags, `config show` and the page.
 * Flow:  --set and flags, SPRITERY_*, config.yaml -> [daemon/config] -> daemon
 * Order: what was set by a flag wins over the environment, that over the file, that over the default.
 * Names: listen.requests is the key `requests` under `listen` in the file, and SPRITERY_LISTEN_REQUESTS.
 * Threads: a plain value that owns its texts. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H
#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config {
    struct {
        char *requests, *updates, *events; /* addresses; "" is off */
        bool ipc;                          /* beside them, in the runtime folder */
        char *http;                        /* HOST:PORT; "" is off */
    } listen;
    struct {
        char *server, *allowed; /* files */
    } keys;
    struct {
        char *folder, *gallery;
    } data;
    struct {
        int64_t workers, threads; /* 0: by the CPUs */
        char *model, *comfyui;    /* comfyui: URLs with commas between */
    } engine;
    struct {
        int64_t most, tries, retry_s, lease_s, keep_s, keep_jobs;
        char *durable; /* "kill" or "power" */
    } queue;
    struct {
        char *level;
        bool json;
    } log;
    int64_t stop_s;
    char *file;          /* that was read, or would be */
    unsigned char *from; /* (settings) enum config_from of each */
};

enum config_from { CONFIG_DEFAULT, CONFIG_FILE, CONFIG_ENVIRONMENT, CONFIG_FLAG };

enum config_type { CONFIG_TEXT, CONFIG_PATH, CONFIG_WORD, CONFIG_WHOLE, CONFIG_SPAN, CONFIG_SWITCH };

struct config_row {
    const char *name; /* "listen.requests", or "stop_after" */
    enum config_type type;
    bool live;                /* SIGHUP changes it; others need a restart */
    const char *standard;     /* default, as text; "" for those that are worked out */
    int64_t min, max;         /* CONFIG_WHOLE, CONFIG_SPAN (seconds) */
    const char *const *words; /* CONFIG_WORD */
    const char *help;
    size_t offset;
};
const struct config_row *config_row(size_t i); /* NULL after the last */

/* Reads everything. file: NULL for $SPRITERY_CONFIG or ~/.config/spritery/config.yaml, which need not be there; one that
 * is named must. sets: "name=value" texts of flags. GIVES *ret (config_fini). Fails: SPR_BADARG, SPR_BADDATA (a mistake
 * in the file: every one is in *ret_report with its line, where report is not NULL), SPR_NOTFOUND, SPR_NOMEM. */
struct doc_report;
SPR_MUST_USE enum spr_code config_load(const char *file, const char *const *sets, size_t count,
                                       struct config *ret, struct doc_report *ret_report,
                                       struct spr_error *err);
void config_fini(struct config *c);

/* Takes over the live settings of another; *ret_later: how many others differ and wait for a restart. TAKES from. */
void config_reload(struct config *c, struct config *from, int *ret_later);

/* Appends a setting's value as text. */
SPR_MUST_USE enum spr_code config_print(const struct config *c, size_t i, struct buf *out,
                                        struct spr_error *err);
const char *config_from_name(enum config_from from); /* "default", "file" ... */

/* A folder of the user by the XDG rules: base "config", "data" or "state". ret is PATH_MAX bytes. */
SPR_MUST_USE enum spr_code config_folder(const char *base, char *ret, struct spr_error *err);

#endif
