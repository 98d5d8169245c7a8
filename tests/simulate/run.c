#include "tests/simulate/run.h"

#include <stdbool.h>
#include <stdio.h>

#include "tests/simulate/appender.h"
#include "tests/simulate/browser.h"
#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/consumer.h"
#include "tests/simulate/history.h"
#include "tests/simulate/journals.h"
#include "tests/simulate/keys.h"
#include "tests/simulate/memory.h"
#include "tests/simulate/mounts.h"
#include "tests/simulate/programs.h"
#include "tests/simulate/remote.h"

#define WAY_MAX_MS 400 /* of the network, one way */
#define QUIET_MS   70000
#define DISTURB_MS 20000

/* By then a list is there for which somebody who took an old one has made the mount ask, and what
 * a coordinator of Kafka says is believed that was new when somebody asked it. */
#define REFRESHED_MS 12000

#define END_STEPS 1000000

static bool is_ending;

static void disturb(void *user)
{
    struct mount *mount = mounts_any();
    uint64_t how = chance_below(5);

    (void)user;
    if (is_ending)
        return;
    if (how == 1 && !mount->leaving)
        mount_reload(mount);
    else if (how == 2 && !mount->leaving)
        mount_again(mount);
    else if (how == 3)
        remote_strike();
    clock_after(1 + (int64_t)chance_below(DISTURB_MS), disturb, NULL);
}

/* None, or up to every other request. */
static unsigned choose_faults(void)
{
    unsigned chosen = (unsigned)chance_below(12);

    return chosen ? 1 + chosen : 0;
}

static void begin_trouble(void)
{
    unsigned once_in = choose_faults();

    clock_after(1 + (int64_t)chance_below(DISTURB_MS), disturb, NULL);
    memory_fail_once_in(chance_once_in(3) ? 500 + (unsigned)chance_below(5000) : 0);
    remote_set_faults(once_in, 1 + (int64_t)chance_below(WAY_MAX_MS));
    journals_disturb();
}

/* A run */

/* Where all goes well, it is known best what a change and an undo after it must do: nothing is in
 * doubt. So some runs have no trouble, and change little else than two checkpoints. */
static void begin_run(const struct run_options *options)
{
    unsigned mounts = 1 + (unsigned)chance_below(2);
    bool is_calm = chance_once_in(4);

    is_ending = false;
    clock_start();
    history_start(remote_rules());
    appender_reset();
    journals_begin(mounts);
    remote_begin();
    consumer_begin(!is_calm && chance_once_in(2));
    mounts_begin(mounts);
    programs_start(options->programs, is_calm);
    browser_begin();
    appender_begin();
    if (!is_calm)
        begin_trouble();
}

/* Until the programs that are under way have ended; false when they do not. */
static bool let_end(void)
{
    for (uint64_t steps = 0; !programs_are_done() || !browser_is_done() || !appender_is_done();
         steps++) {
        if (steps == END_STEPS || !clock_step())
            return false;
    }
    return true;
}

/* Everything has its time, then what the mount shows must be what is there. */
static const char *end_programs(void)
{
    is_ending = true;
    programs_stop();
    browser_stop();
    appender_stop();
    keys_settle();
    journals_settle();
    memory_fail_once_in(0);
    remote_settle();
    if (!let_end())
        return "a program never ended";
    clock_pass(QUIET_MS);
    programs_list_all(false);
    programs_read_all(false);
    if (!let_end())
        return "a list at the end never ended";
    clock_pass(REFRESHED_MS);
    programs_list_all(true);
    programs_read_all(true);
    if (!let_end())
        return "a read at the end never ended";
    journals_check_all();
    return NULL;
}

static void end_run(void)
{
    programs_stop();
    browser_stop();
    appender_stop();
    memory_fail_once_in(0);
    mounts_end();
    clock_stop();
    remote_end();
    journals_end();
    history_stop();
}

const char *run(const struct run_options *options, uint64_t *steps)
{
    static char fault[500];
    const char *wrong = NULL;

    begin_run(options);
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
