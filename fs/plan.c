#include "fs/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/backend.h"
#include "fs/cache.h"

struct plan {
    struct operation operation;
    struct plan_result *result;
    bool make_partition;
};

OPERATION_FIRST(struct plan);

static void release_plan(struct operation *operation)
{
    free(operation);
}

/* It ends as what was refused, so that nothing is sent. */
static void stop_before_sending(struct plan *plan)
{
    plan->result->is_planned = true;
    error_set(&plan->operation.error, ECANCELED, "planned");
    operation_fail_soon(&plan->operation);
}

/* A partition that the change would make has no records. */
static void on_judged(void *user, const struct error *error, const struct answer *answer)
{
    struct plan *plan = user;

    plan->operation.step = NULL;
    if (error && !(error->code == ENOENT && plan->make_partition)) {
        operation_end(&plan->operation, error, &no_answer);
        return;
    }
    snprintf(plan->result->words, sizeof(plan->result->words), "%s",
             error ? "replays 0" : answer->text);
    stop_before_sending(plan);
}

static void judge_move(struct plan *plan, struct backend *backend, const struct move *move)
{
    struct ask ask = operation_ask(&plan->operation, on_judged);

    operation_wait(&plan->operation, move_judge(backend, move, &ask));
}

static void on_planned_streams(void *user, const struct error *error, const struct answer *answer)
{
    struct plan *plan = user;

    if (!operation_answered(&plan->operation, error))
        return;
    if (!names_count(answer->names)) {
        stop_before_sending(plan);
        return;
    }
    error_set(&plan->operation.error, ENOTEMPTY, "the app has checkpoints");
    operation_fail_soon(&plan->operation);
}

/* With checkpoints an app is not removed, unless they go with it. */
static void judge_removal(struct plan *plan, struct backend *backend, const char *app)
{
    struct ask ask = operation_ask(&plan->operation, on_planned_streams);

    operation_wait(&plan->operation, backend_list_streams(backend, STREAMS_COMMITTED, app, &ask));
}

static bool may_keep_checkpoints(const struct plan_order *order)
{
    return order->removed_app && !(order->fs->backend->abilities & APP_IS_OF_STREAM) &&
           !cache_is_planned(order->fs->cache, order->removed_app);
}

struct call *plan_start(const struct plan_order *order, struct plan_result *result,
                        const struct ask *ask)
{
    struct plan *plan = calloc(1, sizeof(*plan));

    if (!plan)
        return NULL;
    operation_begin(&plan->operation, order->fs->loop, ask, release_plan);
    plan->result = result;
    plan->make_partition = order->make_partition;
    if (order->move)
        judge_move(plan, order->fs->backend, order->move);
    else if (may_keep_checkpoints(order))
        judge_removal(plan, order->fs->backend, order->removed_app);
    else
        stop_before_sending(plan);
    return &plan->operation.call;
}
