#ifndef API_SLS_CLIENT_H
#define API_SLS_CLIENT_H

#include "api/service/service.h"
#include "api/sls/credentials.h"
#include "api/sls/shards.h"
#include "api/sls/sign.h"

struct sls_groups;

/* A mount's SLS. Here an app is a consumer group of a logstore, a stream is a logstore, and a
 * partition a shard. */
struct sls {
    struct service service;
    struct sls_credentials credentials;
    struct sls_credentials former; /* with which answers may come yet that repeat them */
    unsigned generation;           /* of the credentials */
    struct sls_key key;            /* its texts are of the credentials and those below */
    char *region;
    char *consumer;         /* as which to commit; NULL: forced, as nobody */
    unsigned group_timeout; /* of the groups that are made, in seconds */
    bool group_order;
    struct sls_groups *groups;
    struct sls_shards shards;
};

/* The operations, by file. */
struct call *sls_list_apps(struct backend *backend, const struct ask *ask);
struct call *sls_find_app(struct backend *backend, const char *app, const struct ask *ask);
struct call *sls_create_app(struct backend *backend, const char *app, const char *stream,
                            const struct ask *ask);
struct call *sls_delete_app(struct backend *backend, const char *app, const char *stream,
                            const struct ask *ask);

struct call *sls_list_streams(struct backend *backend, enum streams which, const char *app,
                              const struct ask *ask);
struct call *sls_describe_stream(struct backend *backend, const char *stream,
                                 const struct ask *ask);

struct call *sls_get_states(struct backend *backend, const char *app, const char *stream,
                            const struct ask *ask);
struct call *sls_get_bounds(struct backend *backend, const char *stream, const struct ask *ask);
struct call *sls_get_state(struct backend *backend, const char *app, const char *stream,
                           uint32_t partition, enum detail detail, const struct ask *ask);

struct call *sls_get_checkpoint(struct backend *backend, const char *app, const char *stream,
                                uint32_t partition, const struct ask *ask);
struct call *sls_commit(struct backend *backend, const struct commit_order *order,
                        const struct ask *ask);

struct call *sls_get_cursor(struct backend *backend, const struct cursor_order *order,
                            const struct ask *ask);
struct call *sls_locate(struct backend *backend, const struct cursor_order *order,
                        const struct ask *ask);

struct call *sls_read_records(struct backend *backend, const struct read_order *order,
                              const struct ask *ask);
struct call *sls_append_records(struct backend *backend, const struct append_order *order,
                                const struct ask *ask);

/* What is remembered of the call's shard, until the next call; and the answer to ListShards, as
 * sls_shards_note has it. */
struct sls_shard *sls_shard_of(const struct service_call *call);
int sls_note_shards(const struct service_call *call, const cJSON *root);

/* Parts of operations: asks for the cursor that the call is for. */
void sls_send_cursor(struct service_call *call, take_fn *take);

/* The cursor at or after the call's number, which is computed. What is stored and is no number is
 * passed on as it is: SLS probably accepts it (not verified). 0, or a negative errno with the
 * call's error. */
int sls_make_cursor(struct service_call *call, char cursor[static SEQUENCE_MAX + 1]);

#endif
