#include "fs/help.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "fs/setting.h"

/* A list of names of backends. */
#define LIST_MAX 256

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
    "  -o idle_only           refuse what a live consumer would overwrite\n"
    "  -o plan                change nothing; commits tells what would be changed\n"
    "  -o journal=FILE        keep the lines of commits there, for undo and audits\n"
    "  -o timeout=SECONDS     give up on the backend after this time (30)\n"
    "  -o listing=S,snapshot=S,watch=S  how old these may be: lists (10), values in\n"
    "                         checkpoints/ and ls -l (1), what somebody waits for (1)\n"
    "  -o near=PERCENT,stalled=SECONDS  what lag/ calls so: the margin to loss (20),\n"
    "                         and no commit for so long (600)\n"
    "  -o batch=BYTES         read so many bytes of records at once (1048576)\n"
    "  -o lazy                do not try the backend before mounting\n"
    "  -o debug               tell of each call of the backend in the system's log,\n"
    "                         or with -f on standard error\n"
    "  -o auto_unmount        unmount when the program dies\n"
    "  -o allow_other,uid=N,gid=N,umask=N  who may do what\n";

static const char farewell[] =
    "Then: echo 42 > MOUNTPOINT/apps/APP/STREAM/0/checkpoint (mkdir makes an app).\n"
    "The end of MOUNTPOINT/errors tells why something failed.\n"
    "See checkpointfs(1), and checkpointfs-tree(7) of what is in MOUNTPOINT.\n";

/* Whether a type before this one has the same option, so that it has been told of. */
static bool is_told(size_t index, const struct backend_option *option)
{
    for (size_t i = 0; i < index; i++) {
        const struct backend_option *same = setting_find(backend_types[i], option->name);

        if (same && !strcmp(same->help, option->help))
            return true;
    }
    return false;
}

/* "dis, sls" for an option that means the same in both. */
static void print_names(const struct backend_option *option, struct buf *names)
{
    for (size_t i = 0; backend_types[i]; i++) {
        const struct backend_option *same = setting_find(backend_types[i], option->name);

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

static void print_sources(void)
{
    for (size_t i = 0; backend_types[i]; i++)
        printf("  %-24s %s\n", backend_types[i]->source, backend_types[i]->help);
    fputs("Without TLS:", stdout);
    for (size_t i = 0; backend_types[i]; i++) {
        if (backend_types[i]->plain_prefix)
            printf(" %s", backend_types[i]->plain_prefix);
    }
    fputs("\n", stdout);
}

void help_print(void)
{
    fputs(usage, stdout);
    print_sources();
    fputs(own_options, stdout);
    for (size_t i = 0; backend_types[i]; i++) {
        for (const struct backend_option *row = backend_types[i]->options; row->name; row++) {
            if (!is_told(i, row))
                print_option(row);
        }
    }
    fputs(farewell, stdout);
}
