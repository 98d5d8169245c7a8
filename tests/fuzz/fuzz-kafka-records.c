#include "fuzz.h"

#include <errno.h>

#include <cjson/cJSON.h>

#include "api/kafka/message.h"
#include "base/crc32c.h"

/*
 * Records as brokers send them. The first byte of an input says what the rest is: batches of
 * records, whose checksums are put right or left; an answer with some; or what became of records
 * that were sent. The second is the offset to begin at, the third the limit of the batch.
 */

#define HEAD 3

static void check_read(int status)
{
    CHECK(status == 0 || status == -EBADMSG || status == -ENOMEM);
}

static void check_line(const char *line, const char *end, int64_t *last)
{
    cJSON *root = cJSON_ParseWithLength(line, (size_t)(end - line));
    const cJSON *sequence = cJSON_GetObjectItem(root, "sequence");
    const cJSON *checkpoint = root ? root->child : NULL;
    int64_t number;

    CHECK(checkpoint && cJSON_IsString(sequence) && cJSON_IsString(checkpoint));
    CHECK(!strcmp(checkpoint->string, "checkpoint"));
    number = strtoll(sequence->valuestring, NULL, 10);
    CHECK(number > *last);
    CHECK(strtoll(checkpoint->valuestring, NULL, 10) == number + 1);
    CHECK(cJSON_HasObjectItem(root, "data") != cJSON_HasObjectItem(root, "base64") ||
          cJSON_IsObject(cJSON_GetObjectItem(root, "headers")));
    *last = number;
    cJSON_Delete(root);
}

/* Each line is one record, and they go on from where it was asked for. */
static void check_lines(const struct batch *batch, int64_t from)
{
    const char *line = batch->text.data;
    int64_t last = from - 1;
    size_t count = 0;

    for (const char *end; (end = strchr(line, '\n')); line = end + 1) {
        check_line(line, end, &last);
        count++;
    }
    CHECK(!*line);
    CHECK(count == batch->count);
}

static void read_set(struct kafka_recordset *set, const unsigned char *head)
{
    struct kafka_place place = {.next = head[1]};
    enum record_form form = head[0] & 128 ? RECORD_BYTES : RECORD_LINES;
    struct batch batch;

    batch_init(&batch, form, head[2]);
    kafka_recordset_read(set, &place, &batch);
    CHECK(place.next >= head[1]);
    CHECK(!buf_error(&batch.text));
    CHECK(!place.error.code || !batch.count);
    if (form == RECORD_LINES)
        check_lines(&batch, head[1]);
    else
        CHECK(batch.count <= 1);
    batch_release(&batch);
}

static void put_sums_right(char *bytes, size_t size)
{
    for (size_t at = 0; at + 61 <= size;) {
        struct wire wire = wire_of(bytes + at + 8, 4);
        size_t whole = 12 + (size_t)(uint32_t)wire_int32(&wire);
        uint32_t sum;

        if (whole < 61 || whole > size - at)
            return;
        sum = crc32c(bytes + at + 21, whole - 21);
        for (unsigned i = 0; i < 4; i++)
            bytes[at + 17 + i] = (char)(sum >> (24 - 8 * i));
        at += whole;
    }
}

static void read_batches(const unsigned char *head, char *bytes, size_t size, bool is_right)
{
    struct kafka_aborted aborted[] = {{.producer = 7, .first = 3}, {.producer = 7, .first = 0}};
    struct kafka_recordset set = {.bytes = {bytes, size},
                                  .aborted = aborted,
                                  .aborted_count = head[0] & 64 ? 2 : 0,
                                  .stable = head[0] & 32 ? 2 : -1};

    if (is_right)
        put_sums_right(bytes, size);
    read_set(&set, head);
}

static void read_answer(const unsigned char *head, const char *bytes, size_t size)
{
    struct wire wire = wire_of(bytes, size);
    struct kafka_recordset set;
    int16_t code;
    int status = kafka_read_fetched(&wire, &set, &code);

    check_read(status);
    if (!status)
        read_set(&set, head);
    free(set.aborted);
}

static void read_produced(const char *bytes, size_t size)
{
    struct wire wire = wire_of(bytes, size);
    bool is_stored;
    int16_t code;

    check_read(kafka_read_produced(&wire, &is_stored, &code));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = size > HEAD ? malloc(size - HEAD) : NULL;

    if (!bytes)
        return 0;
    memcpy(bytes, data + HEAD, size - HEAD);
    switch (data[0] & 3) {
    case 0:
        read_batches(data, bytes, size - HEAD, true);
        break;
    case 1:
        read_batches(data, bytes, size - HEAD, false);
        break;
    case 2:
        read_answer(data, bytes, size - HEAD);
        break;
    default:
        read_produced(bytes, size - HEAD);
    }
    free(bytes);
    return 0;
}
