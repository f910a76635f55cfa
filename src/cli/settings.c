#include "cli/settings.h"

#include "base/mem.h"

#include <string.h>

enum { MADE_MAX = 1 << 16 };

static const char *flag_name(const struct settings_flags *flags, int id)
{
    for (int i = 0; i < SETTINGS_FLAGS && flags->flag[i].name; i++)
        if (flags->flag[i].id == id)
            return flags->flag[i].name;
    return NULL;
}

/* Texts of flags lie behind each other in `made`; as offsets first, for it moves while it grows. */
static enum spr_code collect(const struct args *args, const struct settings_flags *flags, struct settings *s,
                             struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int pass = 0; pass < 2; pass++) {
        size_t at = 0;
        for (size_t i = 0; !rc && i < args->count; i++) {
            const struct arg *a = &args->given[i];
            const char *name = flag_name(flags, a->id);
            if (pass == 0 && name) {
                rc = buf_addf(&s->made, err, "%s=%s", name, a->value);
                if (!rc)
                    rc = buf_add(&s->made, "", 1, err);
            } else if (pass == 1 && name) {
                s->sets[s->count++] = s->made.data + at;
                at += strlen(s->made.data + at) + 1;
            } else if (pass == 1 && flags->set && a->id == flags->set) {
                s->sets[s->count++] = a->value;
            }
        }
    }
    return rc;
}

enum spr_code settings_report(const struct args *args, const struct settings_flags *flags,
                              struct settings *ret, struct doc_report *report, struct spr_error *err)
{
    struct settings s = { .file = flags->config ? args_value(args, flags->config) : NULL };
    buf_init(&s.made, MADE_MAX);
    s.sets = mem_zalloc(args->count + 1, sizeof *s.sets);
    enum spr_code rc =
        s.sets ? collect(args, flags, &s, err) : SPR_FAIL(err, SPR_NOMEM, "out of memory reading settings");
    if (!rc)
        rc = config_load(s.file, s.sets, s.count, &s.config, report, err);
    if (rc)
        settings_fini(&s);
    else
        *ret = s;
    return rc;
}

enum spr_code settings_read(const struct args *args, const struct settings_flags *flags, struct settings *ret,
                            struct spr_error *err)
{
    return settings_report(args, flags, ret, NULL, err);
}

void settings_fini(struct settings *s)
{
    if (s->config.from)
        config_fini(&s->config);
    mem_free(s->sets);
    buf_fini(&s->made);
    *s = (struct settings){ 0 };
}
