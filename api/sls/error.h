#ifndef API_SLS_ERROR_H
#define API_SLS_ERROR_H

#include "api/service/refusal.h"

/*
 * Judges an answer of SLS. Success is HTTP 200 alone. A refusal is {"errorCode", "errorMessage"},
 * or a page of the load balancer, which is no JSON: that is never ENOENT. The HTTP status of a code
 * and its spelling ("Exsit") have changed over time, so the code decides what is wrong, and the
 * status only where there is no code.
 */
enum http_verdict sls_judge(const struct http_answer *answer, const struct secrets *secrets,
                            struct error *error);

/* The user may not do that, as SLS itself says. Not that the credentials are wrong, or old. */
bool sls_is_not_allowed(const struct error *error);

/* It may be one action, and not the credentials, that is refused: the code is the same for both. */
bool sls_may_be_of_action(const struct error *error);

/* The logstore exists and has no shard, which SLS refuses to list. */
bool sls_is_without_shard(const struct error *error);

#endif
