#include "ask.h"

#include "base/buf.h"

/*
 * The front door, before a backend that has every operation, notes how it is asked, and is answered
 * for by the test.
 */
struct asked {
    struct call call;
    struct backend *backend; /* whose call is under way; NULL if none is */
    struct ask ask;
    unsigned cancelled;
    bool may_have_changed; /* what its cancel says */
};

struct scene {
    struct loop *loop;
    struct backend backend;
    struct asked asked;
    bool without_memory;
    struct buf log; /* of the backend: "get_state billing orders 7" */
    struct reply reply;
    int64_t began; /* when the call did */
    unsigned observed;
    struct observation seen; /* the last; its texts are copies */
    char operation[32];
    char arguments[512];
    struct error error;
};

static struct scene *current; /* of the test that runs */

__attribute__((format(printf, 3, 4))) static struct call *
ask_backend(struct backend *backend, const struct ask *ask, const char *format, ...)
{
    va_list arguments;
    char line[256];

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    assert_ptr_equal(backend, &current->backend);
    buf_puts(&current->log, line);
    if (current->without_memory)
        return NULL;
    assert_null(current->asked.backend);
    current->asked.backend = backend;
    current->asked.ask = *ask;
    return &current->asked.call;
}

static bool cancel_asked(struct call *call)
{
    struct asked *asked = (struct asked *)call;

    assert_non_null(asked->backend);
    asked->backend = NULL;
    asked->cancelled++;
    return asked->may_have_changed;
}

static bool is_asked_sent(const struct call *call)
{
    return ((const struct asked *)call)->may_have_changed;
}

static const char *text(const char *argument)
{
    return argument ? argument : "NULL";
}

/* ---- the backend's operations */

static struct call *list_apps(struct backend *backend, const struct ask *ask)
{
    return ask_backend(backend, ask, "list_apps");
}

static struct call *find_app(struct backend *backend, const char *app, const struct ask *ask)
{
    return ask_backend(backend, ask, "find_app %s", app);
}

static struct call *create_app(struct backend *backend, const char *app, const char *stream,
                               const struct ask *ask)
{
    return ask_backend(backend, ask, "create_app %s %s", app, text(stream));
}

static struct call *delete_app(struct backend *backend, const char *app, const char *stream,
                               const struct ask *ask)
{
    return ask_backend(backend, ask, "delete_app %s %s", app, text(stream));
}

static struct call *list_streams(struct backend *backend, enum streams which, const char *app,
                                 const struct ask *ask)
{
    return ask_backend(backend, ask, "list_streams %d %s", which, text(app));
}

static struct call *describe_stream(struct backend *backend, const char *stream,
                                    const struct ask *ask)
{
    return ask_backend(backend, ask, "describe_stream %s", stream);
}

static struct call *get_states(struct backend *backend, const char *app, const char *stream,
                               const struct ask *ask)
{
    return ask_backend(backend, ask, "get_states %s %s", text(app), stream);
}

static struct call *get_state(struct backend *backend, const char *app, const char *stream,
                              uint32_t partition, enum detail detail, const struct ask *ask)
{
    return ask_backend(backend, ask, "get_state %s %s %u %d", text(app), stream, partition, detail);
}

static struct call *get_checkpoint(struct backend *backend, const char *app, const char *stream,
                                   uint32_t partition, const struct ask *ask)
{
    return ask_backend(backend, ask, "get_checkpoint %s %s %u", app, stream, partition);
}

static struct call *commit(struct backend *backend, const struct commit_order *order,
                           const struct ask *ask)
{
    return ask_backend(backend, ask, "commit %s %s %u %s %s %s", order->app, order->stream,
                       order->partition, order->sequence, order->metadata, text(order->expected));
}

static struct call *delete_checkpoint(struct backend *backend, const char *app, const char *stream,
                                      uint32_t partition, const struct ask *ask)
{
    return ask_backend(backend, ask, "delete_checkpoint %s %s %u", app, stream, partition);
}

static struct call *get_cursor(struct backend *backend, const struct cursor_order *order,
                               const struct ask *ask)
{
    return ask_backend(backend, ask, "get_cursor %s %u %d %s", order->stream, order->partition,
                       order->kind, text(order->sequence));
}

static struct call *locate(struct backend *backend, const struct cursor_order *order,
                           const struct ask *ask)
{
    return ask_backend(backend, ask, "locate %s %u %d", order->stream, order->partition,
                       order->kind);
}

static struct call *create_stream(struct backend *backend, const char *stream,
                                  const struct ask *ask)
{
    return ask_backend(backend, ask, "create_stream %s", stream);
}

static struct call *delete_stream(struct backend *backend, const char *stream,
                                  const struct ask *ask)
{
    return ask_backend(backend, ask, "delete_stream %s", stream);
}

static struct call *create_partition(struct backend *backend, const char *stream,
                                     uint32_t partition, const struct ask *ask)
{
    return ask_backend(backend, ask, "create_partition %s %u", stream, partition);
}

static struct call *delete_partition(struct backend *backend, const char *stream,
                                     uint32_t partition, const struct ask *ask)
{
    return ask_backend(backend, ask, "delete_partition %s %u", stream, partition);
}

static struct call *set_bound(struct backend *backend, const char *stream, uint32_t partition,
                              bool earliest, const char *value, const struct ask *ask)
{
    return ask_backend(backend, ask, "set_bound %s %u %d %s", stream, partition, earliest, value);
}

static int parse_sequence(const char *number, char sequence[static SEQUENCE_MAX + 1],
                          struct error *error)
{
    if (strcmp(number, "42") != 0)
        return error_set(error, EINVAL, "not 42");
    snprintf(sequence, SEQUENCE_MAX + 1, "forty-two");
    return 0;
}

static int to_decimal(const char *sequence, char decimal[static DECIMAL_ROOM])
{
    assert_string_equal(sequence, "forty-two");
    snprintf(decimal, DECIMAL_ROOM, "42");
    return 0;
}

static bool takes_app(const char *name)
{
    return !strcmp(name, "a.b");
}

static bool takes_stream(const char *name)
{
    return !strcmp(name, "c.d");
}

static void reload(struct backend *backend)
{
    assert_ptr_equal(backend, &current->backend);
    buf_puts(&current->log, "reload");
}

static void close_backend(struct backend *backend)
{
    assert_ptr_equal(backend, &current->backend);
    buf_puts(&current->log, "close");
}

static const struct backend_operations everything = {
    .list_apps = list_apps,
    .find_app = find_app,
    .create_app = create_app,
    .delete_app = delete_app,
    .list_streams = list_streams,
    .describe_stream = describe_stream,
    .get_states = get_states,
    .get_state = get_state,
    .get_checkpoint = get_checkpoint,
    .commit = commit,
    .delete_checkpoint = delete_checkpoint,
    .get_cursor = get_cursor,
    .locate = locate,
    .create_stream = create_stream,
    .delete_stream = delete_stream,
    .create_partition = create_partition,
    .delete_partition = delete_partition,
    .set_bound = set_bound,
    .parse_sequence = parse_sequence,
    .to_decimal = to_decimal,
    .takes_app = takes_app,
    .takes_stream = takes_stream,
    .reload = reload,
    .close = close_backend,
};

static const struct backend_operations nothing;

/* ---- the scene */

static void on_observed(void *observer, const struct observation *seen)
{
    struct scene *scene = observer;

    scene->observed++;
    scene->seen = *seen;
    snprintf(scene->operation, sizeof(scene->operation), "%s", seen->operation);
    snprintf(scene->arguments, sizeof(scene->arguments), "%s", text(seen->arguments));
    scene->error = seen->error ? *seen->error : (struct error){0};
}

static int setup(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    *state = current = scene;
    scene->loop = loop_new();
    assert_non_null(scene->loop);
    scene->backend = (struct backend){.operations = &everything,
                                      .loop = scene->loop,
                                      .name = "fake",
                                      .observe = on_observed,
                                      .observer = scene,
                                      .tells_arguments = true};
    scene->asked.call = (struct call){.cancel = cancel_asked, .is_sent = is_asked_sent};
    buf_init(&scene->log, 4096);
    return 0;
}

static int teardown(void **state)
{
    struct scene *scene = *state;

    assert_null(scene->asked.backend);
    reply_release(&scene->reply);
    buf_release(&scene->log);
    loop_free(scene->loop);
    free(scene);
    return 0;
}

/* One call of each operation, and what is to be seen of it on either side of the door. */
struct sample {
    struct call *(*start)(struct backend *backend, const struct ask *ask);
    const char *name;
    const char *asked;     /* what the backend was asked, after the name */
    const char *arguments; /* what the observer was told */
    bool changes;
};

static struct call *start_list_apps(struct backend *backend, const struct ask *ask)
{
    return backend_list_apps(backend, ask);
}

static struct call *start_find_app(struct backend *backend, const struct ask *ask)
{
    return backend_find_app(backend, "billing", ask);
}

static struct call *start_create_app(struct backend *backend, const struct ask *ask)
{
    return backend_create_app(backend, "billing", NULL, ask);
}

static struct call *start_create_group(struct backend *backend, const struct ask *ask)
{
    return backend_create_app(backend, "billing", "orders", ask);
}

static struct call *start_delete_app(struct backend *backend, const struct ask *ask)
{
    return backend_delete_app(backend, "billing", NULL, ask);
}

static struct call *start_list_streams(struct backend *backend, const struct ask *ask)
{
    return backend_list_streams(backend, STREAMS_ALL, NULL, ask);
}

static struct call *start_list_committed(struct backend *backend, const struct ask *ask)
{
    return backend_list_streams(backend, STREAMS_COMMITTED, "billing", ask);
}

static struct call *start_describe_stream(struct backend *backend, const struct ask *ask)
{
    return backend_describe_stream(backend, "orders", ask);
}

static struct call *start_get_states(struct backend *backend, const struct ask *ask)
{
    return backend_get_states(backend, "billing", "orders", ask);
}

static struct call *start_get_state(struct backend *backend, const struct ask *ask)
{
    return backend_get_state(backend, NULL, "orders", 7, DETAIL_LATEST, ask);
}

static struct call *start_get_checkpoint(struct backend *backend, const struct ask *ask)
{
    return backend_get_checkpoint(backend, "billing", "orders", 0, ask);
}

static struct call *start_commit(struct backend *backend, const struct ask *ask)
{
    static const struct commit_order order = {.app = "billing",
                                              .stream = "orders",
                                              .sequence = "42",
                                              .metadata = "note",
                                              .expected = "41"};

    return backend_commit(backend, &order, ask);
}

static struct call *start_delete_checkpoint(struct backend *backend, const struct ask *ask)
{
    return backend_delete_checkpoint(backend, "billing", "orders", 7, ask);
}

static struct call *start_get_cursor(struct backend *backend, const struct ask *ask)
{
    static const struct cursor_order order = {
        .stream = "orders", .partition = 7, .kind = CURSOR_AFTER, .sequence = "42"};

    return backend_get_cursor(backend, &order, ask);
}

static struct call *start_locate(struct backend *backend, const struct ask *ask)
{
    static const struct cursor_order order = {.stream = "orders", .kind = CURSOR_EARLIEST};

    return backend_locate(backend, &order, ask);
}

static struct call *start_create_stream(struct backend *backend, const struct ask *ask)
{
    return backend_create_stream(backend, "orders", ask);
}

static struct call *start_delete_stream(struct backend *backend, const struct ask *ask)
{
    return backend_delete_stream(backend, "orders", ask);
}

static struct call *start_create_partition(struct backend *backend, const struct ask *ask)
{
    return backend_create_partition(backend, "orders", PARTITION_MAX, ask);
}

static struct call *start_delete_partition(struct backend *backend, const struct ask *ask)
{
    return backend_delete_partition(backend, "orders", 0, ask);
}

static struct call *start_set_earliest(struct backend *backend, const struct ask *ask)
{
    return backend_set_bound(backend, "orders", 7, true, "5", ask);
}

static struct call *start_set_latest(struct backend *backend, const struct ask *ask)
{
    return backend_set_bound(backend, "orders", 7, false, "9", ask);
}

static const struct sample samples[] = {
    {start_list_apps, "list_apps", "", "", false},
    {start_find_app, "find_app", " billing", "app=billing", false},
    {start_create_app, "create_app", " billing NULL", "app=billing", true},
    {start_create_group, "create_app", " billing orders", "app=billing stream=orders", true},
    {start_delete_app, "delete_app", " billing NULL", "app=billing", true},
    {start_list_streams, "list_streams", " 0 NULL", "", false},
    {start_list_committed, "list_streams", " 2 billing", "app=billing which=committed", false},
    {start_describe_stream, "describe_stream", " orders", "stream=orders", false},
    {start_get_states, "get_states", " billing orders", "app=billing stream=orders", false},
    {start_get_state, "get_state", " NULL orders 7 2", "stream=orders partition=7", false},
    {start_get_checkpoint, "get_checkpoint", " billing orders 0",
     "app=billing stream=orders partition=0", false},
    {start_commit, "commit", " billing orders 0 42 note 41",
     "app=billing stream=orders partition=0 sequence=42", true},
    {start_delete_checkpoint, "delete_checkpoint", " billing orders 7",
     "app=billing stream=orders partition=7", true},
    {start_get_cursor, "get_cursor", " orders 7 1 42", "stream=orders partition=7 cursor=after",
     false},
    {start_locate, "locate", " orders 0 2", "stream=orders partition=0 cursor=earliest", false},
    {start_create_stream, "create_stream", " orders", "stream=orders", true},
    {start_delete_stream, "delete_stream", " orders", "stream=orders", true},
    {start_create_partition, "create_partition", " orders 33554431",
     "stream=orders partition=33554431", true},
    {start_delete_partition, "delete_partition", " orders 0", "stream=orders partition=0", true},
    {start_set_earliest, "set_bound", " orders 7 1 5", "stream=orders partition=7 earliest=5",
     true},
    {start_set_latest, "set_bound", " orders 7 0 9", "stream=orders partition=7 latest=9", true},
};

#define QUESTION (&samples[0])
#define CHANGE   (&samples[2])

/* ---- steps of the tests */

/* Starts a call, as if it were the first of the test. */
static struct call *start(struct scene *scene, const struct sample *sample)
{
    struct ask ask = ask_into(&scene->reply);
    struct call *call;

    reply_release(&scene->reply);
    buf_reset(&scene->log);
    scene->observed = 0;
    scene->began = when_monotonic();
    call = sample->start(&scene->backend, &ask);
    assert_non_null(call);
    assert_int_equal(scene->reply.count, 0);
    assert_int_equal(scene->observed, 0);
    if (scene->asked.backend)
        assert_int_equal(scene->asked.ask.deadline, ask.deadline);
    return call;
}

/* Answers for the backend, after a while in which nothing happens. */
static void answer(struct scene *scene, const struct error *error, const char *told)
{
    struct asked *asked = &scene->asked;

    run_for(scene->loop, 1);
    assert_int_equal(scene->reply.count, 0);
    assert_non_null(asked->backend);
    asked->backend = NULL;
    asked->ask.done(asked->ask.user, error, &(struct answer){.text = told});
    assert_int_equal(scene->reply.count, 1);
    run_for(scene->loop, 1);
}

static void assert_asked(const struct scene *scene, const struct sample *sample)
{
    char line[256];

    snprintf(line, sizeof(line), "%s%s", sample->name, sample->asked);
    assert_string_equal(scene->log.data, line);
}

/* The observer was told of the call, once. */
static void assert_observed(const struct scene *scene, const struct sample *sample, int code)
{
    assert_int_equal(scene->observed, 1);
    assert_string_equal(scene->operation, sample->name);
    assert_string_equal(scene->arguments, sample->arguments);
    assert_int_equal(scene->error.code, code);
    assert_in_range(scene->seen.took_ms, 0, when_monotonic() - scene->began);
}

/* The door refuses by itself: later, with a sentence, and without the backend. */
static void check_refusal(struct scene *scene, const struct sample *sample, int code)
{
    start(scene, sample);
    run_until(scene->loop, &scene->reply);
    assert_string_equal(scene->log.data, "");
    assert_int_equal(scene->reply.error.code, code);
    assert_non_null(strstr(scene->reply.error.message, "fake"));
    assert_non_null(strstr(scene->reply.error.message, sample->name));
    assert_false(scene->reply.error.is_unknown);
    assert_observed(scene, sample, code);
}

/* ---- calls that pass */

static void every_call_reaches_the_backend_with_its_arguments(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < COUNT(samples); i++) {
        start(scene, &samples[i]);
        assert_asked(scene, &samples[i]);
        answer(scene, NULL, "the answer");
        assert_int_equal(scene->reply.error.code, 0);
        assert_string_equal(scene->reply.text, "the answer");
        assert_observed(scene, &samples[i], 0);
    }
}

static void errors_pass_with_all_that_the_service_said(void **state)
{
    struct scene *scene = *state;
    struct error error = {.code = EACCES,
                          .http_status = 403,
                          .service_code = "DIS.4103",
                          .request_id = "17",
                          .message = "refused"};

    for (size_t i = 0; i < COUNT(samples); i++) {
        start(scene, &samples[i]);
        answer(scene, &error, NULL);
        assert_memory_equal(&scene->reply.error, &error, sizeof(error));
        assert_observed(scene, &samples[i], EACCES);
    }
}

/* Of a question it says nothing: that has changed nothing in any case. */
static void an_end_that_is_not_known_is_one_of_changes_only(void **state)
{
    struct scene *scene = *state;
    struct error error = {.code = ECONNRESET, .is_unknown = true, .message = "lost"};

    for (size_t i = 0; i < COUNT(samples); i++) {
        start(scene, &samples[i]);
        answer(scene, &error, NULL);
        assert_int_equal(scene->reply.error.code, ECONNRESET);
        assert_int_equal(scene->reply.error.is_unknown, samples[i].changes);
    }
}

static void no_memory_in_the_backend_is_told_later(void **state)
{
    struct scene *scene = *state;

    scene->without_memory = true;
    for (size_t i = 0; i < COUNT(samples); i++) {
        start(scene, &samples[i]);
        assert_asked(scene, &samples[i]);
        run_until(scene->loop, &scene->reply);
        assert_int_equal(scene->reply.error.code, ENOMEM);
        assert_observed(scene, &samples[i], ENOMEM);
    }
}

/* ---- calls that are refused */

static void what_a_backend_lacks_is_not_supported(void **state)
{
    struct scene *scene = *state;

    scene->backend.operations = &nothing;
    for (size_t i = 0; i < COUNT(samples); i++)
        check_refusal(scene, &samples[i], EOPNOTSUPP);
}

/* Abilities promise to the tree; the door believes none of them. */
static void what_a_backend_claims_and_lacks_is_not_supported(void **state)
{
    struct scene *scene = *state;

    scene->backend.operations = &nothing;
    scene->backend.abilities = ~0U;
    for (size_t i = 0; i < COUNT(samples); i++)
        check_refusal(scene, &samples[i], EOPNOTSUPP);
}

static void a_read_only_mount_asks_but_changes_nothing(void **state)
{
    struct scene *scene = *state;

    scene->backend.read_only = true;
    for (size_t i = 0; i < COUNT(samples); i++) {
        if (samples[i].changes) {
            check_refusal(scene, &samples[i], EROFS);
            continue;
        }
        start(scene, &samples[i]);
        assert_asked(scene, &samples[i]);
        answer(scene, NULL, "the answer");
        assert_string_equal(scene->reply.text, "the answer");
    }
}

static void a_refusal_can_be_given_up(void **state)
{
    struct scene *scene = *state;

    scene->backend.operations = &nothing;
    for (size_t i = 0; i < COUNT(samples); i++) {
        assert_false(call_cancel(start(scene, &samples[i])));
        assert_observed(scene, &samples[i], ECANCELED);
        run_for(scene->loop, 1);
        assert_int_equal(scene->reply.count, 0);
    }
}

/* ---- calls that are given up */

static void giving_up_reaches_the_backend(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < COUNT(samples); i++) {
        struct call *call = start(scene, &samples[i]);

        scene->asked.cancelled = 0;
        call_cancel(call);
        assert_int_equal(scene->asked.cancelled, 1);
        assert_observed(scene, &samples[i], ECANCELED);
        run_for(scene->loop, 1);
        assert_int_equal(scene->reply.count, 0);
        assert_int_equal(scene->observed, 1);
    }
}

static void who_gives_a_change_up_learns_whether_it_may_have_been_made(void **state)
{
    struct scene *scene = *state;
    struct call *call = start(scene, CHANGE);

    assert_false(call_is_sent(call));
    assert_false(call_cancel(call));
    call = start(scene, CHANGE);
    scene->asked.may_have_changed = true;
    assert_true(call_is_sent(call));
    assert_true(call_cancel(call));
}

/* ---- who watches */

static void arguments_are_told_only_if_they_are_asked_for(void **state)
{
    struct scene *scene = *state;

    scene->backend.tells_arguments = false;
    for (size_t i = 0; i < COUNT(samples); i++) {
        start(scene, &samples[i]);
        answer(scene, NULL, "the answer");
        assert_int_equal(scene->observed, 1);
        assert_string_equal(scene->operation, samples[i].name);
        assert_string_equal(scene->arguments, "NULL");
    }
}

static void a_door_that_nobody_watches_works(void **state)
{
    struct scene *scene = *state;

    scene->backend.observe = NULL;
    start(scene, QUESTION);
    answer(scene, NULL, "the answer");
    assert_string_equal(scene->reply.text, "the answer");
    call_cancel(start(scene, QUESTION));
    scene->backend.operations = &nothing;
    start(scene, QUESTION);
    run_until(scene->loop, &scene->reply);
    assert_int_equal(scene->reply.error.code, EOPNOTSUPP);
    assert_int_equal(scene->observed, 0);
}

/* ---- what is answered at once */

static void what_is_answered_at_once_is_the_backends_answer(void **state)
{
    struct scene *scene = *state;
    struct backend *backend = &scene->backend;
    char sequence[SEQUENCE_MAX + 1];
    char decimal[DECIMAL_ROOM];
    struct error error = {0};

    assert_int_equal(backend_parse_sequence(backend, "42", sequence, &error), 0);
    assert_string_equal(sequence, "forty-two");
    assert_int_equal(backend_parse_sequence(backend, "43", sequence, &error), -EINVAL);
    assert_string_equal(error.message, "not 42");
    assert_int_equal(backend_to_decimal(backend, "forty-two", decimal), 0);
    assert_string_equal(decimal, "42");
    assert_true(backend_takes_app(backend, "a.b") && !backend_takes_app(backend, "billing"));
    assert_true(backend_takes_stream(backend, "c.d") && !backend_takes_stream(backend, "orders"));
    backend_reload(backend);
    assert_string_equal(scene->log.data, "reload");
    buf_reset(&scene->log);
    backend_close(backend);
    assert_string_equal(scene->log.data, "close");
}

static void a_backend_needs_none_of_what_is_answered_at_once(void **state)
{
    struct scene *scene = *state;
    struct backend *backend = &scene->backend;
    char sequence[SEQUENCE_MAX + 1] = "untouched";
    char decimal[DECIMAL_ROOM] = "untouched";
    struct error error = {0};

    backend->operations = &nothing;
    assert_int_equal(backend_parse_sequence(backend, "42", sequence, &error), -EOPNOTSUPP);
    assert_int_equal(error.code, EOPNOTSUPP);
    assert_true(strlen(error.message) > 0);
    assert_string_equal(sequence, "untouched");
    assert_int_equal(backend_to_decimal(backend, "42", decimal), -EBADMSG);
    assert_string_equal(decimal, "untouched");
    assert_true(backend_takes_app(backend, "billing") && !backend_takes_app(backend, ".Trash"));
    assert_true(backend_takes_stream(backend, "orders") && !backend_takes_stream(backend, "a.b"));
    backend_reload(backend);
    backend_close(backend);
    backend_close(NULL);
    assert_string_equal(scene->log.data, "");
}

/* ---- opening; these are the backends of this program */

static struct {
    const char *type;
    char rest[64];
    bool plain;
    int status;
} opened;

static int open_type(const char *type, const char *rest, bool plain, struct backend **backend,
                     struct error *error)
{
    opened.type = type;
    opened.plain = plain;
    snprintf(opened.rest, sizeof(opened.rest), "%s", rest);
    if (opened.status)
        return error_set(error, -opened.status, "%s cannot be opened", type);
    *backend = &current->backend;
    return 0;
}

static int open_first(const char *rest, bool plain, const struct backend_options *options,
                      struct backend **backend, struct error *error)
{
    (void)options;
    return open_type("first", rest, plain, backend, error);
}

static int open_second(const char *rest, bool plain, const struct backend_options *options,
                       struct backend **backend, struct error *error)
{
    (void)options;
    return open_type("second", rest, plain, backend, error);
}

static int open_third(const char *rest, bool plain, const struct backend_options *options,
                      struct backend **backend, struct error *error)
{
    assert_string_equal(backend_setting(options, "file"), "/etc/third");
    return open_type("third", rest, plain, backend, error);
}

static const struct backend_option no_options[] = {{0}};

static unsigned guarded;

static void note_guarded(void)
{
    guarded++;
}

static const struct backend_type first = {.name = "first",
                                          .prefix = "first:",
                                          .source = "first:PATH",
                                          .options = no_options,
                                          .open = open_first};
static const struct backend_type second = {.name = "second",
                                           .prefix = "second://",
                                           .plain_prefix = "second+http://",
                                           .source = "second://HOST",
                                           .options = no_options,
                                           .guard = note_guarded,
                                           .open = open_second};
static const struct backend_type third = {.name = "third",
                                          .prefix = "sec://",
                                          .plain_prefix = "sec+http://",
                                          .source = "sec://HOST",
                                          .options = no_options,
                                          .open = open_third};

const struct backend_type *const backend_types[] = {&first, &second, &third, NULL};

struct source {
    const char *source;
    const struct backend_type *type;
    const char *rest;
    bool plain;
};

static const struct source sources[] = {
    {"", &first, "", false},
    {"first:", &first, "", false},
    {"first:/a/b", &first, "/a/b", false},
    {"first://second://", &first, "//second://", false},
    {"second://host/project", &second, "host/project", false},
    {"second+http://host/project", &second, "host/project", true},
    {"second://", &second, "", false},
    {"sec://host", &third, "host", false},
    {"sec+http://host", &third, "host", true},
};

static struct backend_options options_of(struct scene *scene)
{
    static const struct setting settings[] = {{"flag", ""}, {"file", "/etc/third"}};

    return (struct backend_options){.loop = scene->loop,
                                    .settings = settings,
                                    .setting_count = COUNT(settings),
                                    .read_only = true,
                                    .observe = on_observed,
                                    .observer = scene,
                                    .tells_arguments = true};
}

static void a_source_names_its_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sources); i++) {
        const struct backend_type *type = NULL;
        struct error error = {0};

        assert_int_equal(backend_find_type(sources[i].source, &type, &error), 0);
        assert_ptr_equal(type, sources[i].type);
        assert_int_equal(error.code, 0);
    }
}

static void a_backend_that_has_secrets_is_guarded(void **state)
{
    (void)state;
    backend_guard("");
    backend_guard("first:/a/b");
    backend_guard("third://host");
    assert_int_equal(guarded, 0);
    backend_guard("second://host/project");
    backend_guard("second+http://host/project");
    assert_int_equal(guarded, 2);
}

/* Checks that no type has the source, and that the error has a text. */
static void check_unknown(const char *source, const char *text)
{
    const struct backend_type *type = &third;
    struct error error = {0};

    assert_int_equal(backend_find_type(source, &type, &error), -EINVAL);
    assert_ptr_equal(type, &third);
    assert_int_equal(error.code, EINVAL);
    assert_string_equal(error.message, text);
}

static void a_source_that_nothing_opens_is_refused_with_what_could_be(void **state)
{
#define USE "use first:PATH, second://HOST or sec://HOST"
    (void)state;
    check_unknown("ftp:x", "unknown source \"ftp:x\": " USE);
    check_unknown("third://me:secret@host", "unknown source \"third://\": " USE);
    check_unknown("://", "unknown source \"://\": " USE);
    check_unknown("second+https://me:secret@host", "unknown source \"second+https://\": " USE);
}

static void a_source_that_nothing_opens_is_told_with_what_was_meant(void **state)
{
    static const char *const seconds[] = {"second:/host", "seconds:host", "Second:"};
    char text[200];

    (void)state;
    for (size_t i = 0; i < COUNT(seconds); i++) {
        snprintf(text, sizeof(text), "unknown source \"%s\": did you mean second://HOST?",
                 seconds[i]);
        check_unknown(seconds[i], text);
    }
    check_unknown("a.db", "unknown source \"a.db\": did you mean first:a.db?");
    check_unknown("first", "unknown source \"first\": did you mean first:first?");
    check_unknown("/dev//sda1", "unknown source \"/dev//sda1\": did you mean first:/dev//sda1?");
}

static void a_backend_is_opened_with_what_follows_its_prefix(void **state)
{
    struct scene *scene = *state;
    struct backend_options options = options_of(scene);
    struct error error;

    for (size_t i = 0; i < COUNT(sources); i++) {
        struct backend *backend = NULL;

        assert_int_equal(backend_open(sources[i].source, &options, &backend, &error), 0);
        assert_ptr_equal(backend, &scene->backend);
        assert_string_equal(opened.type, sources[i].type->name);
        assert_string_equal(opened.rest, sources[i].rest);
        assert_int_equal(opened.plain, sources[i].plain);
    }
}

static void a_backend_that_was_opened_is_as_the_mount_is(void **state)
{
    struct scene *scene = *state;
    struct backend_options options = options_of(scene);
    struct backend *backend;
    struct error error;

    scene->backend = (struct backend){.operations = &everything, .loop = scene->loop};
    assert_int_equal(backend_open("sec://host", &options, &backend, &error), 0);
    assert_string_equal(backend->name, "third");
    assert_true(backend->read_only && backend->tells_arguments);
    assert_true(backend->observe == on_observed);
    assert_ptr_equal(backend->observer, scene);
}

static void a_backend_that_cannot_be_opened_leaves_nothing(void **state)
{
    struct scene *scene = *state;
    struct backend_options options = options_of(scene);
    struct backend *backend = NULL;
    struct error error = {0};

    opened.status = -EACCES;
    assert_int_equal(backend_open("second://host", &options, &backend, &error), -EACCES);
    opened.status = 0;
    assert_null(backend);
    assert_int_equal(error.code, EACCES);
    assert_string_equal(error.message, "second cannot be opened");
    assert_int_equal(backend_open("nothing", &options, &backend, &error), -EINVAL);
    assert_null(backend);
}

static void a_setting_is_what_was_given_for_it(void **state)
{
    struct scene *scene = *state;
    struct backend_options options = options_of(scene);

    assert_string_equal(backend_setting(&options, "file"), "/etc/third");
    assert_string_equal(backend_setting(&options, "flag"), "");
    assert_null(backend_setting(&options, "other"));
    assert_null(backend_setting(&options, "fil"));
    assert_null(backend_setting(&options, "files"));
    assert_null(backend_setting(&options, ""));
    options.setting_count = 0;
    options.settings = NULL;
    assert_null(backend_setting(&options, "file"));
}

#define SCENE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(every_call_reaches_the_backend_with_its_arguments),
        SCENE(errors_pass_with_all_that_the_service_said),
        SCENE(an_end_that_is_not_known_is_one_of_changes_only),
        SCENE(no_memory_in_the_backend_is_told_later),
        SCENE(what_a_backend_lacks_is_not_supported),
        SCENE(what_a_backend_claims_and_lacks_is_not_supported),
        SCENE(a_read_only_mount_asks_but_changes_nothing),
        SCENE(a_refusal_can_be_given_up),
        SCENE(giving_up_reaches_the_backend),
        SCENE(who_gives_a_change_up_learns_whether_it_may_have_been_made),
        SCENE(arguments_are_told_only_if_they_are_asked_for),
        SCENE(a_door_that_nobody_watches_works),
        SCENE(what_is_answered_at_once_is_the_backends_answer),
        SCENE(a_backend_needs_none_of_what_is_answered_at_once),
        SCENE(a_source_names_its_type),
        SCENE(a_backend_that_has_secrets_is_guarded),
        SCENE(a_source_that_nothing_opens_is_refused_with_what_could_be),
        SCENE(a_source_that_nothing_opens_is_told_with_what_was_meant),
        SCENE(a_backend_is_opened_with_what_follows_its_prefix),
        SCENE(a_backend_that_was_opened_is_as_the_mount_is),
        SCENE(a_backend_that_cannot_be_opened_leaves_nothing),
        SCENE(a_setting_is_what_was_given_for_it),
    };

    return cmocka_run_group_tests_name("backend", tests, NULL, NULL);
}
