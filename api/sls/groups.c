#include "api/sls/groups.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/fan.h"
#include "api/share.h"
#include "api/sls/error.h"
#include "api/sls/lists.h"
#include "base/when.h"

#define SHARED_MS 1000

/* Gives the HTTP layer this long to report its own, more precise, timeout. */
#define GRACE_MS 100

/* For a group and its logstore. */
#define PAIR_ROOM ((size_t)2 * FILE_NAME_ROOM)

struct sls_groups {
    struct sls *sls;
    struct share gathering; /* those who wait for what is being gathered */
    struct share recent;    /* those who are about to get what was gathered before */
    struct names *promised; /* what they get, or NULL */
    struct timer soon;

    struct call *step;       /* of gathering; NULL when nothing is */
    struct names *found;     /* so far */
    struct names *logstores; /* that were listed */
    size_t refused;          /* how many of them may not be looked into */
    struct error refusal;    /* of the last of those */
    bool outdated;           /* something was changed since it began */
    int64_t deadline;
    enum errand errand; /* of whom it was begun for */

    struct names *names; /* what was gathered last, or NULL */
    int64_t came;        /* when */
};

/* Ends what is being gathered. */
static void stop_gathering(struct sls_groups *groups)
{
    call_cancel(groups->step);
    groups->step = NULL;
    names_drop(groups->found);
    names_drop(groups->logstores);
    groups->found = NULL;
    groups->logstores = NULL;
}

static void on_groups_deserted(void *user)
{
    stop_gathering(user);
}

static const struct error *trouble_of_groups(void *user)
{
    const struct sls_groups *groups = user;

    return call_trouble(groups->step);
}

/* What was gathered before costs nothing. */
static void let_go(void *user)
{
    (void)user;
}

struct sls_groups *sls_groups_new(struct sls *sls)
{
    static const char late[] = "the consumer groups of all logstores were not had in time";
    struct sls_groups *groups = calloc(1, sizeof(*groups));
    struct loop *loop = sls->service.backend.loop;

    if (!groups)
        return NULL;
    groups->sls = sls;
    share_init(&groups->gathering, loop, late, GRACE_MS, on_groups_deserted, groups);
    groups->gathering.trouble = trouble_of_groups;
    share_init(&groups->recent, loop, late, GRACE_MS, let_go, groups);
    return groups;
}

void sls_groups_free(struct sls_groups *groups)
{
    if (!groups)
        return;
    share_release(&groups->gathering);
    share_release(&groups->recent);
    stop_gathering(groups);
    timer_stop(&groups->soon);
    names_drop(groups->promised);
    names_drop(groups->names);
    free(groups);
}

/* False for one that no file can be named after. */
static bool print_pair(const char *group, const char *logstore, char pair[static PAIR_ROOM])
{
    char app[FILE_NAME_ROOM];
    char stream[FILE_NAME_ROOM];

    if (name_to_file(group, app) || name_to_file(logstore, stream))
        return false;
    snprintf(pair, PAIR_ROOM, "%s/%s", app, stream);
    return true;
}

void sls_groups_note(struct sls_groups *groups, const char *app, const char *stream)
{
    char pair[PAIR_ROOM];

    if (print_pair(app, stream, pair) && !(groups->names && names_has(groups->names, pair)))
        sls_groups_drop(groups);
}

void sls_groups_drop(struct sls_groups *groups)
{
    names_drop(groups->names);
    groups->names = NULL;
    groups->outdated = true;
}

/* Gathering */

static void finish_gathering(struct sls_groups *groups)
{
    struct names *names = groups->found;

    names_sort(names);
    groups->found = NULL;
    stop_gathering(groups);
    if (!groups->outdated) {
        names_drop(groups->names);
        groups->names = names_hold(names);
        groups->came = when_monotonic();
    }
    share_tell(&groups->gathering, NULL, &(struct answer){.names = names});
    names_drop(names);
}

static void fail_gathering(struct sls_groups *groups, const struct error *error)
{
    struct error copy = *error;

    stop_gathering(groups);
    share_tell(&groups->gathering, &copy, &no_answer);
}

static struct call *ask_groups_of_one(void *user, const char *logstore, const struct ask *ask)
{
    const struct sls_groups *groups = user;

    return sls_ask_groups(groups->sls, logstore, ask);
}

static void tell_refused(const struct sls_groups *groups, const char *logstore,
                         const struct error *error)
{
    char sentence[NAME_MAX_STREAM + sizeof(error->message) + 64];

    snprintf(sentence, sizeof(sentence), "the consumer groups of the logstore %s are left out: %s",
             logstore, error->message);
    backend_leave_out(&groups->sls->service.backend, sentence);
}

static int add_pair(struct names *pairs, const char *group, const char *logstore)
{
    char pair[PAIR_ROOM];

    return print_pair(group, logstore, pair) ? names_add(pairs, pair) : 0;
}

static int on_groups_of_one(void *user, const char *logstore, const struct error *error,
                            const struct answer *found, struct error *failure)
{
    struct sls_groups *groups = user;

    if (error && sls_is_not_allowed(error)) {
        groups->refused++;
        groups->refusal = *error;
        tell_refused(groups, logstore, error);
        return 0;
    }
    if (error && error->code == ENOENT)
        return 0;
    if (error) {
        *failure = *error;
        return -error->code;
    }
    for (size_t i = 0; i < names_count(found->names); i++) {
        if (add_pair(groups->found, names_at(found->names, i), logstore))
            return error_set(failure, ENOMEM, "no memory for the consumer groups");
    }
    return 0;
}

static void on_all_groups(void *user, const struct error *error, const struct answer *unused)
{
    struct sls_groups *groups = user;
    size_t count = names_count(groups->logstores);

    (void)unused;
    groups->step = NULL;
    if (error)
        fail_gathering(groups, error);
    else if (count && groups->refused == count)
        fail_gathering(groups, &groups->refusal);
    else
        finish_gathering(groups);
}

static void wait_for_step(struct sls_groups *groups, struct call *step)
{
    struct error error;

    groups->step = step;
    if (step)
        return;
    error_set(&error, ENOMEM, "no memory");
    fail_gathering(groups, &error);
}

static void on_logstores(void *user, const struct error *error, const struct answer *found)
{
    struct sls_groups *groups = user;
    struct ask ask = {groups->deadline, on_all_groups, groups, groups->errand};
    struct fan_order order = {.loop = groups->sls->service.backend.loop,
                              .start = ask_groups_of_one,
                              .take = on_groups_of_one,
                              .user = groups};

    groups->step = NULL;
    if (error) {
        fail_gathering(groups, error);
        return;
    }
    groups->logstores = names_hold(found->names);
    order.names = groups->logstores;
    wait_for_step(groups, fan_start(&order, &ask));
}

/* Begins to gather, for a first waiter. False without memory. */
static bool gather(struct sls_groups *groups, int64_t deadline, enum errand errand)
{
    struct ask ask = {deadline, on_logstores, groups, errand};

    groups->outdated = false;
    groups->refused = 0;
    groups->deadline = deadline;
    groups->errand = errand;
    groups->found = names_new();
    if (groups->found)
        groups->step = sls_ask_logstores(groups->sls, &ask);
    if (!groups->step)
        stop_gathering(groups);
    return groups->step != NULL;
}

static bool is_fresh(const struct sls_groups *groups)
{
    return groups->names && when_monotonic() < groups->came + SHARED_MS;
}

static void tell_recent(void *user)
{
    struct sls_groups *groups = user;
    struct names *names = groups->promised;

    groups->promised = NULL;
    share_tell(&groups->recent, NULL, &(struct answer){.names = names});
    names_drop(names);
}

static struct call *join_recent(struct sls_groups *groups, const struct ask *ask)
{
    if (!groups->promised) {
        groups->promised = names_hold(groups->names);
        timer_start(groups->gathering.loop, &groups->soon, 0, tell_recent, groups);
    }
    return share_join(&groups->recent, ask);
}

struct call *sls_groups_get(struct sls_groups *groups, bool anew, const struct ask *ask)
{
    int64_t deadline = ask->deadline;

    if (!anew && is_fresh(groups))
        return join_recent(groups, ask);
    /* If something was changed since gathering began, it begins anew. */
    if (groups->step && groups->outdated) {
        stop_gathering(groups);
        deadline = deadline > groups->deadline ? deadline : groups->deadline;
    }
    if (!groups->step && !gather(groups, deadline, ask->errand))
        return NULL;
    return share_join(&groups->gathering, ask);
}

/* For calls */

void sls_wait_for_groups(struct service_call *call, bool anew, done_fn *done)
{
    struct ask ask = operation_ask(&call->operation, done);

    call->operation.step = sls_groups_get(((struct sls *)call->service)->groups, anew, &ask);
    if (!call->operation.step)
        service_refuse(call, ENOMEM, "no memory");
}

void sls_add_streams(struct service_call *call, const struct error *error,
                     const struct answer *answer)
{
    char app[FILE_NAME_ROOM] = "";
    size_t length;
    int status = 0;

    call->operation.step = NULL;
    if (error) {
        call->operation.error = *error;
        return;
    }
    name_to_file(call->app, app);
    length = strlen(app);
    for (size_t i = 0; i < names_count(answer->names) && !status; i++) {
        const char *pair = names_at(answer->names, i);
        char stream[FILE_NAME_ROOM];

        if (!strncmp(pair, app, length) && pair[length] == '/' &&
            !name_from_file(pair + length + 1, stream))
            status = names_add(call->names, stream);
    }
    names_sort(call->names);
    if (status)
        error_set(&call->operation.error, ENOMEM, "no memory");
}
