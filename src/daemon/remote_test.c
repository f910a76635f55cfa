/* The engine against a daemon of the test's own that answers what a scenario says, over the real sockets and messages.
 * What the real daemon answers is tests/e2e/daemon.sh's. */
#include "daemon/remote.h"

#include "engine/papers.h"
#include "image/png.h"
#include "wire/messages.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum ending { DONE, REFUSED, FAILED, CANCELLED, NEVER, NONSENSE };

struct fake {
    struct wire_context *context;
    struct wire_socket *router, *events;
    pthread_t thread;
    atomic_bool stop;
    enum ending ending;
    const char *picture; /* file */
    int pictures;
    char id[MESSAGE_ID_MAX + 1]; /* of the job */
    atomic_int looks, cancels, generates;
    struct request asked;
};

static char folder[64], file[128];

static void say(struct fake *f, const struct wire_packet *to, const struct wire_schema *schema,
                const void *object)
{
    struct buf out;
    buf_init(&out, WIRE_MESSAGE_MAX);
    if (wire_encode(schema, object, &out, NULL) == SPR_OK)
        (void)wire_answer(f->router, to, out.data, out.length);
    buf_fini(&out);
}

static void publish(struct fake *f, const struct wire_schema *schema, const void *object)
{
    char topic[MESSAGE_ID_MAX + 8];
    struct buf out;
    buf_init(&out, WIRE_MESSAGE_MAX);
    snprintf(topic, sizeof topic, "job.%s", f->id);
    if (wire_encode(schema, object, &out, NULL) == SPR_OK)
        wire_publish(f->events, topic, out.data, out.length);
    buf_fini(&out);
}

static void on_generate(struct fake *f, const struct wire_packet *p, const struct message_generate *m)
{
    struct spr_error err;
    struct message_accepted accepted = { .job_id = m->id, .estimated_time_s = 1 };
    struct message_job_error refused = { .job_id = m->id, .error = "the queue is full" };
    struct message_empty pong = { 0 };
    atomic_fetch_add(&f->generates, 1);
    snprintf(f->id, sizeof f->id, "%s", m->id);
    request_fini(&f->asked);
    if (request_copy(&f->asked, &m->request, &err))
        return;
    if (f->ending == REFUSED)
        say(f, p, &message_job_error, &refused);
    else if (f->ending == NONSENSE)
        say(f, p, &message_pong, &pong);
    else
        say(f, p, &message_job_accepted, &accepted);
}

/* The second look finds the end; before it some events come, one of them twice. */
static void on_job(struct fake *f, const struct wire_packet *p)
{
    static const char *const ends[] = { "done", "running", "failed", "cancelled", "running", "running" };
    bool over = atomic_fetch_add(&f->looks, 1) > 0;
    struct message_picture picture = {
        .image_path = f->picture, .width = 4, .height = 4, .colors = 3, .seconds = 0.5
    };
    struct message_job_info m = { .request = f->asked,
                                  .row = 1,
                                  .job_id = f->id,
                                  .state = over ? ends[f->ending] : "running",
                                  .tries = 1,
                                  .error = over && f->ending == FAILED ? "the disk is full" : NULL,
                                  .error_kind = over && f->ending == FAILED ? "io" : NULL,
                                  .understood = "gem",
                                  .pictures = { &picture, over && f->ending == DONE ? 1 : 0 } };
    say(f, p, &message_job_info, &m);
    struct message_understood understood = { .job_id = f->id, .sentence = "gem" };
    struct message_progress progress = {
        .job_id = f->id, .stage = "sampling", .step = 1, .total_steps = 2, .percent = 50, .eta_s = 1
    };
    struct message_changed changed = { .job_id = f->id, .state = "running" };
    publish(f, &message_understood, &understood);
    publish(f, &message_progress, &progress);
    publish(f, &message_job_changed, &changed);
}

static void on_message(struct fake *f, const struct wire_packet *p)
{
    const struct wire_schema *schema;
    struct wire_pool pool = { 0 };
    void *object;
    size_t length;
    const void *body = wire_packet_body(p, &length);
    if (wire_decode(message_requests, body, length, &pool, &schema, &object, NULL) == SPR_OK) {
        struct message_server server = { .software = "fake",
                                         .model = "m",
                                         .data = "/",
                                         .events = f->events ? wire_address(f->events) : NULL };
        server.given = (uint64_t)(f->events != NULL) << SERVER_EVENTS;
        struct message_job_id id = { .job_id = f->id };
        if (schema == &message_server)
            say(f, p, &message_server_info, &server);
        else if (schema == &message_generate)
            on_generate(f, p, object);
        else if (schema == &message_job)
            on_job(f, p);
        else if (schema == &message_cancel) {
            atomic_fetch_add(&f->cancels, 1);
            say(f, p, &message_job_cancelled, &id);
        }
    }
    wire_pool_reset(&pool);
}

static void *serve(void *context)
{
    struct fake *f = context;
    while (!atomic_load(&f->stop)) {
        struct wire_packet p;
        if (wire_receive(f->router, 20, &p, NULL))
            continue;
        on_message(f, &p);
        wire_packet_fini(&p);
    }
    return NULL;
}

static void fake_open(struct fake *f, enum ending ending, const char *picture)
{
    struct spr_error err = { 0 };
    *f = (struct fake){ .ending = ending, .picture = picture };
    request_init(&f->asked);
    if (wire_context_new(&f->context, &err) ||
        wire_bind(f->context, WIRE_ROUTER, "tcp://127.0.0.1:*", NULL, &f->router, &err) ||
        wire_bind(f->context, WIRE_PUB, "tcp://127.0.0.1:*", NULL, &f->events, &err))
        fail_msg("%s", err.text);
    assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
}

static void fake_close(struct fake *f)
{
    atomic_store(&f->stop, true);
    pthread_join(f->thread, NULL);
    wire_close(f->router);
    wire_close(f->events);
    wire_context_free(f->context);
    request_fini(&f->asked);
}

/* What the caller heard. */
struct heard {
    int understood, progress, pictures, colors;
    atomic_bool cancel;
    struct image picture;
    char init[128];
};

static void on_understood(void *context, const char *sentence)
{
    struct heard *h = context;
    assert_string_equal(sentence, "gem");
    h->understood++;
}

static void on_progress(void *context, const struct engine_progress *p)
{
    struct heard *h = context;
    assert_true(p->step == 1 && p->steps == 2);
    h->progress++;
}

static enum spr_code on_picture(void *context, const struct engine_picture *p, struct spr_error *err)
{
    struct heard *h = context;
    h->pictures++;
    h->colors = p->colors;
    snprintf(h->init, sizeof h->init, "%s", request_text(&p->made_by, REQUEST_INIT));
    return image_copy(&h->picture, &p->pixels, err);
}

static int set_up(void **state)
{
    struct engine_picture p = { .colors = 3 };
    struct notes notes = { 0 };
    struct spr_error err;
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/remote.XXXXXX");
    if (!mkdtemp(folder) || chdir(folder))
        return -1;
    snprintf(file, sizeof file, "%s/made.png", folder);
    request_init(&p.made_by);
    if (request_set(&p.made_by, REQUEST_PROMPT, "prompt", "gem", &err) || image_init(&p.pixels, 4, 4, &err))
        return -1;
    for (int i = 0; i < 16; i++)
        p.pixels.pixel[i] = (struct rgba){ (uint8_t)i, 1, 2, 255 };
    int bad = papers_write(&p, &notes, &err) || png_write(file, &p.pixels, &notes, FILE_REPLACE, &err) ||
              png_write("init.png", &p.pixels, NULL, FILE_REPLACE, &err);
    notes_fini(&notes);
    image_fini(&p.pixels);
    request_fini(&p.made_by);
    return bad;
}

static int tear_down(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -rf %s", folder);
    return chdir("/") || system(line);
}

/* Asks the fake for a picture. */
static enum spr_code ask(struct fake *f, struct heard *h, struct spr_error *err)
{
    struct engine *e = NULL;
    struct wire_context *c = NULL;
    struct request r;
    struct engine_watch watch = { h, &h->cancel, on_understood, on_progress, NULL, on_picture };
    request_init(&r);
    assert_int_equal(request_set(&r, REQUEST_PROMPT, "prompt", "gem", err), SPR_OK);
    assert_int_equal(request_set(&r, REQUEST_INIT, "init", "init.png", err), SPR_OK);
    r.seed = 77;
    assert_int_equal(wire_context_new(&c, err), SPR_OK);
    enum spr_code rc = engine_remote(c, wire_address(f->router), NULL, 5, &e, err);
    if (rc)
        fail_msg("%s", err->text);
    rc = engine_generate(e, &r, &watch, err);
    engine_close(e);
    wire_context_free(c);
    request_fini(&r);
    return rc;
}

static void a_picture_comes_as_if_made_here(void **state)
{
    (void)state;
    struct fake f;
    struct heard h = { 0 };
    struct spr_error err = { 0 };
    fake_open(&f, DONE, file);
    if (ask(&f, &h, &err))
        fail_msg("%s", err.text);
    assert_int_equal(h.pictures, 1);
    assert_int_equal(h.understood, 1); /* though it was said more than once */
    assert_int_equal(h.colors, 3);
    assert_int_equal(h.picture.pixel[5].r, 5);
    assert_string_equal(h.init, "init.png"); /* its papers name the file as it was asked for */
    fake_close(&f);
    image_fini(&h.picture);
}

static void the_daemon_gets_all_of_the_request(void **state)
{
    (void)state;
    struct fake f;
    struct heard h = { 0 };
    struct spr_error err = { 0 };
    char whole[256];
    fake_open(&f, DONE, file);
    assert_int_equal(ask(&f, &h, &err), SPR_OK);
    snprintf(whole, sizeof whole, "%s/init.png", folder);
    atomic_store(&f.stop, true);
    pthread_join(f.thread, NULL);
    assert_true(f.asked.seed == 77 && request_given(&f.asked, REQUEST_SEED));
    assert_string_equal(request_text(&f.asked, REQUEST_INIT), whole); /* as the daemon can read it */
    assert_int_equal(atomic_load(&f.generates), 1);
    assert_int_equal(pthread_create(&f.thread, NULL, serve, &f), 0);
    fake_close(&f);
    image_fini(&h.picture);
}

static void every_end_is_told(void **state)
{
    (void)state;
    static const struct {
        enum ending ending;
        enum spr_code rc;
        const char *words;
    } rows[] = {
        { REFUSED, SPR_BADARG, "the queue is full" },
        { FAILED, SPR_IO, "the disk is full" },
        { CANCELLED, SPR_CANCELLED, "somebody cancelled" },
        { NONSENSE, SPR_BADDATA, "answered generate with pong" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct fake f;
        struct heard h = { 0 };
        struct spr_error err = { 0 };
        fake_open(&f, rows[i].ending, file);
        if (ask(&f, &h, &err) != rows[i].rc || !strstr(err.text, rows[i].words))
            fail_msg("%d: %s", rows[i].ending, err.text);
        assert_int_equal(h.pictures, 0);
        fake_close(&f);
    }
}

static void *cancel_later(void *context)
{
    struct heard *h = context;
    usleep(200000);
    atomic_store(&h->cancel, true);
    return NULL;
}

static void stopping_here_cancels_there(void **state)
{
    (void)state;
    struct fake f;
    struct heard h = { 0 };
    struct spr_error err = { 0 };
    pthread_t t;
    fake_open(&f, NEVER, file);
    assert_int_equal(pthread_create(&t, NULL, cancel_later, &h), 0);
    assert_int_equal(ask(&f, &h, &err), SPR_CANCELLED);
    pthread_join(t, NULL);
    assert_int_equal(atomic_load(&f.cancels), 1);
    fake_close(&f);
}

static void a_picture_that_is_gone_is_a_failure(void **state)
{
    (void)state;
    struct fake f;
    struct heard h = { 0 };
    struct spr_error err = { 0 };
    fake_open(&f, DONE, "/no/such/picture.png");
    assert_int_equal(ask(&f, &h, &err), SPR_NOTFOUND);
    assert_non_null(strstr(err.text, "/no/such/picture.png"));
    fake_close(&f);
}

static void addresses(void **state)
{
    (void)state;
    char address[WIRE_ADDRESS_BYTES];
    struct spr_error err;
    assert_int_equal(setenv("SPRITERY_DAEMON", "tcp://127.0.0.1:9", 1), 0);
    assert_int_equal(remote_address(address, &err), SPR_OK);
    assert_string_equal(address, "tcp://127.0.0.1:9");
    char long_one[WIRE_ADDRESS_BYTES + 8];
    memset(long_one, 'x', sizeof long_one - 1);
    long_one[sizeof long_one - 1] = '\0';
    setenv("SPRITERY_DAEMON", long_one, 1);
    assert_int_equal(remote_address(address, &err), SPR_LIMIT);
    unsetenv("SPRITERY_DAEMON");
    setenv("SPRITERY_RUNTIME_DIR", folder, 1);
    assert_int_equal(remote_address(address, &err), SPR_OK);
    assert_int_equal(strncmp(address, "ipc://", 6), 0);
    assert_false(remote_is_up(address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_comes_as_if_made_here),
        cmocka_unit_test(the_daemon_gets_all_of_the_request),
        cmocka_unit_test(every_end_is_told),
        cmocka_unit_test(stopping_here_cancels_there),
        cmocka_unit_test(a_picture_that_is_gone_is_a_failure),
        cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests_name("daemon/remote", tests, set_up, tear_down);
}
