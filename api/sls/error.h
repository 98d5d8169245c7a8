#ifndef API_SLS_ERROR_H
#define API_SLS_ERROR_H

#include "api/service/refusal.h"

/*
 * Judges an answer of SLS. Success is HTTP 200 alone. A refusal is {"errorCode", "errorMessage"},
 * or a page of the load balancer, which is no JSON. Codes are the service's words; their status and
 * their spelling ("Exsit") have changed over time, so what is wrong is told by the code, and by the
 * status where there is none.
 */
enum http_verdict sls_judge(const struct http_answer *answer, const struct secrets *secrets,
                            struct error *error);

/* The logstore is there and has no shard: to who lists them, that is a list of none. */
bool sls_is_without_shard(const struct error *error);

#endif
