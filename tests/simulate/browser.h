#ifndef SIMULATE_BROWSER_H
#define SIMULATE_BROWSER_H

#include <stdbool.h>

/*
 * Somebody who looks around in a mount as ls -l and cat do: lists a directory, asks for the
 * attributes of what is in it, reads some of the files, and goes on into one of the directories.
 * What is seen is not judged; that it does no harm is.
 */
void browser_begin(void);

/* None begins any more. */
void browser_stop(void);
bool browser_is_done(void);

#endif
