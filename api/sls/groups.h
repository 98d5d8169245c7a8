#ifndef API_SLS_GROUPS_H
#define API_SLS_GROUPS_H

#include "api/sls/client.h"

/*
 * Which group is on which logstore. SLS lists the groups of one logstore, so this takes a request
 * for each of them; who asks while it is being gathered, or within a second, shares the result.
 *
 * Logstores of which the groups may not be listed are left out, unless that is so of all of them;
 * those that have gone since they were listed too.
 */
struct sls_groups;

/* NULL without memory. */
struct sls_groups *sls_groups_new(struct sls *sls);

/* Nobody may be waiting. NULL is allowed. */
void sls_groups_free(struct sls_groups *groups);

/* As a backend's operation. names: "GROUP/LOGSTORE", sorted. `anew` does without what was gathered
 * before. */
struct call *sls_groups_get(struct sls_groups *groups, bool anew, const struct ask *ask);

/* Gathers anew for those who ask from now on: something was changed. */
void sls_groups_drop(struct sls_groups *groups);

/* Goes on when it is known which group is on which logstore; see sls_groups_get. */
void sls_wait_for_groups(struct service_call *call, bool anew, done_fn *done);

/* What `done` of sls_wait_for_groups was told: adds the streams of the call's app to its names, or
 * sets its error. */
void sls_add_streams(struct service_call *call, const struct error *error,
                     const struct answer *answer);

#endif
