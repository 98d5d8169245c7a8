#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/simulate/clock.h"
#include "tests/simulate/history.h"
#include "tests/simulate/memory.h"
#include "tests/simulate/mounts.h"
#include "tests/simulate/network.h"
#include "tests/simulate/programs.h"
#include "tests/simulate/remote.h"
#include "tests/simulate/trace.h"

static const char help[] =
    "Usage: simulate-dis [OPTION]..., or simulate-sls\n"
    "Runs the file system on simulated time, with a simulated network, service and kernel, in\n"
    "orders that a seed decides, and looks for what must never happen.\n"
    "\n"
    "  --seed N      this run alone, with all that happens in it\n"
    "  --first N     the seed of the first run; 1 when not given\n"
    "  --runs N      so many runs\n"
    "  --seconds N   as many as there is time for\n"
    "  --steps N     of each run; 3000 when not given\n"
    "  --programs N  at a time; 6 when not given\n";

#define QUIET_MS     60000
#define CONSUMER_MS  4000
#define DISTURB_MS   20000
#define END_STEPS    1000000
#define CONSUMER_1ST 900000000000

struct options {
    uint64_t steps;
    unsigned programs;
};

static int64_t last_by_consumer;

/* A consumer beside the mounts commits too. */
static void consume(void *user)
{
    (void)user;
    last_by_consumer += HISTORY_STEP;
    remote_consume((unsigned)chance_below(HISTORY_PARTITIONS), last_by_consumer);
    clock_after((int64_t)chance_below(CONSUMER_MS), consume, NULL);
}

static void disturb(void *user)
{
    struct mount *mount = mounts_any();

    (void)user;
    if (mount->leaving)
        ;
    else if (chance_once_in(2))
        mount_reload(mount);
    else
        mount_again(mount);
    clock_after((int64_t)chance_below(DISTURB_MS), disturb, NULL);
}

/* A run */

static void begin_run(uint64_t seed, const struct options *options)
{
    clock_start(seed);
    history_start();
    remote_begin();
    last_by_consumer = CONSUMER_1ST;
    remote_consume(0, last_by_consumer);
    mounts_begin(1 + (unsigned)chance_below(2));
    programs_start(options->programs);
    if (chance_once_in(2))
        consume(NULL);
    clock_after((int64_t)chance_below(DISTURB_MS), disturb, NULL);
    memory_fail_once_in(chance_once_in(3) ? 20 + (unsigned)chance_below(2000) : 0);
    network_set_faults(&(struct network_faults){.once_in = (unsigned)chance_below(12),
                                                .slowest = 1 + (int64_t)chance_below(WAY_MAX_MS)});
}

static void set_flag(void *user)
{
    *(bool *)user = true;
}

/* Until the programs that are under way have ended; false when they do not. */
static bool let_end(void)
{
    for (uint64_t steps = 0; !programs_are_done(); steps++) {
        if (steps == END_STEPS || !clock_step())
            return false;
    }
    return true;
}

static void let_pass(int64_t ms)
{
    bool passed = false;

    clock_after(ms, set_flag, &passed);
    while (!passed)
        clock_step();
}

/* Everything has its time, then what the mount shows must be what is there. */
static const char *end_programs(void)
{
    programs_stop();
    memory_fail_once_in(0);
    network_set_faults(&(struct network_faults){.once_in = 0, .slowest = 10});
    if (!let_end())
        return "a program never ended";
    let_pass(QUIET_MS);
    programs_read_all();
    return let_end() ? NULL : "a read at the end never ended";
}

static void end_run(void)
{
    programs_stop();
    memory_fail_once_in(0);
    mounts_end();
    clock_stop();
    remote_end();
    history_stop();
}

/* What must not have happened, or NULL; as long as until the next run. */
static const char *run(uint64_t seed, const struct options *options, uint64_t *steps)
{
    static char fault[500];
    const char *wrong = NULL;

    begin_run(seed, options);
    for (uint64_t i = 0; i < options->steps && !history_fault(); i++, ++*steps)
        clock_step();
    if (!history_fault())
        wrong = end_programs();
    if (history_fault())
        wrong = history_fault();
    snprintf(fault, sizeof(fault), "%s", wrong ? wrong : "");
    end_run();
    return *fault ? fault : NULL;
}

/* The command line */

enum { OPTION_SEED = 1, OPTION_FIRST, OPTION_RUNS, OPTION_SECONDS, OPTION_STEPS, OPTION_PROGRAMS };

static const struct option names[] = {
    {"seed", required_argument, NULL, OPTION_SEED},
    {"first", required_argument, NULL, OPTION_FIRST},
    {"runs", required_argument, NULL, OPTION_RUNS},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"steps", required_argument, NULL, OPTION_STEPS},
    {"programs", required_argument, NULL, OPTION_PROGRAMS},
    {0},
};

int main(int argc, char **argv)
{
    struct options options = {.steps = 3000, .programs = 6};
    uint64_t seed = 1;
    uint64_t runs = 100;
    uint64_t steps = 0;
    uint64_t done = 0;
    time_t end = 0;
    int option;

    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        uint64_t number = optarg ? strtoull(optarg, NULL, 10) : 0;

        switch (option) {
        case OPTION_SEED:
            seed = number;
            runs = 1;
            trace_set(true);
            break;
        case OPTION_FIRST:
            seed = number;
            break;
        case OPTION_RUNS:
            runs = number;
            break;
        case OPTION_SECONDS:
            end = time(NULL) + (time_t)number;
            runs = UINT64_MAX;
            break;
        case OPTION_STEPS:
            options.steps = number;
            break;
        case OPTION_PROGRAMS:
            options.programs = (unsigned)number;
            break;
        default:
            fputs(help, stderr);
            return 2;
        }
    }
    remote_prepare();
    for (; done < runs && (!end || time(NULL) < end); done++, seed++) {
        const char *fault = run(seed, &options, &steps);

        if (fault) {
            printf("seed %" PRIu64 ": %s; --seed shows the run\n", seed, fault);
            return EXIT_FAILURE;
        }
    }
    printf("%" PRIu64 " runs, %" PRIu64 " steps: nothing that must not happen\n", done, steps);
    return EXIT_SUCCESS;
}
