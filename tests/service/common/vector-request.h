#ifndef SERVICE_VECTOR_REQUEST_H
#define SERVICE_VECTOR_REQUEST_H

#include "base/buf.h"
#include "tests/service/common/http.h"
#include "tests/vectors/vectors.h"

#define VECTOR_TARGET_MAX ((size_t)1024 * 1024)

/* The target as a client would send it: the query encoded. */
static inline void vector_set_target(struct request *request, const cJSON *vector)
{
    struct buf target = BUF_INIT(VECTOR_TARGET_MAX);
    const char *before = "?";
    const cJSON *pair;

    buf_puts(&target, vector_text(vector, "path"));
    cJSON_ArrayForEach(pair, vector_member(vector, "query"))
    {
        buf_puts(&target, before);
        http_encode(&target, vector_pair(pair, 0));
        buf_puts(&target, "=");
        http_encode(&target, vector_pair(pair, 1));
        before = "&";
    }
    request_set_target(request, target.data);
    buf_release(&target);
}

#endif
