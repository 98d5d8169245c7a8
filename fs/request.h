#ifndef FS_REQUEST_H
#define FS_REQUEST_H

#include <sys/queue.h>

#include "fs/change.h"
#include "fs/fs.h"

/*
 * One request of a program, from the moment libfuse hands it over until it is answered. Every
 * request ends by exactly one of the functions below that say so; it is freed then.
 *
 * While it waits for the backend it can be interrupted: the call is cancelled, and the program gets
 * EINTR. Signals that ask no
 * program to stop, such as that of a child's end, interrupt nothing; see fs/caller.h.
 */
struct request {
    TAILQ_ENTRY(request) link;
    struct fs *fs;
    fuse_req_t fuse;
    const char *operation;
    struct node node;     /* what it is about; its place is held */
    char *name;           /* of a child of node, or NULL */
    struct call *call;    /* what it waits for */
    struct timer timer;   /* for a backend that keeps no deadline: a disk that hangs */
    struct timer signals; /* looks at those of a program that waits on */
    int64_t started;      /* when_monotonic */
    int64_t patience;     /* milliseconds from then that it waits */
    bool is_waiting;      /* for what may come in years */
    bool leaves;          /* the program wants out: only what is sent is awaited, for a moment */
    bool has_looked;      /* its program was told to look the file up once more, and has */
    bool quiet;           /* it asks whether something is there: a service's "no" is no failure */
    struct handle *handle;
    size_t size; /* of a read or a write */
    off_t offset;
    int mask;                              /* of access(2) */
    void (*then)(struct request *request); /* goes on when a shared step has succeeded */
    void (*failed)(struct request *request, int code); /* told before it fails; or NULL */

    struct node needed; /* of fs/snapshot.h and fs/search.h, as is known */
    void (*known)(struct request *request);

    void (*told)(struct request *request, const struct state *state); /* of fs/snapshot.h, too */
    void (*alone)(struct request *request);

    struct node target; /* what is made or removed; its place is held, or NULL */
    struct turn turn;   /* in which all its changes are made, if it has taken one */
    void (*with_turn)(struct request *request);
    const char *note; /* what the journal tells of its changes, or NULL; as long as the request */
    void *data;       /* the operation's own; release_data, if set, frees it */
    void (*release_data)(struct fs *fs, void *data);
};

/* Milliseconds: some years. */
#define PATIENCE_WITHOUT_END (1LL << 40)

/* Begins a request about an inode; NULL when it has been answered with an error. */
struct request *request_new(fuse_req_t fuse, const char *operation, fuse_ino_t inode,
                            const char *name);

/* Ends all requests with an errno. */
void request_cancel_all(struct fs *fs, int code);

/* For an operation of the backend: done is called with the request. */
struct ask request_ask(struct request *request, done_fn *done);

/* An order for a change of a node, in the name of the request's program. What it is to be changed
 * to is left open. */
struct change_order request_change(struct request *request, enum what_changes what,
                                   const struct node *node);

/* For what changes more than one thing, or must know something first: goes on when no change of the
 * subjects, whose texts last as long as the request, is under way any more. None begins until the
 * request ends. */
void request_take_turn(struct request *request, const struct subject *subjects, unsigned count,
                       void (*then)(struct request *request));

/* Starts it, and waits for it. */
void request_start_change(struct request *request, const struct change_order *order, done_fn *done);

/* Notes the call that the request now waits for; for NULL it ends with ENOMEM. */
void request_wait(struct request *request, struct call *call);

/*
 * Each of these answers the request and ends it. A lease is that of fs/lease.h: 0 for none.
 *
 * A failure is what could not be done or found out, and has a line in `errors`. A question that was
 * answered is no failure, though the answer is no: there is no such name, nothing is committed
 * there, access(2) may not do that. It has no line, so that the last line is the failure that a
 * user looks for. What a change or an opened file needs and does not find is a failure again: the
 * service says more of it than the errno.
 */
void request_fail(struct request *request, const struct error *error);
void request_refuse(struct request *request, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As tree_child() failed with status: there is no memory, or nothing of that name. */
void request_refuse_name(struct request *request, int status, int code, const char *why);
void request_deny(struct request *request, int code); /* answers a question with no */
void request_succeed(struct request *request);
void request_reply_gone(struct request *request); /* the kernel looks the name up once more */
void request_reply_entry(struct request *request, const struct node *node, const struct stat *attr,
                         double lease);
void request_reply_attr(struct request *request, const struct stat *attr, double lease);
void request_reply_final_attr(struct request *request, const struct stat *attr); /* for its life */
void request_reply_written(struct request *request, size_t size);
void request_reply_poll(struct request *request, unsigned events);

/* These tell by a negative errno that the program no longer waits: the file will not be released,
 * nor what was looked up be forgotten. */
int request_reply_data(struct request *request, const char *data, size_t size);
int request_reply_open(struct request *request, const struct fuse_file_info *info);
int request_reply_create(struct request *request, const struct node *node, const struct stat *attr,
                         const struct fuse_file_info *info);

/* Adds a line to `errors` about a part of what was asked for that failed, when others may not. */
void request_tell(const struct request *request, const struct error *error);

/* Adds a line to `errors` about something that is done all the same. */
void request_warn(const struct request *request, const char *operation, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether the program may be told to look a file up once more, by request_reply_gone: the kernel
 * does that once, and fails the call when it is told so again. */
bool request_looks_again(struct request *request, uint64_t inode);

/* Something that a list had is not there: forgets the lists of what the request is about. */
void request_forget_names(struct request *request);

/* Begins the handling of an answer: false when it was an error, which has ended the request. */
bool request_answered(struct request *request, const struct error *error);

#endif
