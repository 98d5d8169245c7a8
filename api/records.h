#ifndef API_RECORDS_H
#define API_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Records as text: one line of JSON for each, which ends in a newline.
 *
 *     {"checkpoint":"42","sequence":"42","time":"2026-11-26T15:00:00.123Z","key":"k","data":"text"}
 *
 * The first member is what to commit once the record has been processed. What is no UTF-8, or holds
 * a NUL, stands in base64 instead: "base64" for data, "key_base64" for a key. A record without a
 * key, or of an unknown time, has no such member. Every escape is \uXXXX, for the echo of some
 * shells turns \n and \t into what they stand for, which would break the line.
 */

/* Bytes of whoever made it. */
struct span {
    const char *data;
    size_t size;
};

struct record {
    const char *checkpoint; /* what to commit after it, as the backend stores it */
    const char *sequence;   /* its number */
    int64_t time;           /* base/when.h; or WHEN_UNKNOWN */
    const struct span *key; /* or NULL */
    struct span data;
};

enum record_form {
    RECORD_LINES,
    RECORD_BYTES, /* the data of one record and nothing else */
};

/* What was read of a partition, in its order. It is cut between records, so that it holds at least
 * one where there is one. */
struct batch {
    enum record_form form;
    size_t limit;     /* it is full with the record that brings the sizes of keys and data to this,
                         or its text, if records are tiny, to eight times as much and 64 KiB */
    size_t bytes;     /* of keys and data */
    size_t count;     /* of records */
    struct buf text;  /* see buf_error */
    bool is_finished; /* no more will ever be written, and this is read to the end */
    size_t counted;   /* of its text, among those of all batches */
};

/* The greatest limit of a batch. Each byte may be six of its text: \u00XX. */
#define BATCH_LIMIT_MAX (16UL << 20)

/* All texts of records have together at most so many bytes, of those that are read as of the files
 * that are open: with more each batch is full with the first record. */
#define BATCHES_MAX (256UL << 20)

/* Where a batch is filled by one answer after the other, nothing more is asked for after so long:
 * somebody waits. */
#define BATCH_FILL_MS 1000

void batch_init(struct batch *batch, enum record_form form, size_t limit);
void batch_release(struct batch *batch);

bool batch_is_full(const struct batch *batch);

/* Whether as much again as was added since `before`, a copy of the batch, has room in it. */
bool batch_may_grow(const struct batch *batch, const struct batch *before);

/* Adds a record. */
void batch_add(struct batch *batch, const struct record *record);

/* Takes back what was added since `before`, a copy of the batch, also if that has failed. */
void batch_take_back(struct batch *batch, const struct batch *before);

/*
 * For records that are more than bytes with a key: the line is begun, gets its members, and is
 * ended. A value is printed by batch_print. batch_end counts the bytes of what was read.
 */
void batch_begin(struct batch *batch, const char *checkpoint, const char *sequence, int64_t time);
void batch_end(struct batch *batch, size_t bytes);

/* Adds ,"name":"text"; or what cannot be a text as ,"name_base64":"...". */
void batch_member(struct batch *batch, const char *name, const struct span *value);

/* Adds ,"data":"text"; or ,"base64":"..."; or, where the data are NULL, ,"data":null. */
void batch_data(struct batch *batch, const struct span *data);

/* Adds bytes that utf8_is_text as a JSON text. */
void batch_print(struct batch *batch, const struct span *value);

/* Adds any bytes as a JSON text of their base64. */
void batch_print_base64(struct batch *batch, const struct span *value);

#endif
