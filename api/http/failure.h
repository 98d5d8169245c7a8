#ifndef API_HTTP_FAILURE_H
#define API_HTTP_FAILURE_H

#include <stdbool.h>

#include <curl/curl.h>

#include "api/error.h"

/* What a transfer that failed means. */
struct failure {
    bool passing;     /* another try may help */
    bool unreachable; /* there was no connection */
};

/*
 * Describes a failed transfer to `host`; detail is libcurl's own text. The easy handle tells what
 * the system said.
 */
struct failure failure_describe(CURL *easy, CURLcode result, const char *host, const char *detail,
                                struct error *error);

/* Describes an answer with HTTP 407, which is of a proxy. */
void failure_proxy_asks(const char *host, struct error *error);

#endif
