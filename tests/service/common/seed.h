#ifndef SERVICE_SEED_H
#define SERVICE_SEED_H

#include "tests/service/common/http.h"

/*
 * Putting things into a service's world by its control interface. Each kind of thing is described
 * by names and values, from the query of a call or from an object of a JSON document, and put there
 * by one function, which says what is wrong or gives NULL. `service` is what call->service is.
 */
typedef const char *seed_put(void *service, const struct pairs *values);

/* Answers that all is well, or what is wrong. */
void seed_answer(struct call *call, const char *wrong);

/* Puts what the call's query describes, and answers. */
void seed_one(struct call *call, seed_put *put_one);

/* Puts each of an array: objects, or texts that stand for objects with nothing but that name. */
const char *seed_all(void *service, const cJSON *array, seed_put *put_one);

/* Puts <prefix>0000, ..., all alike: as many as the value named `kind` says, or none without it. */
const char *seed_many(void *service, const struct pairs *values, const char *kind,
                      const char *prefix, seed_put *put_one);

#endif
