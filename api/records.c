#include "api/records.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/utf8.h"
#include "base/when.h"

/* Room for a batch at its limit, and one record more that is as large, with every byte escaped. */
#define TEXT_MAX (BATCH_LIMIT_MAX * 2 * 6 + 4096)

/* The text of a batch ends where it has so many bytes, and so many for each of its limit. */
#define TEXT_LEAST  65536
#define TEXT_FACTOR 8

/* How many bytes become base64 at once; a multiple of three. */
#define BASE64_PIECE 3072

/* Of all batches that there are; those of the embedded store are filled by its thread. */
static _Atomic size_t all_bytes;

static void count_text(struct batch *batch)
{
    all_bytes += batch->text.size - batch->counted;
    batch->counted = batch->text.size;
}

void batch_init(struct batch *batch, enum record_form form, size_t limit)
{
    *batch = (struct batch){.form = form, .limit = limit, .text = BUF_INIT(TEXT_MAX)};
}

void batch_release(struct batch *batch)
{
    buf_release(&batch->text);
    count_text(batch);
}

static size_t text_limit(const struct batch *batch)
{
    return TEXT_LEAST + TEXT_FACTOR * batch->limit;
}

bool batch_is_full(const struct batch *batch)
{
    return batch->count && (batch->form == RECORD_BYTES || batch->bytes >= batch->limit ||
                            batch->text.size >= text_limit(batch) || all_bytes >= BATCHES_MAX);
}

bool batch_may_grow(const struct batch *batch, const struct batch *before)
{
    return !batch_is_full(batch) && 2 * batch->bytes - before->bytes <= batch->limit &&
           2 * batch->text.size - before->text.size <= text_limit(batch);
}

void batch_take_back(struct batch *batch, const struct batch *before)
{
    batch->text.error = 0;
    buf_resize(&batch->text, before->text.size);
    batch->count = before->count;
    batch->bytes = before->bytes;
    count_text(batch);
}

static bool must_escape(unsigned char byte)
{
    return byte < 0x20 || byte == 0x7f || byte == '"' || byte == '\\';
}

/* Not by printf, which takes ten times as long for a record that is full of them. */
static void print_escape(struct buf *text, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    const char escape[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};

    buf_add(text, escape, sizeof(escape));
}

static void print_text(struct buf *text, const struct span *value)
{
    const char *end = value->data + value->size;
    const char *from = value->data;

    for (const char *next = from; next < end; next++) {
        if (!must_escape((unsigned char)*next))
            continue;
        buf_add(text, from, (size_t)(next - from));
        print_escape(text, (unsigned char)*next);
        from = next + 1;
    }
    buf_add(text, from, (size_t)(end - from));
}

static void print_base64(struct buf *text, const struct span *value)
{
    char encoded[BASE64_ROOM(BASE64_PIECE)];

    for (size_t i = 0; i < value->size; i += BASE64_PIECE) {
        size_t rest = value->size - i;

        base64_encode(value->data + i, rest < BASE64_PIECE ? rest : BASE64_PIECE, encoded);
        buf_puts(text, encoded);
    }
}

void batch_print(struct batch *batch, const struct span *value)
{
    buf_puts(&batch->text, "\"");
    print_text(&batch->text, value);
    buf_puts(&batch->text, "\"");
}

void batch_print_base64(struct batch *batch, const struct span *value)
{
    buf_puts(&batch->text, "\"");
    print_base64(&batch->text, value);
    buf_puts(&batch->text, "\"");
}

static void add_member(struct buf *text, const char *name, const char *binary_name,
                       const struct span *value)
{
    bool is_text = utf8_is_text(value->data, value->size);

    buf_puts(text, ",\"");
    buf_puts(text, is_text ? name : binary_name);
    buf_puts(text, "\":\"");
    if (is_text)
        print_text(text, value);
    else
        print_base64(text, value);
    buf_puts(text, "\"");
}

void batch_member(struct batch *batch, const char *name, const struct span *value)
{
    char binary_name[64];

    snprintf(binary_name, sizeof(binary_name), "%s_base64", name);
    add_member(&batch->text, name, binary_name, value);
}

void batch_data(struct batch *batch, const struct span *data)
{
    if (data->data)
        add_member(&batch->text, "data", "base64", data);
    else
        buf_puts(&batch->text, ",\"data\":null");
}

void batch_begin(struct batch *batch, const char *checkpoint, const char *sequence, int64_t time)
{
    struct span number = {sequence, strlen(sequence)};
    struct span next = {checkpoint, strlen(checkpoint)};
    char when[WHEN_ROOM];

    buf_puts(&batch->text, "{\"checkpoint\":");
    batch_print(batch, &next);
    buf_puts(&batch->text, ",\"sequence\":");
    batch_print(batch, &number);
    if (time == WHEN_UNKNOWN)
        return;
    when_format(time, when);
    buf_puts(&batch->text, ",\"time\":\"");
    buf_puts(&batch->text, when);
    buf_puts(&batch->text, "\"");
}

void batch_end(struct batch *batch, size_t bytes)
{
    buf_puts(&batch->text, "}\n");
    batch->count++;
    batch->bytes += bytes;
    count_text(batch);
}

static void add_bytes(struct batch *batch, const struct span *data)
{
    buf_add(&batch->text, data->data, data->size);
    batch->count++;
    batch->bytes += data->size;
    count_text(batch);
}

void batch_add(struct batch *batch, const struct record *record)
{
    if (batch->form == RECORD_BYTES) {
        add_bytes(batch, &record->data);
        return;
    }
    batch_begin(batch, record->checkpoint, record->sequence, record->time);
    if (record->key)
        batch_member(batch, "key", record->key);
    add_member(&batch->text, "data", "base64", &record->data);
    batch_end(batch, record->data.size + (record->key ? record->key->size : 0));
}
