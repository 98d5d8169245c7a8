#ifndef API_DIS_ERROR_H
#define API_DIS_ERROR_H

#include "api/service/refusal.h"

/*
 * Judges an answer of DIS, or of the gateway before it. DIS says {"errorCode", "message"}; the
 * gateway, and older pages of DIS, {"error_code", "error_msg"}; IAM {"error": {"code", "message"}}.
 * What DIS cannot find it answers with 400, so its codes, not the status, tell what is wrong.
 */
enum http_verdict dis_judge(const struct http_answer *answer, const struct secrets *secrets,
                            struct error *error);

/* The service has locked this address out: nothing more should be sent for a while. */
bool dis_is_without_stream(const struct error *error);
bool dis_is_lock_out(const struct error *error);

/* The app has no checkpoint on the stream. When the service says so, and when it instead answers
 * with a list without checkpoints, is not verified. */
bool dis_is_without_checkpoint(const struct error *error);

/* A time is before the oldest record that is kept. */
bool dis_is_too_old(const struct error *error);

#endif
