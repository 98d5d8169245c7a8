#ifndef API_SLS_PULLED_H
#define API_SLS_PULLED_H

#include <stdbool.h>

#include "api/records.h"
#include "api/state.h"
#include "base/decimal.h"

/*
 * The answer to PullLogs: log groups in protocol buffers, compressed or not, and headers that tell
 * of them, as the SDKs for Python and Go read them:
 *
 *     x-log-cursor            the cursor of the next log group
 *     x-log-count             how many log groups there are
 *     x-log-bodyrawsize       how many bytes they are before compression
 *     x-log-compresstype      "lz4" for one block of lz4, without a frame; absent: not compressed
 *     x-log-read-last-cursor  the number of the last group, a decimal; may be absent
 *
 * All is pure.
 */
struct pulled {
    char next[SEQUENCE_MAX + 1]; /* the cursor of the next log group */
    char first[DECIMAL_ROOM];    /* the number of the first one, or of that which would be it; ""
                                    for one that is not known, where there is none */
    size_t groups;
    struct span raw; /* without compression; of the body, or of `unpacked` */
    size_t raw_size;
    bool is_lz4;
    char *unpacked;
};

/* A header of the answer, or NULL; until the next one is asked for. */
typedef const char *pulled_header_fn(const void *answer, const char *name);

/* Reads the headers. 0; or -EBADMSG with what is wrong, to follow "the answer of PullLogs". */
int pulled_read(struct pulled *pulled, pulled_header_fn *header, const void *answer,
                const char **wrong);

/* The most bytes that are taken before compression: a log group has 10 MB at most. */
#define PULLED_RAW_MAX (17UL << 20)

/* Unpacks a body, which must last as long as what it is unpacked to, for pulled_release in any
 * case. 0; -EFBIG for more than PULLED_RAW_MAX, before anything is allocated; -ENOMEM; or -EBADMSG
 * with what is wrong. */
int pulled_unpack(struct pulled *pulled, const struct span *body, const char **wrong);

/* Adds groups to the batch, whole ones alone, until it is full; *added is how many. 0; -EFBIG if
 * the batch is empty, and a group is more than one holds; -ENOMEM; or -EBADMSG with what is wrong.
 */
int pulled_print(const struct pulled *pulled, struct batch *batch, size_t *added,
                 const char **wrong);

void pulled_release(struct pulled *pulled);

#endif
