#include "fs/missing.h"

#include <stdlib.h>
#include <string.h>

#include "api/name.h"

static void forget(struct missing_name *missing)
{
    free(missing->name);
    missing->name = NULL;
}

void missing_release(struct missing *missing)
{
    for (unsigned i = 0; i < MISSING_MAX; i++)
        forget(&missing->names[i]);
}

void missing_note(struct missing *missing, const struct question *question, const char *name,
                  int64_t now)
{
    struct missing_name *slot = &missing->names[missing->next];
    size_t name_size = strlen(name) + 1;
    size_t app_size = strlen(question->app) + 1;
    size_t stream_size = strlen(question->stream) + 1;

    missing->next = (missing->next + 1) % MISSING_MAX;
    forget(slot);
    slot->name = malloc(name_size + app_size + stream_size);
    if (!slot->name)
        return;
    slot->at = now;
    memcpy(slot->name, name, name_size);
    slot->question.what = question->what;
    slot->question.app = memcpy(slot->name + name_size, question->app, app_size);
    slot->question.stream =
        memcpy(slot->name + name_size + app_size, question->stream, stream_size);
}

static bool is_of(const struct missing_name *missing, const struct question *question)
{
    return missing->name && missing->question.what == question->what &&
           !strcmp(missing->question.app, question->app) &&
           !strcmp(missing->question.stream, question->stream);
}

bool missing_has(const struct missing *missing, const struct question *question, const char *name,
                 int64_t now)
{
    bool found = false;

    for (unsigned i = 0; i < MISSING_MAX && !found; i++)
        found = is_of(&missing->names[i], question) && !strcmp(missing->names[i].name, name) &&
                now < missing->names[i].at + NAME_TIMEOUT_MS;
    return found;
}

void missing_forget(struct missing *missing, const struct question *question)
{
    for (unsigned i = 0; i < MISSING_MAX; i++) {
        if (is_of(&missing->names[i], question))
            forget(&missing->names[i]);
    }
}

static bool is_app(const struct missing_name *missing, const char *app)
{
    return missing->question.what == WHAT_APPS && !strcmp(missing->name, app);
}

static bool is_stream(const struct missing_name *missing, const char *stream)
{
    enum what what = missing->question.what;

    return (what == WHAT_STREAMS || what == WHAT_COMMITTED) && !strcmp(missing->name, stream);
}

void missing_forget_about(struct missing *missing, const char *app, const char *stream)
{
    for (unsigned i = 0; i < MISSING_MAX; i++) {
        struct missing_name *name = &missing->names[i];

        if (!name->name)
            continue;
        if ((app && (is_app(name, app) || !strcmp(name->question.app, app))) ||
            (stream && (is_stream(name, stream) || !strcmp(name->question.stream, stream))))
            forget(name);
    }
}

/* The partition by either of its names. */
static bool is_partition(const struct missing_name *missing, const char *stream, uint32_t partition)
{
    uint32_t named;
    bool long_form;

    return missing->question.what == WHAT_STATES && !strcmp(missing->question.stream, stream) &&
           !partition_parse(missing->name, &named, &long_form) && named == partition;
}

/* Whether a checkpoint of the app is one of whoever missed the name. */
static bool is_for(const struct missing_name *missing, const char *app)
{
    return !*missing->question.app || !strcmp(missing->question.app, app);
}

void missing_forget_path(struct missing *missing, const char *app, const char *stream,
                         uint32_t partition, int64_t at)
{
    for (unsigned i = 0; i < MISSING_MAX; i++) {
        struct missing_name *name = &missing->names[i];

        if (name->name && name->at <= at &&
            (is_app(name, app) || (is_stream(name, stream) && is_for(name, app)) ||
             is_partition(name, stream, partition)))
            forget(name);
    }
}
