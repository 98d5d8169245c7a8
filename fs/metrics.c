#include "fs/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/error.h"

/* Distinct names and outcomes: some 40 of each are in use. More are not counted. */
#define SERIES_MAX   96
#define FAILURES_MAX 128

static const unsigned bounds_ms[] = {1, 5, 20, 100, 500, 2000, 10000};

#define BOUNDS (sizeof(bounds_ms) / sizeof(bounds_ms[0]))

struct series {
    enum counter counter;
    const char *name;
    uint64_t count;
    uint64_t total_ms;
    uint64_t within[BOUNDS];
};

struct failure {
    enum counter counter;
    const char *name;
    int code;
    uint64_t count;
};

struct metrics {
    struct series series[SERIES_MAX];
    unsigned series_count;
    struct failure failures[FAILURES_MAX];
    unsigned failure_count;
};

static const struct {
    const char *prefix;
    const char *label;
    const char *help;
} families[] = {
    [COUNT_FILE_REQUEST] = {"checkpointfs_file_request", "request",
                            "requests of programs to the file system"},
    [COUNT_BACKEND_OPERATION] = {"checkpointfs_backend_operation", "operation",
                                 "operations of the file system on the backend"},
};

#define FAMILIES (sizeof(families) / sizeof(families[0]))

struct metrics *metrics_new(void)
{
    return calloc(1, sizeof(struct metrics));
}

void metrics_free(struct metrics *metrics)
{
    free(metrics);
}

static struct series *series_of(struct metrics *metrics, enum counter counter, const char *name)
{
    struct series *series = metrics->series;

    for (unsigned i = 0; i < metrics->series_count; i++, series++) {
        if (series->counter == counter && !strcmp(series->name, name))
            return series;
    }
    if (metrics->series_count == SERIES_MAX)
        return NULL;
    metrics->series_count++;
    *series = (struct series){.counter = counter, .name = name};
    return series;
}

static void count_failure(struct metrics *metrics, enum counter counter, const char *name, int code)
{
    struct failure *failure = metrics->failures;

    for (unsigned i = 0; i < metrics->failure_count; i++, failure++) {
        if (failure->counter == counter && failure->code == code && !strcmp(failure->name, name)) {
            failure->count++;
            return;
        }
    }
    if (metrics->failure_count == FAILURES_MAX)
        return;
    metrics->failure_count++;
    *failure = (struct failure){counter, name, code, 1};
}

void metrics_count(struct metrics *metrics, enum counter counter, const char *name, int64_t took_ms,
                   int code)
{
    struct series *series = series_of(metrics, counter, name);

    if (code)
        count_failure(metrics, counter, name, code);
    if (!series)
        return;
    series->count++;
    series->total_ms += (uint64_t)took_ms;
    for (size_t i = 0; i < BOUNDS; i++)
        series->within[i] += took_ms <= bounds_ms[i];
}

static void print_value(struct buf *text, const char *type, const char *name, const char *help,
                        uint64_t value)
{
    buf_printf(text, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help, name, type, name,
               value);
}

void metrics_gauge(struct buf *text, const char *name, const char *help, uint64_t value)
{
    print_value(text, "gauge", name, help, value);
}

void metrics_counter(struct buf *text, const char *name, const char *help, uint64_t value)
{
    print_value(text, "counter", name, help, value);
}

void metrics_retries(struct buf *text, const struct retries *retries)
{
    static const char name[] = "checkpointfs_retries_total";

    buf_printf(text, "# HELP %s Requests that were sent once more, by reason.\n", name);
    buf_printf(text, "# TYPE %s counter\n", name);
    buf_printf(text, "%s{reason=\"throttled\"} %" PRIu64 "\n", name, retries->throttled);
    buf_printf(text, "%s{reason=\"5xx\"} %" PRIu64 "\n", name, retries->broken);
    buf_printf(text, "%s{reason=\"connection\"} %" PRIu64 "\n", name, retries->connection);
}

static void print_series(const struct series *series, struct buf *text)
{
    const char *prefix = families[series->counter].prefix;
    const char *label = families[series->counter].label;

    for (size_t i = 0; i < BOUNDS; i++)
        buf_printf(text, "%s_seconds_bucket{%s=\"%s\",le=\"%g\"} %" PRIu64 "\n", prefix, label,
                   series->name, bounds_ms[i] / 1000.0, series->within[i]);
    buf_printf(text, "%s_seconds_bucket{%s=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", prefix, label,
               series->name, series->count);
    buf_printf(text, "%s_seconds_sum{%s=\"%s\"} %.3f\n", prefix, label, series->name,
               (double)series->total_ms / 1000.0);
    buf_printf(text, "%s_seconds_count{%s=\"%s\"} %" PRIu64 "\n", prefix, label, series->name,
               series->count);
}

static void print_family(const struct metrics *metrics, enum counter counter, struct buf *text)
{
    const char *prefix = families[counter].prefix;

    buf_printf(text, "# HELP %s_seconds Latency of %s.\n# TYPE %s_seconds histogram\n", prefix,
               families[counter].help, prefix);
    for (unsigned i = 0; i < metrics->series_count; i++) {
        if (metrics->series[i].counter == counter)
            print_series(&metrics->series[i], text);
    }
    buf_printf(text, "# HELP %s_failures_total Failures of %s.\n# TYPE %s_failures_total counter\n",
               prefix, families[counter].help, prefix);
    for (unsigned i = 0; i < metrics->failure_count; i++) {
        const struct failure *failure = &metrics->failures[i];

        if (failure->counter == counter)
            buf_printf(text, "%s_failures_total{%s=\"%s\",errno=\"%s\"} %" PRIu64 "\n", prefix,
                       families[counter].label, failure->name, error_name(failure->code),
                       failure->count);
    }
}

void metrics_print(const struct metrics *metrics, struct buf *text)
{
    for (size_t i = 0; i < FAMILIES; i++)
        print_family(metrics, (enum counter)i, text);
}
