#include "api/kafka/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Who the broker's logs say that we are. */
#define CLIENT_ID "checkpointfs"

/* Nothing may follow an answer. */
static int end_of(const struct wire *wire)
{
    return wire->broken || wire->left ? -EBADMSG : 0;
}

/* Heads */

void kafka_put_head(struct buf *buf, enum kafka_api api, int16_t version, int32_t correlation)
{
    wire_put_int16(buf, (int16_t)api);
    wire_put_int16(buf, version);
    wire_put_int32(buf, correlation);
    wire_put_text(buf, CLIENT_ID);
    if (kafka_head_has_tags(api, version))
        wire_put_int8(buf, 0);
}

bool kafka_head_has_tags(enum kafka_api api, int16_t version)
{
    return api == KAFKA_DESCRIBE_CONSUMERS ||
           (api == KAFKA_LIST_GROUPS && version >= KAFKA_LIST_GROUPS_COMPACT);
}

/* ApiVersions */

int kafka_read_versions(struct wire *wire, struct kafka_versions *versions, int16_t *code)
{
    struct kafka_versions read = {0};

    for (int i = 0; i < KAFKA_APIS; i++)
        read.highest[i] = -1;
    *code = wire_int16(wire);
    for (size_t count = wire_array(wire, 6); count; count--) {
        int16_t api = wire_int16(wire);
        int16_t lowest = wire_int16(wire);
        int16_t highest = wire_int16(wire);

        if (api >= 0 && api < KAFKA_APIS) {
            read.lowest[api] = lowest;
            read.highest[api] = highest;
        }
    }
    if (end_of(wire))
        return -EBADMSG;
    *versions = read;
    return 0;
}

int16_t kafka_choose_version(const struct kafka_versions *versions, enum kafka_api api,
                             int16_t lowest, int16_t highest)
{
    int16_t version = highest;

    if (versions->highest[api] < highest)
        version = versions->highest[api];
    /* The one version of ListGroups that is compact and tells no more than the one before it. */
    if (api == KAFKA_LIST_GROUPS && version == KAFKA_LIST_GROUPS_COMPACT - 1)
        version--;
    if (version < lowest || version < versions->lowest[api])
        return -1;
    return version;
}

/* Logging in */

void kafka_put_sasl_handshake(struct buf *buf, const char *mechanism)
{
    wire_put_text(buf, mechanism);
}

int kafka_read_sasl_handshake(struct wire *wire, char *mechanisms, size_t room, int16_t *code)
{
    size_t length = 0;

    *mechanisms = '\0';
    *code = wire_int16(wire);
    for (size_t count = wire_array(wire, 2); count; count--) {
        struct span name = wire_text(wire);

        if (name.size > room || length + name.size + 3 > room)
            continue;
        length += (size_t)snprintf(mechanisms + length, room - length, "%s%.*s", length ? ", " : "",
                                   (int)name.size, name.size ? name.data : "");
    }
    return end_of(wire);
}

void kafka_put_sasl_authenticate(struct buf *buf, const struct buf *message)
{
    wire_put_int32(buf, (int32_t)message->size);
    buf_add(buf, message->data, message->size);
}

/* As Kafka's own client, one that is negative is as one that is not told. */
static int64_t limit_lifetime(int64_t told)
{
    if (told < 0)
        return 0;
    return told < KAFKA_LIFETIME_MAX_MS ? told : KAFKA_LIFETIME_MAX_MS;
}

int kafka_read_sasl_authenticate(struct wire *wire, struct kafka_authenticated *answer)
{
    answer->code = wire_int16(wire);
    answer->reason = wire_text(wire);
    answer->message = wire_bytes(wire);
    answer->lifetime = limit_lifetime(wire_int64(wire));
    return end_of(wire);
}

/* Metadata */

void kafka_put_metadata(struct buf *buf, enum kafka_topics which, const char *topic)
{
    wire_put_int32(buf, which == KAFKA_ALL_TOPICS ? -1 : which == KAFKA_ONE_TOPIC);
    if (which == KAFKA_ONE_TOPIC)
        wire_put_text(buf, topic);
    wire_put_int8(buf, 0); /* a topic that is not there is not made */
    wire_put_int8(buf, 0); /* nothing is told of what may be done */
    wire_put_int8(buf, 0);
}

/* A host goes into a URL, and port 0 is none. */
static bool is_address(const struct kafka_address *address)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:";

    return *address->host && strspn(address->host, allowed) == strlen(address->host) &&
           address->port > 0 && address->port <= UINT16_MAX;
}

/* An address that nobody can connect to has no host. */
static void read_address(struct wire *wire, struct kafka_address *address)
{
    struct span host;

    *address = (struct kafka_address){.id = wire_int32(wire)};
    host = wire_text(wire);
    address->port = wire_int32(wire);
    if (host.size && host.size < sizeof(address->host))
        memcpy(address->host, host.data, host.size);
    if (strlen(address->host) != host.size || !is_address(address))
        *address->host = '\0';
}

static int read_brokers(struct wire *wire, const struct kafka_metadata_visitor *visitor)
{
    for (size_t count = wire_array(wire, 12); count; count--) {
        struct kafka_address address;
        int status;

        read_address(wire, &address);
        wire_text(wire); /* rack */
        status = wire->broken      ? -EBADMSG
                 : visitor->broker ? visitor->broker(visitor->user, &address)
                                   : 0;
        if (status)
            return status;
    }
    return 0;
}

static int32_t count_numbers(struct wire *wire)
{
    struct wire before = *wire;

    wire_skip_numbers(wire);
    return (int32_t)wire_array(&before, sizeof(int32_t));
}

static int read_partition(struct wire *wire, const struct kafka_metadata_visitor *visitor)
{
    struct kafka_partition partition;

    wire_int16(wire); /* why there is no leader */
    partition.partition = wire_int32(wire);
    partition.leader = wire_int32(wire);
    partition.leader_epoch = wire_int32(wire);
    partition.replicas = count_numbers(wire);
    partition.in_sync = count_numbers(wire);
    partition.offline = count_numbers(wire);
    if (wire->broken || partition.partition < 0)
        return -EBADMSG;
    return visitor->partition ? visitor->partition(visitor->user, &partition) : 0;
}

static int read_topic(struct wire *wire, const struct kafka_metadata_visitor *visitor)
{
    int16_t code = wire_int16(wire);
    struct span name = wire_text(wire);
    bool is_internal = wire_int8(wire);
    int status = 0;

    for (size_t count = wire_array(wire, 26); count && !status; count--)
        status = read_partition(wire, visitor);
    wire_int32(wire); /* what may be done */
    if (status || wire->broken || !name.data)
        return status ? status : -EBADMSG;
    return visitor->topic ? visitor->topic(visitor->user, name, is_internal, code) : 0;
}

int kafka_read_metadata(struct wire *wire, const struct kafka_metadata_visitor *visitor)
{
    int status;

    wire_int32(wire); /* throttled */
    status = read_brokers(wire, visitor);
    wire_text(wire);  /* the cluster */
    wire_int32(wire); /* its controller */
    for (size_t count = wire_array(wire, 13); count && !status; count--)
        status = read_topic(wire, visitor);
    wire_int32(wire); /* what may be done */
    return status ? status : end_of(wire);
}

/* FindCoordinator */

void kafka_put_find_coordinator(struct buf *buf, const char *group)
{
    wire_put_text(buf, group);
    wire_put_int8(buf, 0); /* of a group */
}

int kafka_read_coordinator(struct wire *wire, struct kafka_address *address, int16_t *code)
{
    wire_int32(wire); /* throttled */
    *code = wire_int16(wire);
    wire_text(wire); /* why */
    read_address(wire, address);
    if (!end_of(wire))
        return !*code && !*address->host ? -EBADMSG : 0;
    return -EBADMSG;
}

/* ListGroups */

void kafka_put_list_groups(struct buf *buf, int16_t version)
{
    if (version < KAFKA_LIST_GROUPS_COMPACT)
        return;
    wire_put_int8(buf, 1); /* in whatever state: an array of none */
    if (version > KAFKA_LIST_GROUPS_COMPACT)
        wire_put_int8(buf, 1); /* of whatever type */
    wire_put_int8(buf, 0);
}

static bool says(struct span text, const char *word)
{
    return text.size == strlen(word) && !memcmp(text.data, word, text.size);
}

/* Nobody commits for a share group, and to delete its checkpoints would be to delete it. */
static int add_group(struct names *names, struct span id, bool shares)
{
    char *name;
    int status;

    if (!id.data)
        return -EBADMSG;
    name = strndup(id.data, id.size);
    if (!name)
        return -ENOMEM;
    status = shares ? names_leave_out(names, "the group", name, "it is a share group")
                    : names_add_listed(names, "the group", strlen(name) == id.size ? name : NULL);
    free(name);
    return status;
}

static int read_group(struct wire *wire, int16_t version, struct names *names)
{
    bool compact = version >= KAFKA_LIST_GROUPS_COMPACT;
    struct span id = compact ? wire_compact_text(wire) : wire_text(wire);
    struct span protocol = compact ? wire_compact_text(wire) : wire_text(wire);
    struct span type = {0};

    if (compact)
        wire_compact_text(wire); /* its state */
    if (version > KAFKA_LIST_GROUPS_COMPACT)
        type = wire_compact_text(wire);
    if (compact)
        wire_skip_tags(wire);
    if (wire->broken)
        return -EBADMSG;
    return add_group(names, id, says(protocol, "share") || says(type, "share"));
}

int kafka_read_groups(struct wire *wire, int16_t version, struct names *names, int16_t *code)
{
    bool compact = version >= KAFKA_LIST_GROUPS_COMPACT;
    size_t count;
    int status = 0;

    wire_int32(wire); /* throttled */
    *code = wire_int16(wire);
    for (count = compact ? wire_compact_array(wire, 4) : wire_array(wire, 4); count && !status;
         count--)
        status = read_group(wire, version, names);
    if (compact)
        wire_skip_tags(wire);
    return status ? status : end_of(wire);
}

/* OffsetFetch */

static void put_topic(struct buf *buf, const char *topic, size_t partitions)
{
    wire_put_int32(buf, 1);
    wire_put_text(buf, topic);
    wire_put_int32(buf, (int32_t)partitions);
}

void kafka_put_offsets_of(struct buf *buf, const char *group, const char *topic, size_t count)
{
    wire_put_text(buf, group);
    put_topic(buf, topic, count);
}

void kafka_put_partition(struct buf *buf, uint32_t partition)
{
    wire_put_int32(buf, (int32_t)partition);
}

void kafka_put_offset_fetch(struct buf *buf, const char *group, const char *topic, uint32_t first,
                            uint32_t count)
{
    if (!topic) {
        wire_put_text(buf, group);
        wire_put_int32(buf, -1);
        return;
    }
    kafka_put_offsets_of(buf, group, topic, count);
    for (uint32_t i = 0; i < count; i++)
        kafka_put_partition(buf, first + i);
}

static int read_commit(struct wire *wire, struct span topic,
                       int (*take)(void *user, const struct kafka_commit *), void *user)
{
    struct kafka_commit commit = {.topic = topic};

    commit.partition = wire_int32(wire);
    commit.offset = wire_int64(wire);
    commit.leader_epoch = wire_int32(wire);
    commit.metadata = wire_text(wire);
    commit.code = wire_int16(wire);
    return wire->broken || commit.partition < 0 ? -EBADMSG : take(user, &commit);
}

int kafka_read_commits(struct wire *wire, int (*take)(void *user, const struct kafka_commit *),
                       void *user, int16_t *code)
{
    int status = 0;

    wire_int32(wire); /* throttled */
    for (size_t topics = wire_array(wire, 6); topics && !status; topics--) {
        struct span topic = wire_text(wire);

        for (size_t count = wire_array(wire, 20); count && !status; count--)
            status = topic.data ? read_commit(wire, topic, take, user) : -EBADMSG;
    }
    *code = wire_int16(wire);
    return status ? status : end_of(wire);
}

/* Changes of what is committed */

void kafka_put_offset_commit(struct buf *buf, const char *group, const char *topic,
                             int64_t retention_ms, size_t count)
{
    wire_put_text(buf, group);
    wire_put_int32(buf, -1); /* generation */
    wire_put_text(buf, "");  /* member */
    if (retention_ms >= 0)
        wire_put_int64(buf, retention_ms);
    else
        wire_put_text(buf, NULL); /* instance */
    put_topic(buf, topic, count);
}

void kafka_put_one_commit(struct buf *buf, uint32_t partition, int64_t offset, const char *metadata,
                          int64_t retention_ms)
{
    kafka_put_partition(buf, partition);
    wire_put_int64(buf, offset);
    if (retention_ms < 0)
        wire_put_int32(buf, -1); /* leader epoch */
    wire_put_text(buf, metadata);
}

static int read_changed(struct wire *wire, int (*take)(void *user, const struct kafka_changed *),
                        void *user)
{
    int status = 0;

    for (size_t topics = wire_array(wire, 6); topics && !status; topics--) {
        struct kafka_changed changed = {.topic = wire_text(wire)};

        for (size_t count = wire_array(wire, 6); count && !status; count--) {
            changed.partition = wire_int32(wire);
            changed.code = wire_int16(wire);
            status = !changed.topic.data || wire->broken || changed.partition < 0
                         ? -EBADMSG
                         : take(user, &changed);
        }
    }
    return status ? status : end_of(wire);
}

int kafka_read_committed(struct wire *wire, int (*take)(void *user, const struct kafka_changed *),
                         void *user)
{
    wire_int32(wire); /* throttled */
    return read_changed(wire, take, user);
}

int kafka_read_deleted(struct wire *wire, int (*take)(void *user, const struct kafka_changed *),
                       void *user, int16_t *code)
{
    *code = wire_int16(wire);
    wire_int32(wire); /* throttled */
    return read_changed(wire, take, user);
}

void kafka_put_delete_group(struct buf *buf, const char *group)
{
    wire_put_int32(buf, 1);
    wire_put_text(buf, group);
}

int kafka_read_group_deleted(struct wire *wire, int16_t *code)
{
    wire_int32(wire); /* throttled */
    if (wire_array(wire, 4) != 1)
        return -EBADMSG;
    wire_text(wire);
    *code = wire_int16(wire);
    return end_of(wire);
}

/* Records: each call is about one partition */

static void put_partition(struct buf *buf, const char *topic, uint32_t partition)
{
    put_topic(buf, topic, 1);
    kafka_put_partition(buf, partition);
}

/* Where the answer is about that partition: it must be about one. */
static int enter_partition(struct wire *wire, size_t least)
{
    size_t topics = wire_array(wire, 6);

    wire_text(wire);
    if (topics != 1 || wire_array(wire, least) != 1)
        return -EBADMSG;
    wire_int32(wire); /* the partition */
    return 0;
}

/* How long a broker may look for what it keeps elsewhere (KIP-405). */
#define FETCH_WAIT_MS 500

void kafka_put_fetch(struct buf *buf, const char *topic, uint32_t partition, int64_t offset,
                     int32_t bytes)
{
    wire_put_int32(buf, -1); /* no replica asks */
    wire_put_int32(buf, FETCH_WAIT_MS);
    wire_put_int32(buf, 0); /* nothing is enough, so that the end is told at once */
    wire_put_int32(buf, bytes);
    wire_put_int8(buf, 1); /* without what may be aborted yet */
    wire_put_int32(buf, 0);
    wire_put_int32(buf, -1); /* no session */
    put_partition(buf, topic, partition);
    wire_put_int32(buf, -1); /* leader epoch */
    wire_put_int64(buf, offset);
    wire_put_int64(buf, -1); /* no replica, no log of its own */
    wire_put_int32(buf, bytes);
    wire_put_int32(buf, 0); /* topics that a session forgets */
}

static int read_aborted(struct wire *wire, struct kafka_recordset *set)
{
    size_t count = wire_array(wire, 16);

    set->aborted = count ? calloc(count, sizeof(*set->aborted)) : NULL;
    if (count && !set->aborted)
        return -ENOMEM;
    set->aborted_count = count;
    for (size_t i = 0; i < count; i++) {
        set->aborted[i].producer = wire_int64(wire);
        set->aborted[i].first = wire_int64(wire);
    }
    return 0;
}

int kafka_read_fetched(struct wire *wire, struct kafka_recordset *set, int16_t *code)
{
    int status;

    *set = (struct kafka_recordset){0};
    wire_int32(wire); /* throttled */
    *code = wire_int16(wire);
    wire_int32(wire); /* session */
    if (*code)
        return wire->broken ? -EBADMSG : 0;
    if (enter_partition(wire, 38))
        return -EBADMSG;
    *code = wire_int16(wire);
    wire_int64(wire); /* high watermark */
    set->stable = wire_int64(wire);
    wire_int64(wire); /* log start offset */
    status = read_aborted(wire, set);
    set->bytes = wire_bytes(wire);
    if (!status)
        status = end_of(wire);
    if (!status)
        return 0;
    free(set->aborted);
    *set = (struct kafka_recordset){0};
    return status;
}

void kafka_put_produce(struct buf *buf, const char *topic, uint32_t partition, struct span set,
                       int32_t timeout_ms)
{
    wire_put_text(buf, NULL); /* no transaction */
    wire_put_int16(buf, -1);  /* all replicas that are in sync */
    wire_put_int32(buf, timeout_ms);
    put_partition(buf, topic, partition);
    wire_put_int32(buf, (int32_t)set.size);
    buf_add(buf, set.data, set.size);
}

static void skip_record_errors(struct wire *wire)
{
    for (size_t count = wire_array(wire, 6); count && !wire->broken; count--) {
        wire_int32(wire);
        wire_text(wire);
    }
    wire_text(wire);
}

/* Where nothing was stored there is no offset. */
int kafka_read_produced(struct wire *wire, bool *is_stored, int16_t *code)
{
    if (enter_partition(wire, 32))
        return -EBADMSG;
    *code = wire_int16(wire);
    *is_stored = wire_int64(wire) >= 0;
    wire_int64(wire); /* its time */
    wire_int64(wire); /* log start offset */
    skip_record_errors(wire);
    wire_int32(wire); /* throttled */
    return end_of(wire);
}

/* ListOffsets of many partitions */

void kafka_put_list_offsets(struct buf *buf, const char *topic, size_t count)
{
    wire_put_int32(buf, -1); /* no replica asks */
    wire_put_int8(buf, 0);   /* transactions that are open count */
    put_topic(buf, topic, count);
}

void kafka_put_one_offset(struct buf *buf, uint32_t partition, int64_t time)
{
    kafka_put_partition(buf, partition);
    wire_put_int32(buf, -1); /* leader epoch */
    wire_put_int64(buf, time);
}

static int read_one_offset(struct wire *wire, struct span topic,
                           int (*take)(void *user, const struct kafka_offset *), void *user)
{
    struct kafka_offset offset = {.topic = topic};

    offset.partition = wire_int32(wire);
    offset.code = wire_int16(wire);
    wire_int64(wire); /* the record's time */
    offset.offset = wire_int64(wire);
    wire_int32(wire); /* leader epoch */
    return wire->broken || offset.partition < 0 ? -EBADMSG : take(user, &offset);
}

int kafka_read_offsets(struct wire *wire, int (*take)(void *user, const struct kafka_offset *),
                       void *user)
{
    int status = 0;

    wire_int32(wire); /* throttled */
    for (size_t topics = wire_array(wire, 6); topics && !status; topics--) {
        struct span topic = wire_text(wire);

        for (size_t count = wire_array(wire, 26); count && !status; count--)
            status = topic.data ? read_one_offset(wire, topic, take, user) : -EBADMSG;
    }
    return status ? status : end_of(wire);
}
