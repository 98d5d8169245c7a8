#include "api/kafka/group.h"

#include <errno.h>
#include <string.h>

#include "api/kafka/error.h"

/* What partition is looked for, and where it was found. */
struct search {
    const char *topic;
    int32_t partition;
    struct span client; /* of who has it; data of NULL: nobody was found */
    bool is_in_doubt;   /* it cannot be told what some member has */
};

static bool is_text(struct span span, const char *text)
{
    return span.size == strlen(text) && !memcmp(span.data, text, span.size);
}

/* Of the partitions of one topic, of which each is an int32. */
static bool has_partition(const struct search *search, struct wire *wire, size_t count,
                          struct span topic)
{
    bool is_topic = topic.data && is_text(topic, search->topic);
    bool found = false;

    for (; count; count--)
        found |= wire_int32(wire) == search->partition && is_topic;
    return found;
}

static void note_client(struct search *search, struct span client)
{
    search->client = client.data ? client : (struct span){.data = ""};
}

/* Classic groups */

void kafka_put_describe_group(struct buf *buf, const char *group)
{
    wire_put_int32(buf, 1);
    wire_put_text(buf, group);
    wire_put_int8(buf, 0); /* nothing is told of what may be done */
}

/* What a member has: written by another member, and not by the broker, so it may be anything. False
 * for what is no assignment of a consumer. */
static bool read_assignment(const struct search *search, struct wire *wire, bool *found)
{
    wire_int16(wire); /* of the format, which only grows at its end */
    for (size_t topics = wire_array(wire, 6); topics; topics--) {
        struct span topic = wire_text(wire);

        *found |= has_partition(search, wire, wire_array(wire, sizeof(int32_t)), topic);
    }
    return !wire->broken;
}

static void read_classic_member(struct search *search, struct wire *wire)
{
    struct wire assignment;
    struct span client;
    bool found = false;

    wire_text(wire); /* the member */
    wire_text(wire); /* its instance */
    client = wire_text(wire);
    wire_text(wire); /* its host */
    wire_part(wire); /* what it wants */
    assignment = wire_part(wire);
    search->is_in_doubt |= !read_assignment(search, &assignment, &found);
    if (found)
        note_client(search, client);
}

/* Who has a partition is told while the group is stable, and nobody has it when there is nobody.
 * What members of another kind have, as Kafka Connect's, is not of this format. */
static bool tells_members(const struct kafka_group *group, struct span kind)
{
    return is_text(group->state, "Empty") ||
           (is_text(group->state, "Stable") && is_text(kind, "consumer"));
}

int kafka_read_classic_group(struct wire *wire, const char *topic, uint32_t partition,
                             struct kafka_group *group, int16_t *code)
{
    struct search search = {.topic = topic, .partition = (int32_t)partition};
    struct span kind;

    *group = (struct kafka_group){0};
    wire_int32(wire); /* throttled */
    if (wire_array(wire, 18) != 1)
        return -EBADMSG;
    *code = wire_int16(wire);
    wire_text(wire); /* the group */
    group->state = wire_text(wire);
    kind = wire_text(wire);
    group->protocol = wire_text(wire);
    for (size_t count = wire_array(wire, 16); count; count--)
        read_classic_member(&search, wire);
    wire_int32(wire); /* what may be done */
    if (wire->broken || wire->left)
        return -EBADMSG;
    group->tells_client = tells_members(group, kind) && (search.client.data || !search.is_in_doubt);
    group->client = search.client;
    group->is_there = !is_text(group->state, "Dead");
    return 0;
}

/* Groups of KIP-848 */

void kafka_put_describe_consumers(struct buf *buf, const char *group)
{
    wire_put_int8(buf, 2); /* an array of one */
    wire_put_compact_text(buf, group);
    wire_put_int8(buf, 0); /* nothing is told of what may be done */
    wire_put_int8(buf, 0);
}

static void skip_id(struct wire *wire)
{
    wire_int64(wire);
    wire_int64(wire);
}

static bool read_compact_assignment(const struct search *search, struct wire *wire)
{
    bool found = false;

    for (size_t topics = wire_compact_array(wire, 19); topics; topics--) {
        struct span topic;

        skip_id(wire);
        topic = wire_compact_text(wire);
        found |= has_partition(search, wire, wire_compact_array(wire, sizeof(int32_t)), topic);
        wire_skip_tags(wire);
    }
    wire_skip_tags(wire);
    return found;
}

static void read_consumer_member(struct search *search, struct wire *wire)
{
    struct span client;
    bool found;

    wire_compact_text(wire); /* the member */
    wire_compact_text(wire); /* its instance */
    wire_compact_text(wire); /* its rack */
    wire_int32(wire);        /* its epoch */
    client = wire_compact_text(wire);
    wire_compact_text(wire); /* its host */
    for (size_t topics = wire_compact_array(wire, 1); topics; topics--)
        wire_compact_text(wire);
    wire_compact_text(wire); /* a pattern of topics */
    found = read_compact_assignment(search, wire);
    read_compact_assignment(search, wire); /* what it is to have */
    wire_skip_tags(wire);
    if (found)
        note_client(search, client);
}

int kafka_read_consumer_group(struct wire *wire, const char *topic, uint32_t partition,
                              struct kafka_group *group, int16_t *code)
{
    struct search search = {.topic = topic, .partition = (int32_t)partition};

    *group = (struct kafka_group){.is_there = true, .tells_client = true};
    wire_int32(wire); /* throttled */
    if (wire_compact_array(wire, 20) != 1)
        return -EBADMSG;
    *code = wire_int16(wire);
    wire_compact_text(wire); /* why */
    wire_compact_text(wire); /* the group */
    group->state = wire_compact_text(wire);
    wire_int32(wire); /* its epoch */
    wire_int32(wire); /* that of the assignment */
    group->protocol = wire_compact_text(wire);
    for (size_t count = wire_compact_array(wire, 16); count; count--)
        read_consumer_member(&search, wire);
    wire_int32(wire); /* what may be done */
    wire_skip_tags(wire);
    wire_skip_tags(wire);
    group->client = search.client;
    return wire->broken || wire->left ? -EBADMSG : 0;
}
