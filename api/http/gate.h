#ifndef API_HTTP_GATE_H
#define API_HTTP_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "api/errand.h"
#include "api/error.h"

/*
 * When requests may go out to a service. Times are milliseconds of when_monotonic(); nothing here
 * looks at a clock or waits.
 *
 * - Until the service has answered, one request of each errand goes at a time: each is a probe.
 * - While it is locked out, none goes.
 * - An outage begins when a request has failed for good and nothing was answered since it began.
 *   Who waits for no longer than a moment, as look-ups do, learns nothing by silence and by too
 *   many requests. The gate is then closed for some seconds, and whoever asks meanwhile has the
 *   error of that request. Then there is one probe of an errand at a time; others of the same wait
 *   for it for a second, and have the error too. The first answer ends the outage, or a minute in
 *   which nothing was asked.
 * - Silence closes the gate for its errand alone, for the service may answer all others; and not
 *   the first one, for one thing alone may hang.
 * - When there are too many requests none goes for a while, which is as long as the service asks,
 *   up to a minute, and grows each time; after it, half as many go at once, and one more with each
 *   answer that follows. All go again when there were not too many for a minute.
 */

enum gate_failure {
    GATE_UNREACHABLE, /* there was no connection, or it was lost each time */
    GATE_SILENT,      /* no byte of an answer came in all its time */
    GATE_BUSY,        /* there were too many requests, each time */
};

struct gate {
    bool proven;   /* it has answered since it was last in doubt */
    bool locked;   /* closed by gate_lock, not by a failure */
    int64_t until; /* closed until then */
    struct error reason;

    unsigned failures; /* of this outage; 0: there is none */
    enum gate_failure failure;
    int64_t failed; /* the last time */
    struct {
        int64_t probe; /* when the one under way began, or 0 */
        int64_t until; /* closed until then, by silence */
    } errands[ERRANDS];
    int64_t answered; /* the last time */
    int64_t served;   /* the last time that it was not "too many requests" */

    unsigned slow;      /* steps of slowing down, half of which each answer takes back */
    unsigned width;     /* what they leave of how many may be under way; 0: all */
    int64_t slowed;     /* when the last one was made */
    int64_t not_before; /* none goes out */
    struct error busy;  /* because of that */
};

/* What the gate knows of a request; all zero but for began, errand and is_short. */
struct gate_pass {
    enum errand errand;
    int64_t began; /* it was asked for */
    int64_t sent;  /* its last try was begun */
    bool probe;    /* and is one */
    bool is_short; /* it has less time than others: that it ran out tells nothing */
};

/* How many may be under way now, of `most`; 0 while none may go. */
unsigned gate_width(const struct gate *gate, unsigned most, int64_t now);

/* Whether one of that errand may go, as far as others of the same are concerned. */
bool gate_lets(const struct gate *gate, enum errand errand, int64_t now);

/* Whether there may be one that gate_error refuses. */
bool gate_refuses(const struct gate *gate, int64_t now);

/* Why one that waits is to fail now, or NULL. */
const struct error *gate_error(const struct gate *gate, enum errand errand, int64_t deadline,
                               int64_t now);

/* Why one waits that has waited for too long, or NULL when the service is not to blame. */
const struct error *gate_reason(const struct gate *gate, int64_t now);

/* After how many ms the above change by themselves for that errand, or -1. */
int64_t gate_wait(const struct gate *gate, enum errand errand, int64_t now);

/* How long none goes out because there were too many, in ms. */
int64_t gate_pause(const struct gate *gate, int64_t now);

/* Whether there is an outage. */
bool gate_is_out(const struct gate *gate, int64_t now);

/* A try begins. */
void gate_sent(struct gate *gate, struct gate_pass *pass, int64_t now);

/* How long a try that changes nothing may last, of `left` ms: a probe is given up sooner. */
int64_t gate_patience(const struct gate *gate, const struct gate_pass *pass, int64_t left);

/* A try has ended; its pass is no probe any more. To be called after what follows. */
void gate_ended(struct gate *gate, struct gate_pass *pass);

/* The try was answered, as anything but the next two. */
void gate_answered(struct gate *gate, const struct gate_pass *pass, int64_t now);

/* The credential was refused. */
void gate_refused(struct gate *gate, int64_t now);

/* There are too many requests, and the service asks for a pause of so many ms; random is any
 * number. False when no other try shall be made, because this was known. */
bool gate_throttled(struct gate *gate, const struct gate_pass *pass, int64_t asked, uint32_t random,
                    const struct error *error, int64_t now);

/* A request has failed for good. */
void gate_failed(struct gate *gate, const struct gate_pass *pass, enum gate_failure failure,
                 const struct error *error, int64_t now);

/* Everything is in doubt again. */
void gate_reset(struct gate *gate);

void gate_lock(struct gate *gate, const struct error *error, int64_t until);

#endif
