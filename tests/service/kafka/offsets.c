#include <string.h>

#include "tests/service/kafka/calls.h"

/* ListOffsets, which the leader of each partition answers. */

#define LATEST   (-1)
#define EARLIEST (-2)

struct seen {
    struct text topic;
    int32_t partition;
};

/* The partitions of a request, of which no two may be the same. */
struct listing {
    int8_t isolation;
    struct seen seen[1000];
    size_t count;
};

static bool is_seen_again(struct listing *listing, const struct each *each)
{
    for (size_t i = 0; i < listing->count; i++)
        if (listing->seen[i].partition == each->partition &&
            text_equals(listing->seen[i].topic, each->topic))
            return true;
    if (listing->count < sizeof(listing->seen) / sizeof(listing->seen[0]))
        listing->seen[listing->count++] = (struct seen){each->topic, each->partition};
    return false;
}

int check_leader(const struct asked *asked, struct text name, int32_t partition)
{
    const struct world *world = &asked->kafka->world;
    const struct topic *topic = world_topic(world, name);

    if (!topic || !topic_partition(topic, partition))
        return UNKNOWN_TOPIC_OR_PARTITION;
    return world_leader(world, topic, partition) == asked->node ? NONE : NOT_LEADER_OR_FOLLOWER;
}

struct found {
    int64_t time_ms;
    int64_t offset;
};

static struct found find_offset(const struct partition *partition, int64_t time_ms,
                                int8_t isolation)
{
    struct found found = {.time_ms = -1, .offset = -1};

    if (time_ms == EARLIEST)
        found.offset = partition->earliest;
    else if (time_ms == LATEST)
        found.offset = partition->latest - (isolation ? partition->stable : 0);
    else
        found.offset = partition_since(partition, time_ms);
    if (time_ms >= 0 && found.offset >= 0)
        found.time_ms = partition_time_ms(partition, found.offset);
    return found;
}

static void list_one(struct each *each)
{
    struct asked *asked = each->asked;
    struct listing *listing = each->user;
    const struct topic *topic = world_topic(&asked->kafka->world, each->topic);
    int code = check_leader(asked, each->topic, each->partition);
    struct found found = {.time_ms = -1, .offset = -1};
    int64_t time_ms;

    if (asked->version >= 4)
        read_int32(&asked->in); /* which leader epoch is believed in */
    time_ms = read_int64(&asked->in);
    buf_printf(&asked->note, " %lld", (long long)time_ms);
    if (is_seen_again(listing, each))
        code = INVALID_REQUEST;
    else if (!code && time_ms < EARLIEST)
        code = UNSUPPORTED_VERSION;
    code = answer_code(asked, code);
    if (!code)
        found = find_offset(topic_partition(topic, each->partition), time_ms, listing->isolation);
    write_int16(&asked->out, code);
    write_int64(&asked->out, found.time_ms);
    write_int64(&asked->out, found.offset);
    if (asked->version >= 4)
        write_int32(&asked->out, code ? -1 : topic->partitions[each->partition].leader_epoch);
}

void call_list_offsets(struct asked *asked)
{
    struct listing listing = {0};

    read_int32(&asked->in); /* which replica asks: -1 for none */
    listing.isolation = read_int8(&asked->in);
    if (asked->version >= 2)
        write_throttle(asked);
    for_each_partition(asked, read_count(&asked->in), list_one, &listing);
}
