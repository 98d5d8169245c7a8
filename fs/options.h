#ifndef FS_OPTIONS_H
#define FS_OPTIONS_H

#include <stdbool.h>

#include "fs/fs.h"
#include "fs/setting.h"

/* The command line, see checkpointfs(1). */
struct options {
    char *source;     /* "" for the embedded store at its usual place */
    char *mountpoint; /* absolute */
    char *journal;    /* absolute; NULL: none is kept */
    bool foreground;
    bool lazy;
    bool allow_other;
    bool auto_unmount;
    bool debug;
    bool checkpoint_is_next;
    struct settings settings;
    struct settings_of_backend backend;
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
