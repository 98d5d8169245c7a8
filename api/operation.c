#include "api/operation.h"

#include <errno.h>

#include "base/always.h"

const struct answer no_answer;

static void free_operation(struct operation *operation)
{
    timer_stop(&operation->timer);
    operation->release(operation);
}

void operation_drop(struct operation *operation)
{
    if (ALWAYS(!operation->ended))
        free_operation(operation);
}

/* One that is about to tell of a failure may have changed something, too. */
static bool is_operation_sent(const struct call *call)
{
    const struct operation *operation = (const struct operation *)call;

    return operation->error.is_unknown || call_is_sent(operation->step);
}

static bool cancel_operation(struct call *call)
{
    struct operation *operation = (struct operation *)call;
    bool may_have_changed = operation->error.is_unknown;

    may_have_changed |= call_cancel(operation->step);
    operation_drop(operation);
    return may_have_changed;
}

static const struct error *trouble_of_operation(const struct call *call)
{
    return call_trouble(((const struct operation *)call)->step);
}

void operation_begin(struct operation *operation, struct loop *loop, const struct ask *ask,
                     void (*release)(struct operation *operation))
{
    operation->call = (struct call){
        .cancel = cancel_operation, .is_sent = is_operation_sent, .trouble = trouble_of_operation};
    operation->loop = loop;
    operation->ask = *ask;
    operation->release = release;
}

void operation_end(struct operation *operation, const struct error *error,
                   const struct answer *answer)
{
    if (!ALWAYS(!operation->ended))
        return;
    operation->ended = true;
    operation->ask.done(operation->ask.user, error, error ? &no_answer : answer);
    free_operation(operation);
}

void operation_fail(struct operation *operation)
{
    operation_end(operation, &operation->error, &no_answer);
}

static void fail_operation(void *user)
{
    operation_fail(user);
}

void operation_soon(struct operation *operation, loop_fn *then)
{
    timer_start(operation->loop, &operation->timer, 0, then, operation);
}

void operation_fail_soon(struct operation *operation)
{
    operation_soon(operation, fail_operation);
}

struct ask operation_ask(struct operation *operation, done_fn *done)
{
    return (struct ask){.deadline = operation->ask.deadline,
                        .done = done,
                        .user = operation,
                        .errand = operation->ask.errand};
}

void operation_wait(struct operation *operation, struct call *step)
{
    operation->step = step;
    if (step)
        return;
    error_set(&operation->error, ENOMEM, "no memory");
    operation_fail_soon(operation);
}

bool operation_answered(struct operation *operation, const struct error *error)
{
    operation->step = NULL;
    if (!error)
        return true;
    operation->error = *error;
    operation_fail(operation);
    return false;
}
