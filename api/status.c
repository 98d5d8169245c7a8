#include "api/status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "base/when.h"

int status_next(const struct backend *backend, const struct state *state,
                char next[static DECIMAL_ROOM])
{
    if (!state->sequence)
        return state->earliest ? decimal_normalize(next, state->earliest) : -ENODATA;
    if (backend_to_decimal(backend, state->sequence, next))
        return -ENODATA;
    return backend->checkpoint_is_next ? 0 : decimal_add(next, next, "1");
}

/* How many numbers there are from one to another, 0 if that is below it. */
static int count_numbers(char count[static DECIMAL_ROOM], const char *from, const char *to)
{
    if (!from || !to || decimal_subtract(count, to, from))
        return -ENODATA;
    return decimal_is_negative(count) ? decimal_normalize(count, "0") : 0;
}

/* As many as there are up to the end, but no more than are kept. At the end, that does not matter.
 */
int status_lag(const struct backend *backend, const struct state *state,
               char lag[static DECIMAL_ROOM])
{
    char next[DECIMAL_ROOM];
    char kept[DECIMAL_ROOM];

    if (status_next(backend, state, next) || count_numbers(lag, next, state->latest))
        return -ENODATA;
    if (!strcmp(lag, "0"))
        return 0;
    if (count_numbers(kept, state->earliest, state->latest))
        return -ENODATA;
    return decimal_compare(lag, kept) > 0 ? decimal_normalize(lag, kept) : 0;
}

int status_margin(const struct backend *backend, const struct state *state,
                  char margin[static DECIMAL_ROOM])
{
    char next[DECIMAL_ROOM];

    return status_next(backend, state, next) ? -ENODATA
                                             : count_numbers(margin, state->earliest, next);
}

int status_expired(const struct backend *backend, const struct state *state,
                   char expired[static DECIMAL_ROOM])
{
    char next[DECIMAL_ROOM];

    return status_next(backend, state, next) ? -ENODATA
                                             : count_numbers(expired, next, state->earliest);
}

int status_ahead(const struct backend *backend, const struct state *state,
                 char ahead[static DECIMAL_ROOM])
{
    char next[DECIMAL_ROOM];

    if (state->has_no_end || status_next(backend, state, next))
        return -ENODATA;
    return count_numbers(ahead, state->latest, next);
}

typedef int count_fn(const struct backend *backend, const struct state *state,
                     char count[static DECIMAL_ROOM]);

static bool add_count(cJSON *object, const char *name, count_fn *count,
                      const struct backend *backend, const struct state *state)
{
    char number[DECIMAL_ROOM];

    return json_add_number(object, name, count(backend, state, number) ? NULL : number);
}

/* A text that is somebody's, and its bytes where JSON cannot show them. */
static bool add_foreign_text(cJSON *object, const char *name, const char *bytes_name,
                             const char *text)
{
    char *encoded;
    bool added;

    if (!json_add_text(object, name, text))
        return false;
    if (!text || utf8_is_valid(text))
        return true;
    encoded = malloc(BASE64_ROOM(strlen(text)));
    if (encoded)
        base64_encode(text, strlen(text), encoded);
    added = encoded && json_add_text(object, bytes_name, encoded);
    free(encoded);
    return added;
}

static bool add_checkpoint(const struct backend *backend, cJSON *object, const struct state *state)
{
    return add_foreign_text(object, "checkpoint", "checkpoint_base64", state->sequence) &&
           add_foreign_text(object, "metadata", "metadata_base64", state->metadata) &&
           json_add_time(object, "committed", state->committed) &&
           json_add_time(object, "seen", state->seen ? state->seen : WHEN_UNKNOWN) &&
           add_count(object, "lag", status_lag, backend, state) &&
           add_count(object, "expired", status_expired, backend, state) &&
           add_count(object, "ahead", status_ahead, backend, state);
}

/* Moves the members of a backend's own object into ours. */
static bool add_details(cJSON *object, const char *details)
{
    cJSON *theirs = cJSON_Parse(details);
    bool good = theirs != NULL;

    while (good && theirs->child) {
        cJSON *member = cJSON_DetachItemViaPointer(theirs, theirs->child);

        good = cJSON_AddItemToObject(object, member->string, member);
        if (!good)
            cJSON_Delete(member);
    }
    cJSON_Delete(theirs);
    return good;
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
