#ifndef API_SERVICE_REFUSAL_H
#define API_SERVICE_REFUSAL_H

#include "api/http/http.h"

/* The secrets that an error must not repeat; NULLs are allowed among them. */
struct secrets {
    const char *texts[8];
};

/* Overwrites the secrets in a text, and the values of headers that carry secrets: a gateway repeats
 * them when it refuses a signature. */
void scrub(char *text, const struct secrets *secrets);

/*
 * Reads what a service says when it refuses: service code, message and request id, without
 * secrets; the caller judges the code. There are many shapes: {"errorCode", "errorMessage"} or
 * {"errorCode", "message"}, a gateway's {"error_code", "error_msg"}, {"error": {"code",
 * "message"}}, or a page that is no JSON. id_headers are headers that may have the request's id, up
 * to a NULL. 0, or -ENOMEM with nothing read but that in the error.
 */
int refusal_read(const struct http_answer *answer, const struct secrets *secrets,
                 const char *const *id_headers, struct error *error);

/* Whether an answer whose status says success is an error all the same: an object with the member
 * "errorCode" or "error_code". */
bool refusal_is_told(const struct http_answer *answer);

/* Completes an error whose code has been judged: gives it a message if it has none yet. What is not
 * understood (EBADMSG) was not said by the service, so its words are in the message alone. */
void refusal_complete(struct error *error);

/* Judges an answer by its status alone. */
enum http_verdict refusal_judge_status(int status);

#endif
