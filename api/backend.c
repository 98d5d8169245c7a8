#include "api/backend.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/always.h"
#include "base/buf.h"
#include "base/guess.h"
#include "base/when.h"

/* The longest arguments that are told: names, and a sequence number. */
#define ARGUMENTS_MAX 2048

/* The most characters of a source that are told. */
#define SOURCE_SHOWN 100

/* A call on its way through the door. */
struct passage {
    struct operation operation;
    struct ask inside; /* how the backend is asked */
    struct backend *backend;
    enum errand errand;
    int64_t began;
    char *arguments; /* NULL unless they are told */
    bool ended;
};

OPERATION_FIRST(struct passage);

/* What a call is about, for those who watch. */
struct arguments {
    struct subject about;
    const char *name; /* of one more; or NULL */
    const char *value;
};

static void tell_observer(const struct passage *passage, const struct error *error)
{
    const struct backend *backend = passage->backend;

    if (backend->observe)
        backend->observe(backend->observer,
                         &(struct observation){.operation = errand_name(passage->errand),
                                               .arguments = passage->arguments,
                                               .took_ms = when_monotonic() - passage->began,
                                               .error = error});
}

static void release_passage(struct operation *operation)
{
    struct passage *passage = (struct passage *)operation;
    struct error given_up;

    if (!passage->ended) {
        error_set(&given_up, ECANCELED, "given up");
        tell_observer(passage, &given_up);
    }
    free(passage->arguments);
    free(passage);
}

/* A question that failed has changed nothing, whatever became of its requests. */
static void end_passage(void *user, const struct error *error, const struct answer *answer)
{
    struct passage *passage = user;

    if (!ALWAYS(!passage->ended))
        return;
    passage->ended = true;
    tell_observer(passage, error);
    if (!error) {
        operation_end(&passage->operation, NULL, answer);
        return;
    }
    passage->operation.error = *error;
    passage->operation.error.is_unknown = error->is_unknown && errand_changes(passage->errand);
    operation_fail(&passage->operation);
}

static void refuse_passage(void *user)
{
    struct passage *passage = user;

    end_passage(passage, &passage->operation.error, &no_answer);
}

static void refuse_call(struct passage *passage, int code, const char *why)
{
    error_set(&passage->operation.error, code, "%s %s: %s", passage->backend->name,
              errand_name(passage->errand), why);
    operation_soon(&passage->operation, refuse_passage);
}

/* Of the backend's own call, which is known by then. */
static void on_answer(void *user, const struct error *error, const struct answer *answer)
{
    struct passage *passage = user;

    if (ALWAYS(passage->operation.step))
        end_passage(passage, error, answer);
    else
        refuse_call(passage, EIO, "it was answered before it was asked");
}

static void print_argument(struct buf *text, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    buf_printf(text, "%s%s=", text->size ? " " : "", name);
    buf_puts(text, value);
}

/* NULL also without memory: then they are not told. */
static char *print_arguments(const struct arguments *arguments)
{
    struct buf text = BUF_INIT(ARGUMENTS_MAX);
    char partition[PARTITION_ROOM];

    print_argument(&text, "app", arguments->about.app);
    print_argument(&text, "stream", arguments->about.stream);
    if (arguments->about.partition != ANY_PARTITION) {
        partition_format((uint32_t)arguments->about.partition, false, partition);
        print_argument(&text, "partition", partition);
    }
    if (arguments->name)
        print_argument(&text, arguments->name, arguments->value);
    return buf_detach(&text);
}

static struct passage *ask_for(struct backend *backend, enum errand errand,
                               const struct arguments *arguments, const struct ask *ask)
{
    struct passage *passage = calloc(1, sizeof(*passage));

    if (!passage)
        return NULL;
    operation_begin(&passage->operation, backend->loop, ask, release_passage);
    passage->inside = operation_ask(&passage->operation, on_answer);
    passage->inside.errand = errand_within(ask->errand, errand);
    passage->backend = backend;
    passage->errand = errand;
    passage->began = when_monotonic();
    if (backend->tells_arguments)
        passage->arguments = print_arguments(arguments);
    return passage;
}

/* Whether a call may pass. If not it has been refused, and its answer is under way. */
static bool may_pass(struct passage *passage, bool exists)
{
    if (!passage)
        return false;
    if (errand_changes(passage->errand) && passage->backend->read_only)
        refuse_call(passage, EROFS, "the mount is read-only");
    else if (!exists)
        refuse_call(passage, EOPNOTSUPP, "the backend cannot do this");
    else
        return true;
    return false;
}

/* The backend's own call is under way, or there was no memory for one. */
static void enter(struct passage *passage, struct call *call)
{
    if (passage->operation.error.code)
        return;
    passage->operation.step = call;
    if (!call)
        refuse_call(passage, ENOMEM, "no memory");
}

static struct call *call_of(struct passage *passage)
{
    return passage ? &passage->operation.call : NULL;
}

/* Apps */

struct call *backend_list_apps(struct backend *backend, const struct ask *ask)
{
    static const struct arguments none = {{NULL, NULL, ANY_PARTITION}, NULL, NULL};
    struct passage *passage = ask_for(backend, ERRAND_LIST_APPS, &none, ask);

    if (may_pass(passage, backend->operations->list_apps))
        enter(passage, backend->operations->list_apps(backend, &passage->inside));
    return call_of(passage);
}

struct call *backend_find_app(struct backend *backend, const char *app, const struct ask *ask)
{
    struct arguments arguments = {{app, NULL, ANY_PARTITION}, NULL, NULL};
    struct passage *passage = ask_for(backend, ERRAND_FIND_APP, &arguments, ask);

    if (may_pass(passage, backend->operations->find_app))
        enter(passage, backend->operations->find_app(backend, app, &passage->inside));
    return call_of(passage);
}

struct call *backend_create_app(struct backend *backend, const char *app, const char *stream,
                                const struct ask *ask)
{
    struct arguments arguments = {{app, stream, ANY_PARTITION}, NULL, NULL};
    struct passage *passage = ask_for(backend, ERRAND_CREATE_APP, &arguments, ask);

    if (may_pass(passage, backend->operations->create_app))
        enter(passage, backend->operations->create_app(backend, app, stream, &passage->inside));
    return call_of(passage);
}

struct call *backend_delete_app(struct backend *backend, const char *app, const char *stream,
                                const struct ask *ask)
{
    struct arguments arguments = {{app, stream, ANY_PARTITION}, NULL, NULL};
    struct passage *passage = ask_for(backend, ERRAND_DELETE_APP, &arguments, ask);

    if (may_pass(passage, backend->operations->delete_app))
        enter(passage, backend->operations->delete_app(backend, app, stream, &passage->inside));
    return call_of(passage);
}

/* Streams and partitions */

struct call *backend_list_streams(struct backend *backend, enum streams which, const char *app,
                                  const struct ask *ask)
{
    struct arguments arguments = {
        {app, NULL, ANY_PARTITION}, "which", which == STREAMS_COMMITTED ? "committed" : ""};
    struct passage *passage = ask_for(backend, ERRAND_LIST_STREAMS, &arguments, ask);

    if (may_pass(passage, backend->operations->list_streams))
        enter(passage, backend->operations->list_streams(backend, which, app, &passage->inside));
    return call_of(passage);
}

struct call *backend_describe_stream(struct backend *backend, const char *stream,
                                     const struct ask *ask)
{
    struct arguments arguments = {{NULL, stream, ANY_PARTITION}, NULL, NULL};
    struct passage *passage = ask_for(backend, ERRAND_DESCRIBE_STREAM, &arguments, ask);

    if (may_pass(passage, backend->operations->describe_stream))
        enter(passage, backend->operations->describe_stream(backend, stream, &passage->inside));
    return call_of(passage);
}

struct call *backend_create_stream(struct backend *backend, const char *stream,
                                   const struct ask *ask)
{
    struct arguments arguments = {{NULL, stream, ANY_PARTITION}, NULL, NULL};
    struct passage *passage = ask_for(backend, ERRAND_CREATE_STREAM, &arguments, ask);

    if (may_pass(passage, backend->operations->create_stream))
        enter(passage, backend->operations->create_stream(backend, stream, &passage->inside));
    return call_of(passage);
}

struct call *backend_delete_stream(struct backend *backend, const char *stream,
                                   const struct ask *ask)
{
    struct arguments arguments = {{NULL, stream, ANY_PARTITION}, NULL, NULL};
    struct passage *passage = ask_for(backend, ERRAND_DELETE_STREAM, &arguments, ask);

    if (may_pass(passage, backend->operations->delete_stream))
        enter(passage, backend->operations->delete_stream(backend, stream, &passage->inside));
    return call_of(passage);
}

struct call *backend_create_partition(struct backend *backend, const char *stream,
                                      uint32_t partition, const struct ask *ask)
{
    struct arguments arguments = {{NULL, stream, partition}, NULL, NULL};
    struct passage *passage = ask_for(backend, ERRAND_CREATE_PARTITION, &arguments, ask);

    if (may_pass(passage, backend->operations->create_partition))
        enter(passage,
              backend->operations->create_partition(backend, stream, partition, &passage->inside));
    return call_of(passage);
}

struct call *backend_delete_partition(struct backend *backend, const char *stream,
                                      uint32_t partition, const struct ask *ask)
{
    struct arguments arguments = {{NULL, stream, partition}, NULL, NULL};
    struct passage *passage = ask_for(backend, ERRAND_DELETE_PARTITION, &arguments, ask);

    if (may_pass(passage, backend->operations->delete_partition))
        enter(passage,
              backend->operations->delete_partition(backend, stream, partition, &passage->inside));
    return call_of(passage);
}

struct call *backend_set_bound(struct backend *backend, const char *stream, uint32_t partition,
                               bool earliest, const char *value, const struct ask *ask)
{
    struct arguments arguments = {
        {NULL, stream, partition}, earliest ? "earliest" : "latest", value};
    struct passage *passage = ask_for(backend, ERRAND_SET_BOUND, &arguments, ask);

    if (may_pass(passage, backend->operations->set_bound))
        enter(passage, backend->operations->set_bound(backend, stream, partition, earliest, value,
                                                      &passage->inside));
    return call_of(passage);
}

/* States and checkpoints */

struct call *backend_get_states(struct backend *backend, const char *app, const char *stream,
                                const struct ask *ask)
{
    struct arguments arguments = {{app, stream, ANY_PARTITION}, NULL, NULL};
    struct passage *passage = ask_for(backend, ERRAND_GET_STATES, &arguments, ask);

    if (may_pass(passage, backend->operations->get_states))
        enter(passage, backend->operations->get_states(backend, app, stream, &passage->inside));
    return call_of(passage);
}

struct call *backend_get_bounds(struct backend *backend, const char *stream, const struct ask *ask)
{
    struct arguments arguments = {{NULL, stream, ANY_PARTITION}, NULL, NULL};
    struct passage *passage = ask_for(backend, ERRAND_GET_BOUNDS, &arguments, ask);

    if (may_pass(passage, backend->operations->get_bounds))
        enter(passage, backend->operations->get_bounds(backend, stream, &passage->inside));
    return call_of(passage);
}

struct call *backend_get_state(struct backend *backend, const char *app, const char *stream,
                               uint32_t partition, enum detail detail, const struct ask *ask)
{
    struct arguments arguments = {{app, stream, partition}, NULL, NULL};
    struct passage *passage = ask_for(backend, ERRAND_GET_STATE, &arguments, ask);

    if (may_pass(passage, backend->operations->get_state))
        enter(passage, backend->operations->get_state(backend, app, stream, partition, detail,
                                                      &passage->inside));
    return call_of(passage);
}

struct call *backend_get_checkpoint(struct backend *backend, const char *app, const char *stream,
                                    uint32_t partition, const struct ask *ask)
{
    struct arguments arguments = {{app, stream, partition}, NULL, NULL};
    struct passage *passage = ask_for(backend, ERRAND_GET_CHECKPOINT, &arguments, ask);

    if (may_pass(passage, backend->operations->get_checkpoint))
        enter(passage, backend->operations->get_checkpoint(backend, app, stream, partition,
                                                           &passage->inside));
    return call_of(passage);
}

struct call *backend_commit(struct backend *backend, const struct commit_order *order,
                            const struct ask *ask)
{
    struct arguments arguments = {
        {order->app, order->stream, order->partition}, "sequence", order->sequence};
    struct passage *passage = ask_for(backend, ERRAND_COMMIT, &arguments, ask);

    if (may_pass(passage, backend->operations->commit))
        enter(passage, backend->operations->commit(backend, order, &passage->inside));
    return call_of(passage);
}

struct call *backend_delete_checkpoint(struct backend *backend, const char *app, const char *stream,
                                       uint32_t partition, const struct ask *ask)
{
    struct arguments arguments = {{app, stream, partition}, NULL, NULL};
    struct passage *passage = ask_for(backend, ERRAND_DELETE_CHECKPOINT, &arguments, ask);

    if (may_pass(passage, backend->operations->delete_checkpoint))
        enter(passage, backend->operations->delete_checkpoint(backend, app, stream, partition,
                                                              &passage->inside));
    return call_of(passage);
}

/* Cursors */

static const char *const cursor_names[] = {
    [CURSOR_AT] = "at",         [CURSOR_AFTER] = "after", [CURSOR_EARLIEST] = "earliest",
    [CURSOR_LATEST] = "latest", [CURSOR_SINCE] = "since",
};

struct call *backend_get_cursor(struct backend *backend, const struct cursor_order *order,
                                const struct ask *ask)
{
    struct arguments arguments = {
        {NULL, order->stream, order->partition}, "cursor", cursor_names[order->kind]};
    struct passage *passage = ask_for(backend, ERRAND_GET_CURSOR, &arguments, ask);

    if (may_pass(passage, backend->operations->get_cursor))
        enter(passage, backend->operations->get_cursor(backend, order, &passage->inside));
    return call_of(passage);
}

struct call *backend_locate(struct backend *backend, const struct cursor_order *order,
                            const struct ask *ask)
{
    struct arguments arguments = {
        {NULL, order->stream, order->partition}, "cursor", cursor_names[order->kind]};
    struct passage *passage = ask_for(backend, ERRAND_LOCATE, &arguments, ask);

    if (may_pass(passage, backend->operations->locate))
        enter(passage, backend->operations->locate(backend, order, &passage->inside));
    return call_of(passage);
}

/* Records */

struct call *backend_read_records(struct backend *backend, const struct read_order *order,
                                  const struct ask *ask)
{
    struct arguments arguments = {
        {NULL, order->from.stream, order->from.partition}, "from", cursor_names[order->from.kind]};
    struct passage *passage = ask_for(backend, ERRAND_READ_RECORDS, &arguments, ask);

    if (may_pass(passage, backend->operations->read_records))
        enter(passage, backend->operations->read_records(backend, order, &passage->inside));
    return call_of(passage);
}

struct call *backend_append_records(struct backend *backend, const struct append_order *order,
                                    const struct ask *ask)
{
    struct arguments arguments = {{NULL, order->stream, order->partition}, NULL, NULL};
    struct passage *passage = ask_for(backend, ERRAND_APPEND_RECORDS, &arguments, ask);

    if (may_pass(passage, backend->operations->append_records))
        enter(passage, backend->operations->append_records(backend, order, &passage->inside));
    return call_of(passage);
}

/* What is answered at once */

int backend_parse_sequence(const struct backend *backend, const char *text,
                           char sequence[static SEQUENCE_MAX + 1], struct error *error)
{
    if (!backend->operations->parse_sequence)
        return error_set(error, EOPNOTSUPP, "the backend has no sequence numbers");
    return backend->operations->parse_sequence(text, sequence, error);
}

int backend_to_decimal(const struct backend *backend, const char *sequence,
                       char decimal[static DECIMAL_ROOM])
{
    return backend->operations->to_decimal ? backend->operations->to_decimal(sequence, decimal)
                                           : -EBADMSG;
}

bool backend_is_sequence(const struct backend *backend, const char *text, const char *sequence)
{
    char parsed[SEQUENCE_MAX + 1];
    struct error unused;

    if (!*text || !sequence)
        return !*text && !sequence;
    return !strcmp(text, sequence) ||
           (!backend_parse_sequence(backend, text, parsed, &unused) && !strcmp(parsed, sequence));
}

bool backend_takes_app(const struct backend *backend, const char *name)
{
    return backend->operations->takes_app ? backend->operations->takes_app(name)
                                          : name_is_app(name);
}

bool backend_takes_stream(const struct backend *backend, const char *name)
{
    return backend->operations->takes_stream ? backend->operations->takes_stream(name)
                                             : name_is_stream(name);
}

void backend_leave_out(const struct backend *backend, const char *sentence)
{
    if (backend->left_out)
        backend->left_out(backend->observer, sentence);
}

void backend_tell_left_out(const struct backend *backend, const struct names *names)
{
    for (size_t i = 0; names && i < names_left_out(names); i++)
        backend_leave_out(backend, names_left_out_at(names, i));
}

void backend_reload(struct backend *backend)
{
    if (backend->operations->reload)
        backend->operations->reload(backend);
}

void backend_close(struct backend *backend)
{
    if (backend && backend->operations->close)
        backend->operations->close(backend);
}

/* Opening */

const char *backend_setting(const struct backend_options *options, const char *name)
{
    for (size_t i = 0; i < options->setting_count; i++) {
        if (!strcmp(options->settings[i].name, name))
            return options->settings[i].value;
    }
    return NULL;
}

/* The part of a source that follows a prefix, or NULL. */
static const char *rest_after(const char *source, const char *prefix)
{
    size_t length = prefix ? strlen(prefix) : 0;

    return length && !strncmp(source, prefix, length) ? source + length : NULL;
}

/* The type whose prefix a source was meant to begin with, or NULL. */
static const struct backend_type *guess_type(const char *source)
{
    struct guess guess = guess_begin(source, strcspn(source, ":"));

    for (size_t i = 0; backend_types[i]; i++)
        guess_try(&guess, backend_types[i]->prefix, strcspn(backend_types[i]->prefix, ":"));
    for (size_t i = 0; backend_types[i]; i++) {
        if (guess.nearest == backend_types[i]->prefix)
            return backend_types[i];
    }
    return NULL;
}

/* How much of an unknown source may be shown: what follows "://" may be a password. */
static int length_to_show(const char *source)
{
    const char *slashes = strstr(source, "://");
    size_t length = slashes ? (size_t)(slashes - source) + strlen("://") : strlen(source);

    return length < SOURCE_SHOWN ? (int)length : SOURCE_SHOWN;
}

/* "use local:PATH, dis://HOST/PROJECT_ID or sls://PROJECT.ENDPOINT" */
static void print_known(struct buf *text)
{
    buf_puts(text, "use ");
    for (size_t i = 0; backend_types[i]; i++)
        buf_printf(text, "%s%s", i ? backend_types[i + 1] ? ", " : " or " : "",
                   backend_types[i]->source);
}

/* "did you mean local:a.db?" */
static void print_meant(struct buf *text, const char *source)
{
    const struct backend_type *meant = strchr(source, ':') ? guess_type(source) : NULL;

    if (meant)
        buf_printf(text, "did you mean %s?", meant->source);
    else if (backend_types[0] && !strchr(source, ':'))
        buf_printf(text, "did you mean %s%.*s?", backend_types[0]->prefix, SOURCE_SHOWN, source);
    else
        print_known(text);
}

static void refuse_source(const char *source, struct error *error)
{
    struct buf advice = BUF_INIT(sizeof(error->message));

    print_meant(&advice, source);
    error_set(error, EINVAL, "unknown source \"%.*s\": %s", length_to_show(source), source,
              advice.data);
    buf_release(&advice);
}

int backend_find_type(const char *source, const struct backend_type **type, struct error *error)
{
    for (size_t i = 0; backend_types[i]; i++) {
        if (!*source || rest_after(source, backend_types[i]->prefix) ||
            rest_after(source, backend_types[i]->plain_prefix)) {
            *type = backend_types[i];
            return 0;
        }
    }
    refuse_source(source, error);
    return -EINVAL;
}

void backend_guard(const char *source)
{
    const struct backend_type *type;
    struct error ignored;

    if (!backend_find_type(source, &type, &ignored) && type->guard)
        type->guard();
}

int backend_open(const char *source, const struct backend_options *options,
                 struct backend **backend, struct error *error)
{
    const struct backend_type *type;
    const char *rest;
    const char *plain;
    int status = backend_find_type(source, &type, error);

    if (status)
        return status;
    rest = rest_after(source, type->prefix);
    plain = rest_after(source, type->plain_prefix);
    status = type->open(plain ? plain : rest ? rest : "", plain, options, backend, error);
    if (status)
        return status;
    (*backend)->name = type->name;
    (*backend)->read_only = options->read_only;
    (*backend)->observe = options->observe;
    (*backend)->left_out = options->left_out;
    (*backend)->observer = options->observer;
    (*backend)->tells_arguments = options->tells_arguments;
    return 0;
}
