#include "api/http/endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <curl/curl.h>

/* A URL, and whether there was no memory to look at it. */
struct address {
    CURLU *url;
    bool starved;
};

/* To be freed by curl_free; NULL when there is none. */
static char *get_part(struct address *address, CURLUPart part)
{
    char *value = NULL;
    CURLUcode code = curl_url_get(address->url, part, &value, 0);

    address->starved |= code == CURLUE_OUT_OF_MEMORY;
    return code ? NULL : value;
}

static bool copy_part(struct address *address, CURLUPart part, char *text, size_t room)
{
    char *value = get_part(address, part);
    bool fits = value && strlen(value) < room;

    if (fits)
        memcpy(text, value, strlen(value) + 1);
    curl_free(value);
    return fits;
}

static bool has_part(struct address *address, CURLUPart part)
{
    char *value = get_part(address, part);

    curl_free(value);
    return value;
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

static bool parse_host(struct address *address, struct endpoint *endpoint)
{
    const char *usual = !strcmp(endpoint->scheme, "https") ? "443" : "80";
    char port[8] = "";

    if (!copy_part(address, CURLUPART_HOST, endpoint->name, sizeof(endpoint->name)) ||
        (has_part(address, CURLUPART_PORT) &&
         !copy_part(address, CURLUPART_PORT, port, sizeof(port))))
        return false;
    if (!strcmp(port, usual))
        *port = '\0';
    snprintf(endpoint->host, sizeof(endpoint->host), "%s%s%s", endpoint->name, *port ? ":" : "",
             port);
    endpoint->loopback = is_loopback(endpoint->name);
    return true;
}

static bool parse_parts(struct address *address, struct endpoint *endpoint)
{
    return !has_part(address, CURLUPART_USER) && !has_part(address, CURLUPART_PASSWORD) &&
           !has_part(address, CURLUPART_QUERY) && !has_part(address, CURLUPART_FRAGMENT) &&
           copy_part(address, CURLUPART_SCHEME, endpoint->scheme, sizeof(endpoint->scheme)) &&
           !strncmp(endpoint->scheme, "http", 4) && parse_host(address, endpoint) &&
           copy_part(address, CURLUPART_PATH, endpoint->path, sizeof(endpoint->path));
}

int endpoint_parse(const char *url, struct endpoint *endpoint, struct error *error)
{
    struct address address = {.url = curl_url()};
    CURLUcode code =
        address.url ? curl_url_set(address.url, CURLUPART_URL, url, 0) : CURLUE_OUT_OF_MEMORY;
    bool good = !code && parse_parts(&address, endpoint);

    address.starved |= code == CURLUE_OUT_OF_MEMORY;
    curl_url_cleanup(address.url);
    if (address.starved)
        return error_set(error, ENOMEM, "no memory");
    return good ? 0 : error_set(error, EINVAL, "not the address of a service");
}
