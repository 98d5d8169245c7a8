#ifndef API_DIS_ANSWER_H
#define API_DIS_ANSWER_H

#include <cjson/cJSON.h>

#include "api/service/service.h"
#include "base/buf.h"

/*
 * Reads DIS's answers. A root is what json_parse gave, or NULL where that was no JSON. All return 0
 * or a negative errno: -EBADMSG for what the API reference does not allow, -ENOMEM, -EFBIG for more
 * than this program holds. Texts that are given belong to the root. A member that the API reference
 * documents and that says what is there, or is not, must be there: "{}" says nothing.
 */

/* Adds the page's names, as names_add_asked. */
int dis_answer_apps(const cJSON *root, struct names *names, struct page *page);
int dis_answer_streams(const cJSON *root, struct names *names, struct page *page);

/* Whether it is an app of that name: what tells that there is one. */
int dis_answer_app(const cJSON *root, const char *app);

/* The streams on which that app has committed. *told is false when the service does not say. */
int dis_answer_app_streams(const cJSON *root, const char *app, struct names *names, bool *told);

/* Prints what is known of the stream of that name as a JSON object; what is not told is null. */
int dis_answer_stream(const cJSON *root, const char *stream, struct buf *text);

/* How many partitions a stream has that can be read, or 0 if it does not say. */
size_t dis_answer_count(const cJSON *root);

/* The partitions of a stream: without checkpoints. Expired ones are left out. */
int dis_answer_partitions(const cJSON *root, struct table *table, struct page *page);

/* The partitions with what an app has committed; the ids may be "0" or "shardId-0000000000", the
 * numbers texts or numbers: documentation and practice differ. Expired ones are left out. */
int dis_answer_states(const cJSON *root, struct table *table, struct page *page);

/* What is committed: *sequence is NULL when nothing is, which DIS writes as -1. */
int dis_answer_checkpoint(const cJSON *root, const char **sequence, const char **metadata);

int dis_answer_cursor(const cJSON *root, const char **cursor);

/* The records, each for dis_answer_record, and the cursor to go on with, or NULL. */
int dis_answer_records(const cJSON *root, const cJSON **records, const char **next);

/* The number of one of them. */
int dis_answer_sequence(const cJSON *entry, char sequence[static DECIMAL_ROOM]);

/* One of them as a whole, but for what to commit after it. The data, which may be any bytes, is
 * decoded in place, so that this can be asked once. A key that holds a NUL, which no text of JSON
 * shows here, is given as none. */
int dis_answer_record(const cJSON *entry, char sequence[static DECIMAL_ROOM], struct span *key,
                      struct record *record);

/* What became of one of the records that were sent: *code is NULL when it is stored, and *message
 * may be NULL. -EBADMSG when it says neither, or that there are others than the count that was
 * sent. */
int dis_answer_stored(const cJSON *root, size_t count, const cJSON **entries);
int dis_answer_result(const cJSON *entry, const char **code, const char **message);

/* The number that a cursor starts at. The form of a cursor is not documented; this is what the
 * official SDKs read out of it. -ENODATA when it does not tell. */
int dis_cursor_decode(const char *cursor, char sequence[static SEQUENCE_MAX + 1]);

/* Reads "[289911 : 289927]": the oldest record and the next one to be written. -ENODATA for
 * anything else: partitions that are being made or have expired have no range. */
int dis_range_parse(const char *range, char earliest[static DECIMAL_ROOM],
                    char latest[static DECIMAL_ROOM]);

#endif
