#ifndef FS_MISSING_H
#define FS_MISSING_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/question.h"

/*
 * Names that were asked for one by one and do not exist, or were removed: the youngest MISSING_MAX,
 * each for NAME_TIMEOUT_MS. The question is the one whose answer would have the name. Times are
 * those of when_monotonic.
 */
#define MISSING_MAX 64

/* How long the kernel may keep the name of a directory. */
#define NAME_TIMEOUT_MS 1000

struct missing_name {
    int64_t at;
    struct question question;
    char *name; /* NULL: none. One allocation with the names of the question */
};

/* All zero to begin with. */
struct missing {
    struct missing_name names[MISSING_MAX];
    unsigned next;
};

/* Forgets all. */
void missing_release(struct missing *missing);

/* Remembers a name; it may be forgotten for want of memory. */
void missing_note(struct missing *missing, const struct question *question, const char *name,
                  int64_t now);

bool missing_has(const struct missing *missing, const struct question *question, const char *name,
                 int64_t now);

/* Forgets the names of a question. */
void missing_forget(struct missing *missing, const struct question *question);

/* Forgets an app, and what was missing in its directories; or a stream; NULL for none. */
void missing_forget_about(struct missing *missing, const char *app, const char *stream);

/* An app had a checkpoint at a time: then neither it nor the stream nor the partition was missing,
 * nor is it now unless it was noted later. */
void missing_forget_path(struct missing *missing, const char *app, const char *stream,
                         uint32_t partition, int64_t at);

#endif
