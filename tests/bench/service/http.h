#ifndef BENCH_SERVICE_HTTP_H
#define BENCH_SERVICE_HTTP_H

#include <sys/types.h>

#include "tests/bench/service/answer.h"

/*
 * Takes the request at the beginning of size bytes, which are followed by one more byte of room,
 * and answers it: adds all of the answer to out. Returns the bytes that it took, 0 if the request
 * is not complete, or -1 for what is none. call tells what was asked; of CONTROL nothing is
 * counted, delayed or left to hang.
 */
enum { CONTROL = CALLS };
ssize_t http_take(char *data, size_t size, struct buf *out, enum call *call);

/* Answers a request whose path begins with /control. */
void control_answer(const struct query *query, struct answer *answer);

#endif
