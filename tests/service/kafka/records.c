#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/service/common/memory.h"
#include "tests/service/kafka/calls.h"

/*
 * Records: batches of magic 2, https://kafka.apache.org/documentation/#recordbatch. What was
 * appended is kept as it came, and is looked into only when it is not compressed. Records that
 * nobody has appended are made up, a hundred in a batch.
 */
#define BATCH_HEAD      61 /* up to the records */
#define BATCH_MAX       1048588
#define MADE_UP_MAX     100
#define CHECKED_FROM    21 /* what the checksum is about: from the attributes on */
#define COMPRESSED      7  /* these bits of the attributes */
#define LEADER_EPOCH_AT 12
#define CHECKSUM_AT     17

static uint32_t crc32c(const char *data, size_t size)
{
    uint32_t crc = ~0U;

    for (size_t i = 0; i < size; i++) {
        crc ^= (unsigned char)data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
    }
    return ~crc;
}

/* ---- made up ---- */

static void put_varint(struct writer *out, int64_t number)
{
    write_varint(out, (uint32_t)((uint64_t)number << 1) ^ (number < 0 ? ~0U : 0));
}

/* A text in a record; without data, null. */
static void put_sized(struct writer *out, struct text text)
{
    put_varint(out, text.data ? (int64_t)text.size : -1);
    buf_add(out->out, text.data ? text.data : "", text.size);
}

static void put_record(struct writer *out, int64_t delta, int64_t time_ms, struct text key,
                       struct text value)
{
    struct buf body = BUF_INIT(BATCH_MAX);
    struct writer record = {.out = &body};

    write_int8(&record, 0);
    put_varint(&record, time_ms);
    put_varint(&record, delta);
    put_sized(&record, key);
    put_sized(&record, value);
    put_varint(&record, 0); /* headers */
    put_sized(out, (struct text){body.data, body.size});
    buf_release(&body);
}

static void overwrite(struct buf *buf, size_t at, int64_t number, size_t size)
{
    struct buf bytes = BUF_INIT(8);
    struct writer out = {.out = &bytes};

    if (size == 8)
        write_int64(&out, number);
    else
        write_int32(&out, (int32_t)number);
    buf_write_at(buf, at, bytes.data, size);
    buf_release(&bytes);
}

/* The head of a batch that begins at an offset and a time, of `count` records. */
static void put_batch_head(struct writer *out, int64_t first, int64_t time_ms, int64_t last_ms,
                           int32_t count)
{
    write_int64(out, first);
    write_int32(out, 0); /* its length, when it is known */
    write_int32(out, 0); /* the leader's epoch */
    write_int8(out, 2);
    write_int32(out, 0); /* the checksum */
    write_int16(out, 0);
    write_int32(out, count - 1);
    write_int64(out, time_ms);
    write_int64(out, last_ms);
    write_int64(out, -1); /* no producer with an id, epoch and sequence */
    write_int16(out, -1);
    write_int32(out, -1);
    write_int32(out, count);
}

static void end_batch(struct buf *batch)
{
    overwrite(batch, 8, (int64_t)batch->size - 12, 4);
    overwrite(batch, CHECKSUM_AT,
              (int32_t)crc32c(batch->data + CHECKED_FROM, batch->size - CHECKED_FROM), 4);
}

/* Those of a partition from an offset on, and before another one. */
static int64_t make_up(const struct partition *partition, int64_t from, int64_t end,
                       struct buf *all)
{
    struct buf batch = BUF_INIT(BATCH_MAX);
    struct writer out = {.out = &batch};
    int64_t count = end - from < MADE_UP_MAX ? end - from : MADE_UP_MAX;
    int64_t began = partition_time_ms(partition, from);

    put_batch_head(&out, from, began, partition_time_ms(partition, from + count - 1),
                   (int32_t)count);
    for (int64_t i = 0; i < count; i++) {
        struct buf value = BUF_INIT(64);

        buf_printf(&value, "record %" PRId64, from + i);
        put_record(&out, i, partition_time_ms(partition, from + i) - began, (struct text){0},
                   (struct text){value.data, value.size});
        buf_release(&value);
    }
    end_batch(&batch);
    buf_add(all, batch.data, batch.size);
    buf_release(&batch);
    return from + count;
}

void records_append(struct partition *partition, struct text key, struct text value)
{
    int64_t time_ms = partition_time_ms(partition, partition->latest);
    struct buf batch = BUF_INIT(BATCH_MAX);
    struct writer out = {.out = &batch};

    put_batch_head(&out, partition->latest, time_ms, time_ms, 1);
    put_record(&out, 0, 0, key, value);
    end_batch(&batch);
    partition_put(partition, &(struct put_batch){.first = partition->latest,
                                                 .next = partition->latest + 1,
                                                 .time_ms = time_ms,
                                                 .data = batch.data,
                                                 .size = batch.size});
    buf_release(&batch);
}

/* ---- Fetch ---- */

/* The batch that holds an offset, or the next one; NULL when the rest is made up. */
static const struct put_batch *batch_at(const struct partition *partition, int64_t offset)
{
    for (size_t i = 0; i < partition->put_count; i++)
        if (partition->put[i].next > offset)
            return &partition->put[i];
    return NULL;
}

/* Whole batches, until they are that many bytes, and one at least. */
static void collect(const struct partition *partition, int64_t from, int64_t end, size_t bytes,
                    struct buf *all)
{
    while (from < end && all->size < bytes) {
        const struct put_batch *batch = batch_at(partition, from);

        if (batch && batch->first <= from) {
            if (all->size && all->size + batch->size > bytes)
                return;
            buf_add(all, batch->data, batch->size);
            from = batch->next;
        } else {
            from = make_up(partition, from, batch && batch->first < end ? batch->first : end, all);
        }
    }
}

struct fetching_records {
    int8_t isolation;
    size_t bytes; /* that are still wanted */
    bool found;
};

static int check_offset(const struct partition *partition, int64_t offset)
{
    return offset < partition->earliest || offset > partition->latest ? OFFSET_OUT_OF_RANGE : NONE;
}

static void write_fetched(struct asked *asked, const struct partition *partition, int code,
                          const struct fetching_records *fetching)
{
    write_int16(&asked->out, code);
    write_int64(&asked->out, partition ? partition->latest : -1);
    write_int64(&asked->out, partition ? partition->latest - partition->stable : -1);
    write_int64(&asked->out, partition ? partition->earliest : -1);
    if (fetching->isolation)
        write_count(&asked->out, 0); /* transactions that were aborted */
    else
        write_int32(&asked->out, -1);
    if (asked->version >= 11)
        write_int32(&asked->out, -1); /* another replica to read from */
}

static void fetch_partition(struct each *each)
{
    struct asked *asked = each->asked;
    struct fetching_records *fetching = each->user;
    const struct topic *topic = world_topic(&asked->kafka->world, each->topic);
    const struct partition *partition = topic ? topic_partition(topic, each->partition) : NULL;
    struct buf records = BUF_INIT(1UL << 26);
    int code = check_leader(asked, each->topic, each->partition);
    int64_t offset;
    int32_t bytes;

    if (asked->version >= 9)
        read_int32(&asked->in); /* which leader epoch is believed in */
    offset = read_int64(&asked->in);
    read_int64(&asked->in); /* where a replica's log begins */
    bytes = read_int32(&asked->in);
    buf_printf(&asked->note, " %lld", (long long)offset);
    code = answer_code(asked, !code && partition ? check_offset(partition, offset) : code);
    if (!code && partition)
        collect(partition, offset,
                partition->latest - (fetching->isolation ? partition->stable : 0),
                bytes > 0 ? (size_t)bytes : 0, &records);
    fetching->found |= records.size || code;
    write_fetched(asked, partition, code, fetching);
    write_bytes(&asked->out, (struct text){records.data, records.size});
    buf_release(&records);
}

static void skip_forgotten(struct asked *asked)
{
    for (int32_t topics = read_count(&asked->in); topics > 0 && !asked->in.wrong; topics--) {
        read_text(&asked->in);
        for (int32_t count = read_count(&asked->in); count > 0 && !asked->in.wrong; count--)
            read_int32(&asked->in);
    }
}

/* Without a session, as all do who fetch once. */
void call_fetch(struct asked *asked)
{
    struct fetching_records fetching = {0};
    int32_t wait_ms;
    int32_t enough;

    read_int32(&asked->in); /* which replica asks: -1 for none */
    wait_ms = read_int32(&asked->in);
    enough = read_int32(&asked->in);
    read_int32(&asked->in); /* how much, of all */
    fetching.isolation = read_int8(&asked->in);
    read_int32(&asked->in); /* the session, and its epoch */
    read_int32(&asked->in);
    write_throttle(asked);
    write_int16(&asked->out, NONE);
    write_int32(&asked->out, 0);
    for_each_partition(asked, read_count(&asked->in), fetch_partition, &fetching);
    skip_forgotten(asked);
    if (asked->version >= 11)
        read_text(&asked->in); /* the client's rack */
    asked->wait_ms = fetching.found || enough <= 0 ? 0 : wait_ms;
}

/* ---- Produce ---- */

static int64_t read_zigzag(struct reader *in)
{
    uint64_t number = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        unsigned char byte = (unsigned char)read_int8(in);

        number |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
    }
    in->wrong = "a varint is too long";
    return 0;
}

static void skip_sized(struct reader *in, bool may_be_null)
{
    int64_t size = read_zigzag(in);

    if (size < (may_be_null ? -1 : 0) || size > (int64_t)in->left)
        in->wrong = "a length is not that of what follows";
    if (in->wrong || size < 0)
        return;
    in->at += size;
    in->left -= (size_t)size;
}

static bool is_record(struct reader *in, int32_t delta)
{
    int64_t size = read_zigzag(in);
    size_t left = in->left;

    read_int8(in);
    read_zigzag(in); /* its time */
    if (read_zigzag(in) != delta)
        return false;
    skip_sized(in, true);
    skip_sized(in, true);
    for (int64_t headers = read_zigzag(in); headers > 0 && !in->wrong; headers--) {
        skip_sized(in, false);
        skip_sized(in, true);
    }
    return !in->wrong && size >= 0 && left - in->left == (size_t)size;
}

struct batch_head {
    int32_t length;
    int8_t magic;
    uint32_t checksum;
    int16_t attributes;
    int32_t last;
    int64_t time_ms;
    int32_t count;
};

static struct batch_head read_batch_head(struct reader *in)
{
    struct batch_head head;

    read_int64(in);
    head.length = read_int32(in);
    read_int32(in);
    head.magic = read_int8(in);
    head.checksum = (uint32_t)read_int32(in);
    head.attributes = read_int16(in);
    head.last = read_int32(in);
    head.time_ms = read_int64(in);
    read_int64(in);
    read_int64(in); /* the producer */
    read_int16(in);
    read_int32(in);
    head.count = read_int32(in);
    return head;
}

/* One batch, and nothing behind it. */
static int check_batch(struct text set, struct batch_head *head)
{
    struct reader in = {.at = (const unsigned char *)set.data, .left = set.size};

    if (set.size < BATCH_HEAD)
        return CORRUPT_MESSAGE;
    if (set.size > BATCH_MAX)
        return MESSAGE_TOO_LARGE;
    *head = read_batch_head(&in);
    if (head->magic != 2 || (size_t)head->length != set.size - 12 ||
        head->checksum != crc32c(set.data + CHECKED_FROM, set.size - CHECKED_FROM))
        return CORRUPT_MESSAGE;
    if (head->count < 1 || head->last != head->count - 1)
        return INVALID_RECORD;
    if (head->attributes & COMPRESSED)
        return NONE;
    for (int32_t i = 0; i < head->count; i++)
        if (!is_record(&in, i))
            return INVALID_RECORD;
    return in.left ? INVALID_RECORD : NONE;
}

/* With the offset that it begins with there, and its leader's epoch: neither is in the checksum. */
static int64_t store_batch(struct partition *partition, struct text set,
                           const struct batch_head *head)
{
    int64_t first = partition->latest;
    struct buf batch = BUF_INIT(2UL * BATCH_MAX);

    buf_add(&batch, set.data, set.size);
    overwrite(&batch, 0, first, 8);
    overwrite(&batch, LEADER_EPOCH_AT, partition->leader_epoch, 4);
    partition_put(partition, &(struct put_batch){.first = first,
                                                 .next = first + head->count,
                                                 .time_ms = head->time_ms,
                                                 .data = batch.data,
                                                 .size = batch.size});
    buf_release(&batch);
    return first;
}

static void produce_partition(struct each *each)
{
    struct asked *asked = each->asked;
    const int16_t *acks = each->user;
    const struct topic *topic = world_topic(&asked->kafka->world, each->topic);
    struct partition *partition = topic ? topic_partition(topic, each->partition) : NULL;
    struct text set = read_bytes(&asked->in);
    struct batch_head head = {0};
    int code = check_leader(asked, each->topic, each->partition);
    int64_t first = -1;

    if (!code)
        code = *acks < -1 || *acks > 1 ? INVALID_REQUIRED_ACKS : check_batch(set, &head);
    buf_printf(&asked->note, " %d", head.count);
    if (partition && takes_effect(asked, code))
        first = store_batch(partition, set, &head);
    code = answer_code(asked, code);
    write_int16(&asked->out, code);
    write_int64(&asked->out, code ? -1 : first);
    write_int64(&asked->out, -1);
    write_int64(&asked->out, partition && !code ? partition->earliest : -1);
    if (asked->version >= 8) {
        write_count(&asked->out, 0);
        write_string(&asked->out, NULL);
    }
}

void call_produce(struct asked *asked)
{
    int16_t acks;

    read_text_or_null(&asked->in); /* a transaction */
    acks = read_int16(&asked->in);
    read_int32(&asked->in); /* how long the replicas are waited for */
    for_each_partition(asked, read_count(&asked->in), produce_partition, &acks);
    write_throttle(asked);
}
