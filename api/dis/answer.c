#include "api/dis/answer.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "base/base64.h"
#include "base/when.h"

#define EXPIRED "EXPIRED"
#define CLOSED  "DELETED"

/* The longest cursor that is decoded; the API reference allows 512 characters. */
#define CURSOR_MAX 4096

/* Pages */

static int note_last(struct page *page, const char *name)
{
    if (!name || strlen(name) >= sizeof(page->last))
        return -EBADMSG;
    snprintf(page->last, sizeof(page->last), "%s", name);
    page->count++;
    return 0;
}

/* Older editions of the API spell the member in another way. */
static int parse_more(const cJSON *root, const char *name, const char *older, struct page *page)
{
    *page = (struct page){.told = json_has(root, name) || json_has(root, older)};
    return json_flag(root, json_has(root, older) ? older : name, &page->more);
}

/* Names */

/* Adds a name that the service lists. A page goes on after the last name that could be asked for.
 */
static int add_name(struct names *names, const char *what, const char *name, struct page *page)
{
    if (!name || !*name || note_last(page, name))
        page->count++;
    return names_add_asked(names, what, name);
}

static int add_app(struct names *names, const cJSON *app, struct page *page)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(app, "app_name");
    const char *name = cJSON_GetStringValue(member);

    return name || json_is_text_with_nul(member) ? add_name(names, "an app", name, page) : -EBADMSG;
}

int dis_answer_apps(const cJSON *root, struct names *names, struct page *page)
{
    const cJSON *apps = NULL;
    int status = parse_more(root, "has_more_app", "hasMoreApp", page);

    if (!status)
        status = json_array(root, "apps", &apps);
    if (!status && !apps)
        status = -EBADMSG;
    for (const cJSON *app = apps ? apps->child : NULL; app && !status; app = app->next)
        status = add_app(names, app, page);
    return status;
}

/* The texts of an array of streams' names. */
static int parse_stream_names(const cJSON *array, struct names *names, struct page *page)
{
    int status = 0;

    for (const cJSON *item = array ? array->child : NULL; item && !status; item = item->next) {
        const char *name = cJSON_GetStringValue(item);

        status = name || json_is_text_with_nul(item) ? add_name(names, "a stream", name, page)
                                                     : -EBADMSG;
    }
    return status;
}

int dis_answer_streams(const cJSON *root, struct names *names, struct page *page)
{
    const cJSON *array = NULL;
    int status = parse_more(root, "has_more_streams", "hasMoreStreams", page);

    if (!status)
        status = json_array(root, "stream_names", &array);
    if (!status && !array)
        status = -EBADMSG;
    return status ? status : parse_stream_names(array, names, page);
}

/* A description repeats the name that was asked for. */
static int check_name(const cJSON *root, const char *member, const char *name)
{
    const char *said;
    int status = json_text(root, member, &said);

    return !status && said && !strcmp(said, name) ? 0 : -EBADMSG;
}

int dis_answer_app(const cJSON *root, const char *app)
{
    return check_name(root, "app_name", app);
}

int dis_answer_app_streams(const cJSON *root, const char *app, struct names *names, bool *told)
{
    static const char member[] = "commit_checkpoint_stream_names";
    struct page page = {0};
    const cJSON *array;
    int status = dis_answer_app(root, app);

    if (!status)
        status = json_array(root, member, &array);
    *told = !status && json_has(root, member);
    return status ? status : parse_stream_names(array, names, &page);
}

/* Streams */

static int64_t parse_ms(const char *ms)
{
    char *end;
    long long number = ms && *ms ? strtoll(ms, &end, 10) : -1;

    return number < 0 || *end || number > INT64_MAX / 1000000 ? WHEN_UNKNOWN : number * 1000000;
}

/* Members of DIS's description and their names in ours. */
static const struct description {
    const char *theirs;
    const char *ours;
    enum { TEXT, NUMBER, TIME } type;
} descriptions[] = {
    {"stream_id", "id", TEXT},
    {"status", "status", TEXT},
    {"readable_partition_count", "partitions", NUMBER},
    {"writable_partition_count", "writable_partitions", NUMBER},
    {"retention_period", "retention_hours", NUMBER},
    {"stream_type", "type", TEXT},
    {"data_type", "data_type", TEXT},
    {"create_time", "created", TIME},
    {"last_modified_time", "modified", TIME},
};

static bool add_description(cJSON *object, const struct description *description, const char *value)
{
    if (description->type == TIME)
        return json_add_time(object, description->ours, parse_ms(value));
    if (description->type == TEXT)
        return json_add_text(object, description->ours, value);
    return json_add_number(object, description->ours, value);
}

int dis_answer_stream(const cJSON *root, const char *stream, struct buf *text)
{
    cJSON *object = cJSON_CreateObject();
    bool good = json_add_text(object, "stream", stream);
    int status = check_name(root, "stream_name", stream);

    for (size_t i = 0; i < sizeof(descriptions) / sizeof(descriptions[0]) && !status; i++) {
        const char *value;

        status = json_text(root, descriptions[i].theirs, &value);
        if (!status)
            good = good && add_description(object, &descriptions[i], value);
    }
    if (!status)
        status = good ? json_print(object, text) : -ENOMEM;
    cJSON_Delete(object);
    return status;
}

size_t dis_answer_count(const cJSON *root)
{
    const char *count;
    char *end;
    unsigned long number;

    if (json_text(root, "readable_partition_count", &count) || !count ||
        !decimal_is_unsigned(count))
        return 0;
    number = strtoul(count, &end, 10);
    return number <= TABLE_PARTITIONS_MAX ? number : 0;
}

/* Partitions */

int dis_range_parse(const char *range, char earliest[static DECIMAL_ROOM],
                    char latest[static DECIMAL_ROOM])
{
    char first[DECIMAL_ROOM];
    char next[DECIMAL_ROOM];
    int end = 0;

    /* The width is DECIMAL_MAX. */
    if (!range || sscanf(range, " [ %100[0-9] : %100[0-9] ]%n", first, next, &end) != 2 || !end ||
        range[end])
        return -ENODATA;
    decimal_normalize(earliest, first);
    decimal_normalize(latest, next);
    return 0;
}

/* Reads what is the same in both kinds of entries. 1 for a partition that is left out. */
static int parse_partition(const cJSON *entry, struct page *page, struct state *state)
{
    const char *id = NULL;
    bool long_form;
    int status = json_text(entry, "partition_id", &id);

    *state = (struct state){.committed = WHEN_UNKNOWN};
    if (!status)
        status = json_text(entry, "status", &state->status);
    if (!status)
        status = note_last(page, id);
    if (status)
        return status;
    if (state->status && !strcmp(state->status, EXPIRED))
        return 1;
    state->is_closed = state->status && !strcmp(state->status, CLOSED);
    return partition_parse(id, &state->partition, &long_form) ? -EBADMSG : 0;
}

static int parse_described_partition(const cJSON *entry, struct table *table, struct page *page)
{
    char earliest[DECIMAL_ROOM];
    char latest[DECIMAL_ROOM];
    const char *range;
    struct state state;
    int status = parse_partition(entry, page, &state);

    if (!status)
        status = json_text(entry, "sequence_number_range", &range);
    if (status)
        return status < 0 ? status : 0;
    if (!dis_range_parse(range, earliest, latest)) {
        state.earliest = earliest;
        state.latest = latest;
    }
    return table_put(table, &state);
}

int dis_answer_partitions(const cJSON *root, struct table *table, struct page *page)
{
    const cJSON *partitions = NULL;
    int status = parse_more(root, "has_more_partitions", "hasMorePartitions", page);

    if (!status)
        status = json_array(root, "partitions", &partitions);
    if (!status && !partitions)
        status = -EBADMSG;
    for (const cJSON *entry = partitions ? partitions->child : NULL; entry && !status;
         entry = entry->next)
        status = parse_described_partition(entry, table, page);
    return status;
}

/* "-1" means that nothing is committed; official clients take "", null and other negative numbers
 * for the same. */
static bool says_none(const char *sequence)
{
    return !*sequence || (*sequence == '-' && decimal_is_unsigned(sequence + 1));
}

/* A member that is not there says nothing. */
static int parse_sequence_number(const cJSON *object, const char **sequence)
{
    static const char member[] = "sequence_number";
    int status = json_has(object, member) ? json_text(object, member, sequence) : -EBADMSG;

    if (status || !*sequence)
        return status;
    if (says_none(*sequence)) {
        *sequence = NULL;
        return 0;
    }
    return decimal_is_unsigned(*sequence) ? 0 : -EBADMSG;
}

/* A count that the service does not know is absent or negative. */
static int parse_offset(const cJSON *object, const char *name, const char **offset)
{
    int status = json_text(object, name, offset);

    if (!status && *offset && !decimal_is_unsigned(*offset))
        *offset = NULL;
    return status;
}

static int parse_state(const cJSON *entry, struct table *table, struct page *page)
{
    struct state state;
    int status = parse_partition(entry, page, &state);

    if (!status)
        status = parse_sequence_number(entry, &state.sequence);
    if (!status)
        status = json_text(entry, "metadata", &state.metadata);
    if (!status)
        status = parse_offset(entry, "earliest_offset", &state.earliest);
    if (!status)
        status = parse_offset(entry, "latest_offset", &state.latest);
    if (status)
        return status < 0 ? status : 0;
    if (!state.sequence)
        state.metadata = NULL;
    return table_put(table, &state);
}

int dis_answer_states(const cJSON *root, struct table *table, struct page *page)
{
    const cJSON *states = NULL;
    int status = parse_more(root, "has_more", "hasMore", page);

    if (!status)
        status = json_array(root, "partition_consuming_states", &states);
    if (!status && !states)
        status = -EBADMSG;
    for (const cJSON *entry = states ? states->child : NULL; entry && !status; entry = entry->next)
        status = parse_state(entry, table, page);
    return status;
}

/* Checkpoints, cursors, records */

int dis_answer_checkpoint(const cJSON *root, const char **sequence, const char **metadata)
{
    int status = parse_sequence_number(root, sequence);

    if (!status)
        status = json_text(root, "metadata", metadata);
    if (!status && !*metadata)
        *metadata = "";
    if (!status && !*sequence)
        *metadata = NULL;
    return status;
}

static bool is_cursor(const char *cursor)
{
    if (!*cursor || strlen(cursor) > CURSOR_MAX)
        return false;
    for (const char *c = cursor; *c; c++) {
        if (!isascii((unsigned char)*c) || !isgraph((unsigned char)*c))
            return false;
    }
    return true;
}

int dis_answer_cursor(const cJSON *root, const char **cursor)
{
    int status = json_text(root, "partition_cursor", cursor);

    return !status && *cursor && is_cursor(*cursor) ? 0 : -EBADMSG;
}

int dis_answer_records(const cJSON *root, const cJSON **records, const char **next)
{
    int status = json_text(root, "next_partition_cursor", next);

    if (!status)
        status = json_array(root, "records", records);
    if (!status && (!*records || (*next && !is_cursor(*next))))
        status = -EBADMSG;
    return status;
}

int dis_answer_sequence(const cJSON *entry, char sequence[static DECIMAL_ROOM])
{
    const char *said;
    int status = json_text(entry, "sequence_number", &said);

    if (status || !said || !decimal_is_unsigned(said))
        return -EBADMSG;
    return decimal_normalize(sequence, said);
}

/* A record that was put into a partition by its number has no key. */
static int parse_key(const cJSON *entry, struct span *key, struct record *record)
{
    static const char member[] = "partition_key";
    int status = 0;

    *key = (struct span){0};
    if (!json_is_text_with_nul(cJSON_GetObjectItemCaseSensitive(entry, member)))
        status = json_text(entry, member, &key->data);
    if (status || !key->data || !*key->data)
        return status;
    key->size = strlen(key->data);
    record->key = key;
    return 0;
}

static int decode_data(const cJSON *entry, struct span *data)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(entry, "data");

    if (!cJSON_IsString(member) ||
        !base64_decode_bytes(member->valuestring, member->valuestring, &data->size))
        return -EBADMSG;
    data->data = member->valuestring;
    return 0;
}

int dis_answer_record(const cJSON *entry, char sequence[static DECIMAL_ROOM], struct span *key,
                      struct record *record)
{
    const char *time;
    int status = dis_answer_sequence(entry, sequence);

    *record = (struct record){.sequence = sequence};
    if (!status)
        status = parse_key(entry, key, record);
    if (!status)
        status = json_text(entry, "timestamp", &time);
    if (!status)
        record->time = parse_ms(time);
    return status ? status : decode_data(entry, &record->data);
}

int dis_answer_stored(const cJSON *root, size_t count, const cJSON **entries)
{
    int status = json_array(root, "records", entries);

    if (status || !*entries || (size_t)cJSON_GetArraySize(*entries) != count)
        return -EBADMSG;
    return 0;
}

int dis_answer_result(const cJSON *entry, const char **code, const char **message)
{
    char sequence[DECIMAL_ROOM];
    int status = json_text(entry, "error_code", code);

    if (!status)
        status = json_text(entry, "error_message", message);
    if (status || (*code && **code))
        return status;
    *code = NULL;
    return dis_answer_sequence(entry, sequence);
}

/* Looks in the form of today, and in that of older editions. */
static const char *find_start(const cJSON *root)
{
    const cJSON *param = cJSON_GetObjectItemCaseSensitive(root, "getIteratorParam");
    const char *text = NULL;

    if (param ? json_text(param, "starting-sequence-number", &text)
              : json_text(root, "StartingSequenceNumber", &text))
        return NULL;
    return text;
}

int dis_cursor_decode(const char *cursor, char sequence[static SEQUENCE_MAX + 1])
{
    char text[CURSOR_MAX];
    cJSON *root = NULL;
    const char *start;
    int status;

    if (base64_decode(cursor, text, sizeof(text)))
        json_parse(text, strlen(text), &root);
    start = root ? find_start(root) : NULL;
    status = start && decimal_is_unsigned(start) ? 0 : -ENODATA;
    if (!status)
        snprintf(sequence, SEQUENCE_MAX + 1, "%s", start);
    cJSON_Delete(root);
    return status;
}
