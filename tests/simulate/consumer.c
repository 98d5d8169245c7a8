#include "tests/simulate/consumer.h"

#include "tests/simulate/chance.h"
#include "tests/simulate/clock.h"
#include "tests/simulate/history.h"
#include "tests/simulate/remote.h"

#define PAUSE_MS 4000
#define FIRST    900000000000

static int64_t last;

void consumer_commit(void)
{
    last += HISTORY_STEP;
    remote_consume((unsigned)chance_below(CHECKPOINT_PLACES), last);
}

static void go_on(void *user)
{
    (void)user;
    consumer_commit();
    clock_after(1 + (int64_t)chance_below(PAUSE_MS), go_on, NULL);
}

void consumer_begin(bool often)
{
    last = FIRST;
    consumer_commit();
    if (often)
        go_on(NULL);
}
