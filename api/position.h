#ifndef API_POSITION_H
#define API_POSITION_H

#include <stddef.h>
#include <stdint.h>

#include "api/error.h"
#include "api/name.h"
#include "api/state.h"
#include "base/decimal.h"

/* Where an app is to stand: the first line of what a user writes to a checkpoint. */
enum position_kind {
    POSITION_SEQUENCE, /* at a sequence number, or a cursor of SLS */
    POSITION_EARLIEST, /* the next record read is the oldest kept */
    POSITION_LATEST,   /* the next record read is the next one written */
    POSITION_TIME,     /* the next record read is the first one at or after a time */
    POSITION_SHIFT,    /* a number of records from what is committed now */
    POSITION_UNDO,     /* what was committed before the last change; who keeps a journal knows */
    POSITION_NOTHING,  /* nowhere: the checkpoint is to be deleted; no text says this */
    POSITION_PRESENT,  /* where it is; no text says this, it goes with metadata written alone */
};

struct position {
    enum position_kind kind;
    char sequence[SEQUENCE_MAX + 1]; /* as written: the backend judges it */
    int64_t time;                    /* as in base/when.h */
    char shift[DECIMAL_ROOM];        /* a decimal number with its sign */

    /* Where a line of JSON says that it is from. */
    char stream[NAME_MAX_STREAM + 1]; /* "" if it does not say */
    bool has_partition;
    uint32_t partition;
};

/*
 * Reads one position; blanks around it are skipped. `now` is what ages count back from.
 * 0, or -EINVAL with an error that says what a position is.
 */
int position_parse(const char *text, int64_t now, struct position *position, struct error *error);

/* Adds to an error, which says that a word is no position or sequence number, what to write instead
 * where that is plain, and all forms of a position. Returns -error->code. */
int position_explain(struct error *error, const char *word);

/* What a line of records/ begins with, api/records.h: the position is that member. Any other object
 * of JSON that has the member will do, such as what `status` says. */
#define POSITION_OF_RECORD "{\"checkpoint\":"

/*
 * Splits what was written to a checkpoint: the first line is a position, or a line of records/; the
 * rest is metadata, of which one final newline is not part. If all lines end in "\r\n", the '\r's
 * are not part of it either. text must end in a NUL at text[size]; *metadata points into it, and it
 * is overwritten. The metadata must be UTF-8 without NULs, of at most metadata_max characters, and
 * after a record not begin as one more: who wrote those has processed none of them yet. 0, -EINVAL
 * or -ENOMEM with an error.
 */
int position_parse_text(char *text, size_t size, int64_t now, size_t metadata_max,
                        struct position *position, const char **metadata, struct error *error);

/* Whether a position may be committed there. 0; or -EINVAL with an error when it says that it is
 * from elsewhere, where numbers mean other records. */
int position_check_place(const struct position *position, const char *stream, uint32_t partition,
                         struct error *error);

/* Whether a text with a NUL behind its size bytes can be metadata: as above. */
int metadata_check(const char *text, size_t size, size_t metadata_max, struct error *error);

/* Checks metadata that is written alone, in the same way. */
int metadata_parse(char *text, size_t size, size_t metadata_max, const char **metadata,
                   struct error *error);

#endif
