#include "api/kafka/recordset.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/kafka/inflate.h"
#include "api/members.h"
#include "base/crc32c.h"
#include "base/when.h"

/* Of a batch: what stands before its length, and the least that follows it; and where what the sum
 * is of begins, and the format is. */
#define HEAD_SIZE   12
#define BATCH_LEAST 49
#define FORMAT_AT   16
#define SUMMED_AT   21

#define FORMAT 2

/* Of its attributes. */
#define CODEC_MASK       7
#define IS_APPEND_TIME   8
#define IS_TRANSACTIONAL 16
#define IS_CONTROL       32

/* Of a record: what is needed to tell its size and its offset. */
#define RECORD_HEAD 32

/* More are refused, also where the batch has room: its text could grow too large. */
#define RECORD_SIZE_MAX BATCH_LIMIT_MAX

/* The key of a control record, behind its version. */
#define MARKER_ABORT 0

/* One batch of a set. */
struct extent {
    int64_t base;
    int64_t last; /* no record of it has a greater offset */
    int64_t time; /* in ms */
    int64_t time_max;
    int64_t producer;
    int16_t attributes;
    int32_t count;
    struct span records;
};

/* One record, whose spans last as long as what it was read from. */
struct kafka_record {
    int64_t offset;
    int64_t time; /* base/when.h */
    struct span key;
    struct span value;
};

struct reader {
    struct kafka_recordset *set;
    struct kafka_place *place;
    struct batch *batch;
    struct members headers;
    int64_t first; /* the place where reading began */
    int64_t last;  /* of the batch before */
    bool ended;    /* the batch is full, or what is left is not to be shown */
};

/* Failing. */

static bool fail_reader(struct reader *reader, int code, const char *what)
{
    if (!reader->batch->count)
        error_set(&reader->place->error, code, "records from %" PRId64 " on: %s",
                  reader->place->next, what);
    reader->ended = true;
    return false;
}

static bool fail_with(struct reader *reader, int status)
{
    static const char too_large[] = "one is larger than the 16 MiB that are shown, or a batch of "
                                    "them is larger than the 128 MiB that are inflated";

    return fail_reader(reader, -status,
                       status == -ENOMEM  ? "no memory"
                       : status == -EFBIG ? too_large
                                          : "they are damaged");
}

/* Aborted transactions */

static int compare_aborted(const void *a, const void *b)
{
    const struct kafka_aborted *one = a;
    const struct kafka_aborted *other = b;

    if (one->producer != other->producer)
        return one->producer < other->producer ? -1 : 1;
    return (one->first > other->first) - (one->first < other->first);
}

/* The last one of a producer that began at an offset or before it, or NULL. */
static struct kafka_aborted *find_aborted(const struct reader *reader, int64_t producer,
                                          int64_t offset)
{
    struct kafka_aborted *all = reader->set->aborted;
    struct kafka_aborted wanted = {.producer = producer, .first = offset};
    size_t low = 0;
    size_t high = reader->set->aborted_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_aborted(&all[middle], &wanted) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low && all[low - 1].producer == producer ? &all[low - 1] : NULL;
}

static bool is_aborted(const struct reader *reader, const struct extent *extent)
{
    const struct kafka_aborted *found = extent->attributes & IS_TRANSACTIONAL
                                            ? find_aborted(reader, extent->producer, extent->last)
                                            : NULL;

    return found && !found->has_ended;
}

/* A marker ends a transaction of its producer: what that writes from there on is of another. */
static void take_marker(const struct reader *reader, const struct extent *extent)
{
    struct wire wire = wire_of(extent->records.data, extent->records.size);
    struct kafka_aborted *found = find_aborted(reader, extent->producer, extent->last);
    struct span key;

    wire_varint(&wire); /* its size */
    wire_int8(&wire);
    wire_varlong(&wire);
    wire_varint(&wire);
    key = wire_varbytes(&wire);
    wire = wire_of(key.data, key.size);
    wire_int16(&wire); /* the version of what follows */
    if (found && wire_int16(&wire) == MARKER_ABORT && !wire.broken)
        found->has_ended = true;
}

/* One record */

/* What a batch tells may be nonsense: then there is no time. */
static int64_t time_of_record(const struct extent *extent, int64_t delta)
{
    int64_t ms = extent->time_max;
    int64_t time;

    if (!(extent->attributes & IS_APPEND_TIME) && __builtin_add_overflow(extent->time, delta, &ms))
        return WHEN_UNKNOWN;
    return ms < 0 || __builtin_mul_overflow(ms, INT64_C(1000000), &time) ? WHEN_UNKNOWN : time;
}

static int take_headers(struct wire *wire, struct members *headers)
{
    int32_t count = wire_varint(wire);
    int status = wire->broken || count < 0 ? -EBADMSG : 0;

    members_reset(headers);
    for (; count && !status; count--) {
        struct span name = wire_varbytes(wire);
        struct span value = wire_varbytes(wire);

        status = wire->broken || !name.data ? -EBADMSG : members_add(headers, name, value);
    }
    return status;
}

/* Nothing may follow. */
static int read_whole_record(const struct extent *extent, struct wire wire,
                             struct kafka_record *record, struct members *headers)
{
    int64_t time;
    int status;

    wire_int8(&wire); /* attributes, of which there are none */
    time = wire_varlong(&wire);
    record->offset = extent->base + wire_varint(&wire);
    record->time = time_of_record(extent, time);
    record->key = wire_varbytes(&wire);
    record->value = wire_varbytes(&wire);
    status = wire.broken ? -EBADMSG : take_headers(&wire, headers);
    return !status && wire.left ? -EBADMSG : status;
}

static void add_line(struct reader *reader, const struct kafka_record *record)
{
    struct batch *batch = reader->batch;
    char checkpoint[24];
    char sequence[24];

    snprintf(checkpoint, sizeof(checkpoint), "%" PRId64, record->offset + 1);
    snprintf(sequence, sizeof(sequence), "%" PRId64, record->offset);
    batch_begin(batch, checkpoint, sequence, record->time);
    if (record->key.data)
        batch_member(batch, "key", &record->key);
    members_print(batch, "headers", &reader->headers, false);
    batch_data(batch, &record->value);
    batch_end(batch, record->key.size + record->value.size + members_bytes(&reader->headers));
}

/* Of the record right at the place, and of no other. */
static bool add_bytes_of(struct reader *reader, const struct kafka_record *record)
{
    reader->ended = record->offset != reader->first;
    if (!reader->ended && !record->value.data)
        return fail_reader(reader, ENODATA, "the first has no value");
    if (!reader->ended)
        batch_add(reader->batch, &(struct record){.data = record->value});
    return !reader->ended;
}

static bool add_shown(struct reader *reader, const struct kafka_record *record)
{
    struct batch before = *reader->batch;
    int status;

    if (before.form == RECORD_LINES)
        add_line(reader, record);
    else if (!add_bytes_of(reader, record))
        return false;
    status = buf_error(&reader->batch->text);
    if (status) {
        batch_take_back(reader->batch, &before);
        return fail_with(reader, status);
    }
    reader->place->next = record->offset + 1;
    reader->ended = batch_is_full(reader->batch);
    return true;
}

/* `head` is what comes before what the size of a record counts. */
static bool show_record(struct reader *reader, const struct extent *extent,
                        struct kafka_inflater *inflater, size_t head, size_t size)
{
    struct kafka_record record;
    struct span bytes;
    int status = size > RECORD_SIZE_MAX ? -EFBIG : kafka_inflater_look(inflater, size, &bytes);

    if (!status && bytes.size < size)
        status = -EBADMSG;
    if (!status)
        status = read_whole_record(extent, wire_of(bytes.data + head, size - head), &record,
                                   &reader->headers);
    if (status)
        return fail_with(reader, status);
    if (!add_shown(reader, &record))
        return false;
    status = kafka_inflater_skip(inflater, size);
    return status ? fail_with(reader, status) : true;
}

static bool take_record(struct reader *reader, const struct extent *extent,
                        struct kafka_inflater *inflater, int32_t *before)
{
    struct span bytes;
    int status = kafka_inflater_look(inflater, RECORD_HEAD, &bytes);
    struct wire wire = wire_of(bytes.data, bytes.size);
    int32_t size = wire_varint(&wire);
    size_t head = bytes.size - wire.left;
    int32_t delta;

    wire_int8(&wire);
    wire_varlong(&wire);
    delta = wire_varint(&wire);
    if (!status &&
        (wire.broken || size < 0 || delta <= *before || delta > extent->last - extent->base))
        status = -EBADMSG;
    *before = delta;
    if (status)
        return fail_with(reader, status);
    if (extent->base + delta >= reader->place->next)
        return show_record(reader, extent, inflater, head, head + (size_t)size);
    status = kafka_inflater_skip(inflater, head + (size_t)size);
    return status ? fail_with(reader, status) : true;
}

/* One batch */

static void read_records_in(struct reader *reader, const struct extent *extent,
                            struct kafka_inflater *inflater)
{
    struct span rest;
    int32_t before = -1;
    int32_t i = 0;

    while (i < extent->count && !reader->ended && take_record(reader, extent, inflater, &before))
        i++;
    if (!reader->ended && (kafka_inflater_look(inflater, 1, &rest) || rest.size))
        fail_with(reader, -EBADMSG);
}

static void show_extent(struct reader *reader, const struct extent *extent)
{
    int codec = extent->attributes & CODEC_MASK;
    struct kafka_inflater *inflater;
    char message[64];

    if (codec > KAFKA_ZSTD) {
        snprintf(message, sizeof(message), "Kafka's codec %d is not known here", codec);
        fail_reader(reader, EOPNOTSUPP, message);
        return;
    }
    inflater = kafka_inflater_new((enum kafka_codec)codec, extent->records);
    if (inflater)
        read_records_in(reader, extent, inflater);
    else
        fail_with(reader, -ENOMEM);
    kafka_inflater_free(inflater);
}

static void take_extent(struct reader *reader, const struct extent *extent)
{
    struct kafka_place *place = reader->place;
    int64_t stable = reader->set->stable;

    if (stable >= 0 && extent->last >= stable)
        reader->ended = true;
    else if (extent->attributes & IS_CONTROL)
        take_marker(reader, extent);
    else if (extent->last >= place->next && !is_aborted(reader, extent))
        show_extent(reader, extent);
    if (!reader->ended && extent->last >= place->next)
        place->next = extent->last + 1;
}

/* Whether what a batch says of itself can be. */
static bool read_extent(struct wire wire, struct extent *extent)
{
    int32_t delta;

    extent->base = wire_int64(&wire);
    wire_int32(&wire); /* its length */
    wire_int32(&wire); /* who led the partition */
    wire_int8(&wire);  /* the format */
    wire_int32(&wire); /* the sum */
    extent->attributes = wire_int16(&wire);
    delta = wire_int32(&wire);
    extent->time = wire_int64(&wire);
    extent->time_max = wire_int64(&wire);
    extent->producer = wire_int64(&wire);
    wire_int16(&wire); /* the producer's epoch */
    wire_int32(&wire); /* and its sequence */
    extent->count = wire_int32(&wire);
    extent->records = (struct span){wire.next, wire.left};
    return !wire.broken && delta >= 0 && extent->count >= 0 && extent->base >= 0 &&
           !__builtin_add_overflow(extent->base, delta, &extent->last) && extent->last < INT64_MAX;
}

static bool is_sum_right(struct span bytes)
{
    struct wire sum = wire_of(bytes.data + FORMAT_AT + 1, bytes.size - FORMAT_AT - 1);

    return (uint32_t)wire_int32(&sum) == crc32c(bytes.data + SUMMED_AT, bytes.size - SUMMED_AT);
}

static void take_whole(struct reader *reader, struct span bytes)
{
    struct extent extent;
    int format = bytes.size > FORMAT_AT ? bytes.data[FORMAT_AT] : -1;

    if (format == 0 || format == 1) {
        fail_reader(reader, EOPNOTSUPP,
                    "they are stored in the format of Kafka before 0.11, which is not read here");
        return;
    }
    if (format == FORMAT && bytes.size >= HEAD_SIZE + BATCH_LEAST && !is_sum_right(bytes)) {
        fail_reader(reader, EBADMSG, "they are damaged: their checksum is wrong");
        return;
    }
    if (format != FORMAT || !read_extent(wire_of(bytes.data, bytes.size), &extent) ||
        extent.base <= reader->last) {
        fail_with(reader, -EBADMSG);
        return;
    }
    reader->last = extent.last;
    take_extent(reader, &extent);
}

/* All of them */

/* The next batch, or false when the rest is none that is whole. */
static bool next_batch(struct reader *reader, struct wire *rest, struct span *bytes)
{
    struct wire head = *rest;
    int32_t length;

    wire_int64(&head); /* the first offset */
    length = wire_int32(&head);
    if (!head.broken && length < 0)
        return fail_with(reader, -EBADMSG);
    *bytes = (struct span){rest->next, HEAD_SIZE + (size_t)length};
    if (!head.broken && bytes->size <= rest->left)
        return true;
    if (rest->next == reader->set->bytes.data)
        reader->place->needed = head.broken ? HEAD_SIZE : bytes->size;
    return false;
}

void kafka_recordset_read(struct kafka_recordset *set, struct kafka_place *place,
                          struct batch *batch)
{
    struct reader reader = {
        .set = set, .place = place, .batch = batch, .first = place->next, .last = -1};
    struct wire rest = wire_of(set->bytes.data, set->bytes.size);
    struct span bytes;

    place->needed = 0;
    place->error = (struct error){0};
    if (set->aborted_count)
        qsort(set->aborted, set->aborted_count, sizeof(*set->aborted), compare_aborted);
    while (!reader.ended && rest.left && next_batch(&reader, &rest, &bytes)) {
        rest = wire_of(bytes.data + bytes.size, rest.left - bytes.size);
        take_whole(&reader, bytes);
    }
    members_release(&reader.headers);
}

/* Writing */

static void put_value(struct buf *buf, struct buf *scratch, int32_t delta, struct span value)
{
    buf_reset(scratch);
    wire_put_int8(scratch, 0);
    wire_put_varint(scratch, 0); /* after the batch's time */
    wire_put_varint(scratch, delta);
    wire_put_varbytes(scratch, (struct span){0}); /* no key */
    wire_put_varbytes(scratch, value);
    wire_put_varint(scratch, 0); /* headers */
    buf_fail(buf, buf_error(scratch));
    wire_put_varbytes(buf, (struct span){scratch->data, scratch->size});
}

static void put_head(struct buf *buf, size_t count, int64_t time)
{
    wire_put_int16(buf, 0); /* attributes */
    wire_put_int32(buf, (int32_t)count - 1);
    wire_put_int64(buf, time);
    wire_put_int64(buf, time);
    wire_put_int64(buf, -1); /* no producer of an id */
    wire_put_int16(buf, -1);
    wire_put_int32(buf, -1);
    wire_put_int32(buf, (int32_t)count);
}

static void put_number_at(struct buf *buf, size_t offset, uint32_t number)
{
    struct buf bytes = BUF_INIT(8);

    wire_put_int32(&bytes, (int32_t)number);
    buf_fail(buf, buf_error(&bytes));
    if (!buf_error(buf))
        buf_write_at(buf, offset, bytes.data, bytes.size);
    buf_release(&bytes);
}

void kafka_recordset_put(struct buf *buf, const struct span *records, size_t count, int64_t time)
{
    struct buf scratch = BUF_INIT(buf->max);
    size_t begin = buf->size;

    wire_put_int64(buf, 0); /* the first offset, which the broker knows */
    wire_put_int32(buf, 0); /* the length, in its time */
    wire_put_int32(buf, -1);
    wire_put_int8(buf, FORMAT);
    wire_put_int32(buf, 0); /* the sum, likewise */
    put_head(buf, count, time);
    for (size_t i = 0; i < count; i++)
        put_value(buf, &scratch, (int32_t)i, records[i]);
    buf_release(&scratch);
    if (buf_error(buf))
        return;
    put_number_at(buf, begin + HEAD_SIZE - 4, (uint32_t)(buf->size - begin - HEAD_SIZE));
    put_number_at(buf, begin + FORMAT_AT + 1,
                  crc32c(buf->data + begin + SUMMED_AT, buf->size - begin - SUMMED_AT));
}
