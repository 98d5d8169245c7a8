#ifndef SERVICE_PROGRAM_H
#define SERVICE_PROGRAM_H

#include "tests/service/common/service.h"

/* The program around a simulated service: its command line, and serving until it ends. */
struct program {
    const char *name;
    const char *help; /* its first part; the options that all have are added */
    struct service *service;

    /* Takes an option that only this service has, named without its dashes: false when there is no
     * such, or the argument makes no sense. NULL when there are none. */
    bool (*take_option)(void *user, const char *name, const char *argument);

    /* Called when all options were taken: false when it cannot be served. May be NULL. */
    bool (*start)(void *user);
    void *user;
};

/* The exit status. */
int program_run(const struct program *program, int count, char **words);

/* Copies up to the next colon, and moves behind it; NULL when there is none. */
char *program_cut(const char **text);

#endif
