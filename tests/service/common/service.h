#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/service/common/faults.h"
#include "tests/service/common/http.h"
#include "tests/service/common/log.h"
#include "tests/service/common/quirks.h"
#include "tests/service/common/signing.h"

/*
 * What every simulated service has, whatever it serves: its clock, who may ask, what goes wrong on
 * demand, what was asked. A service adds its tables of calls.
 */
#define SERVICE_TABLES_MAX 8

struct stats {
    uint64_t requests;       /* all but those to the control interface */
    unsigned in_flight;      /* asked, and not yet answered in full */
    unsigned in_flight_most; /* the most there were at once */
    uint64_t aborted;        /* the answer did not reach the client in full */
    uint64_t connections;
    unsigned connections_open;
    uint64_t auth_failures;
    uint64_t signature_failures;
};

struct table {
    const struct route *routes;
    size_t count;
    void *user; /* becomes call->service */

    /* Decides before a call is made; answers itself when it says no. May be NULL. */
    bool (*admit)(struct call *call);
};

/* Why a request finds nobody who would answer it. */
enum refusal { REFUSAL_MALFORMED, REFUSAL_TOO_LARGE, REFUSAL_UNKNOWN_CALL };

struct service;
struct server_beside;

/* How one service differs from another where all have the same machinery. */
struct manners {
    const struct quirk_row *quirks;
    size_t quirk_count;

    /* Of errors that the control interface asks for. */
    const char *fault_shape;
    const char *fault_code;
    const char *fault_message;

    /* NULL, or what of a fault makes no sense with this service; may be NULL itself, for HTTP. */
    const char *(*refuse_fault)(const struct fault *fault);

    /* What every answer has beside its Date. */
    void (*add_headers)(const struct service *service, struct answer *answer);

    /* How the request means to prove who it is, in a word for the log. */
    const char *(*auth_kind)(const struct request *request);

    void (*refuse)(const struct service *service, const struct request *request,
                   struct answer *answer, enum refusal refusal);

    /* Back to the state it started in. */
    void (*reset_world)(void *world);

    /* Adds lines to the statistics; may be NULL. */
    void (*print_stats)(const void *world, struct buf *out);
};

struct service {
    const struct manners *manners;
    void *world; /* the service behind all this, for its manners */
    char *project;
    int64_t clock_offset_ms;
    bool auth_none;
    struct signing_key *keys;
    size_t key_count;
    const char *region; /* signatures for another one are refused; NULL for any */
    struct quirks quirks;
    struct faults faults;
    struct request_log log;
    struct stats stats;
    struct table tables[SERVICE_TABLES_MAX];
    size_t table_count;

    /* Closes the connections on which nothing is going on. */
    void (*close_idle)(void *server);

    /* Sends the answers that are held. */
    void (*let_go)(void *server);
    void *server;

    /* What is served beside HTTP; NULL for nothing. */
    const struct server_beside *beside;
};

/* The manners must stay. */
void service_init(struct service *service, const struct manners *manners, void *world);
void service_release(struct service *service);

/* Adds a header with so many random bytes in hexadecimal. */
void service_random_header(struct answer *answer, const char *name, size_t bytes, bool upper_case);

/* Milliseconds since 1970 as this service believes. */
int64_t service_now_ms(const struct service *service);

void service_add_table(struct service *service, const struct table *table);

void service_set_project(struct service *service, const char *project);

/* Adds a key, takes all but the last away, or gives that one its security token. */
void service_add_key(struct service *service, const char *access, const char *secret);
void service_keep_last_key(struct service *service);
void service_set_security_token(struct service *service, const char *token);

/* Back to the state it started in: no faults, no quirks, an empty world, nothing logged. */
void service_reset(struct service *service);

/* Answers a whole request: control calls, faults, the tables, the log. */
void service_handle(struct service *service, struct request *request, struct answer *answer);

/* The request was answered in full, or not. */
void service_finished(struct service *service, const struct request *request, bool in_full);

#endif
