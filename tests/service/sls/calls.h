#ifndef SERVICE_SLS_CALLS_H
#define SERVICE_SLS_CALLS_H

#include "tests/service/common/values.h"
#include "tests/service/sls/quirks.h"
#include "tests/service/sls/sls.h"

/*
 * What the calls of SLS have in common. call->service is a struct sls, captured[0] the logstore and
 * captured[1] the group or shard. Functions called need_... answer the call with an error
 * themselves when they return NULL or false.
 */

/* Answers with an error. */
void refuse(struct call *call, unsigned status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

bool has_quirk(const struct call *call, enum sls_quirk quirk, const char *word);

struct logstore *need_logstore(struct call *call);
struct group *need_group(struct call *call, struct logstore *logstore);

struct shard *need_shard(struct call *call, const struct logstore *logstore);

/* The status of a missing shard depends on the call. */
void refuse_shard(struct call *call, unsigned status, const char *text);

/* A cursor that is beyond what the shard has. */
void refuse_cursor(struct call *call, const char *text);

/* A parameter of the query. */
const char *need_query(struct call *call, const char *name);

/* The body as JSON, of any kind or an object, for the caller to delete. */
cJSON *need_body(struct call *call);
cJSON *need_object(struct call *call);

/* A member that is a whole number of 0 to 2^53. */
bool json_number(const cJSON *json, const char *name, int64_t *number);

/* Microseconds since 1970. */
int64_t now_us(const struct sls *sls);

/* Answers with an array in the order that the quirk says; it is deleted. */
void answer_array(struct call *call, cJSON *array);

/* Puts an array in the order that the quirk says. */
void order_array(const struct call *call, cJSON *array);

void logstores_list(struct call *call);
void shards_list(struct call *call);

/* type=cursor, type=cursor_time, and type=log or logs. */
void shard_show(struct call *call);
void records_show(struct call *call, const struct shard *shard);

/* To shards/lb, or shards/route?key=. */
void records_put(struct call *call);

void groups_list(struct call *call);
void group_create(struct call *call);
void group_update(struct call *call);
void group_delete(struct call *call);

/* type=heartbeat or type=checkpoint. */
void group_post(struct call *call);
void group_beat_call(struct call *call, struct logstore *logstore, struct group *group);
void checkpoint_update(struct call *call, struct logstore *logstore, struct group *group);
void checkpoints_show(struct call *call);

#endif
