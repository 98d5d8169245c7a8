#ifndef SIMULATE_MOUNTS_H
#define SIMULATE_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "fs/fs.h"
#include "tests/simulate/history.h"

/*
 * The mounts of one service, each as a process of its own would be: with its loop, its backend and
 * its file system, and nothing in common.
 */
struct mount {
    int index;
    struct loop *loop;
    struct backend *backend;
    struct metrics *metrics;
    struct fs fs;
    struct fuse_session *session;
    uint64_t apps[HISTORY_PARTITIONS]; /* directories */
    uint64_t table;                    /* the directory where it is */
    uint64_t saved;
    uint64_t records;  /* a directory; 0 where nobody appends */
    unsigned programs; /* that use it */
    bool leaving;      /* none begins any more */
    bool is_dead;      /* it was killed: what it says of its last changes is nothing to go by */
};

void mounts_begin(unsigned wanted);
unsigned mounts_count(void);
struct mount *mounts_any(void);
struct mount *mounts_at(unsigned index);

/* It ends in the midst of what it does, and another begins in its place. */
void mount_again(struct mount *mount);

/* It is killed, and another begins in its place. The service must know already. */
void mount_kill(struct mount *mount);

/* The same of all of them, and power may fail. */
void mounts_kill_all(bool power_fails);

/* Whether there are some, and none is about to end or to begin. */
bool mounts_are_there(void);

/* SIGHUP */
void mount_reload(struct mount *mount);

/* No program may use any. */
void mounts_end(void);

#endif
