#ifndef BENCH_SERVICE_ANSWER_H
#define BENCH_SERVICE_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* The kinds of requests; each is counted by itself, and can be made to hang. */
enum call {
    GET_CHECKPOINT,
    COMMIT,
    DELETE_CHECKPOINT,
    GET_STATES,
    LIST_APPS,
    GET_APP,
    MAKE_APP,
    DELETE_APP,
    LIST_STREAMS,
    GET_STREAM,
    GET_CURSOR,
    GET_RECORDS,
    OTHER_CALL,
    CALLS, /* how many kinds there are */
};

extern const char *const call_names[CALLS];

#define SEGMENTS_MAX 8

/* A request, in pieces. All texts end with a NUL. */
struct query {
    const char *method;
    const char *segments[SEGMENTS_MAX]; /* of the path; those that it lacks are "" */
    const char *words;                  /* what stands behind the question mark */
    const char *body;
};

/* What is answered: the body's text, other headers, and a status. */
struct answer {
    enum call call;
    int status;
    const char *headers; /* each with its line's end */
    struct buf body;
};

/* Answers a request as one of the services does. No signature is checked. */
void answer_dis(const struct query *query, struct answer *answer);
void answer_sls(const struct query *query, struct answer *answer);

/* Puts an error in the shape of both services. */
void answer_error(struct answer *answer, int status, const char *code);

bool query_is(const struct query *query, const char *method);

/* The value of a word, up to the next one, or ""; the text lasts until the next call. It is taken
 * as it stands: nothing that clients send for the names here is escaped, but for the = of base64.
 */
const char *query_word(const struct query *query, const char *name);

/* A number among the words, not above a maximum. */
unsigned query_number(const struct query *query, const char *name, unsigned otherwise,
                      unsigned most);

/* The text or number of a member of the body, which is looked for, and not parsed, or ""; the text
 * lasts until the next call. */
const char *query_member(const struct query *query, const char *name);

/* Adds a decimal with zeros in front, up to a width. */
void answer_number(struct answer *answer, uint64_t number, unsigned width);

#endif
