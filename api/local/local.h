#ifndef API_LOCAL_LOCAL_H
#define API_LOCAL_LOCAL_H

#include "api/backend.h"

/* The embedded store: one SQLite file, without a server or an account. */
extern const struct backend_type local_backend;

#endif
