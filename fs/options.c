#include "fs/options.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <lz4.h>
#include <sqlite3.h>

#include "fs/help.h"
#include "fs/mountinfo.h"
#include "fs/say.h"
#include "fs/version.h"

#define PROGRAM "checkpointfs"

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
    int idle_only;
    int plan;
    int debug;
    int remount;
    char *checkpoint;
    char *uid;
    char *gid;
    char *umask;
    char *listing;
    char *snapshot;
    char *watch;
    char *timeout;
    char *near;
    char *stalled;
    char *batch;
    char *journal;
    char *others[SETTINGS_MAX]; /* options that are not ours: "NAME" or "NAME=VALUE" */
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
    FLAG("idle_only", idle_only),
    FLAG("plan", plan),
    FLAG("debug", debug),
    FLAG("remount", remount),
    TEXT("checkpoint", checkpoint),
    TEXT("uid", uid),
    TEXT("gid", gid),
    TEXT("umask", umask),
    TEXT("listing", listing),
    TEXT("snapshot", snapshot),
    TEXT("watch", watch),
    TEXT("timeout", timeout),
    TEXT("near", near),
    TEXT("stalled", stalled),
    TEXT("batch", batch),
    TEXT("journal", journal),
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

/* 0, or -1 after a complaint. */
static int copy_text(const char *text, char **copy)
{
    *copy = strdup(text);
    if (!*copy)
        say("no memory");
    return *copy ? 0 : -1;
}

static int take_other(struct raw *raw, const char *option)
{
    if (raw->other_count < SETTINGS_MAX)
        return copy_text(option, &raw->others[raw->other_count++]);
    say("too many options");
    return -1;
}

static int take_positional(struct raw *raw, const char *argument)
{
    int index = raw->positional_count++;

    return index < 2 ? copy_text(argument, &raw->positional[index]) : 0;
}

static int take_argument(void *data, const char *argument, int key, struct fuse_args *rest)
{
    struct raw *raw = data;

    (void)rest;
    if (key == FUSE_OPT_KEY_NONOPT)
        return take_positional(raw, argument);
    /* Nothing stands behind -o where a unit of systemd has an empty variable there. */
    if (!*argument || !strncmp(argument, "x-", 2))
        return 0;
    if (*argument != '-')
        return take_other(raw, argument);
    setting_refuse_argument(specification, argument);
    return -1;
}

/* Each reads one option, which may be NULL, and leaves the value alone without one. */

/* 0 or -EINVAL. */
static int parse_number(const char *text, int base, unsigned long max, unsigned *value)
{
    unsigned long number;
    char *end;

    errno = 0;
    number = strtoul(text, &end, base);
    if (errno || *text < '0' || *text > '9' || *end || number > max)
        return -EINVAL;
    *value = (unsigned)number;
    return 0;
}

/* The number of a user or of a group. */
static bool take_id(const char *name, const char *text, const char *whose, unsigned *value)
{
    if (!text || !parse_number(text, 10, UINT_MAX - 1, value))
        return true;
    say("%s=%.40s is not the number of a %s, from 0 to %u", name, text, whose, UINT_MAX - 1);
    return false;
}

static bool take_umask(const char *text, unsigned *value)
{
    if (!text || !parse_number(text, 8, 0777, value))
        return true;
    say("umask=%.40s is not an octal number from 0 to 777", text);
    return false;
}

static bool take_seconds(const char *name, const char *text, double least, int64_t *ms)
{
    double seconds;
    char *end;

    if (!text)
        return true;
    seconds = strtod(text, &end);
    if (end == text || *end || text[strspn(text, "0123456789.")] || seconds < least ||
        seconds > 86400) {
        say("%s=%.40s is not a number of seconds from %g to 86400", name, text, least);
        return false;
    }
    *ms = (int64_t)(seconds * 1000);
    return true;
}

static bool take_near(const char *text, unsigned *percent)
{
    if (!text || !parse_number(text, 10, 100, percent))
        return true;
    say("near=%.40s is not a number of per cent from 0 to 100", text);
    return false;
}

static bool take_batch(const char *text, unsigned *bytes)
{
    if (!text || (!parse_number(text, 10, BATCH_LIMIT_MAX, bytes) && *bytes))
        return true;
    say("batch=%.40s is not a number of bytes from 1 to %lu", text, BATCH_LIMIT_MAX);
    return false;
}

static bool take_settings(const struct raw *raw, struct settings *settings)
{
    *settings = (struct settings){.uid = getuid(),
                                  .gid = getgid(),
                                  .umask = 022,
                                  .read_only = raw->read_only,
                                  .clamp = raw->clamp,
                                  .monotonic = raw->monotonic,
                                  .idle_only = raw->idle_only,
                                  .plan = raw->plan,
                                  .timeout = 30000,
                                  .listing = 10000,
                                  .snapshot = 1000,
                                  .watch = 1000,
                                  .near = 20,
                                  .stalled = 600000,
                                  .batch = 1 << 20};
    return take_id("uid", raw->uid, "user", &settings->uid) &&
           take_id("gid", raw->gid, "group", &settings->gid) &&
           take_umask(raw->umask, &settings->umask) &&
           take_seconds("timeout", raw->timeout, 0.1, &settings->timeout) &&
           take_seconds("listing", raw->listing, 0, &settings->listing) &&
           take_seconds("snapshot", raw->snapshot, 0, &settings->snapshot) &&
           take_seconds("watch", raw->watch, 0.05, &settings->watch) &&
           take_near(raw->near, &settings->near) &&
           take_seconds("stalled", raw->stalled, 0, &settings->stalled) &&
           take_batch(raw->batch, &settings->batch);
}

static bool take_meaning(const struct raw *raw, struct options *options)
{
    options->checkpoint_is_next = raw->checkpoint && !strcmp(raw->checkpoint, "next");
    if (!raw->checkpoint || options->checkpoint_is_next || !strcmp(raw->checkpoint, "last-read"))
        return true;
    say("checkpoint=%.40s: it can be last-read or next", raw->checkpoint);
    return false;
}

static bool take_journal(const struct raw *raw, struct options *options)
{
    if (!raw->journal)
        return true;
    if (*raw->journal)
        options->journal = setting_path(raw->journal);
    else
        say("journal= needs the path of a file");
    return options->journal;
}

static void say_mounted(const char *path, const struct mounted *mounted)
{
    say("%s is already mounted: %s (%s); first fusermount3 -u %s", path,
        *mounted->source ? mounted->source : "something", mounted->type, path);
}

/* Says what is wrong with a mount point that cannot be looked at. */
static void refuse_mountpoint(const char *path, int code)
{
    struct mounted mounted;

    if (code == ENOTCONN)
        say("%s is a mount whose program has died: first fusermount3 -u %s", path, path);
    else if (code == ENOENT)
        say("the mount point %s does not exist: first mkdir -p %s", path, path);
    else if (mountinfo_find(path, &mounted))
        say_mounted(path, &mounted);
    else
        say("the mount point %s: %s", path, strerror(code));
}

/* Anything else that is mounted there is a directory like others: a disk, or what systemd has there
 * to mount us at the first use. */
static bool check_mountpoint(const char *path)
{
    struct mounted mounted;
    struct stat attr;

    if (stat(path, &attr)) {
        refuse_mountpoint(path, errno);
        return false;
    }
    if (mountinfo_is_ours(path, &mounted))
        say_mounted(path, &mounted);
    else if (!S_ISDIR(attr.st_mode))
        say("the mount point %s is no directory", path);
    else
        return true;
    return false;
}

/* Makes the mount point absolute, and says what is wrong with it. */
static bool take_mountpoint(const char *path, struct options *options)
{
    options->mountpoint = realpath(path, NULL);
    if (options->mountpoint)
        return check_mountpoint(options->mountpoint);
    refuse_mountpoint(path, errno);
    return false;
}

static bool is_source(const char *word)
{
    const struct backend_type *type;
    struct error ignored;

    return *word && !backend_find_type(word, &type, &ignored);
}

/* Whether the last word stands where a mount point should. */
static bool check_order(const struct raw *raw)
{
    const char *last = raw->positional[raw->positional_count - 1];

    if (!is_source(last) || !access(last, F_OK))
        return true;
    say(raw->positional_count == 1 ? "no mount point after the source: see " PROGRAM " --help"
                                   : "the source must stand before the mount point");
    return false;
}

static bool take_source(const struct raw *raw, struct options *options)
{
    if (raw->positional_count < 1 || raw->positional_count > 2) {
        say(raw->positional_count ? "more than a source and a mount point: see " PROGRAM " --help"
                                  : "no mount point: see " PROGRAM " --help");
        return false;
    }
    if (!check_order(raw))
        return false;
    return !copy_text(raw->positional_count == 2 ? raw->positional[0] : "", &options->source);
}

/* All that is not ours must be the backend's. */
static bool take_others(const struct raw *raw, struct options *options)
{
    const struct backend_type *type;
    struct error error;
    bool good = true;

    if (backend_find_type(options->source, &type, &error)) {
        say("%s", error.message);
        return false;
    }
    for (size_t i = 0; i < raw->other_count && good; i++)
        good = setting_take(&options->backend, type, specification, raw->others[i]);
    return good;
}

static enum options_result take_all(const struct raw *raw, struct options *options)
{
    options->foreground = raw->foreground;
    options->lazy = raw->lazy;
    options->allow_other = raw->allow_other;
    options->auto_unmount = raw->auto_unmount;
    options->debug = raw->debug;
    if (raw->remount)
        say("a mount cannot be changed: unmount it, and mount it again");
    if (raw->remount || !take_settings(raw, &options->settings) || !take_meaning(raw, options) ||
        !take_journal(raw, options) || !take_source(raw, options) || !take_others(raw, options))
        return OPTIONS_WRONG;
    return take_mountpoint(raw->positional[raw->positional_count - 1], options) ? OPTIONS_RUN
                                                                                : OPTIONS_FAILED;
}

static void print_version(void)
{
    printf(PROGRAM " " CHECKPOINTFS_VERSION " (libfuse %s, SQLite %s, cJSON %s, LZ4 %s, %s)\n",
           fuse_pkgversion(), sqlite3_libversion(), cJSON_Version(), LZ4_versionString(),
           curl_version());
}

static void release_raw(struct raw *raw)
{
    char *texts[] = {raw->positional[0], raw->positional[1], raw->checkpoint, raw->uid,
                     raw->gid,           raw->umask,         raw->listing,    raw->snapshot,
                     raw->watch,         raw->timeout,       raw->batch,      raw->near,
                     raw->stalled,       raw->journal};

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
            help_print();
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
    free(options->journal);
    settings_release(&options->backend);
}
