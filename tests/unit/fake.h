#ifndef TESTS_UNIT_FAKE_H
#define TESTS_UNIT_FAKE_H

#include <sys/queue.h>

#include "ask.h"

#include "base/buf.h"
#include "tests/numbers.h"

/*
 * A backend with one app and one partition whose values a test sets. It writes down what it is
 * asked, in order, and answers in the next round of the loop or, when it is manual, when the test
 * says so. Its log reads "get", "locate=earliest", "commit=41", "cursor=after:41", "apps" ...
 */
struct fake {
    struct backend backend;
    struct buf log;
    TAILQ_HEAD(, fake_call) calls; /* under way, oldest first */
    unsigned cancelled;
    bool manual;

    const char *out_of_memory; /* the operation for which there is no memory: "get" */
    const char *failing;       /* the operation that fails */
    int failure;               /* with this errno */

    const char *sequence; /* what is committed, or NULL */
    const char *metadata;
    const char *earliest;
    const char *latest;
    bool has_no_end;   /* of get_state alone */
    const char *since; /* what locate says of a time */
    bool ranged;       /* a commit outside earliest and latest is ERANGE */
    bool strict;       /* the number before earliest is outside, too */

    const char *intruder; /* what somebody else commits just before our next commit */

    const char *names[8];      /* what lists have, up to a NULL */
    const struct state *table; /* what get_states has */
    size_t table_size;
    const struct state *bounds; /* what get_bounds has */
    size_t bounds_size;
    const char *info;    /* what describe_stream says */
    const char *records; /* what a batch says, of one record or, with "", of none */

    char committed[SEQUENCE_MAX + 1];
    char committed_metadata[64];
};

struct fake_call {
    struct call call;
    TAILQ_ENTRY(fake_call) link;
    struct fake *fake;
    const char *operation;
    struct ask ask;
    struct timer timer;
    enum cursor_kind kind;
    char sequence[SEQUENCE_MAX + 1];
    char metadata[64];
    char expected[SEQUENCE_MAX + 1];
    bool expects;
};

static inline void fake_end(struct fake_call *call)
{
    timer_stop(&call->timer);
    TAILQ_REMOVE(&call->fake->calls, call, link);
    free(call);
}

/* What was to change something may have done so. */
static inline bool fake_cancel(struct call *call)
{
    struct fake_call *cancelled = (struct fake_call *)call;
    bool changes =
        !strcmp(cancelled->operation, "commit") || !strcmp(cancelled->operation, "delete");

    cancelled->fake->cancelled++;
    fake_end(cancelled);
    return changes;
}

/* Ends a call with an errno. */
static inline void fake_fail(struct fake_call *call, int code)
{
    static const struct answer nothing;
    struct ask ask = call->ask;
    struct error error;

    error_set(&error, code, "the fake backend fails with %s", error_name(code));
    fake_end(call);
    ask.done(ask.user, &error, &nothing);
}

static inline void fake_succeed(struct fake_call *call, const struct answer *answer)
{
    struct ask ask = call->ask;

    fake_end(call);
    ask.done(ask.user, NULL, answer);
}

static inline bool fake_in_range(const struct fake *fake, const char *sequence)
{
    char next[DECIMAL_ROOM];

    if (fake->strict && decimal_compare(sequence, fake->earliest) < 0)
        return false;
    if (!fake->ranged)
        return true;
    assert_int_equal(decimal_add(next, sequence, fake->backend.checkpoint_is_next ? "0" : "1"), 0);
    return decimal_compare(next, fake->earliest) >= 0 && decimal_compare(next, fake->latest) <= 0;
}

static inline void fake_answer_state(struct fake_call *call)
{
    const struct fake *fake = call->fake;
    struct state state = {.committed = fake->sequence ? 1 : WHEN_UNKNOWN,
                          .sequence = fake->sequence,
                          .metadata = fake->sequence ? fake->metadata : NULL};

    fake_succeed(call, &(struct answer){.state = &state});
}

/* Of the partition alone. */
static inline void fake_answer_partition(struct fake_call *call)
{
    const struct fake *fake = call->fake;
    struct state state = {.committed = WHEN_UNKNOWN,
                          .has_no_end = fake->has_no_end,
                          .earliest = fake->earliest,
                          .latest = fake->latest};

    fake_succeed(call, &(struct answer){.state = &state});
}

/* Whether what is committed is what the call expects, after somebody else has had a turn. */
static inline bool fake_is_expected(struct fake_call *call)
{
    struct fake *fake = call->fake;

    fake->sequence = fake->intruder ? fake->intruder : fake->sequence;
    fake->intruder = NULL;
    return !call->expects || !strcmp(call->expected, fake->sequence ? fake->sequence : "");
}

static inline void fake_answer_commit(struct fake_call *call)
{
    struct fake *fake = call->fake;

    if (!fake_is_expected(call)) {
        fake_fail(call, ESTALE);
        return;
    }
    if (!fake_in_range(fake, call->sequence)) {
        fake_fail(call, ERANGE);
        return;
    }
    memcpy(fake->committed, call->sequence, sizeof(fake->committed));
    memcpy(fake->committed_metadata, call->metadata, sizeof(fake->committed_metadata));
    fake->sequence = fake->committed;
    fake->metadata = fake->committed_metadata;
    fake_answer_state(call);
}

static inline void fake_answer_delete(struct fake_call *call)
{
    if (!call->fake->sequence) {
        fake_fail(call, ENOENT);
        return;
    }
    call->fake->sequence = NULL;
    fake_succeed(call, &(struct answer){0});
}

static inline void fake_answer_names(struct fake_call *call)
{
    struct names *names = names_new();

    assert_non_null(names);
    for (size_t i = 0; call->fake->names[i]; i++)
        assert_int_equal(names_add(names, call->fake->names[i]), 0);
    names_sort(names);
    fake_succeed(call, &(struct answer){.names = names});
    names_drop(names);
}

static inline void fake_answer_table(struct fake_call *call, const struct state *states,
                                     size_t count)
{
    struct table *table = table_new();

    assert_non_null(table);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(table_put(table, &states[i]), 0);
    fake_succeed(call, &(struct answer){.table = table});
    table_drop(table);
}

static inline void fake_answer_location(struct fake_call *call)
{
    const struct fake *fake = call->fake;

    fake_succeed(call, &(struct answer){.text = call->kind == CURSOR_EARLIEST ? fake->earliest
                                                : call->kind == CURSOR_LATEST ? fake->latest
                                                                              : fake->since});
}

static inline void fake_answer_records(struct fake_call *call)
{
    const char *records = call->fake->records;
    struct batch batch;

    batch_init(&batch, RECORD_LINES, 1);
    buf_puts(&batch.text, records);
    batch.count = *records ? 1 : 0;
    fake_succeed(call, &(struct answer){.batch = &batch});
    batch_release(&batch);
}

/* Ends a call as its operation does. */
static inline void fake_answer(struct fake_call *call)
{
    const struct fake *fake = call->fake;
    const char *operation = call->operation;

    if (fake->failing && !strcmp(operation, fake->failing))
        fake_fail(call, fake->failure);
    else if (!strcmp(operation, "get"))
        fake_answer_state(call);
    else if (!strcmp(operation, "partition"))
        fake_answer_partition(call);
    else if (!strcmp(operation, "commit"))
        fake_answer_commit(call);
    else if (!strcmp(operation, "delete"))
        fake_answer_delete(call);
    else if (!strcmp(operation, "locate"))
        fake_answer_location(call);
    else if (!strcmp(operation, "cursor"))
        fake_succeed(call, &(struct answer){.text = "a cursor"});
    else if (!strcmp(operation, "read"))
        fake_answer_records(call);
    else if (!strcmp(operation, "states"))
        fake_answer_table(call, fake->table, fake->table_size);
    else if (!strcmp(operation, "bounds"))
        fake_answer_table(call, fake->bounds, fake->bounds_size);
    else if (!strcmp(operation, "info"))
        fake_succeed(call, &(struct answer){.text = fake->info});
    else
        fake_answer_names(call);
}

static inline void fake_answer_soon(void *user)
{
    fake_answer(user);
}

static inline struct fake_call *fake_start(struct backend *backend, const char *operation,
                                           const char *detail, const struct ask *ask)
{
    struct fake *fake = (struct fake *)backend;
    struct fake_call *call = NULL;

    buf_printf(&fake->log, "%s%s%s", fake->log.size ? " " : "", operation, detail);
    if (!fake->out_of_memory || strcmp(operation, fake->out_of_memory) != 0)
        call = calloc(1, sizeof(*call));
    if (!call)
        return NULL;
    call->call.cancel = fake_cancel;
    call->fake = fake;
    call->operation = operation;
    call->ask = *ask;
    TAILQ_INSERT_TAIL(&fake->calls, call, link);
    if (!fake->manual)
        timer_start(backend->loop, &call->timer, 0, fake_answer_soon, call);
    return call;
}

static inline struct call *fake_list_apps(struct backend *backend, const struct ask *ask)
{
    return (struct call *)fake_start(backend, "apps", "", ask);
}

static inline struct call *fake_list_streams(struct backend *backend, enum streams which,
                                             const char *app, const struct ask *ask)
{
    static const char *const operations[] = {"streams", "streams-of-app", "committed"};
    char detail[300];

    snprintf(detail, sizeof(detail), "%s%s", app ? "=" : "", app ? app : "");
    return (struct call *)fake_start(backend, operations[which], detail, ask);
}

static inline struct call *fake_describe_stream(struct backend *backend, const char *stream,
                                                const struct ask *ask)
{
    char detail[100];

    snprintf(detail, sizeof(detail), "=%s", stream);
    return (struct call *)fake_start(backend, "info", detail, ask);
}

static inline struct call *fake_get_states(struct backend *backend, const char *app,
                                           const char *stream, const struct ask *ask)
{
    char detail[300];

    snprintf(detail, sizeof(detail), "=%s/%s", app ? app : "", stream);
    return (struct call *)fake_start(backend, "states", detail, ask);
}

static inline struct call *fake_get_bounds(struct backend *backend, const char *stream,
                                           const struct ask *ask)
{
    char detail[300];

    snprintf(detail, sizeof(detail), "=%s", stream);
    return (struct call *)fake_start(backend, "bounds", detail, ask);
}

/* The tests know of one partition only. */
static inline void fake_check_partition(const char *app, const char *stream, uint32_t partition)
{
    assert_string_equal(app, "billing");
    assert_string_equal(stream, "orders");
    assert_int_equal(partition, 7);
}

static inline struct call *fake_get_state(struct backend *backend, const char *app,
                                          const char *stream, uint32_t partition,
                                          enum detail detail, const struct ask *ask)
{
    assert_null(app);
    assert_int_equal(detail, DETAIL_LAG);
    fake_check_partition("billing", stream, partition);
    return (struct call *)fake_start(backend, "partition", "", ask);
}

static inline struct call *fake_get_checkpoint(struct backend *backend, const char *app,
                                               const char *stream, uint32_t partition,
                                               const struct ask *ask)
{
    fake_check_partition(app, stream, partition);
    return (struct call *)fake_start(backend, "get", "", ask);
}

static inline struct call *fake_commit(struct backend *backend, const struct commit_order *order,
                                       const struct ask *ask)
{
    struct fake_call *call;
    char detail[300];

    fake_check_partition(order->app, order->stream, order->partition);
    snprintf(detail, sizeof(detail), "=%s%s%s%s", order->sequence, *order->metadata ? ":" : "",
             order->metadata, order->make_partition ? "+make" : "");
    call = fake_start(backend, "commit", detail, ask);
    if (!call)
        return NULL;
    snprintf(call->sequence, sizeof(call->sequence), "%s", order->sequence);
    snprintf(call->metadata, sizeof(call->metadata), "%s", order->metadata);
    call->expects = order->expected != NULL;
    snprintf(call->expected, sizeof(call->expected), "%s", call->expects ? order->expected : "");
    assert_true(!call->expects || backend->abilities & CAN_COMPARE);
    return &call->call;
}

static inline struct call *fake_delete_checkpoint(struct backend *backend, const char *app,
                                                  const char *stream, uint32_t partition,
                                                  const struct ask *ask)
{
    fake_check_partition(app, stream, partition);
    return (struct call *)fake_start(backend, "delete", "", ask);
}

static inline struct call *fake_start_order(struct backend *backend, const char *operation,
                                            const struct cursor_order *order, const struct ask *ask)
{
    static const char *const kinds[] = {"at", "after", "earliest", "latest", "since"};
    bool named = order->kind == CURSOR_AT || order->kind == CURSOR_AFTER;
    struct fake_call *call;
    char detail[200];

    assert_string_equal(order->stream, "orders");
    assert_int_equal(order->partition, 7);
    snprintf(detail, sizeof(detail), "=%s%s%s", kinds[order->kind], named ? ":" : "",
             named ? order->sequence : "");
    call = fake_start(backend, operation, detail, ask);
    if (!call)
        return NULL;
    call->kind = order->kind;
    return &call->call;
}

static inline struct call *fake_get_cursor(struct backend *backend,
                                           const struct cursor_order *order, const struct ask *ask)
{
    return fake_start_order(backend, "cursor", order, ask);
}

static inline struct call *fake_locate(struct backend *backend, const struct cursor_order *order,
                                       const struct ask *ask)
{
    return fake_start_order(backend, "locate", order, ask);
}

static inline struct call *fake_read_records(struct backend *backend,
                                             const struct read_order *order, const struct ask *ask)
{
    return fake_start_order(backend, "read", &order->from, ask);
}

/* A sequence that is no number. */
#define FAKE_OPAQUE "opaque="

/* Numbers of up to 20 digits, so that there are some that are out of range by their form. */
static inline int fake_parse_sequence(const char *text, char sequence[static SEQUENCE_MAX + 1],
                                      struct error *error)
{
    int status = 0;

    if (!strcmp(text, FAKE_OPAQUE))
        snprintf(sequence, SEQUENCE_MAX + 1, "%s", text);
    else
        status = numbers_parse(text, sequence, error);
    return status || strlen(sequence) <= 20 ? status : error_set(error, ERANGE, "out of range");
}

static inline void fake_init(struct fake *fake, struct loop *loop)
{
    static const struct backend_operations operations = {
        .list_apps = fake_list_apps,
        .list_streams = fake_list_streams,
        .describe_stream = fake_describe_stream,
        .get_states = fake_get_states,
        .get_bounds = fake_get_bounds,
        .get_state = fake_get_state,
        .get_checkpoint = fake_get_checkpoint,
        .commit = fake_commit,
        .delete_checkpoint = fake_delete_checkpoint,
        .get_cursor = fake_get_cursor,
        .locate = fake_locate,
        .read_records = fake_read_records,
        .parse_sequence = fake_parse_sequence,
        .to_decimal = numbers_to_decimal,
    };

    *fake = (struct fake){.backend = {.operations = &operations,
                                      .loop = loop,
                                      .name = "fake",
                                      .abilities = CAN_STORE_METADATA | CAN_DELETE_CHECKPOINT,
                                      .metadata_max = 60},
                          .earliest = "0",
                          .latest = "100",
                          .since = "50",
                          .metadata = "",
                          .info = "{}",
                          .records = "a line\n"};
    buf_init(&fake->log, 1UL << 20);
    TAILQ_INIT(&fake->calls);
}

/* Every call must have ended. */
static inline void fake_release(struct fake *fake)
{
    assert_true(TAILQ_EMPTY(&fake->calls));
    buf_release(&fake->log);
}

/* Answers the oldest call. */
static inline void fake_answer_next(struct fake *fake)
{
    assert_false(TAILQ_EMPTY(&fake->calls));
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): freed ones have left the list */
    fake_answer(TAILQ_FIRST(&fake->calls));
}

#endif
