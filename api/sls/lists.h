#ifndef API_SLS_LISTS_H
#define API_SLS_LISTS_H

#include "api/sls/client.h"

/* What SLS lists: the logstores of the project, and the consumer groups of one logstore. */

/* A call that gives names; it is to be returned when it has an error. NULL without memory. */
struct service_call *sls_new_listing(struct backend *backend, const char *app,
                                     const struct ask *ask);

/* Asks for all logstores, page by page; they are added to the call's names. */
void sls_send_logstores(struct service_call *call);

/* Parts of operations, of which metrics do not tell by themselves. names: all logstores;
 * "GROUP/LOGSTORE" for each group of one logstore. */
struct call *sls_ask_logstores(struct sls *sls, const struct ask *ask);
struct call *sls_ask_groups(struct sls *sls, const char *logstore, const struct ask *ask);

#endif
