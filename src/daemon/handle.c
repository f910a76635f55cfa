/* One function per request. Each answers at once: nothing here waits for work, for another client or for the network. */
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "daemon/inside.h"
#include "paint/model_find.h"
#include "queue/vote.h"
#include "wire/message_votes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LIST_STANDARD = 100,
    PROMPT_SHOWN = 200,
    TEXT_MOST = 1 << 20,
    FRESH_ID_BYTES = 32,
    CLEAR_MOST = 100000
};

#define TURN_NS 2000000 /* of one socket, or of what waited; a question more is begun only within it */

void answer(struct daemon *d, const struct asker *a, const struct wire_schema *schema, const void *object)
{
    struct spr_error err;
    d->out.length = 0;
    if (wire_encode(schema, object, &d->out, &err)) {
        if (schema != &message_error)
            answer_error(d, a, err.text);
        return;
    }
    d->metrics.dropped += !wire_answer(a->socket, a->packet, d->out.data, d->out.length);
}

void answer_error(struct daemon *d, const struct asker *a, const char *sentence)
{
    struct message_error m = { .message = sentence };
    answer(d, a, &message_error, &m);
}

static void answer_job_error(struct daemon *d, const struct asker *a, const char *id,
                             const struct spr_error *err)
{
    struct message_job_error m = { .job_id = id, .error = err->text };
    d->metrics.errors[err->code]++;
    answer(d, a, &message_job_error, &m);
}

void answer_done(struct daemon *d, const struct asker *a, int64_t count)
{
    struct message_done m = { .count = count };
    answer(d, a, &message_done, &m);
}

/* The answer to a change by id: done, or why not. */
static void say_result(struct daemon *d, const struct asker *a, const char *id, enum spr_code rc,
                       const struct spr_error *err)
{
    if (rc)
        answer_job_error(d, a, id, err);
    else
        answer_done(d, a, 1);
}

static enum spr_code check_id(const char *id, struct spr_error *err)
{
    for (const char *c = id; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F)
            return SPR_FAIL(err, SPR_BADARG, "id has a control character");
    return SPR_OK;
}

static const char *engine_of(const struct request *r)
{
    return request_row(REQUEST_ENGINE)->words[r->engine.name];
}

/* Version 1.0 has no engine: who asks for a checkpoint or a LoRA by a name that list_models says, and that only ComfyUI
 * servers have, means them. */
static void choose_engine(const struct daemon *d, struct request *r)
{
    const char *model = request_text(r, REQUEST_MODEL);
    char *path = NULL;
    bool remote = r->engine.lora != NULL;
    if (request_given(r, REQUEST_ENGINE))
        return;
    if (*model && !remote && catalog_serves(d->catalog, model, "checkpoint"))
        remote = data_find(&model_kind, model, &path, NULL) || !file_exists(path);
    mem_free(path);
    for (int i = 0; remote && i < d->slots; i++)
        if (strcmp(d->slot[i].engine, "comfyui") == 0)
            r->engine.name = REQUEST_COMFYUI;
}

static enum spr_code check_engine(const struct daemon *d, const struct message_generate *m,
                                  struct spr_error *err)
{
    const char *engine = engine_of(&m->request);
    for (int i = 0; i < d->slots; i++)
        if (strcmp(d->slot[i].engine, engine) == 0)
            return SPR_OK;
    return SPR_FAIL(err, SPR_NOTFOUND,
                    "engine \"%s\": this daemon has none; 'spritery help serve' says how to add one", engine);
}

/* A tile set as version 1.0 asks for it. */
static enum spr_code take_grid(struct message_generate *m, struct spr_error *err)
{
    char text[32];
    if (!wire_given(m, GENERATE_GRID) || m->tileset_grid[0] * m->tileset_grid[1] == 1)
        return SPR_OK;
    snprintf(text, sizeof text, "%lldx%lld", (long long)m->tileset_grid[0], (long long)m->tileset_grid[1]);
    return request_set(&m->request, REQUEST_GRID, "tileset_grid", text, err);
}

/* "" and "default" are the configured one; any other must be there. */
static enum spr_code settle_model(const struct daemon *d, struct request *r, struct spr_error *err)
{
    const char *model = request_text(r, REQUEST_MODEL);
    char *path = NULL;
    if (strcmp(model, "default") == 0 || (!*model && r->engine.name == REQUEST_NATIVE))
        return request_set(r, REQUEST_MODEL, "model",
                           r->engine.name == REQUEST_NATIVE ? d->config->engine.model : "", err);
    if (r->engine.name != REQUEST_NATIVE) /* its server knows */
        return SPR_OK;
    enum spr_code rc = data_find(&model_kind, model, &path, err);
    mem_free(path);
    if (rc)
        spr_prefix(err, "model");
    return rc;
}

static enum spr_code join_tags(const struct wire_texts *tags, struct buf *out, struct spr_error *err)
{
    enum spr_code rc = buf_addf(out, err, "%s", "");
    for (size_t i = 0; !rc && i < tags->count; i++)
        rc = buf_addf(out, err, "%s%s", i ? "\n" : "", tags->item[i]);
    return rc;
}

static enum spr_code check_room(struct daemon *d, int64_t *ret_queued, struct spr_error *err)
{
    struct queue_counts counts;
    enum spr_code rc = queue_count(d->queue, &counts, err);
    if (rc)
        return rc;
    *ret_queued = counts.of[JOB_QUEUED];
    if (counts.of[JOB_QUEUED] >= d->config->queue.most)
        return SPR_FAIL(err, SPR_LIMIT, "the queue is full: %lld jobs wait (queue.most)",
                        (long long)counts.of[JOB_QUEUED]);
    return SPR_OK;
}

static enum spr_code accept_job(struct daemon *d, struct message_generate *m, const char *id,
                                double *ret_estimate, struct spr_error *err)
{
    struct request *r = &m->request;
    bool seed_given = request_given(r, REQUEST_SEED), again = false;
    int64_t queued = 0, row;
    struct buf tags;
    buf_init(&tags, QUEUE_TAGS_MAX);
    if (!seed_given)
        r->seed = random_fresh_seed();
    enum spr_code rc =
        d->stop_ns ? SPR_FAIL(err, SPR_BUSY, "the daemon is stopping; ask again in a moment") : SPR_OK;
    if (!rc)
        rc = check_id(id, err);
    if (!rc)
        rc = take_grid(m, err);
    if (!rc)
        choose_engine(d, r);
    if (!rc)
        rc = check_engine(d, m, err);
    if (!rc)
        rc = settle_model(d, r, err);
    if (!rc)
        rc = request_check(r, err);
    if (!rc)
        rc = check_room(d, &queued, err);
    if (!rc)
        rc = join_tags(&m->tags, &tags, err);
    struct queue_new n = { id, tags.data, engine_of(r), r, (int)m->priority, seed_given };
    if (!rc)
        rc = queue_accept(d->queue, &n, clock_wall_ms(), &row, &again, err);
    buf_fini(&tags);
    if (rc)
        return rc;
    *ret_estimate = waiting_seconds(d, queued) + estimate_seconds(&d->estimate, r);
    if (!again)
        publish_changed(d, id, JOB_QUEUED, NULL);
    d->schedule_due = true;
    return SPR_OK;
}

static void on_generate(struct daemon *d, const struct asker *a, void *object)
{
    struct message_generate *m = object;
    struct spr_error err;
    char fresh[FRESH_ID_BYTES];
    const char *id = m->id;
    double estimate = 0;
    if (!id || !*id) {
        snprintf(fresh, sizeof fresh, "%014llx%014llx", (unsigned long long)random_fresh_seed(),
                 (unsigned long long)random_fresh_seed());
        id = fresh;
    }
    if (accept_job(d, m, id, &estimate, &err)) {
        answer_job_error(d, a, id, &err);
        return;
    }
    struct message_accepted accepted = { .job_id = id, .estimated_time_s = estimate };
    answer(d, a, &message_job_accepted, &accepted);
}

static void on_cancel(struct daemon *d, const struct asker *a, void *object)
{
    const struct message_job_id *m = object;
    struct spr_error err;
    enum job_state was;
    int64_t row;
    if (queue_cancel(d->queue, m->job_id, clock_wall_ms(), &was, &row, &err)) {
        answer_job_error(d, a, m->job_id, &err);
        return;
    }
    struct slot *s = was == JOB_RUNNING ? slot_of(d, row) : NULL;
    struct message_job_id cancelled = { .job_id = m->job_id };
    answer(d, a, &message_job_cancelled, &cancelled);
    publish_changed(d, m->job_id, JOB_CANCELLED, NULL);
    if (s)
        slot_abandon(d, s, "cancelled");
    else
        publish_ended(d, m->job_id, 0, NULL, "cancelled");
}

static void on_list_models(struct daemon *d, const struct asker *a, void *object)
{
    struct catalog_list list = { 0 };
    struct spr_error err;
    (void)object;
    struct message_model *model = NULL;
    enum spr_code rc = catalog_list(d->catalog, &list, &err);
    if (!rc && !(model = mem_zalloc(list.count + 1, sizeof *model)))
        rc = SPR_FAIL(&err, SPR_NOMEM, "out of memory listing models");
    for (size_t i = 0; !rc && i < list.count; i++)
        model[i] = (struct message_model){ .name = list.item[i].name,
                                           .path = list.item[i].path,
                                           .model_type = list.item[i].kind,
                                           .size_mb = list.item[i].bytes >> 20 };
    struct message_models m = { .models = { model, list.count } };
    if (rc)
        answer_error(d, a, err.text);
    else
        answer(d, a, &message_model_list, &m);
    mem_free(model);
    catalog_list_free(&list);
    catalog_refresh(d->catalog, false);
}

static int64_t uptime_s(const struct daemon *d)
{
    return (clock_steady_ns() - d->begun_ns) / 1000000000;
}

static void on_status(struct daemon *d, const struct asker *a, void *object)
{
    struct queue_counts counts;
    struct spr_error err;
    (void)object;
    if (queue_count(d->queue, &counts, &err)) {
        answer_error(d, a, err.text);
        return;
    }
    struct message_status m = { .version = MESSAGES_VERSION,
                                .queue_size = counts.of[JOB_QUEUED],
                                .active_jobs = counts.of[JOB_RUNNING],
                                .uptime_s = uptime_s(d) };
    answer(d, a, &message_status_info, &m);
}

static void on_ping(struct daemon *d, const struct asker *a, void *object)
{
    struct message_empty m = { 0 };
    (void)object;
    answer(d, a, &message_pong, &m);
}

static double unix_seconds(int64_t ms)
{
    return (double)ms / 1000;
}

/* Splits "a\nb" in place. */
static enum spr_code split_tags(char *tags, struct wire_texts *ret, const char *item[16])
{
    size_t count = 0;
    for (char *t = *tags ? strtok(tags, "\n") : NULL; t && count < 16; t = strtok(NULL, "\n"))
        item[count++] = t;
    *ret = (struct wire_texts){ item, count };
    return SPR_OK;
}

static void answer_job(struct daemon *d, const struct asker *a, struct queue_job *j, int64_t ahead,
                       const struct vote_score *score)
{
    const char *tags[16];
    struct message_picture *picture = mem_zalloc((size_t)j->pictures + 1, sizeof *picture);
    if (!picture) {
        answer_error(d, a, "out of memory for an answer");
        return;
    }
    for (int i = 0; i < j->pictures; i++)
        picture[i] = (struct message_picture){ .image_path = j->picture[i].path,
                                               .width = j->picture[i].width,
                                               .height = j->picture[i].height,
                                               .colors = j->picture[i].colors,
                                               .seconds = j->picture[i].seconds };
    struct message_job_info m = { .request = j->request,
                                  .row = j->row,
                                  .job_id = j->id,
                                  .state = state_name(j->state),
                                  .priority = j->priority,
                                  .paused = j->paused,
                                  .tries = j->tries,
                                  .accepted = unix_seconds(j->accepted_ms),
                                  .started = unix_seconds(j->started_ms),
                                  .finished = unix_seconds(j->finished_ms),
                                  .error = *j->error ? j->error : NULL,
                                  .error_kind = *j->error ? spr_code_name(j->error_code) : NULL,
                                  .understood = *j->understood ? j->understood : NULL,
                                  .pictures = { picture, (size_t)j->pictures },
                                  .ahead = ahead,
                                  .votes = score->votes,
                                  .wins = score->wins };
    m.request.given = UINT32_MAX; /* all of it is sent */
    split_tags(j->tags, &m.tags, tags);
    m.given = (uint64_t)(j->started_ms > 0) << INFO_STARTED |
              (uint64_t)(j->finished_ms > 0) << INFO_FINISHED |
              (uint64_t)(j->state == JOB_QUEUED) << INFO_AHEAD | (uint64_t)(score->votes > 0) << INFO_VOTES |
              (uint64_t)(score->votes > 0) << INFO_WINS;
    answer(d, a, &message_job_info, &m);
    mem_free(picture);
}

static void on_job(struct daemon *d, const struct asker *a, void *object)
{
    const struct message_job_id *m = object;
    struct queue_job j;
    struct spr_error err;
    int64_t ahead = 0;
    struct vote_score score = { 0 };
    enum spr_code rc = queue_get(d->queue, m->job_id, &j, &err);
    if (!rc && ((rc = queue_ahead(d->queue, m->job_id, &ahead, &err)) ||
                (rc = vote_score_of(d->queue, m->job_id, &score, &err))))
        queue_job_fini(&j);
    if (rc) {
        answer_job_error(d, a, m->job_id, &err);
        return;
    }
    answer_job(d, a, &j, ahead, &score);
    queue_job_fini(&j);
}

/* A page of jobs: texts are copied, for each job is gone after its visit. */
struct page {
    struct queue *queue;
    struct wire_pool pool;
    struct message_job_brief *brief;
    size_t count;
};

static enum spr_code keep_brief(void *context, const struct queue_job *j, struct spr_error *err)
{
    struct page *p = context;
    struct message_job_brief *b = &p->brief[p->count];
    *b = (struct message_job_brief){
        .row = j->row,
        .job_id = wire_pool_text(&p->pool, j->id, TEXT_MOST),
        .state = state_name(j->state),
        .prompt = wire_pool_text(&p->pool, request_text(&j->request, REQUEST_PROMPT), PROMPT_SHOWN),
        .priority = j->priority,
        .paused = j->paused,
        .tries = j->tries,
        .accepted = unix_seconds(j->accepted_ms),
        .started = unix_seconds(j->started_ms),
        .finished = unix_seconds(j->finished_ms),
        .error = *j->error ? wire_pool_text(&p->pool, j->error, TEXT_MOST) : NULL,
        .image_path = j->pictures ? wire_pool_text(&p->pool, j->picture[0].path, TEXT_MOST) : NULL
    };
    struct vote_score score = { 0 };
    enum spr_code rc = j->state == JOB_DONE ? vote_score_of(p->queue, j->id, &score, err) : SPR_OK;
    if (rc)
        return rc;
    b->votes = score.votes;
    b->wins = score.wins;
    b->given = (uint64_t)(j->started_ms > 0) << JOB_STARTED | (uint64_t)(j->finished_ms > 0) << JOB_FINISHED |
               (uint64_t)(score.votes > 0) << JOB_VOTES | (uint64_t)(score.votes > 0) << JOB_WINS;
    if (!b->job_id || !b->prompt)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory listing jobs");
    p->count++;
    return SPR_OK;
}

static void on_jobs(struct daemon *d, const struct asker *a, void *object)
{
    const struct message_jobs *m = object;
    struct page p = { .queue = d->queue };
    struct spr_error err;
    int64_t total = 0;
    struct queue_filter f = { m->state ? state_named(m->state) : -1, m->before, m->text,
                              wire_given(m, JOBS_LIMIT) ? (int)m->limit : LIST_STANDARD };
    p.brief = wire_pool_take(&p.pool, (size_t)f.limit + 1, sizeof *p.brief);
    enum spr_code rc = p.brief ? SPR_OK : SPR_FAIL(&err, SPR_NOMEM, "out of memory listing jobs");
    if (!rc)
        rc = queue_list(d->queue, &f, keep_brief, &p, &total, &err);
    struct message_job_list list = { .jobs = { p.brief, p.count }, .total = total };
    if (rc)
        answer_error(d, a, err.text);
    else
        answer(d, a, &message_job_list, &list);
    wire_pool_reset(&p.pool);
}

static void on_move(struct daemon *d, const struct asker *a, void *object)
{
    static const char *const places[] = { "top", "up", "down", "bottom" };
    const struct message_move *m = object;
    struct spr_error err;
    enum queue_move to = QUEUE_TOP;
    for (size_t i = 0; i < SPR_COUNT(places); i++)
        if (strcmp(places[i], m->to) == 0)
            to = (enum queue_move)i;
    enum spr_code rc = queue_move(d->queue, m->job_id, to, &err);
    say_result(d, a, m->job_id, rc, &err);
    if (!rc)
        publish_queue(d);
}

static void pause_jobs(struct daemon *d, const struct asker *a, const struct message_job_id *m, bool paused)
{
    struct spr_error err;
    const char *id = m->job_id && *m->job_id ? m->job_id : NULL;
    enum spr_code rc = queue_pause(d->queue, id, paused, &err);
    say_result(d, a, id ? id : "", rc, &err);
    if (!rc)
        publish_queue(d);
    d->schedule_due = true;
}

static void on_pause(struct daemon *d, const struct asker *a, void *object)
{
    pause_jobs(d, a, object, true);
}

static void on_resume(struct daemon *d, const struct asker *a, void *object)
{
    pause_jobs(d, a, object, false);
}

static void on_retry(struct daemon *d, const struct asker *a, void *object)
{
    const struct message_job_id *m = object;
    struct spr_error err;
    struct queue_counts counts = { 0 };
    enum spr_code rc = queue_retry(d->queue, m->job_id, &err);
    if (!rc)
        rc = queue_count(d->queue, &counts, &err);
    if (rc) {
        answer_job_error(d, a, m->job_id, &err);
        return;
    }
    struct message_accepted accepted = { .job_id = m->job_id,
                                         .estimated_time_s = waiting_seconds(d, counts.of[JOB_QUEUED]) };
    answer(d, a, &message_job_accepted, &accepted);
    publish_changed(d, m->job_id, JOB_QUEUED, NULL);
    d->schedule_due = true;
}

static void on_clear(struct daemon *d, const struct asker *a, void *object)
{
    const struct message_clear *m = object;
    struct spr_error err;
    int count = 0, state = m->state ? state_named(m->state) : -1;
    if (state == JOB_QUEUED || state == JOB_RUNNING) {
        answer_error(d, a,
                     "state: only done, failed or cancelled jobs can be cleared; 'cancel' stops others");
        return;
    }
    int64_t before = clock_wall_ms() - (int64_t)(m->older_s * 1000) + 1;
    if (queue_clear(d->queue, state, before, CLEAR_MOST, &count, &err))
        answer_error(d, a, err.text);
    else
        answer_done(d, a, count);
    publish_queue(d);
}

static const char *address_of(const struct daemon *d, int port)
{
    for (int k = 0; k < PORT_KINDS; k++)
        if (d->port[port][k])
            return wire_address(d->port[port][k]);
    return NULL;
}

/* The events' address on the same kind of socket as the question came by. */
static const char *beside(const struct daemon *d, const struct asker *a, int port)
{
    for (int k = 0; k < PORT_KINDS; k++)
        if (d->port[PORT_REQUESTS][k] == a->socket && d->port[port][k])
            return wire_address(d->port[port][k]);
    return address_of(d, port);
}

static void on_server(struct daemon *d, const struct asker *a, void *object)
{
    struct message_engine engine[DAEMON_WORKERS_MAX];
    struct message_count state[JOB_STATE_COUNT];
    struct queue_counts counts;
    struct spr_error err;
    (void)object;
    if (queue_count(d->queue, &counts, &err)) {
        answer_error(d, a, err.text);
        return;
    }
    for (int i = 0; i < JOB_STATE_COUNT; i++)
        state[i] = (struct message_count){ .name = state_name((enum job_state)i), .count = counts.of[i] };
    for (int i = 0; i < d->slots; i++)
        engine[i] = (struct message_engine){ .name = d->slot[i].engine,
                                             .state = d->slot[i].busy      ? "running"
                                                      : d->slot[i].failing ? "failing"
                                                                           : "idle",
                                             .job_id = d->slot[i].busy ? d->slot[i].id : NULL,
                                             .threads = d->threads,
                                             .done = (int64_t)d->slot[i].done };
    struct message_server m = { .software = "spritery " SPRITERY_VERSION,
                                .pid = (int64_t)getpid(),
                                .uptime_s = uptime_s(d),
                                .paused = queue_paused(d->queue),
                                .states = { state, JOB_STATE_COUNT },
                                .engines = { engine, (size_t)d->slots },
                                .model = *d->config->engine.model ? d->config->engine.model : MODEL_DEFAULT,
                                .data = d->config->data.folder,
                                .updates = beside(d, a, PORT_UPDATES),
                                .events = beside(d, a, PORT_EVENTS),
                                .http = d->http ? http_address(d->http) : NULL };
    answer(d, a, &message_server_info, &m);
}

/* long: it reads many rows or files, so that it waits until the short questions of a turn are answered. */
static const struct {
    const struct wire_schema *schema;
    void (*handle)(struct daemon *d, const struct asker *a, void *object);
    bool is_long;
} handlers[] = {
    { &message_generate, on_generate, false },
    { &message_cancel, on_cancel, false },
    { &message_list_models, on_list_models, true },
    { &message_status, on_status, false },
    { &message_ping, on_ping, false },
    { &message_job, on_job, false },
    { &message_jobs, on_jobs, true },
    { &message_move, on_move, false },
    { &message_pause, on_pause, false },
    { &message_resume, on_resume, false },
    { &message_retry, on_retry, false },
    { &message_clear, on_clear, true },
    { &message_vote, handle_vote, true },
    { &message_votes, handle_votes, true },
    { &message_server, on_server, false },
};

/* How many of the same peer's questions wait: a ROUTER's first frame is who it is. */
static int waiting_of(const struct later *l, const struct wire_socket *socket, const struct wire_packet *p)
{
    int count = 0;
    size_t size = zmq_msg_size(&p->frame[0]);
    for (int i = 0; i < l->count; i++) {
        int at = (l->first + i) % LATER_MAX;
        const zmq_msg_t *other = &l->packet[at].frame[0];
        count += l->socket[at] == socket && zmq_msg_size(other) == size &&
                 memcmp(zmq_msg_data((zmq_msg_t *)(uintptr_t)other),
                        zmq_msg_data((zmq_msg_t *)(uintptr_t)&p->frame[0]), size) == 0;
    }
    return count;
}

/* Answers the message now, or (with may_wait) says that it is a long one and is to wait. */
static bool handle(struct daemon *d, struct wire_socket *socket, const struct wire_packet *packet,
                   bool may_wait)
{
    const struct asker a = { socket, packet };
    const struct wire_schema *schema = NULL;
    struct wire_pool pool = { 0 };
    struct spr_error err;
    void *object = NULL;
    size_t length, which = 0;
    int64_t begun = clock_steady_ns();
    const void *body = wire_packet_body(packet, &length);
    enum spr_code rc = wire_decode(message_requests, body, length, &pool, &schema, &object, &err);
    while (!rc && handlers[which].schema != schema) { /* every request has its row */
        which++;
        assert(which < SPR_COUNT(handlers));
    }
    bool waits = !rc && may_wait && handlers[which].is_long;
    if (waits && (d->later.count == LATER_MAX || waiting_of(&d->later, socket, packet) >= LATER_EACH)) {
        waits = false;
        rc = SPR_FAIL(&err, SPR_BUSY,
                      "%s: too many such questions wait already; ask again when they are answered",
                      schema->type);
    }
    if (rc) {
        d->metrics.errors[rc]++;
        answer_error(d, &a, err.text);
    } else if (!waits) {
        handlers[which].handle(d, &a, object);
    }
    if (!waits)
        metrics_request(&d->metrics, rc ? "refused" : schema->type,
                        (double)(clock_steady_ns() - begun) / 1e9);
    wire_pool_reset(&pool);
    return waits;
}

bool handle_requests(struct daemon *d, struct wire_socket *s, int most)
{
    struct later *l = &d->later;
    int64_t begun = clock_steady_ns();
    for (int i = 0; i < most && clock_steady_ns() - begun < TURN_NS; i++) {
        /* received where it stays if it has to wait, since ZeroMQ's messages are not to be copied */
        int at = (l->first + l->count) % LATER_MAX;
        struct wire_packet here, *packet = l->count < LATER_MAX ? &l->packet[at] : &here;
        enum spr_code rc = wire_receive(s, 0, packet, NULL);
        if (rc == SPR_BADDATA) { /* no envelope to answer to */
            d->metrics.errors[rc]++;
            continue;
        }
        if (rc)
            return rc != SPR_TIMEOUT;
        if (handle(d, s, packet, true)) {
            l->socket[at] = s;
            l->count++;
        } else {
            wire_packet_fini(packet);
        }
    }
    return true;
}

void handle_later(struct daemon *d)
{
    struct later *l = &d->later;
    int64_t begun = clock_steady_ns();
    while (l->count > 0) {
        int at = l->first;
        handle(d, l->socket[at], &l->packet[at], false);
        for (int k = 0; k < PORT_KINDS; k++)
            d->stirred[k] |= d->port[PORT_REQUESTS][k] == l->socket[at];
        wire_packet_fini(&l->packet[at]);
        l->first = (l->first + 1) % LATER_MAX;
        l->count--;
        if (clock_steady_ns() - begun > TURN_NS)
            return;
    }
}
