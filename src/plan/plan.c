#include "plan/plan.h"

#include "base/mem.h"
#include "base/str.h"
#include "plan/read.h"

#include <stdio.h>

enum spr_code plan_load(const char *bytes, size_t length, struct plan *ret, struct doc_report *report,
                        struct spr_error *err)
{
    struct plan p = { 0 };
    static const struct doc_about about = { "plan", "\"plan: NAME\"" };
    enum spr_code rc = schema_load(bytes, length, &about, &p.doc, report, err);
    if (rc)
        return rc;
    struct reader r = { .plan = &p, .err = err, .schema = { .doc = &p.doc, .report = report } };
    plan_read(&r);
    if (!r.schema.rc)
        plan_check(&r);
    rc = r.schema.rc;
    if (!rc)
        rc = schema_verdict(report, "plan", err);
    if (rc)
        plan_free(&p);
    else
        *ret = p;
    return rc;
}

void plan_free(struct plan *p)
{
    mem_free(p->index);
    mem_free(p->domain);
    mem_free(p->workstream);
    mem_free(p->gate);
    mem_free(p->resource);
    mem_free(p->agent);
    mem_free(p->ref);
    mem_free(p->use);
    mem_free(p->path);
    mem_free(p->criterion);
    doc_free(&p->doc);
    *p = (struct plan){ 0 };
}

void plan_span_text(const struct plan *p, double seconds, char *text, size_t size)
{
    char number[32];
    if (seconds >= (double)p->day_s) {
        str_from_double((double)(int64_t)(seconds / (double)p->day_s * 10 + 0.5) / 10, number, sizeof number);
        snprintf(text, size, "%s d", number);
    } else if (seconds >= 3600) {
        str_from_double((double)(int64_t)(seconds / 3600 * 10 + 0.5) / 10, number, sizeof number);
        snprintf(text, size, "%s h", number);
    } else if (seconds >= 120) {
        snprintf(text, size, "%d min", (int)(seconds / 60 + 0.5));
    } else {
        str_from_double((double)(int64_t)(seconds * 10 + 0.5) / 10, number, sizeof number);
        snprintf(text, size, "%s s", number);
    }
}
