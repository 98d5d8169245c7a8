#ifndef API_HTTP_ENDPOINT_H
#define API_HTTP_ENDPOINT_H

#include <stdbool.h>

#include "api/error.h"

/* Where a service is, as a URL without user, query and fragment says it. */
struct endpoint {
    char scheme[8];  /* "http" or "https" */
    char name[256];  /* the host alone */
    char host[264];  /* and the port, unless it is the scheme's own: as in a Host header */
    char path[1024]; /* percent-encoded, from its '/' on */
    bool loopback;   /* the host is this machine */
};

/* 0, -EINVAL or -ENOMEM, with an error. Nothing is asked of a name server. */
int endpoint_parse(const char *url, struct endpoint *endpoint, struct error *error);

#endif
