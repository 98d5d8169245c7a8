#ifndef API_SLS_REQUEST_H
#define API_SLS_REQUEST_H

#include "api/service/service.h"

/* Requests that several operations send. Each has the name of its action in RAM, of section 1.15 of
 * the API's description; only messages tell it. */

/* Begins a request to what is below the call's logstore: "shards" or "consumergroups". */
void sls_begin_logstore(struct service_call *call, const char *method, const char *what);

/* The same, to the call's group on its logstore, and to its shard. */
void sls_begin_group(struct service_call *call, const char *method);
void sls_begin_shard(struct service_call *call);

/* Begins a request for a cursor in the call's shard. from: "begin", "end", or seconds since 1970.
 */
void sls_begin_cursor(struct service_call *call, const char *from);

/* As a call's `recover`: SLS refuses to list the shards of a logstore that has none, which is taken
 * for an empty list. Where the call describes the logstore, its text is printed too. */
bool sls_recover_without_shard(struct service_call *call, const struct error *error);

#endif
