#include "api/sls/loggroup.h"

#include <errno.h>
#include <stdbool.h>

#include "base/when.h"

#define SECOND_NS 1000000000

/* Fields by number. */
enum { LIST_GROUP = 1 };
enum { GROUP_LOG = 1, GROUP_TOPIC = 3, GROUP_SOURCE = 4, GROUP_TAG = 6 };
enum { LOG_TIME = 1, LOG_CONTENT = 2, LOG_TIME_NS = 4 };
enum { PAIR_KEY = 1, PAIR_VALUE = 2 };

enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct field {
    uint64_t tag; /* see TAG */
    uint64_t number;
    struct span bytes;
};

#define TAG(number, type) ((uint64_t)(number) << 3 | (type))

/* Reading. A field of another type than it should have is passed over like one that is unknown. */

static int take_varint(struct span *rest, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && rest->size; shift += 7) {
        unsigned char byte = (unsigned char)*rest->data++;

        rest->size--;
        if (shift == 63 && byte > 1)
            return -EBADMSG;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return 0;
    }
    return -EBADMSG;
}

static int take_bytes(struct span *rest, uint64_t size, struct span *bytes)
{
    if (size > rest->size)
        return -EBADMSG;
    *bytes = (struct span){rest->data, (size_t)size};
    rest->data += size;
    rest->size -= (size_t)size;
    return 0;
}

static int take_value(struct span *rest, struct field *field)
{
    switch (field->tag & 7) {
    case WIRE_VARINT:
        return take_varint(rest, &field->number);
    case WIRE_64:
        return take_bytes(rest, 8, &field->bytes);
    case WIRE_32:
        return take_bytes(rest, 4, &field->bytes);
    case WIRE_BYTES:
        if (take_varint(rest, &field->number))
            return -EBADMSG;
        return take_bytes(rest, field->number, &field->bytes);
    default:
        return -EBADMSG;
    }
}

static int take_field(struct span *rest, struct field *field)
{
    if (!rest->size)
        return 0;
    *field = (struct field){.bytes = {"", 0}};
    if (take_varint(rest, &field->tag) || field->tag < TAG(1, 0) || field->tag > UINT32_MAX ||
        take_value(rest, field))
        return -EBADMSG;
    return 1;
}

/* Takes fields up to one that is a message of that number. */
static int take_message(struct span *rest, unsigned number, struct span *message)
{
    struct field field = {0};
    int status = 1;

    while (status > 0 && field.tag != TAG(number, WIRE_BYTES))
        status = take_field(rest, &field);
    if (status > 0)
        *message = field.bytes;
    return status;
}

static int read_pair(struct span message, struct loggroup_pair *pair)
{
    struct field field;
    int status;

    *pair = (struct loggroup_pair){{"", 0}, {"", 0}};
    while ((status = take_field(&message, &field)) > 0) {
        if (field.tag == TAG(PAIR_KEY, WIRE_BYTES))
            pair->key = field.bytes;
        else if (field.tag == TAG(PAIR_VALUE, WIRE_BYTES))
            pair->value = field.bytes;
    }
    return status;
}

static int take_pair(struct span *rest, unsigned number, struct loggroup_pair *pair)
{
    struct span message;
    int status = take_message(rest, number, &message);

    if (status > 0 && read_pair(message, pair))
        return -EBADMSG;
    return status;
}

int loggroup_next_content(struct span *rest, struct loggroup_pair *content)
{
    return take_pair(rest, LOG_CONTENT, content);
}

int loggroup_next_tag(struct span *rest, struct loggroup_pair *tag)
{
    return take_pair(rest, GROUP_TAG, tag);
}

static uint32_t little_endian(const struct span *bytes)
{
    uint32_t value = 0;

    for (size_t i = bytes->size; i-- > 0;)
        value = value << 8 | (unsigned char)bytes->data[i];
    return value;
}

int loggroup_next_log(struct span *rest, struct loggroup_log *log)
{
    struct span message;
    struct field field;
    int64_t seconds = -1;
    uint32_t part = 0;
    int status = take_message(rest, GROUP_LOG, &message);

    if (status <= 0)
        return status;
    log->all = message;
    while ((status = take_field(&message, &field)) > 0) {
        if (field.tag == TAG(LOG_TIME, WIRE_VARINT))
            seconds = (uint32_t)field.number;
        else if (field.tag == TAG(LOG_TIME_NS, WIRE_32))
            part = little_endian(&field.bytes);
    }
    log->time =
        seconds < 0 ? WHEN_UNKNOWN : seconds * SECOND_NS + (part < SECOND_NS ? (int64_t)part : 0);
    return status < 0 ? status : 1;
}

struct count {
    size_t pairs;
    size_t bytes;
};

static void count_pair(struct count *count, const struct loggroup_pair *pair)
{
    count->pairs++;
    count->bytes += pair->key.size + pair->value.size;
}

static int count_contents(struct count *count, struct span log)
{
    struct loggroup_pair content;
    int status;

    while ((status = loggroup_next_content(&log, &content)) > 0)
        count_pair(count, &content);
    return status;
}

static int count_tag(struct count *count, struct span message)
{
    struct loggroup_pair tag;
    int status = read_pair(message, &tag);

    if (!status)
        count_pair(count, &tag);
    return status;
}

static int read_group_field(struct loggroup *group, const struct field *field,
                            struct count *contents, struct count *tags)
{
    switch (field->tag) {
    case TAG(GROUP_LOG, WIRE_BYTES):
        group->logs++;
        return count_contents(contents, field->bytes);
    case TAG(GROUP_TAG, WIRE_BYTES):
        return count_tag(tags, field->bytes);
    case TAG(GROUP_TOPIC, WIRE_BYTES):
        group->topic = field->bytes;
        return 0;
    case TAG(GROUP_SOURCE, WIRE_BYTES):
        group->source = field->bytes;
        return 0;
    default:
        return 0;
    }
}

int loggroup_next(struct span *rest, struct loggroup *group)
{
    struct count contents = {0};
    struct count tags = {0};
    struct field field;
    struct span fields;
    int status;

    *group = (struct loggroup){.topic = {"", 0}, .source = {"", 0}};
    status = take_message(rest, LIST_GROUP, &group->all);
    if (status <= 0)
        return status;
    fields = group->all;
    while ((status = take_field(&fields, &field)) > 0) {
        if (read_group_field(group, &field, &contents, &tags))
            return -EBADMSG;
    }
    group->pairs = contents.pairs + group->logs * tags.pairs;
    group->bytes =
        contents.bytes + group->logs * (tags.bytes + group->topic.size + group->source.size);
    return status < 0 ? status : 1;
}

int loggroup_count(struct span list, size_t *groups)
{
    struct span group;
    int status;

    for (*groups = 0; (status = take_message(&list, LIST_GROUP, &group)) > 0; ++*groups)
        ;
    return status;
}

/* Writing */

static size_t varint_size(uint64_t value)
{
    size_t size = 1;

    for (; value >= 0x80; value >>= 7)
        size++;
    return size;
}

static void add_varint(struct buf *text, uint64_t value)
{
    unsigned char byte;

    for (; value >= 0x80; value >>= 7) {
        byte = (unsigned char)(value | 0x80);
        buf_add(text, &byte, 1);
    }
    byte = (unsigned char)value;
    buf_add(text, &byte, 1);
}

/* Of a field whose number is below 16. */
static size_t bytes_field_size(size_t size)
{
    return 1 + varint_size(size) + size;
}

static void begin_bytes(struct buf *text, unsigned number, size_t size)
{
    add_varint(text, TAG(number, WIRE_BYTES));
    add_varint(text, size);
}

static void add_bytes(struct buf *text, unsigned number, const struct span *bytes)
{
    begin_bytes(text, number, bytes->size);
    buf_add(text, bytes->data, bytes->size);
}

static void add_time(struct buf *text, uint32_t seconds, uint32_t part)
{
    const unsigned char bytes[] = {(unsigned char)part, (unsigned char)(part >> 8),
                                   (unsigned char)(part >> 16), (unsigned char)(part >> 24)};

    add_varint(text, TAG(LOG_TIME, WIRE_VARINT));
    add_varint(text, seconds);
    add_varint(text, TAG(LOG_TIME_NS, WIRE_32));
    buf_add(text, bytes, sizeof(bytes));
}

void loggroup_add(struct buf *group, int64_t time, const struct loggroup_pair *content)
{
    uint32_t seconds = (uint32_t)(time / SECOND_NS);
    size_t size = bytes_field_size(content->key.size) + bytes_field_size(content->value.size);
    size_t time_size = 1 + varint_size(seconds) + 1 + sizeof(uint32_t);

    begin_bytes(group, GROUP_LOG, time_size + bytes_field_size(size));
    add_time(group, seconds, (uint32_t)(time % SECOND_NS));
    begin_bytes(group, LOG_CONTENT, size);
    add_bytes(group, PAIR_KEY, &content->key);
    add_bytes(group, PAIR_VALUE, &content->value);
}

size_t loggroup_cut(const struct span *group, size_t max_bytes, size_t max_logs, size_t *count)
{
    struct span rest = *group;
    struct loggroup_log log;
    size_t size = 0;

    *count = 0;
    while (*count < max_logs && loggroup_next_log(&rest, &log) > 0) {
        if (*count && group->size - rest.size > max_bytes)
            break;
        size = group->size - rest.size;
        ++*count;
    }
    return size;
}
