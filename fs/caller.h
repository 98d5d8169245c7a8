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
 * True if a thread whose wait a signal has interrupted should be let go with EINTR: one of its
 * signals ends the program, or is INT, TERM, QUIT or HUP. A timer that the program handles, a stop,
 * a window of another size or the end of a child interrupts nothing: programs do not expect files
 * to be slow, and git gives a file up that it was about to write anew. True also when nothing can
 * be known of the thread.
 */
bool caller_wants_out(pid_t thread);

#endif
