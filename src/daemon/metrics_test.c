/* The page by Prometheus' rules, as far as they can be said in few lines; e2e runs promtool where it is installed. */
#include "daemon/metrics.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct metrics m;

static void fill(void)
{
    metrics_init(&m);
    metrics_request(&m, "ping", 0.00003);
    metrics_request(&m, "generate", 0.5);
    metrics_request(&m, "ping", 99);
    metrics_stage(&m, METRICS_RUNNING, 0.2);
    metrics_image(&m, "native");
    metrics_ended(&m, "native", JOB_DONE);
    m.errors[SPR_IO] = 3;
}

static void print(struct buf *page)
{
    static const struct metrics_engine engines[] = { { "native", true }, { "comfyui", false } };
    struct metrics_now now = { .now_ms = 10000, .workers = 2, .busy = 1, .threads = 4, .engine = engines };
    struct spr_error err;
    now.counts.of[JOB_QUEUED] = 7;
    now.counts.oldest_ms = 4000;
    buf_init(page, 1 << 20);
    if (metrics_print(&m, &now, page, &err))
        fail_msg("%s", err.text);
}

static void figures_are_there(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "spritery_queue_depth 7\n",
        "spritery_queue_oldest_age_seconds 6\n",
        "spritery_jobs{state=\"queued\"} 7\n",
        "spritery_jobs_ended_total{engine=\"native\",state=\"done\"} 1\n",
        "spritery_images_total{engine=\"native\"} 1\n",
        "spritery_errors_total{kind=\"io\"} 3\n",
        "spritery_requests_total{type=\"ping\"} 2\n",
        "spritery_job_duration_seconds_bucket{stage=\"running\",le=\"0.1\"} 0\n",
        "spritery_job_duration_seconds_bucket{stage=\"running\",le=\"0.25\"} 1\n",
        "spritery_job_duration_seconds_bucket{stage=\"running\",le=\"+Inf\"} 1\n",
        "spritery_request_duration_seconds_bucket{le=\"1\"} 2\n",
        "spritery_request_duration_seconds_bucket{le=\"+Inf\"} 3\n",
        "spritery_request_duration_seconds_count 3\n",
        "spritery_up 1\n",
        "spritery_engine_up{engine=\"native\",worker=\"0\"} 1\n",
        "spritery_engine_up{engine=\"comfyui\",worker=\"1\"} 0\n",
    };
    struct buf page;
    fill();
    print(&page);
    for (size_t i = 0; i < SPR_COUNT(lines); i++)
        if (!strstr(page.data, lines[i]))
            fail_msg("missing: %s", lines[i]);
    assert_non_null(strstr(page.data, "\nprocess_resident_memory_bytes "));
    buf_fini(&page);
}

/* Every sample belongs to the family that HELP and TYPE announced just before, and each family comes once. */
static void the_form_is_prometheus_own(void **state)
{
    (void)state;
    char family[128] = "", type[32] = "", seen[8192] = "";
    struct buf page;
    int samples = 0;
    fill();
    print(&page);
    for (char *line = strtok(page.data, "\n"); line; line = strtok(NULL, "\n")) {
        char name[128], word[32], key[140];
        if (sscanf(line, "# HELP %127s", name) == 1) {
            snprintf(key, sizeof key, " %s ", name);
            assert_null(strstr(seen, key));
            strcat(seen, key);
            snprintf(family, sizeof family, "%s", name);
            type[0] = '\0';
        } else if (sscanf(line, "# TYPE %127s %31s", name, word) == 2) {
            assert_string_equal(name, family);
            snprintf(type, sizeof type, "%s", word);
            size_t n = strlen(name);
            bool total = n > 6 && strcmp(name + n - 6, "_total") == 0;
            assert_int_equal(total, strcmp(word, "counter") == 0);
        } else {
            size_t n = strcspn(line, "{ "), f = strlen(family);
            const char *rest = line + f;
            assert_true(type[0] && n >= f && strncmp(line, family, f) == 0);
            if (n > f)
                assert_true(strcmp(type, "histogram") == 0 &&
                            (!strncmp(rest, "_bucket", 7) || !strncmp(rest, "_sum", 4) ||
                             !strncmp(rest, "_count", 6)));
            const char *value = strrchr(line, ' ');
            char *end;
            strtod(value + 1, &end);
            assert_true(*end == '\0' && end > value + 1);
            samples++;
        }
    }
    assert_true(samples > 80);
    buf_fini(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_there),
        cmocka_unit_test(the_form_is_prometheus_own),
    };
    return cmocka_run_group_tests_name("daemon/metrics", tests, NULL, NULL);
}
