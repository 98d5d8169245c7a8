#ifndef API_SLS_CLIENT_H
#define API_SLS_CLIENT_H

#include "api/service/service.h"
#include "api/sls/credentials.h"
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

#endif
