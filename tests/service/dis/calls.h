#ifndef SERVICE_DIS_CALLS_H
#define SERVICE_DIS_CALLS_H

#include "tests/service/common/values.h"
#include "tests/service/dis/dis.h"
#include "tests/service/dis/quirks.h"

/*
 * What the calls of DIS have in common. call->service is a struct dis, captured[0] the project.
 * Functions called need_... answer the call with an error themselves when they return NULL or
 * false.
 */

/* Answers with the error DIS.<code>, its usual text, and what goes into brackets behind it. */
void refuse(struct call *call, int code, const char *detail, ...)
    __attribute__((format(printf, 3, 4)));

/* "Invalid request. [Invalid <name> <value>.]" */
void refuse_value(struct call *call, const char *name, const char *value);

/* The text of an error, for entries inside a successful answer. */
const char *error_text(int code);

/* The body as a JSON object, for the caller to delete. */
cJSON *need_body(struct call *call);

/* A text in the body, or in the query when json is NULL. get_text gives NULL when it is not there.
 */
const char *get_text(const struct call *call, const cJSON *json, const char *name);
const char *need_text(struct call *call, const cJSON *json, const char *name);

/* An app or a stream that must be there, by a name that must be well-formed. The stream is looked
 * for by its name, and then by the id. */
struct app *need_app(struct call *call, const char *name);
struct stream *need_stream(struct call *call, const char *name, const char *id);

/* 1 to `most` of letters, digits, - and _. */
bool name_is_valid(const char *name, size_t most);

/* LAST_READ is the only type of checkpoints there is. */
bool need_checkpoint_type(struct call *call, const char *type);

/* "7" or "shardId-0000000007"; need_partition also wants it to be there. */
bool partition_read(const char *text, size_t *partition);
bool need_partition(struct call *call, const struct stream *stream, const char *text,
                    size_t *partition);

/* A partition that records can be read from. */
bool need_readable(struct call *call, const struct stream *stream, const char *text,
                   size_t *partition);

#define PARTITION_ROOM 24

void partition_print(char text[static PARTITION_ROOM], size_t partition, bool shard_form);
const char *partition_status_text(enum partition_status status);

/* Limits out of range are refused; that it is so, and not clamped, is a guess. */
bool need_limit(struct call *call, const char *name, size_t usual, size_t most, size_t *limit);

/* `more` is whether something is left, `full` whether the page has as much as it may. */
void add_has_more(const struct call *call, cJSON *json, const char *name, bool more, bool full);

void checkpoint_commit(struct call *call);
void checkpoint_show(struct call *call);
void checkpoint_delete(struct call *call);

void app_create(struct call *call);
void apps_list(struct call *call);
void app_show(struct call *call);
void app_delete(struct call *call);
void app_states(struct call *call);

void stream_create(struct call *call);
void streams_list(struct call *call);
void stream_show(struct call *call);
void stream_scale(struct call *call);
void stream_delete(struct call *call);

void cursor_show(struct call *call);
void records_read(struct call *call);
void records_write(struct call *call);

#endif
