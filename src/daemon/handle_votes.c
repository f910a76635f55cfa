/* Votes: which picture somebody liked best. */
#include "base/clock.h"
#include "daemon/inside.h"
#include "queue/vote.h"
#include "wire/message_votes.h"

#include <string.h>

enum { TAGGED_MOST = 200, PROMPT_SHOWN = 200, PAGE_BYTES = 600000 }; /* a page fits into one message */

/* What was compared, where the vote does not say. */
struct names {
    struct wire_pool pool;
    const char *tag;
    const char *item[MESSAGE_AMONG_MAX];
    int count;
};

static const char *keep(struct wire_pool *pool, const char *text, size_t most, struct spr_error *err)
{
    const char *copy = wire_pool_text(pool, text, most);
    if (!copy)
        (void)SPR_FAIL(err, SPR_NOMEM, "out of memory for votes");
    return copy;
}

static enum spr_code add_name(struct names *n, const char *name, struct spr_error *err)
{
    if (n->count == MESSAGE_AMONG_MAX)
        return SPR_OK;
    n->item[n->count] = keep(&n->pool, name, SIZE_MAX, err);
    if (!n->item[n->count])
        return SPR_NOMEM;
    n->count++;
    return SPR_OK;
}

static enum spr_code names_of_vote(void *context, const struct vote *v, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int i = 0; !rc && i < v->choices; i++)
        rc = add_name(context, v->choice[i].name, err);
    return rc;
}

static enum spr_code name_of_job(void *context, const struct queue_job *j, struct spr_error *err)
{
    struct names *n = context;
    size_t length = strlen(n->tag);
    for (const char *t = j->tags; *t; t += strcspn(t, "\n"), t += *t == '\n')
        if (strcspn(t, "\n") == length && memcmp(t, n->tag, length) == 0)
            return add_name(n, j->id, err);
    return SPR_OK;
}

/* Those of an earlier vote in the comparison, else the jobs that have its name as a tag. */
static enum spr_code find_names(struct daemon *d, struct names *n, struct spr_error *err)
{
    struct vote_filter earlier = { .comparison = n->tag, .limit = 1 };
    struct queue_filter tagged = { .state = -1, .text = n->tag, .limit = TAGGED_MOST };
    enum spr_code rc = vote_list(d->queue, &earlier, names_of_vote, n, NULL, err);
    if (!rc && n->count == 0)
        rc = queue_list(d->queue, &tagged, name_of_job, n, NULL, err);
    if (!rc && n->count < 2)
        rc = SPR_FAIL(
            err, SPR_BADARG,
            "among: say what was compared; no vote in this comparison, and no two jobs with its name as a "
            "tag, say so");
    return rc;
}

void handle_vote(struct daemon *d, const struct asker *a, void *object)
{
    const struct message_vote *m = object;
    struct names n = { .tag = m->comparison };
    struct spr_error err;
    enum spr_code rc = m->among.count ? SPR_OK : find_names(d, &n, &err);
    struct vote_new v = { .comparison = m->comparison,
                          .voter = m->voter ? m->voter : "",
                          .winner = m->winner,
                          .note = m->note ? m->note : "",
                          .among = m->among.count ? m->among.item : n.item,
                          .count = m->among.count ? (int)m->among.count : n.count };
    if (!rc)
        rc = vote_cast(d->queue, &v, clock_wall_ms(), &err);
    if (rc) {
        d->metrics.errors[rc]++;
        answer_error(d, a, err.text);
    } else {
        answer_done(d, a, 1);
    }
    wire_pool_reset(&n.pool);
}

/* A page of votes. */
struct page {
    struct wire_pool pool;
    struct message_cast *cast;
    struct message_standing *standing;
    size_t casts, standings;
};

static enum spr_code keep_vote(void *context, const struct vote *v, struct spr_error *err)
{
    struct page *p = context;
    if (p->pool.used > PAGE_BYTES) /* the next page begins here */
        return SPR_OK;
    struct message_choice *choice = wire_pool_take(&p->pool, (size_t)v->choices + 1, sizeof *choice);
    struct message_cast *c = &p->cast[p->casts];
    if (!choice)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory for votes");
    *c = (struct message_cast){ .row = v->row,
                                .comparison = keep(&p->pool, v->comparison, SIZE_MAX, err),
                                .winner = keep(&p->pool, v->winner, SIZE_MAX, err),
                                .voter = keep(&p->pool, v->voter, SIZE_MAX, err),
                                .note = keep(&p->pool, v->note, SIZE_MAX, err),
                                .voted = (double)v->voted_ms / 1000,
                                .among = { choice, (size_t)v->choices } };
    bool ok = c->comparison && c->winner && c->voter && c->note;
    for (int i = 0; ok && i < v->choices; i++) {
        choice[i] = (struct message_choice){ .name = keep(&p->pool, v->choice[i].name, SIZE_MAX, err),
                                             .prompt = keep(&p->pool, v->choice[i].prompt, PROMPT_SHOWN, err),
                                             .model = keep(&p->pool, v->choice[i].model, SIZE_MAX, err) };
        ok = choice[i].name && choice[i].prompt && choice[i].model;
    }
    p->casts += ok;
    return ok ? SPR_OK : SPR_NOMEM;
}

static enum spr_code keep_standing(void *context, const char *model, const struct vote_score *score,
                                   struct spr_error *err)
{
    struct page *p = context;
    struct message_standing *s = &p->standing[p->standings];
    *s = (struct message_standing){ .model = keep(&p->pool, model, SIZE_MAX, err),
                                    .votes = score->votes,
                                    .wins = score->wins };
    p->standings += s->model != NULL;
    return s->model ? SPR_OK : SPR_NOMEM;
}

void handle_votes(struct daemon *d, const struct asker *a, void *object)
{
    const struct message_votes *m = object;
    struct page p = { 0 };
    struct spr_error err;
    int64_t total = 0;
    struct vote_filter f = { m->comparison, m->job_id, m->before,
                             wire_given(m, VOTES_LIMIT) ? (int)m->limit : MESSAGE_VOTES_MAX };
    p.cast = wire_pool_take(&p.pool, MESSAGE_VOTES_MAX, sizeof *p.cast);
    p.standing = wire_pool_take(&p.pool, MESSAGE_STANDINGS_MAX, sizeof *p.standing);
    enum spr_code rc = p.cast && p.standing ? SPR_OK : SPR_FAIL(&err, SPR_NOMEM, "out of memory for votes");
    if (!rc)
        rc = vote_list(d->queue, &f, keep_vote, &p, &total, &err);
    if (!rc)
        rc = vote_models(d->queue, MESSAGE_STANDINGS_MAX, keep_standing, &p, &err);
    struct message_vote_list list = { .votes = { p.cast, p.casts },
                                      .total = total,
                                      .models = { p.standing, p.standings } };
    if (rc)
        answer_error(d, a, err.text);
    else
        answer(d, a, &message_vote_list, &list);
    wire_pool_reset(&p.pool);
}
