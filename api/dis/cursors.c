#include <errno.h>
#include <string.h>

#include "api/dis/client.h"

static const char *const types[] = {
    [CURSOR_AT] = "AT_SEQUENCE_NUMBER", [CURSOR_AFTER] = "AFTER_SEQUENCE_NUMBER",
    [CURSOR_EARLIEST] = "TRIM_HORIZON", [CURSOR_LATEST] = "LATEST",
    [CURSOR_SINCE] = "AT_TIMESTAMP",
};

/* After this many empty answers in a row the end of the partition counts as reached. */
#define READS_MAX 10

/* Asking for a cursor */

/* The first whole millisecond that is not before a time; DIS counts in those. */
static int64_t milliseconds(int64_t time)
{
    return time / 1000000 + (time % 1000000 > 0);
}

/* The query of this call alone has hyphens in its names. */
void dis_send_cursor(struct service_call *call, take_fn *take)
{
    struct service_request *request = &call->request;

    service_begin(call, "GET", "cursors");
    request_query(request, "stream-name", call->stream);
    request_query_number(request, "partition-id", call->partition);
    request_query(request, "cursor-type", types[call->cursor]);
    if (call->cursor == CURSOR_AT || call->cursor == CURSOR_AFTER)
        request_query(request, "starting-sequence-number", call->sequence);
    if (call->cursor == CURSOR_SINCE)
        request_query_number(request, "timestamp", milliseconds(call->time));
    service_send(call, take);
}

/* The first record since a time before all that are kept is the oldest. */
bool dis_recover_time(struct service_call *call, const struct error *error)
{
    if (call->cursor != CURSOR_SINCE || !dis_is_too_old(error))
        return false;
    call->cursor = CURSOR_EARLIEST;
    return true;
}

void dis_settle_time(struct service_call *call)
{
    if (call->cursor == CURSOR_SINCE && call->time < 0)
        call->cursor = CURSOR_EARLIEST;
}

static int dis_on_cursor(struct service_call *call, const cJSON *root)
{
    const char *cursor;
    int status = dis_answer_cursor(root, &cursor);

    if (status)
        return status;
    call->gives_text = true;
    buf_puts(&call->text, cursor);
    return buf_error(&call->text);
}

static bool recover_with_earliest_cursor(struct service_call *call, const struct error *error)
{
    if (!dis_recover_time(call, error))
        return false;
    dis_send_cursor(call, dis_on_cursor);
    return true;
}

struct call *dis_get_cursor(struct backend *backend, const struct cursor_order *order,
                            const struct ask *ask)
{
    struct service_call *call = service_cursor_call_new(backend, order, ask);

    if (!call)
        return NULL;
    dis_settle_time(call);
    call->recover = recover_with_earliest_cursor;
    dis_send_cursor(call, dis_on_cursor);
    return &call->operation.call;
}

/*
 * Locating. The ends are in the stream's description. For a time we ask for a cursor: DIS resolves
 * the time when it makes one, and the official Kafka adapter reads the number out of it. If we
 * cannot decode the cursor we read from it, and take the first record's number, or the end when no
 * record comes.
 */

static int give_number(struct service_call *call, const char *number)
{
    char decimal[DECIMAL_ROOM];

    if (decimal_normalize(decimal, number))
        return -EBADMSG;
    call->gives_text = true;
    buf_puts(&call->text, decimal);
    return buf_error(&call->text);
}

static int on_bound(struct service_call *call, const cJSON *root)
{
    struct page page;
    int status = dis_find_partition(call, dis_answer_partitions(root, call->table, &page));
    const char *bound = call->cursor == CURSOR_EARLIEST ? call->state.earliest : call->state.latest;

    if (status)
        return status;
    if (!bound)
        return error_set(&call->operation.error, EBUSY,
                         "the service tells no range of partition %u of %s", call->partition,
                         call->stream);
    return give_number(call, bound);
}

static void send_bound(struct service_call *call, enum cursor_kind end)
{
    call->recover = NULL;
    call->cursor = end;
    dis_begin_partition(call);
    service_send(call, on_bound);
}

static bool recover_with_earliest_number(struct service_call *call, const struct error *error)
{
    if (!dis_recover_time(call, error))
        return false;
    send_bound(call, CURSOR_EARLIEST);
    return true;
}

static int on_records(struct service_call *call, const cJSON *root)
{
    char sequence[DECIMAL_ROOM];
    const cJSON *records;
    const char *next;
    int status = dis_answer_records(root, &records, &next);

    if (!status && records->child)
        status = dis_answer_sequence(records->child, sequence);
    if (status)
        return status;
    if (records->child)
        return give_number(call, sequence);
    if (next && ++call->pages < READS_MAX)
        dis_send_records(call, next, DIS_FETCH_RECORD, on_records);
    else
        send_bound(call, CURSOR_LATEST);
    return TAKEN_PART;
}

static int on_cursor_of_time(struct service_call *call, const cJSON *root)
{
    char sequence[SEQUENCE_MAX + 1];
    const char *cursor;
    int status = dis_answer_cursor(root, &cursor);

    if (status)
        return status;
    if (!dis_cursor_decode(cursor, sequence))
        return give_number(call, sequence);
    dis_send_records(call, cursor, DIS_FETCH_RECORD, on_records);
    return TAKEN_PART;
}

struct call *dis_locate(struct backend *backend, const struct cursor_order *order,
                        const struct ask *ask)
{
    struct service_call *call = service_cursor_call_new(backend, order, ask);

    if (!call)
        return NULL;
    dis_settle_time(call);
    call->table = table_new();
    if (!call->table)
        return service_refuse(call, ENOMEM, "no memory");
    if (call->cursor == CURSOR_SINCE) {
        call->recover = recover_with_earliest_number;
        dis_send_cursor(call, on_cursor_of_time);
    } else {
        send_bound(call, call->cursor);
    }
    return &call->operation.call;
}
