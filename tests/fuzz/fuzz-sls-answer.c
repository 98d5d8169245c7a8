#include "fuzz.h"

#include <errno.h>

#include "api/json.h"
#include "api/sls/answer.h"
#include "api/sls/cursor.h"
#include "api/sls/error.h"
#include "base/when.h"
#include "status.h"
#include "tests/unit/parsed.h"

#define SECRET "topSecret"

/* What an answer is read as is a value, or one of a few errors. */
static void check_status(int status)
{
    CHECK(status == 0 || status == -EBADMSG || status == -EFBIG || status == -ENOMEM);
}

static void check_table(const struct table *table)
{
    struct state state;

    for (size_t i = 0; i < table_count(table); i++) {
        table_at(table, i, &state);
        CHECK(state.partition <= PARTITION_MAX);
        check_status_line(&state, "a");
        CHECK(!state.sequence || *state.sequence);
        CHECK(!state.earliest && !state.latest);
    }
}

static void read_lists(const cJSON *root, size_t size)
{
    struct table *table = table_new();
    struct names *names = names_new();
    struct names *groups = names_new();
    struct buf text = BUF_INIT(1 << 20);
    struct page page;

    CHECK(table && names && groups);
    check_status(sls_answer_checkpoints(root, table));
    check_status(sls_answer_shards(root, table));
    check_status(sls_answer_groups(root, groups));
    if (!sls_answer_logstores(root, size, 2, names, &page))
        CHECK(page.told && (page.count || !page.more));
    check_table(table);
    CHECK(!sls_describe(table, "logstore", &text));
    for (size_t i = 0; i < names_count(names); i++)
        CHECK(name_is_shown(names_at(names, i)));
    for (size_t i = 0; i < names_count(groups); i++)
        CHECK(name_is_shown(names_at(groups, i)));
    buf_release(&text);
    names_drop(groups);
    names_drop(names);
    table_drop(table);
}

static void read_values(const cJSON *root)
{
    const char *cursor;
    int64_t when;

    if (!sls_answer_cursor(root, &cursor))
        CHECK(*cursor && strlen(cursor) <= SEQUENCE_MAX);
    if (!sls_answer_cursor_time(root, &when))
        CHECK(when == WHEN_UNKNOWN || when >= 0);
}

static void read_listed(const cJSON *root)
{
    struct sls_listed listed;

    check_status(sls_answer_listed(root, &listed));
    if (!sls_answer_listed(root, &listed))
        CHECK(!*listed.begin_key || strlen(listed.begin_key) == SLS_KEY_ROOM - 1);
}

/* What is read as a cursor is written as the same number. */
static void read_cursor(const char *text)
{
    char sequence[SEQUENCE_MAX + 1];
    char again[SEQUENCE_MAX + 1];
    char decimal[DECIMAL_ROOM];
    char same[DECIMAL_ROOM];
    struct error error;

    if (!sls_cursor_decode(text, decimal)) {
        CHECK(decimal_is_unsigned(decimal));
        CHECK(!sls_cursor_encode(decimal, sequence) && !sls_cursor_decode(sequence, same));
        CHECK(!strcmp(same, decimal));
    }
    if (!sls_parse_sequence(text, sequence, &error)) {
        CHECK(!sls_parse_sequence(sequence, again, &error));
        CHECK(!strcmp(sequence, again));
    }
}

/* The same bytes as the body of a failure; the first chooses its status. */
static void read_error(const char *text, size_t size)
{
    static const struct secrets secrets = {{SECRET}};
    struct http_answer answer = {.status = 300 + (unsigned char)*text, .body = text, .size = size};
    struct error error = {0};

    CHECK(sls_judge(&answer, &secrets, &error) != HTTP_DONE);
    CHECK(error.code > 0);
    CHECK(*error.message);
    CHECK(error.code != ENOENT || *error.service_code);
    CHECK(!strstr(error.message, SECRET));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);
    cJSON *root = parsed(text, size);

    read_lists(root, size);
    read_values(root);
    read_listed(root);
    cJSON_Delete(root);
    read_error(text, size);
    read_cursor(text);
    free(text);
    return 0;
}
