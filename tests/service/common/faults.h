#ifndef SERVICE_FAULTS_H
#define SERVICE_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "tests/service/common/http.h"

/*
 * Faults on demand. A fault is armed with a method, a part of the target, and how many requests it
 * hits; requests that fit it use it up in the order faults were armed. Delays add up and do not use
 * up a request for the faults behind them, and one that holds an answer is a delay; of all other
 * kinds one request meets one.
 */
#define FAULTS_MAX 64

enum fault_kind {
    FAULT_DELAY,        /* nothing but the delay */
    FAULT_STATUS,       /* an error status, with a body in one of the shapes of errors */
    FAULT_RESET,        /* the connection is reset before an answer */
    FAULT_RESET_MIDDLE, /* ... after half of the answer's body */
    FAULT_CLOSE_MIDDLE, /* the connection is closed after half of the answer's body */
    FAULT_CLOSE,        /* a whole answer that ends the connection, and says so */
    FAULT_TRUNCATED,    /* a whole answer with half of the JSON in it */
    FAULT_GARBAGE,      /* bytes that are no text */
    FAULT_HTML,         /* a page, as from a proxy */
    FAULT_BODY,         /* the text given when it was armed */
    FAULT_WRONG_TYPE,   /* every value of the JSON answer has another type */
    FAULT_DRIP,         /* the answer comes a few bytes at a time */
    FAULT_HUGE,         /* the answer is padded to a great size */
    FAULT_NEVER,        /* no answer ever */
    FAULT_HANG_UP,      /* the connection is closed before an answer */
    FAULT_RAW,          /* the text given when it was armed, in the place of HTTP */
    FAULT_ENDLESS,      /* an answer that is padded without end */
    FAULT_MIXED,        /* the answer to another request */
    FAULT_TLS,          /* what one who speaks TLS says to one who does not */
};

struct fault {
    enum fault_kind kind;
    char method[16]; /* "" for any */
    char path[256];  /* a part of the target as on the wire; "" for any */
    unsigned skip;   /* requests that fit and go unharmed first */
    unsigned count;  /* requests it still hits; 0 when it is used up */
    bool forever;
    bool execute; /* the request is carried out although its answer is spoilt */
    unsigned status;
    char code[64];
    char message[256];
    char shape[16]; /* of a FAULT_STATUS body: one of shapes.h, or "none" */
    char retry_after[64];
    char type[64];
    char location[256]; /* a header of that name; "" for none */
    char text[1024];
    int64_t delay_ms;
    bool hold;
    size_t bytes;
    int64_t interval_ms;
};

struct faults {
    struct fault items[FAULTS_MAX];
    size_t count;
};

/* A fault of that name with all its usual values but code, message and shape, which are the
 * service's; -EINVAL when there is no such kind. */
int fault_init(struct fault *fault, const char *kind);

/* 0, or -ENOSPC. Faults that are used up make room. */
int fault_arm(struct faults *faults, const struct fault *fault);

/* Uses up what fits the request: fills *met with the fault it meets (kind FAULT_DELAY when there is
 * none), its delay_ms being the sum of all delays. */
void faults_meet(struct faults *faults, const struct request *request, struct fault *met);

/* Spoils an answer. */
void fault_apply(const struct fault *fault, struct answer *answer);

/* One line per fault that is still armed. */
void faults_print(const struct faults *faults, struct buf *out);

#endif
