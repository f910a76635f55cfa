/* How long the queue takes for each thing it does, with many jobs in it: median and 99th percentile of 1000 calls. */
#include "queue/queue.h"
#include "base/clock.h"
#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CALLS = 1000 };

struct bench {
    struct queue *queue;
    struct request request;
    int jobs, listed;
    struct spr_error err;
};

static void must(struct bench *b, enum spr_code rc)
{
    if (rc == SPR_OK)
        return;
    fprintf(stderr, "bench: %s\n", b->err.text);
    exit(1);
}

static void random_id(const struct bench *b, int i, char ret[16])
{
    struct random r = { .seed = 5 };
    snprintf(ret, 16, "%u", (unsigned)random_below(r, (uint64_t)i, (uint32_t)b->jobs));
}

static void accept_one(struct bench *b, int i)
{
    static const char *const words[] = {
        "red", "blue", "dragon", "potion", "sword", "ring", "slime", "wall"
    };
    char id[16], prompt[64];
    int64_t row;
    bool again;
    (void)i;
    snprintf(id, sizeof id, "%d", b->jobs);
    snprintf(prompt, sizeof prompt, "%s %s %d", words[b->jobs % 8], words[b->jobs / 8 % 8], b->jobs);
    must(b, request_set(&b->request, REQUEST_PROMPT, "prompt", prompt, &b->err));
    struct queue_new n = { id, "", "", &b->request, b->jobs % 3, true };
    must(b, queue_accept(b->queue, &n, 1000 + b->jobs, &row, &again, &b->err));
    b->jobs++;
}

static enum spr_code see(void *context, const struct queue_job *j, struct spr_error *err)
{
    struct bench *b = context;
    (void)err;
    b->listed += j->row > 0;
    return SPR_OK;
}

static void list_page(struct bench *b, int i)
{
    struct queue_filter f = { -1, b->jobs - i * 50, NULL, 20 };
    int64_t total;
    must(b, queue_list(b->queue, &f, see, b, &total, &b->err));
}

static void list_words(struct bench *b, int i)
{
    struct queue_filter f = { -1, 0, i % 2 ? "red dragon" : "potion", 20 };
    must(b, queue_list(b->queue, &f, see, b, NULL, &b->err));
}

static void get_one(struct bench *b, int i)
{
    char id[16];
    struct queue_job j;
    random_id(b, i, id);
    must(b, queue_get(b->queue, id, &j, &b->err));
    queue_job_fini(&j);
}

static void move_one(struct bench *b, int i)
{
    char id[16];
    random_id(b, i, id);
    must(b, queue_move(b->queue, id, (enum queue_move)(i % 4), &b->err));
}

static void take_one(struct bench *b, int i)
{
    struct queue_job j;
    (void)i;
    must(b, queue_take(b->queue, "native", 1, 100, &j, &b->err));
    queue_job_fini(&j);
}

static void count_all(struct bench *b, int i)
{
    struct queue_counts c;
    (void)i;
    must(b, queue_count(b->queue, &c, &b->err));
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void measure(struct bench *b, const char *name, void (*call)(struct bench *b, int i))
{
    static int64_t ns[CALLS];
    for (int i = 0; i < CALLS; i++) {
        int64_t begun = clock_steady_ns();
        call(b, i);
        ns[i] = clock_steady_ns() - begun;
    }
    qsort(ns, CALLS, sizeof *ns, by_time);
    printf("queue %-12s %6d jobs: median %7.1f us, p99 %7.1f us\n", name, b->jobs,
           (double)ns[CALLS / 2] / 1e3, (double)ns[CALLS * 99 / 100] / 1e3);
}

int main(int argc, char **argv)
{
    struct bench b = { 0 };
    char folder[] = "/tmp/spritery-bench.XXXXXX", path[64], line[64];
    int many = argc > 1 ? atoi(argv[1]) : 100000;
    bool full = argc > 2 && strcmp(argv[2], "full") == 0;
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/q.db", folder);
    struct queue_options options = { .full = full };
    must(&b, queue_open(path, &options, &b.queue, &b.err));
    request_init(&b.request);
    while (b.jobs < many)
        accept_one(&b, 0);
    measure(&b, "accept", accept_one);
    measure(&b, "list page", list_page);
    measure(&b, "list words", list_words);
    measure(&b, "get", get_one);
    measure(&b, "move", move_one);
    measure(&b, "count", count_all);
    measure(&b, "take", take_one);
    must(&b, queue_check(b.queue, &b.err));
    queue_close(b.queue);
    request_fini(&b.request);
    snprintf(line, sizeof line, "rm -rf %s", folder);
    return system(line) ? 1 : 0;
}
