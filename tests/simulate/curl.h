#ifndef SIMULATE_CURL_H
#define SIMULATE_CURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

/*
 * As much of libcurl as the program under test uses for transfers. It takes the options and hands
 * out what the network brought; libcurl itself never runs.
 */
#define ANSWER_HEADERS_MAX 16

struct easy {
    char *method;
    char *url;
    const char *body; /* NULL for none; the caller's, as libcurl wants it */
    size_t body_size;
    const struct curl_slist *headers; /* the caller's */
    long timeout_ms;
    long connect_timeout_ms;
    curl_socket_t socket; /* of one that has connected */
    curl_write_callback on_body;
    curl_write_callback on_header;
    curl_prereq_callback on_begin;
    void *body_user;
    void *header_user;
    void *begin_user;
    void *private_user;

    curl_off_t sending_time; /* grows with each time */
    long status;
    struct {
        char *name;
        char *value;
    } answer_headers[ANSWER_HEADERS_MAX];
    size_t answer_header_count;
    struct curl_header shown; /* by curl_easy_header */
};

/* The request is on its way. */
void easy_tell_sent(struct easy *easy);

/* Forgets an answer, and brings a new one. False when its reader does not want all of it. */
bool easy_answer_begins(struct easy *easy, unsigned status);
void easy_answer_header(struct easy *easy, const char *name, const char *value);
bool easy_answer_body(struct easy *easy, const char *body, size_t size);

#endif
