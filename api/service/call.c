#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/service/service.h"
#include "base/when.h"

#define TEXT_MAX 65536
#define URL_MAX  8192

/* The most pages that one list is followed for. */
#define PAGES_MAX 2000

/* Of an answer: what is made of one takes many times as much, in small pieces. */
#define LARGE (1UL << 20)

/* Beginning and end */

static void release_service_call(struct operation *operation)
{
    struct service_call *call = (struct service_call *)operation;

    http_cancel(call->sent);
    request_release(&call->request);
    names_drop(call->names);
    table_drop(call->table);
    buf_release(&call->text);
    if (call->batch)
        batch_release(call->batch);
    free(call->batch);
    free(call->metadata);
    if (call->data)
        call->release_data(call->data);
    free(call);
}

/* What the request under way may have changed, only its own module can tell. */
static bool is_call_sent(const struct call *base)
{
    const struct service_call *call = (const struct service_call *)base;

    return call->is_unknown || http_was_sent(call->sent);
}

static const struct error *trouble_of_call(const struct call *base)
{
    const struct service_call *call = (const struct service_call *)base;

    return call->sent ? http_trouble(call->sent) : call_trouble(call->operation.step);
}

static bool cancel_call(struct call *base)
{
    struct service_call *call = (struct service_call *)base;
    bool may_have_changed = is_call_sent(base);

    call_cancel(call->operation.step);
    operation_drop(&call->operation);
    return may_have_changed;
}

struct service_call *service_call_new(struct backend *backend, const char *app, const char *stream,
                                      uint32_t partition, const struct ask *ask)
{
    struct service_call *call = calloc(1, sizeof(*call));

    if (!call)
        return NULL;
    operation_begin(&call->operation, backend->loop, ask, release_service_call);
    call->operation.call =
        (struct call){.cancel = cancel_call, .is_sent = is_call_sent, .trouble = trouble_of_call};
    call->service = (struct service *)backend;
    call->has_app = app != NULL;
    call->partition = partition;
    call->state = (struct state){.partition = partition, .committed = WHEN_UNKNOWN};
    snprintf(call->app, sizeof(call->app), "%s", app ? app : "");
    snprintf(call->stream, sizeof(call->stream), "%s", stream ? stream : "");
    buf_init(&call->text, TEXT_MAX);
    return call;
}

struct service_call *service_cursor_call_new(struct backend *backend,
                                             const struct cursor_order *order,
                                             const struct ask *ask)
{
    struct service_call *call =
        service_call_new(backend, NULL, order->stream, order->partition, ask);

    if (!call)
        return NULL;
    call->cursor = order->kind;
    call->time = order->time;
    snprintf(call->sequence, sizeof(call->sequence), "%s", order->sequence ? order->sequence : "");
    return call;
}

struct service_call *service_read_call_new(struct backend *backend, const struct read_order *order,
                                           const struct ask *ask)
{
    struct service_call *call = service_cursor_call_new(backend, &order->from, ask);

    if (!call)
        return NULL;
    call->batch = malloc(sizeof(*call->batch));
    if (call->batch) {
        batch_init(call->batch, order->form, order->limit);
        return call;
    }
    operation_drop(&call->operation);
    return NULL;
}

static void end_service_call(void *user)
{
    struct service_call *call = user;
    struct error *error = &call->operation.error;
    struct answer answer = {.names = call->names,
                            .table = call->table,
                            .state = &call->state,
                            .batch = call->batch,
                            .text = call->gives_text ? call->text.data : NULL};

    error->is_unknown |= call->is_unknown;
    backend_tell_left_out(&call->service->backend, call->names);
    operation_end(&call->operation, error->code ? error : NULL, &answer);
}

void service_end_soon(struct service_call *call)
{
    operation_soon(&call->operation, end_service_call);
}

struct call *service_refuse(struct service_call *call, int code, const char *text)
{
    error_set(&call->operation.error, code, "%s", text);
    service_end_soon(call);
    return &call->operation.call;
}

/* Sending */

static int set_no_memory(struct error *error)
{
    return error_set(error, ENOMEM, "no memory");
}

static int prepare_try(void *user, struct http_headers *headers, struct error *error)
{
    struct service_call *call = user;

    if (call->service->no_credentials.code) {
        *error = call->service->no_credentials;
        return -error->code;
    }
    return call->service->protocol->authorize(call, headers, error);
}

static enum http_verdict judge_answer(void *user, const struct http_answer *answer,
                                      struct error *error)
{
    const struct service_call *call = user;

    return call->service->protocol->judge(call, answer, error);
}

static void send_again(struct service_call *call);
static void send_with_credential(struct service_call *call);

/* A credential that was refused is renewed once. */
static bool renew_credential(struct service_call *call, const struct http_answer *answer)
{
    if (call->renewed || answer->verdict != HTTP_REFUSED)
        return false;
    call->renewed = true;
    return call->service->protocol->renew(call, answer);
}

static void on_error(struct service_call *call, const struct error *error,
                     const struct http_answer *answer)
{
    struct error said;

    call->operation.error = *error;
    if (answer && renew_credential(call, answer)) {
        call->operation.error = (struct error){0};
        send_again(call);
        return;
    }
    if (answer)
        call->service->protocol->give_up(call, answer);
    said = call->operation.error;
    call->operation.error = (struct error){0};
    if (call->recover && call->recover(call, &said))
        return;
    call->operation.error = said;
    end_service_call(call);
}

static void on_service_answer(struct service_call *call, const struct http_answer *answer)
{
    cJSON *root = NULL;
    bool has_json = answer->size && !call->takes_bytes;
    int status = has_json ? json_parse(answer->body, answer->size, &root) : 0;

    call->empty = !answer->size;
    call->answer = answer;
    if (status != -ENOMEM)
        status = call->take(call, root);
    call->answer = NULL;
    cJSON_Delete(root);
    if (answer->size >= LARGE)
        malloc_trim(0); /* the pieces lie among what is kept */
    if (status == TAKEN_PART)
        return;
    if (status == -ENOMEM)
        set_no_memory(&call->operation.error);
    if (status < 0 && !call->operation.error.code) {
        error_set(&call->operation.error, -status,
                  "the answer to %s %s is not what %s's protocol says", call->request.method,
                  call->request.path.data, call->service->protocol->title);
        call->operation.error.http_status = answer->status;
    }
    if (status < 0)
        call->operation.error.is_unknown = http_changes(call->request.method);
    end_service_call(call);
}

static void on_request_done(void *user, const struct error *error, const struct http_answer *answer)
{
    struct service_call *call = user;

    call->sent = NULL;
    call->repeated = answer && answer->repeated;
    call->is_unknown |= error && error->is_unknown;
    if (call->lacks_credential) {
        call->lacks_credential = false;
        send_again(call);
        return;
    }
    if (error)
        on_error(call, error, answer);
    else if (answer)
        on_service_answer(call, answer);
}

static void send_now(struct service_call *call)
{
    const struct service_request *built = &call->request;
    struct buf url = BUF_INIT(URL_MAX);
    struct http_order order = {.method = built->method,
                               .body = built->body,
                               .body_size = built->body_size,
                               .idempotent = call->is_idempotent,
                               .is_bulk = call->takes_bytes,
                               .deadline = call->operation.ask.deadline,
                               .errand = call->operation.ask.errand,
                               .prepare = prepare_try,
                               .judge = judge_answer,
                               .done = on_request_done,
                               .user = call};

    request_url(built, call->service->base, &url);
    order.url = url.data;
    if (!request_error(built) && !buf_error(&url))
        call->sent = http_start(call->service->http, &order);
    buf_release(&url);
    if (call->sent)
        return;
    set_no_memory(&call->operation.error);
    service_end_soon(call);
}

/* Sends the request if there are other credentials, for this call or one before it; or else lets it
 * learn why nothing is sent. */
static void refresh_and_send(void *user)
{
    struct service_call *call = user;
    struct service *service = call->service;
    bool fresh = service->protocol->refresh(service) || !service->protocol->is_refused(service);

    if (call->operation.error.code && !fresh) {
        end_service_call(call);
        return;
    }
    call->operation.error = (struct error){0};
    send_with_credential(call);
}

static void on_credential(void *user, const struct error *error, const struct answer *answer)
{
    struct service_call *call = user;

    (void)answer;
    call->operation.step = NULL;
    if (!error) {
        send_again(call);
        return;
    }
    call->operation.error = *error;
    if (call->renewed || !call->service->protocol->is_refused(call->service)) {
        end_service_call(call);
        return;
    }
    call->renewed = true;
    operation_soon(&call->operation, refresh_and_send);
}

/* Sends the request, when there is what it is authorized with. */
static void send_with_credential(struct service_call *call)
{
    struct service *service = call->service;
    const struct protocol *protocol = service->protocol;
    struct ask ask = operation_ask(&call->operation, on_credential);

    if (service->no_credentials.code) {
        call->operation.error = service->no_credentials;
        service_end_soon(call);
    } else if (!protocol->must_wait || !protocol->must_wait(service)) {
        send_now(call);
    } else {
        operation_wait(&call->operation, protocol->wait(service, &ask));
        if (!call->operation.step)
            call->operation.error.is_unknown = call->is_unknown;
    }
}

/* The same; when nothing would be sent it first looks whether there are other credentials. */
static void send_again(struct service_call *call)
{
    if (call->service->protocol->is_refused(call->service))
        operation_soon(&call->operation, refresh_and_send);
    else
        send_with_credential(call);
}

void service_begin(struct service_call *call, const char *method, const char *segment)
{
    request_begin(&call->request, method, call->service->root);
    request_segment(&call->request, segment);
    call->is_idempotent = true;
    call->success = 200;
    call->takes_bytes = false;
    call->action = NULL;
}

void service_send(struct service_call *call, take_fn *take)
{
    call->take = take;
    send_again(call);
}

/* Lists */

int service_next_page(struct service_call *call, const struct page *page, size_t size,
                      void (*next)(struct service_call *call))
{
    if (page->told ? !page->more : page->count < size)
        return TAKEN_ALL;
    if (!page->count || !strcmp(page->last, call->after) || ++call->pages >= PAGES_MAX)
        return error_set(&call->operation.error, EBADMSG, "the service's list has no end");
    snprintf(call->after, sizeof(call->after), "%s", page->last);
    next(call);
    return TAKEN_PART;
}

int service_take_nothing(struct service_call *call, const cJSON *root)
{
    return call->empty || cJSON_IsObject(root) ? TAKEN_ALL : -EBADMSG;
}

int service_take_empty(struct service_call *call, const cJSON *root)
{
    (void)root;
    return call->empty ? TAKEN_ALL : -EBADMSG;
}
