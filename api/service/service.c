#include "api/service/service.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int copy_text(char **target, const char *text)
{
    *target = text ? strdup(text) : NULL;
    return text && !*target ? -ENOMEM : 0;
}

/* The file may be found from the present directory alone. */
static int set_cacert_of_environment(struct service *service, const char *name, struct error *error)
{
    const char *path = getenv(name);

    if (!path || !*path)
        return 0;
    service->cacert = realpath(path, NULL);
    if (service->cacert)
        return 0;
    return error_set(error, errno, "%s: %.200s: %s", name, path, strerror(errno));
}

int service_open(struct service *service, const struct backend_options *options,
                 const struct endpoint *endpoint, struct error *error)
{
    const char *variable = service->protocol->cacert_variable;
    struct http_options http;

    snprintf(service->host, sizeof(service->host), "%s", endpoint->host);
    snprintf(service->base, sizeof(service->base), "%s://%s", endpoint->scheme, endpoint->host);
    if (copy_text(&service->cacert, backend_setting(options, "cacert")) ||
        copy_text(&service->cert, backend_setting(options, "cert")) ||
        copy_text(&service->cert_key, backend_setting(options, "key")) ||
        copy_text(&service->credentials_file, backend_setting(options, "credentials")))
        return error_set(error, ENOMEM, "no memory");
    if (variable && !service->cacert && set_cacert_of_environment(service, variable, error))
        return -error->code;
    service->http_options = (struct http_options){.loop = options->loop,
                                                  .cacert = service->cacert,
                                                  .cert = service->cert,
                                                  .key = service->cert_key,
                                                  .retries = &service->backend.retries};
    http = service->http_options;
    http.endpoint = endpoint;
    return http_new(&http, &service->http, error);
}

void service_close(struct service *service)
{
    http_free(service->http);
    free(service->credentials_file);
    free(service->cacert);
    free(service->cert);
    free(service->cert_key);
}

bool service_name_ends(const char *name, const char *end)
{
    size_t length = strlen(name);

    return length > strlen(end) && !strcmp(name + length - strlen(end), end);
}
