#ifndef FS_DAEMON_H
#define FS_DAEMON_H

#include <stdbool.h>

/*
 * Going into the background, so that the command returns only once the mount can be used, or has
 * failed: the parent waits for the child's verdict.
 */

/* Makes those of standard input, output and error that are closed /dev/null, so that nothing that
 * is opened later is taken for them. To be called before anything is opened. False if that fails.
 */
bool daemon_complete_standard(void);

/* Forks, unless the program stays in the foreground. Returns in the child, or in the foreground;
 * the parent exits with the verdict, after printing its line. The child keeps standard input,
 * output and error, and its process group, until the verdict, and none of the other descriptors
 * that the command was started with. In the foreground all stay open. */
void daemon_start(bool foreground);

/* Tells that the mount can be used, and lets go of the terminal. */
void daemon_succeed(void);

/* Tells what is wrong, in one line. Returns the exit status that it is given, 1 to 9. */
int daemon_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
