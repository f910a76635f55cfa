#include "orchestrate/fresh.h"

#include "base/file.h"
#include "base/mem.h"
#include "deploy/deploy.h"
#include "digest/digest.h"
#include "orchestrate/run.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 64 };

static void add_text(struct digest *d, const char *text)
{
    digest_add(d, text ? text : "\1", text ? strlen(text) + 1 : 1);
}

static void end(struct digest *d, struct run_hash *ret)
{
    uint8_t whole[DIGEST_BYTES];
    digest_end(d, whole);
    memcpy(ret->byte, whole, sizeof ret->byte);
}

/* A node of the plan's tree as it is written. */
static void add_node(struct digest *c, const struct doc *d, int32_t n)
{
    static const char *const opening[] = { "s", "[", "{" };
    if (n == DOC_NONE)
        return;
    add_text(c, opening[d->node[n].kind]);
    if (d->node[n].kind == DOC_SCALAR)
        add_text(c, doc_text(d, n));
    else
        for (int32_t k = d->node[n].first; k != DOC_NONE; k = d->node[k].next)
            add_node(c, d, k);
    add_text(c, "]");
}

enum spr_code fresh_made(const struct plan *p, int32_t index, const struct place *at, struct run_hash *ret,
                         struct spr_error *err)
{
    const struct plan_workstream *w = &p->workstream[index];
    struct digest c;
    enum spr_code rc = SPR_OK;
    digest_init(&c);
    add_text(&c, plan_action_name(w->action));
    add_text(&c, w->task);
    add_text(&c, w->manual);
    if (w->action != PLAN_ACTION_AGENT && w->action != PLAN_ACTION_MANUAL)
        add_node(&c, &p->doc, w->detail);
    add_text(&c, p->shell);
    add_text(&c, w->workdir);
    add_text(&c, w->branch ? "branch" : "");
    add_node(&c, &p->doc, w->env);
    if (w->agent != PLAN_NONE && w->action == PLAN_ACTION_AGENT) {
        add_text(&c, p->agent[w->agent].command);
        add_node(&c, &p->doc, p->agent[w->agent].env);
    }
    for (int32_t i = 0; i < w->outputs.count; i++)
        add_text(&c, p->path[w->outputs.first + i]);
    for (int32_t i = 0; i < w->accept.count; i++)
        add_node(&c, &p->doc, p->criterion[w->accept.first + i].node);
    if (w->spec) {
        char path[TASK_PATH_BYTES];
        place_path(at, w->spec, path, sizeof path);
        rc = digest_add_file(&c, path, err);
    }
    end(&c, ret);
    return rc;
}

/* ---- what it takes ---- */

enum spr_code fresh_memo_init(struct fresh_memo *m, const struct plan *p, const struct plan_graph *g,
                              struct spr_error *err)
{
    size_t count = (size_t)(g->nodes - p->workstreams);
    m->hash = mem_zalloc(count, sizeof *m->hash);
    m->known = mem_zalloc(count, sizeof *m->known);
    if (m->hash && m->known)
        return SPR_OK;
    fresh_memo_fini(m);
    return SPR_FAIL(err, SPR_NOMEM, "no memory for a run of this size");
}

void fresh_memo_fini(struct fresh_memo *m)
{
    mem_free(m->hash);
    mem_free(m->known);
    *m = (struct fresh_memo){ 0 };
}

static bool is_begin(const struct plan *p, int32_t n)
{
    return n >= p->workstreams && n < graph_gate(p, 0) && (n - p->workstreams) % 2 == 0;
}

/* What a node gives to one that needs it: of a workstream its name and hash; of the end of a domain, of a gate and of the
 * begin of one's own domain one hash of all before it, which is kept. Another begin only carries on. At most begin, gate,
 * end, workstream lie below each other. */
static void add_given(struct digest *c, const struct plan *p, const struct plan_graph *g,
                      const struct work *work, struct fresh_memo *m, int32_t n, bool own_begin)
{
    if (n < p->workstreams) {
        add_text(c, p->workstream[n].id);
        digest_add(c, work[n].gave.byte, sizeof work[n].gave.byte);
        return;
    }
    if (is_begin(p, n) && !own_begin)
        return;
    int32_t i = n - p->workstreams;
    if (!m->known[i]) {
        struct digest all;
        digest_init(&all);
        for (int32_t k = g->need_first[n]; k < g->need_first[n + 1]; k++)
            add_given(&all, p, g, work, m, g->need[k], false);
        end(&all, &m->hash[i]);
        m->known[i] = true;
    }
    digest_add(c, m->hash[i].byte, sizeof m->hash[i].byte);
}

void fresh_took(const struct plan *p, const struct plan_graph *g, const struct work *work,
                struct fresh_memo *m, int32_t w, struct run_hash *ret)
{
    struct digest c;
    digest_init(&c);
    for (int32_t k = g->need_first[w]; k < g->need_first[w + 1]; k++)
        add_given(&c, p, g, work, m, g->need[k],
                  g->need[k] == graph_domain_begin(p, p->workstream[w].domain));
    end(&c, ret);
}

/* What is known rests on what is known: where a node is not, nothing after it is. */
void fresh_changed(struct fresh_memo *m, const struct plan *p, const struct plan_graph *g, int32_t n)
{
    for (int32_t k = g->next_first[n]; k < g->next_first[n + 1]; k++) {
        int32_t after = g->next[k], i = after - p->workstreams;
        if (i < 0 || !m->known[i])
            continue;
        m->known[i] = false;
        fresh_changed(m, p, g, after);
    }
}

/* ---- what it gave ---- */

static enum spr_code add_path(struct digest *c, const char *path, const char *name, int depth,
                              struct spr_error *err);

static enum spr_code add_folder(struct digest *c, const char *path, int depth, struct spr_error *err)
{
    struct dirent **list;
    int n = scandir(path, &list, NULL, alphasort);
    enum spr_code rc =
        n < 0 ? SPR_FAIL(err, SPR_IO, "cannot read %.200s: %s", path, strerror(errno)) : SPR_OK;
    for (int i = 0; i < n; i++) {
        char below[TASK_PATH_BYTES];
        const char *name = list[i]->d_name;
        bool fits = snprintf(below, sizeof below, "%s/%s", path, name) < (int)sizeof below;
        if (!rc && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            rc = fits && depth < DEPTH_MAX
                     ? add_path(c, below, name, depth + 1, err)
                     : SPR_FAIL(err, SPR_LIMIT, "%.200s: too deep or too long a path", path);
        free(list[i]);
    }
    if (n >= 0)
        free(list);
    return rc;
}

static enum spr_code add_path(struct digest *c, const char *path, const char *name, int depth,
                              struct spr_error *err)
{
    struct stat st;
    if (stat(path, &st))
        return SPR_FAIL(err, errno == ENOENT ? SPR_NOTFOUND : SPR_IO, "output %.200s: %s", name,
                        strerror(errno));
    add_text(c, name);
    if (S_ISDIR(st.st_mode))
        return add_folder(c, path, depth, err);
    if (!S_ISREG(st.st_mode))
        return SPR_OK;
    return digest_add_file(c, path, err);
}

static enum spr_code add_output(struct digest *c, const char *folder, const char *output,
                                struct spr_error *err)
{
    char path[TASK_PATH_BYTES];
    glob_t found = { 0 };
    snprintf(path, sizeof path, "%s%s%s", *output == '/' ? "" : folder, *output == '/' ? "" : "/", output);
    if (!strpbrk(output, "*?["))
        return add_path(c, path, output, 0, err);
    enum spr_code rc = glob(path, 0, NULL, &found)
                           ? SPR_FAIL(err, SPR_NOTFOUND, "output %.200s: nothing matches", output)
                           : SPR_OK;
    for (size_t i = 0; !rc && i < found.gl_pathc; i++)
        rc = add_path(c, found.gl_pathv[i], found.gl_pathv[i], 0, err);
    globfree(&found);
    return rc;
}

static const char *word_of(const struct doc *d, int32_t map, const char *key)
{
    for (int32_t k = d->node[map].first; k != DOC_NONE; k = d->node[d->node[k].next].next)
        if (strcmp(doc_text(d, k), key) == 0 && d->node[d->node[k].next].kind == DOC_SCALAR)
            return doc_text(d, d->node[k].next);
    return NULL;
}

/* What a deploy gave is what its manifest lists, if that lies there as it was put. */
static enum spr_code add_deployed(struct digest *c, const struct plan *p, int32_t index, const char *folder,
                                  struct spr_error *err)
{
    const struct plan_workstream *w = &p->workstream[index];
    const char *into = word_of(&p->doc, w->detail, "into"), *name = word_of(&p->doc, w->detail, "name");
    char path[TASK_PATH_BYTES], hash[DIGEST_HEX_BYTES];
    snprintf(path, sizeof path, "%s%s%s", *into == '/' ? "" : folder, *into == '/' ? "" : "/", into);
    enum spr_code rc = deploy_look(path, name ? name : w->id, hash, err);
    if (!rc)
        add_text(c, hash);
    return rc;
}

enum spr_code fresh_gave(const struct plan *p, int32_t index, const char *folder, int32_t attempt,
                         struct run_hash *ret, struct spr_error *err)
{
    const struct plan_workstream *w = &p->workstream[index];
    struct digest c;
    enum spr_code rc = SPR_OK;
    digest_init(&c);
    for (int32_t i = 0; !rc && i < w->outputs.count; i++)
        rc = add_output(&c, folder, p->path[w->outputs.first + i], err);
    if (w->action == PLAN_ACTION_DEPLOY)
        rc = rc ? rc : add_deployed(&c, p, index, folder, err);
    else if (!rc && w->outputs.count == 0)
        digest_add(&c, &attempt, sizeof attempt);
    if (!rc)
        end(&c, ret);
    return rc;
}
