#ifndef SIMULATE_KERNEL_H
#define SIMULATE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/fs.h"

/*
 * The kernel's side of FUSE: requests that go to the real handlers of the file system by the real
 * protocol, and what becomes of them. A request is answered once, later or at once.
 */

/* Told of an answer: 0 and its data, or an errno. */
typedef void reply_fn(void *user, int error, const void *data, size_t size);

/* Mounts the file system, which must stay until kernel_stop. */
struct fuse_session *kernel_start(struct fs *fs);

/* Every request to it must have been answered. */
void kernel_stop(struct fuse_session *session);

/* Each sends a request in the name of a process, and returns the number that names it. */
uint64_t kernel_lookup(struct fuse_session *session, pid_t pid, uint64_t parent, const char *name,
                       reply_fn *reply, void *user);
uint64_t kernel_open(struct fuse_session *session, pid_t pid, uint64_t node, int flags,
                     reply_fn *reply, void *user);
uint64_t kernel_create(struct fuse_session *session, pid_t pid, uint64_t parent, const char *name,
                       int flags, reply_fn *reply, void *user);
uint64_t kernel_read(struct fuse_session *session, pid_t pid, uint64_t node, uint64_t handle,
                     reply_fn *reply, void *user);
uint64_t kernel_write(struct fuse_session *session, pid_t pid, uint64_t node, uint64_t handle,
                      const char *text, uint64_t offset, reply_fn *reply, void *user);
uint64_t kernel_flush(struct fuse_session *session, pid_t pid, uint64_t node, uint64_t handle,
                      reply_fn *reply, void *user);
uint64_t kernel_fsync(struct fuse_session *session, pid_t pid, uint64_t node, uint64_t handle,
                      reply_fn *reply, void *user);
uint64_t kernel_truncate(struct fuse_session *session, pid_t pid, uint64_t node,
                         const uint64_t *handle, uint64_t size, reply_fn *reply,
                         void *user); /* handle is NULL for a path */
uint64_t kernel_release(struct fuse_session *session, pid_t pid, uint64_t node, uint64_t handle,
                        reply_fn *reply, void *user);
uint64_t kernel_unlink(struct fuse_session *session, pid_t pid, uint64_t parent, const char *name,
                       reply_fn *reply, void *user);
uint64_t kernel_mkdir(struct fuse_session *session, pid_t pid, uint64_t parent, const char *name,
                      reply_fn *reply, void *user);
uint64_t kernel_rmdir(struct fuse_session *session, pid_t pid, uint64_t parent, const char *name,
                      reply_fn *reply, void *user);

/* Within one directory. */
uint64_t kernel_rename(struct fuse_session *session, pid_t pid, uint64_t parent, const char *from,
                       const char *to, reply_fn *reply, void *user);

uint64_t kernel_attributes(struct fuse_session *session, pid_t pid, uint64_t node, reply_fn *reply,
                           void *user);
uint64_t kernel_open_directory(struct fuse_session *session, pid_t pid, uint64_t node,
                               reply_fn *reply, void *user);
uint64_t kernel_list(struct fuse_session *session, pid_t pid, uint64_t node, uint64_t handle,
                     reply_fn *reply, void *user);
uint64_t kernel_close_directory(struct fuse_session *session, pid_t pid, uint64_t node,
                                uint64_t handle, reply_fn *reply, void *user);

/* The process has got a signal: one that ends it, or one that does not. Nothing happens when the
 * request has been answered. */
void kernel_interrupt(struct fuse_session *session, pid_t pid, uint64_t request, bool ends_it);

/* Whether it has got a signal that ends it. */
bool kernel_is_ending(pid_t pid);

/* A process has ended. */
void kernel_forget_process(pid_t pid);

/* A directory by its path from the root, looked up while time goes on, for some seconds if need be.
 * 0 if there is none. */
uint64_t kernel_directory(struct fuse_session *session, const char *path);

#endif
