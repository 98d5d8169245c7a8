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
    int group_order;
    char *checkpoint;
    char *uid;
    char *gid;
    char *umask;
    char *listing;
    char *snapshot;
    char *watch;
    char *timeout;
    char *credentials;
    char *cacert;
    char *cert;
    char *key;
    char *signature;
    char *region;
    char *service;
    char *consumer;
    char *group_timeout;
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
    FLAG("group_order", group_order),
    TEXT("checkpoint", checkpoint),
    TEXT("uid", uid),
    TEXT("gid", gid),
    TEXT("umask", umask),
    TEXT("listing", listing),
    TEXT("snapshot", snapshot),
    TEXT("watch", watch),
    TEXT("timeout", timeout),
    TEXT("credentials", credentials),
    TEXT("cacert", cacert),
    TEXT("cert", cert),
    TEXT("key", key),
    TEXT("signature", signature),
    TEXT("region", region),
    TEXT("service", service),
    TEXT("consumer", consumer),
    TEXT("group_timeout", group_timeout),
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

static const char help[] =
    "Usage: checkpointfs [-f] [-o OPTION,...] [SOURCE] MOUNTPOINT\n"
    "Mount the checkpoints of stream consumers as files. SOURCE is one of:\n"
    "  local:PATH, local:, none  an embedded store: that file, or one in your home\n"
    "  dis://HOST/PROJECT_ID     Huawei Cloud or Open Telekom Cloud DIS\n"
    "  sls://PROJECT.ENDPOINT    Alibaba Cloud SLS; its consumer groups are the apps\n"
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
    "  -o allow_other,uid=N,gid=N,umask=N  who may do what\n"
    "  -o credentials=FILE    secrets from there, not from the environment\n"
    "  -o cacert=FILE         trust the certificates in FILE\n"
    "  -o cert=FILE,key=FILE  show a client certificate\n"
    "  -o signature=NAME,region=R,service=S  how requests are signed: with DIS access\n"
    "                         or credential, with SLS v1 or v4\n"
    "  -o consumer=NAME       SLS: commit as that consumer, if it holds the partition\n"
    "  -o group_timeout=S,group_order  SLS: of the consumer groups that mkdir makes\n"
    "Then: echo 42 > MOUNTPOINT/apps/APP/STREAM/0/checkpoint (mkdir makes an app).\n"
    "The end of MOUNTPOINT/errors tells why something failed. See checkpointfs(1).\n";

static int name_length(const char *option)
{
    size_t length = strcspn(option, "=");

    return length < 60 ? (int)length : 60;
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
    /* Its value may be a secret. */
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
    struct error error;

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
    if (backend_check_source(options->source, &error)) {
        say("%s", error.message);
        return false;
    }
    return true;
}

/* A path as it is found from any directory; NULL without one, or, after a complaint, on failure. */
static char *absolute(const char *path, bool *good)
{
    char *directory = path && *path != '/' ? getcwd(NULL, 0) : NULL;
    char *joined = NULL;

    if (!path)
        return NULL;
    if ((*path != '/' && !directory) ||
        asprintf(&joined, "%s%s%s", directory ? directory : "", directory ? "/" : "", path) < 0) {
        say("%.100s: %s", path, strerror(errno));
        *good = false;
        joined = NULL;
    }
    free(directory);
    return joined;
}

static char *copy(const char *text, bool *good)
{
    char *copied = text ? strdup(text) : NULL;

    if (text && !copied) {
        say("no memory");
        *good = false;
    }
    return copied;
}

/* What the backends of services read, who judge it themselves. */
static bool take_service(const struct raw *raw, struct options *options)
{
    bool good = true;
    char **texts = options->texts;

    texts[0] = absolute(raw->credentials, &good);
    texts[1] = absolute(raw->cacert, &good);
    texts[2] = absolute(raw->cert, &good);
    texts[3] = absolute(raw->key, &good);
    texts[4] = copy(raw->signature, &good);
    texts[5] = copy(raw->region, &good);
    texts[6] = copy(raw->service, &good);
    texts[7] = copy(raw->consumer, &good);
    texts[8] = copy(raw->group_timeout, &good);
    options->service = (struct service_settings){.credentials = texts[0],
                                                 .cacert = texts[1],
                                                 .cert = texts[2],
                                                 .key = texts[3],
                                                 .signature = texts[4],
                                                 .region = texts[5],
                                                 .service = texts[6],
                                                 .consumer = texts[7],
                                                 .group_timeout = texts[8],
                                                 .group_order = raw->group_order};
    return good;
}

static enum options_result take_all(const struct raw *raw, struct options *options)
{
    options->foreground = raw->foreground;
    options->lazy = raw->lazy;
    options->allow_other = raw->allow_other;
    options->auto_unmount = raw->auto_unmount;
    if (!take_settings(raw, &options->settings) || !take_meaning(raw, options) ||
        !take_service(raw, options) || !take_source(raw, options))
        return OPTIONS_WRONG;
    return take_mountpoint(raw->positional[raw->positional_count - 1], options) ? OPTIONS_RUN
                                                                                : OPTIONS_FAILED;
}

static void print_version(void)
{
    printf(PROGRAM " " CHECKPOINTFS_VERSION " (libfuse %s, %s)\n", fuse_pkgversion(),
           curl_version());
}

static void release_raw(struct raw *raw)
{
    char *texts[] = {raw->positional[0], raw->positional[1], raw->checkpoint,   raw->uid,
                     raw->gid,           raw->umask,         raw->listing,      raw->snapshot,
                     raw->watch,         raw->timeout,       raw->credentials,  raw->cacert,
                     raw->cert,          raw->key,           raw->signature,    raw->region,
                     raw->service,       raw->consumer,      raw->group_timeout};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
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
            fputs(help, stdout);
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
    for (size_t i = 0; i < OPTION_TEXTS; i++)
        free(options->texts[i]);
}
