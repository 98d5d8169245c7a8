#include "tests/simulate/network.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "tests/service/common/memory.h"
#include "tests/service/common/service.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/curl.h"
#include "tests/simulate/memory.h"
#include "tests/simulate/remote.h"
#include "tests/simulate/trace.h"
#include "tests/simulate/way.h"

enum fate {
    ARRIVES,
    CANNOT_CONNECT,
    RESET_BEFORE,  /* before the service has seen it */
    RESET_AFTER,   /* when it has been carried out */
    GARBLED,       /* the answer is no answer of the service */
    PORTAL,        /* nor is this, and the service has seen nothing */
    BROKEN_BEFORE, /* a load balancer answers in its place */
    BROKEN_AFTER,  /* and after it */
    THROTTLED,     /* the service says so, and does nothing */
    SILENT_BEFORE, /* it is lost, and nobody tells */
    SILENT_AFTER,  /* its answer is */
    FATES
};

/* One request on its way. */
struct message {
    LIST_ENTRY(message) link;
    struct transfer *transfer; /* NULL once the client has gone */
    int mount;
    struct request request;
    struct answer answer;
    enum fate fate;
    bool sent;
    bool handled;
    uint64_t event; /* what happens to it next, or 0 */
    uint64_t timeout;
};

static LIST_HEAD(, message) messages = LIST_HEAD_INITIALIZER(messages);
static struct service *service;
static network_handled_fn *tell_handled;

void network_open(struct service *with, network_handled_fn *handled)
{
    service = with;
    tell_handled = handled;
    way_reset();
}

static void free_message(struct message *message)
{
    clock_drop(message->event);
    clock_drop(message->timeout);
    LIST_REMOVE(message, link);
    request_clear(&message->request);
    answer_release(&message->answer);
    free(message);
}

void network_close(void)
{
    struct message *message;

    while ((message = LIST_FIRST(&messages)))
        free_message(message);
}

/* Tells the client how its transfer has ended, and forgets the message. */
static void end(struct message *message, CURLcode result)
{
    struct transfer *transfer = message->transfer;
    bool before;

    trace("  %s %s: %s", message->request.method, message->request.raw_path,
          result ? curl_easy_strerror(result) : "answered");
    free_message(message);
    transfer->loop = NULL;
    before = memory_enter(true);
    transfer->done(transfer->user, (int)result);
    memory_leave(before);
}

static void time_out(void *user)
{
    struct message *message = user;

    message->timeout = 0;
    end(message, CURLE_OPERATION_TIMEDOUT);
}

static void replace_answer(struct message *message)
{
    struct answer *answer = &message->answer;

    if (message->fate == BROKEN_BEFORE || message->fate == BROKEN_AFTER)
        answer_text(answer, 502 + (unsigned)chance_below(3), "<html>upstream</html>");
    else if (message->fate == THROTTLED)
        remote_throttle(answer);
    else if (message->fate == GARBLED || message->fate == PORTAL)
        answer_text(answer, 200 + 2 * (unsigned)chance_below(3), "<html>please log in</html>");
}

static void deliver(void *user)
{
    struct message *message = user;
    struct easy *easy = message->transfer ? message->transfer->easy : NULL;
    const struct answer *answer = &message->answer;
    bool taken;

    message->event = 0;
    if (!easy) {
        free_message(message);
        return;
    }
    if (message->fate == CANNOT_CONNECT) {
        end(message, CURLE_COULDNT_CONNECT);
        return;
    }
    if (message->fate == RESET_BEFORE || message->fate == RESET_AFTER) {
        end(message, CURLE_RECV_ERROR);
        return;
    }
    replace_answer(message);
    taken = easy_answer_begins(easy, answer->status);
    for (size_t i = 0; i < answer->headers.count; i++)
        easy_answer_header(easy, answer->headers.items[i].name, answer->headers.items[i].value);
    taken = taken && easy_answer_body(easy, answer->body.data, answer->body.size);
    end(message, taken ? CURLE_OK : CURLE_WRITE_ERROR);
}

static bool reaches_service(const struct message *message)
{
    switch (message->fate) {
    case ARRIVES:
    case RESET_AFTER:
    case GARBLED:
    case BROKEN_AFTER:
    case SILENT_AFTER:
        return true;
    default:
        return false;
    }
}

static void arrive(void *user)
{
    struct message *message = user;

    message->event = 0;
    message->handled = true;
    if (reaches_service(message)) {
        trace("  %s %s arrives%s", message->request.method, message->request.raw_path,
              message->transfer ? "" : ", though its client has gone");
        service_handle(service, &message->request, &message->answer);
        tell_handled(message->mount, !message->transfer, &message->request, &message->answer);
    }
    if (message->transfer && (message->fate == SILENT_BEFORE || message->fate == SILENT_AFTER))
        return;
    message->event = clock_after(way_take(), deliver, message);
}

static void leave(void *user)
{
    struct message *message = user;

    message->event = 0;
    message->sent = message->fate != CANNOT_CONNECT;
    if (message->sent)
        easy_tell_sent(message->transfer->easy);
    message->event =
        clock_after(way_take(), message->fate == CANNOT_CONNECT ? deliver : arrive, message);
}

static void copy_request(struct message *message)
{
    const struct easy *easy = message->transfer->easy;
    const char *host = strstr(easy->url, "://") + 3;
    size_t length = strcspn(host, "/");
    char *name_of_host = must_strndup(host, length);

    request_init(&message->request);
    request_set_method(&message->request, easy->method);
    request_set_target(&message->request, host + length);
    pairs_add(&message->request.headers, "Host", name_of_host);
    free(name_of_host);
    for (const struct curl_slist *line = easy->headers; line; line = line->next) {
        char *name = must_strdup(line->data);
        char *colon = strchr(name, ':');

        if (colon) {
            *colon = '\0';
            pairs_add(&message->request.headers, name, colon + 1 + strspn(colon + 1, " "));
        }
        free(name);
    }
    if (easy->body)
        buf_add(&message->request.body, easy->body, easy->body_size);
}

void network_begin(struct transfer *transfer)
{
    struct message *message = must_calloc(1, sizeof(*message));
    const struct easy *easy = transfer->easy;

    message->transfer = transfer;
    message->mount = mount_by(transfer->loop);
    way_note_sent(message->mount);
    copy_request(message);
    answer_init(&message->answer);
    LIST_INSERT_HEAD(&messages, message, link);
    message->fate = way_is_faulty() ? (enum fate)(1 + chance_below(FATES - 1)) : ARRIVES;
    message->event = clock_after(0, leave, message);
    message->timeout = clock_after(easy->timeout_ms, time_out, message);
}

/* The client goes. What it has sent may be on its way still. */
void network_end(struct transfer *transfer)
{
    struct message *message;
    struct message *next;

    for (message = LIST_FIRST(&messages); message; message = next) {
        next = LIST_NEXT(message, link);
        if (message->transfer != transfer)
            continue;
        message->transfer = NULL;
        clock_drop(message->timeout);
        message->timeout = 0;
        if (!message->sent || message->handled || !chance_once_in(2))
            free_message(message);
    }
}
