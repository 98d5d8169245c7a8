#ifndef API_DIS_DIS_H
#define API_DIS_DIS_H

#include "api/backend.h"

/*
 * Data Ingestion Service of Huawei Cloud and Open Telekom Cloud. With "dis+http://" nothing is
 * encrypted.
 *
 * Where the credentials come from is said in api/dis/credentials.h. With an access key requests are
 * signed: the option signature is "access" or "credential", the second with a region and a service,
 * which may be "". Unless they are given, hosts of Open Telekom Cloud get "credential" with both
 * empty, as its own SDK sends it, and all others "access"; for "credential" then, the region is the
 * host's second label on myhuaweicloud.com, and the service "dis". Which signature a region takes
 * today is not verified.
 */
extern const struct backend_type dis_backend;

#endif
