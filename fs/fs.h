#ifndef FS_FS_H
#define FS_FS_H

#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "api/backend.h"
#include "api/queue.h"
#include "fs/cache.h"
#include "fs/cuts.h"
#include "fs/doubts.h"
#include "fs/journal.h"
#include "fs/kept.h"
#include "fs/lines.h"
#include "fs/metrics.h"
#include "fs/node.h"

struct directory;
struct handle;
struct options;
struct request;
struct wait;

/* How the mount was asked to behave. Times are in milliseconds. */
struct settings {
    uid_t uid;
    gid_t gid;
    mode_t umask;
    bool read_only;
    bool clamp;
    bool monotonic;
    bool idle_only;   /* refuse what a consumer that is alive would overwrite */
    bool plan;        /* journal what would be changed, and change nothing */
    int64_t timeout;  /* of whatever a program waits for */
    int64_t listing;  /* how old a list of names may be */
    int64_t snapshot; /* how old a value may be that was not asked for by itself */
    int64_t watch;    /* how often values and records are looked for that somebody waits for */
    unsigned
        near; /* per cent of what is kept: with less in front of it a checkpoint is near loss */
    int64_t stalled; /* without a commit for so long an app is */
    unsigned batch;  /* bytes of records after which a batch ends */
};

/* The last line of `errors` that tells of one. */
struct failure {
    int64_t time; /* as in base/when.h */
    const char *operation;
    char *path; /* NULL without memory */
    int code;   /* an errno; 0 while there was no failure */
    char message[sizeof(((struct error *)NULL)->message)];
};

/* A program that was told to look a file up once more; it stands at its pid modulo OPENED_ANEW. */
struct once_more {
    pid_t pid;
    uint64_t inode;
    int64_t when;
};

#define OPENED_ANEW 64

LIST_HEAD(handles, handle);

/* So many that few open files share one. */
#define HANDLE_LISTS 1024

/* Everything that one mount has. */
struct fs {
    struct loop *loop;
    struct backend *backend;
    const char *source;
    const struct options *options; /* all that it was mounted with; NULL in simulations */
    struct settings settings;
    struct nodes *nodes;
    struct cache *cache;
    struct metrics *metrics;
    struct queue queue; /* of changes */
    struct doubts doubts;
    struct cuts cuts;
    struct journal journal;
    struct lines errors;
    struct kept overview;                   /* the page, for those whom its size was told */
    TAILQ_HEAD(requests, request) requests; /* under way */
    struct handles handles[HANDLE_LISTS];   /* open files, by what they are: fs/handle.h */
    struct handles watched;                 /* those of programs that wait by poll(2) */
    LIST_HEAD(, directory) directories;     /* open directories */
    LIST_HEAD(, wait) waits;                /* for records: fs/records.h */
    unsigned request_count;
    unsigned handle_count;
    unsigned scratch_count;                    /* temporary files */
    size_t batch_bytes;                        /* of batches and tables that open files have */
    uint64_t records_read;                     /* since the mount began */
    uint64_t bytes_read;                       /* of those records' keys and data */
    unsigned made_count;                       /* places that are kept because they were made */
    struct once_more opened_anew[OPENED_ANEW]; /* see request_looks_again() */
    int64_t waited_in_vain;                    /* when a lookup last did, or 0 */
    int vain_code;                             /* the errno with which it ended */
    struct timer watch_timer;
    struct fuse_session *session; /* NULL until mounted */
    int64_t started;              /* as in base/when.h */
    int64_t last_success;         /* the same, of an answer of the backend; or WHEN_UNKNOWN */
    struct failure last_failure;
};

#endif
