#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/service/answer.h"
#include "tests/bench/service/world.h"

/*
 * DIS, as in its API reference: paths begin with /v2/PROJECT. Lists begin after a name, states and
 * partitions after a partition, which may be written "shardId-0000000007" or "7".
 */
#define PAGE_MAX     1000
#define PAGE         100
#define NAMES_PAGE   10
#define NO_APP       "DIS.4332"
#define NO_STREAM    "DIS.4301"
#define NO_PARTITION "DIS.4302"
#define NOT_FOUND    "DIS.4200"

static unsigned parse_partition(const char *text)
{
    const char *dash = strrchr(text, '-');

    return *text ? (unsigned)strtoul(dash ? dash + 1 : text, NULL, 10) : world_partitions();
}

static void add_partition(struct answer *answer, unsigned partition)
{
    buf_puts(&answer->body, "\"shardId-");
    answer_number(answer, partition, 10);
    buf_puts(&answer->body, "\"");
}

static void add_position(struct answer *answer, int64_t position)
{
    if (position < 0)
        buf_puts(&answer->body, "-1");
    else
        answer_number(answer, (uint64_t)position, 1);
}

static void add_flag(struct answer *answer, const char *name, bool value)
{
    buf_printf(&answer->body, "\"%s\":%s", name, value ? "true" : "false");
}

/* Where an app is on a stream, and which partition is meant; NULL and an error where one is
 * missing. */
static struct place *dis_place(struct answer *answer, const char *app_name, const char *stream_name)
{
    struct app *app = world_find_app(app_name);
    int stream = world_find_stream(stream_name);

    if (!app || stream < 0) {
        answer_error(answer, 400, app ? NO_STREAM : NO_APP);
        return NULL;
    }
    return &app->places[stream];
}

/* That of the words of a query. */
static struct place *place_of_words(const struct query *query, struct answer *answer)
{
    char app[NAME_ROOM];

    snprintf(app, sizeof(app), "%s", query_word(query, "app_name"));
    return dis_place(answer, app, query_word(query, "stream_name"));
}

static void get_checkpoint(const struct query *query, struct answer *answer)
{
    struct place *place = place_of_words(query, answer);
    unsigned partition = parse_partition(query_word(query, "partition_id"));

    if (!place)
        return;
    if (partition >= world_partitions()) {
        answer_error(answer, 400, NO_PARTITION);
        return;
    }
    buf_puts(&answer->body, "{\"sequence_number\":\"");
    add_position(answer, place_position(place, partition));
    buf_puts(&answer->body, "\",\"metadata\":\"\"}");
}

static void commit(const struct query *query, struct answer *answer)
{
    char app[NAME_ROOM];
    struct place *place;
    unsigned partition = parse_partition(query_member(query, "partition_id"));

    snprintf(app, sizeof(app), "%s", query_member(query, "app_name"));
    place = dis_place(answer, app, query_member(query, "stream_name"));
    if (place && partition >= world_partitions())
        answer_error(answer, 400, NO_PARTITION);
    else if (place)
        place_commit(place, partition, strtoll(query_member(query, "sequence_number"), NULL, 10));
    if (answer->status == 200)
        answer->status = 201;
}

static void delete_checkpoint(const struct query *query, struct answer *answer)
{
    struct place *place = place_of_words(query, answer);
    unsigned partition = parse_partition(query_word(query, "partition_id"));

    if (!place)
        return;
    if (partition < world_partitions())
        place_commit(place, partition, NO_POSITION);
    else
        place_leave(place);
    answer->status = 204;
}

static void answer_checkpoints(const struct query *query, struct answer *answer)
{
    if (query_is(query, "GET")) {
        answer->call = GET_CHECKPOINT;
        get_checkpoint(query, answer);
    } else if (query_is(query, "POST")) {
        answer->call = COMMIT;
        commit(query, answer);
    } else {
        answer->call = DELETE_CHECKPOINT;
        delete_checkpoint(query, answer);
    }
}

/* The first partition of a page. */
static unsigned begin_of_page(const struct query *query, const char *name)
{
    const char *after = query_word(query, name);

    return *after ? parse_partition(after) + 1 : 0;
}

static unsigned end_of_page(unsigned begin, unsigned limit, unsigned count)
{
    return begin >= count ? begin : count - begin < limit ? count : begin + limit;
}

static void add_state(struct answer *answer, unsigned partition, int64_t position)
{
    buf_puts(&answer->body, "{\"partition_id\":");
    add_partition(answer, partition);
    buf_puts(&answer->body, ",\"sequence_number\":\"");
    add_position(answer, position);
    buf_puts(&answer->body, "\",\"latest_offset\":");
    answer_number(answer, END_POSITION, 1);
    buf_puts(&answer->body, ",\"earliest_offset\":0,\"checkpoint_type\":\"LAST_READ\",\"status\":"
                            "\"ACTIVE\",\"metadata\":\"\"}");
}

static void get_states(const struct query *query, struct answer *answer)
{
    struct place *place = dis_place(answer, query->segments[3], query->segments[5]);
    unsigned begin = begin_of_page(query, "start_partition_id");
    unsigned end =
        end_of_page(begin, query_number(query, "limit", PAGE, PAGE_MAX), world_partitions());

    answer->call = GET_STATES;
    if (!place)
        return;
    buf_puts(&answer->body, "{");
    add_flag(answer, "has_more", end < world_partitions());
    buf_printf(&answer->body,
               ",\"stream_name\":\"%s\",\"app_name\":\"%s\",\"partition_consuming_states\":[",
               query->segments[5], query->segments[3]);
    for (unsigned i = begin; i < end; i++) {
        buf_puts(&answer->body, i > begin ? "," : "");
        add_state(answer, i, place_position(place, i));
    }
    buf_puts(&answer->body, "]}");
}

static void add_app(struct answer *answer, const struct app *app)
{
    const char *comma = "";

    buf_printf(&answer->body,
               "{\"app_id\":\"%.19s\",\"app_name\":\"%s\",\"create_time\":1767225600000,"
               "\"commit_checkpoint_stream_names\":[",
               app->name, app->name);
    for (unsigned i = 0; i < world_streams(); i++)
        if (app->places[i].joined) {
            buf_printf(&answer->body, "%s\"%s\"", comma, world_stream_name(i));
            comma = ",";
        }
    buf_puts(&answer->body, "]}");
}

static void list_apps(const struct query *query, struct answer *answer)
{
    const char *after = query_word(query, "start_app_name");
    unsigned begin = *after ? world_app_from(after) : 0;
    unsigned end;

    answer->call = LIST_APPS;
    begin += *after && begin < world_apps() && !strcmp(world_app(begin)->name, after);
    end = end_of_page(begin, query_number(query, "limit", NAMES_PAGE, PAGE), world_apps());
    buf_puts(&answer->body, "{");
    add_flag(answer, "has_more_app", end < world_apps());
    buf_printf(&answer->body, ",\"total_number\":%u,\"apps\":[", world_apps());
    for (unsigned i = begin; i < end; i++) {
        buf_puts(&answer->body, i > begin ? "," : "");
        add_app(answer, world_app(i));
    }
    buf_puts(&answer->body, "]}");
}

static void answer_app(const struct query *query, struct answer *answer)
{
    const struct app *app = world_find_app(query->segments[3]);

    answer->call = query_is(query, "GET") ? GET_APP : DELETE_APP;
    if (!app) {
        answer_error(answer, 400, NO_APP);
    } else if (query_is(query, "GET")) {
        add_app(answer, app);
    } else {
        world_delete_app(query->segments[3]);
        answer->status = 204;
    }
}

static void answer_apps(const struct query *query, struct answer *answer)
{
    if (*query->segments[5]) {
        get_states(query, answer);
    } else if (*query->segments[3]) {
        answer_app(query, answer);
    } else if (query_is(query, "GET")) {
        list_apps(query, answer);
    } else {
        answer->call = MAKE_APP;
        world_make_app(query_member(query, "app_name"));
        answer->status = 201;
    }
}

static void list_streams(const struct query *query, struct answer *answer)
{
    const char *after = query_word(query, "start_stream_name");
    unsigned begin = world_stream_from(after);
    unsigned end;

    answer->call = LIST_STREAMS;
    begin += *after && world_find_stream(after) >= 0;
    end = end_of_page(begin, query_number(query, "limit", NAMES_PAGE, PAGE), world_streams());
    buf_puts(&answer->body, "{");
    add_flag(answer, "has_more_streams", end < world_streams());
    buf_printf(&answer->body, ",\"total_number\":%u,\"stream_names\":[", world_streams());
    for (unsigned i = begin; i < end; i++)
        buf_printf(&answer->body, "%s\"%s\"", i > begin ? "," : "", world_stream_name(i));
    buf_puts(&answer->body, "]}");
}

static void add_described(struct answer *answer, unsigned partition)
{
    buf_puts(&answer->body, "{\"status\":\"ACTIVE\",\"partition_id\":");
    add_partition(answer, partition);
    buf_puts(&answer->body,
             ",\"hash_range\":\"[0 : 9223372036854775807]\",\"sequence_number_range\":\"[0 : ");
    answer_number(answer, END_POSITION, 1);
    buf_puts(&answer->body, "]\",\"parent_partitions\":\"\"}");
}

static void get_stream(const struct query *query, struct answer *answer)
{
    unsigned begin = begin_of_page(query, "start_partitionId");
    unsigned limit = query_number(query, "limit_partitions", PAGE, PAGE_MAX);
    unsigned end = end_of_page(begin, limit, world_partitions());

    answer->call = GET_STREAM;
    if (world_find_stream(query->segments[3]) < 0) {
        answer_error(answer, 400, NO_STREAM);
        return;
    }
    buf_printf(
        &answer->body,
        "{\"stream_id\":\"id-of-the-stream\",\"stream_name\":\"%s\",\"create_time\":1767225600000,"
        "\"last_modified_time\":1767225600000,\"retention_period\":24,\"status\":\"RUNNING\","
        "\"stream_type\":\"COMMON\",\"data_type\":\"BLOB\",\"writable_partition_count\":%u,"
        "\"readable_partition_count\":%u,\"partitions\":[",
        query->segments[3], world_partitions(), world_partitions());
    for (unsigned i = begin; i < end; i++) {
        buf_puts(&answer->body, i > begin ? "," : "");
        add_described(answer, i);
    }
    buf_puts(&answer->body, "],");
    add_flag(answer, "has_more_partitions", end < world_partitions());
    buf_puts(&answer->body, "}");
}

void answer_dis(const struct query *query, struct answer *answer)
{
    const char *what = query->segments[2];

    if (!strcmp(what, "checkpoints")) {
        answer_checkpoints(query, answer);
    } else if (!strcmp(what, "apps")) {
        answer_apps(query, answer);
    } else if (!strcmp(what, "streams")) {
        (*query->segments[3] ? get_stream : list_streams)(query, answer);
    } else if (!strcmp(what, "cursors")) {
        answer->call = GET_CURSOR;
        buf_puts(&answer->body, "{\"partition_cursor\":\"Y3Vyc29y\"}");
    } else if (!strcmp(what, "records")) {
        answer->call = GET_RECORDS;
        buf_puts(&answer->body, "{\"records\":[],\"next_partition_cursor\":\"Y3Vyc29y\"}");
    } else {
        answer_error(answer, 404, NOT_FOUND);
    }
}
