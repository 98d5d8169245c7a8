#include "fs/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/error.h"
#include "fs/prometheus.h"

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

#define RETRIES "checkpointfs_retries_total"

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

/* A sample up to the value, whose labels after that of the source are to follow. */
static void begin_sample(struct buf *text, const char *source, const char *name)
{
    buf_printf(text, "%s{", name);
    prometheus_label(text, "source", source);
}

static void print_value(struct buf *text, const char *source, const char *type, const char *name,
                        const char *help, uint64_t value)
{
    prometheus_head(text, name, type, help);
    begin_sample(text, source, name);
    buf_printf(text, "} %" PRIu64 "\n", value);
}

void metrics_gauge(struct buf *text, const char *source, const char *name, const char *help,
                   uint64_t value)
{
    print_value(text, source, "gauge", name, help, value);
}

void metrics_counter(struct buf *text, const char *source, const char *name, const char *help,
                     uint64_t value)
{
    print_value(text, source, "counter", name, help, value);
}

static void print_retries(struct buf *text, const char *source, const char *reason, uint64_t count)
{
    begin_sample(text, source, RETRIES);
    buf_printf(text, ",reason=\"%s\"} %" PRIu64 "\n", reason, count);
}

void metrics_retries(struct buf *text, const char *source, const struct retries *retries)
{
    prometheus_head(text, RETRIES, "counter", "Requests that were sent once more, by reason.");
    print_retries(text, source, "throttled", retries->throttled);
    print_retries(text, source, "5xx", retries->broken);
    print_retries(text, source, "connection", retries->connection);
}

/* The same for a metric of a series; `what` follows the name of its family. */
static void begin_series(struct buf *text, const char *source, const struct series *series,
                         const char *what)
{
    char name[64];

    snprintf(name, sizeof(name), "%s_seconds_%s", families[series->counter].prefix, what);
    begin_sample(text, source, name);
    buf_printf(text, ",%s=\"%s\"", families[series->counter].label, series->name);
}

static void print_series(const struct series *series, const char *source, struct buf *text)
{
    for (size_t i = 0; i < BOUNDS; i++) {
        begin_series(text, source, series, "bucket");
        buf_printf(text, ",le=\"%g\"} %" PRIu64 "\n", bounds_ms[i] / 1000.0, series->within[i]);
    }
    begin_series(text, source, series, "bucket");
    buf_printf(text, ",le=\"+Inf\"} %" PRIu64 "\n", series->count);
    begin_series(text, source, series, "sum");
    buf_printf(text, "} %.3f\n", (double)series->total_ms / 1000.0);
    begin_series(text, source, series, "count");
    buf_printf(text, "} %" PRIu64 "\n", series->count);
}

static void print_failure(const struct failure *failure, const char *source, const char *name,
                          struct buf *text)
{
    begin_sample(text, source, name);
    buf_printf(text, ",%s=\"%s\",errno=\"%s\"} %" PRIu64 "\n", families[failure->counter].label,
               failure->name, error_name(failure->code), failure->count);
}

static void print_family(const struct metrics *metrics, const char *source, enum counter counter,
                         struct buf *text)
{
    const char *prefix = families[counter].prefix;
    char failures[64];

    snprintf(failures, sizeof(failures), "%s_failures_total", prefix);
    buf_printf(text, "# HELP %s_seconds Latency of %s.\n# TYPE %s_seconds histogram\n", prefix,
               families[counter].help, prefix);
    for (unsigned i = 0; i < metrics->series_count; i++) {
        if (metrics->series[i].counter == counter)
            print_series(&metrics->series[i], source, text);
    }
    buf_printf(text, "# HELP %s Failures of %s.\n# TYPE %s counter\n", failures,
               families[counter].help, failures);
    for (unsigned i = 0; i < metrics->failure_count; i++) {
        if (metrics->failures[i].counter == counter)
            print_failure(&metrics->failures[i], source, failures, text);
    }
}

void metrics_print(const struct metrics *metrics, const char *source, struct buf *text)
{
    for (size_t i = 0; i < FAMILIES; i++)
        print_family(metrics, source, (enum counter)i, text);
}
