#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/dis/client.h"
#include "base/base64.h"

/*
 * Appending records. DIS takes a request as a whole, and then each of its records by itself: those
 * that it was too busy for are sent again, so that they may stand behind others of the same order.
 * Nothing else is sent twice.
 */

/* What a request may hold: clients of DIS send so much, of the 5 MB that it takes. */
#define RECORDS_MAX 500
#define BYTES_MAX   (4UL << 20)

/* Room for all of an entry but its data. */
#define ENTRY_SIZE 64

#define TRIES_MAX 20

struct appending {
    char **data; /* base64; NULL of those that are stored */
    size_t count;
    size_t stored;
    size_t next;              /* the first that was not sent */
    size_t sent[RECORDS_MAX]; /* which are in the request under way, or are to be in the next */
    size_t sent_count;
    unsigned tries; /* of that request */
};

static void release_appending(void *data)
{
    struct appending *appending = data;

    for (size_t i = 0; i < appending->count; i++)
        free(appending->data[i]);
    free(appending->data);
    free(appending);
}

/* The end */

/* Says how many records are stored, for who sent more than one. */
static void fail_appending(struct service_call *call, const struct error *error)
{
    const struct appending *appending = call->data;
    struct error *own = &call->operation.error;

    *own = *error;
    call->is_unknown = error->is_unknown;
    if (appending->count > 1)
        snprintf(own->message, sizeof(own->message), "%s%zu of %zu records are stored: %.300s",
                 error->is_unknown ? "at least " : "", appending->stored, appending->count,
                 error->message);
    service_end_soon(call);
}

static bool recover_appending(struct service_call *call, const struct error *error)
{
    fail_appending(call, error);
    return true;
}

/* A record that was not stored, and will not be. */
static void refuse_stored(struct service_call *call, int code, const char *service_code,
                          const char *message)
{
    struct error error = {0};

    error_set(&error, code, "the service has not stored a record: %.200s", message ? message : "");
    error.http_status = call->success;
    snprintf(error.service_code, sizeof(error.service_code), "%s", service_code);
    fail_appending(call, &error);
}

/* Sending */

static cJSON *print_entry(const struct service_call *call, const char *data)
{
    cJSON *entry = cJSON_CreateObject();
    cJSON *text = cJSON_CreateStringReference(data);
    char partition[PARTITION_ROOM];

    partition_format(call->partition, false, partition);
    if (text && cJSON_AddItemToObject(entry, "data", text)) {
        if (cJSON_AddStringToObject(entry, "partition_id", partition))
            return entry;
    } else {
        cJSON_Delete(text);
    }
    cJSON_Delete(entry);
    return NULL;
}

static cJSON *print_records(const struct service_call *call)
{
    const struct appending *appending = call->data;
    cJSON *body = cJSON_CreateObject();
    cJSON *array = cJSON_AddArrayToObject(body, "records");
    bool good = array && cJSON_AddStringToObject(body, "stream_name", call->stream);

    for (size_t i = 0; i < appending->sent_count && good; i++)
        good = cJSON_AddItemToArray(array, print_entry(call, appending->data[appending->sent[i]]));
    if (good)
        return body;
    cJSON_Delete(body);
    return NULL;
}

static int on_stored(struct service_call *call, const cJSON *root);

static void send_chosen(void *user)
{
    struct service_call *call = user;

    service_begin(call, "POST", "records");
    call->is_idempotent = false;
    request_body(&call->request, print_records(call));
    service_send(call, on_stored);
}

/* Chooses as many of the next records as one request may hold. */
static void choose_next(struct appending *appending)
{
    size_t size = 0;

    appending->tries = 0;
    while (appending->next < appending->count && appending->sent_count < RECORDS_MAX) {
        size += strlen(appending->data[appending->next]) + ENTRY_SIZE;
        if (appending->sent_count && size > BYTES_MAX)
            break;
        appending->sent[appending->sent_count++] = appending->next++;
    }
}

static bool send_next(struct service_call *call)
{
    struct appending *appending = call->data;

    choose_next(appending);
    if (appending->sent_count)
        send_chosen(call);
    return appending->sent_count;
}

/* What became of them */

static bool is_retryable(const char *code)
{
    return !strcmp(code, "DIS.4303") || !strncmp(code, "DIS.5", 5);
}

/* Why records were not stored: the first reason that another try does not help with, or else the
 * first of all. Its texts are the answer's. */
struct verdict {
    const char *code;
    const char *message;
};

/* Notes what became of one record; one that is not stored is to be sent again. */
static int take_result(struct appending *appending, const cJSON *entry, size_t index,
                       struct verdict *verdict)
{
    const char *code;
    const char *message;
    int status = dis_answer_result(entry, &code, &message);

    if (status)
        return status;
    if (code) {
        appending->sent[appending->sent_count++] = index;
        if (!verdict->code || is_retryable(verdict->code))
            *verdict = (struct verdict){code, message};
        return 0;
    }
    free(appending->data[index]);
    appending->data[index] = NULL;
    appending->stored++;
    return 0;
}

static int take_results(struct appending *appending, const cJSON *entries, struct verdict *verdict)
{
    size_t index = 0;
    int status = 0;

    appending->sent_count = 0;
    for (const cJSON *entry = entries->child; entry && !status; entry = entry->next)
        status = take_result(appending, entry, appending->sent[index++], verdict);
    return status;
}

static void retry_or_fail(struct service_call *call, const struct verdict *verdict)
{
    struct appending *appending = call->data;

    if (!is_retryable(verdict->code)) {
        refuse_stored(call, EIO, verdict->code, verdict->message);
    } else if (++appending->tries < TRIES_MAX && dis_pause(call, appending->tries, send_chosen)) {
        call->service->backend.retries.throttled++;
    } else {
        refuse_stored(call, EBUSY, verdict->code, verdict->message);
    }
}

static int on_stored(struct service_call *call, const cJSON *root)
{
    struct appending *appending = call->data;
    struct verdict verdict = {0};
    const cJSON *entries;
    int status = dis_answer_stored(root, appending->sent_count, &entries);

    if (!status)
        status = take_results(appending, entries, &verdict);
    if (status)
        return status;
    /* Given up from here on, what is stored stays. */
    call->is_unknown = appending->stored > 0;
    if (appending->sent_count) {
        retry_or_fail(call, &verdict);
        return TAKEN_PART;
    }
    return send_next(call) ? TAKEN_PART : TAKEN_ALL;
}

/* The order */

static char *encode(const struct span *record)
{
    char *encoded = malloc(BASE64_ROOM(record->size));

    if (encoded)
        base64_encode(record->data, record->size, encoded);
    return encoded;
}

static struct appending *copy_records(const struct append_order *order)
{
    struct appending *appending = calloc(1, sizeof(*appending));

    if (!appending)
        return NULL;
    appending->data = calloc(order->count ? order->count : 1, sizeof(*appending->data));
    while (appending->data && appending->count < order->count) {
        char *encoded = encode(&order->records[appending->count]);

        if (!encoded)
            break;
        appending->data[appending->count++] = encoded;
    }
    if (appending->data && appending->count == order->count)
        return appending;
    release_appending(appending);
    return NULL;
}

struct call *dis_append_records(struct backend *backend, const struct append_order *order,
                                const struct ask *ask)
{
    struct service_call *call =
        service_call_new(backend, NULL, order->stream, order->partition, ask);
    struct appending *appending = call ? copy_records(order) : NULL;

    if (!call)
        return NULL;
    if (!appending)
        return service_refuse(call, ENOMEM, "no memory");
    call->data = appending;
    call->release_data = release_appending;
    call->recover = recover_appending;
    if (!send_next(call))
        service_end_soon(call);
    return &call->operation.call;
}
