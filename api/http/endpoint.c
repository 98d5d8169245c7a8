#include "api/http/endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <curl/curl.h>

static bool copy_part(CURLU *url, CURLUPart part, char *text, size_t room)
{
    char *value = NULL;
    bool fits = !curl_url_get(url, part, &value, 0) && strlen(value) < room;

    if (fits)
        memcpy(text, value, strlen(value) + 1);
    curl_free(value);
    return fits;
}

static bool has_part(CURLU *url, CURLUPart part)
{
    char *value = NULL;
    bool has = !curl_url_get(url, part, &value, 0);

    curl_free(value);
    return has;
}

/* libcurl itself resolves all these to this machine. */
static bool is_below_localhost(const char *name)
{
    size_t length = strlen(name);
    size_t end = strlen(".localhost");

    return length > end && !strcasecmp(name + length - end, ".localhost");
}

static bool is_loopback(const char *name)
{
    struct in_addr address;

    if (inet_pton(AF_INET, name, &address) == 1)
        return ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
    return !strcasecmp(name, "localhost") || !strcmp(name, "[::1]") || is_below_localhost(name);
}

static bool parse_host(CURLU *url, struct endpoint *endpoint)
{
    const char *usual = !strcmp(endpoint->scheme, "https") ? "443" : "80";
    char port[8] = "";

    if (!copy_part(url, CURLUPART_HOST, endpoint->name, sizeof(endpoint->name)) ||
        (has_part(url, CURLUPART_PORT) && !copy_part(url, CURLUPART_PORT, port, sizeof(port))))
        return false;
    if (!strcmp(port, usual))
        *port = '\0';
    snprintf(endpoint->host, sizeof(endpoint->host), "%s%s%s", endpoint->name, *port ? ":" : "",
             port);
    endpoint->loopback = is_loopback(endpoint->name);
    return true;
}

int endpoint_parse(const char *url, struct endpoint *endpoint, struct error *error)
{
    CURLU *parts = curl_url();
    bool good = parts && !curl_url_set(parts, CURLUPART_URL, url, 0) &&
                !has_part(parts, CURLUPART_USER) && !has_part(parts, CURLUPART_PASSWORD) &&
                !has_part(parts, CURLUPART_QUERY) && !has_part(parts, CURLUPART_FRAGMENT) &&
                copy_part(parts, CURLUPART_SCHEME, endpoint->scheme, sizeof(endpoint->scheme)) &&
                !strncmp(endpoint->scheme, "http", 4) && parse_host(parts, endpoint) &&
                copy_part(parts, CURLUPART_PATH, endpoint->path, sizeof(endpoint->path));

    curl_url_cleanup(parts);
    return good ? 0 : error_set(error, EINVAL, "not the address of a service");
}
