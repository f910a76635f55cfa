#include "daemon/metrics.h"

#include "base/pen.h"
#include "base/str.h"
#include "daemon/gpu.h"
#include "daemon/process.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const double long_bounds[METRICS_BUCKETS] = { 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800 };
static const double short_bounds[METRICS_BUCKETS] = { 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 1 };
/* clang-format on */

void metrics_init(struct metrics *m)
{
    *m = (struct metrics){ 0 };
    for (int i = 0; i < METRICS_STAGES; i++)
        m->stage[i].bound = long_bounds;
    m->answer.bound = short_bounds;
}

static void observe(struct histogram *h, double seconds)
{
    int i = 0;
    while (i < METRICS_BUCKETS && seconds > h->bound[i])
        i++;
    h->in[i]++;
    h->count++;
    h->sum += seconds;
}

void metrics_request(struct metrics *m, const char *type, double seconds)
{
    observe(&m->answer, seconds);
    for (int i = 0; i < METRICS_TYPES; i++) {
        if (!m->request[i].type)
            m->request[i].type = type;
        if (strcmp(m->request[i].type, type) == 0) {
            m->request[i].count++;
            return;
        }
    }
}

void metrics_stage(struct metrics *m, enum metrics_stage stage, double seconds)
{
    observe(&m->stage[stage], seconds);
}

static int engine_of(struct metrics *m, const char *name)
{
    for (int i = 0; i < METRICS_ENGINES - 1; i++) {
        if (!m->engine[i].name[0])
            snprintf(m->engine[i].name, sizeof m->engine[i].name, "%s", name);
        if (strcmp(m->engine[i].name, name) == 0)
            return i;
    }
    return METRICS_ENGINES - 1;
}

void metrics_image(struct metrics *m, const char *engine)
{
    m->engine[engine_of(m, engine)].images++;
}

void metrics_ended(struct metrics *m, const char *engine, enum job_state state)
{
    m->engine[engine_of(m, engine)].ended[state]++;
}

/* A page under way: the first failure stays. */
static void head(struct pen *p, const char *name, const char *type, const char *help)
{
    pen_put(p, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(struct pen *p, const char *name, double value, const char *help)
{
    char text[32];
    str_from_double(value, text, sizeof text);
    head(p, name, "gauge", help);
    pen_put(p, "%s %s\n", name, text);
}

static void buckets(struct pen *p, const char *name, const char *label, const struct histogram *h)
{
    uint64_t sum = 0;
    char text[32];
    const char *comma = *label ? "," : "";
    for (int i = 0; i < METRICS_BUCKETS; i++) {
        sum += h->in[i];
        str_from_double(h->bound[i], text, sizeof text);
        pen_put(p, "%s_bucket{%s%sle=\"%s\"} %llu\n", name, label, comma, text, (unsigned long long)sum);
    }
    pen_put(p, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, label, comma, (unsigned long long)h->count);
    str_from_double(h->sum, text, sizeof text);
    pen_put(p, *label ? "%s_sum{%s} %s\n" : "%s_sum%s %s\n", name, label, text);
    pen_put(p, *label ? "%s_count{%s} %llu\n" : "%s_count%s %llu\n", name, label,
            (unsigned long long)h->count);
}

static void print_jobs(struct pen *p, const struct metrics *m, const struct metrics_now *now)
{
    head(p, "spritery_jobs", "gauge", "Jobs that are remembered, by state.");
    for (int i = 0; i < JOB_STATE_COUNT; i++)
        pen_put(p, "spritery_jobs{state=\"%s\"} %lld\n", state_name((enum job_state)i),
                (long long)now->counts.of[i]);
    gauge(p, "spritery_queue_depth", (double)now->counts.of[JOB_QUEUED], "Jobs that wait.");
    double age = now->counts.oldest_ms ? (double)(now->now_ms - now->counts.oldest_ms) / 1000 : 0;
    gauge(p, "spritery_queue_oldest_age_seconds", age > 0 ? age : 0,
          "Since the oldest job that waits was accepted.");
    gauge(p, "spritery_queue_paused", now->paused, "1 while no job is begun.");
    head(p, "spritery_jobs_ended_total", "counter",
         "Jobs that ended since the daemon began, by engine and state.");
    for (int e = 0; e < METRICS_ENGINES && m->engine[e].name[0]; e++)
        for (int i = JOB_DONE; i < JOB_STATE_COUNT; i++)
            pen_put(p, "spritery_jobs_ended_total{engine=\"%s\",state=\"%s\"} %llu\n", m->engine[e].name,
                    state_name((enum job_state)i), (unsigned long long)m->engine[e].ended[i]);
    head(p, "spritery_images_total", "counter", "Pictures that were made, by engine.");
    for (int e = 0; e < METRICS_ENGINES && m->engine[e].name[0]; e++)
        pen_put(p, "spritery_images_total{engine=\"%s\"} %llu\n", m->engine[e].name,
                (unsigned long long)m->engine[e].images);
    head(p, "spritery_jobs_requeued_total", "counter",
         "Jobs that were queued again after a failure or a lost worker.");
    pen_put(p, "spritery_jobs_requeued_total %llu\n", (unsigned long long)m->again);
    head(p, "spritery_errors_total", "counter", "Failed jobs and refused messages, by kind.");
    for (int i = 1; i < SPR_CODE_COUNT; i++)
        pen_put(p, "spritery_errors_total{kind=\"%s\"} %llu\n", spr_code_name((enum spr_code)i),
                (unsigned long long)m->errors[i]);
}

static void print_times(struct pen *p, const struct metrics *m)
{
    static const char *const stages[METRICS_STAGES] = { "stage=\"waiting\"", "stage=\"running\"",
                                                        "stage=\"picture\"" };
    head(p, "spritery_job_duration_seconds", "histogram",
         "Time of a job in the queue, at work, and for each picture.");
    for (int i = 0; i < METRICS_STAGES; i++)
        buckets(p, "spritery_job_duration_seconds", stages[i], &m->stage[i]);
    head(p, "spritery_request_duration_seconds", "histogram",
         "From a message's arrival in the loop to its answer.");
    buckets(p, "spritery_request_duration_seconds", "", &m->answer);
    head(p, "spritery_requests_total", "counter", "Messages, by type.");
    for (int i = 0; i < METRICS_TYPES && m->request[i].type; i++)
        pen_put(p, "spritery_requests_total{type=\"%s\"} %llu\n", m->request[i].type,
                (unsigned long long)m->request[i].count);
    head(p, "spritery_answers_dropped_total", "counter",
         "Answers to clients that were gone or did not read.");
    pen_put(p, "spritery_answers_dropped_total %llu\n", (unsigned long long)m->dropped);
    head(p, "spritery_messages_published_total", "counter", "Updates and events.");
    pen_put(p, "spritery_messages_published_total %llu\n", (unsigned long long)m->published);
}

static void print_process(struct pen *p)
{
    struct process_figures f;
    process_figures(&f);
    head(p, "process_cpu_seconds_total", "counter", "User and system time of the daemon.");
    pen_put(p, "process_cpu_seconds_total %.2f\n", f.cpu_s);
    gauge(p, "process_resident_memory_bytes", f.resident_bytes, "Resident memory of the daemon.");
    gauge(p, "process_virtual_memory_bytes", f.virtual_bytes, "Virtual memory of the daemon.");
    gauge(p, "process_open_fds", f.open_fds, "Open file descriptors.");
    gauge(p, "process_max_fds", f.max_fds, "How many may be open.");
    gauge(p, "process_threads", f.threads, "Threads of the daemon.");
    gauge(p, "process_start_time_seconds", f.start_s, "When the daemon began, in Unix seconds.");
}

static void print_gpus(struct pen *p)
{
    static const struct {
        const char *name, *help;
        size_t offset;
    } rows[] = {
        { "spritery_gpu_utilization_ratio", "Share of time the GPU worked, 0 to 1.",
          offsetof(struct gpu, busy) },
        { "spritery_gpu_memory_used_bytes", "Memory of the GPU in use.", offsetof(struct gpu, memory_used) },
        { "spritery_gpu_memory_total_bytes", "Memory of the GPU.", offsetof(struct gpu, memory_total) },
        { "spritery_gpu_temperature_celsius", "Temperature of the GPU.", offsetof(struct gpu, celsius) },
        { "spritery_gpu_power_watts", "Power the GPU draws.", offsetof(struct gpu, watts) },
    };
    struct gpu gpu[GPU_MAX];
    int count = gpu_read(gpu);
    for (size_t r = 0; count > 0 && r < SPR_COUNT(rows); r++) {
        head(p, rows[r].name, "gauge", rows[r].help);
        for (int i = 0; i < count; i++) {
            double value = *(const double *)(const void *)((const char *)&gpu[i] + rows[r].offset);
            char text[32];
            str_from_double(value, text, sizeof text);
            if (value >= 0)
                pen_put(p, "%s{gpu=\"%d\",name=\"%s\"} %s\n", rows[r].name, i, gpu[i].name, text);
        }
    }
}

enum spr_code metrics_print(const struct metrics *m, const struct metrics_now *now, struct buf *out,
                            struct spr_error *err)
{
    struct pen p = { .out = out, .err = err };
    head(&p, "spritery_build_info", "gauge", "The running version.");
    pen_put(&p, "spritery_build_info{version=\"%s\"} 1\n", SPRITERY_VERSION);
    gauge(&p, "spritery_up", !now->stopping, "1 while the daemon takes jobs.");
    gauge(&p, "spritery_workers", now->workers, "Workers there are.");
    gauge(&p, "spritery_workers_busy", now->busy, "Workers that are at a job.");
    gauge(&p, "spritery_worker_threads", now->threads, "Threads of each worker.");
    head(&p, "spritery_engine_up", "gauge", "1 unless the worker's last job failed by its engine's fault.");
    for (int i = 0; i < now->workers; i++)
        pen_put(&p, "spritery_engine_up{engine=\"%s\",worker=\"%d\"} %d\n", now->engine[i].name, i,
                now->engine[i].well);
    print_jobs(&p, m, now);
    print_times(&p, m);
    print_process(&p);
    print_gpus(&p);
    return p.rc;
}
