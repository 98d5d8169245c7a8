#ifndef FS_CALLER_H
#define FS_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What the system tells of the threads that ask. 0 is one that it does not show to this process. */

/* Who asks for a change. */
struct caller {
    uid_t uid;
    pid_t pid;
    char command[64]; /* of its process, as the kernel knows it; "-" when it is not known */
};

void caller_describe(struct caller *caller, uid_t uid, pid_t thread);

/*
 * Whether a thread whose wait a signal has interrupted is to be let go. It is not for a signal that
 * does nothing unless a program asks for it: a child has ended (bash looks at each), or a window
 * has another size. When nothing can be known, it is.
 */
bool caller_wants_out(pid_t thread);

#endif
