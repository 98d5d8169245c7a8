#include "fs/missing.h"

#include <stdlib.h>
#include <string.h>

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
    char *text = malloc(name_size + app_size + stream_size);

    missing->next = (missing->next + 1) % MISSING_MAX;
    forget(slot);
    if (!text)
        return;
    slot->at = now;
    slot->name = memcpy(text, name, name_size);
    slot->question.what = question->what;
    slot->question.app = memcpy(text + name_size, question->app, app_size);
    slot->question.stream = memcpy(text + name_size + app_size, question->stream, stream_size);
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
