#include "tests/simulate/attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct attempt *attempt_new(void)
{
    struct attempt *attempt =
        mmap(NULL, sizeof(*attempt), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (attempt != MAP_FAILED)
        return attempt;
    perror("simulate");
    exit(EXIT_FAILURE);
}

static void describe_death(struct attempt *attempt, int status)
{
    if (WIFSIGNALED(status))
        snprintf(attempt->fault, sizeof(attempt->fault), "the process died: %s",
                 strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) && !*attempt->fault)
        snprintf(attempt->fault, sizeof(attempt->fault), "the process ended with status %d",
                 WEXITSTATUS(status));
}

bool attempt_carry_out(struct attempt *attempt, void (*act)(struct attempt *attempt, void *user),
                       void *user)
{
    int status = 0;
    pid_t child;

    *attempt->fault = '\0';
    fflush(NULL);
    child = fork();
    if (child < 0) {
        perror("simulate");
        exit(EXIT_FAILURE);
    }
    if (child == 0) {
        act(attempt, user);
        exit(EXIT_SUCCESS);
    }
    while (waitpid(child, &status, 0) < 0)
        ;
    describe_death(attempt, status);
    return !*attempt->fault;
}
