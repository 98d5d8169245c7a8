#ifndef FS_CONTENT_H
#define FS_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "api/state.h"
#include "base/buf.h"

/*
 * What a program has written to an open file.
 *
 * A text is committed when it ends in a newline, or else when the file is synchronized or closed. A
 * text that was refused makes every further write fail with the same error until the file is
 * truncated to nothing: the second line of a refused text must never become a position. After EINTR
 * programs repeat the write, so the same bytes at the same place are the same text again; anything
 * else is ECANCELED then.
 */

/* The longest text that is taken as a position and metadata, and as a line of records/, whose
 * record goes with it. */
#define CONTENT_MAX        65536
#define CONTENT_RECORD_MAX (16UL << 20)

struct content {
    struct buf text; /* written so far */
    bool is_file; /* it holds what is written where; else a write at offset 0 begins anew, and any
                     other continues */
    bool appends; /* O_APPEND: offsets are those of a file that somebody else changes */
    size_t held;  /* how long the file is for a program that has written nothing yet */
    bool dirty;   /* its end is not committed yet */

    /* What the first line of the text came to when it was committed, "" before: a line that is
     * added must not shift, or look up the latest record, once more. */
    char committed[SEQUENCE_MAX + 1];

    int refused;     /* the errno of a text that was refused; 0 if none was */
    int unreported;  /* an error of fsync that close tells once more, or 0 */
    struct buf last; /* the bytes of the last write */
    size_t offset;   /* where it was */
    size_t kept;     /* so much of the text before it was left alone by it, */
    struct buf lost; /* and this followed */
    char committed_before[SEQUENCE_MAX + 1];
};

/* Nothing can be added to one that is not writable. */
void content_init(struct content *content, bool is_writable, bool is_file, bool appends);
void content_release(struct content *content);

/*
 * Adds what a program writes. *place is where in the text it now stands. 0; the errno of an earlier
 * refusal; -ECANCELED for other bytes after EINTR; -ESPIPE if it would leave a hole; -EFBIG past
 * CONTENT_MAX, or CONTENT_RECORD_MAX if it begins with "{"; or -ENOMEM. The text is not changed
 * then. In a file a hole is NULs, which no text has.
 */
int content_write(struct content *content, const char *data, size_t size, size_t offset,
                  size_t *place);

/* Whether nothing was written: the text is what the file held when it was opened. */
bool content_is_untouched(const struct content *content);

/* Prints the text as it is to be committed. */
void content_print(const struct content *content, struct buf *text);

/* Nothing is waiting to be committed any more; a text that is an order is done with. */
void content_take(struct content *content, bool is_order);

/* A write failed with an errno: what it added is not in the text, and what was not committed before
 * it is not going to be. */
void content_refuse(struct content *content, int code);

/* The same, when the program had asked for it by fsync. */
void content_refuse_sync(struct content *content, int code);

/* Cuts the text, or fills it up with NULs; that is committed only if something was written, and
 * nothing refused. To nothing, a refusal is forgotten. 0 or -EFBIG. */
int content_truncate(struct content *content, size_t size);

#endif
