#include "tests/simulate/shrink.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/service/common/memory.h"
#include "tests/simulate/trace.h"

#define TRIES_MAX   4000
#define SECONDS_MAX 100

struct shrinking {
    struct attempt *attempt;
    struct run_options options;
    char fault[500]; /* that is to stay */
    uint64_t *draws; /* the simplest by which it does */
    size_t count;
    unsigned tries;
    time_t end;
};

/* Runs */

static void run_again(struct attempt *attempt, void *user)
{
    const struct shrinking *shrinking = user;
    const char *fault;

    chance_repeat(&attempt->draws);
    fault = run(&shrinking->options, &attempt->steps);
    snprintf(attempt->fault, sizeof(attempt->fault), "%s", fault ? fault : "");
    fflush(NULL);
    /* Leaks are looked for in the run that was found, not in those that are tried. */
    _exit(EXIT_SUCCESS);
}

static void run_quietly(struct attempt *attempt, void *user)
{
    int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);

    dup2(nothing, STDOUT_FILENO);
    dup2(nothing, STDERR_FILENO);
    run_again(attempt, user);
}

static bool may_try(const struct shrinking *shrinking)
{
    return shrinking->tries < TRIES_MAX && time(NULL) < shrinking->end;
}

/* Whether two faults are the same but for their numbers. */
static bool are_alike(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (isdigit((unsigned char)*a) || *a == '-')
            a++;
        while (isdigit((unsigned char)*b) || *b == '-')
            b++;
        if (*a != *b)
            return false;
        if (!*a)
            return true;
    }
}

static void keep(struct shrinking *shrinking)
{
    const struct draws *draws = &shrinking->attempt->draws;

    if (draws->count < shrinking->count)
        shrinking->count = draws->count;
    memcpy(shrinking->draws, draws->values, shrinking->count * sizeof(*draws->values));
}

/* Tries the draws that the attempt holds; when the fault stays, they are the simplest so far. */
static bool try_draws(struct shrinking *shrinking)
{
    shrinking->tries++;
    if (attempt_carry_out(shrinking->attempt, run_quietly, shrinking) ||
        !are_alike(shrinking->attempt->fault, shrinking->fault))
        return false;
    keep(shrinking);
    return true;
}

/* What is left out */

static bool try_without(struct shrinking *shrinking, size_t first, size_t count)
{
    struct draws *draws = &shrinking->attempt->draws;
    size_t after = shrinking->count - first - count;

    memcpy(draws->values, shrinking->draws, first * sizeof(*draws->values));
    memcpy(draws->values + first, shrinking->draws + first + count, after * sizeof(*draws->values));
    draws->count = first + after;
    if (!try_draws(shrinking))
        return false;
    if (shrinking->count > first + after)
        shrinking->count = first + after;
    return true;
}

static bool has_other_than_0(const uint64_t *draws, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (draws[i])
            return true;
    }
    return false;
}

static bool try_zeros(struct shrinking *shrinking, size_t first, size_t count)
{
    struct draws *draws = &shrinking->attempt->draws;

    if (!has_other_than_0(shrinking->draws + first, count))
        return false;
    memcpy(draws->values, shrinking->draws, shrinking->count * sizeof(*draws->values));
    memset(draws->values + first, 0, count * sizeof(*draws->values));
    draws->count = shrinking->count;
    return try_draws(shrinking);
}

/* From the end, so that what led to the fault stays as it is for longest. */
static bool simplify_by(struct shrinking *shrinking, size_t size)
{
    bool is_simpler = false;

    for (size_t end = shrinking->count; end > 0 && may_try(shrinking);) {
        size_t first = end > size ? end - size : 0;

        if (end <= shrinking->count && (try_without(shrinking, first, end - first) ||
                                        try_zeros(shrinking, first, end - first)))
            is_simpler = true;
        end = first < shrinking->count ? first : shrinking->count;
    }
    return is_simpler;
}

/* The run ends early; what is to be seen at its end may be there all the same. */
static void take_fewer_steps(struct shrinking *shrinking)
{
    uint64_t least = 0;
    uint64_t enough = shrinking->options.steps;

    while (least < enough) {
        shrinking->options.steps = least + (enough - least) / 2;
        if (try_without(shrinking, 0, 0))
            enough = shrinking->options.steps;
        else
            least = shrinking->options.steps + 1;
    }
    shrinking->options.steps = enough;
}

static void simplify(struct shrinking *shrinking)
{
    bool is_simpler = true;

    while (is_simpler && may_try(shrinking)) {
        is_simpler = false;
        for (size_t size = (shrinking->count + 1) / 2; size > 0; size /= 2)
            is_simpler |= simplify_by(shrinking, size);
    }
}

static void show(struct shrinking *shrinking)
{
    struct draws *draws = &shrinking->attempt->draws;

    memcpy(draws->values, shrinking->draws, shrinking->count * sizeof(*draws->values));
    draws->count = shrinking->count;
    trace_set(true);
    attempt_carry_out(shrinking->attempt, run_again, shrinking);
}

void shrink(struct attempt *attempt, const struct run_options *options)
{
    struct shrinking shrinking = {
        .attempt = attempt, .options = *options, .end = time(NULL) + SECONDS_MAX};
    size_t before = attempt->draws.count;

    if (before > DRAWS_MAX)
        return;
    snprintf(shrinking.fault, sizeof(shrinking.fault), "%s", attempt->fault);
    shrinking.draws = must_calloc(before + 1, sizeof(*shrinking.draws));
    shrinking.count = before;
    keep(&shrinking);
    take_fewer_steps(&shrinking);
    simplify(&shrinking);
    take_fewer_steps(&shrinking);
    printf("%zu of its %zu draws are enough, after %u tries:\n", shrinking.count, before,
           shrinking.tries);
    show(&shrinking);
    free(shrinking.draws);
}
