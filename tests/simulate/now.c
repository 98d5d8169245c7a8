#include "tests/simulate/now.h"

/* 2026-01-01, when every run begins. */
#define EPOCH_NS 1767225600000000000LL

static int64_t now;

int64_t __wrap_when_now(void);
int64_t __wrap_when_monotonic(void);

int64_t now_ms(void)
{
    return now;
}

void now_set(int64_t ms)
{
    now = ms;
}

int64_t __wrap_when_now(void)
{
    return EPOCH_NS + now * 1000000;
}

/* Some days after the machine was started. */
int64_t __wrap_when_monotonic(void)
{
    return 500000000 + now;
}
