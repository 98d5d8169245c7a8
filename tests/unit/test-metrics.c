#include "test.h"

#include <regex.h>

#include "fs/metrics.h"

#define SOURCE "here"

static struct metrics *metrics;
static struct buf text = BUF_INIT(1UL << 20);

static int setup(void **state)
{
    (void)state;
    metrics = metrics_new();
    assert_non_null(metrics);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    metrics_free(metrics);
    buf_release(&text);
    return 0;
}

static void print(void)
{
    buf_reset(&text);
    metrics_print(metrics, SOURCE, &text);
    assert_int_equal(buf_error(&text), 0);
}

static bool matches(const char *line, const char *pattern)
{
    regex_t regex;
    int status;

    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    status = regexec(&regex, line, 0, NULL, 0);
    regfree(&regex);
    return status == 0;
}

#define NAME   "[a-zA-Z_:][a-zA-Z0-9_:]*"
#define LABEL  "[a-zA-Z_][a-zA-Z0-9_]*=\"[^\"\\]*\""
#define NUMBER "-?([0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?|\\+Inf|NaN)"

static const char help_line[] = "^# HELP " NAME " .+$";
static const char type_line[] = "^# TYPE " NAME " (counter|gauge|histogram|summary|untyped)$";
static const char sample_line[] = "^" NAME "(\\{" LABEL "(," LABEL ")*\\})? " NUMBER "$";

/* Every line must be one that Prometheus reads. */
static void assert_format(void)
{
    char *copy = strdup(text.data);
    char *rest = copy;
    const char *line;

    assert_non_null(copy);
    assert_true(text.size == 0 || text.data[text.size - 1] == '\n');
    while ((line = strsep(&rest, "\n")) && rest) {
        if (!matches(line, help_line) && !matches(line, type_line) && !matches(line, sample_line))
            fail_msg("\"%s\" is not in the format", line);
    }
    free(copy);
}

static void assert_line(const char *line)
{
    char whole[300];

    snprintf(whole, sizeof(whole), "\n%s\n", line);
    if (!strstr(text.data, whole))
        fail_msg("no line \"%s\"", line);
}

TEST(every_line_is_prometheus_text)
{
    print();
    assert_format();
    metrics_count(metrics, COUNT_FILE_REQUEST, "read", 0, 0);
    metrics_count(metrics, COUNT_FILE_REQUEST, "lookup", 123456789, ENOENT);
    metrics_count(metrics, COUNT_BACKEND_OPERATION, "commit", 3, EACCES);
    metrics_count(metrics, COUNT_BACKEND_OPERATION, "commit", 3, 99999);
    print();
    assert_format();
}

TEST(latencies_fall_into_buckets)
{
    metrics_count(metrics, COUNT_FILE_REQUEST, "read", 0, 0);
    metrics_count(metrics, COUNT_FILE_REQUEST, "read", 1, 0);
    metrics_count(metrics, COUNT_FILE_REQUEST, "read", 2, 0);
    metrics_count(metrics, COUNT_FILE_REQUEST, "read", 60000, 0);
    print();
    assert_line("checkpointfs_file_request_seconds_bucket{source=\"here\",request=\"read\",le=\"0."
                "001\"} 2");
    assert_line("checkpointfs_file_request_seconds_bucket{source=\"here\",request=\"read\",le=\"0."
                "005\"} 3");
    assert_line(
        "checkpointfs_file_request_seconds_bucket{source=\"here\",request=\"read\",le=\"10\"} 3");
    assert_line(
        "checkpointfs_file_request_seconds_bucket{source=\"here\",request=\"read\",le=\"+Inf\"} 4");
    assert_line("checkpointfs_file_request_seconds_count{source=\"here\",request=\"read\"} 4");
    assert_line("checkpointfs_file_request_seconds_sum{source=\"here\",request=\"read\"} 60.003");
}

TEST(failures_are_counted_by_errno)
{
    metrics_count(metrics, COUNT_BACKEND_OPERATION, "commit", 1, EACCES);
    metrics_count(metrics, COUNT_BACKEND_OPERATION, "commit", 1, EACCES);
    metrics_count(metrics, COUNT_BACKEND_OPERATION, "commit", 1, ERANGE);
    metrics_count(metrics, COUNT_BACKEND_OPERATION, "commit", 1, 0);
    print();
    assert_line("checkpointfs_backend_operation_failures_total"
                "{source=\"here\",operation=\"commit\",errno=\"EACCES\"} 2");
    assert_line("checkpointfs_backend_operation_failures_total"
                "{source=\"here\",operation=\"commit\",errno=\"ERANGE\"} 1");
    assert_line(
        "checkpointfs_backend_operation_seconds_count{source=\"here\",operation=\"commit\"} 4");
}

TEST(requests_and_operations_of_one_name_are_apart)
{
    metrics_count(metrics, COUNT_BACKEND_OPERATION, "same", 1, 0);
    metrics_count(metrics, COUNT_BACKEND_OPERATION, "same", 1, 0);
    metrics_count(metrics, COUNT_FILE_REQUEST, "same", 1, 0);
    print();
    assert_line(
        "checkpointfs_backend_operation_seconds_count{source=\"here\",operation=\"same\"} 2");
    assert_line("checkpointfs_file_request_seconds_count{source=\"here\",request=\"same\"} 1");
}

TEST(each_family_is_introduced_once)
{
    const char *introduction = "# TYPE checkpointfs_file_request_seconds histogram\n";
    const char *first;

    metrics_count(metrics, COUNT_FILE_REQUEST, "a", 1, EIO);
    metrics_count(metrics, COUNT_FILE_REQUEST, "b", 1, EIO);
    print();
    first = strstr(text.data, introduction);
    assert_non_null(first);
    assert_null(strstr(first + 1, introduction));
}

TEST(dozens_of_names_and_more_do_no_harm)
{
    static char names[500][16];

    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(names[i], sizeof(names[i]), "name%zu", i);
        metrics_count(metrics, COUNT_FILE_REQUEST, names[i], 1, (int)(i % 100) + 1);
    }
    print();
    assert_format();
    assert_line("checkpointfs_file_request_seconds_count{source=\"here\",request=\"name47\"} 1");
}

TEST(retries_are_a_counter_for_each_reason)
{
    static const struct retries retries = {.throttled = 1, .broken = UINT64_MAX, .connection = 3};

    buf_reset(&text);
    metrics_retries(&text, SOURCE, &retries);
    assert_format();
    assert_non_null(strstr(
        text.data, "\ncheckpointfs_retries_total{source=\"here\",reason=\"throttled\"} 1\n"));
    assert_non_null(strstr(text.data, "{source=\"here\",reason=\"5xx\"} 18446744073709551615\n"));
    assert_non_null(strstr(text.data, "{source=\"here\",reason=\"connection\"} 3\n"));
}

TEST(a_gauge_has_its_introduction)
{
    buf_reset(&text);
    metrics_gauge(&text, SOURCE, "checkpointfs_places", "Places in use.", UINT64_MAX);
    assert_string_equal(text.data, "# HELP checkpointfs_places Places in use.\n"
                                   "# TYPE checkpointfs_places gauge\n"
                                   "checkpointfs_places{source=\"here\"} 18446744073709551615\n");
    assert_format();
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(every_line_is_prometheus_text),  SCENE(latencies_fall_into_buckets),
        SCENE(failures_are_counted_by_errno),  SCENE(requests_and_operations_of_one_name_are_apart),
        SCENE(each_family_is_introduced_once), SCENE(dozens_of_names_and_more_do_no_harm),
        SCENE(a_gauge_has_its_introduction),   SCENE(retries_are_a_counter_for_each_reason),
    };

    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
