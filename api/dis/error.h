#ifndef API_DIS_ERROR_H
#define API_DIS_ERROR_H

#include "api/service/refusal.h"

/*
 * Judges an answer of DIS, or of the gateway before it. DIS says {"errorCode", "message"}; the
 * gateway, and older pages of DIS, {"error_code", "error_msg"}; IAM {"error": {"code", "message"}}.
 * DIS answers 400 for what it cannot find, so the codes, not the status, decide what is wrong.
 *
 * success is the one status by which the API reference says that it was done. Any other below 400,
 * and 404 or 410 without a code of DIS, is what a proxy says in its place: EBADMSG, never ENOENT.
 */
enum http_verdict dis_judge(const struct http_answer *answer, int success,
                            const struct secrets *secrets, struct error *error);

/* There is no such stream. */
bool dis_is_without_stream(const struct error *error);

/* The user may not do that, with good credentials. */
bool dis_is_not_permitted(const struct error *error);

/* The service has locked this address out: nothing more should be sent for a while. */
bool dis_is_lock_out(const struct error *error);

/* The app has no checkpoint on the stream. DIS says so by this error or by a list without
 * checkpoints; when it does which is not verified. */
bool dis_is_without_checkpoint(const struct error *error);

/* The partition is not there: it has expired, or was never made, or not yet. */
bool dis_is_without_partition(const struct error *error);

/* A cursor is too old, or of another service, or the record to which it leads is gone: a new one
 * may be taken. */
bool dis_is_cursor_refused(const struct error *error);

/* A time is before the oldest record that is kept. */
bool dis_is_too_old(const struct error *error);

#endif
