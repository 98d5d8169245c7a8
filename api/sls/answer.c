#include "api/sls/answer.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "base/when.h"

/* A shard that nothing is written to any more, after a split or a merge. */
#define READONLY "readonly"

/* Numbers */

/* A number of the service, which is written as a number or as a text. Some writers of JSON give
 * every number a fraction, which is cut off. */
static int parse_integer(const char *text, int64_t *number)
{
    char *end;

    if (!text || !isdigit((unsigned char)*text))
        return -EBADMSG;
    errno = 0;
    *number = strtoll(text, &end, 10);
    if (*end == '.')
        end += 1 + strspn(end + 1, "0123456789");
    return errno || *end ? -EBADMSG : 0;
}

/* A count of seconds, or of parts of them, since 1970; -1 for one that is absent, null or negative:
 * the service does not know. */
static int parse_time(const cJSON *object, const char *name, int64_t *count)
{
    const char *text;
    int status = json_text(object, name, &text);

    *count = -1;
    return !status && text && *text != '-' ? parse_integer(text, count) : status;
}

static int64_t time_of_count(int64_t count, int64_t unit)
{
    return count >= 0 && count <= INT64_MAX / unit ? count * unit : WHEN_UNKNOWN;
}

static int parse_shard(const cJSON *entry, const char *name, struct state *state)
{
    bool long_form;
    const char *text;
    int status = json_text(entry, name, &text);

    *state = (struct state){.committed = WHEN_UNKNOWN};
    if (status || !text || partition_parse(text, &state->partition, &long_form) || long_form)
        return -EBADMSG;
    return 0;
}

/* Names */

/* The texts of an answer; NULL for one with a NUL. */
static int parse_name(const cJSON *value, const char **name)
{
    *name = cJSON_GetStringValue(value);
    return *name || json_is_text_with_nul(value) ? 0 : -EBADMSG;
}

static int parse_total(const cJSON *root, size_t offset, size_t size, struct page *page)
{
    const char *text;
    int64_t total;
    int status = json_text(root, "total", &text);

    if (!status && text)
        status = parse_integer(text, &total);
    if (status)
        return status;
    page->told = true;
    page->more =
        text ? page->count && (int64_t)(offset + page->count) < total : page->count >= size;
    snprintf(page->last, sizeof(page->last), "%zu", offset + page->count);
    return 0;
}

int sls_answer_logstores(const cJSON *root, size_t offset, size_t size, struct names *names,
                         struct page *page)
{
    const cJSON *array = NULL;
    int status = json_array(root, "logstores", &array);

    *page = (struct page){0};
    if (!status && !array)
        status = -EBADMSG;
    for (const cJSON *item = array ? array->child : NULL; item && !status; item = item->next) {
        const char *name;

        status = parse_name(item, &name);
        if (!status)
            status = names_add_asked(names, "a logstore", name);
        page->count++;
    }
    return status ? status : parse_total(root, offset, size, page);
}

int sls_answer_groups(const cJSON *root, struct names *names)
{
    int status = cJSON_IsArray(root) ? 0 : -EBADMSG;

    for (const cJSON *entry = status ? NULL : root->child; entry && !status; entry = entry->next) {
        const char *name;

        status = parse_name(cJSON_GetObjectItemCaseSensitive(entry, "name"), &name);
        if (!status)
            status = names_add_asked(names, "a consumer group", name);
    }
    return status;
}

/* Shards */

int sls_answer_shards(const cJSON *root, struct table *table)
{
    int status = cJSON_IsArray(root) ? 0 : -EBADMSG;

    for (const cJSON *entry = status ? NULL : root->child; entry && !status; entry = entry->next) {
        struct state state;

        status = parse_shard(entry, "shardID", &state);
        if (!status)
            status = json_text(entry, "status", &state.status);
        state.is_closed = !status && state.status && !strcmp(state.status, READONLY);
        if (!status)
            status = table_put(table, &state);
    }
    return status;
}

static void parse_key(const char *text, char key[static SLS_KEY_ROOM])
{
    bool is_key = text && strlen(text) == SLS_KEY_ROOM - 1 &&
                  strspn(text, "0123456789abcdefABCDEF") == SLS_KEY_ROOM - 1;

    snprintf(key, SLS_KEY_ROOM, "%s", is_key ? text : "");
}

int sls_answer_listed(const cJSON *entry, struct sls_listed *listed)
{
    struct state state;
    const char *key;
    const char *word;
    int status = parse_shard(entry, "shardID", &state);

    if (!status)
        status = json_text(entry, "status", &word);
    if (!status)
        status = json_text(entry, "inclusiveBeginKey", &key);
    if (status)
        return status;
    listed->id = state.partition;
    listed->is_readonly = word && !strcmp(word, READONLY);
    parse_key(key, listed->begin_key);
    return 0;
}

/* Nanoseconds in the unit of a count: no service has times before 1973, in whichever unit. */
static int64_t unit_of(int64_t count)
{
    if (count < INT64_C(100000000000))
        return 1000000000;
    return count < INT64_C(100000000000000) ? 1000000 : 1000;
}

/* 0 is what a shard without one has. */
static int parse_update_time(const cJSON *entry, int64_t *when)
{
    int64_t count;
    int status = parse_time(entry, "updateTime", &count);

    if (!status)
        *when = count ? time_of_count(count, unit_of(count)) : WHEN_UNKNOWN;
    return status;
}

/* Accepts any text without control characters, which could not be printed on one line. One official
 * SDK appends a newline; it is cut off. */
static int parse_checkpoint_text(const cJSON *entry, const char **sequence)
{
    char *text;
    int status = json_text(entry, "checkpoint", sequence);

    if (status || !*sequence)
        return -EBADMSG;
    text = (char *)(uintptr_t)*sequence;
    text += strcspn(text, "\n");
    if (*text && !text[1])
        *text = '\0';
    for (text = (char *)(uintptr_t)*sequence; *text; text++) {
        if (iscntrl((unsigned char)*text))
            return -EBADMSG;
    }
    if (!**sequence)
        *sequence = NULL;
    return 0;
}

static int parse_checkpoint(const cJSON *entry, struct table *table)
{
    struct state state;
    int status = parse_shard(entry, "shard", &state);

    if (!status)
        status = parse_checkpoint_text(entry, &state.sequence);
    if (!status)
        status = json_text(entry, "consumer", &state.consumer);
    if (!status)
        status = parse_update_time(entry, &state.committed);
    if (status)
        return status;
    if (!state.sequence)
        state.committed = WHEN_UNKNOWN;
    return table_put(table, &state);
}

int sls_answer_checkpoints(const cJSON *root, struct table *table)
{
    int status = cJSON_IsArray(root) ? 0 : -EBADMSG;

    for (const cJSON *entry = status ? NULL : root->child; entry && !status; entry = entry->next)
        status = parse_checkpoint(entry, table);
    return status;
}

/* Cursors */

bool sls_is_cursor(const char *text)
{
    for (const char *c = text; *c; c++) {
        if (!isascii((unsigned char)*c) || !isgraph((unsigned char)*c))
            return false;
    }
    return *text && strlen(text) <= SEQUENCE_MAX;
}

int sls_answer_cursor(const cJSON *root, const char **cursor)
{
    int status = json_text(root, "cursor", cursor);

    return !status && *cursor && sls_is_cursor(*cursor) ? 0 : -EBADMSG;
}

int sls_answer_cursor_time(const cJSON *root, int64_t *when)
{
    static const char member[] = "cursor_time";
    int64_t seconds;
    int status = json_has(root, member) ? parse_time(root, member, &seconds) : -EBADMSG;

    if (!status)
        *when = time_of_count(seconds, 1000000000);
    return status;
}

/* Description */

int sls_describe(const struct table *table, const char *logstore, struct buf *text)
{
    cJSON *object = cJSON_CreateObject();
    size_t count = table_count(table);
    size_t writable = 0;
    int status = -ENOMEM;

    for (size_t i = 0; i < count; i++) {
        struct state state;

        table_at(table, i, &state);
        writable += state.status && !strcmp(state.status, "readwrite");
    }
    if (json_add_text(object, "stream", logstore) &&
        cJSON_AddNumberToObject(object, "partitions", (double)count) &&
        cJSON_AddNumberToObject(object, "writable_partitions", (double)writable))
        status = json_print(object, text);
    cJSON_Delete(object);
    return status;
}
