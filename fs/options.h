#ifndef FS_OPTIONS_H
#define FS_OPTIONS_H

#include <stdbool.h>

#include "fs/fs.h"

/* How many texts the options have that only backends of services read. */
#define OPTION_TEXTS 9

/* The command line, see checkpointfs(1). */
struct options {
    char *source;     /* "" for the embedded store at its usual place */
    char *mountpoint; /* absolute */
    bool foreground;
    bool lazy;
    bool allow_other;
    bool auto_unmount;
    bool checkpoint_is_next;
    struct settings settings;
    char *texts[OPTION_TEXTS];       /* what `service` points to */
    struct service_settings service; /* its files are absolute: the daemon leaves its directory */
};

enum options_result {
    OPTIONS_RUN,    /* mount */
    OPTIONS_DONE,   /* help or version was asked for and printed */
    OPTIONS_WRONG,  /* the command line is: an error was printed to stderr */
    OPTIONS_FAILED, /* it cannot be mounted there: an error was printed */
};

enum options_result options_parse(int argc, char **argv, struct options *options);
void options_release(struct options *options);

#endif
