#ifndef API_SLS_REQUEST_H
#define API_SLS_REQUEST_H

#include "api/service/service.h"

/* Requests that several operations send. Each has the name of its action in RAM, of section 1.15 of
 * the API's description; only messages tell it. */

/* The header of the size of a body before it was compressed. Who compresses sets it. */
#define SLS_RAW_SIZE "x-log-bodyrawsize"

/* Begins a request to what is below the call's logstore: "shards" or "consumergroups". */
void sls_begin_logstore(struct service_call *call, const char *method, const char *what);

/* The same, to the call's group on its logstore, and to its shard. */
void sls_begin_group(struct service_call *call, const char *method);
void sls_begin_shard(struct service_call *call);

/* Begins a request to read what the shard holds. */
void sls_begin_pull(struct service_call *call, const char *cursor, unsigned groups);

/* Begins a request to add a log group, which is sent once, to the shard that has the hash key. */
void sls_begin_put(struct service_call *call, const char *key);

/* Begins a request for a cursor in the call's shard. from: "begin", "end", or seconds since 1970.
 */
void sls_begin_cursor(struct service_call *call, const char *from);

/* As a call's `recover`: SLS refuses to list the shards of a logstore that has none, which is taken
 * for an empty list. Where the call describes the logstore, its text is printed too. */
bool sls_recover_without_shard(struct service_call *call, const struct error *error);

#endif
