#ifndef API_ERROR_H
#define API_ERROR_H

#include <stdbool.h>

/*
 * Why something failed, with all that a user may want to know of it. Texts are cut to fit and never
 * hold a secret.
 */
struct error {
    int code;              /* a positive errno; 0 while there is no error */
    int http_status;       /* 0 when no HTTP answer was had */
    bool is_unknown;       /* of a change: it may have been made all the same */
    char service_code[64]; /* as the service names it: "DIS.4332"; may be empty */
    char request_id[64];   /* of the service; may be empty */
    char message[400];     /* one sentence: what is wrong, and what to do */
};

/* Sets a local error, clearing what belongs to a service. Returns -code. */
int error_set(struct error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As error_set(), by a negative errno: says "no memory" for -ENOMEM, and why for others. Returns
 * the status. */
int error_set_status(struct error *error, int status, const char *why);

/* "ENOENT"; "E?" for what has no name. */
const char *error_name(int code);

#endif
