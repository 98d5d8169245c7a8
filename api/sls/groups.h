#ifndef API_SLS_GROUPS_H
#define API_SLS_GROUPS_H

#include "api/sls/client.h"

/*
 * Which group is on which logstore. SLS lists the groups of one logstore only, so this takes a
 * request for each logstore. Everyone who asks while it is being gathered, or within a second
 * afterwards, shares the result.
 *
 * Logstores whose groups SLS says that we may not list are left out, unless we may list none at
 * all; so are logstores that have gone since they were listed.
 */
struct sls_groups;

/* NULL without memory. */
struct sls_groups *sls_groups_new(struct sls *sls);

/* Nobody may be waiting. NULL is allowed. */
void sls_groups_free(struct sls_groups *groups);

/* As a backend's operation. names: "GROUP/LOGSTORE", as file names (api/name.h) that have no '/',
 * sorted. With `anew` a result that was gathered
 * before is not used. */
struct call *sls_groups_get(struct sls_groups *groups, bool anew, const struct ask *ask);

/* To be called after a change: those who ask from now on get a result gathered after it. */
void sls_groups_drop(struct sls_groups *groups);

/* The app was seen to have its group on the stream: what was gathered without it is older. */
void sls_groups_note(struct sls_groups *groups, const char *app, const char *stream);

/* As sls_groups_get, for a call: `done` gets the call, which waits until then. */
void sls_wait_for_groups(struct service_call *call, bool anew, done_fn *done);

/* What `done` of sls_wait_for_groups was told: adds the streams of the call's app to its names, or
 * sets its error. */
void sls_add_streams(struct service_call *call, const struct error *error,
                     const struct answer *answer);

#endif
