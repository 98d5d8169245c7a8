#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/dis/client.h"
#include "api/fan.h"

/*
 * All partitions of a stream. They come from two places: with an app from its consumption state,
 * which has its checkpoints too, without one from the stream's description. Both have pages of up
 * to 1000 and begin after a partition that is named. As partitions are numbered, each page can be
 * asked for before the one in front of it is here, as soon as somebody knows how many there are:
 * whoever listed the stream before, or else its description.
 */
#define PAGE_SIZE 1000

/* How many pages are under way at a time. */
#define WIDTH 64

/* The most that pages may take which came before their turn. */
#define WAITING_MAX (64UL << 20)

/* What has come of the pages that are asked for side by side. */
struct dis_pages {
    size_t first; /* the partition with which the first of them begins */
    size_t taken; /* how many are in call->table */
    size_t count;
    size_t waiting_size;    /* of these, in bytes: */
    struct table *tables[]; /* of those that came before their turn, or NULL */
};

static void release_pages(void *data)
{
    struct dis_pages *pages = data;

    for (size_t i = 0; i < pages->count; i++)
        table_drop(pages->tables[i]);
    free(pages);
}

static bool begin_without_app(struct service_call *call, const struct error *error);

static struct dis_wide *wide_of(struct service_call *call)
{
    return &((struct dis *)call->service)->wide;
}

/* Side by side only where the pages are well filled: numbers can be left out, or be made up. */
static int end_partitions(struct service_call *call)
{
    size_t count = table_count(call->table);
    struct state last = {0};
    bool is_wide;

    if (count > PAGE_SIZE)
        table_at(call->table, count - 1, &last);
    is_wide = count > PAGE_SIZE && last.partition / 2 < count;
    dis_wide_note(wide_of(call), call->stream, is_wide ? last.partition + 1 : 0);
    return TAKEN_ALL;
}

/* One page after the other: until the partition call->index, or the end where that is 0. */

static void send_page(struct service_call *call, take_fn *take)
{
    if (call->has_app)
        dis_begin_states(call, PAGE_SIZE);
    else
        dis_begin_stream(call, PAGE_SIZE);
    service_send(call, take);
}

static int read_partitions(const struct service_call *call, const cJSON *root, struct page *page)
{
    return call->has_app ? dis_answer_states(root, call->table, page)
                         : dis_answer_partitions(root, call->table, page);
}

static bool has_last_wanted(const struct service_call *call, const struct page *page)
{
    uint32_t last;
    bool long_form;

    return call->index && page->count && !partition_parse(page->last, &last, &long_form) &&
           last + 1 >= call->index;
}

static void send_next_page(struct service_call *call);

static int on_next_page(struct service_call *call, const cJSON *root)
{
    struct page page;
    int status = read_partitions(call, root, &page);

    if (status || has_last_wanted(call, &page))
        return status;
    return service_next_page(call, &page, PAGE_SIZE, send_next_page);
}

static void send_next_page(struct service_call *call)
{
    send_page(call, on_next_page);
}

/* Pages side by side */

static struct call *start_page(void *user, const char *first, const struct ask *ask)
{
    struct service_call *all = user;
    const struct dis_pages *pages = all->data;
    uint32_t partition = (uint32_t)strtoul(first, NULL, 10);
    const char *app = all->has_app ? all->app : NULL;
    struct service_call *call =
        service_call_new(&all->service->backend, app, all->stream, partition, ask);
    bool is_last = partition + PAGE_SIZE >= pages->first + pages->count * PAGE_SIZE;

    if (!call)
        return NULL;
    call->index = is_last ? 0 : partition + PAGE_SIZE;
    call->table = table_new();
    if (!call->table)
        return service_refuse(call, ENOMEM, "no memory");
    dis_name_before(call);
    send_next_page(call);
    return &call->operation.call;
}

static int add_table(struct service_call *call, const struct table *table)
{
    struct state state;
    int status = 0;

    for (size_t i = 0; i < table_count(table) && !status; i++) {
        table_at(table, i, &state);
        status = table_put(call->table, &state);
    }
    return status;
}

/* Adds them in their order, which is cheapest. */
static int take_page(void *user, const char *first, const struct error *error,
                     const struct answer *answer, struct error *failure)
{
    struct service_call *call = user;
    struct dis_pages *pages = call->data;
    int status = 0;

    if (error) {
        *failure = *error;
        return -error->code;
    }
    pages->tables[(strtoul(first, NULL, 10) - pages->first) / PAGE_SIZE] =
        table_hold(answer->table);
    pages->waiting_size += table_size(answer->table);
    if (pages->waiting_size > WAITING_MAX)
        return error_set(failure, EFBIG, "no room for all partitions");
    while (!status && pages->taken < pages->count && pages->tables[pages->taken]) {
        status = add_table(call, pages->tables[pages->taken]);
        pages->waiting_size -= table_size(pages->tables[pages->taken]);
        table_drop(pages->tables[pages->taken]);
        pages->tables[pages->taken++] = NULL;
    }
    return status ? error_set_status(failure, status, "no room for all partitions") : 0;
}

static void on_pages(void *user, const struct error *error, const struct answer *unused)
{
    struct service_call *call = user;

    (void)unused;
    call->operation.step = NULL;
    if (error)
        dis_wide_note(wide_of(call), call->stream, 0); /* it may be another stream by now */
    if (error && begin_without_app(call, error))
        return;
    if (error)
        call->operation.error = *error;
    else
        end_partitions(call);
    service_end_soon(call);
}

/* The partitions with which pages begin. */
static struct names *first_partitions(const struct dis_pages *pages)
{
    struct names *names = names_new();
    char number[PARTITION_ROOM];

    for (size_t i = 0; names && i < pages->count; i++) {
        partition_format((uint32_t)(pages->first + i * PAGE_SIZE), false, number);
        if (!names_add(names, number))
            continue;
        names_drop(names);
        return NULL;
    }
    return names;
}

static int start_fan(struct service_call *call)
{
    struct ask ask = operation_ask(&call->operation, on_pages);
    struct fan_order order = {.loop = call->service->backend.loop,
                              .names = first_partitions(call->data),
                              .width = WIDTH,
                              .start = start_page,
                              .take = take_page,
                              .user = call};

    call->operation.step = order.names ? fan_start(&order, &ask) : NULL;
    names_drop(order.names);
    return call->operation.step ? 0 : -ENOMEM;
}

/* Asks for all pages from the partition `first` on, of a stream with so many. */
static int start_pages(struct service_call *call, size_t first, size_t count)
{
    size_t pages = (count - first + PAGE_SIZE - 1) / PAGE_SIZE;
    struct dis_pages *data = calloc(1, sizeof(*data) + pages * sizeof(void *));

    if (!data)
        return -ENOMEM;
    if (call->data)
        call->release_data(call->data);
    data->first = first;
    data->count = pages;
    call->data = data;
    call->release_data = release_pages;
    return start_fan(call);
}

/* The first page, where nobody knows how many there are */

/* Goes on after the first page, one after the other if the count cannot be right. */
static int go_on_after_first(struct service_call *call, size_t count)
{
    uint32_t last;
    bool long_form;
    int status;

    if (partition_parse(call->after, &last, &long_form) || last + 1 >= count) {
        send_next_page(call);
        return TAKEN_PART;
    }
    status = start_pages(call, last + 1, count);
    return status ? status : TAKEN_PART;
}

static int on_count(struct service_call *call, const cJSON *root)
{
    call->recover = call->has_app ? begin_without_app : NULL;
    return go_on_after_first(call, dis_answer_count(root));
}

/* Who may see an app's states need not see the stream. */
static bool go_on_without_count(struct service_call *call, const struct error *error)
{
    if (error->code != EACCES)
        return false;
    call->recover = call->has_app ? begin_without_app : NULL;
    send_next_page(call);
    return true;
}

/* A stream that is described tells it, with or without the app; the app's states do not. */
static void ask_for_count(struct service_call *call)
{
    char after[sizeof(call->after)];

    memcpy(after, call->after, sizeof(after));
    *call->after = '\0';
    dis_begin_stream(call, 1);
    memcpy(call->after, after, sizeof(after));
    call->recover = go_on_without_count;
    service_send(call, on_count);
}

static int on_first_page(struct service_call *call, const cJSON *root)
{
    struct page page;
    int status = read_partitions(call, root, &page);

    if (!status)
        status = service_next_page(call, &page, PAGE_SIZE, ask_for_count);
    return status == TAKEN_ALL ? end_partitions(call) : status;
}

/* One of DIS's codes says that the app has no checkpoints on the stream: then its partitions are
 * listed without any. */
static bool begin_without_app(struct service_call *call, const struct error *error)
{
    if (!call->has_app || !dis_is_without_checkpoint(error))
        return false;
    call->has_app = false;
    call->recover = NULL;
    *call->after = '\0';
    send_page(call, on_first_page);
    return true;
}

struct call *dis_get_states(struct backend *backend, const char *app, const char *stream,
                            const struct ask *ask)
{
    struct service_call *call = service_call_new(backend, app, stream, 0, ask);
    uint32_t count;

    if (!call)
        return NULL;
    call->table = table_new();
    if (!call->table)
        return service_refuse(call, ENOMEM, "no memory");
    count = dis_wide_count(wide_of(call), call->stream);
    if (count) {
        if (start_pages(call, 0, count))
            return service_refuse(call, ENOMEM, "no memory");
        return &call->operation.call;
    }
    call->recover = begin_without_app;
    send_page(call, on_first_page);
    return &call->operation.call;
}
