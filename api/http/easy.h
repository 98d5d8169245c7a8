#ifndef API_HTTP_EASY_H
#define API_HTTP_EASY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "base/buf.h"

/* What stays the same for all requests of a client. */
struct easy_settings {
    bool plain;
    char *cacert;
    char *cert;
    char *key;
    char *key_password; /* of the key; or NULL */
    CURLSH *sessions;   /* of TLS, which all handles share; or NULL */
};

/* What one try sends and receives. The texts last until it has ended. */
struct exchange {
    const char *method;
    const char *url;
    const char *body;
    size_t body_size;
    bool direct; /* by no proxy */
    bool fresh;  /* by a connection of its own, which is not kept: libcurl repeats what it sent by
                    one that was kept and is lost */
    struct curl_slist *headers;
    int64_t timeout_ms;
    int64_t max_idle_ms; /* connections that have been idle for longer are not used */

    struct buf answer;
    size_t header_bytes;
    bool header_ended;
    CURL *easy;         /* from easy_prepare() until it has ended, or NULL */
    unsigned begun;     /* how often libcurl was about to send it */
    unsigned gone;      /* as easy_sent(), without the last of these */
    curl_off_t sending; /* libcurl's time of sending before that */
    char detail[CURL_ERROR_SIZE];
};

/* As in api/http/http.h. */
struct http_headers {
    struct curl_slist *list;
};

/* What sessions of TLS are kept in; NULL without memory. */
CURLSH *easy_sessions(void);

/*
 * A handle with all that is the same each time, or NULL. It is used for one exchange: libcurl
 * 7.88.1 keeps, with a handle that is used again, a pointer to the last header of the answer
 * before, which it has freed, and a folded line right behind a status line is added there. What is
 * worth keeping, connections, names and sessions, is kept elsewhere.
 */
CURL *easy_new(const struct easy_settings *settings);

/* Readies a handle for its exchange. 0 or -ENOMEM: then it must not be sent. */
int easy_prepare(CURL *easy, struct exchange *exchange);

/* How often libcurl has sent a request, or some of it: it does so again by itself when a connection
 * that was kept turns out to be lost, or an HTTP/2 stream is refused. 0 before easy_prepare(),
 * and when it has ended. */
unsigned easy_sent(const struct exchange *exchange);

/* Wipes and frees. */
void headers_release(struct http_headers *headers);

#endif
