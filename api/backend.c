#include "api/backend.h"

#include <errno.h>
#include <string.h>

#include "api/dis/dis.h"
#include "api/local/local.h"
#include "api/sls/sls.h"

/* The backends: what their sources begin with, and who opens the rest. */
static const struct {
    const char *prefix;
    int (*open)(const char *rest, const struct backend_options *options, struct backend **backend,
                struct error *error);
} backends[] = {
    {"local:", local_open},          {"dis://", dis_open},
    {"dis+http://", dis_open_plain}, {"sls://", sls_open},
    {"sls+http://", sls_open_plain},
};

#define BACKENDS (sizeof(backends) / sizeof(backends[0]))

static size_t find(const char *source)
{
    size_t i = 0;

    while (i < BACKENDS && strncmp(source, backends[i].prefix, strlen(backends[i].prefix)) != 0)
        i++;
    return i;
}

int backend_check_source(const char *source, struct error *error)
{
    if (!*source || find(source) < BACKENDS)
        return 0;
    return error_set(error, EINVAL,
                     "unknown source \"%.100s\": use local:PATH, dis://HOST/PROJECT_ID or "
                     "sls://PROJECT.ENDPOINT",
                     source);
}

int backend_open(const char *source, const struct backend_options *options,
                 struct backend **backend, struct error *error)
{
    size_t i = *source ? find(source) : 0;

    if (backend_check_source(source, error))
        return -EINVAL;
    return backends[i].open(*source ? source + strlen(backends[i].prefix) : "", options, backend,
                            error);
}
