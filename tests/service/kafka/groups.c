#include <stdlib.h>
#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/service/kafka/calls.h"

/* ---- ListGroups ---- */

/* Words that an array has, or that are not asked for. */
static bool reads_word(struct asked *asked, const char *word)
{
    int32_t count = read_count(&asked->in);
    bool found = !count;

    for (int32_t i = 0; i < count; i++) {
        struct text text = read_text(&asked->in);

        found |= text_is(text, word);
    }
    return found;
}

static bool is_listed_by(struct asked *asked, const struct group *group)
{
    struct reader filters = asked->in;
    bool is_wanted = true;

    if (asked->version >= 4)
        is_wanted = reads_word(asked, group_state(group));
    if (asked->version >= 5)
        is_wanted = reads_word(asked, group->type) && is_wanted;
    asked->in = filters;
    return is_wanted && world_coordinator(&asked->kafka->world, group->id) == asked->node;
}

static void skip_filters(struct asked *asked)
{
    for (int16_t version = 4; version <= asked->version; version++)
        reads_word(asked, "");
    read_tags(&asked->in);
}

static void write_listed(struct asked *asked, const struct group *group)
{
    write_text(&asked->out, group->id);
    write_string(&asked->out, group->protocol);
    if (asked->version >= 4)
        write_string(&asked->out, group_state(group));
    if (asked->version >= 5)
        write_string(&asked->out, group->type);
    write_tags(&asked->out);
}

/* Each broker tells of those that it coordinates. */
void call_list_groups(struct asked *asked)
{
    const struct directory *groups = &asked->kafka->world.groups;
    size_t count = 0;

    if (asked->version >= 1)
        write_throttle(asked);
    write_code(asked, NONE);
    for (size_t i = 0; i < groups->count && !asked->forced; i++)
        count += is_listed_by(asked, groups->items[i]);
    write_count(&asked->out, count);
    for (size_t i = 0; i < groups->count && count; i++)
        if (is_listed_by(asked, groups->items[i]))
            write_listed(asked, groups->items[i]);
    skip_filters(asked);
    write_tags(&asked->out);
}

/* ---- DescribeGroups ---- */

/* All partitions of the topic are the first member's, in version 0 of the consumer's protocol. */
static void write_assignment(struct asked *asked, const struct topic *topic, bool is_first)
{
    struct buf bytes = BUF_INIT(1UL << 20);
    struct writer out = {.out = &bytes};
    size_t count = is_first && topic ? topic->count : 0;

    write_int16(&out, 0);
    write_count(&out, topic ? 1 : 0);
    if (topic) {
        write_string(&out, topic->name);
        write_count(&out, count);
        for (size_t i = 0; i < count; i++)
            write_int32(&out, (int32_t)i);
    }
    write_bytes(&out, (struct text){0});
    write_bytes(&asked->out, (struct text){bytes.data, bytes.size});
    buf_release(&bytes);
}

static void write_members(struct asked *asked, const struct group *group)
{
    size_t count = group ? group->members.count : 0;

    write_count(&asked->out, count);
    for (size_t i = 0; i < count; i++) {
        const struct member *member = group->members.items[i];

        write_string(&asked->out, member->id);
        if (asked->version >= 4)
            write_string(&asked->out, NULL); /* the instance's id */
        write_string(&asked->out, member->client);
        write_string(&asked->out, "/127.0.0.1");
        write_bytes(&asked->out, (struct text){"", 0}); /* what it subscribes to */
        write_assignment(asked, member->topic, !i);
    }
}

/* Of what is not there, and of groups of another type, it says "Dead". */
static void describe_group(struct asked *asked, struct text name)
{
    int code = answer_code(asked, check_coordinator(asked, name));
    const struct group *group = code ? NULL : world_group(&asked->kafka->world, name);

    if (group && strcmp(group->type, "classic") != 0)
        group = NULL;
    write_int16(&asked->out, code);
    write_text(&asked->out, name);
    write_string(&asked->out, code ? "" : group ? group_state(group) : "Dead");
    write_string(&asked->out, group ? group->protocol : "");
    write_string(&asked->out, group && group->members.count ? "range" : "");
    write_members(asked, group);
    write_int32(&asked->out, INT32_MIN);
}

void call_describe_groups(struct asked *asked)
{
    int32_t count = read_count(&asked->in);

    write_throttle(asked);
    write_count(&asked->out, (size_t)count);
    for (int32_t i = 0; i < count && !asked->in.wrong; i++)
        describe_group(asked, read_group(asked));
    read_boolean(&asked->in);
}

/* ---- ConsumerGroupDescribe ---- */

static void write_consumer_assignment(struct asked *asked, const struct topic *topic, bool is_first)
{
    size_t count = is_first && topic ? topic->count : 0;

    write_count(&asked->out, topic ? 1 : 0);
    if (topic) {
        for (int i = 0; i < 2; i++)
            write_int64(&asked->out, 1); /* the topic's id */
        write_string(&asked->out, topic->name);
        write_count(&asked->out, count);
        for (size_t i = 0; i < count; i++)
            write_int32(&asked->out, (int32_t)i);
        write_tags(&asked->out);
    }
    write_tags(&asked->out);
}

static void write_consumer_members(struct asked *asked, const struct group *group)
{
    size_t count = group ? group->members.count : 0;

    write_count(&asked->out, count);
    for (size_t i = 0; i < count; i++) {
        const struct member *member = group->members.items[i];

        write_string(&asked->out, member->id);
        write_string(&asked->out, NULL); /* the instance's id, and the rack's */
        write_string(&asked->out, NULL);
        write_int32(&asked->out, group->generation);
        write_string(&asked->out, member->client);
        write_string(&asked->out, "/127.0.0.1");
        write_count(&asked->out, member->topic ? 1 : 0);
        if (member->topic)
            write_string(&asked->out, member->topic->name);
        write_string(&asked->out, NULL); /* a pattern of topics */
        write_consumer_assignment(asked, member->topic, !i);
        write_consumer_assignment(asked, member->topic, !i);
        write_tags(&asked->out);
    }
}

static void describe_consumer_group(struct asked *asked, struct text name)
{
    int code = check_coordinator(asked, name);
    const struct group *group = code ? NULL : world_group(&asked->kafka->world, name);

    if (group && strcmp(group->type, "consumer") != 0)
        group = NULL;
    code = answer_code(asked, code || group ? code : GROUP_ID_NOT_FOUND);
    if (code)
        group = NULL;
    write_int16(&asked->out, code);
    write_string(&asked->out, code ? "there is no such group" : NULL);
    write_text(&asked->out, name);
    write_string(&asked->out, group ? group_state(group) : "");
    write_int32(&asked->out, group ? group->generation : 0);
    write_int32(&asked->out, group ? group->generation : 0);
    write_string(&asked->out, group ? "uniform" : "");
    write_consumer_members(asked, group);
    write_int32(&asked->out, INT32_MIN);
    write_tags(&asked->out);
}

void call_describe_consumer_groups(struct asked *asked)
{
    int32_t count = read_count(&asked->in);

    write_throttle(asked);
    write_count(&asked->out, (size_t)count);
    for (int32_t i = 0; i < count && !asked->in.wrong; i++)
        describe_consumer_group(asked, read_group(asked));
    read_boolean(&asked->in);
    read_tags(&asked->in);
    write_tags(&asked->out);
}

/* ---- DeleteGroups ---- */

static void delete_group(struct asked *asked, struct text name)
{
    struct group *group = world_group(&asked->kafka->world, name);
    int code = check_coordinator(asked, name);

    if (!code)
        code = !group ? GROUP_ID_NOT_FOUND : group->members.count ? NON_EMPTY_GROUP : NONE;
    if (takes_effect(asked, code))
        world_remove_group(&asked->kafka->world, group);
    write_text(&asked->out, name);
    write_code(asked, code);
}

void call_delete_groups(struct asked *asked)
{
    int32_t count = read_count(&asked->in);

    write_throttle(asked);
    write_count(&asked->out, (size_t)count);
    for (int32_t i = 0; i < count && !asked->in.wrong; i++)
        delete_group(asked, read_group(asked));
}
