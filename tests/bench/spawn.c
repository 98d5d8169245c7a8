/*
 * bench-spawn TIMES COMMAND [WORD...]: runs a command so often, one after the other, with its
 * output thrown away. Prints how many milliseconds the median took from its start until its end was
 * known: "ms 0.63 errors 0".
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIMES_MAX 100000

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int run(char **command, posix_spawn_file_actions_t *actions)
{
    pid_t child;
    int status = -1;

    if (!posix_spawnp(&child, command[0], actions, NULL, command, environ))
        waitpid(child, &status, 0);
    return status;
}

static int compare(const void *one, const void *other)
{
    double first = *(const double *)one, second = *(const double *)other;

    return (first > second) - (first < second);
}

int main(int count, char **words)
{
    static double taken[TIMES_MAX];
    size_t times = count > 2 ? strtoul(words[1], NULL, 10) : 0;
    posix_spawn_file_actions_t actions;
    unsigned errors = 0;

    if (!times || times > TIMES_MAX) {
        fprintf(stderr, "Usage: bench-spawn TIMES COMMAND [WORD...]\n");
        return 2;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    for (size_t i = 0; i < times; i++) {
        double began = now_ms();

        errors += run(words + 2, &actions) != 0;
        taken[i] = now_ms() - began;
    }
    qsort(taken, times, sizeof(*taken), compare);
    printf("ms %.4f errors %u\n", taken[times / 2], errors);
    if (errors)
        fprintf(stderr, "%u of %zu times %s failed\n", errors, times, words[2]);
    return errors ? 1 : 0;
}
