#ifndef API_LOCAL_WRITER_H
#define API_LOCAL_WRITER_H

#include <stdbool.h>

#include "api/local/call.h"

/*
 * The thread that writes to the store, so that the loop does not wait for a disk or for another
 * process's lock. What came in while it was busy it writes in one transaction: many commits, one
 * sync.
 */
struct writer;

/* Hands finished calls back, in the loop's thread. */
typedef void writer_done_fn(struct local_call *call);

/* Takes the store over on success. 0 or a negative errno with an error. */
int writer_start(struct loop *loop, struct store *store, writer_done_fn *done,
                 struct writer **writer, struct error *error);

/* Finishes the transaction under way, frees the calls that wait, and closes the store. */
void writer_stop(struct writer *writer);

void writer_submit(struct writer *writer, struct local_call *call);

/* Whether the thread has a call already, so that it may be done. */
bool writer_has_taken(struct writer *writer, const struct local_call *call);

/* The call will not be handed back; it is freed now, or when its work has ended. True if the thread
 * has it already, so that it may be done. */
bool writer_cancel(struct writer *writer, struct local_call *call);

#endif
