#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/kafka/calls.h"

/* offset.metadata.max.bytes, which counts units of UTF-16. */
#define METADATA_MAX 4096

static bool is_share(const struct group *group)
{
    return group && !strcmp(group->type, "share");
}

/* ---- OffsetFetch ---- */

struct fetching {
    const struct group *group; /* NULL when there is none, or nothing is to be told of it */
    int code;                  /* of each partition */
};

/* After a failover the youngest commit may not be seen for a moment. */
static bool is_hidden(const struct asked *asked, const struct group *group, struct text topic,
                      int32_t partition)
{
    char *key;
    bool is_youngest;

    if (!quirk_is(&asked->kafka->service->quirks, QUIRK_FAILOVER, "older") ||
        !group->youngest_topic || group->youngest != partition || !group->moved_ms ||
        asked->now_ms >= group->moved_ms + OLDER_MS)
        return false;
    key = text_key(topic);
    is_youngest = !strcmp(key, group->youngest_topic);
    free(key);
    return is_youngest;
}

static void write_commit(struct asked *asked, const struct group *group, struct text topic,
                         int32_t partition, int code)
{
    const struct commit *commit = group && !code ? group_commit(group, topic, partition) : NULL;
    bool is_older = commit && is_hidden(asked, group, topic, partition);

    write_int64(&asked->out, is_older ? group->before : commit ? commit->offset : -1);
    if (asked->version >= 5)
        write_int32(&asked->out, commit ? commit->leader_epoch : -1);
    write_text(&asked->out, commit && !is_older ? commit->metadata : (struct text){"", 0});
    write_int16(&asked->out, code);
}

static void fetch_one(struct each *each)
{
    const struct fetching *fetching = each->user;

    write_commit(each->asked, fetching->group, each->topic, each->partition, fetching->code);
}

static void fetch_all(struct asked *asked, const struct group *group)
{
    size_t count = group ? group->topics.count : 0;

    write_count(&asked->out, count);
    for (size_t i = 0; i < count; i++) {
        const struct committed *committed = group->topics.items[i];
        struct text topic = text_of(committed->topic);

        write_text(&asked->out, topic);
        write_count(&asked->out, committed->count);
        for (size_t j = 0; j < committed->count; j++) {
            write_int32(&asked->out, committed->commits[j].partition);
            write_commit(asked, group, topic, committed->commits[j].partition, NONE);
        }
    }
}

/* Errors about a group are told of the whole answer, which then has no topics. */
static bool is_of_partitions(int code)
{
    return code == UNKNOWN_TOPIC_OR_PARTITION || code == 29 || code == 88;
}

void call_offset_fetch(struct asked *asked)
{
    struct buf *out = asked->out.out;
    struct text name = read_group(asked);
    int32_t topics = read_count_or_null(&asked->in);
    int code = answer_code(asked, check_coordinator(asked, name));
    struct fetching fetching = {.code = is_of_partitions(code) ? code : NONE};
    size_t begin;

    if (!code)
        fetching.group = world_group(&asked->kafka->world, name);
    if (is_share(fetching.group))
        fetching.group = NULL;
    if (asked->version >= 3)
        write_throttle(asked);
    begin = out->size;
    if (topics < 0)
        buf_puts(&asked->path, "/*");
    if (topics < 0)
        fetch_all(asked, fetching.group);
    else
        for_each_partition(asked, topics, fetch_one, &fetching);
    if (code && !fetching.code) {
        buf_resize(out, begin);
        write_count(&asked->out, 0);
    }
    write_int16(&asked->out, fetching.code ? NONE : code);
}

/* ---- OffsetCommit ---- */

struct committing {
    struct text name;
    struct text member;
    int32_t generation;
    int64_t retention_ms;
    int code; /* of the group */
};

/* Who is no member may commit for a group that has none. */
static int check_member(const struct group *group, const struct committing *by)
{
    bool is_consumer = group && !strcmp(group->type, "consumer");
    bool is_named = false;

    if (is_share(group))
        return GROUP_ID_NOT_FOUND;
    if (by->generation < 0 && (!group || !group->members.count))
        return NONE;
    if (!group)
        return ILLEGAL_GENERATION;
    for (size_t i = 0; i < group->members.count; i++)
        is_named |= text_is(by->member, ((const struct member *)group->members.items[i])->id);
    if (!is_named)
        return UNKNOWN_MEMBER_ID;
    if (by->generation != group->generation)
        return is_consumer ? STALE_MEMBER_EPOCH : ILLEGAL_GENERATION;
    return NONE;
}

struct committed_value {
    int64_t offset;
    int32_t leader_epoch;
    struct text metadata;
};

static struct committed_value read_value(struct asked *asked)
{
    struct committed_value value = {.offset = read_int64(&asked->in), .leader_epoch = -1};

    if (asked->version >= 6)
        value.leader_epoch = read_int32(&asked->in);
    value.metadata = read_text_or_null(&asked->in);
    return value;
}

static void store_commit(struct each *each, const struct committed_value *value)
{
    const struct committing *committing = each->user;
    struct asked *asked = each->asked;
    struct world *world = &asked->kafka->world;
    struct group *group = world_group(world, committing->name);
    struct commit *commit;

    if (!group) {
        group = world_add_group(world, committing->name);
        group->coordinator = asked->node;
        group->idle_ms = asked->now_ms;
    }
    if (!group->members.count)
        group->idle_ms = asked->now_ms;
    group->moved_ms = 0; /* what was committed before is seen with this one */
    commit = group_put_commit(group, each->topic, each->partition, value->offset, value->metadata);
    commit->leader_epoch = value->leader_epoch;
    if (committing->retention_ms >= 0)
        commit->expires_ms = asked->now_ms + committing->retention_ms;
}

/* Whatever is wrong with one partition, the others are stored. */
static void commit_one(struct each *each)
{
    const struct committing *committing = each->user;
    struct asked *asked = each->asked;
    const struct topic *topic = world_topic(&asked->kafka->world, each->topic);
    struct committed_value value = read_value(asked);
    int code = committing->code;

    buf_printf(&asked->note, " %" PRId64, value.offset);
    if (!code && (!topic || !topic_partition(topic, each->partition)))
        code = UNKNOWN_TOPIC_OR_PARTITION;
    if (!code && text_units(value.metadata) > METADATA_MAX)
        code = OFFSET_METADATA_TOO_LARGE;
    if (takes_effect(asked, code))
        store_commit(each, &value);
    write_code(asked, code);
}

void call_offset_commit(struct asked *asked)
{
    struct committing committing = {.name = read_group(asked), .retention_ms = -1};

    committing.generation = read_int32(&asked->in);
    committing.member = read_text(&asked->in);
    if (asked->version >= 7)
        read_text_or_null(&asked->in); /* the instance's id */
    if (asked->version < 5)
        committing.retention_ms = read_int64(&asked->in);
    committing.code = check_coordinator(asked, committing.name);
    if (!committing.code)
        committing.code =
            check_member(world_group(&asked->kafka->world, committing.name), &committing);
    if (asked->version >= 3)
        write_throttle(asked);
    for_each_partition(asked, read_count(&asked->in), commit_one, &committing);
}

/* ---- OffsetDelete ---- */

/* What is not committed is deleted without an error. */
static void delete_one(struct each *each)
{
    struct asked *asked = each->asked;
    struct group *group = each->user;
    const struct topic *topic = world_topic(&asked->kafka->world, each->topic);
    int code = NONE;

    if (!topic || !topic_partition(topic, each->partition))
        code = UNKNOWN_TOPIC_OR_PARTITION;
    else if (group && group_is_subscribed(group, topic))
        code = GROUP_SUBSCRIBED_TO_TOPIC;
    if (group && takes_effect(asked, code))
        group_remove_commit(group, each->topic, each->partition);
    write_code(asked, code);
}

static int check_deletion(struct asked *asked, struct text name, const struct group *group)
{
    int code = check_coordinator(asked, name);

    return !code && (!group || is_share(group)) ? GROUP_ID_NOT_FOUND : code;
}

static bool is_of_topics(int code)
{
    return is_of_partitions(code) || code == GROUP_SUBSCRIBED_TO_TOPIC;
}

void call_offset_delete(struct asked *asked)
{
    struct world *world = &asked->kafka->world;
    struct buf *out = asked->out.out;
    struct text name = read_group(asked);
    struct group *group = world_group(world, name);
    int code = check_deletion(asked, name, group);
    bool executes = asked->executes;
    size_t begin;

    if (asked->forced && !is_of_topics(asked->forced))
        code = answer_code(asked, code);
    else if (code)
        answer_code(asked, code);
    asked->executes &= !check_deletion(asked, name, group);
    write_int16(&asked->out, code);
    write_throttle(asked);
    begin = out->size;
    for_each_partition(asked, read_count(&asked->in), delete_one, group);
    if (code) {
        buf_resize(out, begin);
        write_count(&asked->out, 0);
    }
    if (asked->executes && group && !group_has_commits(group) && !group->members.count &&
        quirk_is(&asked->kafka->service->quirks, QUIRK_LAST_COMMIT, "removed"))
        world_remove_group(world, group);
    asked->executes = executes;
}
