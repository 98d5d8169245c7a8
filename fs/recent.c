#include "fs/recent.h"

#include <stdlib.h>

#include "api/names.h"

struct recent {
    struct operation operation;
    struct names *names; /* those that were known */
};

OPERATION_FIRST(struct recent);

static void release_recent(struct operation *operation)
{
    struct recent *recent = (struct recent *)operation;

    names_drop(recent->names);
    free(recent);
}

static void tell_known(void *user)
{
    struct recent *recent = user;

    operation_end(&recent->operation, NULL, &(struct answer){.names = recent->names});
}

static void tell_answer(void *user, const struct error *error, const struct answer *answer)
{
    struct recent *recent = user;

    operation_end(&recent->operation, error, answer);
}

struct call *recent_names(struct cache *cache, struct loop *loop, const struct question *question,
                          int64_t age_ms, const struct ask *ask)
{
    struct recent *recent = calloc(1, sizeof(*recent));
    struct answer known;
    struct ask step;

    if (!recent)
        return NULL;
    operation_begin(&recent->operation, loop, ask, release_recent);
    step = operation_ask(&recent->operation, tell_answer);
    if (cache_peek(cache, question, cache_not_before(age_ms), &known)) {
        recent->names = names_hold(known.names);
        operation_soon(&recent->operation, tell_known);
    } else {
        operation_wait(&recent->operation, cache_get(cache, question, &step));
    }
    return &recent->operation.call;
}
