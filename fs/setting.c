#include "fs/setting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/guess.h"
#include "fs/say.h"

/* A list of prefixes of backends. */
#define LIST_MAX 256

int setting_name_length(const char *option)
{
    size_t length = strcspn(option, "=");

    return length < NAME_LENGTH_MAX ? (int)length : NAME_LENGTH_MAX;
}

/* Whether two options, of which either may be followed by a value, are the same. */
static bool is_named(const char *option, const char *name)
{
    size_t length = strcspn(option, "=");

    return strcspn(name, "=") == length && !strncmp(option, name, length);
}

const struct backend_option *setting_find(const struct backend_type *type, const char *option)
{
    for (const struct backend_option *row = type->options; row->name; row++) {
        if (is_named(option, row->name))
            return row;
    }
    return NULL;
}

/* Adds ", " or " and " and the prefix of a type to a list that will have `rest` more. */
static void print_type(struct buf *list, const struct backend_type *type, size_t rest)
{
    buf_printf(list, "%s%s", !list->size ? "" : rest ? ", " : " and ", type->prefix);
}

/* The types that have an option, as in "dis:// and sls://". */
static void print_owners(struct buf *list, const char *option)
{
    size_t count = 0;

    for (size_t i = 0; backend_types[i]; i++)
        count += setting_find(backend_types[i], option) != NULL;
    for (size_t i = 0; backend_types[i]; i++) {
        if (setting_find(backend_types[i], option))
            print_type(list, backend_types[i], --count);
    }
}

/* What other programs call an option of ours. */
static const struct {
    const char *word;
    const char *ours;
} synonyms[] = {
    {"d", "debug"},
    {"verbose", "debug"},
    {"readonly", "ro"},
    {"read-only", "ro"},
};

#define SYNONYMS (sizeof(synonyms) / sizeof(synonyms[0]))

static const char *translate(const char *word, size_t length)
{
    struct guess guess = guess_begin(word, length);

    for (size_t i = 0; i < SYNONYMS; i++)
        guess_try(&guess, synonyms[i].word, strlen(synonyms[i].word));
    for (size_t i = 0; i < SYNONYMS; i++) {
        if (guess.nearest == synonyms[i].word)
            return synonyms[i].ours;
    }
    return NULL;
}

/* Tries the mount's own options, with or without a hyphen in front. Nobody means one that has no
 * effect. */
static void try_own(struct guess *guess, const struct fuse_opt *own, bool hyphen)
{
    for (; own->templ; own++) {
        if ((*own->templ == '-') == hyphen && own->value != FUSE_OPT_KEY_DISCARD)
            guess_try(guess, own->templ, strcspn(own->templ, "="));
    }
}

/* The option that is most like an unknown one, or NULL if none is; type may be NULL. */
static const char *find_nearest(const struct backend_type *type, const struct fuse_opt *own,
                                const char *option)
{
    struct guess guess = guess_begin(option, strcspn(option, "="));

    try_own(&guess, own, false);
    for (const struct backend_option *row = type ? type->options : NULL; row && row->name; row++)
        guess_try(&guess, row->name, strlen(row->name));
    return guess.nearest ? guess.nearest : translate(option, guess.length);
}

void setting_refuse_argument(const struct fuse_opt *own, const char *argument)
{
    const char *word = argument + strspn(argument, "-");
    struct guess guess = guess_begin(argument, strcspn(argument, "="));
    int length = setting_name_length(argument);
    const char *meant;

    if (argument[1] == '-')
        try_own(&guess, own, true);
    meant = guess.nearest ? guess.nearest : find_nearest(NULL, own, word);
    if (meant)
        say("unknown option \"%.*s\": did you mean %s%.*s?", length, argument,
            guess.nearest ? "" : "-o ", setting_name_length(meant), meant);
    else
        say("unknown option \"%.*s\": see checkpointfs --help", length, argument);
}

/* Says what is wrong with an option that this mount does not have. Its value may be a secret. */
static void refuse_option(const struct backend_type *type, const struct fuse_opt *own,
                          const char *option)
{
    struct buf owners = BUF_INIT(LIST_MAX);
    const char *nearest = find_nearest(type, own, option);
    const char *equals = strchr(option, '=') ? "=" : "";
    int length = setting_name_length(option);

    print_owners(&owners, option);
    if (owners.size)
        say("%.*s%s is an option of %s", length, option, equals, owners.data);
    else if (nearest && is_named(option, nearest))
        say("%.*s %s", length, option, *equals ? "takes no value" : "needs a value");
    else if (nearest)
        say("unknown option \"%.*s\": did you mean %.*s?", length, option,
            setting_name_length(nearest), nearest);
    else
        say("unknown option \"%.*s\": see checkpointfs --help", length, option);
    buf_release(&owners);
}

char *setting_path(const char *path)
{
    char *directory = *path != '/' ? getcwd(NULL, 0) : NULL;
    char *joined = NULL;

    if ((*path != '/' && !directory) ||
        asprintf(&joined, "%s%s%s", directory ? directory : "", directory ? "/" : "", path) < 0) {
        say("%.100s: %s", path, strerror(errno));
        joined = NULL;
    }
    free(directory);
    return joined;
}

/* The path of a name that systemd has loaded a file for (LoadCredential=), or NULL. */
static char *find_loaded(const char *name)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    char *path = NULL;

    if (!directory || strchr(name, '/') || asprintf(&path, "%s/%s", directory, name) < 0)
        return NULL;
    if (!access(path, F_OK))
        return path;
    free(path);
    return NULL;
}

static char *file_path(const char *value)
{
    char *loaded = find_loaded(value);

    return loaded ? loaded : setting_path(value);
}

static char *copy_value(const struct backend_option *row, const char *value)
{
    char *copied = row->kind == OPTION_FILE ? file_path(value) : strdup(value);

    if (!copied && row->kind != OPTION_FILE)
        say("no memory");
    return copied;
}

/* One that is given twice has the value that it was given last. */
static struct setting *place_for(struct settings_of_backend *settings, const char *name)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (!strcmp(settings->list[i].name, name)) {
            free((char *)(uintptr_t)settings->list[i].value);
            return &settings->list[i];
        }
    }
    return settings->count < SETTINGS_MAX ? &settings->list[settings->count++] : NULL;
}

static bool add_setting(struct settings_of_backend *settings, const struct backend_option *row,
                        const char *value)
{
    char *copied = copy_value(row, value);
    struct setting *place = copied ? place_for(settings, row->name) : NULL;

    if (place)
        *place = (struct setting){row->name, copied};
    else
        free(copied);
    return place;
}

bool setting_take(struct settings_of_backend *settings, const struct backend_type *type,
                  const struct fuse_opt *own, const char *option)
{
    const struct backend_option *row = setting_find(type, option);
    const char *value = strchr(option, '=');

    if (!row) {
        refuse_option(type, own, option);
        return false;
    }
    if ((row->kind == OPTION_FLAG) != !value || (row->kind == OPTION_FILE && !value[1])) {
        say("%s %s", row->name, row->kind == OPTION_FLAG ? "takes no value" : "needs a value");
        return false;
    }
    return add_setting(settings, row, value ? value + 1 : "");
}

void settings_release(struct settings_of_backend *settings)
{
    for (size_t i = 0; i < settings->count; i++)
        free((char *)(uintptr_t)settings->list[i].value);
    settings->count = 0;
}
