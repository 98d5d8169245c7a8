#ifndef API_SLS_SLS_H
#define API_SLS_SLS_H

#include "api/backend.h"

/*
 * Simple Log Service of Alibaba Cloud. With "sls+http://" nothing is encrypted.
 *
 * Where the credentials come from is said in api/sls/credentials.h. The option signature is "v1" or
 * "v4", which needs a region. The region is that of the option, else the one in a host
 * "PROJECT.REGION.log.aliyuncs.com" (without -intranet, -share or -vpc), else the one that the
 * credentials' source names. Unless it is given, the signature is v4 where a region is known.
 *
 * With a consumer, checkpoints are committed in its name, which fails unless it holds the
 * partition; without one they are forced. group_timeout and group_order are of the groups that are
 * made: seconds after which a consumer that is not heard of loses its partitions, and whether the
 * parts of a partition that was split wait until it has been read.
 */
extern const struct backend_type sls_backend;

#endif
