#ifndef API_DIS_DIS_H
#define API_DIS_DIS_H

#include "api/backend.h"

/*
 * Data Ingestion Service of Huawei Cloud and Open Telekom Cloud. `rest` is
 * "HOST[:PORT]/PROJECT_ID", what follows "dis://" in a source; with dis_open_plain "dis+http://",
 * and nothing is encrypted.
 *
 * The options' settings say where the credentials are (api/dis/credentials.h) and how requests are
 * signed with an access key: signature is "access" or "credential", the second with a region and a
 * service, which may be "". Unless they are given, hosts of Open Telekom Cloud get "credential"
 * with both empty, as its own SDK sends it, and all others "access"; for "credential" then, the
 * region is the host's second label on myhuaweicloud.com, and the service "dis". Which signature a
 * region takes today is not verified.
 */
int dis_open(const char *rest, const struct backend_options *options, struct backend **backend,
             struct error *error);
int dis_open_plain(const char *rest, const struct backend_options *options,
                   struct backend **backend, struct error *error);

#endif
