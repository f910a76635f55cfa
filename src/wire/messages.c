#include "wire/messages.h"

#include "wire/message_votes.h"

#define PATH_CHARACTERS 4096
#define SECONDS_MAX     1e12

const char *const message_stages[] = { "initializing", "loading_models",  "encoding", "sampling",
                                       "decoding",     "post_processing", NULL };
const char *const message_states[] = { "queued", "running", "done", "failed", "cancelled", NULL };
static const char *const places[] = { "top", "up", "down", "bottom", NULL };
static const char *const model_types[] = { "checkpoint", "lora", "vae", NULL };

#define AT(type, member) offsetof(struct type, member)
#define TEXT(type, m, need, min, max, about)                          \
    {                                                                 \
#m, WIRE_TEXT, need, min, max, AT(type, m), NULL, NULL, about \
    }
#define WORD(type, m, need, words, about)                           \
    {                                                               \
#m, WIRE_TEXT, need, 0, 32, AT(type, m), NULL, words, about \
    }
#define WHOLE(type, m, need, min, max, about)                          \
    {                                                                  \
#m, WIRE_WHOLE, need, min, max, AT(type, m), NULL, NULL, about \
    }
#define COUNT(type, m, need, about) WHOLE(type, m, need, 0, WIRE_WHOLE_MAX, about)
#define REAL(type, m, need, min, max, about)                          \
    {                                                                 \
#m, WIRE_REAL, need, min, max, AT(type, m), NULL, NULL, about \
    }
#define SWITCH(type, m, need, about)                                \
    {                                                               \
#m, WIRE_SWITCH, need, 0, 0, AT(type, m), NULL, NULL, about \
    }
#define TEXTS(type, m, max, about)                                            \
    {                                                                         \
#m, WIRE_TEXTS, WIRE_OPTIONAL, 0, max, AT(type, m), NULL, NULL, about \
    }
#define MAPS(type, m, need, max, schema, about)                       \
    {                                                                 \
#m, WIRE_MAPS, need, 0, max, AT(type, m), schema, NULL, about \
    }
#define JOB_ID(type)                   TEXT(type, job_id, WIRE_NEEDED, 1, MESSAGE_ID_MAX, "the job")
#define PATH(type, m, need, about)     TEXT(type, m, need, 0, PATH_CHARACTERS, about)
#define SENTENCE(type, m, need, about) TEXT(type, m, need, 0, 100000, about)
#define TIME(type, m, need, about)     REAL(type, m, need, 0, SECONDS_MAX, about)
#define SCHEMA(name, word, fields, type, about) \
    const struct wire_schema name = { word, fields, SPR_COUNT(fields), sizeof(struct type), about }
#define EMPTY(name, word, about) \
    const struct wire_schema name = { word, NULL, 0, sizeof(struct message_empty), about }
#define PART(name, fields, type) \
    static const struct wire_schema name = { NULL, fields, SPR_COUNT(fields), sizeof(struct type), "" }

/* clang-format off */
static const struct wire_field generate_fields[] = {
    [GENERATE_ID] = TEXT(message_generate, id, WIRE_OPTIONAL, 0, MESSAGE_ID_MAX, "the job's name; empty: a fresh one. The same id and request again get the same answer"),
    [GENERATE_REQUEST] = { "", WIRE_REQUEST, WIRE_NEEDED, 0, 0, AT(message_generate, request), NULL, NULL, "" },
    [GENERATE_PRIORITY] = WHOLE(message_generate, priority, WIRE_OPTIONAL, -100, 100, "1.1: higher comes first; 0 is usual"),
    [GENERATE_TAGS] = TEXTS(message_generate, tags, 16, "1.1: words to find it by"),
    [GENERATE_GRID] = { "tileset_grid", WIRE_PAIR, WIRE_OPTIONAL, 1, 64, AT(message_generate, tileset_grid), NULL, NULL, "columns and rows of a tile set: the same as grid" },
};
SCHEMA(message_generate, "generate", generate_fields, message_generate, "Asks for pictures. Answer: job_accepted at once; job_error if it cannot be.");

static const struct wire_field job_id_fields[] = { JOB_ID(message_job_id) };
SCHEMA(message_cancel, "cancel", job_id_fields, message_job_id, "Stops a queued or running job. Answer: job_cancelled; job_error for an unknown or finished one.");
EMPTY(message_list_models, "list_models", "Answer: model_list.");
EMPTY(message_status, "status", "Answer: status_info.");
EMPTY(message_ping, "ping", "Answer: pong.");
SCHEMA(message_job, "job", job_id_fields, message_job_id, "1.1: all that is known of a job. Answer: job_info.");
static const struct wire_field jobs_fields[] = {
    [JOBS_STATE] = WORD(message_jobs, state, WIRE_OPTIONAL, message_states, "only those"),
    [JOBS_LIMIT] = WHOLE(message_jobs, limit, WIRE_OPTIONAL, 1, MESSAGE_JOBS_MAX, "at most so many; 100 if it is not said"),
    [JOBS_BEFORE] = COUNT(message_jobs, before, WIRE_OPTIONAL, "only rows before this one: the next page begins before the last row"),
    [JOBS_TEXT] = TEXT(message_jobs, text, WIRE_OPTIONAL, 0, 1000, "only those with all of these words in prompt, id or tags"),
};
SCHEMA(message_jobs, "jobs", jobs_fields, message_jobs, "1.1: jobs, newest first. Answer: job_list.");
static const struct wire_field move_fields[] = {
    JOB_ID(message_move), WORD(message_move, to, WIRE_NEEDED, places, "where to, among the queued"),
};
SCHEMA(message_move, "move", move_fields, message_move, "1.1: changes a queued job's place. Answer: done, or job_error.");
static const struct wire_field pause_fields[] = {
    TEXT(message_job_id, job_id, WIRE_OPTIONAL, 0, MESSAGE_ID_MAX, "the job; without it the whole queue"),
};
SCHEMA(message_pause, "pause", pause_fields, message_job_id, "1.1: takes no more jobs, or not this one; what runs goes on. Answer: done, or job_error.");
SCHEMA(message_resume, "resume", pause_fields, message_job_id, "1.1: undoes pause. Answer: done, or job_error.");
SCHEMA(message_retry, "retry", job_id_fields, message_job_id, "1.1: queues a failed or cancelled job again. Answer: job_accepted, or job_error.");
static const struct wire_field clear_fields[] = {
    WORD(message_clear, state, WIRE_OPTIONAL, message_states, "done, failed or cancelled; without it all three"),
    REAL(message_clear, older_s, WIRE_OPTIONAL, 0, SECONDS_MAX, "finished at least so many seconds ago"),
};
SCHEMA(message_clear, "clear", clear_fields, message_clear, "1.1: forgets finished jobs; their pictures stay. Answer: done.");
static const struct wire_field vote_fields[] = {
    [VOTE_COMPARISON] = TEXT(message_vote, comparison, WIRE_NEEDED, 1, MESSAGE_ID_MAX, "its name; voting in it again replaces the voter's earlier vote"),
    [VOTE_WINNER] = TEXT(message_vote, winner, WIRE_NEEDED, 0, MESSAGE_ID_MAX, "the best of them; empty: none is better"),
    [VOTE_AMONG] = TEXTS(message_vote, among, MESSAGE_AMONG_MAX, "what was compared, the winner too: jobs' ids, or other names; without it those of an earlier vote in this comparison"),
    [VOTE_VOTER] = TEXT(message_vote, voter, WIRE_OPTIONAL, 0, MESSAGE_ID_MAX, "who says so"),
    [VOTE_NOTE] = TEXT(message_vote, note, WIRE_OPTIONAL, 0, 2000, "why"),
};
SCHEMA(message_vote, "vote", vote_fields, message_vote, "1.1: remembers which picture somebody liked best. Answer: done, or error.");
static const struct wire_field votes_fields[] = {
    [VOTES_COMPARISON] = TEXT(message_votes, comparison, WIRE_OPTIONAL, 0, MESSAGE_ID_MAX, "only of this one"),
    [VOTES_JOB] = TEXT(message_votes, job_id, WIRE_OPTIONAL, 0, MESSAGE_ID_MAX, "only those with this job, or name, among the compared"),
    [VOTES_LIMIT] = WHOLE(message_votes, limit, WIRE_OPTIONAL, 1, MESSAGE_VOTES_MAX, "at most so many; 100 if it is not said"),
    [VOTES_BEFORE] = COUNT(message_votes, before, WIRE_OPTIONAL, "only rows before this one: the next page begins before the last row"),
};
SCHEMA(message_votes, "votes", votes_fields, message_votes, "1.1: votes, newest first. Answer: vote_list.");
EMPTY(message_server, "server", "1.1: the daemon, its engines, addresses and counts. Answer: server_info.");

static const struct wire_field accepted_fields[] = {
    JOB_ID(message_accepted), TIME(message_accepted, estimated_time_s, WIRE_NEEDED, "seconds until it is done, waiting included"),
};
SCHEMA(message_job_accepted, "job_accepted", accepted_fields, message_accepted, "The job is kept: it will be done even if the daemon is killed now.");
static const struct wire_field complete_fields[] = {
    JOB_ID(message_complete), PATH(message_complete, image_path, WIRE_NEEDED, "its first picture"),
    TIME(message_complete, duration_s, WIRE_NEEDED, "how long it ran"),
};
SCHEMA(message_job_complete, "job_complete", complete_fields, message_complete, "Published after job_finished when it succeeded.");
static const struct wire_field job_error_fields[] = {
    TEXT(message_job_error, job_id, WIRE_NEEDED, 0, MESSAGE_ID_MAX, "the job"), SENTENCE(message_job_error, error, WIRE_NEEDED, "one sentence"),
};
SCHEMA(message_job_error, "job_error", job_error_fields, message_job_error, "What was asked of this job cannot be done; published when a job failed.");
SCHEMA(message_job_cancelled, "job_cancelled", job_id_fields, message_job_id, "");
static const struct wire_field model_fields[] = {
    TEXT(message_model, name, WIRE_NEEDED, 0, 256, "what to put in \"model\""), PATH(message_model, path, WIRE_NEEDED, "its file"),
    WORD(message_model, model_type, WIRE_NEEDED, model_types, "its kind"), COUNT(message_model, size_mb, WIRE_NEEDED, "whole MiB"),
};
PART(model_part, model_fields, message_model);
static const struct wire_field models_fields[] = { MAPS(message_models, models, WIRE_NEEDED, 4096, &model_part, "by name, upper and lower case alike") };
SCHEMA(message_model_list, "model_list", models_fields, message_models, "");
static const struct wire_field status_fields[] = {
    TEXT(message_status, version, WIRE_NEEDED, 1, 32, "of the protocol: 1.0.0"), COUNT(message_status, queue_size, WIRE_NEEDED, "jobs that wait"),
    COUNT(message_status, active_jobs, WIRE_NEEDED, "jobs that run"), COUNT(message_status, uptime_s, WIRE_NEEDED, "since the daemon began"),
};
SCHEMA(message_status_info, "status_info", status_fields, message_status, "");
EMPTY(message_pong, "pong", "");
static const struct wire_field error_fields[] = { SENTENCE(message_error, message, WIRE_NEEDED, "one sentence; it names the field") };
SCHEMA(message_error, "error", error_fields, message_error, "The message could not be understood.");
static const struct wire_field done_fields[] = { COUNT(message_done, count, WIRE_NEEDED, "jobs it was done to") };
SCHEMA(message_done, "done", done_fields, message_done, "1.1: it was done.");
static const struct wire_field picture_fields[] = {
    PATH(message_picture, image_path, WIRE_NEEDED, "its file"), COUNT(message_picture, width, WIRE_NEEDED, "pixels"),
    COUNT(message_picture, height, WIRE_NEEDED, "pixels"), COUNT(message_picture, colors, WIRE_NEEDED, "transparent not counted"),
    TIME(message_picture, seconds, WIRE_NEEDED, "it took to make"),
};
PART(picture_part, picture_fields, message_picture);
static const struct wire_field brief_fields[] = {
    [JOB_ROW] = COUNT(message_job_brief, row, WIRE_NEEDED, "grows with every job"), [JOB_ID] = JOB_ID(message_job_brief),
    [JOB_STATE] = WORD(message_job_brief, state, WIRE_NEEDED, message_states, ""), [JOB_PROMPT] = SENTENCE(message_job_brief, prompt, WIRE_NEEDED, "what to draw; its beginning"),
    [JOB_PRIORITY] = WHOLE(message_job_brief, priority, WIRE_NEEDED, -1000000, 1000000, ""), [JOB_PAUSED] = SWITCH(message_job_brief, paused, WIRE_NEEDED, "waits for resume"),
    [JOB_TRIES] = COUNT(message_job_brief, tries, WIRE_NEEDED, "how often it was begun"), [JOB_ACCEPTED] = TIME(message_job_brief, accepted, WIRE_NEEDED, "Unix seconds"),
    [JOB_STARTED] = TIME(message_job_brief, started, WIRE_OPTIONAL, "Unix seconds"), [JOB_FINISHED] = TIME(message_job_brief, finished, WIRE_OPTIONAL, "Unix seconds"),
    [JOB_ERROR] = SENTENCE(message_job_brief, error, WIRE_OPTIONAL, "why it failed"), [JOB_IMAGE] = PATH(message_job_brief, image_path, WIRE_OPTIONAL, "its first picture"),
    [JOB_VOTES] = COUNT(message_job_brief, votes, WIRE_OPTIONAL, "it was among the compared so often"), [JOB_WINS] = COUNT(message_job_brief, wins, WIRE_OPTIONAL, "and was liked best so often"),
};
PART(brief_part, brief_fields, message_job_brief);
static const struct wire_field list_fields[] = {
    MAPS(message_job_list, jobs, WIRE_NEEDED, MESSAGE_JOBS_MAX, &brief_part, "newest first"), COUNT(message_job_list, total, WIRE_NEEDED, "on all pages"),
};
SCHEMA(message_job_list, "job_list", list_fields, message_job_list, "1.1");
static const struct wire_field info_fields[] = {
    [INFO_REQUEST] = { "", WIRE_REQUEST, WIRE_NEEDED, 0, 0, AT(message_job_info, request), NULL, NULL, "" },
    [INFO_ROW] = COUNT(message_job_info, row, WIRE_NEEDED, "grows with every job"), [INFO_ID] = JOB_ID(message_job_info),
    [INFO_STATE] = WORD(message_job_info, state, WIRE_NEEDED, message_states, ""), [INFO_PRIORITY] = WHOLE(message_job_info, priority, WIRE_NEEDED, -1000000, 1000000, ""),
    [INFO_PAUSED] = SWITCH(message_job_info, paused, WIRE_NEEDED, "waits for resume"), [INFO_TRIES] = COUNT(message_job_info, tries, WIRE_NEEDED, "how often it was begun"),
    [INFO_ACCEPTED] = TIME(message_job_info, accepted, WIRE_NEEDED, "Unix seconds"), [INFO_STARTED] = TIME(message_job_info, started, WIRE_OPTIONAL, "Unix seconds"),
    [INFO_FINISHED] = TIME(message_job_info, finished, WIRE_OPTIONAL, "Unix seconds"), [INFO_ERROR] = SENTENCE(message_job_info, error, WIRE_OPTIONAL, "why it failed"), [INFO_ERROR_KIND] = TEXT(message_job_info, error_kind, WIRE_OPTIONAL, 0, 32, "the sentence's kind, for programs: bad_argument, io ..."),
    [INFO_UNDERSTOOD] = SENTENCE(message_job_info, understood, WIRE_OPTIONAL, "what the words became"),
    [INFO_TAGS] = TEXTS(message_job_info, tags, 16, ""), [INFO_PICTURES] = MAPS(message_job_info, pictures, WIRE_OPTIONAL, 1000, &picture_part, "in order"),
    [INFO_AHEAD] = COUNT(message_job_info, ahead, WIRE_OPTIONAL, "queued jobs that come before it"),
    [INFO_VOTES] = COUNT(message_job_info, votes, WIRE_OPTIONAL, "it was among the compared so often"), [INFO_WINS] = COUNT(message_job_info, wins, WIRE_OPTIONAL, "and was liked best so often"),
};
SCHEMA(message_job_info, "job_info", info_fields, message_job_info, "1.1: one job, with the whole request.");
static const struct wire_field choice_fields[] = {
    TEXT(message_choice, name, WIRE_NEEDED, 0, MESSAGE_ID_MAX, "the job, or whatever was compared"), SENTENCE(message_choice, prompt, WIRE_NEEDED, "what the job was asked for; empty if it was no job"),
    TEXT(message_choice, model, WIRE_NEEDED, 0, 8192, "what drew it"),
};
PART(choice_part, choice_fields, message_choice);
static const struct wire_field cast_fields[] = {
    COUNT(message_cast, row, WIRE_NEEDED, "grows with every vote"), TEXT(message_cast, comparison, WIRE_NEEDED, 1, MESSAGE_ID_MAX, ""),
    TEXT(message_cast, winner, WIRE_NEEDED, 0, MESSAGE_ID_MAX, "empty: none was better"), TEXT(message_cast, voter, WIRE_NEEDED, 0, MESSAGE_ID_MAX, ""),
    TEXT(message_cast, note, WIRE_NEEDED, 0, 2000, ""), TIME(message_cast, voted, WIRE_NEEDED, "Unix seconds"),
    MAPS(message_cast, among, WIRE_NEEDED, MESSAGE_AMONG_MAX, &choice_part, "what was compared"),
};
PART(cast_part, cast_fields, message_cast);
static const struct wire_field standing_fields[] = {
    TEXT(message_standing, model, WIRE_NEEDED, 0, 8192, ""), COUNT(message_standing, votes, WIRE_NEEDED, "with other models"), COUNT(message_standing, wins, WIRE_NEEDED, ""),
};
PART(standing_part, standing_fields, message_standing);
static const struct wire_field vote_list_fields[] = {
    MAPS(message_vote_list, votes, WIRE_NEEDED, MESSAGE_VOTES_MAX, &cast_part, "newest first"), COUNT(message_vote_list, total, WIRE_NEEDED, "on all pages"),
    MAPS(message_vote_list, models, WIRE_NEEDED, MESSAGE_STANDINGS_MAX, &standing_part, "how models did in votes among different ones, the best first"),
};
SCHEMA(message_vote_list, "vote_list", vote_list_fields, message_vote_list, "1.1");
static const struct wire_field count_fields[] = { TEXT(message_count, name, WIRE_NEEDED, 0, 64, ""), COUNT(message_count, count, WIRE_NEEDED, "") };
PART(count_part, count_fields, message_count);
static const struct wire_field engine_fields[] = {
    TEXT(message_engine, name, WIRE_NEEDED, 0, 64, ""), TEXT(message_engine, state, WIRE_NEEDED, 0, 64, "idle, running, or failing: its last job could not be done, by no fault of the request"),
    TEXT(message_engine, job_id, WIRE_OPTIONAL, 0, MESSAGE_ID_MAX, "what it is at"), COUNT(message_engine, threads, WIRE_NEEDED, ""), COUNT(message_engine, done, WIRE_NEEDED, "jobs since the daemon began"),
};
PART(engine_part, engine_fields, message_engine);
static const struct wire_field server_fields[] = {
    [SERVER_SOFTWARE] = TEXT(message_server, software, WIRE_NEEDED, 0, 64, "name and version"), [SERVER_PID] = COUNT(message_server, pid, WIRE_NEEDED, ""),
    [SERVER_UPTIME] = COUNT(message_server, uptime_s, WIRE_NEEDED, ""), [SERVER_PAUSED] = SWITCH(message_server, paused, WIRE_NEEDED, "the whole queue"),
    [SERVER_STATES] = MAPS(message_server, states, WIRE_NEEDED, 16, &count_part, "jobs by state"), [SERVER_ENGINES] = MAPS(message_server, engines, WIRE_NEEDED, 64, &engine_part, "one for each worker"),
    [SERVER_MODEL] = PATH(message_server, model, WIRE_NEEDED, "the default model"), [SERVER_DATA] = PATH(message_server, data, WIRE_NEEDED, "its folder"),
    [SERVER_UPDATES] = PATH(message_server, updates, WIRE_OPTIONAL, "where 1.0's updates are published"), [SERVER_EVENTS] = PATH(message_server, events, WIRE_OPTIONAL, "where events are published, beside the address that was asked"),
    [SERVER_METRICS] = PATH(message_server, http, WIRE_OPTIONAL, "where /metrics, /healthz and /readyz are"),
};
SCHEMA(message_server_info, "server_info", server_fields, message_server, "1.1");

static const struct wire_field started_fields[] = { JOB_ID(message_started), COUNT(message_started, timestamp, WIRE_NEEDED, "Unix seconds") };
SCHEMA(message_job_started, "job_started", started_fields, message_started, "");
static const struct wire_field progress_fields[] = {
    JOB_ID(message_progress), WORD(message_progress, stage, WIRE_NEEDED, message_stages, ""), COUNT(message_progress, step, WIRE_NEEDED, "done"),
    COUNT(message_progress, total_steps, WIRE_NEEDED, ""), REAL(message_progress, percent, WIRE_NEEDED, 0, 100, "of the whole; never falls"), TIME(message_progress, eta_s, WIRE_NEEDED, "seconds that are left"),
};
SCHEMA(message_progress, "progress", progress_fields, message_progress, "At most 30 a second for a job.");
static const struct wire_field preview_fields[] = {
    JOB_ID(message_preview), PATH(message_preview, image_path, WIRE_NEEDED, "a PNG, whole before it is announced"), COUNT(message_preview, step, WIRE_NEEDED, ""),
};
SCHEMA(message_preview, "preview", preview_fields, message_preview, "At most two a second for a job.");
static const struct wire_field finished_fields[] = {
    JOB_ID(message_finished), SWITCH(message_finished, success, WIRE_NEEDED, ""), TIME(message_finished, duration_s, WIRE_NEEDED, "how long it ran"),
};
SCHEMA(message_job_finished, "job_finished", finished_fields, message_finished, "Followed by job_complete or job_error.");
static const struct wire_field changed_fields[] = {
    JOB_ID(message_changed), WORD(message_changed, state, WIRE_NEEDED, message_states, "what it is now"), SENTENCE(message_changed, error, WIRE_OPTIONAL, "why"),
};
SCHEMA(message_job_changed, "job_changed", changed_fields, message_changed, "1.1, topic job.ID: after every change of state.");
static const struct wire_field understood_fields[] = { JOB_ID(message_understood), SENTENCE(message_understood, sentence, WIRE_NEEDED, "what the words became") };
SCHEMA(message_understood, "understood", understood_fields, message_understood, "1.1, topic job.ID.");
static const struct wire_field drawn_fields[] = {
    JOB_ID(message_drawn), COUNT(message_drawn, picture, WIRE_NEEDED, "which, from 0"), COUNT(message_drawn, pictures, WIRE_NEEDED, "of so many"), PATH(message_drawn, image_path, WIRE_NEEDED, "its file"),
};
SCHEMA(message_picture_drawn, "picture_drawn", drawn_fields, message_drawn, "1.1, topic job.ID: one more picture is on disk.");
static const struct wire_field queue_fields[] = {
    COUNT(message_queue, queued, WIRE_NEEDED, ""), COUNT(message_queue, running, WIRE_NEEDED, ""), SWITCH(message_queue, paused, WIRE_NEEDED, "the whole queue"),
};
SCHEMA(message_queue_changed, "queue_changed", queue_fields, message_queue, "1.1, topic queue.: after every change, at most ten a second.");

const struct wire_schema *const message_requests[] = {
    &message_generate, &message_cancel, &message_list_models, &message_status, &message_ping, &message_job, &message_jobs,
    &message_move, &message_pause, &message_resume, &message_retry, &message_clear, &message_vote, &message_votes, &message_server, NULL,
};
const struct wire_schema *const message_answers[] = {
    &message_job_accepted, &message_job_complete, &message_job_error, &message_job_cancelled, &message_model_list,
    &message_status_info, &message_pong, &message_error, &message_done, &message_job_info, &message_job_list,
    &message_vote_list, &message_server_info, NULL,
};
const struct wire_schema *const message_updates[] = {
    &message_job_started, &message_progress, &message_preview, &message_job_finished, &message_job_complete,
    &message_job_error, NULL,
};
const struct wire_schema *const message_events[] = {
    &message_job_changed, &message_understood, &message_progress, &message_preview, &message_picture_drawn,
    &message_queue_changed, NULL,
};
/* clang-format on */
