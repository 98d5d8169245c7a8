#ifndef API_MEMBERS_H
#define API_MEMBERS_H

#include "api/records.h"

/*
 * The members of an object in a record's line: the fields or tags of a log, the headers of a
 * record of Kafka.
 *
 *     "tags":{"host":"a","part":["1","2"]}
 *
 * A name that occurs more than once has an array of its values, in their order. A value that is no
 * text is {"base64":"…"}, and one that is null is null. A name that is no text stands, in base64,
 * in an object of its own: "tags_base64".
 */
struct members {
    struct member *items;
    struct member **sorted;
    size_t count;
    size_t room;
    bool is_sorted;
};

/* The most members that one object may be made of. */
#define MEMBERS_MAX 65536

/* Nothing is copied. A value whose data is NULL is null. 0, -EFBIG or -ENOMEM. */
int members_add(struct members *members, struct span name, struct span value);

/* Forgets them, and keeps the memory. */
void members_reset(struct members *members);

void members_release(struct members *members);

/* Adds ,"name":{…}, or that of names that are no texts, or both; nothing where there are no
 * members, unless it is needed. */
void members_print(struct batch *batch, const char *name, struct members *members, bool is_needed);

/* How many bytes their names and values have. */
size_t members_bytes(const struct members *members);

#endif
