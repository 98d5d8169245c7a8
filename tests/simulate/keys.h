#ifndef SIMULATE_KEYS_H
#define SIMULATE_KEYS_H

#include <stdbool.h>

struct service;

/*
 * What the mounts have to prove who they are: a file that they read, and the keys that the service
 * takes. Somebody renews both now and then. Most of the time the old key still works when the file
 * has the new one; sometimes the file comes late.
 */

/* The file, for -o credentials. */
const char *keys_file(void);

/* How the file calls a key and its secret. */
struct key_names {
    const char *access;
    const char *secret;
};

/* Begins with a first key; both must stay. */
void keys_begin(struct service *service, const struct key_names *names);

/* The file has the key that the service takes, and it stays so. */
void keys_settle(void);
bool keys_are_settled(void);

/* The file has this text instead, and the service no keys. */
void keys_begin_without(const char *text);

#endif
