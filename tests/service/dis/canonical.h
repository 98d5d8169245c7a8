#ifndef SERVICE_DIS_CANONICAL_H
#define SERVICE_DIS_CANONICAL_H

#include "tests/service/dis/signature.h"

/* The one way to write a request that both sides sign. */
#define CANONICAL_MAX ((size_t)1024 * 1024)

struct canonical_form {
    enum signature_variant variant;
    const char *signed_headers; /* as sent: names between ; */
    bool host_without_port;
};

/* Adds the canonical request to out; when the verdict is not that it is valid, as much of it as
 * there was until then. */
enum signature_verdict canonical_build(struct buf *out, const struct request *request,
                                       const struct canonical_form *form);

#endif
