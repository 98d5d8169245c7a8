#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/simulate/attempt.h"
#include "tests/simulate/history.h"
#include "tests/simulate/run.h"
#include "tests/simulate/shrink.h"
#include "tests/simulate/trace.h"

static const char help[] =
    "Usage: simulate-dis [OPTION]..., or simulate-sls, simulate-kafka, or simulate-local\n"
    "Runs the file system on simulated time, with a simulated kernel, network and service, or "
    "disk,\n"
    "in orders that a seed decides, and looks for what must never happen. A run in which it does "
    "is\n"
    "made as short as can be, and shown.\n"
    "\n"
    "  --seed N      this run alone, with all that happens in it\n"
    "  --shrink      not that, but what is left of it when it was made as short as can be\n"
    "  --first N     the seed of the first run; 1 when not given\n"
    "  --runs N      so many runs; 100 when not given\n"
    "  --seconds N   as many as there is time for\n"
    "  --steps N     of each run; 3000 when not given\n"
    "  --programs N  at a time; 6 when not given\n"
    "  --export FILE what happened in the last run, for judge-histories\n";

struct options {
    struct run_options run;
    uint64_t first;
    uint64_t runs;
    time_t end; /* or 0 */
    bool is_shown;
};

static void run_all(struct attempt *attempt, void *user)
{
    const struct options *options = user;
    const char *fault = NULL;

    for (uint64_t i = 0; i < options->runs && (!options->end || time(NULL) < options->end); i++) {
        attempt->seed = options->first + i;
        chance_start(attempt->seed, &attempt->draws);
        fault = run(&options->run, &attempt->steps);
        snprintf(attempt->fault, sizeof(attempt->fault), "%s", fault ? fault : "");
        if (fault)
            exit(EXIT_FAILURE);
        attempt->runs++;
    }
}

/* The command line */

enum {
    OPTION_SEED = 1,
    OPTION_SHRINK,
    OPTION_FIRST,
    OPTION_RUNS,
    OPTION_SECONDS,
    OPTION_STEPS,
    OPTION_PROGRAMS,
    OPTION_EXPORT
};

static const struct option names[] = {
    {"seed", required_argument, NULL, OPTION_SEED},
    {"shrink", no_argument, NULL, OPTION_SHRINK},
    {"first", required_argument, NULL, OPTION_FIRST},
    {"runs", required_argument, NULL, OPTION_RUNS},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"steps", required_argument, NULL, OPTION_STEPS},
    {"programs", required_argument, NULL, OPTION_PROGRAMS},
    {"export", required_argument, NULL, OPTION_EXPORT},
    {0},
};

static void take(struct options *options, int option, const char *text)
{
    uint64_t number = text ? strtoull(text, NULL, 10) : 0;

    switch (option) {
    case OPTION_SEED:
        options->first = number;
        options->runs = 1;
        options->is_shown = true;
        break;
    case OPTION_SHRINK:
        options->is_shown = false;
        break;
    case OPTION_FIRST:
        options->first = number;
        break;
    case OPTION_RUNS:
        options->runs = number;
        break;
    case OPTION_SECONDS:
        options->end = time(NULL) + (time_t)number;
        options->runs = UINT64_MAX;
        break;
    case OPTION_STEPS:
        options->run.steps = number;
        break;
    case OPTION_PROGRAMS:
        options->run.programs = (unsigned)number;
        break;
    case OPTION_EXPORT:
        history_export(text);
        break;
    default:
        fputs(help, stderr);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct options options = {.run = {.steps = 3000, .programs = 6}, .first = 1, .runs = 100};
    struct attempt *attempt = attempt_new();
    int option;

    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
        take(&options, option, optarg);
    trace_set(options.is_shown);
    if (attempt_carry_out(attempt, run_all, &options)) {
        printf("%" PRIu64 " runs, %" PRIu64 " steps: nothing that must not happen\n", attempt->runs,
               attempt->steps);
        return EXIT_SUCCESS;
    }
    printf("seed %" PRIu64 ": %s\n", attempt->seed, attempt->fault);
    fflush(stdout);
    if (!options.is_shown)
        shrink(attempt, &options.run);
    return EXIT_FAILURE;
}
