#include "fuzz.h"

#include <errno.h>

#include "api/dis/answer.h"
#include "api/dis/error.h"
#include "api/json.h"
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
        CHECK(!state.sequence || (*state.sequence && *state.sequence != '-'));
        CHECK(!state.sequence || strlen(state.sequence) <= SEQUENCE_MAX);
        CHECK(!state.earliest || decimal_is_unsigned(state.earliest));
        CHECK(!state.latest || decimal_is_unsigned(state.latest));
    }
}

static void read_lists(const cJSON *root)
{
    struct table *table = table_new();
    struct names *names = names_new();
    struct page page;
    bool told;

    CHECK(table && names);
    check_status(dis_answer_states(root, table, &page));
    check_status(dis_answer_partitions(root, table, &page));
    check_status(dis_answer_apps(root, names, &page));
    check_status(dis_answer_streams(root, names, &page));
    check_status(dis_answer_app_streams(root, "a", names, &told));
    check_table(table);
    for (size_t i = 0; i < names_count(names); i++)
        CHECK(name_is_shown(names_at(names, i)));
    names_drop(names);
    table_drop(table);
}

/* A record has a line of its own, whatever its bytes are. */
static void check_line(struct batch *batch)
{
    const char *end = memchr(batch->text.data, '\n', batch->text.size);

    CHECK(end == batch->text.data + batch->text.size - 1);
    CHECK(!buf_error(&batch->text));
}

static void read_record(const cJSON *entry)
{
    char sequence[DECIMAL_ROOM];
    struct batch batch;
    struct record record;
    struct span key;
    int status = dis_answer_record(entry, sequence, &key, &record);

    check_status(status);
    if (status)
        return;
    CHECK(decimal_is_unsigned(sequence));
    record.checkpoint = sequence;
    batch_init(&batch, RECORD_LINES, 1);
    batch_add(&batch, &record);
    check_line(&batch);
    batch_release(&batch);
}

static void read_records(const cJSON *root)
{
    const cJSON *records;
    const char *next;
    int status = dis_answer_records(root, &records, &next);

    check_status(status);
    if (status)
        return;
    CHECK(!next || *next);
    for (const cJSON *entry = records->child; entry; entry = entry->next)
        read_record(entry);
}

static void read_results(const cJSON *root)
{
    const cJSON *entries;
    const char *code;
    const char *message;

    if (dis_answer_stored(root, 1, &entries))
        return;
    if (!dis_answer_result(entries->child, &code, &message))
        CHECK(!code || *code);
}

static void read_values(const cJSON *root)
{
    struct buf text = BUF_INIT(1 << 20);
    char sequence[SEQUENCE_MAX + 1];
    const char *first;
    const char *second;

    check_status(dis_answer_stream(root, "s", &text));
    if (!dis_answer_checkpoint(root, &first, &second))
        CHECK(!first == !second);
    read_results(root);
    read_records(root);
    if (!dis_answer_cursor(root, &first) && !dis_cursor_decode(first, sequence))
        CHECK(decimal_is_unsigned(sequence));
    buf_release(&text);
}

/* The same bytes as the body of a failure; the first chooses its status. */
static void read_error(const char *text, size_t size)
{
    static const struct secrets secrets = {{SECRET}};
    struct http_answer answer = {.status = 300 + (unsigned char)*text, .body = text, .size = size};
    struct error error = {0};

    CHECK(dis_judge(&answer, 200, &secrets, &error) != HTTP_DONE);
    CHECK(error.code > 0);
    CHECK(*error.message);
    CHECK(error.code != ENOENT || *error.service_code);
    CHECK(!strstr(error.message, SECRET));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = text_of(data, size);
    cJSON *root = parsed(text, size);
    char earliest[DECIMAL_ROOM];
    char latest[DECIMAL_ROOM];
    char sequence[SEQUENCE_MAX + 1];

    read_lists(root);
    read_values(root);
    cJSON_Delete(root);
    read_error(text, size);
    if (!dis_range_parse(text, earliest, latest))
        CHECK(decimal_is_unsigned(earliest) && decimal_is_unsigned(latest));
    if (!dis_cursor_decode(text, sequence))
        CHECK(decimal_is_unsigned(sequence));
    free(text);
    return 0;
}
