#ifndef API_LOCAL_LOCAL_H
#define API_LOCAL_LOCAL_H

#include "api/backend.h"

/* Opens the embedded store at path; NULL or "" is $XDG_DATA_HOME/checkpointfs/checkpoints.db. It is
 * made if missing, unless the mount is read-only. 0 or a negative errno with an error. */
int local_open(const char *path, const struct backend_options *options, struct backend **backend,
               struct error *error);

#endif
