#include "api/status.h"

#include <errno.h>

#include "api/json.h"

int status_lag(const struct backend *backend, const struct state *state,
               char lag[static DECIMAL_ROOM])
{
    char committed[DECIMAL_ROOM];
    const char *from = state->earliest;

    if (!state->latest || (!state->sequence && !from))
        return -ENODATA;
    if (state->sequence) {
        if (backend_to_decimal(backend, state->sequence, committed))
            return -ENODATA;
        from = committed;
    }
    if (decimal_subtract(lag, state->latest, from))
        return -ENODATA;
    if (state->sequence && !backend->checkpoint_is_next && decimal_subtract(lag, lag, "1"))
        return -ENODATA;
    if (decimal_is_negative(lag))
        return decimal_normalize(lag, "0");
    return 0;
}

static bool add_checkpoint(const struct backend *backend, cJSON *object, const struct state *state)
{
    char lag[DECIMAL_ROOM];
    bool known = !status_lag(backend, state, lag);

    return json_add_text(object, "checkpoint", state->sequence) &&
           json_add_text(object, "metadata", state->metadata) &&
           json_add_time(object, "committed", state->committed) &&
           (known ? cJSON_AddRawToObject(object, "lag", lag)
                  : cJSON_AddNullToObject(object, "lag"));
}

/* Moves the members of a backend's own object into ours. */
static bool add_details(cJSON *object, const char *details)
{
    cJSON *theirs = cJSON_Parse(details);
    cJSON *member;

    while (theirs && (member = theirs->child)) {
        cJSON_DetachItemViaPointer(theirs, member);
        cJSON_AddItemToObject(object, member->string, member);
    }
    cJSON_Delete(theirs);
    return theirs != NULL;
}

int status_print(const struct backend *backend, const char *app, const char *stream,
                 const struct state *state, struct buf *text)
{
    cJSON *object = cJSON_CreateObject();
    int status = -ENOMEM;

    if ((!app || json_add_text(object, "app", app)) && json_add_text(object, "stream", stream) &&
        cJSON_AddNumberToObject(object, "partition", state->partition) &&
        (!app || add_checkpoint(backend, object, state)) &&
        json_add_text(object, "earliest", state->earliest) &&
        json_add_text(object, "latest", state->latest) &&
        (!state->status || json_add_text(object, "status", state->status)) &&
        (!state->consumer || json_add_text(object, "consumer", state->consumer)) &&
        (!state->details || add_details(object, state->details)))
        status = json_print(object, text);
    cJSON_Delete(object);
    if (!status)
        buf_puts(text, "\n");
    return status ? status : buf_error(text);
}
