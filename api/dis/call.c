#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/dis/client.h"
#include "base/when.h"

#define TEXT_MAX 65536
#define URL_MAX  8192

/* The most pages that one list is followed for. */
#define PAGES_MAX 2000

/* No request goes out for so long after a credential was refused. */
#define LOCK_OUT_MS 60000

/* Beginning and end */

static void release(struct dis_call *call)
{
    timer_stop(&call->timer);
    call_cancel(call->waiting);
    http_cancel(call->sent);
    request_release(&call->request);
    names_drop(call->names);
    table_drop(call->table);
    buf_release(&call->text);
    free(call->metadata);
    free(call);
}

static void cancel(struct call *call)
{
    release((struct dis_call *)call);
}

struct dis_call *dis_call_new(struct backend *backend, const char *operation, const char *app,
                              const char *stream, uint32_t partition, const struct ask *ask)
{
    struct dis_call *call = calloc(1, sizeof(*call));

    if (!call)
        return NULL;
    call->call.cancel = cancel;
    call->dis = (struct dis *)backend;
    call->operation = operation;
    call->started = when_monotonic();
    call->ask = *ask;
    call->has_app = app != NULL;
    call->partition = partition;
    call->state = (struct state){.partition = partition, .committed = WHEN_UNKNOWN};
    snprintf(call->app, sizeof(call->app), "%s", app ? app : "");
    snprintf(call->stream, sizeof(call->stream), "%s", stream ? stream : "");
    buf_init(&call->text, TEXT_MAX);
    return call;
}

static void finish(struct dis_call *call)
{
    static const struct answer nothing;
    const struct dis *dis = call->dis;
    struct answer answer = {.names = call->names,
                            .table = call->table,
                            .state = &call->state,
                            .text = call->gives_text ? call->text.data : NULL};
    bool failed = call->error.code != 0;

    if (dis->observe)
        dis->observe(dis->observer, call->operation, when_monotonic() - call->started,
                     call->error.code);
    call->ask.done(call->ask.user, failed ? &call->error : NULL, failed ? &nothing : &answer);
    release(call);
}

static void finish_late(void *user)
{
    finish(user);
}

void dis_end_soon(struct dis_call *call)
{
    timer_start(call->dis->backend.loop, &call->timer, 0, finish_late, call);
}

struct call *dis_refuse(struct dis_call *call, int code, const char *text)
{
    error_set(&call->error, code, "%s", text);
    dis_end_soon(call);
    return &call->call;
}

bool dis_is_refused(struct dis_call *call)
{
    if (call->dis->read_only)
        dis_refuse(call, EROFS, "the mount is read-only");
    return call->dis->read_only;
}

/* Headers */

static int no_memory(struct error *error)
{
    return error_set(error, ENOMEM, "no memory");
}

/* The token was there when the request was sent; if it has expired or was refused while others had
 * their turn, the call goes back to wait for another. */
static int add_token(struct dis_call *call, struct http_headers *headers, struct error *error)
{
    const struct token *token = call->dis->token;
    const char *text = token_text(token);

    call->generation = token_generation(token);
    call->lacks_token = !text;
    if (!text)
        return error_set(error, EACCES, "there is no token");
    switch (http_add_header(headers, "X-Auth-Token", text)) {
    case 0:
        return 0;
    case -EINVAL:
        return error_set(error, EINVAL, "the token in %.200s has characters that none has",
                         call->dis->credentials.origin);
    default:
        return no_memory(error);
    }
}

/* Signs what goes out: the fields of which all official clients make the same signature. */
static int add_signature(struct dis_call *call, struct http_headers *headers, struct error *error)
{
    struct dis *dis = call->dis;
    const struct dis_request *built = &call->request;
    const char *security = dis->credentials.security_token;
    struct sign_field fields[] = {{"X-Project-Id", dis->project}, {"X-Security-Token", security}};
    struct sign_request request = {.method = built->method,
                                   .host = dis->host,
                                   .path = built->path.data,
                                   .query = built->query,
                                   .query_count = built->query_count,
                                   .headers = fields,
                                   .header_count = security ? 2 : 1,
                                   .body = built->body ? built->body : "",
                                   .body_size = built->body ? strlen(built->body) : 0,
                                   .time = http_now(dis->http)};
    struct buf authorization = BUF_INIT(SIGN_AUTHORIZATION_MAX);
    char date[SIGN_DATE_ROOM];
    int status = sign_request(&dis->key, &request, date, &authorization);

    for (size_t i = 0; !status && i < request.header_count; i++)
        status = http_add_header(headers, fields[i].name, fields[i].value);
    if (!status)
        status = http_add_header(headers, "X-Sdk-Date", date);
    if (!status)
        status = http_add_header(headers, "Authorization", authorization.data);
    buf_release(&authorization);
    if (status == -ENOMEM)
        return no_memory(error);
    return status ? error_set(error, EINVAL, "the access key in %.200s cannot be one",
                              dis->credentials.origin)
                  : 0;
}

static int prepare(void *user, struct http_headers *headers, struct error *error)
{
    struct dis_call *call = user;

    if (http_add_header(headers, "Content-Type", "application/json"))
        return no_memory(error);
    return call->dis->credentials.kind == CREDENTIAL_KEY ? add_signature(call, headers, error)
                                                         : add_token(call, headers, error);
}

/* Sending */

static enum http_verdict judge(void *user, const struct http_answer *answer, struct error *error)
{
    const struct dis_call *call = user;
    const struct credentials *credentials = &call->dis->credentials;
    const struct secrets secrets = {{credentials->secret, credentials->security_token,
                                     credentials->password, token_text(call->dis->token)}};

    return dis_judge(answer, &secrets, error);
}

static void send_again(struct dis_call *call);

/* A token is got anew once; a signature is made anew if the clock it was made by was wrong. */
static bool renew(struct dis_call *call, const struct http_answer *answer)
{
    struct dis *dis = call->dis;

    if (call->renewed)
        return false;
    call->renewed = true;
    return dis->credentials.kind == CREDENTIAL_KEY ? answer->clock_was_off
                                                   : token_refused(dis->token, call->generation);
}

static void lock_out(struct dis_call *call)
{
    struct error *error = &call->error;
    char said[sizeof(error->message)];

    snprintf(said, sizeof(said), "%s", error->message);
    if (error->code == EACCES)
        snprintf(error->message, sizeof(error->message),
                 "the credentials in %.80s were refused: %.180s; nothing is sent for 60 s, or "
                 "until a SIGHUP",
                 call->dis->credentials.origin, said);
    else
        snprintf(error->message, sizeof(error->message),
                 "%.250s; nothing is sent for 60 s, or until a SIGHUP", said);
    http_lock_out(call->dis->http, LOCK_OUT_MS, error);
}

static void on_error(struct dis_call *call, const struct error *error,
                     const struct http_answer *answer)
{
    struct error said;

    call->error = *error;
    if (answer && answer->verdict == HTTP_REFUSED) {
        if (renew(call, answer)) {
            call->error = (struct error){0};
            send_again(call);
            return;
        }
        lock_out(call);
    } else if (answer && dis_is_lock_out(error)) {
        lock_out(call);
    }
    said = call->error;
    call->error = (struct error){0};
    if (call->mend && call->mend(call, &said))
        return;
    call->error = said;
    finish(call);
}

static void on_answer(struct dis_call *call, const struct http_answer *answer)
{
    cJSON *root = answer->size ? json_parse(answer->body, answer->size) : NULL;
    int status;

    call->empty = !answer->size;
    status = call->take(call, root);

    cJSON_Delete(root);
    if (status == TAKEN_PART)
        return;
    if (status == -ENOMEM)
        no_memory(&call->error);
    if (status < 0 && !call->error.code) {
        error_set(&call->error, -status, "the answer to %s %s is not what DIS's protocol says",
                  call->request.method, call->request.path.data);
        call->error.http_status = answer->status;
    }
    finish(call);
}

static void on_done(void *user, const struct error *error, const struct http_answer *answer)
{
    struct dis_call *call = user;

    call->sent = NULL;
    call->repeated = answer && answer->repeated;
    if (call->lacks_token) {
        call->lacks_token = false;
        send_again(call);
        return;
    }
    if (error)
        on_error(call, error, answer);
    else if (answer)
        on_answer(call, answer);
}

static void send_now(struct dis_call *call)
{
    const struct dis_request *built = &call->request;
    struct buf url = BUF_INIT(URL_MAX);
    struct http_order order = {.method = built->method,
                               .body = built->body,
                               .body_size = built->body ? strlen(built->body) : 0,
                               .idempotent = call->is_idempotent,
                               .deadline = call->ask.deadline,
                               .prepare = prepare,
                               .judge = judge,
                               .done = on_done,
                               .user = call};

    request_url(built, call->dis->base, &url);
    order.url = url.data;
    if (!request_error(built) && !buf_error(&url))
        call->sent = http_start(call->dis->http, &order);
    buf_release(&url);
    if (call->sent)
        return;
    no_memory(&call->error);
    dis_end_soon(call);
}

static void on_token(void *user, const struct error *error, const struct answer *answer)
{
    struct dis_call *call = user;

    (void)answer;
    call->waiting = NULL;
    if (!error) {
        send_again(call);
        return;
    }
    call->error = *error;
    finish(call);
}

/* Sends the request, when there is what it is authorized with. */
static void send_again(struct dis_call *call)
{
    struct dis *dis = call->dis;
    struct ask ask = {.deadline = call->ask.deadline, .done = on_token, .user = call};

    if (dis->no_credentials.code) {
        call->error = dis->no_credentials;
        dis_end_soon(call);
    } else if (dis->credentials.kind == CREDENTIAL_KEY || token_text(dis->token)) {
        send_now(call);
    } else {
        call->waiting = token_wait(dis->token, &ask);
        if (!call->waiting) {
            no_memory(&call->error);
            dis_end_soon(call);
        }
    }
}

void dis_begin(struct dis_call *call, const char *method, const char *segment)
{
    request_begin(&call->request, method, call->dis->root);
    request_segment(&call->request, segment);
    call->is_idempotent = true;
}

void dis_send(struct dis_call *call, take_fn *take)
{
    call->take = take;
    send_again(call);
}

/* Lists */

int dis_next_page(struct dis_call *call, const struct page *page, size_t size,
                  void (*next)(struct dis_call *call))
{
    if (page->told ? !page->more : page->count < size)
        return TAKEN_ALL;
    if (!page->count || !strcmp(page->last, call->after) || ++call->pages >= PAGES_MAX)
        return error_set(&call->error, EBADMSG, "the service's list has no end");
    snprintf(call->after, sizeof(call->after), "%s", page->last);
    next(call);
    return TAKEN_PART;
}

int dis_take_nothing(struct dis_call *call, const cJSON *root)
{
    return call->empty || cJSON_IsObject(root) ? TAKEN_ALL : -EBADMSG;
}

int dis_take_object(struct dis_call *call, const cJSON *root)
{
    (void)call;
    return cJSON_IsObject(root) ? TAKEN_ALL : -EBADMSG;
}
