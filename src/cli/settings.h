/* settings - the daemon's configuration as a command line gives it: --config, --set and flags that stand for a setting.
 * Flow:  args -> [cli/settings] -> daemon/config -> cmd_serve, cmd_config
 * Threads: the main one. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H
#include "cli/option.h"
#include "daemon/config.h"

enum { SETTINGS_FLAGS = 4 };

struct settings_flags {
    int config, set; /* option ids; 0: the command has none */
    struct {
        int id;
        const char *name; /* of the setting */
    } flag[SETTINGS_FLAGS];
};

struct settings {
    struct config config;
    const char *file;  /* BORROWS argv; NULL: the usual one */
    const char **sets; /* (count) */
    size_t count;
    struct buf made; /* "name=value" of flags */
};

/* GIVES *ret (settings_fini). Fails: as config_load does. */
struct doc_report;
SPR_MUST_USE enum spr_code settings_read(const struct args *args, const struct settings_flags *flags,
                                         struct settings *ret, struct spr_error *err);
/* The same, with every mistake of the file. */
SPR_MUST_USE enum spr_code settings_report(const struct args *args, const struct settings_flags *flags,
                                           struct settings *ret, struct doc_report *report,
                                           struct spr_error *err);
void settings_fini(struct settings *s);

#endif
