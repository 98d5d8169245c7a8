#include "fs/report.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "base/when.h"
#include "fs/options.h"
#include "fs/version.h"

/* The mount's own options, as they are called after -o. */
static const struct {
    const char *name;
    enum { FLAG, SECONDS, NUMBER } form;
    size_t offset;
} members[] = {
    {"ro", FLAG, offsetof(struct options, settings.read_only)},
    {"clamp", FLAG, offsetof(struct options, settings.clamp)},
    {"monotonic", FLAG, offsetof(struct options, settings.monotonic)},
    {"idle_only", FLAG, offsetof(struct options, settings.idle_only)},
    {"plan", FLAG, offsetof(struct options, settings.plan)},
    {"timeout", SECONDS, offsetof(struct options, settings.timeout)},
    {"listing", SECONDS, offsetof(struct options, settings.listing)},
    {"snapshot", SECONDS, offsetof(struct options, settings.snapshot)},
    {"watch", SECONDS, offsetof(struct options, settings.watch)},
    {"near", NUMBER, offsetof(struct options, settings.near)},
    {"stalled", SECONDS, offsetof(struct options, settings.stalled)},
    {"batch", NUMBER, offsetof(struct options, settings.batch)},
    {"lazy", FLAG, offsetof(struct options, lazy)},
    {"debug", FLAG, offsetof(struct options, debug)},
    {"auto_unmount", FLAG, offsetof(struct options, auto_unmount)},
    {"allow_other", FLAG, offsetof(struct options, allow_other)},
    {"uid", NUMBER, offsetof(struct options, settings.uid)},
    {"gid", NUMBER, offsetof(struct options, settings.gid)},
};

#define MEMBERS (sizeof(members) / sizeof(members[0]))

static bool add_member(cJSON *object, const struct options *options, size_t index)
{
    const char *name = members[index].name;
    const void *at = (const char *)options + members[index].offset;

    switch (members[index].form) {
    case FLAG:
        return cJSON_AddBoolToObject(object, name, *(const bool *)at);
    case SECONDS:
        return cJSON_AddNumberToObject(object, name, (double)*(const int64_t *)at / 1000);
    case NUMBER:
        return cJSON_AddNumberToObject(object, name, *(const unsigned *)at);
    }
    return false;
}

/* None of a backend's options is a secret: those come from the environment and from files. */
static bool add_backend_option(cJSON *object, const struct options *options,
                               const struct setting *setting)
{
    const struct backend_type *type;
    struct error ignored;

    if (backend_find_type(options->source, &type, &ignored))
        return false;
    return setting_find(type, setting->name)->kind == OPTION_FLAG
               ? cJSON_AddTrueToObject(object, setting->name) != NULL
               : json_add_text(object, setting->name, setting->value);
}

static bool add_backend_options(cJSON *object, const struct options *options)
{
    bool good = true;

    for (size_t i = 0; i < options->backend.count && good; i++)
        good = add_backend_option(object, options, &options->backend.list[i]);
    return good;
}

static bool add_own_options(cJSON *object, const struct options *options)
{
    char umask[8];
    bool good = true;

    for (size_t i = 0; i < MEMBERS && good; i++)
        good = add_member(object, options, i);
    snprintf(umask, sizeof(umask), "%03o", options->settings.umask);
    return good && json_add_text(object, "umask", umask) &&
           json_add_text(object, "journal", options->journal);
}

/* What the number of a checkpoint names is the backend's to say. */
static bool add_options(cJSON *report, const struct fs *fs)
{
    const char *meaning = fs->backend->checkpoint_is_next ? "next" : "last-read";
    cJSON *object;

    if (!fs->options)
        return json_add_text(report, "options", NULL);
    object = cJSON_AddObjectToObject(report, "options");
    return json_add_text(object, "checkpoint", meaning) && add_own_options(object, fs->options) &&
           add_backend_options(object, fs->options);
}

static bool add_failure(cJSON *report, const struct failure *failure)
{
    cJSON *object;

    if (!failure->code)
        return json_add_text(report, "last_error", NULL);
    object = cJSON_AddObjectToObject(report, "last_error");
    return json_add_time(object, "time", failure->time) &&
           json_add_text(object, "operation", failure->operation) &&
           json_add_text(object, "path", failure->path) &&
           json_add_text(object, "errno", error_name(failure->code)) &&
           json_add_text(object, "message", failure->message);
}

static bool add_origin(cJSON *report, const struct fs *fs)
{
    return json_add_text(report, "source", fs->source) &&
           json_add_text(report, "backend", fs->backend->name) &&
           json_add_text(report, "version", CHECKPOINTFS_VERSION) &&
           json_add_time(report, "mounted", fs->started);
}

void report_print(const struct fs *fs, struct buf *text)
{
    cJSON *report = cJSON_CreateObject();
    /* The request that asks for this is none of them. */
    unsigned others = fs->request_count ? fs->request_count - 1 : 0;
    int status = -ENOMEM;

    if (add_origin(report, fs) && add_options(report, fs) &&
        json_add_time(report, "last_success", fs->last_success) &&
        add_failure(report, &fs->last_failure) &&
        cJSON_AddNumberToObject(report, "requests", others))
        status = json_print(report, text);
    cJSON_Delete(report);
    if (status)
        buf_fail(text, status);
    buf_puts(text, "\n");
}

static void note_failure(struct fs *fs, int64_t when, const char *operation, const char *path,
                         const struct error *error)
{
    struct failure *failure = &fs->last_failure;

    free(failure->path);
    *failure = (struct failure){
        .time = when, .operation = operation, .code = error->code, .path = strdup(path)};
    memcpy(failure->message, error->message, sizeof(failure->message));
}

void report_error(struct fs *fs, const char *operation, const char *path, const struct error *error)
{
    int64_t when = when_now();
    char time[WHEN_ROOM];
    char http[16] = "-";
    const char *code = *error->service_code ? error->service_code : "-";
    const char *id = *error->request_id ? error->request_id : "-";

    when_format(when, time);
    if (error->http_status)
        snprintf(http, sizeof(http), "%d", error->http_status);
    lines_add(&fs->errors, when,
              (const char *[]){time, path, operation, error->code ? error_name(error->code) : "-",
                               http, code, id, error->message, NULL});
    if (error->code)
        note_failure(fs, when, operation, path, error);
}

void report_release(struct fs *fs)
{
    free(fs->last_failure.path);
    fs->last_failure = (struct failure){0};
}
