#include "api/http/easy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#define CONNECT_TIMEOUT_MS 5000L
#define HEADERS_MAX        (256UL << 10)

/* Probes of an idle connection begin after so many seconds, and are so many apart. */
#define KEEPALIVE_IDLE_S     30L
#define KEEPALIVE_INTERVAL_S 15L

/* libcurl's own limit for the age of an idle connection. */
#define IDLE_MAX_S 118

/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's type */
static size_t on_body(char *data, size_t unit, size_t count, void *user)
{
    struct exchange *exchange = user;

    buf_add(&exchange->answer, data, unit * count);
    return buf_error(&exchange->answer) ? 0 : unit * count;
}

/* libcurl keeps the headers. This bounds them, and sees whether they end: for libcurl they also do
 * when the connection is closed among them. */
/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's type */
static size_t on_header(char *data, size_t unit, size_t count, void *user)
{
    struct exchange *exchange = user;

    if (unit * count > 5 && !strncmp(data, "HTTP/", 5))
        exchange->header_ended = false;
    else if (*data == '\r' || *data == '\n')
        exchange->header_ended = true;
    exchange->header_bytes += unit * count;
    return exchange->header_bytes > HEADERS_MAX ? 0 : unit * count;
}

/* libcurl copies a text, and goes on without one that it had no memory for: false then. */
static bool set_text(CURL *easy, CURLoption option, const char *text)
{
    return !curl_easy_setopt(easy, option, text);
}

/* Without a password OpenSSL would ask for one on the terminal, and wait. */
static bool set_tls(CURL *easy, const struct easy_settings *settings)
{
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    return (!settings->cacert || set_text(easy, CURLOPT_CAINFO, settings->cacert)) &&
           (!settings->cert || set_text(easy, CURLOPT_SSLCERT, settings->cert)) &&
           (!settings->key || set_text(easy, CURLOPT_SSLKEY, settings->key)) &&
           set_text(easy, CURLOPT_KEYPASSWD, settings->key_password ? settings->key_password : "");
}

CURLSH *easy_sessions(void)
{
    CURLSH *sessions = curl_share_init();

    if (sessions)
        curl_share_setopt(sessions, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    return sessions;
}

/* Grows with each time that libcurl has begun to send and was not refused, whether the connection
 * took a byte at once or not: what it did not take is sent later. CURLINFO_REQUEST_SIZE does not
 * count that. What a proxy is asked for first does not count here. */
static curl_off_t sending_time(const struct exchange *exchange)
{
    curl_off_t time = 0;

    curl_easy_getinfo(exchange->easy, CURLINFO_PRETRANSFER_TIME_T, &time);
    return time;
}

unsigned easy_sent(const struct exchange *exchange)
{
    bool is_last_sent;

    if (!exchange->easy)
        return 0;
    is_last_sent = exchange->begun && sending_time(exchange) > exchange->sending;
    return exchange->gone + (is_last_sent ? 1 : 0);
}

/* There is a connection, and a request is about to be sent by it, again or for the first time. */
/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's type */
static int count_begun(void *user, char *address, char *own_address, int port, int own_port)
{
    struct exchange *exchange = user;

    (void)address;
    (void)own_address;
    (void)port;
    (void)own_port;
    if (!exchange)
        return CURL_PREREQFUNC_OK;
    exchange->gone = easy_sent(exchange);
    exchange->sending = sending_time(exchange);
    exchange->begun++;
    return CURL_PREREQFUNC_OK;
}

CURL *easy_new(const struct easy_settings *settings)
{
    CURL *easy = curl_easy_init();

    if (!easy)
        return NULL;
    curl_easy_setopt(easy, CURLOPT_SHARE, settings->sessions);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, settings->plain ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Without this, giving up waits for a name server. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, count_begun);
    if (set_text(easy, CURLOPT_PROTOCOLS_STR, settings->plain ? "http,https" : "https") &&
        set_text(easy, CURLOPT_USERAGENT, "checkpointfs") && set_tls(easy, settings))
        return easy;
    curl_easy_cleanup(easy);
    return NULL;
}

static long idle_seconds(int64_t ms)
{
    return ms / 1000 < 1 ? 1 : ms / 1000 > IDLE_MAX_S ? IDLE_MAX_S : (long)(ms / 1000);
}

/* libcurl parses a URL, and prints it twice, letter by letter. So it has the address alone as one,
 * and what follows as what is asked for. But a proxy in the clear is asked for the whole URL. */
static bool set_url(CURL *easy, const struct exchange *exchange)
{
    const char *host = strstr(exchange->url, "//");
    const char *target = host ? strchr(host + 2, '/') : NULL;
    bool is_whole = !exchange->direct && !strncmp(exchange->url, "http:", 5);
    char *address;
    bool good;

    if (is_whole || !target)
        return set_text(easy, CURLOPT_URL, exchange->url);
    address = strndup(exchange->url, (size_t)(target - exchange->url));
    good = address && set_text(easy, CURLOPT_URL, address) &&
           set_text(easy, CURLOPT_REQUEST_TARGET, target);
    free(address);
    return good;
}

int easy_prepare(CURL *easy, struct exchange *exchange)
{
    if (exchange->body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, exchange->body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)exchange->body_size);
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, exchange->fresh ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, exchange->fresh ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)exchange->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, idle_seconds(exchange->max_idle_ms));
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange);
    exchange->easy = easy;
    exchange->begun = 0;
    exchange->gone = 0;
    exchange->sending = 0;
    exchange->detail[0] = '\0';
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->detail);
    return set_url(easy, exchange) && set_text(easy, CURLOPT_PROXY, exchange->direct ? "" : NULL) &&
                   set_text(easy, CURLOPT_CUSTOMREQUEST, exchange->method)
               ? 0
               : -ENOMEM;
}

void headers_release(struct http_headers *headers)
{
    for (struct curl_slist *node = headers->list; node; node = node->next)
        OPENSSL_cleanse(node->data, strlen(node->data));
    curl_slist_free_all(headers->list);
    headers->list = NULL;
}
