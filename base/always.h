#ifndef BASE_ALWAYS_H
#define BASE_ALWAYS_H

#include <stdbool.h>

/*
 * What always holds, whatever a service, a program or the kernel does: only a fault of this program
 * breaks it. A build for tests ends at once then, where the fault can be seen. A program in use
 * goes on: whoever finds it broken refuses what was to be done, with EIO, and somebody is
 * told.
 *
 *     if (!ALWAYS(place->holds > 0))
 *         return;
 */
#define ALWAYS(condition) ((condition) || always_broken(#condition, __FILE__, __LINE__))

/* False. */
bool always_broken(const char *condition, const char *file, int line);

/* Tells `tell` from now on, or nobody: one at a time. The text lasts as long as the call. */
void always_tell(void (*tell)(void *user, const char *what), void *user);

#endif
