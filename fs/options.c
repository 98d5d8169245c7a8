#include "fs/options.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "fs/say.h"
#include "fs/version.h"

#define PROGRAM "checkpointfs"

/* The longest name of an option that is looked at, and a list of names of backends. */
#define NAME_LENGTH_MAX 60
#define LIST_MAX        256

/* More options than any backend has. */
#define OTHERS_MAX 64

/* What fuse_opt_parse() fills in; texts are checked afterwards. */
struct raw {
    char *positional[2];
    int positional_count;
    int help;
    int version;
    int foreground;
    int lazy;
    int read_only;
    int allow_other;
    int auto_unmount;
    int clamp;
    int monotonic;
    int debug;
    char *checkpoint;
    char *uid;
    char *gid;
    char *umask;
    char *listing;
    char *snapshot;
    char *watch;
    char *timeout;
    char *others[OTHERS_MAX]; /* options that are not ours: "NAME" or "NAME=VALUE" */
    size_t other_count;
};

#define FLAG(text, member)                    \
    {                                         \
        text, offsetof(struct raw, member), 1 \
    }
#define TEXT(text, member)                          \
    {                                               \
        text "=%s", offsetof(struct raw, member), 0 \
    }
/* FUSE_OPT_KEY, whose -1U clang warns of. */
#define IGNORED(text)                        \
    {                                        \
        text, UINT_MAX, FUSE_OPT_KEY_DISCARD \
    }

static const struct fuse_opt specification[] = {
    FLAG("-h", help),
    FLAG("--help", help),
    FLAG("-V", version),
    FLAG("--version", version),
    FLAG("-f", foreground),
    FLAG("lazy", lazy),
    FLAG("ro", read_only),
    FLAG("allow_other", allow_other),
    FLAG("auto_unmount", auto_unmount),
    FLAG("clamp", clamp),
    FLAG("monotonic", monotonic),
    FLAG("debug", debug),
    TEXT("checkpoint", checkpoint),
    TEXT("uid", uid),
    TEXT("gid", gid),
    TEXT("umask", umask),
    TEXT("listing", listing),
    TEXT("snapshot", snapshot),
    TEXT("watch", watch),
    TEXT("timeout", timeout),
    /* What mount(8), fstab and systemd add. */
    IGNORED("rw"),
    IGNORED("_netdev"),
    IGNORED("nofail"),
    IGNORED("auto"),
    IGNORED("noauto"),
    IGNORED("user"),
    IGNORED("nouser"),
    IGNORED("users"),
    IGNORED("owner"),
    IGNORED("group"),
    IGNORED("defaults"),
    IGNORED("dev"),
    IGNORED("nodev"),
    IGNORED("suid"),
    IGNORED("nosuid"),
    IGNORED("exec"),
    IGNORED("noexec"),
    IGNORED("async"),
    IGNORED("sync"),
    IGNORED("atime"),
    IGNORED("noatime"),
    IGNORED("diratime"),
    IGNORED("nodiratime"),
    IGNORED("relatime"),
    IGNORED("norelatime"),
    IGNORED("nonempty"),
    IGNORED("default_permissions"),
    IGNORED("user="),
    IGNORED("uhelper="),
    IGNORED("helper="),
    IGNORED("comment="),
    FUSE_OPT_END,
};

/* The words of an option up to its value. */
static int name_length(const char *option)
{
    size_t length = strcspn(option, "=");

    return length < NAME_LENGTH_MAX ? (int)length : NAME_LENGTH_MAX;
}

static int take_other(struct raw *raw, const char *option)
{
    char *copy = raw->other_count < OTHERS_MAX ? strdup(option) : NULL;

    if (!copy) {
        say("too many options");
        return -1;
    }
    raw->others[raw->other_count++] = copy;
    return 0;
}

static int take_argument(void *data, const char *argument, int key, struct fuse_args *rest)
{
    struct raw *raw = data;

    (void)rest;
    if (key == FUSE_OPT_KEY_NONOPT) {
        if (raw->positional_count < 2)
            raw->positional[raw->positional_count] = strdup(argument);
        raw->positional_count++;
        return 0;
    }
    if (!strncmp(argument, "x-", 2))
        return 0;
    if (*argument != '-')
        return take_other(raw, argument);
    say("unknown option \"%.*s\": see " PROGRAM " --help", name_length(argument), argument);
    return -1;
}

/* Each reads one option, which may be NULL, and leaves the value alone without one. */

static bool take_number(const char *name, const char *text, int base, unsigned long max,
                        unsigned *value)
{
    unsigned long number;
    char *end;

    if (!text)
        return true;
    errno = 0;
    number = strtoul(text, &end, base);
    if (errno || end == text || *end || number > max || *text == '-') {
        say("%s=%.40s is not a number from 0 to %lu", name, text, max);
        return false;
    }
    *value = (unsigned)number;
    return true;
}

static bool take_seconds(const char *name, const char *text, double least, int64_t *ms)
{
    double seconds;
    char *end;

    if (!text)
        return true;
    seconds = strtod(text, &end);
    if (end == text || *end || !isfinite(seconds) || seconds < least || seconds > 86400) {
        say("%s=%.40s is not a number of seconds from %g to 86400", name, text, least);
        return false;
    }
    *ms = (int64_t)(seconds * 1000);
    return true;
}

static bool take_settings(const struct raw *raw, struct settings *settings)
{
    *settings = (struct settings){.uid = getuid(),
                                  .gid = getgid(),
                                  .umask = 022,
                                  .read_only = raw->read_only,
                                  .clamp = raw->clamp,
                                  .monotonic = raw->monotonic,
                                  .timeout = 30000,
                                  .listing = 10000,
                                  .snapshot = 1000,
                                  .watch = 1000};
    return take_number("uid", raw->uid, 10, UINT_MAX - 1, &settings->uid) &&
           take_number("gid", raw->gid, 10, UINT_MAX - 1, &settings->gid) &&
           take_number("umask", raw->umask, 8, 0777, &settings->umask) &&
           take_seconds("timeout", raw->timeout, 0.1, &settings->timeout) &&
           take_seconds("listing", raw->listing, 0, &settings->listing) &&
           take_seconds("snapshot", raw->snapshot, 0, &settings->snapshot) &&
           take_seconds("watch", raw->watch, 0.05, &settings->watch);
}

static bool take_meaning(const struct raw *raw, struct options *options)
{
    options->checkpoint_is_next = raw->checkpoint && !strcmp(raw->checkpoint, "next");
    if (!raw->checkpoint || options->checkpoint_is_next || !strcmp(raw->checkpoint, "last-read"))
        return true;
    say("checkpoint=%.40s: it can be last-read or next", raw->checkpoint);
    return false;
}

/* Makes the mount point absolute, and says what is wrong with it. */
static bool take_mountpoint(const char *path, struct options *options)
{
    struct stat attr;

    options->mountpoint = realpath(path, NULL);
    if (options->mountpoint && stat(options->mountpoint, &attr)) {
        free(options->mountpoint);
        options->mountpoint = NULL;
    }
    if (!options->mountpoint && errno == ENOTCONN)
        say("%s is a mount whose program has died: first fusermount3 -u %s", path, path);
    else if (!options->mountpoint && errno == ENOENT)
        say("the mount point %s does not exist: first mkdir -p %s", path, path);
    else if (!options->mountpoint)
        say("the mount point %s: %s", path, strerror(errno));
    else if (!S_ISDIR(attr.st_mode))
        say("the mount point %s is no directory", path);
    return options->mountpoint && S_ISDIR(attr.st_mode);
}

static bool take_source(const struct raw *raw, struct options *options)
{
    if (raw->positional_count < 1 || raw->positional_count > 2) {
        say(raw->positional_count ? "more than a source and a mount point: see " PROGRAM " --help"
                                  : "no mount point: see " PROGRAM " --help");
        return false;
    }
    options->source = strdup(raw->positional_count == 2 ? raw->positional[0] : "");
    if (!options->source) {
        say("no memory");
        return false;
    }
    return true;
}

/* The options of the backend */

static bool is_named(const char *option, const char *name)
{
    size_t length = strcspn(option, "=");

    return strlen(name) == length && !strncmp(option, name, length);
}

static const struct backend_option *find_option(const struct backend_type *type, const char *option)
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
        count += find_option(backend_types[i], option) != NULL;
    for (size_t i = 0; backend_types[i]; i++) {
        if (find_option(backend_types[i], option))
            print_type(list, backend_types[i], --count);
    }
}

/* How many letters must be added, left out or changed to make one word the other. */
static size_t distance(const char *word, size_t length, const char *other)
{
    size_t row[NAME_LENGTH_MAX + 1];
    size_t other_length = strcspn(other, "=");

    if (other_length > NAME_LENGTH_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= other_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= length; i++) {
        size_t before = row[0];

        row[0] = i;
        for (size_t j = 1; j <= other_length; j++) {
            size_t changed = before + (word[i - 1] != other[j - 1]);

            before = row[j];
            row[j] = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = changed < row[j] ? changed : row[j];
        }
    }
    return row[other_length];
}

/* The known option that is most like one that is not, or NULL if none is. */
static const char *find_nearest(const struct backend_type *type, const char *option)
{
    size_t length = strcspn(option, "=");
    size_t least = length < 5 ? 1 : 2;
    const char *nearest = NULL;

    for (const struct fuse_opt *own = specification; own->templ; own++) {
        if (*own->templ != '-' && distance(option, length, own->templ) <= least) {
            least = distance(option, length, own->templ);
            nearest = own->templ;
        }
    }
    for (const struct backend_option *row = type->options; row->name; row++) {
        if (distance(option, length, row->name) <= least) {
            least = distance(option, length, row->name);
            nearest = row->name;
        }
    }
    return nearest;
}

/* Says what is wrong with an option that this mount does not have. Its value may be a secret. */
static void refuse_option(const struct backend_type *type, const char *option)
{
    struct buf owners = BUF_INIT(LIST_MAX);
    const char *nearest = find_nearest(type, option);
    const char *equals = strchr(option, '=') ? "=" : "";
    int length = name_length(option);

    print_owners(&owners, option);
    if (owners.size)
        say("%.*s%s is an option of %s", length, option, equals, owners.data);
    else if (nearest && is_named(option, nearest))
        say("%.*s %s", length, option, *equals ? "takes no value" : "needs a value");
    else if (nearest)
        say("unknown option \"%.*s\": did you mean %.*s?", length, option, name_length(nearest),
            nearest);
    else
        say("unknown option \"%.*s\": see " PROGRAM " --help", length, option);
    buf_release(&owners);
}

/* A path as it is found from any directory; NULL after a complaint. */
static char *make_absolute(const char *path)
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

static char *copy_value(const struct backend_option *row, const char *value)
{
    char *copied = row->kind == OPTION_FILE ? make_absolute(value) : strdup(value);

    if (!copied && row->kind != OPTION_FILE)
        say("no memory");
    return copied;
}

/* One that is given twice has the value that it was given last. */
static struct setting *place_of(struct options *options, const char *name)
{
    for (size_t i = 0; i < options->backend_count; i++) {
        if (!strcmp(options->backend[i].name, name)) {
            free((char *)(uintptr_t)options->backend[i].value);
            return &options->backend[i];
        }
    }
    return &options->backend[options->backend_count++];
}

static bool take_setting(const struct backend_type *type, const char *option,
                         struct options *options)
{
    const struct backend_option *row = find_option(type, option);
    const char *value = strchr(option, '=');
    char *copied;

    if (!row) {
        refuse_option(type, option);
        return false;
    }
    if ((row->kind == OPTION_FLAG) != !value) {
        say("%s %s", row->name, value ? "takes no value" : "needs a value");
        return false;
    }
    copied = copy_value(row, value ? value + 1 : "");
    if (copied)
        *place_of(options, row->name) = (struct setting){row->name, copied};
    return copied;
}

static bool take_settings_of_backend(const struct raw *raw, struct options *options)
{
    const struct backend_type *type;
    struct error error;
    bool good = true;

    if (backend_find_type(options->source, &type, &error)) {
        say("%s", error.message);
        return false;
    }
    options->backend = calloc(OTHERS_MAX, sizeof(*options->backend));
    if (!options->backend) {
        say("no memory");
        return false;
    }
    for (size_t i = 0; i < raw->other_count && good; i++)
        good = take_setting(type, raw->others[i], options);
    return good;
}

static enum options_result take_all(const struct raw *raw, struct options *options)
{
    options->foreground = raw->foreground;
    options->lazy = raw->lazy;
    options->allow_other = raw->allow_other;
    options->auto_unmount = raw->auto_unmount;
    options->debug = raw->debug;
    if (!take_settings(raw, &options->settings) || !take_meaning(raw, options) ||
        !take_source(raw, options) || !take_settings_of_backend(raw, options))
        return OPTIONS_WRONG;
    return take_mountpoint(raw->positional[raw->positional_count - 1], options) ? OPTIONS_RUN
                                                                                : OPTIONS_FAILED;
}

/* The help */

static const char usage[] =
    "Usage: checkpointfs [-f] [-o OPTION,...] [SOURCE] MOUNTPOINT\n"
    "Mount the checkpoints of stream consumers as files. SOURCE is one of:\n";

static const char own_options[] =
    "Options:\n"
    "  -f, -h, -V             stay in the foreground; print this help; the version\n"
    "  -o ro                  change nothing\n"
    "  -o checkpoint=next     checkpoints name the next record, not the last one read\n"
    "  -o clamp               move a position that is out of range into it\n"
    "  -o monotonic           refuse to commit a number below the one committed\n"
    "  -o timeout=SECONDS     give up on the backend after this time (30)\n"
    "  -o listing=S,snapshot=S,watch=S  how old these may be: lists (10), values in\n"
    "                         checkpoints/ and ls -l (1), values somebody polls (1)\n"
    "  -o lazy                do not try the backend before mounting\n"
    "  -o debug               tell of every call of the backend: in the system's log, or\n"
    "                         with -f on standard error\n"
    "  -o allow_other,uid=N,gid=N,umask=N  who may do what\n";

static const char farewell[] =
    "Then: echo 42 > MOUNTPOINT/apps/APP/STREAM/0/checkpoint (mkdir makes an app).\n"
    "The end of MOUNTPOINT/errors tells why something failed. See checkpointfs(1).\n";

/* Whether a type before this one has the same option, so that it has been told of. */
static bool is_told(size_t index, const struct backend_option *option)
{
    for (size_t i = 0; i < index; i++) {
        const struct backend_option *same = find_option(backend_types[i], option->name);

        if (same && !strcmp(same->help, option->help))
            return true;
    }
    return false;
}

/* "dis, sls" for an option that means the same in both. */
static void print_names(const struct backend_option *option, struct buf *names)
{
    for (size_t i = 0; backend_types[i]; i++) {
        const struct backend_option *same = find_option(backend_types[i], option->name);

        if (same && !strcmp(same->help, option->help))
            buf_printf(names, "%s%s", names->size ? ", " : "", backend_types[i]->name);
    }
}

static void print_option(const struct backend_option *option)
{
    struct buf names = BUF_INIT(LIST_MAX);
    char word[40];

    snprintf(word, sizeof(word), "%s%s%s", option->name, option->value ? "=" : "",
             option->value ? option->value : "");
    print_names(option, &names);
    printf("  -o %-21s %s: %s\n", word, names.data, option->help);
    buf_release(&names);
}

static void print_help(void)
{
    fputs(usage, stdout);
    for (size_t i = 0; backend_types[i]; i++)
        printf("  %-24s %s\n", backend_types[i]->source, backend_types[i]->help);
    fputs(own_options, stdout);
    for (size_t i = 0; backend_types[i]; i++) {
        for (const struct backend_option *row = backend_types[i]->options; row->name; row++) {
            if (!is_told(i, row))
                print_option(row);
        }
    }
    fputs(farewell, stdout);
}

static void print_version(void)
{
    printf(PROGRAM " " CHECKPOINTFS_VERSION " (libfuse %s, %s)\n", fuse_pkgversion(),
           curl_version());
}

static void release_raw(struct raw *raw)
{
    char *texts[] = {raw->positional[0], raw->positional[1], raw->checkpoint, raw->uid,
                     raw->gid,           raw->umask,         raw->listing,    raw->snapshot,
                     raw->watch,         raw->timeout};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    for (size_t i = 0; i < raw->other_count; i++)
        free(raw->others[i]);
}

enum options_result options_parse(int argc, char **argv, struct options *options)
{
    struct fuse_args arguments = FUSE_ARGS_INIT(argc, argv);
    enum options_result result = OPTIONS_WRONG;
    struct raw raw = {0};

    *options = (struct options){0};
    if (!fuse_opt_parse(&arguments, &raw, specification, take_argument)) {
        result = OPTIONS_DONE;
        if (raw.help)
            print_help();
        else if (raw.version)
            print_version();
        else
            result = take_all(&raw, options);
    }
    fuse_opt_free_args(&arguments);
    release_raw(&raw);
    return result;
}

void options_release(struct options *options)
{
    free(options->source);
    free(options->mountpoint);
    for (size_t i = 0; i < options->backend_count; i++)
        free((char *)(uintptr_t)options->backend[i].value);
    free(options->backend);
}
