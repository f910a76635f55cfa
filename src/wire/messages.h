/* messages - the protocol: every request, answer, update and event, declared once. docs/protocol.md is written from here.
 * Version 1.0.0 is the protocol of the system this program took the place of; its clients work unchanged. What is not in
 * it (marked "1.1" in the tables' words) is ours: only new types, and optional fields that old clients do not look at.
 * Flow:  client -> REQUESTS -> daemon -> ANSWERS -> client;  daemon -> UPDATES (1.0 types only), EVENTS -> subscribers
 * Threads: constant tables; the structs are plain values whose texts belong to whoever made them. */
#ifndef WIRE_MESSAGES_H
#define WIRE_MESSAGES_H
#include "request/request.h"
#include "wire/schema.h"

#define MESSAGES_VERSION "1.0.0"
enum { MESSAGE_ID_MAX = 128, MESSAGE_JOBS_MAX = 1000 };

/* requests */
struct message_empty {
    uint64_t given;
};
enum { GENERATE_ID, GENERATE_REQUEST, GENERATE_PRIORITY, GENERATE_TAGS, GENERATE_GRID };
struct message_generate {
    uint64_t given;
    const char *id; /* NULL or "": a fresh one */
    struct request request;
    int64_t priority;
    struct wire_texts tags;
    int64_t tileset_grid[2];
};
struct message_job_id {
    uint64_t given;
    const char *job_id;
};
enum { JOBS_STATE, JOBS_LIMIT, JOBS_BEFORE, JOBS_TEXT };
struct message_jobs {
    uint64_t given;
    const char *state, *text;
    int64_t limit, before;
};
struct message_move {
    uint64_t given;
    const char *job_id, *to;
};
struct message_clear {
    uint64_t given;
    const char *state;
    double older_s;
};
/* answers */
struct message_accepted {
    uint64_t given;
    const char *job_id;
    double estimated_time_s;
};
struct message_complete {
    uint64_t given;
    const char *job_id, *image_path;
    double duration_s;
};
struct message_job_error {
    uint64_t given;
    const char *job_id, *error;
};
struct message_model {
    uint64_t given;
    const char *name, *path, *model_type;
    int64_t size_mb;
};
struct message_models {
    uint64_t given;
    struct wire_maps models; /* struct message_model */
};
struct message_status {
    uint64_t given;
    const char *version;
    int64_t queue_size, active_jobs, uptime_s;
};
struct message_error {
    uint64_t given;
    const char *message;
};
struct message_done {
    uint64_t given;
    int64_t count; /* jobs that it was done to */
};
struct message_picture {
    uint64_t given;
    const char *image_path;
    int64_t width, height, colors;
    double seconds;
};
enum {
    JOB_ROW,
    JOB_ID,
    JOB_STATE,
    JOB_PROMPT,
    JOB_PRIORITY,
    JOB_PAUSED,
    JOB_TRIES,
    JOB_ACCEPTED,
    JOB_STARTED,
    JOB_FINISHED,
    JOB_ERROR,
    JOB_IMAGE,
    JOB_VOTES,
    JOB_WINS
};
struct message_job_brief {
    uint64_t given;
    int64_t row, priority, tries;
    const char *job_id, *state, *prompt, *error, *image_path;
    bool paused;
    double accepted, started, finished; /* Unix seconds */
    int64_t votes, wins;
};
struct message_job_list {
    uint64_t given;
    struct wire_maps jobs; /* struct message_job_brief */
    int64_t total;         /* that match, on all pages */
};
enum {
    INFO_REQUEST,
    INFO_ROW,
    INFO_ID,
    INFO_STATE,
    INFO_PRIORITY,
    INFO_PAUSED,
    INFO_TRIES,
    INFO_ACCEPTED,
    INFO_STARTED,
    INFO_FINISHED,
    INFO_ERROR,
    INFO_ERROR_KIND,
    INFO_UNDERSTOOD,
    INFO_TAGS,
    INFO_PICTURES,
    INFO_AHEAD,
    INFO_VOTES,
    INFO_WINS
};
struct message_job_info {
    uint64_t given;
    struct request request;
    int64_t row, priority, tries;
    const char *job_id, *state, *error, *error_kind, *understood;
    bool paused;
    double accepted, started, finished;
    struct wire_texts tags;
    struct wire_maps pictures; /* struct message_picture */
    int64_t ahead;             /* jobs that come before it */
    int64_t votes, wins;
};
struct message_count {
    uint64_t given;
    const char *name;
    int64_t count;
};
struct message_engine {
    uint64_t given;
    const char *name, *state, *job_id;
    int64_t threads, done;
};
enum {
    SERVER_SOFTWARE,
    SERVER_PID,
    SERVER_UPTIME,
    SERVER_PAUSED,
    SERVER_STATES,
    SERVER_ENGINES,
    SERVER_MODEL,
    SERVER_DATA,
    SERVER_UPDATES,
    SERVER_EVENTS,
    SERVER_METRICS
};
struct message_server {
    uint64_t given;
    const char *software;
    int64_t pid, uptime_s;
    bool paused;
    struct wire_maps states, engines; /* struct message_count, struct message_engine */
    const char *model, *data, *updates, *events, *http;
};

/* updates and events */
struct message_started {
    uint64_t given;
    const char *job_id;
    int64_t timestamp;
};
struct message_progress {
    uint64_t given;
    const char *job_id, *stage;
    int64_t step, total_steps;
    double percent, eta_s;
};
struct message_preview {
    uint64_t given;
    const char *job_id, *image_path;
    int64_t step;
};
struct message_finished {
    uint64_t given;
    const char *job_id;
    bool success;
    double duration_s;
};
struct message_changed {
    uint64_t given;
    const char *job_id, *state, *error;
};
struct message_understood {
    uint64_t given;
    const char *job_id, *sentence;
};
struct message_drawn {
    uint64_t given;
    const char *job_id;
    int64_t picture, pictures;
    const char *image_path;
};
struct message_queue {
    uint64_t given;
    int64_t queued, running;
    bool paused;
};

extern const struct wire_schema message_generate, message_cancel, message_list_models, message_status,
    message_ping, message_job, message_jobs, message_move, message_pause, message_resume, message_retry,
    message_clear, message_server;
extern const struct wire_schema message_job_accepted, message_job_complete, message_job_error,
    message_job_cancelled, message_model_list, message_status_info, message_pong, message_error, message_done,
    message_job_info, message_job_list, message_server_info;
extern const struct wire_schema message_job_started, message_progress, message_preview, message_job_finished,
    message_job_changed, message_understood, message_picture_drawn, message_queue_changed;

extern const struct wire_schema *const message_requests[],
    *const message_answers[], *const message_updates[], *const message_events[];

/* Stages in order, with the share of the whole that each stands for until measured times are known; NULL at the end. */
extern const char *const message_stages[];
extern const char
    *const message_states[]; /* "queued", "running", "done", "failed", "cancelled"; NULL at the end */

#endif
