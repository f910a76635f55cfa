#include "daemon/remote.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "engine/papers.h"
#include "image/png.h"
#include "wire/messages.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LISTEN_MS = 50, ASK_MS = 300, ID_BYTES = 32, TOPIC_BYTES = 48, EVENTS_BYTES = 512 };

struct remote {
    struct wire_context *context;
    struct wire_options options;
    struct client *client;
    int priority;
    char events[EVENTS_BYTES]; /* address */
};

/* Fields that may name a file. */
static const enum request_field files[] = { REQUEST_MODEL, REQUEST_INIT, REQUEST_MASK, REQUEST_PALETTE,
                                            REQUEST_WORKFLOW };

/* One request on its way. */
struct job {
    struct remote *remote;
    const struct request *request;
    const struct engine_watch *watch;
    char id[ID_BYTES];
    struct wire_socket *listen;
    struct wire_pool pool; /* of the last answer */
    bool understood;
    int pictures; /* handed out */
};

enum spr_code remote_address(char ret[WIRE_ADDRESS_BYTES], struct spr_error *err)
{
    const char *set = getenv("SPRITERY_DAEMON");
    if (!set || !*set)
        return wire_ipc_address("daemon", ret, err);
    if (strlen(set) >= WIRE_ADDRESS_BYTES)
        return SPR_FAIL(err, SPR_LIMIT, "SPRITERY_DAEMON is too long: %.80s...", set);
    snprintf(ret, WIRE_ADDRESS_BYTES, "%s", set);
    return SPR_OK;
}

static bool connects(int family, const struct sockaddr *to, socklen_t length)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool up = fd >= 0 && connect(fd, to, length) == 0;
    if (fd >= 0)
        close(fd);
    return up;
}

bool remote_is_up(const char *address)
{
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    if (strncmp(address, "ipc://", 6) != 0 || strlen(address + 6) >= sizeof local.sun_path)
        return true; /* asking it will tell */
    snprintf(local.sun_path, sizeof local.sun_path, "%s", address + 6);
    return connects(AF_UNIX, (struct sockaddr *)&local, sizeof local);
}

/* Asks, and turns error answers into failures. The answer lives until the next question. */
static enum spr_code ask(struct job *j, const struct wire_schema *schema, const void *object,
                         const struct wire_schema *want, void **ret, struct spr_error *err)
{
    const struct wire_schema *got = NULL;
    wire_pool_reset(&j->pool);
    enum spr_code rc =
        client_ask(j->remote->client, schema, object, message_answers, &j->pool, &got, ret, err);
    if (rc)
        return rc;
    if (got == want)
        return SPR_OK;
    if (got == &message_job_error)
        return SPR_FAIL(err, SPR_BADARG, "%s", ((struct message_job_error *)*ret)->error);
    if (got == &message_error)
        return SPR_FAIL(err, SPR_BADARG, "%s", ((struct message_error *)*ret)->message);
    return SPR_FAIL(err, SPR_BADDATA, "the daemon answered %s with %s", schema->type, got->type);
}

/* A file's name as the daemon must see it. */
static enum spr_code make_whole(struct request *r, enum request_field field, struct spr_error *err)
{
    char whole[PATH_MAX];
    const char *path = request_text(r, field);
    if (!*path || *path == '/' || !file_exists(path) || !realpath(path, whole))
        return SPR_OK;
    return request_set(r, field, request_row(field)->wire, whole, err);
}

/* What differs from a default is sent, whether it was typed or came from a picture's papers; and always the seed. */
static enum spr_code mark_given(struct request *r, struct spr_error *err)
{
    struct request standard;
    struct buf mine, usual;
    enum spr_code rc = SPR_OK;
    request_init(&standard);
    buf_init(&mine, 1 << 17);
    buf_init(&usual, 1 << 17);
    for (int f = 0; !rc && f < REQUEST_FIELD_COUNT; f++) {
        mine.length = usual.length = 0;
        rc = request_print(r, (enum request_field)f, &mine, err);
        if (!rc)
            rc = request_print(&standard, (enum request_field)f, &usual, err);
        bool same = !rc && mine.length == usual.length &&
                    (mine.length == 0 || memcmp(mine.data, usual.data, mine.length) == 0);
        if (!same || f == REQUEST_SEED)
            r->given |= (uint32_t)1 << f;
    }
    buf_fini(&mine);
    buf_fini(&usual);
    request_fini(&standard);
    return rc;
}

static enum spr_code submit(struct job *j, struct spr_error *err)
{
    struct message_generate m = { .id = j->id, .priority = j->remote->priority };
    void *answer;
    enum spr_code rc = request_copy(&m.request, j->request, err);
    if (rc)
        return rc;
    for (size_t i = 0; !rc && i < SPR_COUNT(files); i++)
        rc = make_whole(&m.request, files[i], err);
    if (!rc)
        rc = mark_given(&m.request, err);
    m.given = (uint64_t)(m.priority != 0) << GENERATE_PRIORITY;
    if (!rc)
        rc = ask(j, &message_generate, &m, &message_job_accepted, &answer, err);
    request_fini(&m.request);
    return rc;
}

/* The picture's own papers, but files by the names that they have here: the daemon's copy has whole paths. */
static enum spr_code name_files(struct request *made_by, const struct request *asked, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; !rc && i < SPR_COUNT(files); i++)
        rc = request_set(made_by, files[i], request_row(files[i])->wire, request_text(asked, files[i]), err);
    made_by->given = asked->given;
    return rc;
}

static enum spr_code hand_out(struct job *j, const struct message_picture *from, struct spr_error *err)
{
    struct engine_picture p = { .colors = (int)from->colors, .seconds = from->seconds };
    struct notes notes = { 0 };
    char software[ENGINE_NAME_BYTES];
    enum spr_code rc = png_read(from->image_path, NULL, &p.pixels, &notes, err);
    if (!rc)
        rc = papers_read(&notes, &p.made_by, &p.papers, software, err);
    if (!rc)
        rc = name_files(&p.made_by, j->request, err);
    if (!rc)
        rc = j->watch->picture ? j->watch->picture(j->watch->context, &p, err) : SPR_OK;
    request_fini(&p.made_by);
    notes_fini(&notes);
    image_fini(&p.pixels);
    j->pictures += rc == SPR_OK;
    return rc;
}

static void understand(struct job *j, const char *sentence)
{
    if (!j->understood && sentence && j->watch->understood)
        j->watch->understood(j->watch->context, sentence);
    j->understood |= sentence != NULL;
}

/* Asks for the job, hands out what is new, and says whether it is over. */
static enum spr_code look(struct job *j, bool *ret_over, struct spr_error *err)
{
    struct message_job_id m = { .job_id = j->id };
    struct message_job_info *info;
    void *answer;
    enum spr_code rc = ask(j, &message_job, &m, &message_job_info, &answer, err);
    if (rc)
        return rc;
    info = answer;
    understand(j, info->understood);
    const struct message_picture *p = info->pictures.item;
    while (!rc && j->pictures < (int)info->pictures.count && strcmp(info->state, "failed") != 0)
        rc = hand_out(j, &p[j->pictures], err);
    if (rc)
        return rc;
    *ret_over = strcmp(info->state, "done") == 0;
    if (strcmp(info->state, "failed") == 0)
        return SPR_FAIL(err, spr_code_named(info->error_kind, SPR_BADARG), "%s",
                        info->error ? info->error : "the daemon failed to make it");
    if (strcmp(info->state, "cancelled") == 0)
        return SPR_FAIL(err, SPR_CANCELLED, "somebody cancelled the job");
    return SPR_OK;
}

static void show_preview(struct job *j, const char *path)
{
    struct image im;
    if (!j->watch->preview || png_read(path, NULL, &im, NULL, NULL))
        return; /* it was replaced or dropped meanwhile */
    j->watch->preview(j->watch->context, &im);
    image_fini(&im);
}

/* One event. *ret_look: the job should be asked for. */
static void hear(struct job *j, const struct wire_packet *packet, bool *ret_look)
{
    const struct wire_schema *schema;
    struct wire_pool pool = { 0 };
    void *object;
    size_t length;
    const void *body = wire_packet_body(packet, &length);
    if (wire_decode(message_events, body, length, &pool, &schema, &object, NULL)) {
        wire_pool_reset(&pool);
        return;
    }
    if (schema == &message_understood) {
        understand(j, ((struct message_understood *)object)->sentence);
    } else if (schema == &message_progress && j->watch->progress) {
        const struct message_progress *m = object;
        struct engine_progress p = { (int)m->step, (int)m->total_steps, j->pictures, j->request->count };
        if (strcmp(m->stage, "sampling") == 0)
            j->watch->progress(j->watch->context, &p);
    } else if (schema == &message_preview) {
        show_preview(j, ((struct message_preview *)object)->image_path);
    } else if (schema == &message_picture_drawn || schema == &message_job_changed) {
        *ret_look = true;
    }
    wire_pool_reset(&pool);
}

static void cancel(struct job *j)
{
    struct message_job_id m = { .job_id = j->id };
    struct spr_error ignored;
    void *answer;
    if (ask(j, &message_cancel, &m, &message_job_cancelled, &answer, &ignored))
        return; /* it is over already, or the daemon is gone and has it in its queue */
}

static enum spr_code follow(struct job *j, struct spr_error *err)
{
    int64_t asked = 0;
    bool over = false;
    enum spr_code rc = SPR_OK;
    while (!rc && !over) {
        struct wire_packet packet;
        bool due = false;
        if (j->watch->cancel && atomic_load(j->watch->cancel)) {
            cancel(j);
            return SPR_FAIL(err, SPR_CANCELLED, "stopped");
        }
        if (wire_receive(j->listen, LISTEN_MS, &packet, NULL) == SPR_OK) {
            hear(j, &packet, &due);
            wire_packet_fini(&packet);
        }
        int64_t now = clock_steady_ns();
        if (due || now - asked > ASK_MS * 1000000LL) {
            asked = now;
            rc = look(j, &over, err);
        }
    }
    return rc;
}

static enum spr_code remote_generate(void *self, const struct request *r, const struct engine_watch *watch,
                                     struct spr_error *err)
{
    struct remote *remote = self;
    struct job j = { .remote = remote, .request = r, .watch = watch };
    char topic[TOPIC_BYTES];
    snprintf(j.id, sizeof j.id, "%013llx%013llx", (unsigned long long)random_fresh_seed(),
             (unsigned long long)random_fresh_seed());
    snprintf(topic, sizeof topic, "job.%s", j.id);
    struct wire_options listen = remote->options;
    listen.topic = topic;
    enum spr_code rc = wire_connect(remote->context, WIRE_SUB, remote->events, &listen, &j.listen, err);
    if (!rc)
        rc = submit(&j, err);
    if (!rc)
        rc = follow(&j, err);
    wire_close(j.listen);
    wire_pool_reset(&j.pool);
    return rc;
}

static void remote_close(void *self)
{
    struct remote *r = self;
    client_close(r->client);
    mem_free(r);
}

/* Asks where events are: for tcp the port that the daemon says, on the host that was asked. */
static enum spr_code find_events(struct remote *r, const char *address, struct spr_error *err)
{
    struct job j = { .remote = r };
    struct message_empty m = { 0 };
    void *answer;
    enum spr_code rc = ask(&j, &message_server, &m, &message_server_info, &answer, err);
    const char *events = rc ? NULL : ((struct message_server *)answer)->events;
    const char *host = strrchr(address, ':'), *port = events ? strrchr(events, ':') : NULL;
    if (!rc && !events)
        rc = SPR_FAIL(err, SPR_UNSUPPORTED, "the daemon at %.100s publishes no events (listen.events)",
                      address);
    else if (!rc && strncmp(address, "tcp://", 6) == 0 && strncmp(events, "tcp://", 6) == 0)
        snprintf(r->events, sizeof r->events, "%.*s%s", (int)(host - address), address, port);
    else if (!rc)
        snprintf(r->events, sizeof r->events, "%s", events);
    wire_pool_reset(&j.pool);
    return rc;
}

enum spr_code engine_remote(struct wire_context *context, const char *address,
                            const struct wire_options *options, int priority, struct engine **ret,
                            struct spr_error *err)
{
    static const struct engine_ops ops = { "daemon", remote_generate, remote_close };
    struct remote *r = mem_zalloc(1, sizeof *r);
    if (!r)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory for a connection to the daemon");
    r->context = context;
    r->priority = priority;
    if (options)
        r->options = *options;
    struct client_options client = { .wire = r->options };
    enum spr_code rc = client_open(context, address, &client, &r->client, err);
    if (!rc)
        rc = find_events(r, address, err);
    if (rc) {
        remote_close(r);
        return rc;
    }
    return engine_new(&ops, r, ret, err);
}
