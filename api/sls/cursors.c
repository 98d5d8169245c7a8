#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "api/sls/answer.h"
#include "api/sls/client.h"
#include "api/sls/cursor.h"
#include "api/sls/request.h"

/* The first whole second that is not before a time: SLS counts in those, by when it received. */
static int64_t seconds(int64_t time)
{
    return time / 1000000000 + (time % 1000000000 > 0);
}

void sls_send_cursor(struct service_call *call, take_fn *take)
{
    char from[24] = "begin";

    if (call->cursor == CURSOR_LATEST)
        snprintf(from, sizeof(from), "end");
    else if (call->cursor == CURSOR_SINCE && call->time > 0)
        snprintf(from, sizeof(from), "%" PRId64, seconds(call->time));
    sls_begin_cursor(call, from);
    service_send(call, take);
}

/* Cursors */

static int give_text(struct service_call *call, const char *text)
{
    call->gives_text = true;
    buf_puts(&call->text, text);
    return buf_error(&call->text);
}

static int sls_on_cursor(struct service_call *call, const cJSON *root)
{
    const char *cursor;
    int status = sls_answer_cursor(root, &cursor);

    return status ? status : give_text(call, cursor);
}

static int cursor_after(struct service_call *call, char cursor[static SEQUENCE_MAX + 1])
{
    char decimal[DECIMAL_ROOM];
    int status;

    if (sls_cursor_decode(cursor, decimal))
        return error_set(&call->operation.error, EINVAL,
                         "\"%.60s\" is no number that another comes after", call->sequence);
    status = decimal_add(decimal, decimal, "1");
    if (!status && sls_cursor_encode(decimal, cursor))
        return error_set(&call->operation.error, ERANGE, "no number is greater than that");
    return status;
}

int sls_make_cursor(struct service_call *call, char cursor[static SEQUENCE_MAX + 1])
{
    int status = sls_parse_sequence(call->sequence, cursor, &call->operation.error);

    if (status && call->cursor == CURSOR_AT && call->operation.error.code != ERANGE) {
        call->operation.error = (struct error){0};
        snprintf(cursor, SEQUENCE_MAX + 1, "%s", call->sequence);
        return 0;
    }
    if (!status && call->cursor == CURSOR_AFTER)
        status = cursor_after(call, cursor);
    if (status && !call->operation.error.code)
        error_set(&call->operation.error, ENOMEM, "no memory");
    return status;
}

static int give_cursor(struct service_call *call)
{
    char cursor[SEQUENCE_MAX + 1];
    int status = sls_make_cursor(call, cursor);

    return status ? status : give_text(call, cursor);
}

struct call *sls_get_cursor(struct backend *backend, const struct cursor_order *order,
                            const struct ask *ask)
{
    struct service_call *call = service_cursor_call_new(backend, order, ask);

    if (!call)
        return NULL;
    if (order->kind != CURSOR_AT && order->kind != CURSOR_AFTER) {
        sls_send_cursor(call, sls_on_cursor);
        return &call->operation.call;
    }
    if (give_cursor(call) && !call->operation.error.code)
        error_set(&call->operation.error, ENOMEM, "no memory");
    service_end_soon(call);
    return &call->operation.call;
}

/* Numbers */

static int on_number(struct service_call *call, const cJSON *root)
{
    char decimal[DECIMAL_ROOM];
    const char *cursor;
    int status = sls_answer_cursor(root, &cursor);

    if (!status)
        status = sls_cursor_decode(cursor, decimal);
    return status ? status : give_text(call, decimal);
}

struct call *sls_locate(struct backend *backend, const struct cursor_order *order,
                        const struct ask *ask)
{
    struct service_call *call = service_cursor_call_new(backend, order, ask);

    if (!call)
        return NULL;
    sls_send_cursor(call, on_number);
    return &call->operation.call;
}
